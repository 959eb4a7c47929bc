"""The intent settled: what the model sees, what was found, and what had been asked."""

from __future__ import annotations

import re

from nlu.intents import IntentReading
from nlu.meaning import Intent
from nlu.rules import Rules
from nlu.values import SEARCHING, Values

# Below this a sentence is like none of ours: asking again is better than acting on a guess.
_DOUBT = 0.3
# A sentence without one known word must look very much like ours.
_STRANGE = 0.7
# Giving a value without a value found, unasked.
_GIVEN = 0.45
# « zzzz » is like no word of ours, and a yes is acted upon.
_AGREED = 0.5
# A yes with something else in it; a yes that hesitates.
_YES_AT_MOST, _HESITANT = 0.85, 0.5
# A value was found: the message is at least this likely to be about the search.
_VALUED = 0.5
# As sure as this that something is mended, no word need say so.
_CLEAR = 0.4
# The value that was asked for was found.
_ANSWERED = 0.8
# All the same it mends something: « aucune envie d’aller à Calais ».
_MENDED = 0.85
# As sure as this, no word need bear out what can be undone in a moment.
_HARMLESS = ("pause_alerts", "resume_alerts", "export_data", "restart")
_HARMLESS_FROM = 0.85
# That something means nothing is never said with more than this.
_NOISE_AT_MOST = 0.5

# Never concluded from a weak guess: these undo something.
_GRAVE = ("delete_data", "stop_alerts")
_GRAVE_FROM = 0.7

_LETTER = re.compile(r"[^\W\d_]")


def settle(
    rules: Rules, guess: IntentReading, values: Values, words: str, asked: str | None
) -> IntentReading:
    """The model's ``guess``, corrected; ``words`` are those of ``rules.plain``."""
    settled = _with_the_rest(rules, _evident(rules, guess, words), values, words, asked)
    if settled.reason == "noise":
        return settled._replace(confidence=min(settled.confidence, _NOISE_AT_MOST))
    return settled


def agreed(rules: Rules, guess: IntentReading, text: str, words: str) -> IntentReading:
    """After « j'efface tout ? », only a message that is wholly a yes is a sure one.

    « Oui, c'est quoi ? » asks; « mouais » and « oui mais » hesitate.
    """
    if guess.intent != "affirm" or (rules.is_yes(text, words) and "?" not in text):
        return guess
    if rules.says("asks_back", words):
        return IntentReading("question", None, _YES_AT_MOST)
    most = _HESITANT if rules.says("hesitates", words) else _YES_AT_MOST
    return guess._replace(confidence=min(guess.confidence, most))


def _with_the_rest(
    rules: Rules, guess: IntentReading, values: Values, words: str, asked: str | None
) -> IntentReading:
    chooses = asked == "show_offers" and rules.says("chooses", words)
    if chooses and not rules.says("declines", words):
        return guess._replace(intent="affirm", reason=None)
    if values.travel and asked == "ask_radius" and guess.confidence < _STRANGE:
        return guess._replace(intent="give_info", reason=None)
    if guess.intent == "question":
        looks = values.trade and values.place and rules.says("seeks", words)
        if looks and guess.confidence < _STRANGE:
            return guess._replace(intent="search")
        if guess.confidence >= _DOUBT or not (values.trade or values.place):
            return guess if guess.confidence >= _DOUBT else _noise(guess)
        return _by_values(rules, guess, values, words, asked)
    if values.anything:
        long = words.count(" ") >= 3
        if guess.confidence > _believed_from(guess, values, asked, long=long):
            return guess
        return _by_values(rules, guess, values, words, asked)
    if values.travel and asked in ("ask_radius", "ask_place", "show_offers"):
        return guess._replace(intent="give_info", reason=None)
    if guess.intent == "out_of_scope" and rules.says("contacts", words):
        return guess._replace(intent="give_info", reason=None)
    if guess.confidence < _least(guess, asked) or not _LETTER.search(words):
        return _noise(guess)
    return guess


def _least(guess: IntentReading, asked: str | None) -> float:
    """How sure the model must be of a sentence in which no value was found."""
    if not guess.known:
        return _STRANGE
    # Nothing given and nothing asked: « je suis amoureux » looks like « je suis mobile ».
    if guess.intent == "affirm" and asked != "confirm":
        return _AGREED
    return _GIVEN if guess.intent in SEARCHING and asked is None else _DOUBT


def _believed_from(guess: IntentReading, values: Values, asked: str | None, *, long: bool) -> float:
    """How sure the model must be to be believed although values were found; 1 is never."""
    answers = asked == "confirm" or (asked or "").startswith("ask_")
    if guess.reason in ("employer", "customer", "housing"):
        return (
            0.8
            if answers or (guess.reason in ("customer", "housing") and values.trades.trades)
            else 0.5
        )
    if guess.intent == "human":
        return 0.6
    if guess.reason == "noise" and not answers and not values.negated and long:
        return 0.8 if values.trades.trades else 0.6  # « tu as vu le match de Lens »
    incidental = not (values.trade or values.place or values.negated or values.radius_km)
    # « non, en septembre » under the offers mends the search; it does not turn it down.
    mends = guess.intent == "deny" and asked == "show_offers"
    if incidental and guess.intent not in SEARCHING and not (answers or mends):
        return 0.5  # « il fait moche aujourd’hui », « merci, à demain »
    return 1.0


def _by_values(
    rules: Rules, guess: IntentReading, values: Values, words: str, asked: str | None
) -> IntentReading:
    """Values were found, so the message is about the search: which of three ways, or an answer."""
    if guess.intent == "resume_alerts" and guess.confidence >= _VALUED:
        return guess
    chooses = guess.intent == "affirm" and asked == "show_offers" and guess.confidence > _VALUED
    if chooses and values.when.availability is None:  # « à partir du 1er mars » chooses no offer
        return guess
    asks, mends = guess.chances.get("search", 0.0), guess.chances.get("correct", 0.0)
    seeks = rules.says("seeks", words)
    if values.answer(asked) and mends < _MENDED and not rules.says("mends", words):
        return IntentReading("search" if seeks else "give_info", None, max(asks, _ANSWERED))
    clear = mends > _CLEAR or values.negated or rules.says("corrects", words)
    if (mends > asks and clear) or asked == "confirm":
        return IntentReading("correct", None, max(mends, _VALUED))
    if values.negated and not (values.trade or values.place):
        return IntentReading("correct", None, max(mends, _VALUED))  # « ni barbier ni coiffeur »
    one: Intent = "search" if seeks or (values.trade and values.place) else "give_info"
    return IntentReading(one, None, max(asks, _VALUED))


def _evident(rules: Rules, guess: IntentReading, words: str) -> IntentReading:
    """Deleting, stopping, distress and the like need a word that speaks of it, if in Latin."""
    if guess.intent in _GRAVE and guess.confidence < _GRAVE_FROM:
        return _noise(guess)  # « message » alone is not « plus de messages »
    if guess.intent in _HARMLESS and guess.confidence > _HARMLESS_FROM and guess.known:
        return guess
    name = f"signs_of_{guess.reason if guess.intent == 'human' else guess.intent}"
    if not rules.has(name) or rules.says(name, words):
        return guess
    return guess if not words.isascii() and guess.confidence > 0.6 else _noise(guess)


def _noise(guess: IntentReading) -> IntentReading:
    return IntentReading("out_of_scope", "noise", min(guess.confidence, _DOUBT))

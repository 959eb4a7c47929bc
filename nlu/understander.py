"""A message, and what was asked, into everything it means: the readers joined."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from nlu.availability import AvailabilityReading, read_availability
from nlu.diplomas import read_diploma
from nlu.gazetteer import Gazetteer
from nlu.intents import IntentModel, IntentReading, Span, mask
from nlu.language import read_language
from nlu.meaning import Intent, Travel, Understanding
from nlu.places import PlaceReader, PlaceReading
from nlu.radius import read_radius, read_travel
from nlu.rules import Ruled, Rules, plain
from nlu.text import Message
from nlu.trade_table import TradeTable
from nlu.trades import TradeReader, TradeReading

LONGEST = 4096

# Below this a sentence is like none of ours: asking again is better than acting on a guess.
_DOUBT = 0.3
# That something means nothing is never said with more than this.
_NOISE_AT_MOST = 0.5
# A sentence without one known word must look very much like ours.
_STRANGE = 0.7
_SEARCH_ROOM: frozenset[Intent] = frozenset({"search", "give_info", "correct"})
# Values said along with these are worth keeping; with the others they are incidental.
_KEEPS_WHERE: frozenset[Intent] = _SEARCH_ROOM | {"resume_alerts", "question", "affirm", "deny"}

_SEEKS = re.compile(
    r"\b(?:j?e? ?(?:re)?cherch\w*|jch?rche|chrche|recherch\w*|(?:je |j )?(?:veux|veu|voudrai\w*|souhait\w*"
    r"|aimerai\w*)|jveu\w*|jvoudr\w*|jaimerai\w*|trouv\w*|besoin|montre\w*|affiche\w*|voir|offres?"
    r"|annonces?|apprentissage|alternance|stage|apprentie?|looking for|busco|quiero|szukam|bosser)\b"
)
_CORRECTS = re.compile(
    r"\b(?:en ?fait|enfaite?|en faite|finalement|au final|plutot|pluto|oups|trompee?r?|goure\w*|erreur"
    r"|change\w*|modifi\w*|corrig\w*|remplac\w*|enlev\w*|retir\w*|a la place|je prefere|jprefere"
    r"|prefere|rajout\w*|ajout\w*|voulais dire|pardon|elargi\w*|oublie\w*|plus (?:pres|loin)"
    r"|au lieu|j ?ai (?:change|demenage)\w*|tout compte fait|plante)\b"
)
# « plutôt » or « je préfère » after a question only answers it.
_MENDS = re.compile(
    r"\b(?:en ?fait|enfaite?|en faite|finalement|au final|oups|trompee?r?|goure\w*|erreur|change\w*"
    r"|modifi\w*|corrig\w*|remplac\w*|enlev\w*|retir\w*|a la place|rajout\w*|voulais dire)\b"
)
_CHOOSES = re.compile(
    r"\b(?:premiere?|1ere|1er|deuxieme|2eme|2e|seconde?|troisieme|3eme|3e|derniere|celle|celui|numero \d"
    r"|postul\w*|interess\w*|plait)\b"
)
_DECLINES = re.compile(
    r"\b(?:pas|po|non|aucune?|rien|deja|trop|loin|nulle?|comment|combien|cmb|quand|quelle?|est ce"
    r"|c est ou|ou est|encore|cb|adresse|suivante?|autres?)\b"
)
_ADDS = re.compile(r"(?:^et |\b(?:aussi|rajout\w*|ajout\w*|en plus|egalement|et puis)\b)")
_LETTER = re.compile(r"[^\W\d_]")


@dataclass(frozen=True, slots=True)
class _Found:
    """What the readers of values found, before the intent decides what is kept."""

    trades: TradeReading
    places: PlaceReading
    when: AvailabilityReading
    radius_km: int | None
    diploma: str | None
    travel: Travel | None

    @property
    def trade(self) -> bool:
        t = self.trades
        return bool(t.trades or t.domains or t.noncraft_trades)

    @property
    def place(self) -> bool:
        p = self.places
        return bool(p.places or p.areas or p.ambiguous_places)

    @property
    def negated(self) -> bool:
        return bool(self.trades.negated_trades or self.places.negated_places)

    @property
    def value(self) -> bool:
        return bool(self.radius_km or self.diploma or self.when.availability)

    @property
    def anything(self) -> bool:
        return self.trade or self.place or self.negated or self.value

    @property
    def spans(self) -> list[Span]:
        """The spans of all values, each with the kind the model sees instead."""
        trades, places = self.trades, self.places
        ambiguous = [a.candidates[0] for a in places.ambiguous_places]
        where = [*places.places, *places.negated_places, *places.areas, *ambiguous]
        return [
            *((start, end, "trade") for start, end in trades.spans),
            *((place.start, place.end, "place") for place in where if place.end),
            *((start, end, "date") for start, end in self.when.spans),
        ]


class Understander:
    """Reads messages; built once, it keeps no memory of them."""

    def __init__(
        self, table: TradeTable, gazetteer: Gazetteer, intents: IntentModel, rules: Rules
    ) -> None:
        self.table = table
        self.gazetteer = gazetteer
        self._intents = intents
        self._rules = rules
        self._trades = TradeReader(table)
        self._places = PlaceReader(gazetteer)

    @classmethod
    def load(cls) -> Understander:
        """Trades, communes and the intent model, from the files that come with this room."""
        return cls(TradeTable.load(), Gazetteer.load(), IntentModel.load(), Rules.load())

    def read(self, text: str, *, asked: str | None = None, today: date) -> Understanding:
        """What ``text`` means after ``asked``; never raises, reads 4,096 characters at most."""
        text = text[:LONGEST]
        words = plain(text)
        found = self._values(text, asked, today)
        ruled = self._rules.decide(text, words, asked) or self._elsewhere(words, found)
        if ruled is not None and ruled.intent == "delete_data" and found.negated:
            ruled = None  # « vire Lille de la liste » is about the search
        if ruled is None:
            guess = self._intents.read(mask(text, found.spans), asked)
            guess = self._trusted(_adjust(guess, found, words, asked), words)
            if guess.reason == "noise":
                guess = replace(guess, confidence=min(guess.confidence, _NOISE_AT_MOST))
        else:
            guess = IntentReading(ruled.intent, ruled.reason, 0.99)
        return _together(text, guess, _kept(found, guess.intent, ruled))

    def _values(self, text: str, asked: str | None, today: date) -> _Found:
        message = Message.of(text)
        trades = self._trades.read(message, asked)
        when = read_availability(message, today, asked)
        taken = [*trades.spans, *when.spans]
        return _Found(
            trades,
            self._places.read(message, asked, taken),
            when,
            read_radius(message, asked),
            read_diploma(message, asked),
            read_travel(message),
        )

    def _trusted(self, guess: IntentReading, words: str) -> IntentReading:
        """Deleting, stopping, distress and the like need a word that speaks of it, when written in Latin."""
        name = f"signs_of_{guess.reason if guess.intent == 'human' else guess.intent}"
        if not self._rules.has(name) or self._rules.says(name, words):
            return guess
        return guess if not words.isascii() and guess.confidence > 0.6 else _noise(guess)

    def _elsewhere(self, words: str, found: _Found) -> Ruled | None:
        if (ruled := self._rules.elsewhere(words)) is not None:
            return ruled
        insulted = not found.anything and self._rules.says("insult", words)
        return Ruled("out_of_scope", "insult") if insulted else None


def _adjust(guess: IntentReading, found: _Found, words: str, asked: str | None) -> IntentReading:
    """The model sees the sentence; the values found, and what was asked, have a say too."""
    if asked == "show_offers" and _CHOOSES.search(words) and not _DECLINES.search(words):
        return replace(guess, intent="affirm", reason=None)
    if guess.intent == "question":
        return guess if guess.confidence >= _DOUBT else _noise(guess)
    if found.anything:
        if guess.confidence > _values_outweigh(guess, found, asked):
            return guess
        return replace(guess, intent=_with_values(guess, found, words, asked), reason=None)
    if found.travel and asked in ("ask_radius", "ask_place", "show_offers"):
        return replace(guess, intent="give_info", reason=None)
    if guess.confidence < (_DOUBT if guess.known else _STRANGE) or not _LETTER.search(words):
        return _noise(guess)
    return guess


def _values_outweigh(guess: IntentReading, found: _Found, asked: str | None) -> float:
    """How sure the model must be to be believed although values were found; 1 is never."""
    if guess.reason in ("employer", "customer", "housing"):
        return 0.5
    if guess.intent == "human":
        return 0.6
    incidental = not (found.trade or found.place or found.negated or found.radius_km)
    if incidental and guess.intent not in _SEARCH_ROOM and not (asked or "").startswith("ask_"):
        return 0.5  # « il fait moche aujourd’hui », « merci, à demain »
    return 1.0


def _with_values(guess: IntentReading, found: _Found, words: str, asked: str | None) -> Intent:
    intent = guess.intent
    answers = asked is not None and asked.startswith("ask_") and not found.negated
    corrects = (_MENDS if answers else _CORRECTS).search(words) is not None
    seeks = _SEEKS.search(words) is not None
    if found.negated and not (found.trade and seeks and not corrects):
        return "correct"
    sure = guess.confidence > 0.7
    if corrects or (intent in ("correct", "deny") and sure and not answers):
        return "correct"
    if intent == "resume_alerts" and guess.confidence > 0.5:
        return intent
    if intent == "affirm" and asked in ("confirm", "show_offers"):
        return "correct" if asked == "confirm" else intent
    return "search" if seeks or (found.trade and found.place) else "give_info"


def _noise(guess: IntentReading) -> IntentReading:
    return IntentReading("out_of_scope", "noise", min(guess.confidence, _DOUBT))


def _kept(found: _Found, intent: Intent, ruled: Ruled | None) -> _Found:
    """What the intent leaves of the values: a pause has no start, noise names no town."""
    if intent in _SEARCH_ROOM:
        return found
    if intent in _KEEPS_WHERE or (ruled is not None and ruled.values):
        return replace(found, when=AvailabilityReading(None, ()), radius_km=None, diploma=None)
    nothing = AvailabilityReading(None, ())
    return _Found(TradeReading(), PlaceReading(), nothing, None, None, found.travel)


def _together(text: str, guess: IntentReading, found: _Found) -> Understanding:
    trades, places = found.trades, found.places
    return Understanding(
        text=text,
        intent=guess.intent,
        confidence=min(max(guess.confidence, 0.0), 1.0),
        reason=guess.reason,
        trades=tuple(trades.trades),
        negated_trades=tuple(trades.negated_trades),
        places=places.places,
        negated_places=places.negated_places,
        ambiguous_places=places.ambiguous_places,
        areas=places.areas,
        domains=tuple(trades.domains),
        noncraft_trades=tuple(trades.noncraft_trades),
        radius_km=found.radius_km,
        availability=found.when.availability,
        diploma=found.diploma,
        language=read_language(text),
        travel=found.travel,
        adds=_ADDS.search(plain(text)) is not None,
    )

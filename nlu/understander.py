"""A message, and what was asked, into everything it means: the readers joined."""

from __future__ import annotations

from datetime import date
from functools import cache

from nlu.availability import read_availability
from nlu.diplomas import read_diploma
from nlu.gazetteer import Gazetteer
from nlu.heard import Ear
from nlu.intents import IntentModel, IntentReading, mask
from nlu.language import read_language
from nlu.meaning import Understanding
from nlu.namesofdays import without_names
from nlu.places import PlaceReader
from nlu.radius import read_radius, read_travel
from nlu.rules import Plain, Ruled, Rules, plain_of
from nlu.settling import agreed, settle
from nlu.text import Message
from nlu.trade_table import TradeTable
from nlu.trades import TradeReader
from nlu.values import Values

LONGEST = 4096
_SURE = 0.99


class Understander:
    """Reads messages; built once, it keeps no memory of them."""

    def __init__(
        self, table: TradeTable, gazetteer: Gazetteer, intents: IntentModel, rules: Rules
    ) -> None:
        self.table = table
        self.gazetteer = gazetteer
        self._intents = intents
        self._rules = rules
        self._places = PlaceReader(gazetteer, intents)
        ours = self._places.naming
        self._trades = TradeReader(table, ours)
        self._ear = Ear(ours)

    @classmethod
    def load(cls) -> Understander:
        """Trades, communes, rules and the intent model, from the files of this room; once a
        process, for it keeps nothing of what it reads."""
        return _load()

    def read(self, text: str, *, asked: str | None = None, today: date) -> Understanding:
        """What ``text`` means after ``asked``; never raises, reads 4,096 characters at most."""
        text = text[:LONGEST]
        message = Message.of(text)
        words = plain_of(message)
        right = self._ear.rightly(words)
        spoken = words if right == words else Plain(right)
        values = self.values(message, asked, today)
        if ruled := self._ruled(text, words, spoken, values, asked):
            guess = IntentReading(ruled.intent, ruled.reason, _SURE)
        else:
            guess = self._intents.read(mask(text, values.spans), asked, values.found)
            said = words if spoken is words else Plain(f"{words} / {spoken}")
            guess = settle(self._rules, guess, values, said, asked)
        if asked == "confirm":
            guess = agreed(self._rules, guess, text, words)
        values = values.kept_for(guess.intent, named=bool(ruled and ruled.values))
        return _together(message, guess, values, adds=self._rules.says("adds", words))

    def values(self, message: Message, asked: str | None, today: date) -> Values:
        """Trades first, then dates, then places among the words that are left."""
        told = self._without_answer(message) if asked == "ask_place" else message
        trades, naming = self._trades.read(told, asked), self._places.naming
        if trades.spans and (rest := without_names(naming, told, trades.spans, asked)):
            trades = self._trades.read(rest, asked)
        when = read_availability(told, today, asked)
        if when.spans and (rest := without_names(naming, told, when.spans, asked)):
            when = read_availability(rest, today, asked)
        places = self._places.read(message, asked, [*trades.spans, *when.spans])
        if not trades.spans and places.spans and asked != "ask_place":
            trades = self._trades.beside(message, [*places.spans, *when.spans])
        return Values(
            trades,
            places,
            when,
            read_radius(message, asked),
            read_diploma(message, asked),
            read_travel(message, trades.spans, asked),
        )

    def _without_answer(self, message: Message) -> Message:
        """Where the name of a commune was asked for, what sounds like one is no trade."""
        text = message.text
        for start, end in self._places.heard(message):
            text = text[:start] + "_" * (end - start) + text[end:]
        return message if text is message.text else Message.of(text)

    def _asks_who(self, ruled: Ruled, words: str, values: Values) -> bool:
        """« coiffeur à Lens, y a quelqu'un ? » seeks an employer, not one of us."""
        plainly = ruled.intent == "human" and ruled.reason is None and values.trade
        return plainly and self._rules.says("anyone", words)

    def _ruled(
        self, text: str, words: Plain, spoken: Plain, values: Values, asked: str | None
    ) -> Ruled | None:
        ruled = self._rules.decide(text, words, asked) or self._rules.elsewhere(words)
        if ruled is None and spoken is not words:
            ruled = self._rules.decide(text, spoken, asked) or self._rules.elsewhere(spoken)
            if ruled and ruled.intent in ("help", "affirm", "deny") and values.anything:
                ruled = None  # « menuz » is no menu
        if ruled is not None:
            # « vire Lille de la liste », « mets en pause la coiffure » are about the search.
            about_search = (
                (ruled.intent == "stop_alerts" and values.trade and values.negated)
                or self._asks_who(ruled, words, values)
                or (ruled.intent == "delete_data" and values.negated)
                or (ruled.intent == "pause_alerts" and (values.trade or values.negated))
            )
            return None if about_search else ruled
        insulted = not values.anything and self._rules.says("insult", words)
        return Ruled("out_of_scope", "insult") if insulted else None


def _together(
    message: Message, guess: IntentReading, values: Values, *, adds: bool
) -> Understanding:
    trades, places = values.trades, values.places
    return Understanding(
        text=message.text,
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
        radius_km=values.radius_km,
        availability=values.when.availability,
        diploma=values.diploma,
        language=read_language(message),
        travel=values.travel,
        adds=adds,
    )


@cache
def _load() -> Understander:
    return Understander(TradeTable.load(), Gazetteer.load(), IntentModel.load(), Rules.load())

"""The values found in a message, before its intent decides which are kept."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import compress

from nlu.availability import AvailabilityReading
from nlu.intents import Span
from nlu.meaning import Intent, Travel
from nlu.places import PlaceReading
from nlu.trades import TradeReading

# Said along with these, every value counts.
SEARCHING: frozenset[Intent] = frozenset({"search", "give_info", "correct"})
# Said along with these, the trade and the place do; a pause has no start.
_NAMING: frozenset[Intent] = frozenset({"resume_alerts", "question", "affirm", "deny"})
_KINDS = ("trade", "place", "date", "radius", "diploma", "notrade", "noplace")
_NO_DATE = AvailabilityReading(None, ())


@dataclass(frozen=True, slots=True)
class Values:
    """One reading of each reader of values; all may be there, whatever the intent."""

    trades: TradeReading
    places: PlaceReading
    when: AvailabilityReading
    radius_km: int | None
    diploma: str | None
    travel: Travel | None

    @property
    def trade(self) -> bool:
        """Whether a trade, a field or a trade outside the crafts is wished for."""
        found = self.trades
        return bool(found.trades or found.domains or found.noncraft_trades)

    @property
    def place(self) -> bool:
        found = self.places
        return bool(found.places or found.areas or found.ambiguous_places)

    @property
    def negated(self) -> bool:
        return bool(self.trades.negated_trades or self.places.negated_places)

    @property
    def anything(self) -> bool:
        given = self.radius_km or self.diploma or self.when.availability
        return bool(given) or self.trade or self.place or self.negated

    @property
    def spans(self) -> list[Span]:
        """Where values stand, each with the kind the intent model sees instead."""
        return [
            *((start, end, "trade") for start, end in self.trades.spans),
            *((start, end, "place") for start, end in self.places.spans),
            *((start, end, "date") for start, end in self.when.spans),
        ]

    def answer(self, asked: str | None) -> bool:
        """Whether the value that was asked for is there."""
        given = {
            "ask_trade": self.trade,
            "ask_place": self.place,
            "ask_radius": self.radius_km,
            "ask_availability": self.when.availability,
            "ask_diploma": self.diploma,
        }
        return bool(asked and given.get(asked))

    @property
    def found(self) -> tuple[str, ...]:
        """Kinds of values found, by name: what the intent model knows besides the words."""
        there = (
            self.trade,
            self.place,
            self.when.availability,
            self.radius_km,
            self.diploma,
            self.trades.negated_trades,
            self.places.negated_places,
        )
        return tuple(compress(_KINDS, there))

    def kept_for(self, intent: Intent, *, named: bool = False) -> Values:
        """What ``intent`` leaves of them; ``named`` keeps trade and place all the same."""
        if intent in SEARCHING:
            return self
        if named or intent in _NAMING:
            return replace(self, when=_NO_DATE, radius_km=None, diploma=None)
        return Values(TradeReading(), PlaceReading(), _NO_DATE, None, None, self.travel)

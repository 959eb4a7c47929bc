"""The values found in a message, before its intent decides which are kept."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
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


@dataclass(slots=True)
class Values:
    """One reading of each reader of values; all may be there, whatever the intent.

    ``trade`` tells whether a trade, a field or a trade outside the crafts is wished for, ``place``
    whether a commune or an area is, ``negated`` whether any is refused, ``anything`` whether there
    is a value at all.
    """

    trades: TradeReading
    places: PlaceReading
    when: AvailabilityReading
    radius_km: int | None
    diploma: str | None
    travel: Travel | None
    trade: bool = field(init=False)
    place: bool = field(init=False)
    negated: bool = field(init=False)
    anything: bool = field(init=False)

    def __post_init__(self) -> None:
        trades, places = self.trades, self.places
        self.trade = bool(trades.trades or trades.domains or trades.noncraft_trades)
        self.place = bool(places.places or places.areas or places.ambiguous_places)
        self.negated = bool(trades.negated_trades or places.negated_places)
        given = self.radius_km or self.diploma or self.when.availability
        self.anything = bool(given) or self.trade or self.place or self.negated

    @property
    def spans(self) -> list[Span]:
        """Where values stand, each with the kind the intent model sees instead."""
        spans = [(start, end, "trade") for start, end in self.trades.spans]
        spans += [(start, end, "place") for start, end in self.places.spans]
        spans += [(start, end, "date") for start, end in self.when.spans]
        return spans

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

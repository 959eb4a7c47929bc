"""The offers of a month as their source tells of them: new, changed, gone, back, over."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from matching.model import Offer

STARTS = (None, date(2027, 9, 1), date(2027, 4, 1), date(2028, 1, 3))


@dataclass(slots=True)
class Feed:
    """``towns`` are points by INSEE code, ``trades`` by id what one says and a ROME code;
    ``here`` is what the source holds."""

    chance: Random
    towns: Mapping[str, tuple[float, float]]
    trades: Mapping[str, tuple[str, str]]
    here: dict[str, Offer] = field(default_factory=dict)
    _gone: dict[str, Offer] = field(default_factory=dict)
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    def read(self, now: datetime, new: int) -> dict[str, Offer | None]:
        """What changes: ``None`` is gone."""
        changes: dict[str, Offer | None] = {}
        for _ in range(new):
            offer = self._drawn(now)
            changes[offer.id] = offer
            if self.chance.random() < 0.1:  # another source has it too
                copy = replace(offer, id=f"{offer.id}:b", source="Autre", phone=None)
                changes[copy.id] = copy
        ids = sorted(self.here)
        for id in self.chance.sample(ids, len(ids) // 15):
            changes[id] = self._otherwise(self.here[id], now)
        for id in self.chance.sample(ids, len(ids) // 20):
            changes[id] = None
            self._gone[id] = self.here[id]
        for id in self.chance.sample(sorted(self._gone), len(self._gone) // 6):
            if id not in changes:
                back = self._gone.pop(id)
                changes[id] = self._otherwise(back, now) if self.chance.random() < 0.7 else back
        self.here |= {id: offer for id, offer in changes.items() if offer is not None}
        for id in self.here.keys() & {id for id, offer in changes.items() if offer is None}:
            del self.here[id]
        return changes

    def taken(self) -> Sequence[str]:
        """Some of the newest, found to be gone by somebody who called."""
        ids = self.chance.sample(sorted(self.here)[-30:], min(3, len(self.here)))
        for id in ids:
            del self.here[id]
        return ids

    def _drawn(self, now: datetime) -> Offer:
        chance, n = self.chance, next(self._numbers)
        insee, trade = chance.choice(sorted(self.towns)), chance.choice(sorted(self.trades))
        (lat, lon), (says, code) = self.towns[insee], self.trades[trade]
        lasts = chance.choice((None, None, None, timedelta(days=6) * chance.random()))
        return Offer(
            id=f"month:{n:06}", source="Test", title=f"Apprenti {says} {n}",
            company=f"Maison {trade} {chance.randint(1, 8)}", city="Ville", postcode="62300",
            insee=insee, lat=lat + chance.uniform(-0.3, 0.3), lon=lon + chance.uniform(-0.4, 0.4),
            rome_codes=(code,), url=f"https://exemple.fr/{n}",
            published=now - timedelta(hours=30) * chance.random(),
            expires=None if lasts is None else now + lasts, start=chance.choice(STARTS),
            phone="+33321000000" if chance.random() < 0.8 else None,
        )  # fmt: skip

    def _otherwise(self, offer: Offer, now: datetime) -> Offer:
        """Another start, another place, another title, or something that matters to nobody."""
        match self.chance.choice(("start", "place", "title", "description")):
            case "start":
                days = self.chance.randrange(100)
                return replace(offer, start=date(2027, 9, 1) + timedelta(days=days))
            case "place":
                return replace(offer, lon=offer.lon + 0.01)
            case "title":
                return replace(offer, title=f"{offer.title} (H/F)")
            case _:
                return replace(offer, description=f"{offer.description}Lu le {now}. ")

"""The open offers in memory, laid out as a search reads them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from math import asin, cos, degrees, radians, sin
from operator import attrgetter
from typing import NamedTuple

from matching.model import (
    EARTH_KM,
    Circle,
    Conditions,
    Rank,
    Search,
    Sketch,
    WantedTrade,
    fit,
    ranked,
    trade_fit,
)

Box = tuple[float, float, float, float]
"""South, west, north, east, in degrees; west is never greater than east."""

_MARGIN = 1e-6
"""Degrees added around a box (11 cm): rounding must not lose an offer on the circle's border."""

_LATE = 200
"""Offers that may come before all is sorted anew: a handful comes with every conversation."""

_BANDS = 512
"""Trades whose offers are kept in order; there are a few hundred in all."""


class Hit(NamedTuple):
    """An offer that answers: ``distance_km`` to the nearest circle, ``None`` without circles."""

    offer: Sketch
    distance_km: float | None


@dataclass(frozen=True, slots=True)
class _Band:
    """The offers that fit a trade, from south to north: latitudes, offers, how well each fits, and
    where those of each département stand."""

    lats: list[float]
    offers: list[Sketch]
    fits: list[int]
    by_departement: dict[str, list[int]]

    @classmethod
    def of(cls, fitting: Sequence[tuple[Sketch, int]]) -> _Band:
        places: dict[str, list[int]] = {}
        for at, (offer, _) in enumerate(fitting):
            places.setdefault(offer.departement, []).append(at)
        return cls([o.lat for o, _ in fitting], [o for o, _ in fitting],
                   [n for _, n in fitting], places)  # fmt: skip

    def lying_in(
        self, boxes: Iterable[Box], departements: Iterable[str]
    ) -> Iterator[tuple[Sketch, int]]:
        """In any of these; one that lies in several may come several times."""
        offers, fits = self.offers, self.fits
        for south, west, north, east in boxes:
            first, last = bisect_left(self.lats, south), bisect_right(self.lats, north)
            for at in range(first, last):
                if west <= offers[at].lon <= east:
                    yield offers[at], fits[at]
        for departement in departements:
            for at in self.by_departement.get(departement, ()):
                yield offers[at], fits[at]

    def everywhere(self) -> Iterator[tuple[Sketch, int]]:
        return zip(self.offers, self.fits, strict=True)


@dataclass(slots=True)
class Index:
    """Every open offer; it narrows down by trade and place, :class:`Conditions` decides.

    ``revision`` is that of the store whose offers these are.
    """

    revision: int = -1
    _offers: dict[str, Sketch] = field(default_factory=dict)
    _by_code: dict[str, list[Sketch]] = field(default_factory=dict)
    _bands: dict[WantedTrade | None, _Band] = field(default_factory=dict)
    _late: list[Sketch] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self._offers)

    def update(self, offers: Iterable[Sketch]) -> None:
        """Add these, in place of those of the same id; what is closed leaves."""
        for offer in offers:
            self._leave(offer.id)
            if offer.status == "open":
                self._offers[offer.id] = offer
                if self._by_code or self._bands:
                    self._late.append(offer)
        if len(self._late) > _LATE:
            self._by_code.clear()
            self._bands.clear()
            self._late.clear()

    def keep(self, ids: set[str]) -> None:
        """Only these stay."""
        for gone in self._offers.keys() - ids:
            self._leave(gone)

    def _leave(self, id: str) -> None:
        # It is marked rather than taken out of every list: nothing has to be sorted again.
        if (gone := self._offers.pop(id, None)) is not None:
            gone.status = "closed"

    def find(self, search: Search, now: datetime) -> list[Hit]:
        """Every offer that answers a search, best first, the first of each group of copies."""
        conditions = Conditions(search, now)
        answers: list[tuple[Rank, Sketch, float | None]] = []
        for offer, fitness in self._candidates(search):
            if conditions.hold(offer):
                inside, km = conditions.place(offer)
                if inside:
                    answers.append((ranked(search, offer, fitness, km), offer, km))
        answers.sort(key=_rank)
        best: dict[int, Hit] = {}
        for _, offer, km in answers:
            if offer.twin not in best:
                best[offer.twin] = Hit(offer, km)
        return list(best.values())

    def twins(self, ids: Iterable[str]) -> set[int]:
        """The groups of copies that these offers belong to, as far as they are open."""
        return {self._offers[id].twin for id in ids if id in self._offers}

    def _candidates(self, search: Search) -> Iterable[tuple[Sketch, int]]:
        """The offers that fit a trade of the search, and at least all its places'."""
        bands = [self._band(trade) for trade in search.trades or (None,)]
        everywhere = search.france or not (search.circles or search.departements)
        boxes = [box for circle in search.circles for box in boxes_around(circle)]
        departements = search.departements
        if len(bands) == 1 and (everywhere or len(boxes) + len(departements) == 1):
            band = bands[0]
            inside = band.everywhere() if everywhere else band.lying_in(boxes, departements)
            return chain(inside, self._fitting_late(search))
        found: dict[str, tuple[Sketch, int]] = {}
        for band in bands:
            for one in band.everywhere() if everywhere else band.lying_in(boxes, departements):
                known = found.get(one[0].id)
                if known is None or one[1] < known[1]:
                    found[one[0].id] = one
        return chain(found.values(), self._fitting_late(search))

    def _fitting_late(self, search: Search) -> Iterator[tuple[Sketch, int]]:
        """Those the bands do not hold yet; one that a band holds already may come again."""
        for offer in self._late:
            if (fitness := fit(search, offer)) is not None:
                yield offer, fitness

    def _band(self, trade: WantedTrade | None) -> _Band:
        """Worked out when a trade is first asked for."""
        if (band := self._bands.get(trade)) is not None:
            return band
        offers = sorted(self._bearing(trade), key=attrgetter("lat"))
        fits = [0 if trade is None else trade_fit(trade, offer) for offer in offers]
        fitting = [(offer, n) for offer, n in zip(offers, fits, strict=True) if n is not None]
        band = _Band.of(fitting)
        if len(self._bands) >= _BANDS:
            self._bands.clear()
        self._bands[trade] = band
        return band

    def _bearing(self, trade: WantedTrade | None) -> Iterable[Sketch]:
        if trade is None:
            return self._offers.values()
        if not self._by_code:
            for offer in self._offers.values():
                for code in offer.rome_codes:
                    self._by_code.setdefault(code, []).append(offer)
        codes = (*trade.codes, *trade.parents)
        return {o.id: o for code in codes for o in self._by_code.get(code, ())}.values()


def _rank(answer: tuple[Rank, Sketch, float | None]) -> Rank:
    return answer[0]


def boxes_around(circle: Circle) -> list[Box]:
    """The boxes that hold a disc of the sphere: two where it crosses the 180th meridian.

    The widest points of a disc lie nearer to the pole than its centre: the half width is
    ``asin(sin r / cos lat)``, not ``r / cos lat``.
    """
    angle = circle.radius_km / EARTH_KM
    reach = degrees(angle) + _MARGIN
    south, north = circle.lat - reach, circle.lat + reach
    if south <= -90 or north >= 90:
        return [(max(south, -90.0), -180.0, min(north, 90.0), 180.0)]
    half = degrees(asin(min(1.0, sin(angle) / cos(radians(circle.lat))))) + _MARGIN
    centre = (circle.lon + 180) % 360 - 180
    west, east = centre - half, centre + half
    if west < -180:
        return [(south, west + 360, north, 180.0), (south, -180.0, north, east)]
    if east > 180:
        return [(south, west, north, 180.0), (south, -180.0, north, east - 360)]
    return [(south, west, north, east)]

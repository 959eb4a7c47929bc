"""What is kept of an alert, and of a new offer, so that the one can be held against the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import cos, pi, radians, sin
from typing import NamedTuple

from alerts import grid
from matching.model import EARTH_KM, START_SLACK, Circle, Offer, Search, Sketch, WantedTrade
from matching.model import trade_fit as fits
from storage.packed_keys import mark

ANY = "*"
"""The trade of those who take any."""

EARLIEST, LATEST = 0, 10_000_000
"""Days before and after every date."""

SLACK = 4e-15
"""Of a cosine: rounding loses no offer on the border (nor brings one that is 1 mm outside, from
5 km on; sending asks ``matches`` anew)."""


class Key(NamedTuple):
    """A row of ``search_keys`` but for the number of its search; the columns are said there."""

    trade: str
    cell: int
    part: int
    x: float
    y: float
    z: float
    least: float
    first: int
    last: int
    level: int
    excluded: str


@dataclass(frozen=True, slots=True)
class Probe:
    """An open offer as it is held against keys: ``n`` is its number in the run, ``trades`` those it
    fits and :data:`ANY`, ``x y z`` its point on the unit sphere, ``start`` in days since
    0001-01-01 and ``level``, 0 when unknown."""

    n: int
    trades: tuple[str, ...]
    lat: float
    lon: float
    x: float
    y: float
    z: float
    start: int
    level: int
    insee: str
    departement: str

    @property
    def cells(self) -> list[int]:
        """Where a search may stand that wants it."""
        return grid.probes(self.lat, self.lon, self.departement)


def on_sphere(lat: float, lon: float) -> tuple[float, float, float]:
    """The point on the unit sphere of a place in degrees."""
    phi, lam = radians(lat), radians(lon)
    return cos(phi) * cos(lam), cos(phi) * sin(lam), sin(phi)


def keys_of(search: Search) -> list[Key]:
    """The keys of a search, the same condition as :class:`matching.model.Conditions` but for what
    changes with time: whether the offer is open, and what the person hides."""
    first = (search.start - START_SLACK).toordinal() if search.start else EARLIEST
    last = (search.end + START_SLACK).toordinal() if search.start and search.end else LATEST
    excluded = f" {' '.join(sorted(search.excluded))} " if search.excluded else ""
    trades = [trade.id for trade in search.trades] or [ANY]
    places = list(_places(search))
    return [
        Key(trade, cell, part, *point, least, first, last, search.diploma_level or 0, excluded)
        for trade in dict.fromkeys(trades)
        for part, (cell, point, least) in enumerate(places)
    ]


def _places(search: Search) -> Iterator[tuple[int, tuple[float, float, float], float]]:
    """Cell, centre, least cosine of each place; everywhere is one place that holds the others."""
    nowhere = (0.0, 0.0, 0.0), -1.0
    if search.france or not (search.circles or search.departements):
        yield grid.FRANCE, *nowhere
        return
    for circle in dict.fromkeys(search.circles):
        level = grid.level_of(circle.radius_km)
        at = grid.FRANCE if level is None else grid.cell(level, circle.lat, circle.lon)
        yield at, on_sphere(circle.lat, circle.lon), _least(circle)
    for departement in dict.fromkeys(search.departements):
        yield grid.departement_cell(departement), *nowhere


def _least(circle: Circle) -> float:
    return cos(min(circle.radius_km / EARTH_KM, pi)) - SLACK


class Trades:
    """Which trades of the table an offer fits.

    Raises ``ValueError`` when two of them have the same :func:`storage.packed_keys.mark`.
    """

    def __init__(self, trades: Iterable[WantedTrade]) -> None:
        self._by_code: dict[str, list[WantedTrade]] = {}
        marks = {mark(ANY): ANY}
        for trade in trades:
            if marks.setdefault(mark(trade.id), trade.id) != trade.id:
                raise ValueError(f"« {trade.id} » and « {marks[mark(trade.id)]} » share a mark")
            for code in {*trade.codes, *trade.parents}:
                self._by_code.setdefault(code, []).append(trade)

    def of(self, offer: Offer | Sketch) -> tuple[str, ...]:
        """Their ids, and :data:`ANY`; for what shares its codes only the title may decide."""
        bearing = {t.id: t for code in offer.rome_codes for t in self._by_code.get(code, ())}
        return (*(id for id, trade in bearing.items() if fits(trade, offer) is not None), ANY)


def probe(n: int, offer: Offer | Sketch, trades: Trades) -> Probe:
    """``n`` is the offer's number in its run."""
    return Probe(
        n,
        trades.of(offer),
        offer.lat,
        offer.lon,
        *on_sphere(offer.lat, offer.lon),
        offer.start.toordinal() if offer.start else 0,
        offer.diploma_level or 0,
        offer.insee,
        offer.departement,
    )

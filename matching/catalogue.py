"""Our own copy of the offers, and the answers it gives."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from math import asin, cos, degrees, radians, sin

from matching.model import (
    EARTH_KM,
    Circle,
    Found,
    Offer,
    OfferStore,
    Page,
    Search,
    is_open,
    matches,
    nearest_km,
    rank,
    title_words,
)
from matching.ways_out import ways_out

Box = tuple[float, float, float, float]
"""South, west, north, east, in degrees; west is never greater than east."""

WORLD: Box = (-90.0, -180.0, 90.0, 180.0)

_MARGIN = 1e-6
"""Degrees added around a box (11 cm): rounding must not lose an offer on the circle's border."""


class Catalogue:
    """Answers searches from an offer store: the embedded default, and the copy kept of a backend.

    The store only narrows down; :func:`matching.model.matches` decides, so that the answer is
    exact whatever the store's indexes are. ``clock`` returns an aware datetime.
    """

    def __init__(self, store: OfferStore, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    async def find(self, search: Search, *, limit: int = 3, offset: int = 0) -> Page:
        """The offers ``offset`` to ``offset + limit`` of a search, best first.

        When nothing matches at all, :attr:`Page.ways_out` holds what to do instead.
        """
        found = await self.find_all(search)
        if not found:
            return Page((), 0, await ways_out(self.find_all, search))
        return Page(tuple(found[offset : offset + limit]), len(found))

    async def find_all(self, search: Search) -> list[Found]:
        """Every offer that answers a search, best first, without duplicates."""
        now = self._clock()
        near = await self._store.near(codes_of(search), boxes_of(search), _departements(search))
        offers = (o for o in {o.id: o for o in near}.values() if matches(search, o, now))
        ranked = sorted(offers, key=lambda offer: rank(search, offer))
        return [Found(o, nearest_km(search, o)) for o in without_twins(ranked)]

    async def offer(self, id: str) -> Offer | None:
        """An offer that is still open, by its id."""
        offer = await self._store.get(id)
        return offer if offer and is_open(offer, self._clock()) else None


def twin_key(offer: Offer) -> tuple[str, ...]:
    """What two copies of one job have in common, whichever sources they came through.

    Folded title, postcode and company; where the company is not said, the description stands for
    it: two salons that both look for an « apprenti coiffeur » in one town are two jobs.
    """
    who = title_words(offer.company) if offer.company else ("", *title_words(offer.description))
    return ("/".join(title_words(offer.title)), offer.postcode or offer.insee, *who)


def without_twins(ranked: Iterable[Offer]) -> list[Offer]:
    """The first of each group of copies.

    Copies are dropped in the answer rather than at import, because they arrive through different
    sources, at different times, and the copy left may close before the other one does.
    """
    best: dict[tuple[str, ...], Offer] = {}
    for offer in ranked:
        best.setdefault(twin_key(offer), offer)
    return list(best.values())


def codes_of(search: Search) -> list[str] | None:
    """Every ROME code an offer may bear to answer a search, ``None`` for any."""
    if not search.trades:
        return None
    return sorted({code for trade in search.trades for code in (*trade.codes, *trade.parents)})


def boxes_of(search: Search) -> list[Box] | None:
    """The boxes a search's circles lie in, ``None`` when the search is not bound to a place."""
    if search.france or not (search.circles or search.departements):
        return None
    return [box for circle in search.circles for box in boxes_around(circle)]


def _departements(search: Search) -> tuple[str, ...]:
    return () if search.france else search.departements


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

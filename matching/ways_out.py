"""What to do when nothing was found: other searches that do find offers, and how many."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Literal

from matching.index import Hit
from matching.model import Circle, Found, Search, WantedTrade, WayOut, distance_km, trade_fit

FindAll = Callable[[Search], Awaitable[Sequence[Found | Hit]]]
"""Every offer that answers a search, best first."""

Kind = Literal["radius", "dates", "diploma", "trade", "excluded", "france", "any_trade"]

Attempt = tuple[Kind, Callable[[], Awaitable[WayOut | None]]]

RADII_KM = (40, 50, 60, 80, 100, 150, 200)
"""The wider radii proposed; 200 km is the most the backends accept."""

MOST = 3
"""As many as fit under a message as buttons."""

ENOUGH = 2
"""With so many ways near the wish, those far from it are not counted: few would take them, and
counting a trade all over France is what costs most."""


async def ways_out(find_all: FindAll, search: Search) -> tuple[WayOut, ...]:
    """Up to three ways out of different kinds, nearest to the wish first.

    Each one's ``search`` finds exactly ``count`` offers (at least one) through ``find_all``.
    There is always one as long as the catalogue has an open offer that is not hidden: the last
    resort asks for any trade, anywhere, at any date.
    """
    ways: dict[Kind, WayOut] = {}
    for most, attempts in ((MOST, _near(find_all, search)), (ENOUGH, _far(find_all, search))):
        for kind, attempt in attempts:
            if len(ways) < most and kind not in ways and (way := await attempt()) is not None:
                ways[kind] = way
    if not ways:  # everything everywhere is hardly a help: it is for when nothing else is left
        # … and a commune that was refused is asked for again only then.
        for asked in (*_wished_then_relaxed(search), replace(relax(search), excluded=())):
            if (last := await _everything(find_all, asked)) is not None:
                return (last,)
    return tuple(ways.values())


def _near(find_all: FindAll, search: Search) -> list[Attempt]:
    """What changes one condition, then the same trade further away under no other condition."""

    def lifted(kind: Kind, **conditions: Any) -> Attempt:
        return kind, partial(_other, find_all, kind, replace(search, **conditions), search)

    return [
        lifted("dates", start=None, end=None),
        ("radius", partial(_wider, find_all, search)),
        ("trade", partial(_neighbour, find_all, search)),
        lifted("excluded", excluded=()),
        lifted("diploma", diploma_level=None, diploma=None),
        ("radius", partial(_wider, find_all, relax(search))),
    ]


def _far(find_all: FindAll, search: Search) -> list[Attempt]:
    """The same trade everywhere, then other trades; each as wished if it can be, else relaxed."""
    kinds: tuple[tuple[Kind, Callable[[FindAll, Search], Awaitable[WayOut | None]]], ...] = (
        ("france", _france),
        ("any_trade", _any_trade),
        ("trade", _neighbour),
    )
    return [
        (kind, partial(attempt, find_all, asked))
        for kind, attempt in kinds
        for asked in _wished_then_relaxed(search)
    ]


def _wished_then_relaxed(search: Search) -> Iterable[Search]:
    return dict.fromkeys((search, relax(search)))


def relax(search: Search) -> Search:
    """The same trades and place, whatever the dates and the diploma.

    A commune that was refused stays refused: who said « sauf Lille » has a reason.
    """
    return replace(search, start=None, end=None, diploma_level=None, diploma=None)


async def _other(find_all: FindAll, kind: Kind, candidate: Search, search: Search) -> WayOut | None:
    return None if candidate == search else await _way(find_all, kind, None, candidate)


async def _way(
    find_all: FindAll, kind: Kind, value: int | str | None, search: Search, label: str = ""
) -> WayOut | None:
    """The way out that ``search`` stands for, ``None`` when it finds nothing either."""
    found = await find_all(search)
    if not found:
        return None
    km = [f.distance_km for f in found if f.distance_km is not None]
    nearest, farthest = min(km, default=None), max(km, default=None)
    return WayOut(kind, value, search, len(found), towns_of(found), nearest, farthest, label)


def towns_of(found: Iterable[Found | Hit], most: int = 2) -> tuple[str, ...]:
    """The nearest distinct towns, in the order of the answer where there is no distance."""
    nearest = sorted(found, key=lambda f: f.distance_km or 0.0)
    return tuple(dict.fromkeys(f.offer.city for f in nearest))[:most]


def widen(search: Search, km: float) -> Search:
    """The same search, with every circle at least ``km`` wide."""
    circles = tuple(replace(c, radius_km=max(c.radius_km, km)) for c in search.circles)
    return replace(search, circles=circles)


async def _wider(find_all: FindAll, search: Search) -> WayOut | None:
    """The smallest of the wider radii that holds an offer."""
    if search.france or not search.circles:
        return None
    widest = await find_all(widen(search, RADII_KM[-1]))
    narrowest = min(c.radius_km for c in search.circles)
    for km in (km for km in RADII_KM if km > narrowest):
        candidate = widen(search, km)
        if any(_inside(candidate.circles, f) for f in widest):
            return await _way(find_all, "radius", km, candidate)
    return None


def _inside(circles: Iterable[Circle], found: Found | Hit) -> bool:
    offer = found.offer
    return any(distance_km(c.lat, c.lon, offer.lat, offer.lon) <= c.radius_km for c in circles)


async def _neighbour(find_all: FindAll, search: Search) -> WayOut | None:
    """The neighbouring trade with the most offers in the same place."""
    if not (search.trades and search.neighbours):
        return None
    found = await find_all(replace(search, trades=search.neighbours))
    if not found:
        return None

    def offers(trade: WantedTrade) -> int:
        return sum(trade_fit(trade, f.offer) is not None for f in found)

    best = max(search.neighbours, key=offers)
    return await _way(find_all, "trade", best.id, replace(search, trades=(best,)), best.label)


async def _any_trade(find_all: FindAll, search: Search) -> WayOut | None:
    """Any craft inside the circles of the search."""
    if not search.trades or search.france or not search.circles:
        return None
    km = round(max(c.radius_km for c in search.circles))
    return await _way(find_all, "any_trade", km, replace(search, trades=()))


async def _france(find_all: FindAll, search: Search) -> WayOut | None:
    """The same trades wherever they are."""
    if search.france or not (search.circles or search.departements):
        return None
    return await _anywhere(find_all, "france", search)


async def _everything(find_all: FindAll, search: Search) -> WayOut | None:
    """Any craft everywhere."""
    return await _anywhere(find_all, "any_trade", replace(search, trades=()))


async def _anywhere(find_all: FindAll, kind: Kind, search: Search) -> WayOut | None:
    """Without a place any more; the towns are still those nearest to the place that was wished."""
    way = await _way(find_all, kind, None, replace(search, france=True))
    if way is None:
        return None
    bound_to_nothing = replace(search, circles=(), departements=(), france=True)
    return replace(way, search=bound_to_nothing, nearest_km=None, farthest_km=None)

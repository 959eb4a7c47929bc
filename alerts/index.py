"""Many new offers held against many alerts at once, in memory.

The alerts come in blocks, so that memory does not grow with their number; within a block each trade
is looked at for itself. Its alerts are ordered by level and latitude, its offers by latitude, and
only those near enough in latitude are multiplied: an offer lies in a circle when the product of
the two points of the unit sphere is at least the cosine of the radius.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import asin, pi, sin

import numpy as np
from numpy.typing import NDArray

from alerts import grid
from alerts.keys import Probe
from matching.model import EARTH_KM

Numbers = NDArray[np.int64]

_AT_ONCE = 500_000
"""Products at a time: what fits a processor's cache, and stops a large trade from eating memory."""

_BAND = 64
"""Offers, next to one another in latitude, that are looked at together."""

_MARGIN = 1e-9
_N_BITS = 24
_N_MASK = (1 << _N_BITS) - 1


@dataclass(frozen=True, slots=True)
class _Trade:
    """The offers that fit a trade, from south to north: which they are, their points (n × 3)."""

    which: Numbers
    points: NDArray[np.float64]


class News:
    """The new offers of a run."""

    def __init__(self, offers: Sequence[Probe]) -> None:
        self.n = np.array([o.n for o in offers], np.int64)
        self.start = np.array([o.start for o in offers], np.int32)
        self.level = np.array([o.level for o in offers], np.int32)
        self.insee = [o.insee for o in offers]
        self.cell = np.array([grid.departement_cell(o.departement) for o in offers], np.int64)
        points = np.array([(o.x, o.y, o.z) for o in offers], np.float64).reshape(-1, 3)
        fitting: dict[str, list[int]] = {}
        for at in np.argsort(points[:, 2], kind="stable").tolist():
            for trade in offers[at].trades:
                fitting.setdefault(trade, []).append(at)
        self.trades = list(fitting)
        """Those that some offer fits; keys name them by their place in it."""
        self.by_trade = [
            _Trade(np.array(which, np.int64), points[which]) for which in fitting.values()
        ]

        self.names = [str(n) for n in range(int(self.n.max(initial=-1)) + 1)]

    def __len__(self) -> int:
        return len(self.n)


def digests(
    keys: NDArray[np.void], news: News, excluded: Mapping[int, frozenset[str]]
) -> list[tuple[int, str]]:
    """For each alert of a block that something is for, in the order of their numbers: the numbers
    of the offers, ascending and each once, between spaces.

    ``keys`` is what :mod:`storage.key_blocks` reads for ``news.trades``; ``excluded``: alert ->
    INSEE codes.
    """
    if not len(keys) or not len(news):
        return []
    keys = keys[np.lexsort((keys["z"], keys["cell"] >> grid.KIND_BITS, keys["trade"]))]
    ends = np.searchsorted(keys["trade"], np.arange(len(news.by_trade) + 1)).tolist()
    base = int(keys["search"].min())
    pairs = []
    for trade, start, end in zip(news.by_trade, ends, ends[1:], strict=False):
        if start < end:
            mine = keys[start:end]
            for at, offers in _placed(mine, trade, news.cell):
                at, offers = _held(mine, at, offers, news, excluded)
                pairs.append((mine["search"][at] - base << _N_BITS) | news.n[offers])
    return _by_search(np.concatenate(pairs), base, news.names) if pairs else []


def _placed(
    keys: NDArray[np.void], trade: _Trade, cells: Numbers
) -> Iterator[tuple[Numbers, Numbers]]:
    """Which keys, and which offers of a trade, are at one place."""
    kinds = keys["cell"] >> grid.KIND_BITS
    points = np.stack([keys[axis] for axis in "xyz"], axis=1)
    if len(keys) * len(trade.which) <= _AT_ONCE:  # too few to be worth a choice
        circles = np.flatnonzero(kinds != grid.DEPARTEMENT)
        inside = points[circles] @ trade.points.T >= keys["least"][circles][:, None]
        yield _where(inside, circles, trade.which)
    else:
        for kind in set(kinds.tolist()) - {grid.DEPARTEMENT}:
            circles = np.flatnonzero(kinds == kind)
            yield from _near(points[circles], keys["least"][circles], kind, circles, trade)
    whole = np.flatnonzero(kinds == grid.DEPARTEMENT)
    for cell in set(keys["cell"][whole].tolist()):
        there = trade.which[cells[trade.which] == cell]
        mine = whole[keys["cell"][whole] == cell]
        yield np.repeat(mine, len(there)), np.tile(there, len(mine))


def _near(
    points: NDArray[np.float64],
    least: NDArray[np.float64],
    kind: int,
    which: Numbers,
    trade: _Trade,
) -> Iterator[tuple[Numbers, Numbers]]:
    """The circles of one level, from south to north, that offers of a trade lie in."""
    reach = grid.SIZES[kind] / EARTH_KM + _MARGIN if kind < len(grid.SIZES) else pi
    for first in range(0, len(trade.which), _BAND):
        offers = slice(first, first + _BAND)
        band = trade.points[offers]
        south, north = asin(max(band[0, 2], -1.0)) - reach, asin(min(band[-1, 2], 1.0)) + reach
        start = np.searchsorted(points[:, 2], sin(south) - _MARGIN) if south > -pi / 2 else 0
        end = (
            np.searchsorted(points[:, 2], sin(north) + _MARGIN, "right")
            if north < pi / 2
            else len(points)
        )
        for a in range(int(start), int(end), _AT_ONCE // _BAND):
            b = min(a + _AT_ONCE // _BAND, int(end))
            inside = points[a:b] @ band.T >= least[a:b, None]
            yield _where(inside, which[a:b], trade.which[offers])


def _where(inside: NDArray[np.bool_], keys: Numbers, offers: Numbers) -> tuple[Numbers, Numbers]:
    rows, columns = np.divmod(np.flatnonzero(inside), inside.shape[1])
    return keys[rows], offers[columns]


def _held(
    keys: NDArray[np.void],
    at: Numbers,
    offers: Numbers,
    news: News,
    excluded: Mapping[int, frozenset[str]],
) -> tuple[Numbers, Numbers]:
    """Those of the pairs of which the date, the level and the commune are wanted too."""
    start, level, wanted = news.start[offers], news.level[offers], keys["level"][at]
    held = (start == 0) | ((keys["first"][at] <= start) & (start <= keys["last"][at]))
    held &= (wanted == 0) | (level == 0) | (wanted == level)
    for pair in np.flatnonzero(held & keys["excludes"][at]).tolist():
        refused = excluded.get(int(keys["search"][at[pair]]), frozenset())
        held[pair] = news.insee[offers[pair]] not in refused
    return at[held], offers[held]


def _by_search(pairs: Numbers, base: int, names: list[str]) -> list[tuple[int, str]]:
    """Pairs of an alert and an offer in one number each -> the names of each alert's offers.

    They are cut from one long text: to join those of each alert costs more than to find them.
    """
    if not len(pairs):
        return []
    pairs.sort()
    pairs = pairs[np.diff(pairs, prepend=-1) != 0]
    searches, numbers = pairs >> _N_BITS, pairs & _N_MASK
    text = " ".join(map(names.__getitem__, numbers.tolist()))
    lengths = np.array([len(name) for name in names])[numbers] + 1
    ends = np.cumsum(lengths)
    first = np.flatnonzero(np.diff(searches, prepend=-1))
    last = np.append(first[1:], len(pairs)) - 1
    begin, end = (ends - lengths)[first].tolist(), (ends[last] - 1).tolist()
    ids = (searches[first] + base).tolist()
    return [(id, text[a:b]) for id, a, b in zip(ids, begin, end, strict=True)]

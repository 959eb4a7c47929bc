"""Many new offers held against many alerts at once, in memory.

The alerts come in blocks, so that memory does not grow with their number. A block's keys are put in
order once, by trade, size of place and latitude, and the offers of a trade by latitude; each band
of offers is then held against the one stretch of keys that is near enough. An offer lies in a
circle when the product of the two points of the unit sphere is at least the cosine of the radius.

What is found is a number for each pair, of the alert and of the offer: to sort them is to group
them by alert, and the text of all digests is cut from one array of letters.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import pi

import numpy as np
from numpy.typing import NDArray

from alerts import grid
from alerts.keys import Probe
from matching.model import EARTH_KM
from storage.digests import Found
from storage.packed_keys import Keys, commune

Numbers = NDArray[np.int64]

_AT_ONCE = 200_000
"""Products at a time: what fits a processor's cache."""

_BAND = 32
"""Offers, next to one another in latitude, that are looked at together."""

_MARGIN = 1e-9
_FINE = 1 << 31
"""Steps of z, from one pole to the other, that keys are ordered by."""

_REACHES = (60.0, 200.0, None, None)
"""How far from an offer the keys of a group may lie, in km: circles of up to 60, up to 200,
départements, France. Each group is looked through on its own, which costs as much as some hundreds
of keys; so the smallest circles, few to a trade, are one group."""

_GROUPS = np.array([0 if size <= 60 else 1 for size in grid.SIZES] + [2, 3], np.int64)
"""The group of each kind of cell."""

_DEPARTEMENTS = int(_GROUPS[grid.DEPARTEMENT])


@dataclass(frozen=True, slots=True)
class _Band:
    """Some offers that fit a trade, with what keys are held against: see :class:`News`."""

    points: NDArray[np.float64]
    n: Numbers
    start: NDArray[np.int64]
    undated: NDArray[np.bool_]
    level: NDArray[np.int8]
    any_level: NDArray[np.bool_]
    place: NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A band of offers, and the keys of its trade that may want them: of a group, between two steps
    of z; in the order of :class:`_Keys`."""

    band: _Band
    group: int
    low: int
    high: int


class News:
    """The new offers of a run."""

    def __init__(self, offers: Sequence[Probe]) -> None:
        self.n = np.array([o.n for o in offers], np.int64)
        self.bits = int(self.n.max(initial=0)).bit_length()
        """Of the greatest number."""
        start = np.array([o.start for o in offers], np.int64)
        dated = start[start > 0]
        self._day = int(dated.min()) if len(dated) else 1
        self._days = int(dated.max()) - self._day + 1 if len(dated) else 0
        self._of_day = np.min_scalar_type(self._days)
        self._start = (np.maximum(start, self._day) - self._day).astype(self._of_day)[:, None]
        self._undated = (start == 0)[:, None]
        self._level = np.array([o.level for o in offers], np.int8)[:, None]
        places = [grid.departement_place(o.departement) for o in offers]
        self._place = np.array(places, np.uint32)[:, None]
        self._points = np.array([(o.x, o.y, o.z) for o in offers], np.float64).reshape(-1, 3)
        fitting: dict[str, list[int]] = {}
        for at in np.argsort(self._points[:, 2], kind="stable").tolist():
            for trade in offers[at].trades:
                fitting.setdefault(trade, []).append(at)
        self.trades = list(fitting)
        """Those that some offer fits; keys name them by their place in it."""
        self.stretches = [
            stretch
            for trade, which in enumerate(fitting.values())
            for stretch in self._stretches(trade, np.array(which, np.int64))
        ]
        """What to hold against which keys of a block."""
        self.low = np.array([stretch.low for stretch in self.stretches], np.int64)
        self.high = np.array([stretch.high for stretch in self.stretches], np.int64)
        self.names = _names(int(self.n.max(initial=0)))
        by_commune: dict[int, list[int]] = {}
        for offer in offers:
            where = commune(offer.insee)
            if where is not None:
                by_commune.setdefault(where, []).append(offer.n)
        self.by_commune = {where: np.array(n, np.int64) for where, n in by_commune.items()}
        self.communes = np.array(sorted(by_commune) or [0], np.uint32)

    def __len__(self) -> int:
        return len(self.n)

    def days(self, ordinals: NDArray[np.int32], by: int) -> NDArray[np.unsignedinteger]:
        """Days as ``start`` counts them: those before and after all news are as good as the
        nearest."""
        return np.clip(ordinals + (by - self._day), 0, self._days).astype(self._of_day)

    def _stretches(self, trade: int, which: Numbers) -> Iterator[_Stretch]:
        """Those of the offers that fit a trade, from south to north."""
        some = [which[at : at + _BAND] for at in range(0, len(which), _BAND)]
        bands = [self._band(part) for part in some]
        south = np.arcsin(np.clip([self._points[part[0], 2] for part in some], -1, 1))
        north = np.arcsin(np.clip([self._points[part[-1], 2] for part in some], -1, 1))
        for group, km in enumerate(_REACHES):
            reach = km / EARTH_KM + _MARGIN if km else pi
            low = np.sin(np.maximum(south - reach, -pi / 2)) - _MARGIN
            high = np.sin(np.minimum(north + reach, pi / 2)) + _MARGIN
            first = (trade * len(_REACHES) + group) * _FINE
            for band, a, b in zip(bands, _steps(low), _steps(high) + 1, strict=True):
                yield _Stretch(band, group, first + int(a), first + int(b))

    def _band(self, which: Numbers) -> _Band:
        level = self._level[which]
        return _Band(
            self._points[which], self.n[which], self._start[which], self._undated[which], level,
            level == 0, self._place[which],
        )  # fmt: skip


def _steps(z: NDArray[np.float64]) -> Numbers:
    steps: Numbers = ((np.clip(z, -1, 1) + 1) * (_FINE // 2 - 1)).astype(np.int64)
    return steps


class _Keys:
    """The keys of a block, in order."""

    def __init__(self, keys: Keys, news: News) -> None:
        group = keys.trade * len(_REACHES) + _GROUPS.take(keys.kind)
        order = group * _FINE + _steps(keys.z)
        by = np.argsort(order)
        self.order = order.take(by)
        self.points = np.empty((3, len(keys)))
        for axis, row in zip((keys.x, keys.y, keys.z), self.points, strict=True):
            axis.take(by, out=row)
        self.least, self.place = keys.least.take(by), keys.place.take(by)
        self.first = news.days(keys.first, 0).take(by)
        self.end = news.days(keys.last, 1).take(by)
        self.level = keys.level.astype(np.int8).take(by)
        self.any_level = self.level == 0
        self.base = int(keys.search.min())
        """The least number of an alert."""
        codes = (keys.search - self.base) << news.bits
        fits = int(codes.max()) + (1 << news.bits) <= 1 << 32
        self.code = codes.astype(np.uint32 if fits else np.uint64).take(by)
        """Alerts counted from there, before the bits of an offer's number."""

    def found(
        self, band: _Band, group: int, start: int, end: int
    ) -> Iterator[NDArray[np.unsignedinteger]]:
        """Which of these keys want which offers."""
        size = _AT_ONCE // len(band.n)
        n = band.n.astype(self.code.dtype)
        for a in range(start, end, size):
            b = min(a + size, end)
            if group == _DEPARTEMENTS:
                held = self.place[a:b] == band.place
            else:
                held = band.points @ self.points[:, a:b] >= self.least[a:b]
            dated = self.first[a:b] <= band.start
            dated &= self.end[a:b] > band.start
            dated |= band.undated
            held &= dated
            levels = self.level[a:b] == band.level
            levels |= self.any_level[a:b]
            levels |= band.any_level
            held &= levels
            at = np.flatnonzero(held)
            offers = at // (b - a)
            at -= offers * (b - a)
            yield self.code[a:b][at] | n[offers]


def digests(packed: bytes, news: News) -> Found:
    """For each alert of a block that something is for, in the order of their numbers: the numbers
    of the offers, ascending and each once, between spaces.

    ``packed`` is what :mod:`storage.key_blocks` reads.
    """
    keys = Keys.of(packed, news.trades)
    if not len(keys) or not len(news):
        return Found.nothing()
    ordered = _Keys(keys, news)
    starts = np.searchsorted(ordered.order, news.low).tolist()
    ends = np.searchsorted(ordered.order, news.high).tolist()
    pairs = [
        part
        for stretch, start, end in zip(news.stretches, starts, ends, strict=True)
        if start < end
        for part in ordered.found(stretch.band, stretch.group, start, end)
    ]
    codes = np.concatenate(pairs) if pairs else np.empty(0, np.uint32)
    codes.sort()
    codes = codes[np.append(True, codes[1:] != codes[:-1])[: len(codes)]]
    return _text(_allowed(codes, ordered.base, news, keys), ordered.base, news)


def _allowed(
    codes: NDArray[np.unsignedinteger], base: int, news: News, keys: Keys
) -> NDArray[np.unsignedinteger]:
    """Without the offers of communes that an alert excludes."""
    at = np.minimum(np.searchsorted(news.communes, keys.communes), len(news.communes) - 1)
    among = np.flatnonzero(news.communes[at] == keys.communes)
    excluded = zip(
        keys.barred.take(among).tolist(), keys.communes.take(among).tolist(), strict=True
    )
    refused = [
        (search - base << news.bits) | news.by_commune[where]
        for search, where in excluded
        if search >= base
    ]
    if not refused or not len(codes):
        return codes
    barred = np.concatenate(refused)
    barred = barred[barred <= int(codes[-1])].astype(codes.dtype)
    at = np.searchsorted(codes, barred)
    return np.delete(codes, at[codes[at] == barred])


def _text(codes: NDArray[np.unsignedinteger], base: int, news: News) -> Found:
    """Pairs, in order -> the names of each alert's offers.

    They are cut from one long text: to join those of each alert costs more than to find them.
    """
    if not len(codes):
        return Found.nothing()
    bits = codes.dtype.type(news.bits)
    searches = codes >> bits
    numbers = codes & codes.dtype.type((1 << news.bits) - 1)
    first = np.flatnonzero(np.append(True, searches[1:] != searches[:-1]))
    ids = searches[first].astype(np.int64) + base
    width = news.names.itemsize
    end = np.append(first[1:], len(codes)) * width - 1
    return Found(ids, news.names.take(numbers).tobytes(), first * width, end)


def _names(top: int) -> NDArray[np.void]:
    """The letters of each number up to ``top`` and a space. All are of one width, with zeros in
    front, so that where one begins in a text needs no counting."""
    width = len(str(top))
    return np.frombuffer(b"".join(b"%0*d " % (width, n) for n in range(top + 1)), f"V{width + 1}")

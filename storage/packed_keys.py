"""The keys of an alert in one value of its row, and those of many as arrays.

A large run reads all of them: as rows of ``search_keys`` they cost five times more, as each field
is made, sent and taken apart on its own. Here the database strings bytes together, and numpy reads
them as they are.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

KIND_BITS = 56
"""Of a cell, below its kind: see :mod:`alerts.grid`."""

_EXCLUDED = 0xFF
"""The kind of what is no key: a commune that the alert excludes."""

_ONE = struct.Struct("<4dqIIiiBB")
_MANY = np.dtype(
    [(axis, "<f8") for axis in ("x", "y", "z", "least")]
    + [("search", "<i8"), ("trade", "<u4"), ("place", "<u4"), ("first", "<i4"), ("last", "<i4")]
    + [("kind", "u1"), ("level", "u1")]
)


def mark(trade: str) -> int:
    """What stands for a trade: 32 bits of its id, which are its own in a table of some hundreds."""
    return int.from_bytes(blake2b(trade.encode(), digest_size=4).digest(), "little")


def commune(insee: str) -> int | None:
    """The number of « 62498 » or « 2A004 »; ``None`` for what is no such code."""
    whole = len(insee) == 5 and insee.isascii() and insee.isalnum()
    return int(insee, 36) if whole else None


def pack(search: int, keys: Iterable[Sequence[Any]]) -> bytes:
    """The keys of the alert of that number: rows of ``search_keys`` but for this number, in the
    order of its columns."""
    packed: list[bytes] = []
    barred: set[int | None] = set()
    for trade, cell, _, x, y, z, least, first, last, level, excluded in keys:
        place = cell & 0xFFFFFFFF
        kind = cell >> KIND_BITS
        packed.append(
            _ONE.pack(x, y, z, least, search, mark(trade), place, first, last, kind, level)
        )
        barred.update(map(commune, excluded.split()))
    packed += [
        _ONE.pack(0, 0, 0, 0, search, 0, place, 0, 0, _EXCLUDED, 0)
        for place in sorted(number for number in barred if number is not None)
    ]
    return b"".join(packed)


@dataclass(frozen=True, slots=True)
class Keys:
    """The columns of ``search_keys``, each an array: ``trade`` is the place in a list, ``kind`` and
    ``place`` those of the cell, of which the latter is a département's own. ``barred`` and
    ``communes``: the alerts that exclude a commune, and its number."""

    trade: NDArray[np.int64]
    search: NDArray[np.int64]
    kind: NDArray[np.uint8]
    place: NDArray[np.uint32]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    z: NDArray[np.float64]
    least: NDArray[np.float64]
    first: NDArray[np.int32]
    last: NDArray[np.int32]
    level: NDArray[np.uint8]
    barred: NDArray[np.int64]
    communes: NDArray[np.uint32]

    def __len__(self) -> int:
        return len(self.search)

    @classmethod
    def of(cls, packed: bytes, trades: Sequence[str]) -> Self:
        """Those of these trades, from what :func:`pack` made of many alerts, in any order."""
        rows = np.frombuffer(packed if trades else b"", _MANY)
        marks = np.array([mark(trade) for trade in trades] or [0], np.uint32)
        by = np.argsort(marks)
        ordered = marks.take(by)
        kind, trade = rows["kind"].copy(), rows["trade"].copy()
        at = np.minimum(np.searchsorted(ordered, trade), len(marks) - 1)
        kept = np.flatnonzero((ordered.take(at) == trade) & (kind != _EXCLUDED))
        excluding = np.flatnonzero(kind == _EXCLUDED)
        some = rows.take(kept)
        return cls(
            by.take(at.take(kept)), some["search"], some["kind"], some["place"], some["x"],
            some["y"], some["z"], some["least"], some["first"], some["last"], some["level"],
            rows["search"].take(excluding), rows["place"].take(excluding),
        )  # fmt: skip

"""Cells on the sphere: what lies within a radius of a point is in its cell or in one around it.

A level is a size in km. The sphere is cut into rows of that height, and each row into as many equal
columns as it can hold: one is at least as wide as a disc of that size is in longitude, anywhere in
the row. So the centre of every circle of at most that radius is in one of the (at most) nine cells
around a point of the circle: three rows, and in each of them the point's own column and its
neighbours. Columns wrap at the 180th meridian; a row too near to a pole is one cell.

A cell is a whole number below 2**63: its kind, its row, its column.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from math import asin, cos, degrees, radians, sin

from matching.model import EARTH_KM
from storage.packed_keys import KIND_BITS

SIZES = (10.0, 20.0, 30.0, 60.0, 200.0)
"""In km: the radii that are offered, and beyond."""

DEPARTEMENT = len(SIZES)
FRANCE_KIND = DEPARTEMENT + 1
"""Kinds of cells; below, the levels."""

_ROW = 28
_MARGIN = 1e-9
"""Of a degree (0.1 mm): rounding must lose no point of a border."""

FRANCE = FRANCE_KIND << KIND_BITS
"""The cell of those who search everywhere, or wider than any level."""


def departement_cell(code: str) -> int:
    """« 62 », « 2A », « 974 » -> its own cell."""
    return (DEPARTEMENT << KIND_BITS) | departement_place(code)


def departement_place(code: str) -> int:
    """Its number, within the cells of that kind."""
    return int(code, 36)


def kind(cell: int) -> int:
    """The level of a cell, :data:`DEPARTEMENT` or :data:`FRANCE_KIND`."""
    return cell >> KIND_BITS


def level_of(radius_km: float) -> int | None:
    """The finest level that holds circles of that radius, ``None``: too wide for any."""
    return next((level for level, size in enumerate(SIZES) if radius_km <= size), None)


@dataclass(frozen=True, slots=True)
class _Rows:
    height: float
    columns: tuple[int, ...]

    def row(self, lat: float) -> int:
        return min(int((lat + 90.0) / self.height), len(self.columns) - 1)

    def column(self, row: int, lon: float) -> int:
        columns = self.columns[row]
        return min(int((lon + 180.0) % 360.0 / 360.0 * columns), columns - 1)


@cache
def _rows(level: int) -> _Rows:
    angle = SIZES[level] / EARTH_KM
    height = degrees(angle) + _MARGIN
    count = int(180.0 / height)  # the last row is higher than the others
    columns = []
    for row in range(count):
        south, north = -90.0 + row * height, -90.0 + (row + 1) * height
        widest = 90.0 if row == count - 1 else min(max(abs(south), abs(north)), 90.0)
        columns.append(_columns(angle, widest))
    return _Rows(height, tuple(columns))


def _columns(angle: float, lat: float) -> int:
    """How many a row holds whose latitude farthest from the equator is ``lat`` (degrees).

    A disc reaches ``asin(sin angle / cos lat)`` east and west of its centre, and all around when it
    holds the pole.
    """
    high = cos(radians(lat))
    if high <= sin(angle):
        return 1
    width = degrees(asin(sin(angle) / high)) + _MARGIN
    columns = int(360.0 / width)
    return columns if columns > 3 else 1


def cell(level: int, lat: float, lon: float) -> int:
    """The cell of a point (degrees)."""
    rows = _rows(level)
    row = rows.row(lat)
    return _number(level, row, rows.column(row, lon))


def around(level: int, lat: float, lon: float) -> Iterator[int]:
    """The cells that hold the centres of all circles of the level in which a point may lie."""
    rows = _rows(level)
    own = rows.row(lat)
    for row in range(max(own - 1, 0), min(own + 2, len(rows.columns))):
        columns, column = rows.columns[row], rows.column(row, lon)
        if columns == 1:
            yield _number(level, row, 0)
        else:
            yield from (_number(level, row, (column + by) % columns) for by in (-1, 0, 1))


def probes(lat: float, lon: float, departement: str) -> list[int]:
    """Every cell in which a search may stand that wants an offer lying there."""
    cells = [number for level in range(len(SIZES)) for number in around(level, lat, lon)]
    return [*cells, departement_cell(departement), FRANCE]


def _number(level: int, row: int, column: int) -> int:
    return (level << KIND_BITS) | (row << _ROW) | column

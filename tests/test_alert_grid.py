"""Cells on the sphere: a circle's centre is in a cell around each of its points."""

from __future__ import annotations

from math import asin, atan2, cos, degrees, radians, sin

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from alerts import grid
from alerts.keys import on_sphere
from matching.model import EARTH_KM, distance_km


@settings(max_examples=1500)
@given(
    lat=st.floats(-90, 90), lon=st.floats(-180, 180), level=st.integers(0, 4),
    part=st.floats(0, 1), bearing=st.floats(0, 6.2831853),
)  # fmt: skip
@example(lat=89.99, lon=0.0, level=4, part=1.0, bearing=0.0)
@example(lat=48.0, lon=179.9999, level=0, part=1.0, bearing=1.5708)
@example(lat=-17.5, lon=-180.0, level=4, part=1.0, bearing=4.7124)
@example(lat=84.6, lon=0.0, level=4, part=1.0, bearing=1.4)
def test_the_centre_is_in_a_cell_around_the_point(
    lat: float, lon: float, level: int, part: float, bearing: float
) -> None:
    there = _at(lat, lon, grid.SIZES[level] * part, bearing)
    if distance_km(lat, lon, *there) <= grid.SIZES[level]:
        assert grid.cell(level, lat, lon) in set(grid.around(level, *there))


def test_cells_are_few_distinct_and_small_numbers() -> None:
    for lat in (-90.0, -89.0, -0.001, 0.0, 48.85, 85.0, 90.0):
        for lon in (-180.0, -0.0, 179.999, 180.0):
            cells = grid.probes(lat, lon, "2A")
            assert len(set(cells)) == len(cells) <= 47
            assert all(0 <= cell < 2**63 for cell in cells)


def test_both_sides_of_the_antimeridian_are_neighbours() -> None:
    assert grid.cell(0, -17.5, 180.0) == grid.cell(0, -17.5, -180.0)
    assert grid.cell(0, -17.5, -179.99) in set(grid.around(0, -17.5, 179.99))


def test_a_cell_is_not_far_wider_than_its_level() -> None:
    """A commune of France stands in cells that hold little more than they must."""
    for level, size in enumerate(grid.SIZES):
        rows = grid._rows(level)
        for lat in (-20.9, 16.0, 43.3, 50.6):
            columns = rows.columns[rows.row(lat)]
            wide = 2 * 3.14159265 * EARTH_KM * cos(radians(lat)) / columns
            assert size * 0.99 <= wide <= size * 1.2, (level, lat, wide)


@pytest.mark.parametrize(
    ("radius", "level"), [(0, 0), (10, 0), (10.001, 1), (60, 3), (200, 4), (200.1, None)]
)
def test_the_level_is_the_smallest_that_holds_the_radius(radius: float, level: int | None) -> None:
    assert grid.level_of(radius) == level


def test_a_departement_and_france_are_cells_of_their_own() -> None:
    codes = ["01", "2A", "2B", "62", "971", "974", "988"]
    cells = {grid.departement_cell(code) for code in codes} | {grid.FRANCE}
    assert len(cells) == len(codes) + 1
    assert {grid.kind(cell) for cell in cells} == {grid.DEPARTEMENT, grid.FRANCE_KIND}


def test_points_are_on_the_unit_sphere() -> None:
    assert sum(axis * axis for axis in on_sphere(48.85, 2.35)) == pytest.approx(1, abs=1e-15)


def _at(lat: float, lon: float, km: float, bearing: float) -> tuple[float, float]:
    """The point ``km`` away in the direction ``bearing`` (radians from the north)."""
    angle, phi = km / EARTH_KM, radians(lat)
    there = asin(max(-1, min(1, sin(phi) * cos(angle) + cos(phi) * sin(angle) * cos(bearing))))
    turn = atan2(sin(bearing) * sin(angle) * cos(phi), cos(angle) - sin(phi) * sin(there))
    return degrees(there), (lon + degrees(turn) + 180) % 360 - 180

"""The benchmark's judges: a place slot is right only when its areas are."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.understanding import areas_right, places_right

NOWHERE: dict[str, Any] = {"places": [], "negated_places": [], "ambiguous_places": []}
NORD = {"type": "departement", "code": "59", "name": "Nord"}
OISE = {"type": "departement", "code": "60", "name": "Oise"}
TERNOIS = {"type": "zone", "name": "Ternois"}


@pytest.mark.parametrize(
    ("wanted", "got", "right"),
    [
        ([NORD], [NORD], True),
        ([{"code": "59", "name": "nord"}], [NORD], True),
        ([{"name": "nord"}], [NORD], True),
        ([TERNOIS], [TERNOIS], True),
        ([NORD], [OISE], False),
        ([NORD], [], False),
        ([], [NORD], False),
        ([NORD], [NORD, OISE], False),
    ],
)
def test_areas_by_code_or_name(
    wanted: list[dict[str, Any]], got: list[dict[str, Any]], right: bool
) -> None:
    assert areas_right({"areas": wanted}, {"areas": got}) is right
    assert places_right(NOWHERE | {"areas": wanted}, NOWHERE | {"areas": got}) is right


def test_a_file_that_says_nothing_of_areas_does_not_judge_them() -> None:
    assert places_right(NOWHERE, NOWHERE | {"areas": [NORD]})

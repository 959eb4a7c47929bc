"""The benchmark's judges: what is right, and what kind of error is made where it is not."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from benchmarks.errors import errors, kinds, show_errors
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


LENS = {"name": "Lens", "insee": "62498"}
LILLE = {"name": "Lille", "insee": "59350"}
BRAY = {"text": "bray", "candidates": [LENS, LILLE]}
BAKER = {"label": "boulanger", "rome": ["D1102"]}
COOK = {"label": "cuisinier", "rome": ["G1602"]}
NOTHING: dict[str, Any] = {
    "intent": "search", "trades": [], "negated_trades": [], "places": [], "negated_places": [],
    "ambiguous_places": [], "areas": [], "radius_km": None, "availability": None, "diploma": None,
}  # fmt: skip
MARCH = {"start": "2027-03-01", "end": "2027-03-31", "asap": False}


@pytest.mark.parametrize(
    ("slot", "wanted", "got", "expected"),
    [
        ("intent", {"intent": "greet"}, {"intent": "out_of_scope"}, ["missed"]),
        ("intent", {"intent": "out_of_scope"}, {"intent": "greet"}, ["invented"]),
        ("intent", {"intent": "deny"}, {"intent": "greet"}, ["wrong value"]),
        ("trades", {"trades": [BAKER]}, {}, ["missed"]),
        ("trades", {}, {"trades": [BAKER]}, ["invented"]),
        ("trades", {"trades": [BAKER]}, {"trades": [COOK]}, ["wrong value"]),
        ("trades", {"trades": [BAKER]}, {"negated_trades": [BAKER]}, ["wrong negation"]),
        ("trades", {"negated_trades": [BAKER]}, {"trades": [BAKER]}, ["wrong negation"]),
        ("trades", {"negated_trades": [BAKER]}, {}, ["refusal missed"]),
        ("trades", {}, {"negated_trades": [BAKER]}, ["refusal invented"]),
        (
            "trades",
            {"trades": [BAKER, COOK]},
            {"negated_trades": [BAKER]},
            ["wrong negation", "missed"],
        ),
        ("places", {"places": [LENS]}, {"places": [LILLE]}, ["wrong value"]),
        (
            "places",
            {"places": [LENS]},
            {"ambiguous_places": [BRAY]},
            ["ambiguous instead of resolved"],
        ),
        (
            "places",
            {"ambiguous_places": [BRAY]},
            {"places": [LENS]},
            ["resolved instead of ambiguous"],
        ),
        ("places", {"ambiguous_places": [BRAY]}, {}, ["missed"]),
        ("places", {}, {"ambiguous_places": [BRAY]}, ["invented"]),
        (
            "places",
            {"ambiguous_places": [BRAY]},
            {"ambiguous_places": [{"text": "bray", "candidates": [LILLE, LENS]}]},
            ["wrong candidates"],
        ),
        ("places", {"areas": [NORD]}, {}, ["area missed"]),
        ("places", {"areas": []}, {"areas": [NORD]}, ["area invented"]),
        ("radius", {"radius_km": 20}, {}, ["missed"]),
        ("radius", {}, {"radius_km": 20}, ["invented"]),
        ("radius", {"radius_km": 20}, {"radius_km": 30}, ["wrong value"]),
        ("availability", {"availability": MARCH}, {}, ["missed"]),
        (
            "availability",
            {"availability": MARCH},
            {"availability": MARCH | {"end": None, "asap": True}},
            ["wrong end", "wrong « at once »"],
        ),
        ("diploma", {"diploma": "CAP"}, {"diploma": "BP"}, ["wrong value"]),
    ],
)
def test_kinds_of_errors(
    slot: str, wanted: dict[str, Any], got: dict[str, Any], expected: list[str]
) -> None:
    assert kinds(slot, NOTHING | wanted, NOTHING | got) == expected
    listed = errors([{"text": "?"} | NOTHING | wanted], [NOTHING | got])
    assert sorted(kind for name, kind, *_ in listed if name == slot) == sorted(expected)


def test_counts_come_first_then_messages() -> None:
    out = io.StringIO()
    wanted = [
        {"id": "a1", "text": "[b]lens", "context": "ask_place"} | NOTHING | {"places": [LENS]}
    ]
    show_errors(Console(file=out, width=200), wanted, [NOTHING])
    said = out.getvalue()
    assert (
        said.index("│ places │ missed")
        < said.index("places: missed")
        < said.index("a1 [ask_place]")
    )
    assert "[b]lens" in said

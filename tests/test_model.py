"""What matches: the oracle every index and every statement is held against."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from math import degrees
from typing import Any

import pytest

from matching.model import (
    EARTH_KM,
    Circle,
    Offer,
    Search,
    WantedTrade,
    distance_km,
    matches,
    rank,
    start_gap_months,
    trade_fit,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
LENS = Circle(50.4395, 2.8191, 30, "Lens")

ROOFER = WantedTrade(
    "couvreur", "couvreur", ("F1619",), ("F1610",), ("couvr", "toit"), ("solaire",)
)
SOLAR = WantedTrade("solaire", "solaire", ("F1610",), (), ("solaire", "photovolt"), ("couvr",))

OFFER = Offer(
    id="demonstration:1",
    source="demonstration",
    title="Apprenti couvreur / Apprentie couvreuse",
    company="Toitures Wacquerlin",
    city="Lens",
    postcode="62300",
    insee="62498",
    lat=50.4395,
    lon=2.8191,
    rome_codes=("F1619",),
    url="https://exemple.invalid/1",
)
SEPTEMBER = Search(start=date(2027, 9, 1), end=date(2027, 9, 30))


def north_of_lens(km: float) -> dict[str, Any]:
    return {"lat": LENS.lat + degrees(km / EARTH_KM), "lon": LENS.lon}


@pytest.mark.parametrize(
    ("trade", "title", "codes", "fitness"),
    [
        (ROOFER, "Apprentie couvreuse", ("F1619",), 0),
        (ROOFER, "Ouvrier du bâtiment (H/F)", ("F1619",), 1),
        (ROOFER, "Installateur solaire", ("F1619",), None),
        (ROOFER, "Couvreur-installateur solaire", ("F1619",), 0),
        (ROOFER, "COUVREUR (H/F)", ("F1610",), 0),
        (ROOFER, "Spécialiste des toitures", ("F1610",), 0),
        (ROOFER, "Installateur solaire", ("F1610",), None),
        (ROOFER, "Ouvrier du bâtiment", ("F1610",), None),
        (ROOFER, "Couvreur", ("F1601",), None),
        (ROOFER, "Couvreur", (), None),
        (ROOFER, "Découvreur", ("F1610",), None),
        (SOLAR, "Couvreur", ("F1610",), None),
        (SOLAR, "Poseur de panneaux", ("F1610",), 1),
    ],
)
def test_a_code_counts_as_far_as_the_title_does_not_say_otherwise(
    trade: WantedTrade, title: str, codes: tuple[str, ...], fitness: int | None
) -> None:
    offer = replace(OFFER, title=title, rome_codes=codes)
    assert trade_fit(trade, offer) == fitness
    assert matches(Search(trades=(trade,)), offer, NOW) is (fitness is not None)


def test_accents_and_ligatures_do_not_hide_a_trade() -> None:
    florist = WantedTrade("coeur", "coeur", ("D1209",), ("D1200",), ("coeur", "patiss"))
    offer = replace(OFFER, rome_codes=("D1200",))
    assert trade_fit(florist, replace(offer, title="Cœur de métier")) == 0
    assert trade_fit(florist, replace(offer, title="PA\u0302TISSIE\u0300RE")) == 0


@pytest.mark.parametrize(
    ("km", "inside"), [(0, True), (29.999, True), (30, True), (30.001, False), (31, False)]
)
def test_the_border_of_a_circle_belongs_to_it(km: float, inside: bool) -> None:
    offer = replace(OFFER, **north_of_lens(km))
    # The radius itself is rounded by the computer's arithmetic: a millimetre is let pass.
    circle = replace(LENS, radius_km=30 + 1e-6)
    assert matches(Search(circles=(circle,)), offer, NOW) is inside


def test_distance_is_measured_on_the_sphere() -> None:
    assert distance_km(48.8566, 2.3522, 45.7640, 4.8357) == pytest.approx(391.5, abs=0.5)
    assert distance_km(0, 179.9, 0, -179.9) == pytest.approx(22.24, abs=0.01)
    assert distance_km(0, 0, 0, 180) == pytest.approx(EARTH_KM * 3.141592653589793)


@pytest.mark.parametrize(
    ("start", "found"),
    [
        (None, True),
        (date(2027, 9, 15), True),
        (date(2027, 9, 1) - timedelta(92), True),
        (date(2027, 9, 1) - timedelta(93), False),
        (date(2027, 9, 30) + timedelta(92), True),
        (date(2027, 9, 30) + timedelta(93), False),
    ],
)
def test_september_keeps_june_to_december(start: date | None, found: bool) -> None:
    assert matches(SEPTEMBER, replace(OFFER, start=start), NOW) is found


def test_an_open_end_keeps_every_later_start() -> None:
    search = replace(SEPTEMBER, end=None)
    assert matches(search, replace(OFFER, start=date(2031, 1, 1)), NOW)
    assert not matches(search, replace(OFFER, start=date(2027, 5, 1)), NOW)
    assert matches(Search(), replace(OFFER, start=date(1999, 1, 1)), NOW)


@pytest.mark.parametrize(
    ("wanted", "level", "found"),
    [(None, 5, True), (3, 3, True), (3, None, True), (3, 4, False), (5, 4, False)],
)
def test_an_unknown_diploma_is_not_held_against_an_offer(
    wanted: int | None, level: int | None, found: bool
) -> None:
    assert matches(Search(diploma_level=wanted), replace(OFFER, diploma_level=level), NOW) is found


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"status": "closed"}, False),
        ({"expires": NOW}, False),
        ({"expires": NOW + timedelta(seconds=1)}, True),
        ({"expires": None}, True),
    ],
)
def test_closed_and_expired_offers_are_never_found(change: dict[str, Any], found: bool) -> None:
    assert matches(Search(), replace(OFFER, **change), NOW) is found


def test_hidden_offers_and_refused_communes_stay_away() -> None:
    assert not matches(Search(hidden=(OFFER.id,)), OFFER, NOW)
    assert not matches(Search(excluded=("62498",), france=True), OFFER, NOW)
    assert matches(Search(excluded=("59350",), hidden=("other:1",)), OFFER, NOW)


@pytest.mark.parametrize(
    ("insee", "departement"),
    [("62498", "62"), ("01004", "01"), ("2A004", "2A"), ("97411", "974"), ("98818", "988")],
)
def test_a_departement_is_read_from_the_commune(insee: str, departement: str) -> None:
    offer = replace(OFFER, insee=insee, lat=0.0, lon=0.0)
    assert offer.departement == departement
    assert matches(Search(departements=(departement,)), offer, NOW)
    assert not matches(Search(departements=("97",)), offer, NOW)


def test_circles_and_departements_add_up_and_france_is_everywhere() -> None:
    search = Search(circles=(LENS,), departements=("80",))
    amiens = replace(OFFER, insee="80021", lat=49.8942, lon=2.2957)
    lille = replace(OFFER, insee="59350", lat=50.6292, lon=3.0573)
    brest = replace(OFFER, insee="29019", lat=48.3904, lon=-4.4861)
    assert [matches(search, o, NOW) for o in (OFFER, amiens, lille, brest)] == [
        True, True, True, False,
    ]  # fmt: skip
    assert matches(replace(search, france=True), brest, NOW)
    assert matches(Search(), brest, NOW)


def test_the_best_comes_first() -> None:
    search = replace(SEPTEMBER, trades=(ROOFER,), circles=(LENS,))
    start = date(2027, 9, 1)
    best = replace(OFFER, start=start, published=NOW)
    ordered = [
        best,
        replace(best, id="older", published=NOW - timedelta(9)),
        replace(best, id="older code", rome_codes=("F1610",), **north_of_lens(2)),
        replace(best, id="further", **north_of_lens(3)),
        replace(best, id="october", start=date(2027, 10, 2)),
        replace(best, id="unknown start", start=None),
        replace(best, id="unnamed", title="Ouvrier du bâtiment"),
        replace(best, id="school", school=True),
    ]
    assert sorted([*ordered[4:], *ordered[:4]], key=lambda o: rank(search, o)) == ordered


@pytest.mark.parametrize(
    ("start", "months"),
    [
        (None, 4),
        (date(2027, 9, 1), 0),
        (date(2027, 9, 30), 0),
        (date(2027, 8, 31), 1),
        (date(2027, 10, 1), 1),
        (date(2027, 7, 1), 2),
        (date(2027, 12, 31), 3),
    ],
)
def test_the_gap_to_the_wished_start_is_counted_in_months(start: date | None, months: int) -> None:
    assert start_gap_months(SEPTEMBER, replace(OFFER, start=start)) == months

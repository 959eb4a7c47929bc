"""Answers cut at 150 offers by source: noticed, and asked again in smaller pieces."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import product

import pytest

from matching.apprentissage.answers import FRANCE_TRAVAIL, OWN, is_cropped
from matching.apprentissage.client import MOST_QUESTIONS
from matching.apprentissage.questions import DEPARTEMENTS, Question
from matching.model import Search
from tests.apprenticing import BAKER, BAKERS, ROOFER, Desk, at_the_desk
from tests.apprentissage_api import job

LILLE, ARRAS, AMIENS = (50.6292, 3.0586), (50.2910, 2.7781), (49.8942, 2.2957)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with at_the_desk() as desk:
        yield desk


def many(count: int, town: str = "62300 Lens", **traits: object) -> list[dict[str, object]]:
    return [
        job(f"Boulanger {town} {n}", address=town, company=f"Maison {n}", **traits)
        for n in range(count)
    ]


def sliced(own: int, france_travail: int, partners: int, copied: int, cap: int) -> list[str]:
    """The labels of an answer as it is put together, cut at ``cap`` by source."""
    third = [FRANCE_TRAVAIL] * copied + ["Hellowork"] * partners
    return [
        label
        for part in ([OWN] * own, [FRANCE_TRAVAIL] * france_travail, third)
        for label in part[:cap]
    ]


def test_whatever_was_cut_is_noticed() -> None:
    for own, ft, partners, copied in product(range(6), repeat=4):
        labels = sliced(own, ft, partners, copied, 4)
        if max(own, ft, partners + copied) >= 4:
            assert is_cropped(labels, 4), labels


def test_what_holds_less_than_the_most_is_whole() -> None:
    for own, ft, partners in product(range(4), repeat=3):
        labels = sliced(own, ft, partners, 0, 4)
        if partners and ft + partners < 4:
            assert not is_cropped(labels, 4), labels


def test_halves_ask_the_same_together() -> None:
    question, codes, departements = Question(("D1102", "D1104", "F1619")), set[str](), set[str]()
    waiting = [question]
    while waiting:
        one = waiting.pop()
        halves = one.halves(())
        if halves is None:
            departements.update(one.departements)
        else:
            waiting += halves
            codes.update(*(half.codes for half in halves))
    assert codes == set(question.codes)
    assert departements == set(DEPARTEMENTS)


async def test_149_is_one_question(desk: Desk) -> None:
    desk.api.jobs += many(149)
    assert len(await desk.titles()) == 149
    assert len(desk.api.calls) == 1


async def test_150_is_cut_by_code_first(desk: Desk) -> None:
    desk.api.jobs += many(140) + many(20, rome=["F1619"])
    desk.api.jobs += [job(f"Couvreur {n}", rome=["F1610"], company=f"C{n}") for n in range(10)]
    found = await desk.titles(replace(BAKERS, trades=(BAKER, ROOFER)))
    assert len(found) == 150
    assert [c.all("romes") for c in desk.api.calls[:3]] == [
        ["D1102,F1610,F1619"], ["D1102"], ["F1610,F1619"],
    ]  # fmt: skip
    assert len(desk.api.calls) == 3


async def test_one_code_is_cut_by_departement_and_merged(desk: Desk) -> None:
    desk.api.jobs += (
        many(120) + many(90, "59000 Lille", at=LILLE) + many(60, "59000 Lille 2", at=LILLE)[:40]
    )
    found = await desk.titles(replace(BAKERS, circles=(replace(BAKERS.circles[0], radius_km=60),)))
    assert len(found) == 250
    assert all(len(call.all("romes")) == 1 for call in desk.api.calls)
    assert {d for c in desk.api.calls[1:3] for d in c.all("departements")} == set(DEPARTEMENTS)


async def test_france_travail_copies_hide_no_partner(desk: Desk) -> None:
    desk.api.jobs += many(100, label="France Travail")
    desk.api.jobs += many(80, "59000 Lille", at=LILLE, label="Hellowork")
    found = await desk.titles(replace(BAKERS, circles=(), departements=("59", "62")))
    assert len(found) == 180
    assert len(desk.api.calls) == 3


async def test_all_of_france_is_asked_in_pieces(desk: Desk) -> None:
    for town, at in (("62300 Lens", ARRAS), ("59000 Lille", LILLE), ("80000 Amiens", AMIENS)):
        desk.api.jobs += many(110, town, at=at)
    assert len(await desk.titles(Search(trades=(BAKER,), france=True))) == 330
    assert len(desk.api.calls) <= 7


async def test_lost_rows_do_not_hide_the_crop(desk: Desk) -> None:
    """One of the 150 could not be written by the service: it warns, and 149 come."""
    desk.api.jobs += many(149)
    desk.api.traps.warnings = [{"code": "JOB_OFFER_FORMATING_ERROR", "message": ""}]
    await desk.titles()
    assert len(desk.api.calls) > 1


async def test_a_flood_costs_a_bounded_number_of_calls(desk: Desk) -> None:
    desk.api.jobs += many(400)
    found = await desk.titles()
    assert len(found) == 150
    assert 3 <= len(desk.api.calls) <= MOST_QUESTIONS


async def test_a_half_that_fails_leaves_what_is_known(desk: Desk) -> None:
    desk.api.jobs += many(160)
    desk.api.fault("500", times=None, skip=1)
    assert len(await desk.titles()) == 150
    assert desk.outcomes["search", "failure"] >= 2


async def test_more_than_could_be_asked_is_counted(desk: Desk) -> None:
    trades = tuple(replace(BAKER, id=f"t{n}", codes=(f"D11{n:02}",)) for n in range(20))
    desk.api.jobs += [
        job(f"Boulanger {n} {code}", rome=[f"D11{code:02}"], company=f"M{n}{code}")
        for n in range(160)
        for code in range(20)
    ]
    await desk.titles(replace(BAKERS, trades=trades))
    assert len(desk.api.calls) == MOST_QUESTIONS
    assert desk.outcomes["search", "cropped"] == 1

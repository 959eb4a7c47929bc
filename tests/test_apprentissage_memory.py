"""Companies of API apprentissage, apart from offers, and the short memory of its answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from matching.apprentissage.answers import load
from matching.calling import CallFailed
from tests.apprenticing import BAKERS, Desk, at_the_desk, titles
from tests.apprentissage_api import job, recruiter

ARRAS = (50.2910, 2.7781)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with at_the_desk() as desk:
        yield desk


# Companies


async def test_companies_are_apart_and_cost_no_other_call(desk: Desk) -> None:
    desk.api.jobs.append(job())
    far = recruiter("LOIN", at=ARRAS, address="62000 Arras")
    desk.api.recruiters += [(far, frozenset({"D1102"})), (recruiter("PRÈS"), frozenset({"D1102"}))]
    assert len(await desk.titles()) == 1
    found = await desk.client.companies(BAKERS)
    assert [(c.name, round(km or 0)) for c, km in found] == [("PRÈS", 0), ("LOIN", 16)]
    company = found[0][0]
    assert company.apply_to is not None
    assert (company.size, company.city, company.id.split(":")[0]) == (
        "3-5",
        "Lens",
        "recruteurs_lba",
    )
    assert len(desk.api.calls) == 1


async def test_companies_obey_the_place_but_have_no_date_nor_level(desk: Desk) -> None:
    desk.api.recruiters.append((recruiter("ICI"), frozenset({"D1102"})))
    wish = replace(BAKERS, start=date(2027, 9, 1), end=date(2027, 9, 30), diploma_level=4)
    assert len(await desk.client.companies(wish)) == 1
    assert await desk.client.companies(replace(BAKERS, excluded=("62498",))) == []


@pytest.mark.parametrize("coordinates", [[], "null"])
async def test_companies_without_position_lie_in_their_commune(
    desk: Desk, coordinates: Any
) -> None:
    desk.api.traps.coordinates = coordinates
    desk.api.recruiters.append((recruiter("ICI"), frozenset({"D1102"})))
    assert len(await desk.client.companies(BAKERS)) == 1


# The memory


async def test_an_answer_is_remembered_for_a_few_minutes(desk: Desk) -> None:
    desk.api.jobs.append(job())
    first = await desk.client.find_all(BAKERS)
    assert await desk.client.find_all(BAKERS) == first
    assert len(desk.api.calls) == 1
    desk.clock.seconds += 181
    await desk.client.find_all(BAKERS)
    assert len(desk.api.calls) == 2


async def test_an_answer_without_france_travail_is_soon_asked_again(desk: Desk) -> None:
    desk.api.traps.warnings = [{"code": "FRANCE_TRAVAIL_API_ERROR", "message": ""}]
    await desk.client.find_all(BAKERS)
    desk.clock.seconds += 21
    await desk.client.find_all(BAKERS)
    assert len(desk.api.calls) == 2


async def test_a_whole_class_at_once_is_one_call(desk: Desk) -> None:
    desk.api.jobs.append(job())
    desk.api.delay = 0.02
    answers = await asyncio.gather(*(desk.client.find_all(BAKERS) for _ in range(30)))
    assert {len(a) for a in answers} == {1}
    assert len(desk.api.calls) == 1


async def test_a_failure_is_not_remembered(desk: Desk) -> None:
    desk.api.jobs.append(job())
    desk.api.fault("html")
    with pytest.raises(CallFailed):
        await desk.client.find_all(BAKERS)
    assert len(await desk.titles()) == 1


async def test_what_another_version_remembered_is_asked_again(desk: Desk) -> None:
    desk.api.jobs.append(job())
    assert load(b'{"offers": 3}') is None
    assert load(b"\xff") is None
    assert titles(await desk.client.find_all(BAKERS))

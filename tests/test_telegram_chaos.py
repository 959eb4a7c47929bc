"""Processes killed while people talk to them: nothing lost, nothing out of order, nothing stale."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from tests.bot_api import running
from tests.bursts import DISTANCES, burst, distances, messages
from tests.chaos import Begin, pack, states, storm
from tests.mortal import Life, nursery


@pytest.fixture
async def begin(warm: Path, tmp_path: Path) -> AsyncIterator[Begin]:
    """Processes that are forks of the warm one, and die as any other."""
    async with nursery(warm, tmp_path) as born:

        async def start(env: Mapping[str, str], _log: Path) -> Life:
            return await born.start(env, only=["telegram"])

        yield start


async def test_a_process_killed_while_people_talk_loses_nothing(
    furnished_postgres_url: str, redis_url: str, tmp_path: Path, begin: Begin
) -> None:
    """The whole storm is `benchmarks/chaos.py`: this one is small enough to be played each time."""
    url = furnished_postgres_url
    async with running() as api, pack(api, 2, url, redis_url, tmp_path, begin) as made:
        outcome, told = await storm(made, people=8, seconds=3.2, every=0.8)
    assert outcome.kills >= 3
    assert outcome.updates > 8
    assert (outcome.lost, outcome.disordered) == (0, 0)
    assert outcome.repeated <= outcome.bound
    assert api.violations == []
    kept = await states(url, b"k" * 32, told)
    assert [(s["version"], s["km"]) for s in kept] == [
        (len(one.asked) + 1, one.asked[-1]) for one in told
    ]
    assert {s["unsettled"] for s in kept} == {0}
    assert kept[0]["sent"] <= api.accepted


async def test_a_burst_to_two_processes_is_answered_in_order(
    furnished_postgres_url: str, redis_url: str, tmp_path: Path, begin: Begin
) -> None:
    """Each ends with their own search. The whole crowd is in `benchmarks/bursts.py`."""
    url = furnished_postgres_url
    async with running() as api, pack(api, 2, url, redis_url, tmp_path, begin):
        crowd = await burst(api, 12)
    assert [distances(person) for person in crowd] == [DISTANCES] * 12
    for number, person in enumerate(crowd):
        trade, town, *_ = messages(number)
        last = person.received[-1].text
        assert trade.capitalize() in last, last
        assert town in last, last

"""Who sends alerts dies in every gap, at random, or is asked to stop: nothing is lost."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from aiohttp.test_utils import unused_port

from alerts.push import FEW
from alerts.rounds import LEASE_SECONDS
from tests import servers
from tests.alert_chaos import fill, herd, storm, unsettled
from tests.mortal import nursery
from tests.mortal.points import Point
from tests.pushing import named
from tests.telegramming import fake_api

GAPS = (
    (Point("make", "before"), 0),
    (Point("make", "after"), 0),
    (Point("made", "after"), 0),
    (Point("finish", "before"), 0),
    (Point("push claim", "before"), 0),
    (Point("push claim", "after"), 0),
    (Point("push recheck", "after"), 0),
    (Point("push look", "after"), 0),
    (Point("push send", "after"), FEW),
    (Point("push mark", "before"), FEW),
    (Point("push mark", "after"), FEW - 1),
)
"""Each with the most that it may repeat: what was in flight, and not noted."""


@pytest.mark.parametrize("furnished_url", ["sqlite"], indirect=True)
async def test_a_death_in_any_gap_loses_nothing_and_repeats_what_was_in_flight(
    furnished_url: str, redis_url: str, tmp_path: Path, warm: Path
) -> None:
    chats = await fill(furnished_url, 60, 1)
    async with fake_api(any_chat=True) as api, nursery(warm, tmp_path) as born:
        async with herd(born, api, furnished_url, redis_url, per_second=500, lease=1) as made:
            for number, (point, _) in enumerate(GAPS):
                life = await born.start(
                    made.env | {"PORT": f"{unused_port()}"},
                    point, lease=1, hurry=20, only=["alerts"], ahead=number * (LEASE_SECONDS + 1),
                )  # fmt: skip
                await life.dies()
            made.ahead = len(GAPS) * (LEASE_SECONDS + 1)
            await made.start(1)
            assert await api.until(lambda: all(api.sent[chat] for chat in chats), 20)
            await api.until(lambda: False, 0.1)  # the last is noted
        heard = [[named(sent.text) for sent in api.sent[chat]] for chat in chats]
    assert [set(names) for names in heard] == [{f"{chat} alerte 1"} for chat in chats]
    assert sum(len(names) - 1 for names in heard) <= sum(most for _, most in GAPS)
    assert await unsettled(furnished_url) == 0


async def test_processes_killed_while_alerts_go_lose_nothing(tmp_path: Path, warm: Path) -> None:
    """The whole storm is `benchmarks/alerts_chaos.py`: this one is small."""
    both = [servers.start_postgres(), servers.start_redis()]
    postgres, redis = (server.url for server in both)
    try:
        chats = await fill(postgres, 100, 3)
        async with (
            fake_api(any_chat=True) as api,
            nursery(warm, tmp_path) as born,
            herd(born, api, postgres, redis, per_second=80) as made,
        ):
            await made.start(2)
            outcome = await storm(made, api, chats, 3, kills=10, every=0.3, restarted=both)
    finally:
        for server in both:
            server.stop()
    told = dataclasses.asdict(outcome)
    assert outcome.kills >= 10
    assert outcome.repeated <= outcome.bound, told
    wrong = (outcome.lost, outcome.disordered, outcome.false, outcome.unsettled)
    assert wrong == (0, 0, 0, 0), told

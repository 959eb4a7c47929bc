"""Who rests when a backend fails: searches and the long download apart, a trial taken late."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from matching.breaker import REST_SECONDS
from matching.calling import CallFailed, Limit, Route, open_session
from tests.test_calling import House, in_turn
from tests.wire import Wire, says, wired

LONG = Route("download", seconds=900.0)


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with wired(Wire()) as wire, open_session() as session:
        yield House(wire, session)


async def fail(house: House) -> None:
    house.wire.answer = says(500, "{}")
    while house.state == "closed":
        await house.refused()


async def test_a_download_under_way_is_no_trial_for_searches(house: House) -> None:
    await fail(house)
    house.clock.now += REST_SECONDS
    house.wire.answer = says(200, ["x" * 200_000])
    async with aclosing(house.backend.download(LONG, house.wire.url)) as pieces:
        await anext(pieces)
        assert await house.ask()
    assert house.state == "closed"


async def test_a_bucket_that_fails_leaves_searches_alone(house: House) -> None:
    house.wire.answer = says(500, "{}")
    reasons = []
    for _ in range(6):
        with pytest.raises(CallFailed) as caught:
            async for _piece in house.backend.download(LONG, house.wire.url):
                pass
        reasons.append(caught.value.reason)
    assert reasons == ["failure"] * 5 + ["resting"]
    house.wire.answer = says(200, [])
    assert await house.ask() == []


async def test_who_waits_for_a_slot_holds_no_trial(house: House) -> None:
    await fail(house)
    house.clock.now += REST_SECONDS
    house.wire.answer = in_turn(says(200, [1]), says(200, [2]))
    slow, go = Route("slow", limit=Limit(1, 60.0)), asyncio.Event()

    async def sleep(_seconds: float) -> None:
        await go.wait()
        house.clock.now += 60

    await house.backend.turnstile.rate.ask("lba:slow", per_second=1 / 60)
    house.backend.turnstile.sleep = sleep
    waiting = asyncio.create_task(house.ask(slow))
    await asyncio.sleep(0.01)
    assert await house.ask() == [1]
    go.set()
    assert await waiting == [2]


async def test_a_backend_at_rest_is_not_queued_for(house: House) -> None:
    await fail(house)
    slow = Route("slow", limit=Limit(1, 60.0))
    await house.backend.turnstile.rate.ask("lba:slow", per_second=1 / 60)
    assert (await house.refused(slow)).reason == "resting"
    assert house.clock.slept == []

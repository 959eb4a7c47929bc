"""Places held while an act lasts and a while after: in one process, and in the database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from storage.database import Database
from storage.rates import APART_SECONDS, DatabaseRate, LocalRate
from storage.redis_rates import RedisRate
from tests import servers
from tests.test_storage_rates import Clock

A_BIT_MORE = 2 * APART_SECONDS
Places = LocalRate | DatabaseRate


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["local", "sqlite", "postgres"])
async def places(request: pytest.FixtureRequest, clock: Clock) -> AsyncIterator[Places]:
    if request.param == "local":
        yield LocalRate(clock)
        return
    db = Database.open(request.getfixturevalue(f"{request.param}_url"))
    yield DatabaseRate(db, clock)
    await db.close()


async def enter(places: Places | RedisRate, calls: int = 3) -> tuple[str, float]:
    return await places.enter("ft", calls=calls, seconds=1.0, longest=7.0)


async def entered(places: Places | RedisRate, calls: int = 3) -> str:
    ticket, wait = await enter(places, calls)
    assert ticket
    assert wait == 0.0
    return ticket


async def refused(places: Places | RedisRate, calls: int = 3) -> float:
    ticket, wait = await enter(places, calls)
    assert ticket == ""
    return wait


async def test_there_are_so_many_and_no_more(places: Places) -> None:
    assert len({await entered(places) for _ in range(3)}) == 3
    assert await refused(places) == pytest.approx(1.0, abs=A_BIT_MORE)


async def test_one_is_free_a_while_after_it_was_left_and_not_before(
    places: Places, clock: Clock
) -> None:
    first, *_ = [await entered(places) for _ in range(3)]
    clock.now += 5
    await places.leave(first, 1.0)
    assert await refused(places) == pytest.approx(1.0, abs=A_BIT_MORE)
    clock.now += 0.9
    assert await refused(places) == pytest.approx(0.1, abs=A_BIT_MORE)
    clock.now += 0.1 + A_BIT_MORE
    await entered(places)
    assert await refused(places) > 0


async def test_whoever_dies_keeps_a_place_no_longer_than_a_call_can_last(
    places: Places, clock: Clock
) -> None:
    for _ in range(3):
        await entered(places)
    clock.now += 6.9
    assert await refused(places) > 0
    clock.now += 0.2
    await entered(places)


async def test_a_place_left_too_late_is_not_taken_from_the_next(
    places: Places, clock: Clock
) -> None:
    late = await entered(places, calls=1)
    clock.now += 8
    await entered(places, calls=1)
    await places.leave(late, 0.0)
    clock.now += 2
    assert await refused(places, calls=1) > 0


async def test_places_of_another_name_are_others(places: Places) -> None:
    await entered(places, calls=1)
    ticket, _ = await places.enter("lba", calls=1, seconds=1.0, longest=7.0)
    assert ticket


async def test_processes_at_once_share_them(postgres_url: str) -> None:
    dbs = [Database.open(postgres_url) for _ in range(4)]
    rates = [DatabaseRate(db) for db in dbs]
    found = await asyncio.gather(*(enter(rates[n % 4], calls=10) for n in range(60)))
    tickets = [ticket for ticket, _ in found if ticket]
    assert len(tickets) == len(set(tickets)) == 10
    assert all(0 < wait <= 1 + A_BIT_MORE for ticket, wait in found if not ticket)
    for db in dbs:
        await db.close()


async def test_what_was_taken_for_nobody_is_given_back(places: Places, clock: Clock) -> None:
    """Who gives up while they ask: as soon as possible, a little later, later still."""
    for n in range(30):
        clock.now += A_BIT_MORE
        asking = asyncio.create_task(enter(places, calls=1))
        for _ in range(n):
            await asyncio.sleep(0)
        if not asking.done():
            asking.cancel()
        with suppress(asyncio.CancelledError):
            ticket, _ = await asking
            await places.leave(ticket, 0.0)
    clock.now += A_BIT_MORE
    await entered(places, calls=1)


async def test_a_lost_redis_forgets_none_that_is_held(
    own_redis: servers.Server, database_url: str
) -> None:
    db = Database.open(database_url)
    rate = RedisRate(own_redis.url, DatabaseRate(db), spent=True)
    ticket = await entered(rate, calls=1)
    own_redis.kill()
    assert await refused(rate, calls=1) > 0
    back = servers.restart(own_redis)
    assert await refused(rate, calls=1) > 0
    await rate.leave(ticket, 0.0)
    await asyncio.sleep(A_BIT_MORE)
    await entered(rate, calls=1)
    await rate.close()
    await db.close()
    back.stop()

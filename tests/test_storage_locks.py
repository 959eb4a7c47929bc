"""Locks: one contract in one process and through a real Redis; several processes; Redis lost."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from redis.asyncio import Redis

from storage import redis_link
from storage.locks import LocalLocks, Locks
from storage.redis_locks import Delays, RedisLocks
from tests import servers

ROOT = Path(__file__).parent.parent
Queued = Callable[[int], Awaitable[None]]


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator[Redis]:
    async with Redis.from_url(redis_url, decode_responses=True) as connection:
        yield connection


@pytest.fixture(params=["local", "redis"])
async def locks(request: pytest.FixtureRequest) -> AsyncIterator[Locks]:
    kind: Locks = LocalLocks()
    if request.param == "redis":
        kind = RedisLocks(request.getfixturevalue("redis_url"))
    yield kind
    await kind.close()


async def queued(locks: Locks, number: int, key: str = "p1") -> None:
    """Return once so many wait for the key."""
    async with asyncio.timeout(10):
        if isinstance(locks, LocalLocks):
            while len(locks._waiting.get(key, ())) < number:  # noqa: ASYNC110 (a turn of the loop)
                await asyncio.sleep(0)
        elif isinstance(locks, RedisLocks):
            while await locks._link.client.zcard(f"lock:{key}:queue") < number:
                pass


async def enter(locks: Locks, order: int, log: list[int], key: str = "p1") -> None:
    async with locks.hold(key, order):
        log.append(order)


async def test_one_at_a_time(locks: Locks) -> None:
    inside = most = 0

    async def turn() -> None:
        nonlocal inside, most
        async with locks.hold("p1"):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*(turn() for _ in range(20)))
    assert most == 1


async def test_the_lowest_order_goes_first(locks: Locks) -> None:
    log: list[int] = []
    orders = [900_000_007, 3, 5, 1, 900_000_006]
    async with locks.hold("p1"):
        waiters = []
        for number, order in enumerate(orders, 1):
            waiters.append(asyncio.create_task(enter(locks, order, log)))
            await queued(locks, number)
        assert log == []
    await asyncio.gather(*waiters)
    assert log == sorted(orders)


async def test_equals_go_in_the_order_they_came(locks: Locks) -> None:
    log: list[int] = []

    async def turn(name: int) -> None:
        async with locks.hold("p1", 7):
            log.append(name)

    async with locks.hold("p1"):
        waiters = []
        for name in range(12):
            waiters.append(asyncio.create_task(turn(name)))
            await queued(locks, name + 1)
    await asyncio.gather(*waiters)
    assert log == list(range(12))


async def test_a_busy_person_delays_nobody_else(locks: Locks) -> None:
    async with locks.hold("p1"), asyncio.timeout(5), locks.hold("p2"):
        pass


async def test_a_turn_that_fails_lets_go(locks: Locks) -> None:
    with pytest.raises(LookupError):
        async with locks.hold("p1"):
            raise LookupError
    async with asyncio.timeout(5), locks.hold("p1"):
        pass


async def test_whoever_gives_up_waiting_is_passed_over(locks: Locks) -> None:
    log: list[int] = []
    async with locks.hold("p1"):
        leaver = asyncio.create_task(enter(locks, 1, log))
        await queued(locks, 1)
        stayer = asyncio.create_task(enter(locks, 2, log))
        await queued(locks, 2)
        leaver.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaver
    async with asyncio.timeout(5):
        await stayer
    assert log == [2]


async def test_whoever_is_stopped_just_when_the_turn_comes_hands_it_on(locks: Locks) -> None:
    log: list[int] = []
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(locks.hold("p1"))
        leaver = asyncio.create_task(enter(locks, 1, log))
        await queued(locks, 1)
        stayer = asyncio.create_task(enter(locks, 2, log))
        await queued(locks, 2)
    leaver.cancel()
    async with asyncio.timeout(5):
        await asyncio.gather(leaver, return_exceptions=True)
        await stayer
    assert log[-1] == 2


async def test_whoever_is_stopped_at_any_step_leaves_no_trace(locks: Locks) -> None:
    """Every turn of the loop is tried: a cancellation that gets lost would wait forever."""
    for steps in range(40):
        log: list[int] = []
        async with locks.hold("p1"), asyncio.timeout(5):
            leaver = asyncio.create_task(enter(locks, 1, log))
            for _ in range(steps):
                await asyncio.sleep(0)
            leaver.cancel()
            with pytest.raises(asyncio.CancelledError):
                await leaver
        async with asyncio.timeout(5):
            await enter(locks, 2, log)
        assert log == [2]


async def test_nothing_is_left_behind(locks: Locks) -> None:
    await asyncio.gather(*(enter(locks, n, [], f"p{n % 3}") for n in range(12)))
    if isinstance(locks, LocalLocks):
        assert locks._waiting == {}
    elif isinstance(locks, RedisLocks):
        left = [str(key) for key in await locks._link.client.keys("*")]
        assert [key for key in left if not key.startswith("alive:")] == []
        assert len(locks._room) == 0
        assert not locks._held
        assert not locks._local._waiting


_CHILD = """
import asyncio, sys
from redis.asyncio import Redis
from storage.redis_locks import Delays, RedisLocks

async def main(url, *orders):
    locks = RedisLocks(url, Delays(alive=0.3, beat=0.05))
    async def turn(order):
        async with locks.hold("p1", order):
            async with Redis.from_url(url) as client:
                await client.rpush("log", order)
    await asyncio.gather(*(turn(int(order)) for order in orders))
    await locks.close()

asyncio.run(main(*sys.argv[1:]))
"""


async def child(url: str, *orders: int) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", _CHILD, url, *map(str, orders), cwd=ROOT
    )


async def test_processes_take_their_turns_in_order(redis_url: str, client: Redis) -> None:
    locks = RedisLocks(redis_url)
    async with locks.hold("p1"):
        children = [await child(redis_url, 1, 4, 5), await child(redis_url, 6, 2, 3)]
        await queued(locks, 6)
        assert await client.llen("log") == 0
    assert [await process.wait() for process in children] == [0, 0]
    assert await client.lrange("log", 0, -1) == ["1", "2", "3", "4", "5", "6"]
    await locks.close()


async def test_a_killed_holder_and_a_killed_waiter_are_passed_over(
    redis_url: str, client: Redis
) -> None:
    locks = RedisLocks(redis_url, Delays(alive=0.3, beat=0.05))
    log: list[int] = []
    async with locks.hold("p1"):
        waiter = await child(redis_url, 1)
        await queued(locks, 1)
        waiter.kill()
        await waiter.wait()
        mine = asyncio.create_task(enter(locks, 2, log))
        await queued(locks, 2)
    async with asyncio.timeout(10):
        await mine
    assert log == [2]
    # What a holder leaves that died, at the end of its lease.
    await client.set("lock:p1:holder", "dead:0", px=100)
    async with asyncio.timeout(10):
        await enter(locks, 3, log)
    assert log == [2, 3]
    await locks.close()


async def test_the_lease_is_renewed_for_as_long_as_the_lock_is_held(
    redis_url: str, client: Redis
) -> None:
    locks = RedisLocks(redis_url, Delays(lease=3.0))
    async with locks.hold("p1"), asyncio.timeout(20):
        low = await client.pttl("lock:p1:holder")
        while (left := await client.pttl("lock:p1:holder")) <= low:
            assert left > 0
            low = left
    await locks.close()


async def test_a_lock_that_was_taken_over_is_left_to_its_new_holder(
    redis_url: str, client: Redis
) -> None:
    locks = RedisLocks(redis_url)
    async with locks.hold("p1"):
        await client.set("lock:p1:holder", "other:0")
    assert await client.get("lock:p1:holder") == "other:0"
    await locks.close()


async def test_turns_stay_in_order_when_redis_dies_in_the_middle(
    own_redis: servers.Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(redis_link, "PAUSE_SECONDS", 0.0)
    caplog.set_level(logging.WARNING, "storage")
    locks, log = RedisLocks(own_redis.url), list[int]()
    async with asyncio.timeout(20):
        async with locks.hold("p1"):
            waiters = [asyncio.create_task(enter(locks, order, log)) for order in (3, 2)]
            await queued(locks, 2)
            own_redis.kill()
            waiters.append(asyncio.create_task(enter(locks, 1, log)))
            await queued(locks._local, 3)
            assert log == []
        await asyncio.gather(*waiters)
        assert log == [1, 2, 3]
        assert [record.message for record in caplog.records] == ["redis_lost"]
        back = servers.restart(own_redis)
        try:
            async with locks.hold("p1"):
                assert await locks._link.client.exists("lock:p1:holder")
            assert not await locks._link.client.exists("lock:p1:holder")
        finally:
            back.stop()
    assert [record.message for record in caplog.records] == ["redis_lost", "redis_back"]
    await locks.close()


async def test_a_lock_that_could_not_be_given_back_is_taken_again_at_once(
    own_redis: servers.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_link, "PAUSE_SECONDS", 0.0)
    locks = RedisLocks(own_redis.url)
    async with locks.hold("p1"):
        token = await locks._link.client.get("lock:p1:holder")
        assert token
        own_redis.kill()
    back = servers.restart(own_redis)
    async with Redis.from_url(own_redis.url, decode_responses=True) as survivor:
        await survivor.set("lock:p1:holder", token)  # as if its memory had survived
        async with asyncio.timeout(5), locks.hold("p1"):
            assert await survivor.get("lock:p1:holder") not in (None, token)
    await locks.close()
    back.stop()


async def test_locks_that_could_not_be_given_back_are_forgotten_with_their_lease(
    own_redis: servers.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of people who never come back, too."""
    monkeypatch.setattr(redis_link, "PAUSE_SECONDS", 0.0)
    locks = RedisLocks(own_redis.url, Delays(lease=0.5))
    async with AsyncExitStack() as held:
        for number in range(20):
            await held.enter_async_context(locks.hold(f"p{number}"))
        own_redis.kill()
    assert len(locks._not_given_back) == 20
    async with asyncio.timeout(5):
        while locks._not_given_back:
            await enter(locks, 1, [], "somebody else")
            await asyncio.sleep(0)
    await locks.close()


async def test_a_key_is_wanted_as_long_as_somebody_here_has_it_or_waits(locks: Locks) -> None:
    assert not locks.wanted("p1")
    async with locks.hold("p1"):
        waiter = asyncio.create_task(enter(locks, 1, []))
        await queued(locks, 1)
        assert locks.wanted("p1")
        assert not locks.wanted("p2")
    assert locks.wanted("p1")
    await waiter
    assert not locks.wanted("p1")

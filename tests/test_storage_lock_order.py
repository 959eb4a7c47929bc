"""Locks through Redis: numbers out of order, floods, Redis emptied, processes killed."""

from __future__ import annotations

import asyncio
import random
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from redis.asyncio import Redis

from storage.lock_scripts import FORGOTTEN_CHANNEL, lock_keys, stream_keys
from storage.redis_locks import Delays, RedisLocks
from tests import servers

ROOT = Path(__file__).parent.parent
STREAM = "telegram"
MARK, NUMBERS, TIMES, HELD_BACK = stream_keys(STREAM)
NEVER = Delays(lease=7200.0, beat=3600.0, alive=3600.0, gap=3600.0)
"""Nothing comes by waiting: a number or a call that is missing is missed."""

WAIT = 20.0
Make = Callable[..., RedisLocks]


@pytest.fixture
async def redis(own_redis: servers.Server) -> AsyncIterator[Redis]:
    """A server of the test alone: its commands are counted."""
    async with Redis.from_url(own_redis.url, decode_responses=True) as client:
        yield client


@pytest.fixture
async def make(own_redis: servers.Server) -> AsyncIterator[Make]:
    """Makes locks that share Redis, as processes do."""
    made: list[RedisLocks] = []

    def process(delays: Delays = NEVER) -> RedisLocks:
        made.append(RedisLocks(own_redis.url, delays))
        return made[-1]

    yield process
    for locks in made:
        await locks.close()


async def begin(redis: Redis, number: int) -> None:
    """As if every number up to this one had come."""
    await redis.set(MARK, number)


async def questions(redis: Redis) -> int:
    """How many scripts were run."""
    stats = await redis.info("commandstats")
    return sum(stats.get(f"cmdstat_{name}", {}).get("calls", 0) for name in ("eval", "evalsha"))


async def queued(redis: Redis, number: int, key: str = "p1") -> None:
    async with asyncio.timeout(WAIT):
        while await redis.zcard(lock_keys(key)[1]) < number:
            pass


async def listening(redis: Redis, processes: int) -> None:
    """Those who wait have settled down: from here on only a call wakes them."""
    async with asyncio.timeout(WAIT):
        while dict(await redis.pubsub_numsub(FORGOTTEN_CHANNEL))[FORGOTTEN_CHANNEL] < processes:
            pass
        before = -1
        while before != (before := await questions(redis)):  # noqa: ASYNC110 (Redis says it)
            await asyncio.sleep(0.02)


async def turn(
    locks: RedisLocks, order: int, log: list[int], key: str = "p1", sequence: str | None = STREAM
) -> None:
    async with asyncio.timeout(WAIT), locks.hold(key, order, sequence=sequence):
        log.append(order)
        await asyncio.sleep(0)


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("seed", range(3))
async def test_a_burst_over_two_processes_is_answered_in_order(
    make: Make, redis: Redis, seed: int, known: bool
) -> None:
    """50 people, 6 messages each, delivered alternately, unordered; on an empty Redis as well."""
    dice = random.Random(seed)
    delays = NEVER if known else replace(NEVER, gap=0.8)
    processes = [make(delays), make(delays)]
    if known:
        await begin(redis, 1000)
    people = [person for person in range(50) for _ in range(6)]
    dice.shuffle(people)
    logs: dict[int, list[int]] = defaultdict(list)

    async def deliver(number: int, person: int, late: float) -> None:
        await asyncio.sleep(late)
        await turn(processes[number % 2], number, logs[person], f"p{person}")

    await asyncio.gather(
        *(deliver(n, who, dice.random() * 0.06) for n, who in enumerate(people, 1001))
    )
    assert sum(map(len, logs.values())) == 300
    assert {who: log for who, log in logs.items() if log != sorted(log)} == {}
    assert await redis.get(MARK) == "1300"
    assert await redis.exists(NUMBERS, TIMES, HELD_BACK) == 0


async def test_a_missing_number_is_awaited_and_its_coming_wakes_who_waits(
    make: Make, redis: Redis
) -> None:
    one, other = make(), make()
    await begin(redis, 1000)
    log: list[int] = []
    waiter = asyncio.create_task(turn(one, 1002, log))
    await queued(redis, 1)
    assert log == []
    await turn(other, 1001, log)
    await waiter
    assert log == [1001, 1002]


async def test_a_number_that_wants_no_turn_closes_the_gap(make: Make, redis: Redis) -> None:
    one, other = make(), make()
    await begin(redis, 1000)
    waiter = asyncio.create_task(turn(one, 1002, log := list[int]()))
    await queued(redis, 1)
    await other.arrived(STREAM, 1001)
    await waiter
    assert log == [1002]


async def test_a_number_that_never_comes_costs_one_question_more(make: Make, redis: Redis) -> None:
    locks = make(replace(NEVER, gap=0.05))
    await begin(redis, 1000)
    await turn(locks, 1001, [])
    before = await questions(redis)
    await turn(locks, 1003, log := list[int]())
    # Enter the queue; ask again once listening; ask again when the time is over; give back.
    assert await questions(redis) - before <= 4 + 1
    before = await questions(redis)
    await turn(locks, 1004, log)
    await turn(locks, 1002, log)  # it came after all
    await turn(locks, 1003, log)  # and this one twice
    assert await questions(redis) - before == 6
    assert log == [1003, 1004, 1002, 1003]


async def test_only_those_who_come_soon_after_a_gap_wait_for_it(make: Make, redis: Redis) -> None:
    locks = make()
    await begin(redis, 1000)
    waiter = asyncio.create_task(turn(locks, 1002, log := list[int]()))
    await queued(redis, 1)
    await redis.zincrby(TIMES, -7_200_000, "1002")  # two hours ago
    before = await questions(redis)
    await turn(locks, 1003, [], "p2")
    await waiter  # whoever moves the mark calls those it held back
    assert log == [1002]
    # As above, and the waiter's own second question, when it comes that late.
    assert await questions(redis) - before <= 4 + 2


@pytest.mark.parametrize("start", [None, 5, 900_000_000])
async def test_a_new_series_starts_anywhere(make: Make, redis: Redis, start: int | None) -> None:
    """Redis was emptied, the numbers jump, or start again lower: a wait, once, in order."""
    one, other = make(replace(NEVER, gap=0.2)), make(replace(NEVER, gap=0.2))
    if start is not None:
        await begin(redis, start)
    log: list[int] = []
    second = asyncio.create_task(turn(one, 400_000_002, log))
    await queued(redis, 1)
    await asyncio.gather(second, turn(other, 400_000_001, log))
    assert log == [400_000_001, 400_000_002]
    before = await questions(redis)
    await turn(other, 400_000_003, log)
    assert await questions(redis) - before == 2


async def test_a_stream_full_of_holes_takes_no_room(make: Make, redis: Redis) -> None:
    locks = make(replace(NEVER, gap=0.02))
    for number in range(1000, 1600, 2):
        await locks.arrived(STREAM, number)
    await asyncio.sleep(0.03)
    await locks.arrived(STREAM, 5000)
    assert await redis.zcard(NUMBERS) == await redis.zcard(TIMES) == 1
    assert min([await redis.ttl(key) for key in (MARK, NUMBERS, TIMES)]) > 0


async def test_a_busy_person_delays_nobody_else_of_the_stream(make: Make, redis: Redis) -> None:
    locks = make()
    await begin(redis, 1000)
    async with locks.hold("p1", 1001, sequence=STREAM):
        waiters = [asyncio.create_task(turn(locks, n, [])) for n in range(1002, 1010)]
        await queued(redis, 8)
        await turn(make(), 1010, log := list[int](), "p2")
        assert log == [1010]
    await asyncio.gather(*waiters)


async def test_without_a_sequence_no_number_is_awaited(make: Make, redis: Redis) -> None:
    locks = make()
    await begin(redis, 1000)
    await turn(locks, 5000, log := list[int](), sequence=None)
    assert log == [5000]
    assert await redis.get(MARK) == "1000"


async def test_all_who_wait_are_in_one_queue_over_the_processes(make: Make, redis: Redis) -> None:
    one, other = make(), make()
    log: list[int] = []
    async with one.hold("p1"):
        waiters = [asyncio.create_task(turn(one, order, log, sequence=None)) for order in (1, 2)]
        await queued(redis, 2)
        waiters += [asyncio.create_task(turn(other, 3, log, sequence=None))]
        waiters += [asyncio.create_task(turn(one, 4, log, sequence=None))]
        await queued(redis, 4)
    await asyncio.gather(*waiters)
    assert log == [1, 2, 3, 4]


async def test_a_flood_asks_once_each_and_then_only_its_head(make: Make, redis: Redis) -> None:
    many, beat = 1000, 0.02
    locks = make(Delays(beat=beat))
    log: list[int] = []
    async with locks.hold("p1"):
        waiters = [asyncio.create_task(turn(locks, n, log, sequence=None)) for n in range(many)]
        await queued(redis, many)
        registered = await questions(redis)
        assert registered <= many + 50
        await asyncio.sleep(20 * beat)
        assert await questions(redis) - registered < 50
    await asyncio.gather(*waiters)
    assert log == list(range(many))
    # To enter, once called, to give back; and the head at some beats.
    assert await questions(redis) < 3 * many + 200


async def test_redis_emptied_in_the_middle(make: Make, redis: Redis) -> None:
    one, other = make(replace(NEVER, gap=0.3)), make(replace(NEVER, gap=0.3))
    await begin(redis, 1000)
    log: list[int] = []
    async with one.hold("p1", 1001, sequence=STREAM):
        waiters = [
            asyncio.create_task(turn((one, other)[n % 2], n, log)) for n in range(1002, 1052)
        ]
        await queued(redis, 50)
        await listening(redis, 2)
        await redis.flushall()
    await asyncio.gather(*waiters)
    assert log == list(range(1002, 1052))


async def test_a_flood_after_redis_was_emptied_does_not_go_beat_by_beat(
    make: Make, redis: Redis
) -> None:
    locks = make()
    log: list[int] = []
    async with locks.hold("p1"):
        waiters = [asyncio.create_task(turn(locks, n, log, sequence=None)) for n in range(100)]
        await queued(redis, 100)
        await listening(redis, 1)
        await redis.flushall()
    await asyncio.gather(*waiters)
    assert log == list(range(100))


async def test_who_waits_for_a_number_goes_on_without_redis(
    make: Make, redis: Redis, own_redis: servers.Server
) -> None:
    locks = make()
    await begin(redis, 1000)
    log: list[int] = []
    waiters = [asyncio.create_task(turn(locks, n, log)) for n in range(1002, 1052)]
    await queued(redis, 50)
    await listening(redis, 1)
    own_redis.kill()
    await asyncio.gather(*waiters)
    assert sorted(log) == list(range(1002, 1052))


_CHILD = """
import asyncio, sys
from storage.redis_locks import Delays, RedisLocks

async def main(url):
    locks = RedisLocks(url, Delays(lease=1.0, alive=0.5, beat=0.1))
    async def turn(order):
        async with locks.hold("p1", order):
            await asyncio.sleep(3600)
    await asyncio.gather(*(turn(order) for order in range(51)))

asyncio.run(main(sys.argv[1]))
"""


async def test_a_process_that_dies_with_fifty_waiters_is_passed_over(
    make: Make, redis: Redis, own_redis: servers.Server
) -> None:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _CHILD, own_redis.url, cwd=ROOT
    )
    await queued(redis, 50)
    locks = make(Delays(beat=0.05))
    log: list[int] = []
    waiters = [asyncio.create_task(turn(locks, n, log, sequence=None)) for n in (60, 70, 80)]
    await queued(redis, 53)
    child.kill()
    await child.wait()
    await asyncio.gather(*waiters)
    assert log == [60, 70, 80]
    assert await redis.exists(*lock_keys("p1")) == 0

"""Rates: one contract in one process, in the database and through a real Redis."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from random import Random

import pytest

from storage import redis_link
from storage.database import Database
from storage.rates import DatabaseRate, LocalRate, Rate
from storage.redis_rates import RedisRate
from tests import servers


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 1_795_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    database = Database.open(database_url)
    yield database
    await database.close()


@pytest.fixture(params=["local", "sqlite", "postgres"])
async def rate(request: pytest.FixtureRequest, clock: Clock) -> AsyncIterator[Rate]:
    """The rates whose clock can be moved."""
    if request.param == "local":
        yield LocalRate(clock)
        return
    db = Database.open(request.getfixturevalue(f"{request.param}_url"))
    yield DatabaseRate(db, clock)
    await db.close()


async def waits(rate: Rate, number: int, per_second: float, burst: int = 1) -> list[float]:
    taken = [await rate.take("bot", per_second=per_second, burst=burst) for _ in range(number)]
    return [round(wait, 4) for wait in taken]


async def test_acts_are_spaced_evenly(rate: Rate) -> None:
    assert await waits(rate, 5, 10) == [0.0, 0.1, 0.2, 0.3, 0.4]


async def test_a_burst_goes_at_once_after_a_rest(rate: Rate, clock: Clock) -> None:
    assert await waits(rate, 5, 10, burst=3) == [0.0, 0.0, 0.0, 0.1, 0.2]
    clock.now += 0.5
    assert await waits(rate, 2, 10, burst=3) == [0.0, 0.0]


async def test_a_rest_saves_up_nothing_beyond_the_burst(rate: Rate, clock: Clock) -> None:
    assert await waits(rate, 2, 10) == [0.0, 0.1]
    clock.now += 3600
    assert await waits(rate, 3, 10) == [0.0, 0.1, 0.2]


async def test_keys_do_not_slow_each_other(rate: Rate) -> None:
    assert await rate.take("a", per_second=1) == 0.0
    assert await rate.take("b", per_second=1) == 0.0
    assert await rate.take("a", per_second=1) == pytest.approx(1.0, abs=1e-3)


async def test_what_is_refused_costs_nothing(rate: Rate, clock: Clock) -> None:
    asked = [await rate.ask("door", per_second=10, burst=3) for _ in range(50)]
    assert [round(wait, 4) for wait in asked] == [0.0] * 3 + [0.1] * 47
    clock.now += 0.1001
    assert await rate.ask("door", per_second=10, burst=3) == 0.0
    assert await rate.ask("door", per_second=10, burst=3) == pytest.approx(0.1, abs=1e-3)
    assert await rate.take("door", per_second=10, burst=3) == pytest.approx(0.1, abs=1e-3)
    assert await rate.ask("door", per_second=10, burst=3) == pytest.approx(0.2, abs=1e-3)


async def test_a_local_rate_forgets_keys_that_are_free(clock: Clock) -> None:
    rate = LocalRate(clock)
    for person in range(10_001):
        await rate.take(f"p{person}", per_second=1)
    clock.now += 2
    await rate.take("last", per_second=1)
    assert len(rate._free_at) == 1


async def test_a_database_rate_forgets_keys_that_are_free(db: Database, clock: Clock) -> None:
    rate = DatabaseRate(db, clock)
    await rate.take("a", per_second=1)
    await rate.take("b", per_second=0.1)
    clock.now += 2
    assert await rate.purge() == 1
    assert await rate.take("b", per_second=0.1) == pytest.approx(8.0, abs=1e-3)


async def _slots(rates: list[Rate], number: int, per_second: float) -> list[float]:
    """When the acts would be done, in seconds after the first question, by several at once."""
    start = time.monotonic()

    async def one(rate: Rate) -> float:
        wait = await rate.take("bot", per_second=per_second)
        return time.monotonic() + wait - start

    return sorted(await asyncio.gather(*(one(rates[n % len(rates)]) for n in range(number))))


@pytest.fixture(params=["database", "redis"])
async def shared(
    request: pytest.FixtureRequest, postgres_url: str
) -> AsyncIterator[Callable[[], Rate]]:
    """Makes rates that share their keys, as processes do."""
    db = Database.open(postgres_url)
    made: list[Rate] = []

    def make() -> Rate:
        fallback = DatabaseRate(db)
        redis = request.param == "redis"
        url = request.getfixturevalue("redis_url") if redis else ""
        made.append(RedisRate(url, fallback) if redis else fallback)
        return made[-1]

    yield make
    for rate in made:
        await rate.close()
    await db.close()


async def test_processes_share_one_rate(shared: Callable[[], Rate]) -> None:
    slots = await _slots([shared() for _ in range(4)], 60, per_second=28)
    assert all(slot >= n / 28 - 0.001 for n, slot in enumerate(slots))
    assert slots[-1] < 60 / 28 + 2


async def test_a_shared_burst(redis_url: str, db: Database) -> None:
    rate = RedisRate(redis_url, DatabaseRate(db))
    taken = [await rate.take("bot", per_second=0.1, burst=3) for _ in range(5)]
    assert taken[:3] == [0.0, 0.0, 0.0]
    assert 5 < taken[3] <= 10 < taken[4] <= 20
    await rate.close()


async def test_what_is_refused_by_redis_costs_nothing_either(redis_url: str, db: Database) -> None:
    rate = RedisRate(redis_url, DatabaseRate(db))
    asked = [await rate.ask("door", per_second=0.1, burst=3) for _ in range(50)]
    assert asked[:3] == [0.0] * 3
    assert all(5 < wait <= 10 for wait in asked[3:])
    await rate.close()


async def test_a_refusal_is_as_cheap_without_redis(db: Database, clock: Clock) -> None:
    rate = RedisRate("redis://127.0.0.1:1/0", DatabaseRate(db, clock))
    asked = [await rate.ask("door", per_second=1, burst=2) for _ in range(5)]
    assert asked == pytest.approx([0.0, 0.0, 1.0, 1.0, 1.0], abs=1e-3)
    clock.now += 60
    assert await rate.purge() == 1
    await rate.close()


async def test_a_documented_limit_has_no_second_burst_when_redis_is_lost(
    own_redis: servers.Server, db: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_link, "PAUSE_SECONDS", 0.0)
    rates = [RedisRate(own_redis.url, DatabaseRate(db, clock), spent=True) for _ in range(2)]
    assert [await rates[0].ask("lba", per_second=1, burst=3) for _ in range(3)] == [0.0] * 3
    own_redis.kill()
    asked = [await rates[n % 2].ask("lba", per_second=1, burst=3) for n in range(4)]
    assert asked[0] == 0.0
    assert min(asked[1:]) > 0.9
    clock.now += 2  # what was saved up since counts
    again = [await rates[0].ask("lba", per_second=1, burst=3) for _ in range(3)]
    assert again[:2] == [0.0, 0.0]
    assert again[2] > 0.9
    for rate in rates:
        await rate.close()


async def test_without_redis_the_rate_is_still_one_for_all(
    own_redis: servers.Server, db: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_link, "PAUSE_SECONDS", 0.0)
    rates = [RedisRate(own_redis.url, DatabaseRate(db, clock)) for _ in range(3)]
    for rate in rates:
        assert await rate.take("warm", per_second=1000) < 0.1
    own_redis.kill()
    taken = [await rates[n % 3].take("bot", per_second=10) for n in range(6)]
    assert [round(wait, 4) for wait in taken] == [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]
    back = servers.restart(own_redis)
    assert await rates[0].take("bot", per_second=10) == 0.0
    for rate in rates:
        await rate.close()
    back.stop()


async def test_whoever_gives_up_within_a_write_does_not_lock_the_database(
    sqlite_url: str,
) -> None:
    """Cut short within its transaction, SQLite would stay locked for everybody."""
    database = Database.open(sqlite_url)
    rate, chance = DatabaseRate(database), Random(3)
    file = sqlite_url.removeprefix("sqlite+aiosqlite:///")
    for _ in range(60):
        asking = [asyncio.create_task(rate.ask("a", per_second=1000, burst=1000)) for _ in range(2)]
        for _ in range(chance.randrange(60)):
            await asyncio.sleep(0)
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
        with closing(sqlite3.connect(file, timeout=0.5, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            other.execute("ROLLBACK")
    await database.close()

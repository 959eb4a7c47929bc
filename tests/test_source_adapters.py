"""What the clients are lent: a memory in Redis, leases in the database, counts in the logs."""

from __future__ import annotations

import io
import json

import pytest
from redis.asyncio import Redis

from bot.meter import Meter
from storage.answers import MOST_BYTES, RedisCache
from storage.database import Database
from storage.leases import Leases
from tests.browsing import logging_to
from tests.servers import Server


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


async def test_redis_remembers_for_all_and_forgets_in_time(redis_url: str) -> None:
    one, other = RedisCache(redis_url), RedisCache(redis_url)
    value = bytes(range(256)) * 40 + "é".encode()
    await one.put("boulanger à Lens", value, 60.0)
    assert await other.get("boulanger à Lens") == value
    assert await other.get("coiffeuse à Lens") is None
    async with Redis.from_url(redis_url) as client:
        (key,) = await client.keys()
        assert b"Lens" not in key
        assert 0 < await client.pttl(key) <= 60_000
        await client.set(key, "pas à nous")
    assert await other.get("boulanger à Lens") is None
    await one.close()
    await other.close()


async def test_what_is_too_long_is_not_kept(redis_url: str) -> None:
    from os import urandom

    cache = RedisCache(redis_url)
    await cache.put("long", urandom(MOST_BYTES + 1), 60.0)
    assert await cache.get("long") is None
    await cache.close()


async def test_a_lost_redis_only_forgets(own_redis: Server) -> None:
    cache = RedisCache(own_redis.url)
    await cache.put("a", b"1", 60.0)
    own_redis.stop()
    assert await cache.get("a") is None
    await cache.put("a", b"1", 60.0)
    await cache.close()


async def test_a_lease_is_held_by_one_renewed_and_handed_on(database_url: str) -> None:
    clock = Clock()
    database = Database.open(database_url)
    one, other = Leases(database, clock), Leases(database, clock)
    token = await one.take("sync", 60)
    assert token is not None
    assert await other.take("sync", 60) is None
    assert await other.take("else", 60) is not None
    clock.now += 50
    renewed = await one.renew("sync", token, 60)
    assert renewed is not None
    assert await one.renew("sync", token, 60) is None
    clock.now += 50
    assert await other.take("sync", 60) is None
    await one.release("sync", renewed)
    assert await other.take("sync", 60) is not None
    clock.now += 61  # it died
    taken = await one.take("sync", 60)
    assert taken is not None
    await database.close()


def test_calls_are_counted_in_the_logs() -> None:
    clock, out = Clock(), io.StringIO()
    with logging_to(out):
        meter = Meter(clock)
        for outcome in ("ok", "ok", "timeout", "timeout"):
            meter.called("apprentissage", "search", outcome, 0.5)
        clock.now += 61
        meter.called("apprentissage", "search", "ok", 2.0)
    said = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [(s["event"], s["state"]) for s in said] == [
        ("backend_trouble", "timeout"), ("backend_calls", "ok"), ("backend_calls", "timeout"),
    ]  # fmt: skip
    assert (said[1]["count"], said[1]["ms"]) == (3, 1000)


@pytest.mark.parametrize("outcome", ["ok", "cancelled"])
def test_what_is_no_trouble_is_not_said_at_once(outcome: str) -> None:
    out = io.StringIO()
    with logging_to(out):
        Meter(Clock()).called("france_travail", "offers", outcome, 0.1)
    assert out.getvalue() == ""

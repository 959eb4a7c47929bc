"""The way to Redis: one connection for all, its time limit, its losses, whoever stops waiting."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from storage import redis_link
from storage.redis_link import RedisLink, RedisLost
from tests import servers

APPEND = "return redis.call('RPUSH', KEYS[1], ARGV[1])"


@pytest.fixture
async def link(own_redis: servers.Server) -> AsyncIterator[RedisLink]:
    link = RedisLink(own_redis.url)
    yield link
    await link.close()


@pytest.fixture
async def redis(own_redis: servers.Server) -> AsyncIterator[Redis]:
    async with Redis.from_url(own_redis.url, decode_responses=True) as client:
        yield client


async def test_many_at_once_share_a_connection_and_each_has_its_answer(
    link: RedisLink, redis: Redis
) -> None:
    answers = await asyncio.gather(*(link.run("return ARGV[1]", [], n) for n in range(500)))
    assert answers == [str(n) for n in range(500)]
    assert (await redis.info("clients"))["connected_clients"] == 2


async def test_whoever_stops_waiting_is_followed_by_what_they_ask_next(
    link: RedisLink, redis: Redis
) -> None:
    await link.run(APPEND, ["log"], "start")

    async def hesitate(number: int) -> None:
        try:
            await link.run(APPEND, ["log"], f"{number} first")
        finally:
            await link.run(APPEND, ["log"], f"{number} then")

    tasks = [asyncio.create_task(hesitate(number)) for number in range(20)]
    await asyncio.sleep(0)  # all have asked, none has an answer
    for task in tasks:
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(result, asyncio.CancelledError) for result in results)
    log = await redis.lrange("log", 0, -1)
    assert len(log) == 41
    assert all(log.index(f"{n} first") < log.index(f"{n} then") for n in range(20))


async def test_a_connection_that_was_cut_is_made_again_without_a_word(
    link: RedisLink, redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "storage")
    assert await link.run("return 1", []) == 1
    await redis.client_kill_filter(_type="normal", skipme=True)
    assert await link.run("return 2", []) == 2
    await redis.script_flush()
    assert await link.run("return 1", []) == 1
    assert caplog.records == []


async def test_a_server_that_says_nothing_is_lost_after_a_while_and_found_again(
    link: RedisLink,
    own_redis: servers.Server,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING, "storage")
    monkeypatch.setattr(redis_link, "ANSWER_SECONDS", 0.1)
    monkeypatch.setattr(redis_link, "PAUSE_SECONDS", 0.0)
    assert await link.run("return 1", []) == 1
    own_redis.process.send_signal(signal.SIGSTOP)
    try:
        async with asyncio.timeout(10):
            asked = (link.run("return 1", []) for _ in range(50))
            lost = await asyncio.gather(*asked, return_exceptions=True)
            assert all(isinstance(loss, RedisLost) for loss in lost)
            with pytest.raises(RedisLost):  # a new connection is accepted, and as silent
                await link.run("return 1", [])
    finally:
        own_redis.process.send_signal(signal.SIGCONT)
    monkeypatch.setattr(redis_link, "ANSWER_SECONDS", 5.0)
    assert await link.run("return 2", []) == 2
    assert [record.message for record in caplog.records] == ["redis_lost", "redis_back"]


async def test_a_script_that_fails_harms_no_other(link: RedisLink) -> None:
    asked = [link.run("return redis.call('NONSENSE')", []), link.run("return 1", [])]
    bad, good = await asyncio.gather(*asked, return_exceptions=True)
    assert isinstance(bad, RedisLost)
    assert good == 1


async def test_nothing_is_asked_once_closed(own_redis: servers.Server) -> None:
    link = RedisLink(own_redis.url)
    waiting = asyncio.create_task(link.run("return 1", []))
    await asyncio.sleep(0)
    await link.close()
    with pytest.raises(RedisLost):
        await link.run("return 1", [])
    await asyncio.gather(waiting, return_exceptions=True)

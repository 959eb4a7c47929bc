"""Redis stops, PostgreSQL restarts, people go on talking to two processes: nothing is lost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from bot.channels.telegram.webhook import PATH
from nlu.understander import Understander
from tests import servers
from tests.bot_api import BotApi
from tests.crowds import PATIENCE, Crowd, refused
from tests.telegramming import fake_api, on_telegram

PEOPLE = 12


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with fake_api() as server:
        yield server


@pytest.fixture
def own_postgres() -> Iterator[list[servers.Server]]:
    """A server of this test alone, the last of the list; whoever restarts it adds to it."""
    started = [servers.start_postgres()]
    yield started
    started[-1].stop()


@asynccontextmanager
async def two(
    api: BotApi, database_url: str, redis_url: str, understander: Understander
) -> AsyncIterator[Crowd]:
    """Two processes, as far as the servers can tell, and a crowd that talks to both."""
    async with (
        on_telegram(api, "webhook", database_url, redis_url, understander, today=None) as one,
        on_telegram(api, "webhook", database_url, redis_url, understander, today=None) as other,
    ):
        api.delivery.urls = [f"{made[0].settings.public_url}{PATH}" for made in (one, other)]
        api.delivery.backoff = 0.2
        yield Crowd(api, [api.person(100 + n) for n in range(PEOPLE)])
        for _, telegram in (one, other):
            await telegram.idle()


async def test_redis_stops_for_a_while(
    api: BotApi, postgres_url: str, understander: Understander, own_redis: servers.Server
) -> None:
    started = [own_redis]

    async def stop_and_start() -> None:
        await asyncio.sleep(0.3)
        started[-1].kill()
        await asyncio.sleep(1.2)
        started.append(await asyncio.to_thread(servers.restart, started[-1]))
        wanted = max(4 * PEOPLE, len(crowd.waits) + PEOPLE)  # some of them since it is back
        assert await api.until(lambda: len(crowd.waits) > wanted, PATIENCE)

    try:
        async with two(api, postgres_url, own_redis.url, understander) as crowd:
            begun = time.monotonic()
            await crowd.talk(stop_and_start)
    finally:
        started[-1].stop()
    assert crowd.misled == []
    assert crowd.repeated == 0
    assert crowd.figures(begun)["max_s"] < 3


async def test_postgresql_restarts(
    api: BotApi, understander: Understander, redis_url: str, own_postgres: list[servers.Server]
) -> None:
    async def restart() -> None:
        await asyncio.sleep(0.5)
        own_postgres[-1].kill()
        before = refused(api)
        assert await api.until(lambda: refused(api) > before, 5)
        own_postgres.append(await asyncio.to_thread(servers.restart, own_postgres[-1]))
        await asyncio.sleep(1)

    async with two(api, own_postgres[0].url, redis_url, understander) as crowd:
        begun = time.monotonic()
        await crowd.talk(restart)
    assert crowd.misled == []
    assert crowd.repeated <= PEOPLE  # sent, and the outcome not kept
    assert crowd.figures(begun)["max_s"] < 15

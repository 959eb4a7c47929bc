"""Somebody writes hundreds of messages: the others are answered, and Telegram is left in peace."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from nlu.understander import Understander
from tests.bot_api import BotApi
from tests.telegramming import fake_api, furnished_copy, on_telegram

FLOOD = 300


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with fake_api() as server:
        yield server


@pytest.fixture
def url(furnished: Path, tmp_path: Path) -> str:
    return furnished_copy(furnished, tmp_path)


async def test_by_webhook_a_flood_delays_nobody_else(
    api: BotApi, url: str, understander: Understander
) -> None:
    flooder, lou = api.person(1), api.person(2)
    async with on_telegram(api, "webhook", url, None, understander, today=None):
        for _ in range(FLOOD):
            await flooder.say("boulanger à Lens")
        for text in ("boulanger à Lens", "merci", "coiffeuse à Arras"):
            said = time.monotonic()
            await lou.say(text)
            await lou.hears(1)
            assert time.monotonic() - said < 0.8
        assert api.pending > FLOOD // 4, "the flood was over too soon to show anything"
        await api.settled(30)


async def test_by_polling_a_flood_is_not_asked_for_again_at_every_turn(
    api: BotApi, url: str, understander: Understander
) -> None:
    flooder, people = api.person(1), [api.person(100 + n) for n in range(5)]
    async with on_telegram(api, "polling", url, None, understander, today=None):
        for _ in range(FLOOD):
            await flooder.say("boulanger à Lens")
        for person in people:
            await person.say("coiffeuse à Arras")
        await api.settled(30)
        for person in people:
            await person.hears(1)
    asked = sum(call.method == "getUpdates" for call in api.calls)
    assert asked < FLOOD / 5


async def test_by_polling_news_comes_though_the_oldest_turn_lasts(
    api: BotApi, url: str, understander: Understander
) -> None:
    """As long as there is room in what Telegram tells at once."""
    stuck, people = api.person(1), [api.person(100 + n) for n in range(60)]
    async with on_telegram(api, "polling", url, None, understander, today=None) as (rooms, _):
        async with rooms.locks.hold(rooms.turns.person("telegram", "1")):
            await stuck.say("boulanger à Lens")
            for person in people:
                await person.say("coiffeuse à Arras")
            for person in people:
                await person.hears(1)
            lou = api.person(2)
            said = time.monotonic()
            await lou.say("boulanger à Lens")
            await lou.hears(1)
            assert time.monotonic() - said < 1
        await stuck.hears(1)

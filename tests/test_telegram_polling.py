"""What Telegram may answer when we ask for updates: none is lost, and it is not asked for more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import redis
from telegram import Bot
from telegram.error import Conflict

from bot.assembly import Rooms
from bot.channels.telegram import polling
from bot.channels.telegram.channel import Telegram
from nlu.understander import Understander
from tests import servers
from tests.bot_api import BotApi, Fault
from tests.telegramming import fake_api, furnished_copy, on_telegram

House = tuple[Rooms, Telegram]


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with fake_api() as server:
        yield server


@pytest.fixture
def url(furnished: Path, tmp_path: Path) -> str:
    return furnished_copy(furnished, tmp_path)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same pauses, ten times shorter."""
    monkeypatch.setattr(polling, "PAUSE_SECONDS", 0.05)
    monkeypatch.setattr(polling, "LONGEST_PAUSE_SECONDS", 0.5)
    monkeypatch.setattr(polling, "CONFLICT_SECONDS", 0.2)


@pytest.fixture
async def house(
    api: BotApi, url: str, understander: Understander, quick: None
) -> AsyncIterator[House]:
    async with on_telegram(api, "polling", url, None, understander, today=None) as made:
        yield made


def asked(api: BotApi) -> list[float]:
    return [call.time for call in api.calls if call.method == "getUpdates"]


KINDS = (
    "500", "502", "garbage", "null", "list", "reset", "accepted", "truncated", "unauthorized",
)  # fmt: skip


def _over(trouble: Fault) -> bool:
    return trouble.times == 0


async def test_every_failure_is_waited_out(api: BotApi, house: House) -> None:
    for number, kind in enumerate(KINDS):
        trouble = api.fault(kind, method="getUpdates")
        person = api.person(100 + number)
        await person.say("boulanger à Lens")
        await person.say("merci")
        first, second = await person.hears(2)
        assert "Lens" in first.text, kind
        assert "Lens" not in second.text, kind
        assert await api.until(partial(_over, trouble), 5)
    await api.settled()
    await house[1].idle()
    assert [len(api.sent[100 + number]) for number in range(len(KINDS))] == [2] * len(KINDS)
    assert len(asked(api)) < 10 * len(KINDS)


async def test_a_pause_is_kept_though_turns_end_meanwhile(api: BotApi, house: House) -> None:
    rooms = house[0]
    keys = [rooms.turns.person("telegram", str(100 + n)) for n in range(20)]
    held = [rooms.locks.hold(key) for key in keys]
    for lock in held:
        await lock.__aenter__()
    for n in range(20):
        await api.person(100 + n).say("boulanger à Lens")
    assert await api.until(lambda: any(c.params.get("timeout") == 0 for c in _calls(api)), 5)
    refusals = api.fault("429", method="getUpdates", retry_after=1, times=1)
    before = len(asked(api))
    assert await api.until(lambda: refusals.used == 1, 5)
    for lock in held:  # one turn after the other ends
        await lock.__aexit__(None, None, None)
        await asyncio.sleep(0.02)
    await api.settled()
    times = asked(api)[before:]
    refused = next(n for n, call in enumerate(_calls(api)[before:]) if call.status == 429)
    assert times[refused + 1] - times[refused] >= 0.99
    assert len(times) < 20


def _calls(api: BotApi) -> list[Any]:
    return [call for call in api.calls if call.method == "getUpdates"]


async def test_an_outage_is_no_reason_to_hurry(api: BotApi, house: House) -> None:
    trouble = api.fault("500", method="getUpdates", times=None)
    lou = api.person(1)
    await lou.say("boulanger à Lens")
    assert await api.until(lambda: trouble.used == 4, 5)
    first, *_, last = [call.time for call in _calls(api) if call.status == 500]
    assert last - first >= 0.34  # 0.05, 0.1, 0.2
    trouble.clear()
    await lou.hears(1)


async def test_somebody_else_asks_for_the_same_updates(api: BotApi, house: House) -> None:
    lou = api.person(1)
    async with Bot(api.token, base_url=f"{api.url}/bot") as intruder:
        stolen = asyncio.create_task(intruder.get_updates(timeout=20))
        with pytest.raises(Conflict):
            await stolen
    await lou.say("boulanger à Lens")
    await lou.hears(1)
    assert sum(call.status == 409 for call in _calls(api)) <= 3


async def test_a_webhook_that_stands_in_the_way_is_taken_off(api: BotApi, house: House) -> None:
    """Somebody tried the other mode with the same token."""
    lou = api.person(1)
    for number in range(2):
        api.delivery.set_webhook(f"http://127.0.0.1:9/{number}")
        await lou.say("boulanger à Lens")
        await lou.hears(1)
        assert api.delivery.webhook is None


async def test_two_bots_share_one_redis(
    api: BotApi, url: str, understander: Understander, redis_url: str, tmp_path: Path, quick: None
) -> None:
    folder = tmp_path / "other"
    folder.mkdir()
    copied = furnished_copy(Path(url.removeprefix("sqlite+aiosqlite:///")), folder)
    async with (
        fake_api(token="4343:BBF-a_token_of_another_bot_0123456789") as other,
        on_telegram(api, "polling", url, redis_url, understander, today=None),
        on_telegram(other, "polling", copied, redis_url, understander, today=None),
    ):
        for one in (api, other):
            await one.person(1).say("boulanger à Lens")
            await one.person(1).hears(1)


async def test_two_bots_number_their_updates_apart(
    api: BotApi, url: str, understander: Understander, redis_url: str
) -> None:
    async with on_telegram(api, "webhook", url, redis_url, understander, today=None):
        await api.person(1).say("boulanger à Lens")
        await api.person(1).hears(1)
    with redis.Redis.from_url(redis_url) as client:
        assert client.keys("stream:*:mark") == [b"stream:telegram 4242:mark"]


async def test_when_redis_comes_back_one_process_asks_again(
    api: BotApi,
    url: str,
    understander: Understander,
    own_redis: servers.Server,
    quick: None,
) -> None:
    redis, lou = own_redis.url, api.person(1)
    started = own_redis
    async with (
        on_telegram(api, "polling", url, redis, understander, today=None),
        on_telegram(api, "polling", url, redis, understander, today=None),
    ):
        await lou.say("boulanger à Lens")
        await lou.hears(1)
        started.kill()
        both = await api.until(lambda: any(call.status == 409 for call in _calls(api)), 8)
        assert both, "the one who waited does not ask while Redis is lost"
        await lou.say("merci")
        await lou.hears(1)
        started = servers.restart(started)
        try:
            await _peace(api)
            await lou.say("coiffeuse à Arras")
            await lou.hears(1)
            assert len(lou.received) == 3
        finally:
            started.stop()


def _conflict(api: BotApi, after: int) -> bool:
    return any(call.status == 409 for call in api.calls[after:])


async def _peace(api: BotApi) -> None:
    """Two seconds without a conflict."""
    async with asyncio.timeout(12):
        while True:
            again = await api.until(partial(_conflict, api, len(api.calls)), 2)
            if not again:
                return


@pytest.mark.parametrize("chat", ["lou", {"id": 5}, None, True, 2**70, [1]])
async def test_an_update_that_makes_no_sense_holds_nobody_back(
    api: BotApi, house: House, chat: object
) -> None:
    message = {"message_id": 1, "date": 1, "text": "boulanger à Lens"}
    number = api.next_update
    api.next_update += 1
    api.queue[number] = {
        "update_id": number,
        "message": {**message, "chat": {"id": chat, "type": "private"}},
    }
    lou = api.person(1)
    await lou.say("boulanger à Lens")
    await lou.hears(1)
    await api.settled()
    assert len(asked(api)) < 12

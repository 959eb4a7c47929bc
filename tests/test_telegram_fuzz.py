"""Whatever comes through the webhook's door, nobody else waits for it and nothing of it stays."""

from __future__ import annotations

import asyncio
import gc
import gzip
import json
from collections import Counter
from collections.abc import AsyncIterator
from io import BytesIO
from itertools import islice
from pathlib import Path
from random import Random

import aiohttp
import pytest

from bot.assembly import Rooms
from bot.channels.telegram import webhook
from bot.channels.telegram.channel import Telegram
from bot.channels.telegram.webhook import PATH, SECRET_HEADER
from nlu.understander import Understander
from tests.bot_api import BotApi
from tests.strange_updates import strange_bodies, strange_updates
from tests.telegramming import furnished_copy, on_telegram

House = tuple[Rooms, Telegram]


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    """Strange updates make strange calls: what it thinks of them is not asked."""
    server = BotApi()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def house(
    api: BotApi, furnished: Path, tmp_path: Path, understander: Understander
) -> AsyncIterator[House]:
    url = furnished_copy(furnished, tmp_path)
    async with on_telegram(api, "webhook", url, None, understander) as made:
        yield made


@pytest.fixture
async def door(house: House) -> AsyncIterator[aiohttp.ClientSession]:
    """Where anybody may knock; with our secret unless told."""
    settings = house[0].settings
    limit = aiohttp.ClientTimeout(10)
    headers = {SECRET_HEADER: settings.webhook_secret()}
    async with aiohttp.ClientSession(settings.public_url, timeout=limit) as session:
        session.headers.update(headers)
        yield session


async def still_answers(api: BotApi, house: House) -> None:
    lou = api.person(1001)
    await lou.say("boulanger à Lens")
    (said,) = await lou.hears(1)
    assert "Lens" in said.text
    await house[1].idle()


async def test_strange_updates_are_taken_and_forgotten(
    api: BotApi, house: House, door: aiohttp.ClientSession
) -> None:
    updates = strange_updates(Random(20261123), first=5_000_000)
    before = len(asyncio.all_tasks())
    statuses: Counter[int] = Counter()

    async def bring(number: int) -> None:
        for update in islice(updates, number):
            async with door.post(PATH, data=json.dumps(update)) as response:
                statuses[response.status] += 1

    await asyncio.gather(*(bring(100) for _ in range(8)))
    assert set(statuses) == {200}
    await still_answers(api, house)
    await api.until(lambda: False, 0.05)  # gestures end
    gc.collect()
    assert len(asyncio.all_tasks()) <= before + 30  # connections; updates were 800


async def test_what_is_no_update_is_refused(
    api: BotApi, house: House, door: aiohttp.ClientSession
) -> None:
    secret = house[0].settings.webhook_secret()
    statuses: Counter[int] = Counter()
    url = f"{house[0].settings.public_url}{PATH}"
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(10)) as anybody:
        for body, headers in islice(strange_bodies(Random(1), secret), 150):
            try:
                async with anybody.post(url, data=body, headers=headers) as response:
                    statuses[response.status] += 1
            except (aiohttp.ClientError, ValueError):
                statuses[0] += 1  # hung up on, which is an answer
        for method in ("GET", "PUT", "DELETE", "OPTIONS", "HEAD", "PATCH", "BREW"):
            async with anybody.request(method, url, headers={SECRET_HEADER: secret}) as response:
                statuses[response.status] += 1
    assert not [status for status in statuses if status >= 500], statuses
    assert statuses[403] and statuses[400]  # noqa: PT018
    await still_answers(api, house)


async def test_a_bomb_and_a_huge_body_are_refused(
    api: BotApi, house: House, door: aiohttp.ClientSession
) -> None:
    bomb = gzip.compress(b'{"update_id": 1, "x": "' + b" " * 50_000_000)
    for body, headers in ((bomb, {"Content-Encoding": "gzip"}), (b" " * 5_000_000, {})):
        try:
            async with door.post(PATH, data=BytesIO(body), headers=headers) as response:
                assert response.status == 413
        except aiohttp.ClientOSError:
            pass  # the answer came while we were still sending
    await still_answers(api, house)


async def test_slow_bodies_keep_nobody_waiting(
    api: BotApi,
    house: House,
    door: aiohttp.ClientSession,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ended = asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield b" "
        await ended.wait()

    async def bring() -> int:
        async with door.post(PATH, data=slowly()) as response:
            return response.status

    slow = [asyncio.create_task(bring()) for _ in range(50)]
    await still_answers(api, house)
    assert not [task for task in slow if task.done()]
    ended.set()
    assert set(await asyncio.gather(*slow)) == {400}
    ended.clear()
    monkeypatch.setattr(webhook, "BODY_SECONDS", 0.1)
    asyncio.get_running_loop().call_later(1, ended.set)
    slow = [asyncio.create_task(bring()) for _ in range(5)]
    assert set(await asyncio.gather(*slow)) == {408}

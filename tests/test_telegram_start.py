"""Starting while Telegram is away, or does not want us: the page answers, and it is told."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import unused_port

from bot.channels.telegram import channel
from bot.config import Settings
from bot.serve import serve
from tests.bot_api import BotApi
from tests.telegramming import Mode, fake_api, furnished_copy
from tests.test_commands import Run, run

__all__ = ["run"]


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with fake_api() as server:
        yield server


@asynccontextmanager
async def served(api: BotApi, database_url: str, **other: Any) -> AsyncIterator[str]:
    """The whole service, as `serve` runs it; the address of its pages."""
    port, said, stop = unused_port(), asyncio.Event(), asyncio.Event()
    settings = Settings.load(
        database_url=database_url, secret_key="k" * 32, port=port, telegram_token=api.token,
        telegram_api_url=api.url, **other,
    )  # fmt: skip
    service = asyncio.create_task(serve(settings, lambda _: said.set(), stop))
    ready = asyncio.create_task(said.wait())
    try:
        await asyncio.wait({service, ready}, return_when=asyncio.FIRST_COMPLETED, timeout=20)
        assert ready.done(), service
        yield f"http://127.0.0.1:{port}"
    finally:
        ready.cancel()
        stop.set()
        await service


async def page(url: str) -> int:
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        return response.status


@pytest.mark.parametrize("mode", ["polling", "webhook"])
async def test_telegram_joins_when_it_is_back(
    api: BotApi,
    furnished: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    mode: Mode,
) -> None:
    """First nobody listens, then one method after the other is refused."""
    monkeypatch.setattr(channel, "RETRY_SECONDS", 0.2)
    monkeypatch.setattr(channel, "LONGEST_RETRY_SECONDS", 0.2)
    await api.close_port()
    last = "setWebhook" if mode == "webhook" else "deleteWebhook"
    for method, kind in (("getMe", "502"), (last, "500"), (last, "reset"), (last, "429")):
        api.fault(kind, method=method)
    async with served(api, furnished_copy(furnished, tmp_path), telegram_mode=mode) as url:
        assert await page(f"{url}/") == 200
        assert await page(f"{url}/healthz") == 200
        await api.open_port()
        lou = api.person(1)
        await lou.say("boulanger à Lens")
        (said,) = await lou.hears(1, seconds=9)
        assert "Lens" in said.text
        assert not [fault for fault in api.faults if fault.times]
        assert sum(call.method == "getMe" for call in api.calls) <= 3


@pytest.fixture
def api_url() -> Iterator[str]:
    """The fake API in a thread of its own, for commands that run a loop of theirs."""
    loop, api = asyncio.new_event_loop(), BotApi()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    asyncio.run_coroutine_threadsafe(api.start(), loop).result()
    yield api.url
    asyncio.run_coroutine_threadsafe(api.stop(), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.mark.parametrize("token", ["4242:AAF-revoked_1234567890", "nonsense", "a b\tc", "é/../x"])
def test_a_token_that_telegram_does_not_know(run: Run, api_url: str, token: str) -> None:
    """One sentence, without a traceback and without the token."""
    code, _, err = run(
        "serve", TELEGRAM_TOKEN=token, TELEGRAM_API_URL=api_url, PORT=str(unused_port())
    )
    assert code in {1, 2}
    assert "TELEGRAM_TOKEN" in err
    assert "Traceback" not in err
    assert len(err.strip().splitlines()) <= 2
    assert token not in err

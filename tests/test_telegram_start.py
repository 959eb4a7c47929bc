"""Starting while Telegram is away, or does not want us: the page answers, and it is told."""

from __future__ import annotations

import asyncio
import io
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator
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
from tests.browsing import logging_to
from tests.telegramming import Mode, fake_api, furnished_copy
from tests.test_commands import Run, run

__all__ = ["run"]


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with fake_api() as server:
        yield server


def settings(api: BotApi, database_url: str, **other: Any) -> Settings:
    return Settings.load(
        **{"port": unused_port(), "telegram_mode": "webhook"} | other,
        database_url=database_url, secret_key="k" * 32, telegram_token=api.token,
        telegram_api_url=api.url,
    )  # fmt: skip


@asynccontextmanager
async def served(
    api: BotApi, database_url: str, lines: list[str] | None = None, **other: Any
) -> AsyncIterator[str]:
    """The whole service, as `serve` runs it; the address of its pages."""
    said, stop = asyncio.Event(), asyncio.Event()
    lines = [] if lines is None else lines

    def say(line: str) -> None:
        lines.append(line)
        said.set()

    chosen = settings(api, database_url, **other)
    service = asyncio.create_task(serve(chosen, say, stop))
    ready = asyncio.create_task(said.wait())
    try:
        await asyncio.wait({service, ready}, return_when=asyncio.FIRST_COMPLETED, timeout=20)
        assert ready.done(), service
        yield f"http://127.0.0.1:{chosen.port}"
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


def _asked(api: BotApi, method: str, times: int = 1) -> Callable[[], bool]:
    return lambda: sum(call.method == method for call in api.calls) >= times


@pytest.mark.parametrize("again", [False, True], ids=["at the start", "later"])
async def test_a_stop_is_heard_while_telegram_keeps_us_waiting(
    api: BotApi, furnished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, again: bool
) -> None:
    monkeypatch.setattr(channel, "RETRY_SECONDS", 0.05)
    if again:
        api.fault("500", method="getMe")
    stuck = api.fault("hang", method="getMyCommands", times=None)
    stop = asyncio.Event()
    chosen = settings(api, furnished_copy(furnished, tmp_path))
    service = asyncio.create_task(serve(chosen, lambda _: None, stop))
    assert await api.until(lambda: stuck.used == 1, 10)
    stop.set()
    async with asyncio.timeout(2):
        await service


async def test_a_stop_is_heard_while_the_webhook_is_looked_at(
    api: BotApi, furnished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel, "CHECK_SECONDS", 0.05)
    api.fault("hang", method="getWebhookInfo", times=None)
    async with served(api, furnished_copy(furnished, tmp_path)):
        assert await api.until(_asked(api, "getWebhookInfo"), 5)
        asked = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - asked < 2


async def test_a_secret_changed_behind_our_back_is_given_again(
    api: BotApi, furnished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel, "CHECK_SECONDS", 0.1)
    async with served(api, furnished_copy(furnished, tmp_path)):
        lou, own = api.person(1), api.delivery.webhook
        assert own
        api.delivery.set_webhook(own.url, "somebody_else")
        await lou.say("boulanger à Lens")
        await lou.hears(1, seconds=9)
        assert api.delivery.webhook
        assert api.delivery.webhook.secret == own.secret
        before = sum(call.method == "setWebhook" for call in api.calls)
        assert await api.until(_asked(api, "getWebhookInfo", 9), 5)
        assert sum(call.method == "setWebhook" for call in api.calls) == before


async def test_nothing_is_announced_that_telegram_has_refused(
    api: BotApi,
    furnished: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    logged: io.StringIO,
) -> None:
    monkeypatch.setattr(channel, "RETRY_SECONDS", 0.05)
    refused = api.fault("bad_webhook", method="setWebhook", times=3)
    lines: list[str] = []
    async with served(api, furnished_copy(furnished, tmp_path), lines):
        assert any("pas encore joint" in line for line in lines), lines
        assert await api.until(lambda: refused.times == 0, 5)
        assert await api.until(lambda: api.delivery.webhook is not None, 5)
    assert [line["state"] for line in events(logged, "telegram_refused")] == ["webhook_https"] * 3
    assert len(events(logged, "telegram_met")) == 1
    assert not events(logged, "telegram_unreachable")


async def test_a_token_refused_after_an_outage_is_named(
    api: BotApi,
    furnished: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    logged: io.StringIO,
) -> None:
    monkeypatch.setattr(channel, "RETRY_SECONDS", 0.05)
    api.fault("500", method="getMe")
    api.fault("unauthorized", times=None)
    async with served(api, furnished_copy(furnished, tmp_path)):
        assert await api.until(_asked(api, "getMe", 3), 5)
    assert len(events(logged, "telegram_unreachable")) == 1
    assert events(logged, "token_refused")
    assert api.token.partition(":")[2] not in logged.getvalue()


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    with logging_to(stream):
        yield stream


def events(logged: io.StringIO, name: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in logged.getvalue().splitlines()]
    return [line for line in lines if line["event"] == name]


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

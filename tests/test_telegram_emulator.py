"""A second opinion: a Bot API emulator written elsewhere, for what it knows of our calls."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, web
from lo_bot_api_emulator import LoBotApiEmulator

from nlu.understander import Understander
from tests.telegramming import Mode, on_telegram

UNKNOWN: dict[str, Any] = {
    "getMyCommands": [],
    "getMyDescription": {"description": ""},
    "getMyShortDescription": {"short_description": ""},
    "setMyCommands": True,
    "setMyDescription": True,
    "setMyShortDescription": True,
    "setChatMenuButton": True,
}
"""Methods that the emulator does not model, or only in part."""

STRIPPED = {"link_preview_options"}
"""Documented parameters that it refuses."""

LOU = {"id": 12, "is_bot": False, "first_name": "Lou"}
PRIVATE = {"id": 12, "type": "private", "first_name": "Lou"}


@dataclass(slots=True)
class Emulated:
    """The emulator behind a small proxy; ``said`` holds the messages it accepted."""

    emulator: Any
    session: ClientSession
    inner: str = ""
    url: str = ""
    token: str = "4242:AAF-a_token_for_tests_only_0123456789"
    said: list[dict[str, Any]] = field(default_factory=list)
    more: asyncio.Event = field(default_factory=asyncio.Event)
    numbers: int = 0

    async def pass_on(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        if method in UNKNOWN:
            return web.json_response({"ok": True, "result": UNKNOWN[method]})
        body = await request.read()
        call = {k: v for k, v in json.loads(body or b"{}").items() if k not in STRIPPED}
        async with self.session.post(f"{self.inner}{request.path}", json=call) as answer:
            told = await answer.json()
        if method == "sendMessage" and told["ok"]:
            self.said.append({**call, "message_id": told["result"]["message_id"]})
            self.more.set()
        return web.json_response(told, status=answer.status)

    async def push(self, **content: Any) -> None:
        await self.emulator.enqueue_update(content, token=self.token)

    async def say(self, text: str) -> str:
        self.numbers += 1
        message = {"message_id": 1000 + self.numbers, "date": 1_795_000_000, "text": text}
        await self.push(message={**message, "chat": PRIVATE, "from": LOU})
        return await self.answer()

    async def press(self, label: str) -> str:
        message = self.said[-1]
        rows = message["reply_markup"]["inline_keyboard"]
        data = next(b["callback_data"] for row in rows for b in row if b["text"] == label)
        shown = {"message_id": message["message_id"], "date": 1_795_000_000, "chat": PRIVATE}
        self.numbers += 1
        query = {"id": str(self.numbers), "from": LOU, "chat_instance": "1", "data": data}
        shown |= {"text": message["text"], "reply_markup": message["reply_markup"]}
        await self.push(callback_query={**query, "message": shown})
        return await self.answer()

    async def answer(self) -> str:
        async with asyncio.timeout(10):
            await self.more.wait()
        self.more.clear()
        return str(self.said[-1]["text"])


@asynccontextmanager
async def emulated() -> AsyncIterator[Emulated]:
    emulator = LoBotApiEmulator(allow_insecure_loopback_webhooks=True)
    async with ClientSession() as session:
        made = Emulated(emulator, session)
        outer = web.Application()
        outer.router.add_post("/bot{token}/{method}", made.pass_on)
        runners = []
        for app in (emulator.app(), outer):
            runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            runners.append(runner)
        made.inner, made.url = (f"http://127.0.0.1:{r.addresses[0][1]}" for r in runners)
        try:
            yield made
        finally:
            for runner in reversed(runners):
                await runner.cleanup()


@pytest.mark.parametrize("mode", ["polling", "webhook"])
async def test_a_conversation_with_the_emulator(
    mode: Mode, offered: Callable[..., str], understander: Understander, tmp_path: Path
) -> None:
    """Texts, buttons, an edit, the secret header; no call it models is refused."""
    template = offered("sqlite", "demonstration").removeprefix("sqlite+aiosqlite:///")
    url = f"sqlite+aiosqlite:///{shutil.copy(template, tmp_path / 'talk.sqlite')}"
    async with emulated() as api, on_telegram(api, mode, url, None, understander):
        assert "Quel métier, et où" in await api.say("/start")
        assert "Quel Saint-Pol" in await api.say("slt jcherche mecano a st pol")
        assert "Saint-Pol-sur-Ternoise" in await api.press("St-Pol-sur-Ternoise (62)")
        assert "septembre 2027" in await api.press("Septembre 2027")
        assert "en détail" in await api.press("1. Plus")
        assert "je ne te la montre plus" in await api.press("Pas pour moi")
        assert "efface tout" in await api.say("supprime tout")
    calls = {(call["method"], call["status"]) for call in api.emulator.requests}
    assert {status for _, status in calls} == {200}, calls
    assert {method for method, _ in calls} >= {"sendMessage", "answerCallbackQuery"}
    assert ("editMessageReplyMarkup", 200) in calls

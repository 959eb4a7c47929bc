"""Golden conversations against somebody else's idea of the Bot API: lo-bot-api-emulator."""

from __future__ import annotations

import asyncio
import itertools
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from lo_bot_api_emulator import LoBotApiEmulator

from bot.assembly import Rooms
from bot.channels.telegram.channel import Telegram
from bot.links import Link
from dialogs.reply import Reply
from nlu.understander import Understander
from tests.bot_api import TOKEN, Sent
from tests.talk import plain, play
from tests.telegramming import BEHIND_MORE, SHORT, Mode, on_telegram, replies_of
from tests.test_telegram_conversations import SCRIPTS

UNKNOWN_TO_IT = {"link_preview_options", "protect_content"}
"""What Telegram documents and the emulator refuses."""

NOT_ITS = {
    "getMyDescription": {"description": ""},
    "setMyDescription": True,
    "getMyShortDescription": {"short_description": ""},
    "setMyShortDescription": True,
}
"""Methods it leaves to others, and what we answer for it."""

LOU = {"id": 1001, "is_bot": False, "first_name": "Lou"}
HOME = {"id": 1001, "type": "private", "first_name": "Lou"}


@dataclass(slots=True)
class Between:
    """Stands before the emulator; ``sent`` is what the bot wrote, as it stands after its edits."""

    emulator: LoBotApiEmulator
    behind: str
    session: aiohttp.ClientSession
    token: str = TOKEN
    url: str = ""
    sent: list[Sent] = field(default_factory=list)
    calls: list[tuple[str, int]] = field(default_factory=list)
    confirmed: int = 0
    news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def serve(self, request: web.BaseRequest) -> web.Response:
        method = request.path.rpartition("/")[2]
        params = await request.json() if request.can_read_body else {}
        if method in NOT_ITS:
            return web.json_response({"ok": True, "result": NOT_ITS[method]})
        if method == "getUpdates":  # long before it is answered
            self.confirmed = max(self.confirmed, params.get("offset", 0) - 1)
            await self._tell()
        known = {name: value for name, value in params.items() if name not in UNKNOWN_TO_IT}
        async with self.session.post(f"{self.behind}{request.path}", json=known) as answer:
            told = await answer.json()
        await self._note(method, params, answer.status, told)
        return web.json_response(told, status=answer.status)

    async def _note(self, method: str, params: dict[str, Any], status: int, told: Any) -> None:
        self.calls.append((method, status))
        if status == 200 and method == "sendMessage":
            shown = {"reply_markup": params.get("reply_markup", {})}
            message = {"message_id": told["result"]["message_id"], "date": 1, "chat": HOME, **shown}
            self.sent.append(Sent(1001, message["message_id"], method, params, message, 0.0))
        elif status == 200 and method == "editMessageReplyMarkup":
            edited = next(s for s in self.sent if s.message_id == params["message_id"])
            edited.message = {**edited.message, "reply_markup": params["reply_markup"]}
        await self._tell()

    async def _tell(self) -> None:
        async with self.news:
            self.news.notify_all()


@asynccontextmanager
async def between() -> AsyncIterator[Between]:
    emulator = LoBotApiEmulator(allow_insecure_loopback_webhooks=True)
    async with TestServer(emulator.app()) as behind, aiohttp.ClientSession() as session:
        made = Between(emulator, str(behind.make_url("")).rstrip("/"), session)
        runner = web.ServerRunner(web.Server(made.serve), access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield made
        finally:
            await runner.cleanup()


@dataclass(slots=True)
class EmulatedTalk:
    """Somebody who plays a script there."""

    api: Between
    rooms: Rooms
    telegram: Telegram
    mode: Mode
    said: list[Reply] = field(default_factory=list)
    _read: int = 0
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    async def say(self, text: str) -> list[Reply]:
        number = next(self._numbers)
        message = {"message_id": 10_000 + number, "date": 1, "chat": HOME, "from": LOU}
        return await self._bring({"message": {**message, "text": text[:4096]}})

    async def press(self, label: str) -> list[Reply]:
        for sent in reversed(self.api.sent):
            for wanted in (label, f"1. {SHORT.get(label)}"):
                for button in sent.buttons:
                    if plain(button["text"]) == wanted and "callback_data" in button:
                        return await self._pressed(button["callback_data"], sent)
            if label in BEHIND_MORE and "1. Plus" in map(plain, sent.labels):
                await self.press("1. Plus")
                return await self.press(label)
        raise AssertionError(f"no button « {label} »")

    async def open(self, **link: Any) -> list[Reply]:
        code = self.rooms.signer.encode(Link(**link)) if link else ""
        return await self.say(f"/start {code}".rstrip())

    async def send(self, *, payload: str) -> list[Reply]:
        return await self._pressed(self.rooms.signer.sign(payload, "telegram:1001"), None)

    async def _pressed(self, data: str, on: Sent | None) -> list[Reply]:
        shown = on.message if on else {"message_id": 1, "date": 1, "chat": HOME}
        press = {"id": str(next(self._numbers)), "from": LOU, "chat_instance": "c", "data": data}
        return await self._bring({"callback_query": {**press, "message": shown}})

    async def _bring(self, update: dict[str, Any]) -> list[Reply]:
        number = await self.api.emulator.enqueue_update(update, token=self.api.token)
        if self.mode == "polling":
            async with asyncio.timeout(5), self.api.news:
                await self.api.news.wait_for(lambda: self.api.confirmed >= number)
        await self.telegram.idle()
        new = self.api.sent[self._read :]
        self._read = len(self.api.sent)
        replies = [reply for sent in new for reply in replies_of(sent)]
        self.said += replies
        return replies


@pytest.mark.parametrize("mode", ["polling", "webhook"])
@pytest.mark.parametrize("script", SCRIPTS[:: len(SCRIPTS) // 4], ids=str)
async def test_a_conversation_there(
    script: Any,
    mode: Mode,
    offered: Callable[..., str],
    understander: Understander,
    tmp_path: Path,
) -> None:
    template = offered("sqlite", script.offers).removeprefix("sqlite+aiosqlite:///")
    url = f"sqlite+aiosqlite:///{shutil.copy(template, tmp_path / 'talk.sqlite')}"
    async with between() as api, on_telegram(api, mode, url, None, understander) as house:
        await play(script, EmulatedTalk(api, *house, mode))
    assert {call["status"] for call in api.emulator.requests} == {200}


@pytest.mark.parametrize("mode", ["polling", "webhook"])
async def test_what_a_press_has_settled_is_closed_there(
    mode: Mode, offered: Callable[..., str], understander: Understander, tmp_path: Path
) -> None:
    template = offered("sqlite", "demonstration").removeprefix("sqlite+aiosqlite:///")
    url = f"sqlite+aiosqlite:///{shutil.copy(template, tmp_path / 'talk.sqlite')}"
    async with between() as api, on_telegram(api, mode, url, None, understander) as house:
        lou = EmulatedTalk(api, *house, mode)
        await lou.say("boulanger à Lens en septembre")
        await lou.press("Pas pour moi")
        edit = ("editMessageReplyMarkup", 200)
        async with asyncio.timeout(5), api.news:
            await api.news.wait_for(lambda: edit in api.calls)
        assert ("answerCallbackQuery", 200) in api.calls
        card = next(sent for sent in api.sent if "Partager" in sent.labels)
        assert "Pas pour moi" not in card.labels

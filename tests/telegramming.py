"""A person in Telegram who plays the same scripts: our whole channel, the fake API at the wire."""

from __future__ import annotations

import asyncio
import html
import os
import re
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, Protocol

from aiohttp import web
from aiohttp.test_utils import unused_port

from bot.assembly import Rooms
from bot.channels.telegram.channel import Telegram
from bot.links import Link
from dialogs.reply import Button, Card, Reply
from nlu.understander import Understander
from tests.bot_api import BotApi
from tests.bot_api.person import Person
from tests.bot_api.world import Sent
from tests.talk import plain, rooms_for

Mode = Literal["polling", "webhook"]

SHORT = {"Appeler": "Appeler", "Voir l'offre": "Voir", "Prendre rendez-vous": "Rendez-vous"}
"""Buttons of a card, and what they are called when several offers share a message."""

BEHIND_MORE = {"Pas pour moi", "Déjà pris"}


class Api(Protocol):
    """Whatever answers as Telegram does."""

    token: str

    @property
    def url(self) -> str: ...


@asynccontextmanager
async def fake_api(**options: Any) -> AsyncIterator[BotApi]:
    """The fake Bot API, listening; nothing may have been called against its rules."""
    api = BotApi(**options)
    await api.start()
    try:
        yield api
    finally:
        await api.stop()
    assert api.violations == []


@asynccontextmanager
async def on_telegram(
    api: Api,
    mode: Mode,
    database_url: str,
    redis_url: str | None,
    understander: Understander,
    **other: Any,
) -> AsyncIterator[tuple[Rooms, Telegram]]:
    """The real house with its Telegram channel, joined to the fake API.

    ``today=None`` lets the clock run: without it nothing put off comes again.
    """
    port = unused_port()
    async with rooms_for(
        database_url, redis_url, understander, telegram_token=api.token, telegram_mode=mode,
        telegram_api_url=api.url, public_url=f"http://127.0.0.1:{port}", **other,
    ) as rooms:  # fmt: skip
        telegram = Telegram(rooms)
        app = web.Application()
        app.add_routes(telegram.routes())
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", port).start()
            assert await telegram.start()
            yield rooms, telegram
        finally:
            await telegram.stop_receiving()
            await runner.cleanup()
            await telegram.stop()


@dataclass(frozen=True, slots=True)
class Apart:
    """Our service in a process of its own; ``url`` is where it listens."""

    process: asyncio.subprocess.Process
    url: str

    def mebibytes(self) -> float:
        """What it holds in memory."""
        pages = Path(f"/proc/{self.process.pid}/statm").read_text("ascii").split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE") / 2**20


@asynccontextmanager
async def apart(
    api: BotApi, database_url: str, mode: Mode, **settings: str
) -> AsyncIterator[Apart]:
    """`serve --only telegram`, ready to be written to; killed if it still runs at the end."""
    port = unused_port()
    url = f"http://127.0.0.1:{port}"
    environment = {
        "PATH": os.environ["PATH"], "DATABASE_URL": database_url, "SECRET_KEY": "k" * 32,
        "PORT": str(port), "PUBLIC_URL": url, "TELEGRAM_TOKEN": api.token, "TELEGRAM_MODE": mode,
        "TELEGRAM_API_URL": api.url, **settings,
    }  # fmt: skip
    command = [sys.executable, "-m", "bot", "serve", "--only", "telegram"]
    process = await asyncio.create_subprocess_exec(
        *command, cwd=Path(__file__).parent.parent, env=environment, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdout
    assert b"Telegram" in await process.stdout.readline(), "it does not start"
    try:
        yield Apart(process, url)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def furnished_copy(furnished: Path, folder: Path) -> str:
    """The address of a database with the demonstration offers, to write in."""
    return f"sqlite+aiosqlite:///{shutil.copy(furnished, folder / 'telegram.sqlite')}"


@dataclass(slots=True)
class TelegramTalk:
    """One person; what they read is understood back into replies, so that any script judges it."""

    api: BotApi
    rooms: Rooms
    telegram: Telegram
    person: Person
    said: list[Reply] = field(default_factory=list)

    async def say(self, text: str) -> list[Reply]:
        if text.strip():
            await self.person.say(text[:4096])
        else:
            await self.person.sticker()  # nobody can send nothing
        return await self._heard()

    async def press(self, label: str) -> list[Reply]:
        for sent in reversed(self.person.received):
            labels = [plain(text) for text in sent.labels]
            if label in labels:
                await self.person.press(sent.labels[labels.index(label)])
                return await self._heard()
            if (short := f"1. {SHORT.get(label)}") in labels:
                await self.person.press(short)
                return await self._heard()
            if label in BEHIND_MORE and "1. Plus" in labels:
                await self.person.press("1. Plus")
                await self._heard()
                return await self.press(label)
        raise AssertionError(f"no button « {label} »")

    async def open(self, **link: Any) -> list[Reply]:
        wanted = Link(**link)
        await self.person.start(self.rooms.signer.encode(wanted) if link else "")
        return await self._heard()

    async def send(self, *, payload: str) -> list[Reply]:
        data = self.rooms.signer.sign(payload, f"telegram:{self.person.id}")
        await self.person.press_data(data)
        return await self._heard()

    async def _heard(self) -> list[Reply]:
        await self.api.settled()
        await self.telegram.idle()
        replies = [reply for sent in self.person.read() for reply in replies_of(sent)]
        self.said += replies
        return replies


def replies_of(sent: Sent) -> list[Reply]:
    """A message as replies again: a paragraph each, the offers with the first, buttons last."""
    texts: list[str] = []
    cards = []
    for block in sent.params["text"].split("\n\n"):
        if block.startswith("<b>"):
            title, *lines = html.unescape(re.sub(r"</?b>", "", block)).split("\n")
            cards.append(Card("", re.sub(r"^\d\. ", "", title), tuple(lines)))
        else:
            texts.append(html.unescape(block))
    buttons = tuple(Button(b["text"], b.get("callback_data"), b.get("url")) for b in sent.buttons)
    replies = [Reply(text, name=_name(text)) for text in texts or [""]]
    replies[0] = replace(replies[0], cards=tuple(cards))
    replies[-1] = replace(replies[-1], buttons=buttons)
    return replies


def _name(text: str) -> str:
    return "utter_my_data" if len(text) > 240 else ""  # only answers with a source are that long

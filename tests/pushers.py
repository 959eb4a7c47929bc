"""Several senders of alerts on one database, at a time that only the test moves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from alerts import push
from alerts.push import Pusher
from bot.assembly import Rooms
from bot.channels.telegram.channel import outgoing
from nlu.understander import Understander
from tests.bot_api import BotApi
from tests.pushing import FIRST_CHAT, NOON, named, rows
from tests.talk import rooms_for
from tests.telegramming import fake_api


@dataclass(slots=True)
class House:
    """Several senders on one database, at a time that only we move."""

    rooms: Rooms
    api: BotApi
    senders: list[Pusher] = field(default_factory=list)
    now: Any = NOON

    def clock(self) -> Any:
        return self.now

    async def due(self) -> int:
        return await self.rooms.alerting.rounds.look(asyncio.Event())

    async def push(self, stop: asyncio.Event | None = None) -> None:
        """All of them send what can be sent now."""
        stop = stop or asyncio.Event()
        await asyncio.gather(*(sender.push(stop) for sender in self.senders))

    async def rows(self, **where: Any) -> list[Any]:
        return await rows(self.rooms.database, **where)

    async def states(self) -> list[str]:
        return [row.state for row in await self.rows()]

    def heard(self, chat: int = FIRST_CHAT) -> list[str | None]:
        return [named(sent.text) for sent in self.api.sent[chat]]

    async def write(self, statement: Any) -> None:
        async with self.rooms.database.write() as tx:
            await tx.execute(statement)


@asynccontextmanager
async def house(url: str, understander: Understander, senders: int = 1) -> AsyncIterator[House]:
    async with (
        fake_api(any_chat=True) as api,
        rooms_for(
            url, None, understander, telegram_token=api.token, telegram_api_url=api.url
        ) as rooms,
        AsyncExitStack() as stack,
    ):
        made = House(rooms, api)
        rooms.alerting.rounds.now = made.clock
        for _ in range(senders):
            channel = await stack.enter_async_context(outgoing(rooms))
            sender = rooms.alerting.pusher({"telegram": channel})
            sender.now, sender.per_second = made.clock, 5_000
            made.senders.append(sender)
        yield made


def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sender waits for nothing, and is never late."""
    monkeypatch.setattr(push, "APART", timedelta())
    monkeypatch.setattr(push, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(push, "AGAIN_SECONDS", 0.02)
    monkeypatch.setattr(push, "LATE_SECONDS", 5)

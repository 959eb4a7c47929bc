"""Browsers are told that something waits on the page: once for all that does, by day."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, delete, event, insert, update

from alerts.push import Pusher
from bot.assembly import Rooms
from bot.meter import Meter
from bot.web_push import WebPush
from matching.calling import Backend
from nlu.understander import Understander
from storage.browsers import Browsers
from storage.notices import Notices
from storage.rates import LocalRate
from storage.schema import browsers, conversations, pushes, searches
from tests.push_service import FakeBrowser, PushServices, private_key, serving
from tests.pushing import FIRST_CHAT, NOON, found, person, rows
from tests.talk import rooms_for

KEY, CONTACT = private_key(), "mailto:robot@exemple.fr"
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@dataclass(slots=True)
class House:
    """People on the web whose browsers are told, at a time that only we move."""

    rooms: Rooms
    services: PushServices
    sender: Pusher
    now: datetime = NOON

    async def subscribe(self, chat: int) -> FakeBrowser:
        browser = FakeBrowser(f"https://fcm.googleapis.com/fcm/send/{chat}")
        keys = browser.subscription["keys"]
        row = {"endpoint": browser.endpoint, "person": person(chat, "web"), **keys}
        await self.write(insert(browsers).values(**row, created=self.now))
        return browser

    async def look(self) -> int:
        return await self.rooms.alerting.rounds.look(asyncio.Event())

    async def push(self) -> None:
        await self.sender.push(asyncio.Event())

    async def notices(self) -> list[str]:
        return [row.state for row in await rows(self.rooms.database, kind="notice")]

    async def read(self) -> None:
        """Everybody comes to the page and reads."""
        unread = update(pushes).where(pushes.c.channel == "web", pushes.c.settled.is_(None))
        await self.write(unread.values(state="sent", settled=self.now))

    async def write(self, statement: Any) -> None:
        async with self.rooms.database.write() as tx:
            await tx.execute(statement)


@asynccontextmanager
async def house(url: str, folder: Path, understander: Understander) -> AsyncIterator[House]:
    services = PushServices("")
    settings: dict[str, Any] = {"web_push_private_key": KEY, "web_push_contact": CONTACT}
    async with (
        serving(services, folder) as session,
        rooms_for(url, None, understander, **settings) as rooms,
    ):

        def backend(name: str) -> Backend:
            return Backend(name, session, rate=LocalRate(), metrics=Meter())

        channel = WebPush(KEY, CONTACT, Browsers(rooms.database), backend, time.time)
        services.key = channel.public_key
        made = House(rooms, services, rooms.alerting.pusher({"web_push": channel}))
        made.sender.now = rooms.alerting.rounds.now = lambda: made.now
        yield made


@pytest.fixture
async def at(few_url: str, tmp_path: Path, understander: Understander) -> AsyncIterator[House]:
    async with house(few_url, tmp_path, understander) as made:
        yield made


async def test_a_browser_is_told_once_for_all_that_waits(at: House) -> None:
    await found(at.rooms.database, 2, each=2, channel="web")
    browser = await at.subscribe(FIRST_CHAT)
    assert await at.look() == 4 + 1, "two messages for each, one notice for who has a browser"
    await at.push()
    [told] = at.services.told
    assert told.path == f"/fcm/send/{FIRST_CHAT}"
    assert browser.opens(told.body) == b"news"
    assert await at.notices() == ["sent"]
    waiting = await rows(at.rooms.database, channel="web")
    assert {row.state for row in waiting} == {"pending"}, "they are read on the page"
    await at.look()
    await at.push()
    assert len(at.services.told) == 1


async def test_another_comes_only_after_the_first_was_read(at: House) -> None:
    db = at.rooms.database
    notices = Notices(db)
    await found(db, 1, channel="web")
    await at.subscribe(FIRST_CHAT)
    await at.look()
    await at.push()
    await at.write(message(FIRST_CHAT, at))
    assert await notices.make(at.now) == 0
    await at.push()
    assert len(at.services.told) == 1, "the first one is not read yet"
    await at.read()
    await at.write(message(FIRST_CHAT, at))
    assert await notices.make(at.now) == 1
    await at.push()
    assert len(at.services.told) == 2


def message(chat: int, at: House, **values: Any) -> Any:
    """One more that waits on the page."""
    row = {
        "person": person(chat, "web"), "channel": "web", "kind": "follow_up", "offers": [],
        "state": "pending", "created": at.now, "expires": at.now + 9 * DAY,
    }  # fmt: skip
    return insert(pushes).values(**row | values)


async def test_a_look_is_at_what_came_since(at: House) -> None:
    """However much waits unread."""
    notices = Notices(at.rooms.database)
    asked: list[str] = []

    def note(_: Any, __: Any, ___: Any, values: Any, *____: Any) -> None:
        asked.extend(v for v in values if isinstance(v, str) and v in people)

    people = {person(chat, "web") for chat in range(FIRST_CHAT, FIRST_CHAT + 20)}
    for chat in range(FIRST_CHAT, FIRST_CHAT + 20):
        await at.subscribe(chat)
        await at.write(message(chat, at))
    assert await notices.make(at.now) == 20
    await at.read()
    for chat in range(FIRST_CHAT, FIRST_CHAT + 20):
        await at.write(message(chat, at))
    assert await notices.make(at.now + HOUR) == 20
    await at.write(message(FIRST_CHAT, at))
    event.listen(Engine, "before_cursor_execute", note)
    try:
        assert await notices.make(at.now + 2 * HOUR) == 0
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert set(asked) == {person(FIRST_CHAT, "web")}


async def test_what_is_written_late_or_subscribed_since_is_told_too(at: House) -> None:
    """A lower number may be committed after a higher one; and who waits may get a browser."""
    notices = Notices(at.rooms.database)
    for chat in (FIRST_CHAT, FIRST_CHAT + 1):
        await at.subscribe(chat)
    await at.write(message(FIRST_CHAT, at))
    [taken] = await rows(at.rooms.database)
    await at.write(delete(pushes))
    await at.write(message(FIRST_CHAT, at))
    assert await notices.make(at.now) == 1
    await at.write(message(FIRST_CHAT + 1, at, id=taken.id))
    assert await notices.make(at.now + timedelta(minutes=1)) == 1
    await at.write(message(FIRST_CHAT + 2, at))
    assert await notices.make(at.now + HOUR) == 0
    at.now += 2 * HOUR
    await at.subscribe(FIRST_CHAT + 2)
    assert await notices.make(at.now) == 1


async def test_what_was_read_meanwhile_is_not_told(at: House) -> None:
    await found(at.rooms.database, 1, channel="web")
    await at.subscribe(FIRST_CHAT)
    await at.look()
    await at.read()
    await at.push()
    assert at.services.told == []
    assert await at.notices() == ["gone"]


async def test_nobody_is_woken_at_night(at: House) -> None:
    await found(at.rooms.database, 1, channel="web")
    await at.subscribe(FIRST_CHAT)
    await at.look()
    at.now = NOON + 6 * HOUR  # half past midnight in France
    await at.push()
    assert at.services.told == []
    assert await at.notices() == ["later"]
    at.now = NOON + 16 * HOUR
    await at.push()
    assert await at.notices() == ["sent"]


async def test_a_browser_that_left_stops_no_alert(at: House) -> None:
    await found(at.rooms.database, 1, channel="web")
    await at.subscribe(FIRST_CHAT)
    at.services.answers[f"/fcm/send/{FIRST_CHAT}"] = 410
    await at.look()
    await at.push()
    assert await at.notices() == ["gone"]
    assert [row.state for row in await rows(at.rooms.database, kind="alert")] == ["pending"]
    async with at.rooms.database.read() as tx:
        assert (await tx.execute(searches.select())).one().state == "on"
    assert await Browsers(at.rooms.database).of(person(FIRST_CHAT, "web")) == []


async def test_a_service_that_is_down_is_asked_again(at: House) -> None:
    await found(at.rooms.database, 1, channel="web")
    await at.subscribe(FIRST_CHAT)
    path = f"/fcm/send/{FIRST_CHAT}"
    at.services.answers[path] = 503
    await at.look()
    await at.push()
    assert await at.notices() == ["pending"]
    del at.services.answers[path]
    await at.push()
    assert len(at.services.told) == 1, "not at once"
    at.now += timedelta(minutes=2)
    await at.push()
    assert await at.notices() == ["sent"]


async def test_nobody_who_was_erased_is_told(at: House) -> None:
    await found(at.rooms.database, 1, channel="web")
    await at.subscribe(FIRST_CHAT)
    await at.look()
    await at.write(delete(conversations))
    await at.push()
    assert at.services.told == []


async def test_several_processes_make_one(at: House) -> None:
    await found(at.rooms.database, 30, channel="web")
    for chat in range(FIRST_CHAT, FIRST_CHAT + 30):
        await at.subscribe(chat)
    rounds = at.rooms.alerting.rounds
    rounds.notices, makers = None, [Notices(at.rooms.database) for _ in range(4)]
    await at.look()
    made = await asyncio.gather(*(maker.make(at.now) for maker in makers))
    assert sum(made) == 30
    assert len(await at.notices()) == 30

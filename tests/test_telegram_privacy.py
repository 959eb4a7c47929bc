"""A whole conversation, everything that can fail included: our logs tell nothing of anybody."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer

from bot.assembly import Rooms
from bot.channels.telegram.channel import Telegram
from bot.channels.telegram.webhook import PATH, SECRET_HEADER
from bot.web.app import make_app
from nlu.understander import Understander
from tests.bot_api import BotApi, Person
from tests.browsing import logging_to
from tests.telegramming import fake_api, on_telegram

CHAT = 987_654_321
PERSONAL = (
    "Zéphirine", "Z\\u00e9phirine", "Quatrelivres", "zeph_4l", str(CHAT), "0612345678",
    "zigouigoui", "50.4291", "2.8319",
)  # fmt: skip


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    with logging_to(stream):
        yield stream


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with fake_api() as server:
        yield server


async def talk(api: BotApi, rooms: Rooms, telegram: Telegram, lou: Person) -> None:
    """All that people can do, each thing met by another failure."""
    failures = iter((
        "500", "502", "garbage", "null", "list", "reset", "accepted", "truncated", "bad_entities",
        "bad_button", "429", "unauthorized", "migrated", "chat_not_found", "blocked",
    ))  # fmt: skip
    acts: tuple[Callable[[], Awaitable[int]], ...] = (
        lambda: lou.start("Zéphirine"), lambda: lou.say("zigouigoui boulanger à Lens"),
        lambda: lou.edit("zigouigoui coiffeuse à Arras"), lambda: lou.location(50.4291, 2.8319),
        lambda: lou.contact("0612345678"), lambda: lou.photo("zigouigoui"), lou.voice,
        lambda: lou.document("Quatrelivres.pdf", caption="zigouigoui"),
        lambda: lou.press_data("zigouigoui"), lambda: lou.inline("zigouigoui"),
        lambda: lou.add_to_group(-7, "Quatrelivres"), lambda: lou.say_in(-8, "zigouigoui"),
    )  # fmt: skip
    api.chat({"id": -8, "type": "group", "title": "Quatrelivres"})
    for act in acts:
        if failure := next(failures, None):
            api.fault(failure, retry_after=0 if failure == "429" else 1)
        await act()
        await api.settled()
    api.faults.clear()
    await broken(rooms, lou, api)
    await telegram.idle()
    await lou.block()
    await api.settled()


async def broken(rooms: Rooms, lou: Person, api: BotApi) -> None:
    """The dialogue fails, then the database does."""
    async with rooms.database.write() as tx:
        state = '{"slots": {"trades": [5], "where": 3}, "form": "search_form"}'
        change = f"UPDATE conversations SET version = version + 1, state = '{state}'"
        await tx.exec_driver_sql(change)
    await lou.say("zigouigoui plutôt 20 km")
    await api.settled()
    async with rooms.database.write() as tx:
        await tx.exec_driver_sql("ALTER TABLE outbox RENAME TO away")
    await lou.say("zigouigoui")
    tried = len(api.delivery.attempts)
    assert await api.until(lambda: len(api.delivery.attempts) > tried + 2, 5)
    async with rooms.database.write() as tx:
        await tx.exec_driver_sql("ALTER TABLE away RENAME TO outbox")
    await api.settled()


async def test_nothing_personal_is_told(
    api: BotApi,
    database_url: str,
    understander: Understander,
    logged: io.StringIO,
    capfd: pytest.CaptureFixture[str],
) -> None:
    lou = api.person(CHAT, first_name="Zéphirine", last_name="Quatrelivres", username="zeph_4l")
    async with on_telegram(api, "webhook", database_url, None, understander, today=None) as house:
        await talk(api, *house, lou)
        rooms = house[0]
        async with TestClient(TestServer(make_app(rooms))) as client:
            health = await (await client.get("/healthz")).text()
        strange = {"update_id": 10**9, "message": {"text": "zigouigoui", "chat": {"id": [CHAT]}}}
        secret = rooms.settings.webhook_secret()
        async with aiohttp.ClientSession(headers={SECRET_HEADER: secret}) as door:
            for body in (json.dumps(strange), "zigouigoui", '{"zigouigoui": 1}'):
                async with door.post(f"{rooms.settings.public_url}{PATH}", data=body) as answer:
                    assert await answer.text() in {"", "400: Bad Request"}
        logging.getLogger("telegram").warning("seen")  # the log is the one that is looked at
    said, (out, err) = logged.getvalue(), capfd.readouterr()
    for word in (*PERSONAL, api.token, api.token.partition(":")[2], secret):
        assert word not in said, said[said.index(word) - 300 :][:600]
        assert word not in out + err + health
    events = {line.get("event") for line in map(json.loads, said.splitlines())}
    assert {"not_sent", "turn_failed", "update_unreadable", "gesture_lost"} <= events

"""What Telegram may answer when we write: people get it all, in order, hardly ever twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from bot.assembly import Rooms
from bot.channels.telegram import delivering
from bot.channels.telegram.channel import Telegram
from bot.channels.telegram.webhook import PATH
from nlu.understander import Understander
from tests.bot_api import BotApi, Person
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
async def house(api: BotApi, url: str, understander: Understander) -> AsyncIterator[House]:
    async with on_telegram(api, "webhook", url, None, understander, today=None) as made:
        yield made


async def rows(rooms: Rooms, sql: str) -> list[tuple[object, ...]]:
    async with rooms.database.read() as tx:
        return [tuple(row) for row in await tx.exec_driver_sql(sql)]


def tries(api: BotApi, person: Person) -> list[float]:
    """When somebody was written to, whatever came of it."""
    calls = (call for call in api.calls if call.method == "sendMessage")
    return [call.time for call in calls if call.params.get("chat_id") == person.id]


NOT_DONE = ("500", "502", "garbage", "null", "list", "reset", "hang")
DONE = ("accepted", "truncated", "accepted_hang")


async def test_an_answer_that_is_none_is_asked_for_again(api: BotApi, house: House) -> None:
    """Once when it was not done, twice when it was; and others do not wait meanwhile."""
    people = {kind: api.person(100 + n) for n, kind in enumerate(NOT_DONE + DONE)}
    for kind, person in people.items():
        api.fault(kind, method="sendMessage", chat=person.id)
        await person.say("boulanger à Lens")
    other = api.person(99)
    await other.say("coiffeuse à Arras")
    await other.hears(1, seconds=1)
    for kind, person in people.items():
        await person.hears(2 if kind in DONE else 1, seconds=8)
        await person.say("merci")
    for person in people.values():
        await person.hears(1)
    await house[1].idle()
    got = {kind: len(person.received) for kind, person in people.items()}
    assert got == {kind: 3 if kind in DONE else 2 for kind in people}
    assert {kind: len(tries(api, person)) for kind, person in people.items()} == dict.fromkeys(
        people, 3
    )
    for person in people.values():
        assert "merci" not in person.received[0].text
        assert person.received[-1].text != person.received[0].text


async def test_too_many_requests_pause_one_chat_in_every_process(
    api: BotApi, url: str, understander: Understander, house: House
) -> None:
    lou, sam = api.person(1), api.person(2)
    async with on_telegram(api, "webhook", url, None, understander, today=None) as other:
        one, two = (f"{made[0].settings.public_url}{PATH}" for made in (house, other))
        api.delivery.urls = [one]
        api.fault("429", method="sendMessage", chat=lou.id, retry_after=2)
        await lou.say("boulanger à Lens")
        assert await api.until(lambda: len(tries(api, lou)) == 1, 5)
        api.delivery.urls = [two]
        await lou.say("merci")
        await sam.say("coiffeuse à Arras")
        await sam.hears(1, seconds=1)
        first, second = await lou.hears(2)
    refused, again, *_ = tries(api, lou)
    assert again - refused >= 1.99
    assert "Lens" in first.text
    assert "Lens" not in second.text
    assert len(tries(api, lou)) == 3


async def test_what_waited_for_a_pause_leaves_one_after_the_other(
    api: BotApi, house: House
) -> None:
    """Each once Telegram has answered for the one before."""
    lou = api.person(1)
    api.fault("429", method="sendMessage", chat=lou.id)
    for text in ("boulanger à Lens", "merci", "coiffeuse à Arras", "merci"):
        await lou.say(text)
    await api.settled()
    api.delay = 0.1
    await lou.hears(4)
    first, *rest = tries(api, lou)[-4:]
    for moment in rest:
        assert moment - first >= 0.1
        first = moment


async def test_a_port_that_is_closed_is_left_in_peace(
    api: BotApi, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivering, "LONGEST_WAIT", timedelta(seconds=0.5))
    people = [api.person(100 + n) for n in range(5)]
    api.down = True  # connections that are open
    await api.close_port()
    api.delivery.urls = [f"{house[0].settings.public_url}{PATH}"]
    for person in people:
        await person.say("boulanger à Lens")
        await person.say("merci")
    await api.settled()
    most = "SELECT max(attempts) FROM outbox WHERE settled IS NULL"
    await until(lambda: rows(house[0], most), [(2,)])
    api.down = False
    await api.open_port()
    for person in people:
        first, second = await person.hears(2, seconds=8)
        assert "Lens" in first.text
        assert "Lens" not in second.text
    await house[1].idle()
    assert [len(person.received) for person in people] == [2] * 5
    assert await rows(house[0], "SELECT max(attempts) FROM outbox") <= [(4,)]


@pytest.mark.parametrize("kind", ["blocked", "deactivated"])
async def test_whoever_is_gone_is_left_alone(api: BotApi, house: House, kind: str) -> None:
    lou = api.person(1)
    api.fault(kind, method="sendMessage", times=None)
    await lou.say("boulanger à Lens")
    await api.settled()
    await house[1].idle()
    assert await rows(house[0], "SELECT state, address FROM outbox") == [("gone", "")]
    assert len(tries(api, lou)) == 1


async def test_a_refusal_meant_for_an_older_answer_takes_no_later_one(
    api: BotApi, house: House
) -> None:
    """They had blocked us, and wrote again while we were being told."""
    lou = api.person(1)
    api.fault("blocked", method="sendMessage", chat=lou.id)
    api.delay = 0.5
    await lou.say("boulanger à Lens")
    assert await api.until(lambda: len(tries(api, lou)) == 1, 5)
    api.delay = 0
    await lou.say("coiffeuse à Arras")
    await lou.say("coiffeuse à Lille")
    await api.settled()
    first, second = await lou.hears(2)
    assert "Arras" in first.text
    assert "Lille" in second.text
    await house[1].idle()
    states = await rows(house[0], "SELECT state FROM outbox ORDER BY id")
    assert states == [("gone",), ("sent",), ("sent",)]


async def test_a_chat_that_is_not_found_three_times_is_gone(
    api: BotApi, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivering, "LONGEST_WAIT", timedelta(seconds=0.1))
    lou = api.person(1)
    api.fault("chat_not_found", method="sendMessage", times=None)
    await lou.say("boulanger à Lens")
    await lou.say("merci")
    await until(lambda: rows(house[0], "SELECT count(*) FROM outbox WHERE state = 'gone'"), [(2,)])
    assert len(tries(api, lou)) == 2 * delivering.UNKNOWN_CHAT_TRIES  # each answer on its own


async def until(
    look: Callable[[], Awaitable[list[tuple[object, ...]]]], wanted: list[tuple[object, ...]]
) -> None:
    """Nothing tells of a change in the database."""
    async with asyncio.timeout(5):
        while await look() != wanted:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("kind", ["bad_entities", "bad_button"])
async def test_a_message_that_is_refused_is_said_without_tags(
    api: BotApi, house: House, kind: str
) -> None:
    lou = api.person(1)
    api.fault(kind, method="sendMessage")
    await lou.say("boulanger à Lens en septembre")
    (said,) = await lou.hears()
    assert "parse_mode" not in said.params
    assert "<b>" not in said.params["text"]
    assert "1. Plus" in said.labels


async def test_a_revoked_token_loses_nothing(
    api: BotApi, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivering, "LONGEST_WAIT", timedelta(seconds=0.5))
    people = [api.person(100 + n) for n in range(5)]
    revoked = api.fault("unauthorized", times=None)
    for person in people:
        await person.say("boulanger à Lens")
        await person.say("merci")
    await api.settled()
    assert await api.until(lambda: revoked.used >= 10, 5)
    assert max(len(tries(api, person)) for person in people) <= 3
    revoked.clear()
    for person in people:
        first, second = await person.hears(2)
        assert "Lens" in first.text
        assert "Lens" not in second.text
    assert [len(person.received) for person in people] == [2] * 5

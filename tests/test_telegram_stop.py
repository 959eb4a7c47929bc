"""A clean stop under load: everybody is answered, once, and what is left goes on elsewhere."""

from __future__ import annotations

import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.channels.telegram import channel
from nlu.understander import Understander
from tests.bot_api import BotApi
from tests.telegramming import Mode, apart, fake_api, furnished_copy, on_telegram

PEOPLE = 40
LATE = 10
"""Who writes again once the process has gone, and only the next one can hear."""


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with fake_api() as server:
        yield server


@pytest.fixture
def url(furnished: Path, tmp_path: Path) -> str:
    return furnished_copy(furnished, tmp_path)


@pytest.mark.parametrize("mode", ["polling", "webhook"])
async def test_nobody_is_forgotten_and_nobody_answered_twice(
    api: BotApi, url: str, understander: Understander, mode: Mode
) -> None:
    """Telegram takes few messages until the stop has begun: whatever the machine, most are owed."""
    people = [api.person(100 + n) for n in range(PEOPLE)]
    api.delay = 0.03
    api.hold(PEOPLE // 4)
    async with apart(api, url, mode) as service:
        for text in ("boulanger à Lens", "merci"):
            for person in people:
                await person.say(text)
        for person in people[LATE:]:
            await person.say("coiffeuse à Arras")
        assert await api.until(lambda: api.accepted == PEOPLE // 4, 10)
        service.process.send_signal(signal.SIGTERM)
        asked = time.monotonic()
        assert service.process.stdout
        assert b"Arr" in await service.process.stdout.readline()
        assert api.accepted == PEOPLE // 4
        api.let_go()
        assert await service.process.wait() == 0
        assert time.monotonic() - asked < 6
    for person in people[:LATE]:
        await person.say("coiffeuse à Arras")
    async with on_telegram(api, mode, url, None, understander, today=None) as (_, telegram):
        for person in people:
            await api.replies(person.id, n=3)
        await api.settled()
        await telegram.idle()
    for person in people:
        first, second, third = (sent.text for sent in person.received)
        assert "Lens" in first
        assert not {"Lens", "Arras"} & set(second.split())
        assert "Arras" in third


async def test_a_turn_that_does_not_end_holds_no_stop_back(
    api: BotApi, url: str, understander: Understander, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not confirmed: whoever comes next is told again."""
    monkeypatch.setattr(channel, "RECEIVING_SECONDS", 0.2)
    async with on_telegram(api, "polling", url, None, understander, today=None) as (
        rooms,
        telegram,
    ):
        async with rooms.locks.hold(rooms.turns.person("telegram", "1")):
            await api.person(1).say("boulanger à Lens")
            looks = [c for c in api.calls if c.method == "getUpdates"]
            assert await api.until(
                lambda: sum(c.method == "getUpdates" for c in api.calls) > len(looks), 5
            )
            asked = time.monotonic()
            await telegram.stop_receiving()
            assert time.monotonic() - asked < 1
        assert api.pending == 1


async def test_what_cannot_be_sent_goes_on_elsewhere_at_once(
    api: BotApi, url: str, understander: Understander
) -> None:
    lou = api.person(1)
    stuck = api.fault("hang", method="sendMessage", times=None)
    async with on_telegram(api, "webhook", url, None, understander, today=None) as (_, telegram):
        await lou.say("boulanger à Lens")
        assert await api.until(lambda: stuck.used == 1, 5)
        await telegram.stop(0.2)
    stuck.clear()
    async with on_telegram(api, "webhook", url, None, understander, today=None):
        await lou.hears(1, seconds=0.9)  # the lease would have lasted ten seconds


async def test_a_farewell_that_was_begun_is_not_sent_elsewhere(
    api: BotApi, url: str, understander: Understander
) -> None:
    lou = api.person(1)
    async with on_telegram(api, "webhook", url, None, understander, today=None) as (_, telegram):
        await lou.say("supprime tout")
        await lou.hears(1)
        begun = api.fault("accepted_hang", method="sendMessage")
        await lou.press("Oui, efface tout")
        assert await api.until(lambda: begun.used == 1, 5)
        await telegram.stop(0.2)
    async with on_telegram(api, "webhook", url, None, understander, today=None) as (rooms, _):
        await lou.say("bonjour")
        await api.replies(lou.id, n=3)
        async with rooms.database.read() as tx:
            states = await tx.exec_driver_sql("SELECT state FROM outbox WHERE once")
            assert [tuple(row) for row in states] == [("unknown",)]
    assert sum("effac" in sent.text for sent in lou.received[1:]) == 1

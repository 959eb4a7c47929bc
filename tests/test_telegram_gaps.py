"""The service dies in every gap between two steps: what was said is answered, once.

Only what Telegram had accepted and we had not yet noted is repeated, once for each death.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp.test_utils import unused_port

from bot.turn import ANSWER_LEASE
from tests.bot_api import BotApi
from tests.mortal import Life, Nursery, nursery
from tests.mortal.points import Point
from tests.mortal.records import Records
from tests.telegramming import Mode, fake_api

FIRST, SECOND = "boulanger à Lens", "coiffeur à Lille"
SAYS = {FIRST: "autour de Lens", SECOND: "autour de Lille"}
"""What is said, and what only its answer holds."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Dying there repeats ``repeats`` answers; ``same``: that of the chat before, nobody speaks."""

    name: str
    when: str
    repeats: int = 0
    same: bool = False

    def __str__(self) -> str:
        return f"{self.when} {self.name}"


EVERYWHERE = (
    Gap("take", "before"),
    Gap("keep", "before"),
    Gap("keep", "after"),
    Gap("claim", "before", same=True),
    Gap("claim", "after", same=True),
    Gap("take", "after"),
    Gap("send", "before"),
    Gap("send", "after", repeats=1),
    Gap("send", "after", repeats=1, same=True),
    Gap("settle", "before", repeats=1),
    Gap("settle", "after"),
)
POLLING = (
    Gap("take", "before"),
    Gap("overtaken", "after"),
    Gap("transaction", "before"),
    Gap("transaction", "after"),
    Gap("take", "after"),
    Gap("send", "after", repeats=1),
    Gap("ask", "before"),
    Gap("ask", "after"),
)
POSTGRES = (
    Gap("keep", "before"),
    Gap("writing", "after"),
    Gap("writing", "after"),
    Gap("keep", "after"),
    Gap("claim", "after", same=True),
    Gap("send", "after", repeats=1),
    Gap("settle", "before", repeats=1),
    Gap("settle", "after"),
)


@dataclass(slots=True)
class House:
    """The service, one life after the other; each finds the leases of the one before run out."""

    born: Nursery
    api: BotApi
    env: dict[str, str]
    lives: list[Life] = field(default_factory=list)

    async def live(self, point: Point | None = None) -> Life:
        ahead = len(self.lives) * (ANSWER_LEASE.total_seconds() + 1)
        self.lives.append(await self.born.start(self.env, point, ahead=ahead))
        return self.lives[-1]

    async def recovers(self, chat: int, repeats: int, answers: int = 1) -> None:
        """What the life before has left is done: nothing of it is lost with this one."""
        await self.api.replies(chat, n=answers + repeats)
        await self.api.settled()
        await self.born.settles(str(chat), answers)

    def said(self, chat: int) -> list[str]:
        """Which sentence each message answers."""
        texts = (sent.text for sent in self.api.person(chat).received)
        return [next((s for s, told in SAYS.items() if told in t), t) for t in texts]


@asynccontextmanager
async def house(warm: Path, folder: Path, mode: Mode, url: str) -> AsyncIterator[House]:
    port = unused_port()
    async with fake_api() as api, nursery(warm, folder) as born:
        yield House(born, api, {
            "DATABASE_URL": url, "SECRET_KEY": "k" * 32, "TODAY": "2026-11-23", "PORT": f"{port}",
            "PUBLIC_URL": f"http://127.0.0.1:{port}", "TELEGRAM_MODE": mode,
            "TELEGRAM_TOKEN": api.token, "TELEGRAM_API_URL": api.url,
        })  # fmt: skip


async def die_in(house: House, gaps: Iterable[Gap]) -> list[tuple[int, int, str]]:
    """Each gap in a life of its own: chat, repeated answers and name."""
    chats: list[tuple[int, int, str]] = []
    for number, gap in enumerate(gaps):
        if gap.same:
            chat, repeats, name = chats.pop()
            chats.append((chat, repeats + gap.repeats, f"{name}, {gap}"))
        else:
            chats.append((chat := 7001 + number, gap.repeats, str(gap)))
        life = await house.live(Point(gap.name, gap.when, chat))
        if not gap.same:
            if len(chats) > 1:
                await house.recovers(*chats[-2][:2])
            await house.api.person(chat).say(FIRST)
        await life.dies()
    return chats


@pytest.mark.parametrize(
    ("mode", "furnished_url", "gaps"),
    [
        ("webhook", "sqlite", EVERYWHERE),
        ("polling", "sqlite", POLLING),
        ("webhook", "postgres", POSTGRES),
    ],
    ids=["webhook-sqlite", "polling-sqlite", "webhook-postgres"],
    indirect=["furnished_url"],
)
async def test_a_death_in_any_gap_loses_nothing_and_repeats_what_was_accepted(
    mode: Mode, furnished_url: str, gaps: tuple[Gap, ...], tmp_path: Path, warm: Path
) -> None:
    async with house(warm, tmp_path, mode, furnished_url) as at:
        chats = await die_in(at, gaps)
        last = await at.live()
        for chat, repeats, _ in chats:
            await at.api.replies(chat, n=1 + repeats)
        for chat, _, _ in chats:
            await at.api.person(chat).say(SECOND)
        for chat, repeats, _ in chats:
            await at.api.replies(chat, n=2 + repeats)
        await at.api.settled()
        await last.stop()
        heard = {name: at.said(chat) for chat, _, name in chats}
        assert heard == {name: [FIRST] * (1 + n) + [SECOND] for _, n, name in chats}
        records = await Records.read(furnished_url)
        assert records.versions() == {str(chat): 2 for chat, _, _ in chats}
        assert {message.state for message in records.messages} == {"sent"}


PRESSES = (
    Gap("take", "before"),
    Gap("keep", "before"),
    Gap("keep", "after"),
    Gap("acknowledge", "after"),
    Gap("send", "after", repeats=1),
    Gap("take", "after"),
)


@pytest.mark.parametrize(
    ("mode", "furnished_url"),
    [("polling", "sqlite"), ("webhook", "postgres")],
    indirect=["furnished_url"],
)
async def test_a_press_counts_once_however_it_comes_again(
    mode: Mode, furnished_url: str, tmp_path: Path, warm: Path
) -> None:
    """Its update is brought again; and the phone, without an answer, has sent it once more."""
    people = {7001 + number: gap for number, gap in enumerate(PRESSES)}
    async with house(warm, tmp_path, mode, furnished_url) as at:
        life = await at.live()
        for chat in people:
            await at.api.person(chat).say(FIRST)
            await at.api.replies(chat)
        await at.api.settled()
        await life.stop()
        before = None
        for chat, gap in people.items():
            life = await at.live(Point(gap.name, gap.when, chat))
            if before:
                await at.recovers(before, people[before].repeats, answers=2)
            person, before = at.api.person(chat), chat
            await person.press(next(la for la in person.received[0].labels if "la suite" in la))
            await life.dies()
            if not gap.repeats:  # else the first is confirmed already, and longer ago than that
                await person.press_again()
        life = await at.live()
        await at.recovers(chat, gap.repeats, answers=2)
        await life.stop()
        answers = {str(people[chat]): len(at.api.person(chat).received) - 1 for chat in people}
        assert answers == {str(gap): 1 + gap.repeats for gap in PRESSES}
        records = await Records.read(furnished_url)
        assert set(records.versions().values()) == {2}


@pytest.mark.parametrize("furnished_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", ["keep", "claim"])
async def test_who_slept_longer_than_its_lease_sends_nothing(
    furnished_url: str, name: str, tmp_path: Path, warm: Path
) -> None:
    """A machine is frozen for a while: another process has sent in its place."""
    async with house(warm, tmp_path, "webhook", furnished_url) as at:
        person, other = at.api.person(7001), at.env | {"PORT": f"{unused_port()}"}
        if name == "claim":
            life = await at.live(Point("keep", "after", 7001))
            await person.say(FIRST)
            await life.dies()
        ahead = ANSWER_LEASE.total_seconds() + 1
        frozen = Point(name, "after", 7001, freezes=True)
        sleeper = await at.born.start(at.env, frozen, ahead=ahead, lease=1)
        if name == "keep":
            await person.say(FIRST)
        await sleeper.sleeps()
        awake = await at.born.start(other, ahead=ahead, lease=1)
        await at.api.replies(7001)
        await at.born.settles("7001")
        sleeper.thaw()
        await at.api.settled()
        for life in (sleeper, awake):
            await life.stop()
        assert at.said(7001) == [FIRST]
        assert (await Records.read(furnished_url)).versions() == {"7001": 1}

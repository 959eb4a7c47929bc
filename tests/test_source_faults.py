"""Services that fail in the middle of a golden conversation: still answered, nothing lost."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml

from bot.assembly import Rooms
from dialogs.reply import Reply
from matching.offers_file import parse_job
from matching.sources import EXPORT, Patience
from nlu.understander import Understander
from tests.browsing import visit
from tests.offered import as_job
from tests.sourcing import FAULTS, HURRIED, Sourced, sourced
from tests.talk import FOLDER, Script, Speaker, Talk, plain, play, scripts
from tests.telegramming import TelegramTalk, fake_api, on_telegram

KINDS = ("refused", *FAULTS)
SAINT_POL = next(s for s in scripts() if s.name == "Le mécano de Saint-Pol")
BEFORE_THE_FIRST_OFFERS, AFTER_THEM = 2, 3
READ = datetime(2026, 11, 22, 4, tzinfo=UTC)
DATED = "notre relevé du 22 novembre 2026"


def patience(kind: str) -> Patience:
    return HURRIED if kind == "slow" else Patience(4.0, 2.0)


@asynccontextmanager
async def both_for(script: Script, understander: Understander) -> AsyncIterator[Sourced]:
    """The services know the offers of a script."""
    short = yaml.safe_load((FOLDER / "offers" / f"{script.offers}.yml").read_text("utf-8"))
    jobs = [_whole(as_job(n, j), understander) for n, j in enumerate(short)]
    async with sourced(understander, jobs) as both:
        yield both


def _whole(job: dict[str, Any], understander: Understander) -> dict[str, Any]:
    """With what the service always tells, and a script leaves out."""
    offer = parse_job(job, understander.gazetteer.locate)
    job["workplace"]["location"]["geopoint"] = {"coordinates": [offer.lon, offer.lat]}
    job["identifier"]["partner_job_id"] = job["identifier"]["id"]
    return job


async def copied(rooms: Rooms, both: Sourced) -> None:
    """The copy is of the day before."""
    locate = rooms.understander.gazetteer.locate
    await rooms.offers.put(EXPORT, [parse_job(job, locate) for job in both.lba.jobs])
    await rooms.offers.was_read(EXPORT, READ)


@dataclass(slots=True)
class Struck:
    """Somebody who talks until the services fail, and goes on."""

    talk: Speaker
    both: Sourced
    kind: str
    left: int
    said: list[Reply] = field(default_factory=list)
    dated: int = 0
    retry_after: int = 1

    async def say(self, text: str) -> list[Reply]:
        await self._count()
        return self._heard(await self.talk.say(text))

    async def press(self, label: str) -> list[Reply]:
        await self._count()
        return self._heard(await self.talk.press(label))

    async def open(self, **link: Any) -> list[Reply]:
        await self._count()
        return self._heard(await self.talk.open(**link))

    async def send(self, *, payload: str) -> list[Reply]:
        await self._count()
        return self._heard(await self.talk.send(payload=payload))

    async def _count(self) -> None:
        if self.left == 0:
            await self.both.everything_fails(self.kind, retry_after=self.retry_after)
        self.left -= 1

    def _heard(self, replies: list[Reply]) -> list[Reply]:
        self.said += replies
        self.dated += any(DATED in plain(reply.text) for reply in replies)
        return replies


@pytest.mark.parametrize("turn", [BEFORE_THE_FIRST_OFFERS, AFTER_THEM])
@pytest.mark.parametrize("kind", KINDS)
async def test_in_the_middle_of_a_conversation(
    kind: str, turn: int, sqlite_url: str, understander: Understander
) -> None:
    async with (
        both_for(SAINT_POL, understander) as both,
        both.house(sqlite_url, patience=patience(kind)) as rooms,
    ):
        both.lba.quotas.clear()
        await copied(rooms, both)
        struck = Struck(Talk(rooms, "someone"), both, kind, turn)
        await play(SAINT_POL, struck)
        assert struck.dated >= 2
        assert all(reply.name != "utter_error" for reply in struck.said)


async def test_they_come_back_and_so_do_fresh_answers(
    sqlite_url: str, understander: Understander
) -> None:
    async with (
        both_for(SAINT_POL, understander) as both,
        both.house(sqlite_url, patience=Patience(4.0, 4.0)) as rooms,
    ):
        await copied(rooms, both)
        talk = Talk(rooms, "someone")
        both.lba.fault("500", times=1)
        both.ft.fault("500", on="any", times=1)
        old = await talk.say("mécanicien à Frévent")
        assert any(DATED in plain(reply.text) for reply in old)
        fresh = await talk.say("plutôt 20 km")
        assert not any("relevé" in plain(reply.text) for reply in fresh)
        assert any("20 km autour de Frévent" in plain(reply.text) for reply in fresh)


async def test_without_a_copy_the_search_is_kept_and_said_to_be(
    sqlite_url: str, understander: Understander
) -> None:
    async with both_for(SAINT_POL, understander) as both, both.house(sqlite_url) as rooms:
        talk = Talk(rooms, "someone")
        await both.everything_fails("500")
        said = await talk.say("mécanicien à Frévent")
        assert [reply.name for reply in said] == ["utter_unavailable"]
        both.recover()
        again = await talk.press("Réessayer")
        assert any("autour de Frévent" in plain(reply.text) for reply in again)


async def test_on_the_page(sqlite_url: str, understander: Understander) -> None:
    async with both_for(SAINT_POL, understander) as both, both.house(sqlite_url) as rooms:
        await copied(rooms, both)
        async with visit(rooms) as lou:
            await lou.go("/")
            page = await lou.say("mécanicien à Frévent")
            assert page.classes("card") == 2
            assert "relevé" not in page.text
            await both.everything_fails("504")
            page = await lou.say("nan enfaite carrossier à Lens, septembre")
            assert "Carrossier ou carrossière, 30 km autour de Lens, septembre 2027" in page.text
            assert page.classes("card") == 3
            assert DATED in page.text
            page = await lou.say("plutôt 10 km")
            assert "10 km autour de Lens, septembre 2027" in page.text


async def test_on_telegram(sqlite_url: str, understander: Understander) -> None:
    async with (
        both_for(SAINT_POL, understander) as both,
        fake_api() as api,
        on_telegram(
            api, "webhook", sqlite_url, None, understander, patience=patience("html"),
            **both.settings(),
        ) as (rooms, telegram),
    ):  # fmt: skip
        await copied(rooms, both)
        talk = TelegramTalk(api, rooms, telegram, api.person(1001))
        struck = Struck(talk, both, "html", BEFORE_THE_FIRST_OFFERS)
        await play(SAINT_POL, struck)
        assert struck.dated >= 2

"""People whose days go by: the clock moves, offers appear, rounds are made, messages arrive."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from alerts.push import Pusher
from bot.assembly import Rooms
from bot.channels import terminal
from bot.channels.telegram.channel import outgoing
from dialogs.reply import Reply
from matching.job_offer import PARIS
from matching.model import Offer
from matching.offers_file import parse_job
from nlu.understander import Understander
from tests.applying import AtThePage, AtTheTerminal, InTelegram, service, settings
from tests.apprentissage_api import Api, job
from tests.browsing import visit
from tests.offered import as_job
from tests.talk import FOLDER, TODAY, plain, rooms_for
from tests.telegramming import fake_api, on_telegram

LOOK = "Voir ce qui est arrivé"


@dataclass(slots=True)
class Clock:
    """Runs as the real one does, from ``at``, and is moved; stands in for that of the settings."""

    at: datetime = field(
        default_factory=lambda: datetime.combine(TODAY, datetime.min.time(), PARIS).replace(hour=10)
    )
    _since: float = field(default_factory=time.monotonic)

    def now(self) -> datetime:
        return self.at + timedelta(seconds=time.monotonic() - self._since)

    def today(self) -> date:
        return self.now().astimezone(PARIS).date()

    def move(self, to: datetime) -> None:
        assert to > self.now()
        self.at, self._since = to, time.monotonic()


@dataclass(slots=True)
class Life:
    """Somebody on any channel, and the days between what they say."""

    talk: AtTheTerminal | AtThePage | InTelegram
    api: Api
    clock: Clock
    pusher: Pusher | None = None
    appeared: int = 0
    said: list[Reply] = field(init=False)

    def __post_init__(self) -> None:
        self.said = self.talk.said

    @property
    def rooms(self) -> Rooms:
        return self.talk.rooms

    async def say(self, text: str) -> list[Reply]:
        return await self.talk.say(text)

    async def press(self, label: str) -> list[Reply]:
        return await self.talk.press(label)

    async def open(self, **link: Any) -> list[Reply]:
        return await self.talk.open(**link)

    async def send(self, *, payload: str) -> list[Reply]:
        return await self.talk.send(payload=payload)

    async def give(self, names: Sequence[str]) -> list[Reply]:
        return await self.talk.give(names)

    async def confirm(self) -> list[Reply]:
        return await self.talk.confirm()

    async def later(self, passed: dict[str, Any]) -> list[Reply]:
        """So many ``jours`` later, at that ``heure`` in Paris; an ``offre`` appears that morning.

        What is due is done in the morning and at that hour, by the real rounds and the real sender.
        """
        hour, minute = map(int, passed["heure"].split(":"))
        day = self.clock.today() + timedelta(days=passed["jours"])
        at = datetime.combine(day, datetime.min.time(), PARIS).replace(hour=hour, minute=minute)
        self.clock.move(at.replace(hour=9, minute=0))
        if "offre" in passed:
            await self._appears(passed["offre"])
        said = await self._come()
        self.clock.move(at)
        return said + await self._come()

    async def _appears(self, short: dict[str, Any]) -> None:
        """One more offer, in our copy and at its source."""
        self.appeared += 1
        number = 0x100 + self.appeared
        locate = self.rooms.understander.gazetteer.locate
        offer = parse_job(as_job(number, short), locate)
        await self.rooms.offers.replace(f"appeared {number}", [offer])
        self.api.jobs.append(at_its_source(number, short, offer))

    async def _come(self) -> list[Reply]:
        """What is due becomes messages, and those reach their person where they are."""
        await self.rooms.alerting.rounds.look(asyncio.Event())
        talk = self.talk
        if isinstance(talk, InTelegram):
            assert self.pusher
            await self.pusher.push(asyncio.Event())
            return await talk._heard()
        if isinstance(talk, AtThePage):
            page = await talk.person.go("/chat")
            there = LOOK in [plain(text).strip() for text, _ in page.buttons]
            return await talk.press(LOOK) if there else []
        replies = await talk.say("du nouveau ?")
        return replies if "neuf" not in replies[0].text else []


def at_its_source(number: int, short: dict[str, Any], offer: Offer) -> dict[str, Any]:
    """The same offer as the service tells it."""
    return job(
        short["title"], id=f"{number:024x}", company=short["company"], rome=short["rome"],
        recipient=short.get("recipient"), phone=short.get("phone"), address=short["address"],
        start=short.get("start"), published=short.get("published", "2026-11-20T08:00:00Z"),
        expires="2027-12-31T00:00:00Z", at=(offer.lat, offer.lon),
    )  # fmt: skip


def jobs(offers: str, understander: Understander) -> list[dict[str, Any]]:
    """A file of offers as the service knows them."""
    listed = yaml.safe_load((FOLDER / "offers" / f"{offers}.yml").read_text("utf-8"))
    locate = understander.gazetteer.locate
    return [at_its_source(n, o, parse_job(as_job(n, o), locate)) for n, o in enumerate(listed)]


@asynccontextmanager
async def live(
    where: str,
    url: str,
    offers: str,
    understander: Understander,
    clock: Clock,
    folder: Path,
    redis_url: str | None = None,
) -> AsyncIterator[Life]:
    """Somebody in the ``terminal``, at the ``page`` or in ``telegram``, in the real house."""
    async with AsyncExitStack() as stack:
        api = await stack.enter_async_context(service())
        api.jobs[:] = jobs(offers, understander)
        if where == "telegram":
            there = await stack.enter_async_context(fake_api())
            rooms, telegram = await stack.enter_async_context(
                on_telegram(
                    there, "webhook", url, redis_url, understander, today=None, **settings(api)
                )
            )
            channel = await stack.enter_async_context(outgoing(rooms))
            talk = InTelegram(there, rooms, telegram, there.person(1001))
            yield Life(talk, api, clock, rooms.alerting.pusher({"telegram": channel}))
            return
        rooms = await stack.enter_async_context(
            rooms_for(url, redis_url, understander, today=None, **settings(api))
        )
        assert rooms.applying
        if where == "page":
            person = await stack.enter_async_context(visit(rooms))
            await person.go("/")
            yield Life(AtThePage(rooms, person), api, clock)
            return
        rooms.applying.fetchers[terminal.NAME] = terminal.fetch
        yield Life(AtTheTerminal(rooms, "someone", folder=folder), api, clock)

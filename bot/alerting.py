"""Alerts as this process runs them: what is due, what is sent, and what holds it back."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from alerts.clock import UNREAD_WINDOW
from alerts.push import Pusher
from alerts.rounds import Rounds
from alerts.sweep import Sweep
from alerts.words import AlertWords
from bot.config import Settings
from bot.supervise import keep_running
from bot.turn import PUSHED
from dialogs.alert_cards import search_of
from dialogs.criteria import wanted
from dialogs.reply import Channel
from dialogs.services import Services
from storage.database import Database
from storage.due import DueDigests
from storage.follow_ups import FollowUps
from storage.leases import Leases
from storage.notices import CHANNEL as WEB_PUSH
from storage.notices import Notices
from storage.offer_news import OfferNews
from storage.offers import Offers
from storage.pauses import Pauses
from storage.pushes import Pushes
from storage.rates import DatabaseRate
from storage.runs import Runs

if TYPE_CHECKING:
    from bot.assembly import Rooms

KEPT = timedelta(days=60)
"""How long one can tell what became of a message, and so what somebody who is back has read; and
what became of a run."""

REMEMBERED = timedelta(days=365)
"""For how long an offer that is erased is not news again when it comes back."""


@dataclass(frozen=True, slots=True)
class Alerting:
    """What alerts are made of, whichever role or command uses it."""

    settings: Settings
    pushes: Pushes
    pauses: Pauses
    runs: Runs
    news: OfferNews
    rounds: Rounds
    sweep: Sweep
    offers: Offers
    words: AlertWords
    rate: DatabaseRate

    def pusher(
        self,
        channels: Mapping[str, Channel],
        told: Callable[[str], Awaitable[None]] | None = None,
    ) -> Pusher:
        """A sender over these networks, under a name of its own."""
        return Pusher(
            self.pushes, self.pauses, self.offers, channels, self.words, self.rate,
            secrets.token_hex(8), self.settings.now, self.settings.push_per_second, told=told,
        )  # fmt: skip

    async def purge(self) -> dict[str, int]:
        """What is kept too long goes: messages settled and runs ended long ago, what spaced
        messages out, marks of offers long gone; how many rows."""
        now = self.settings.now()
        return {
            "pushes": await self.pushes.purge(now - KEPT),
            "push_rates": await self.rate.purge(),
            "runs": await self.runs.purge(now - KEPT),
            "swept": await self.news.forget(now - REMEMBERED),
        }


def build(settings: Settings, database: Database, offers: Offers, services: Services) -> Alerting:
    """Nothing runs yet. The rate is shared by the service and the commands beside it, and through
    the database alone: were it Redis, those who miss it and those who have it back would each send
    at full rate for a moment."""
    runs = Runs(database)
    sweep = Sweep(database, partial(search_of, services), map(wanted, services.table), settings.now)
    rounds = Rounds(
        DueDigests(database, PUSHED), FollowUps(database, PUSHED, UNREAD_WINDOW), runs,
        Leases(database, lambda: settings.now().timestamp()), settings.now,
        timedelta(days=settings.ask_alert_days), sweep,
        Notices(database) if settings.web_push_private_key else None,
    )  # fmt: skip
    return Alerting(
        settings, Pushes(database), Pauses(database), runs, OfferNews(database), rounds, sweep,
        offers, AlertWords(services), DatabaseRate(database),
    )  # fmt: skip


@asynccontextmanager
async def networks(rooms: Rooms) -> AsyncIterator[Mapping[str, Channel]]:
    """Those on which we write to people, by name; that of notices among them."""
    browsers: dict[str, Channel] = {WEB_PUSH: rooms.web_push} if rooms.web_push else {}
    if rooms.settings.telegram_token is None:
        yield browsers
        return
    from bot.channels.telegram import NAME  # slow to import
    from bot.channels.telegram.channel import outgoing

    async with outgoing(rooms) as telegram:
        yield {NAME: telegram, **browsers}


async def run(rooms: Rooms, stop: asyncio.Event) -> None:
    """Do what is due and send it, until ``stop`` is set; what was begun is finished."""
    alerting = rooms.alerting
    async with networks(rooms) as channels:
        pusher = alerting.pusher(channels)
        alerting.rounds.woken = pusher.wake
        await asyncio.gather(
            keep_running("rounds", alerting.rounds.run, stop),
            keep_running("pushes", pusher.run, stop),
        )

"""A month of people with alerts, lived by the real house under a clock that is moved.

Everything people do goes through turns, offers come and go as a source brings them, rounds look
and the pusher sends, at the moments at which something may be due. Only the network is ours: it
notes what it is given, refuses who is blocked, and asks to wait now and then. What happened is kept
in order, for :class:`tests.month_promise.Promise` to judge.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import PrivateAttr
from sqlalchemy import func, or_, select

from bot.assembly import Rooms, assemble
from bot.config import Settings
from bot.purge import purge
from dialogs.cohort import ACT_WITHIN, SIGN_WITHIN
from dialogs.criteria import wanted
from dialogs.reply import SENT, Delivery, Reply
from matching.model import DEMONSTRATION, Offer
from nlu.understander import Understander
from storage.figures import Figures
from storage.schema import pushes
from tests.month_offers import Feed
from tests.month_people import HOURS, MINUTE, TOWNS, TRADES, Act, Crowd
from tests.month_promise import Happened

FIRST_CHAT = 70_000
ORIGIN = "month"
PATIENCE = 600
"""Seconds within which all that may be sent is."""


class Moved(Settings):
    """Settings whose clock stands still until it is moved."""

    _at: datetime = PrivateAttr(datetime(2027, 1, 1, tzinfo=UTC))

    def move(self, to: datetime) -> None:
        self._at = to

    def now(self) -> datetime:
        return self._at

    def today(self) -> date:
        return self.now().astimezone(ZoneInfo("Europe/Paris")).date()


@dataclass(order=True, slots=True)
class _Event:
    at: datetime
    n: int
    do: Act = field(compare=False)


class Month:
    """Also the network: it is given messages as :class:`dialogs.reply.Channel` says."""

    def __init__(self, rooms: Rooms, people: int, offers_a_day: int, days: int, seed: int) -> None:
        assert isinstance(rooms.settings, Moved)
        self.rooms, self.clock, self.chance = rooms, rooms.settings, Random(seed)
        self.began = self.clock.now()
        self.ends = self.began + timedelta(days=days)
        self.life: list[Happened] = []
        self.did: Counter[str] = Counter()
        self.stuck = 0
        self._offers_a_day = offers_a_day
        codes = {id: wanted(rooms.understander.table.get(id)).codes[0] for id in TRADES}
        here: dict[str, Offer] = {}
        self.crowd = Crowd(rooms, self, here, self.did, seed)
        self._feed = Feed(
            self.chance, {insee: self.crowd.place(insee) for insee in TOWNS},
            {id: (says, codes[id]) for id, says in TRADES.items()}, here,
        )  # fmt: skip
        self._numbers = itertools.count(1)
        self._events: list[_Event] = []
        self._pusher = rooms.alerting.pusher({"telegram": self})
        self._pusher.per_second = 1e6  # its pace is measured elsewhere, in true seconds
        for n in range(people):
            self.at(self.began + self._some(days=days * 0.4), self.crowd.arrives(FIRST_CHAT + n))
        self._plan()

    # the clock

    def at(self, at: datetime, do: Act) -> None:
        if at < self.ends:
            heapq.heappush(self._events, _Event(at, next(self._numbers), do))

    def _some(self, **most: float) -> timedelta:
        return timedelta(**most) * self.chance.random()

    def _plan(self) -> None:
        """Looks at each time some alert may be due and a minute before, and around each reading."""
        zones = sorted(set(TOWNS.values()))
        day = self.began.date() - timedelta(days=1)
        while day <= self.ends.date():
            for zone, minute in itertools.product(zones, HOURS):
                hour = time(minute // 60, minute % 60, tzinfo=ZoneInfo(zone))
                due = datetime.combine(day, hour).astimezone(UTC)
                for at in (due - MINUTE, due):
                    if at >= self.began:
                        self.at(at, self._look)
            morning = datetime.combine(day, time(tzinfo=UTC))
            for _ in range(3):
                at = morning + self._some(days=1)
                before = datetime.fromtimestamp(at.timestamp() // 300 * 300, UTC)
                for when, do in (
                    (before, self._look), (at, self._read), (before + 5 * MINUTE, self._look),
                ):  # fmt: skip
                    if before >= self.began:
                        self.at(when, do)
            if day > self.began.date():
                self.at(morning + timedelta(hours=3), self._purge)
                at = datetime.combine(day, time(17, 29, 30, tzinfo=ZoneInfo("Europe/Paris")))
                self.at(at.astimezone(UTC), self._taken)  # between the finding and the sending
            day += timedelta(days=1)

    async def live(self, tell: Callable[[float], None] = lambda _: None) -> None:
        """``tell`` hears how much of the time is over, from 0 to 1."""
        while self._events:
            event = heapq.heappop(self._events)
            tell((event.at - self.began) / (self.ends - self.began))
            self.clock.move(max(self.clock.now(), event.at))
            await event.do()

    def note(self, what: str, chat: int = 0, **values: Any) -> None:
        self.did[what] += 1
        self.life.append(Happened(self.clock.now(), what, chat, values))

    # the service

    async def _look(self) -> None:
        self.note("looks")
        await self.rooms.alerting.rounds.look(asyncio.Event())
        for _ in range(PATIENCE):
            await self._pusher.push(asyncio.Event())
            if not await self._unsent():
                self.note("silent")
                return
            self.clock.move(self.clock.now() + timedelta(seconds=1))
        self.stuck += 1

    async def _unsent(self) -> int:
        """What is to be sent within a few minutes."""
        c, now = pushes.c, self.clock.now()
        soon = or_(c.not_before.is_(None), c.not_before < now + timedelta(seconds=PATIENCE))
        waits = c.settled.is_(None), c.expires > now, soon
        async with self.rooms.database.read() as tx:
            query = select(func.count()).select_from(pushes).where(*waits)
            return int((await tx.execute(query)).scalar_one())

    async def _purge(self) -> None:
        await purge(self.rooms)

    async def send(
        self, address: str, replies: Sequence[Reply], *, attempts: int, quiet: bool = False
    ) -> Delivery:
        chat, (reply,) = int(address), replies
        if chat in self.crowd.blocked:
            self.crowd.gone(chat)
            return Delivery("gone")
        drawn = self.crowd.people[chat].chance.random()
        if drawn < 0.002:
            self.did["429"] += 1
            return Delivery("later", timedelta(seconds=15), everywhere=True)
        if drawn < 0.01:
            self.did["refused once"] += 1
            return Delivery("pending", timedelta(seconds=30))
        came = [b.payload for b in reply.buttons if (b.payload or "").startswith("/came ")]
        if came:
            id = str(came[0]).split()[2]
            self.note("asked", chat, offer=id)
            self.crowd.answers(chat, id)
        else:
            self.note("got", chat, reply=reply)
            self.crowd.reacts(chat, reply)
        return SENT

    async def figures(self) -> dict[str, Any]:
        """As they are published once all time is over."""
        kept = Figures(self.rooms.database, ACT_WITHIN, SIGN_WITHIN)
        long_after = self.ends.date() + timedelta(days=400)
        signed, weeks = await kept.signed(long_after), await kept.acted(long_after)
        acted = {monday.isoformat(): [s.people, s.reached] for monday, s in weeks}
        return {"signed": [signed.people, signed.reached], "acted": acted}

    # offers

    async def _read(self) -> None:
        """A source is read."""
        new = round(self._offers_a_day / 3 * self.chance.uniform(0.3, 1.7))
        changes, offers = self._feed.read(self.clock.now(), new), self.rooms.offers
        await offers.put(ORIGIN, list(self._feed.here.values()))
        await offers.close_missing(ORIGIN, self._feed.here.keys(), self.rooms.settings.today())
        self.note("published", offers=changes)
        await self._look()

    async def _taken(self) -> None:
        """Just before alerts speak of them."""
        for id in self._feed.taken():
            await self.rooms.offers.close(id)
            self.note("published", offers={id: None})


@asynccontextmanager
async def month(
    database_url: str, redis_url: str | None, understander: Understander, *,
    people: int, offers_a_day: int, began: datetime, days: int, seed: int = 1,
) -> AsyncIterator[Month]:  # fmt: skip
    """The house as it stands on the first day, with no offer and nobody."""
    settings = Moved.load(
        database_url=database_url, redis_url=redis_url, secret_key="k" * 32,
        public_url="http://127.0.0.1:8080",
    )  # fmt: skip
    assert isinstance(settings, Moved)
    settings.move(began)
    async with assemble(settings, understander) as rooms:
        await rooms.offers.replace(DEMONSTRATION, [])
        yield Month(rooms, people, offers_a_day, days, seed)

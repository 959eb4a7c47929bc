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
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, or_, select

from bot.assembly import Rooms, assemble
from bot.config import Settings
from bot.incoming import Incoming
from bot.links import Link
from bot.purge import purge
from bot.turn import ANSWER_LEASE
from dialogs.cohort import ACT_WITHIN, SIGN_WITHIN
from dialogs.criteria import wanted
from dialogs.reply import SENT, Delivery, Reply, unbundled
from matching.model import DEMONSTRATION, Circle, Search
from nlu.understander import Understander
from storage.figures import Figures
from storage.schema import pushes
from tests.month_offers import Feed
from tests.month_promise import Happened, Often

TOWNS = {
    "62498": "Europe/Paris", "62041": "Europe/Paris", "59350": "Europe/Paris",
    "97411": "Indian/Reunion", "97415": "Indian/Reunion", "97120": "America/Guadeloupe",
}  # fmt: skip
"""Lens, Arras, Lille, Saint-Denis and Saint-Paul, Pointe-à-Pitre, and their time."""

TRADES = {"boulanger": "boulanger", "coiffeur": "coiffeur", "macon": "maçon", "boucher": "boucher"}
HOURS = (8 * 60, 12 * 60 + 15, 17 * 60 + 30, 18 * 60 + 45, 20 * 60 + 59)
WEEKDAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
SEPTEMBER = date(2027, 9, 1), date(2027, 9, 30)
FIRST_CHAT = 70_000
ORIGIN = "month"
MINUTE = timedelta(minutes=1)
PATIENCE = 600
"""Seconds within which all that may be sent is."""


class Moved(Settings):
    """Settings whose clock stands still until it is moved."""

    def now(self) -> datetime:
        return CLOCK[0]

    def today(self) -> date:
        return self.now().astimezone(ZoneInfo("Europe/Paris")).date()


CLOCK = [datetime(2027, 3, 10, tzinfo=UTC)]


@dataclass(slots=True)
class Person:
    """What somebody knows of their own alerts: by number the trade, and the rhythm."""

    chat: int
    town: str
    chance: Random
    alerts: dict[int, tuple[str, Often]] = field(default_factory=dict)
    state: str = "on"
    last: int = 0
    lives: int = 0
    pages: Any = field(default_factory=itertools.count)


@dataclass(order=True, slots=True)
class _Event:
    at: datetime
    n: int
    do: Callable[[], Awaitable[None]] = field(compare=False)


class Month:
    """Also the network: it is given messages as :class:`dialogs.reply.Channel` says."""

    def __init__(self, rooms: Rooms, people: int, offers_a_day: int, days: int, seed: int) -> None:
        self.rooms, self.chance, self._seed = rooms, Random(seed), seed
        self.began, self.ends = CLOCK[0], CLOCK[0] + timedelta(days=days)
        self.life: list[Happened] = []
        self.blocked: set[int] = set()
        self.people: dict[int, Person] = {}
        self.did: Counter[str] = Counter()
        self.stuck = 0
        self._offers_a_day = offers_a_day
        codes = {id: wanted(rooms.understander.table.get(id)).codes[0] for id in TRADES}
        self._feed = Feed(
            self.chance, {insee: self._place(insee) for insee in TOWNS},
            {id: (says, codes[id]) for id, says in TRADES.items()},
        )  # fmt: skip
        self._numbers = itertools.count(1)
        self._events: list[_Event] = []
        self._pusher = rooms.alerting.pusher({"telegram": self})
        self._pusher.per_second = 1e6  # its pace is measured elsewhere, in true seconds
        for n in range(people):
            self._at(self.began + self._some(days=days * 0.4), self._arrives(FIRST_CHAT + n))
        self._plan()

    # the clock

    def _at(self, at: datetime, do: Callable[[], Awaitable[None]]) -> None:
        if at < self.ends:
            heapq.heappush(self._events, _Event(at, next(self._numbers), do))

    def _some(self, **most: float) -> timedelta:
        return timedelta(**most) * self.chance.random()

    def _plan_for(self, who: Person, days: float, do: Callable[[], Awaitable[None]]) -> None:
        self._at(CLOCK[0] + MINUTE + timedelta(days=days) * who.chance.random(), do)

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
                        self._at(at, self._look)
            morning = datetime.combine(day, time(tzinfo=UTC))
            for _ in range(3):
                at = morning + self._some(days=1)
                before = datetime.fromtimestamp(at.timestamp() // 300 * 300, UTC)
                for when, do in (
                    (before, self._look), (at, self._read), (before + 5 * MINUTE, self._look),
                ):  # fmt: skip
                    if before >= self.began:
                        self._at(when, do)
            if day > self.began.date():
                self._at(morning + timedelta(hours=3), self._purge)
                at = datetime.combine(day, time(17, 29, 30, tzinfo=ZoneInfo("Europe/Paris")))
                self._at(at.astimezone(UTC), self._taken)  # between the finding and the sending
            day += timedelta(days=1)

    async def live(self) -> None:
        while self._events:
            event = heapq.heappop(self._events)
            CLOCK[0] = max(CLOCK[0], event.at)
            await event.do()

    def _note(self, what: str, chat: int = 0, **values: Any) -> None:
        self.did[what] += 1
        self.life.append(Happened(CLOCK[0], what, chat, values))

    # the service

    async def _look(self) -> None:
        self._note("looks")
        await self.rooms.alerting.rounds.look(asyncio.Event())
        for _ in range(PATIENCE):
            await self._pusher.push(asyncio.Event())
            if not await self._unsent():
                self._note("silent")
                return
            CLOCK[0] += timedelta(seconds=1)
        self.stuck += 1

    async def _unsent(self) -> int:
        """What is to be sent within a few minutes."""
        c, now = pushes.c, CLOCK[0]
        soon = or_(c.not_before.is_(None), c.not_before < now + timedelta(seconds=PATIENCE))
        waits = c.settled.is_(None), c.expires > now, soon
        async with self.rooms.database.read() as tx:
            query = select(func.count()).select_from(pushes).where(*waits)
            return int((await tx.execute(query)).scalar_one())

    async def _purge(self) -> None:
        await purge(self.rooms)

    async def send(self, address: str, replies: Sequence[Reply], *, attempts: int) -> Delivery:
        chat, (reply,) = int(address), replies
        if chat in self.blocked:
            self._note("left", chat)
            return Delivery("gone")
        drawn = self.people[chat].chance.random()
        if drawn < 0.002:
            self.did["429"] += 1
            return Delivery("later", timedelta(seconds=15), everywhere=True)
        if drawn < 0.01:
            self.did["refused once"] += 1
            return Delivery("pending", timedelta(seconds=30))
        came = [b.payload for b in reply.buttons if (b.payload or "").startswith("/came ")]
        if came:
            id = str(came[0]).split()[2]
            self._note("asked", chat, offer=id)
            self._answers(chat, id)
        else:
            self._note("got", chat, reply=reply)
            self._reacts(chat, reply)
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
        changes, offers = self._feed.read(CLOCK[0], new), self.rooms.offers
        await offers.put(ORIGIN, list(self._feed.here.values()))
        await offers.close_missing(ORIGIN, self._feed.here.keys(), self.rooms.settings.today())
        self._note("published", offers=changes)
        await self._look()

    async def _taken(self) -> None:
        """Just before alerts speak of them."""
        for id in self._feed.taken():
            await self.rooms.offers.close(id)
            self._note("published", offers={id: None})

    def _place(self, insee: str) -> tuple[float, float]:
        place = self.rooms.understander.gazetteer.by_insee(insee)
        assert place is not None
        return place.lat, place.lon

    # people

    async def _says(self, who: Person, **said: Any) -> list[Reply]:
        turns, n = self.rooms.turns, next(who.pages)
        kept = await turns.handle(Incoming("telegram", str(who.chat), str(n), order=n, **said))
        replies: list[Reply] = []
        for waiting in kept.claimed:
            replies += unbundled(waiting.body)
            await turns.ledger.settle(
                waiting.id, waiting.conversation, "sent", turns.now(), lease=ANSWER_LEASE
            )
        return replies

    def _arrives(self, chat: int) -> Callable[[], Awaitable[None]]:
        async def arrive() -> None:
            own = Random(f"{self._seed} {chat}")
            who = self.people[chat] = Person(chat, own.choice(sorted(TOWNS)), own)
            await self._keeps(who)
            if who.chance.random() < 0.3:
                await self._keeps(who)

        return arrive

    def _search(self, who: Person, trade: str, radius: int, *, september: bool) -> Search:
        start, end = SEPTEMBER if september else (None, None)
        circle = Circle(*self._place(who.town), radius)
        trades = (wanted(self.rooms.understander.table.get(trade)),)
        return Search(trades=trades, circles=(circle,), start=start, end=end)

    async def _keeps(self, who: Person) -> None:
        """One more alert, of another trade; then its rhythm."""
        trade = who.chance.choice(sorted(TRADES.keys() - {t for t, _ in who.alerts.values()}))
        radius, september = who.chance.choice((5, 10, 20, 30, 60)), who.chance.random() < 0.3
        await self._says(who, link=Link("", trade, who.town, radius))
        if september:
            await self._says(who, text="septembre")
        await self._says(who, payload="/alert_me")
        if not who.alerts:
            await self._says(who, payload=f"/age {who.chance.choice((15, 16, 18, 30))}")
        n = who.last = who.last % 10 + 1  # nobody here ever has ten
        often = Often("daily", TOWNS[who.town])
        search = self._search(who, trade, radius, september=september)
        self._note("kept", who.chat, n=n, search=search, often=often)
        who.alerts[n] = trade, often
        if who.chance.random() < 0.75:
            await self._another_rhythm(who, n)

    async def _another_rhythm(self, who: Person, n: int) -> None:
        zone, minute = TOWNS[who.town], who.chance.choice(HOURS)
        hour, weekday = f"{minute // 60}h{minute % 60:02}", who.chance.randrange(7)
        kinds = ["daily", "weekly", "live"]
        if any(often.kind == "live" for _, often in who.alerts.values()):
            kinds.remove("live")
        kind = who.chance.choice(kinds)
        if kind == "live":
            often = Often("live", zone)
            await self._says(who, payload=f"/alert_beat {n} live")
        else:
            often = Often(kind, zone, minute, weekday)
            await self._says(who, payload=f"/alert_beat {n} {kind}")  # then it is spoken of
            when = "tous les jours" if kind == "daily" else f"le {WEEKDAYS[weekday]}"
            await self._says(who, text=f"{when} à {hour}")
        who.alerts[n] = who.alerts[n][0], often
        self._note("changed", who.chat, n=n, often=often)

    def _reacts(self, chat: int, reply: Reply) -> None:
        """Some time after a message, some do something about it."""
        who = self.people[chat]
        drawn = who.chance.random()
        ids = [card.id for card in reply.cards]
        acts: list[tuple[float, Callable[[], Awaitable[None]]]] = [
            (0.20, lambda: self._calls(who, ids[0])),
            (0.12, lambda: self._hides(who, who.chance.choice(ids))),
            (0.04, lambda: self._pauses(who)),
            (0.03, lambda: self._stops(who)),
            (0.02, lambda: self._erases(who)),
            (0.02, lambda: self._blocks(who)),
            (0.04, lambda: self._edits(who)),
            (0.02, lambda: self._drops(who)),
            (0.03, lambda: self._keeps(who)),
            (0.06, lambda: self._looks_around(who)),
        ]
        for share, act in acts:
            if drawn < share:
                self._plan_for(who, 0.1, self._if_there(who, act))
                return
            drawn -= share

    def _if_there(
        self, who: Person, act: Callable[[], Awaitable[None]], states: Sequence[str] = ("on",)
    ) -> Callable[[], Awaitable[None]]:
        """Unless they are gone meanwhile, or began anew."""
        lives = who.lives

        async def do() -> None:
            there = who.chat not in self.blocked and who.lives == lives
            if there and who.alerts and who.state in states:
                await act()

        return do

    def _answers(self, chat: int, id: str) -> None:
        who = self.people[chat]
        answer = who.chance.choice(("signed", "interview", "nothing", "yes", None))

        async def do() -> None:
            await self._says(who, payload=f"/came {answer} {id}")
            self._note("answered", chat, offer=id, answer=answer)

        if answer:
            self._plan_for(who, 1.5, self._if_there(who, do, ("on", "stopped")))

    async def _calls(self, who: Person, id: str) -> None:
        offer = self._feed.here.get(id)
        if offer is not None and offer.phone:
            await self._says(who, payload=f"/call {id}")
            self._note("called", who.chat, offer=id)

    async def _hides(self, who: Person, id: str) -> None:
        await self._says(who, payload=f"/hide {id}")
        self._note("hidden", who.chat, offer=id)

    async def _looks_around(self, who: Person) -> None:
        """By themselves, and put aside the first offer they see."""
        said = await self._says(who, payload=f"/alert_all {min(who.alerts)}")
        ids = [card.id for reply in said for card in reply.cards]
        self.did["looked around"] += bool(ids)
        if ids:
            await self._hides(who, ids[0])

    async def _pauses(self, who: Person) -> None:
        until = self.rooms.settings.today() + timedelta(days=who.chance.randint(1, 8))
        if who.chance.random() < 0.5:
            n = who.chance.choice(sorted(who.alerts))
            await self._says(who, payload=f"/alert_pause {n} {until}")
            self._note("changed", who.chat, n=n, state="paused", until=until)
        else:
            await self._says(who, payload=f"/alert_pause * {until}")
            self._note("all", who.chat, state="paused", until=until)

    async def _stops(self, who: Person) -> None:
        await self._says(who, text=who.chance.choice(("stop", "arrête les alertes", "STOP !")))
        self._note("all", who.chat, state="stopped")
        who.state = "stopped"
        looks = self._if_there(who, lambda: self._looks_around(who), ("stopped",))
        self._plan_for(who, 3, looks)
        self._plan_for(who, 15, lambda: self._resumes(who))

    async def _resumes(self, who: Person) -> None:
        self.blocked.discard(who.chat)
        if who.alerts and who.state == "stopped":
            who.state = "on"
            await self._says(who, payload="/alert_on *")
            self._note("all", who.chat, state="on")

    async def _erases(self, who: Person) -> None:
        await self._says(who, text="supprime tout")
        await self._says(who, payload="/delete_yes")
        self._note("erased", who.chat)
        who.alerts.clear()
        who.last, who.lives = 0, who.lives + 1
        if who.chance.random() < 0.5:
            self._plan_for(who, 8, lambda: self._keeps(who))

    async def _blocks(self, who: Person) -> None:
        """The network says so at once, or not before the next message; whoever is back has to ask
        for their alerts."""
        self.blocked.add(who.chat)
        self.did["blocked"] += 1
        if who.chance.random() < 0.5:
            await self.rooms.turns.left("telegram", str(who.chat), next(who.pages))
            self._note("left", who.chat)
        self._plan_for(who, 11, lambda: self._comes_back(who))

    async def _comes_back(self, who: Person) -> None:
        self.blocked.discard(who.chat)
        gone = any(h.what == "left" and h.chat == who.chat for h in reversed(self.life[-20_000:]))
        if gone:
            who.state = "stopped"
            await self._resumes(who)

    async def _edits(self, who: Person) -> None:
        n = who.chance.choice(sorted(who.alerts))
        await self._says(who, payload=f"/alert_edit {n}")
        await self._says(who, text="15 km")
        await self._says(who, payload=f"/alert_keep {n}")
        self._note("changed", who.chat, n=n, radius=15)

    async def _drops(self, who: Person) -> None:
        n = who.chance.choice(sorted(who.alerts))
        await self._says(who, payload=f"/alert_drop {n}")
        self._note("dropped", who.chat, n=n)
        del who.alerts[n]


@asynccontextmanager
async def month(
    database_url: str, redis_url: str | None, understander: Understander, *,
    people: int, offers_a_day: int, began: datetime, days: int, seed: int = 1,
) -> AsyncIterator[Month]:  # fmt: skip
    """The house as it stands on the first day, with no offer and nobody."""
    CLOCK[0] = began
    settings = Moved.load(
        database_url=database_url, redis_url=redis_url, secret_key="k" * 32,
        public_url="http://127.0.0.1:8080",
    )  # fmt: skip
    async with assemble(settings, understander) as rooms:
        await rooms.offers.replace(DEMONSTRATION, [])
        yield Month(rooms, people, offers_a_day, days, seed)

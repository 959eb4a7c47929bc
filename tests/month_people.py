"""The people of a month: what they ask of their alerts, and what they do about what they get."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from typing import Any, Protocol

from bot.assembly import Rooms
from bot.incoming import Incoming
from bot.links import Link
from bot.turn import ANSWER_LEASE
from dialogs.criteria import wanted
from dialogs.reply import Reply, unbundled
from matching.model import Circle, Offer, Search, is_open
from tests.month_promise import Often

TOWNS = {
    "62498": "Europe/Paris", "62041": "Europe/Paris", "59350": "Europe/Paris",
    "97411": "Indian/Reunion", "97415": "Indian/Reunion", "97120": "America/Guadeloupe",
}  # fmt: skip
"""Lens, Arras, Lille, Saint-Denis and Saint-Paul, Pointe-à-Pitre, and their time."""

TRADES = {"boulanger": "boulanger", "coiffeur": "coiffeur", "macon": "maçon", "boucher": "boucher"}
HOURS = (8 * 60, 12 * 60 + 15, 17 * 60 + 30, 18 * 60 + 45, 20 * 60 + 59)
WEEKDAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
SEPTEMBER = date(2027, 9, 1), date(2027, 9, 30)
MINUTE = timedelta(minutes=1)

Act = Callable[[], Awaitable[None]]


class Days(Protocol):
    """What happens when, and what happened."""

    def at(self, at: datetime, do: Act) -> None: ...

    def note(self, what: str, chat: int = 0, **values: Any) -> None: ...


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
    left: bool = False
    pages: Any = field(default_factory=itertools.count)


class Crowd:
    """Each draws from a chance of their own: in which order messages are sent changes nothing."""

    def __init__(
        self, rooms: Rooms, days: Days, here: dict[str, Offer], did: Counter[str], seed: int
    ) -> None:
        self.rooms, self.days, self.did = rooms, days, did
        self.people: dict[int, Person] = {}
        self.blocked: set[int] = set()
        self.here, self._seed = here, seed

    def _now(self) -> datetime:
        return self.rooms.settings.now()

    def _later(self, who: Person, most_days: float, do: Act) -> None:
        some = timedelta(days=most_days) * who.chance.random()
        self.days.at(self._now() + MINUTE + some, do)

    def place(self, insee: str) -> tuple[float, float]:
        place = self.rooms.understander.gazetteer.by_insee(insee)
        assert place is not None
        return place.lat, place.lon

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

    def arrives(self, chat: int) -> Act:
        async def arrive() -> None:
            own = Random(f"{self._seed} {chat}")
            who = self.people[chat] = Person(chat, own.choice(sorted(TOWNS)), own)
            await self._keeps(who)
            if who.chance.random() < 0.3:
                await self._keeps(who)

        return arrive

    def _search(self, who: Person, trade: str, radius: int, *, september: bool) -> Search:
        start, end = SEPTEMBER if september else (None, None)
        circle = Circle(*self.place(who.town), radius)
        trades = (wanted(self.rooms.understander.table.get(trade)),)
        return Search(trades=trades, circles=(circle,), start=start, end=end)

    async def _keeps(self, who: Person) -> None:
        """One more alert, of another trade if there is one left; then its rhythm."""
        if len(who.alerts) == len(TRADES):
            return
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
        self.days.note("kept", who.chat, n=n, search=search, often=often)
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
        self.days.note("changed", who.chat, n=n, often=often)

    def reacts(self, chat: int, reply: Reply) -> None:
        """Some time after a message, some do something about it."""
        who = self.people[chat]
        drawn = who.chance.random()
        ids = [card.id for card in reply.cards]
        acts: list[tuple[float, Act]] = [
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
                self._later(who, 0.1, self._if_there(who, act))
                return
            drawn -= share

    def _if_there(self, who: Person, act: Act, states: Sequence[str] = ("on",)) -> Act:
        """Unless they are gone meanwhile, or began anew."""
        lives = who.lives

        async def do() -> None:
            there = who.chat not in self.blocked and who.lives == lives
            if there and who.alerts and who.state in states:
                await act()

        return do

    def answers(self, chat: int, id: str) -> None:
        who = self.people[chat]
        answer = who.chance.choice(("signed", "interview", "nothing", "yes", None))

        async def do() -> None:
            await self._says(who, payload=f"/came {answer} {id}")
            self.days.note("answered", chat, offer=id, answer=answer)

        if answer:
            self._later(who, 1.5, self._if_there(who, do, ("on", "stopped")))

    async def _calls(self, who: Person, id: str) -> None:
        offer = self.here.get(id)
        if offer is not None and offer.phone and is_open(offer, self._now()):
            await self._says(who, payload=f"/call {id}")
            self.days.note("called", who.chat, offer=id)

    async def _hides(self, who: Person, id: str) -> None:
        await self._says(who, payload=f"/hide {id}")
        self.days.note("hidden", who.chat, offer=id)

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
            self.days.note("changed", who.chat, n=n, state="paused", until=until)
        else:
            await self._says(who, payload=f"/alert_pause * {until}")
            self.days.note("all", who.chat, state="paused", until=until)

    async def _stops(self, who: Person) -> None:
        await self._says(who, text=who.chance.choice(("stop", "arrête les alertes", "STOP !")))
        self.days.note("all", who.chat, state="stopped")
        who.state = "stopped"
        looks = self._if_there(who, lambda: self._looks_around(who), ("stopped",))
        self._later(who, 3, looks)
        self._later(who, 15, lambda: self._resumes(who))

    async def _resumes(self, who: Person) -> None:
        self.blocked.discard(who.chat)
        if who.alerts and who.state == "stopped":
            who.state = "on"
            await self._says(who, payload="/alert_on *")
            self.days.note("all", who.chat, state="on")

    async def _erases(self, who: Person) -> None:
        await self._says(who, text="supprime tout")
        await self._says(who, payload="/delete_yes")
        self.days.note("erased", who.chat)
        who.alerts.clear()
        who.last, who.lives = 0, who.lives + 1
        if who.chance.random() < 0.5:
            self._later(who, 8, lambda: self._keeps(who))

    async def _blocks(self, who: Person) -> None:
        """The network says so at once, or not before the next message; whoever is back has to ask
        for their alerts."""
        self.blocked.add(who.chat)
        self.did["blocked"] += 1
        if who.chance.random() < 0.5:
            await self.rooms.turns.left("telegram", str(who.chat), next(who.pages))
            self.gone(who.chat)
        self._later(who, 11, lambda: self._comes_back(who))

    def gone(self, chat: int) -> None:
        """The service knows that they want no more of it."""
        self.people[chat].left = True
        self.days.note("left", chat)

    async def _comes_back(self, who: Person) -> None:
        self.blocked.discard(who.chat)
        if who.left:
            who.state, who.left = "stopped", False
            await self._resumes(who)

    async def _edits(self, who: Person) -> None:
        n = who.chance.choice(sorted(who.alerts))
        await self._says(who, payload=f"/alert_edit {n}")
        await self._says(who, text="15 km")
        await self._says(who, payload=f"/alert_keep {n}")
        self.days.note("changed", who.chat, n=n, radius=15)

    async def _drops(self, who: Person) -> None:
        n = who.chance.choice(sorted(who.alerts))
        await self._says(who, payload=f"/alert_drop {n}")
        self.days.note("dropped", who.chat, n=n)
        del who.alerts[n]

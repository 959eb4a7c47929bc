"""What people with alerts are promised, in plain loops: nothing that keeps the promise is used.

The life of a month is a list of what happened, in order; :class:`Promise` goes through it and says
where what people got is not what they were to get.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from dialogs.reply import Reply
from matching.model import Offer, Search, is_open, matches

SPREAD = timedelta(minutes=2)
"""How long after it is due a message may come: one a second to a person, and what a network asks
us to wait."""

MOST_OFFERS, MOST_OF_ONE, MOST_LIVE = 5, 2, 3
ASKED_AFTER = timedelta(days=4)
MOST_ASKED, MONTH = 2, timedelta(days=30)
PARIS = ZoneInfo("Europe/Paris")
_DAY = timedelta(days=1)
_STEP = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Often:
    """``kind`` is ``daily``, ``weekly`` (0 is Monday) or ``live``; ``minute`` since midnight."""

    kind: str
    zone: str
    minute: int = 17 * 60 + 30
    weekday: int = 2


AFTERWARDS = Often("daily", "Europe/Paris")
"""When one is asked what came of a call."""


@dataclass(frozen=True, slots=True)
class Happened:
    """``what`` happened at a moment, to ``chat`` if to anybody; the rest is its own."""

    at: datetime
    what: str
    chat: int = 0
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Kept:
    """An alert; ``waiting`` are offers found for it, ``batch`` those due, since ``due``."""

    search: Search
    often: Often
    changed: datetime
    state: str = "on"
    until: date | None = None
    waiting: dict[str, None] = field(default_factory=dict)
    batch: dict[str, None] = field(default_factory=dict)
    due: datetime | None = None

    def speaks(self, at: datetime) -> bool:
        day = at.astimezone(ZoneInfo(self.often.zone)).date()
        return self.state == "on" or (
            self.state == "paused" and self.until is not None and self.until <= day
        )


@dataclass(slots=True)
class Step:
    """A call, to be asked about from ``due`` on."""

    due: datetime
    state: str = "waiting"
    asked: datetime | None = None


@dataclass(slots=True)
class Cohort:
    """What counts of somebody in the figures, by the day they first kept an alert."""

    day: date
    acted: bool = False
    signed: bool = False


@dataclass(slots=True)
class Somebody:
    cohort: Cohort
    alerts: dict[int, Kept] = field(default_factory=dict)
    steps: dict[str, Step] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)
    got: list[datetime] = field(default_factory=list)


def by_day(at: datetime, zone: str) -> bool:
    return 8 <= at.astimezone(ZoneInfo(zone)).hour < 21


@cache
def days_due(often: Often, first: date, last: date) -> list[datetime]:
    """Every time of a rhythm by days, in UTC."""
    found, day = [], first
    while day <= last:
        if often.kind == "daily" or day.weekday() == often.weekday:
            at = time(often.minute // 60, often.minute % 60, tzinfo=ZoneInfo(often.zone))
            found.append(datetime.combine(day, at).astimezone(UTC))
        day += _DAY
    return found


class Promise:
    """``wrong`` are the differences, in words; ``messages`` and ``offers`` count what was right."""

    def __init__(self, began: datetime, ends: datetime) -> None:
        self._days = began.date() - 8 * _DAY, ends.date() + _DAY
        self._looked = began - _DAY
        self._offers: dict[str, Offer] = {}
        self._said: dict[str, tuple[Any, ...]] = {}
        self._people: dict[int, Somebody] = {}
        self.wrong: list[str] = []
        self.cohorts: list[Cohort] = []
        self.messages: Counter[str] = Counter()
        self.offers = 0

    def judge(self, life: list[Happened]) -> None:
        for one in life:
            getattr(self, f"_{one.what}")(one.at, one.chat, **one.values)

    def _differs(self, at: datetime, chat: int, why: str) -> None:
        self.wrong.append(f"{at:%d %b %H:%M:%S} UTC, chat {chat}: {why}")

    # what happens to offers

    def _published(self, at: datetime, _: int, offers: dict[str, Offer | None]) -> None:
        for id, offer in offers.items():
            kept = self._offers.get(id)
            if offer is not None:
                self._offers[id] = offer
            elif kept is not None:
                self._offers[id] = replace(kept, status="closed")

    # what people do

    def _kept(self, at: datetime, chat: int, n: int, search: Search, often: Often) -> None:
        who = self._people.get(chat)
        if who is None:  # nobody knows any more who was erased
            self.cohorts.append(Cohort(at.astimezone(PARIS).date()))
            who = self._people[chat] = Somebody(self.cohorts[-1])
        who.alerts[n] = Kept(search, often, at)

    def _changed(self, at: datetime, chat: int, n: int, **values: Any) -> None:
        alert = self._people[chat].alerts[n]
        alert.changed = at
        if radius := values.pop("radius", None):
            (circle,) = alert.search.circles
            wider = replace(circle, radius_km=radius)
            alert.search = replace(alert.search, circles=(wider,))
        for name, value in values.items():
            setattr(alert, name, value)

    def _all(self, at: datetime, chat: int, state: str, until: date | None = None) -> None:
        for n, alert in self._people[chat].alerts.items():
            self._changed(at, chat, n, state=state, until=until)
            if state == "stopped":
                alert.waiting.clear()
                alert.batch.clear()

    def _dropped(self, at: datetime, chat: int, n: int) -> None:
        del self._people[chat].alerts[n]

    def _hidden(self, at: datetime, chat: int, offer: str) -> None:
        self._people[chat].told.add(offer)

    def _called(self, at: datetime, chat: int, offer: str) -> None:
        who = self._people[chat]
        if offer not in who.steps or who.steps[offer].state == "waiting":
            who.steps[offer] = Step(at + ASKED_AFTER)
        if (at.astimezone(PARIS).date() - who.cohort.day).days <= 7:
            who.cohort.acted = True

    def _answered(self, at: datetime, chat: int, offer: str, answer: str) -> None:
        who = self._people[chat]
        who.steps[offer].state = "answered"
        if answer == "signed" and (at.astimezone(PARIS).date() - who.cohort.day).days <= 120:
            who.cohort.signed = True

    def _erased(self, at: datetime, chat: int) -> None:
        del self._people[chat]

    # what the service does

    def _looks(self, at: datetime, _: int) -> None:
        """New offers are found for alerts; what is due is to be sent."""
        for id, offer in self._offers.items():
            if not is_open(offer, at):
                continue
            says = (offer.title, offer.rome_codes, offer.insee, offer.lat, offer.lon, offer.start,
                    offer.diploma_level)  # fmt: skip
            if self._said.get(id) == says:
                continue
            self._said[id] = says
            for who in self._people.values():
                for alert in who.alerts.values():
                    if alert.speaks(at) and matches(alert.search, offer, at):
                        alert.waiting[id] = None
        for who in self._people.values():
            alerts = sorted(who.alerts.items(), key=lambda one: (one[1].often.kind, one[0]))
            for _n, alert in alerts:
                if alert.waiting and alert.speaks(at):
                    self._falls_due(at, who, alert)
        if self._last_due(AFTERWARDS, at) is not None:
            for who in self._people.values():
                self._ask(at, who)
        self._looked = at

    def _ask(self, at: datetime, who: Somebody) -> None:
        """About the oldest calls, twice a month; who has said stop, or pause, is left alone."""
        if who.alerts and not any(alert.speaks(at) for alert in who.alerts.values()):
            return
        lately = sum(s.asked is not None and s.asked > at - MONTH for s in who.steps.values())
        due = sorted(
            (step.due, offer)
            for offer, step in who.steps.items()
            if step.state == "waiting" and step.due <= at
        )
        for _, offer in due[: max(0, MOST_ASKED - lately)]:
            who.steps[offer].state, who.steps[offer].asked = "to ask", at

    def _asked(self, at: datetime, chat: int, offer: str) -> None:
        """« Maison X t’a répondu ? » came."""
        who = self._people.get(chat)
        step = who.steps.get(offer) if who else None
        if step is None or step.state != "to ask" or step.asked is None:
            self._differs(at, chat, f"asked about {offer}, which was not to be")
            return
        if at > step.asked + SPREAD:
            self._differs(at, chat, f"asked about {offer}, due at {step.asked}")
        step.state = "asked"
        self.messages["asked"] += 1

    def _falls_due(self, at: datetime, who: Somebody, alert: Kept) -> None:
        due = self._last_due(alert.often, at)
        if due is None or due < alert.changed or not by_day(at, alert.often.zone):
            return
        if alert.often.kind == "live":
            day = at.astimezone(ZoneInfo(alert.often.zone)).date()
            today = [g for g in who.got if g.astimezone(ZoneInfo(alert.often.zone)).date() == day]
            under_way = sum(bool(other.batch) for other in who.alerts.values())
            if len(today) + under_way >= MOST_LIVE:
                return
        alert.batch |= alert.waiting
        alert.waiting = {}
        alert.due = due

    def _last_due(self, often: Often, at: datetime) -> datetime | None:
        """The last time since one last looked."""
        if often.kind != "live":
            times = days_due(often, *self._days)
            n = bisect_right(times, at)
            return times[n - 1] if n and times[n - 1] > self._looked else None
        due = datetime.fromtimestamp(at.timestamp() // 300 * 300, UTC)
        while due > self._looked:
            if by_day(due, often.zone):
                return due
            due -= _STEP
        return None

    def _got(self, at: datetime, chat: int, reply: Reply) -> None:
        """An alert's message came."""
        who = self._people.get(chat)
        if who is None:
            self._differs(at, chat, "nobody is there, and a message came")
            return
        n = next(int(b.payload[11:]) for b in reply.buttons
                 if b.payload and b.payload.startswith("/alert_all "))  # fmt: skip
        alert, ids = who.alerts.get(n), [card.id for card in reply.cards]
        if alert is None or not alert.speaks(at) or not alert.batch or alert.due is None:
            self._differs(at, chat, f"alert {n} had nothing to say, and said {ids}")
            return
        if not by_day(at, alert.often.zone):
            self._differs(at, chat, f"alert {n} spoke at night")
        if at > alert.due + SPREAD and by_day(alert.due + SPREAD, alert.often.zone):
            self._differs(at, chat, f"alert {n} was due at {alert.due:%d %b %H:%M}")
        wanted = self._wanted(at, who, alert)
        shown = self._shown(wanted)
        if [self._job(id) for id in ids] != [self._job(id) for id in shown]:
            self._differs(at, chat, f"alert {n} told {ids}, was to tell {shown} of {wanted}")
        who.told |= set(wanted)
        who.got.append(at)
        alert.batch, alert.due = {}, None
        self.messages[alert.often.kind] += 1
        self.offers += len(ids)

    def _job(self, id: str) -> tuple[str, str | None]:
        """Two copies of one, of two sources, are one."""
        offer = self._offers[id]
        return offer.title, offer.company

    def _wanted(self, at: datetime, who: Somebody, alert: Kept) -> list[str]:
        """Neither what was told, nor a copy of what is still there of it."""
        told = {self._place(id) for id in who.told if self._offers[id].status == "open"}
        return [
            id
            for id in alert.batch
            if id not in who.told
            and self._place(id) not in told
            and matches(alert.search, self._offers[id], at)
        ]

    def _place(self, id: str) -> tuple[Any, ...]:
        """What two copies share, whatever has changed since they were told."""
        return *self._job(id), self._offers[id].insee

    def _shown(self, ids: list[str]) -> list[str]:
        def age(id: str) -> tuple[float, str]:
            published = self._offers[id].published
            assert published is not None
            return -published.timestamp(), id

        of_one: Counter[str | None] = Counter()
        shown: list[str] = []
        for id in sorted(ids, key=age):
            company = self._offers[id].company
            if self._job(id) in map(self._job, shown):
                continue
            if of_one[company] < MOST_OF_ONE:
                of_one[company] += 1
                shown.append(id)
        return shown[:MOST_OFFERS]

    def _left(self, at: datetime, chat: int) -> None:
        """They had blocked us when a message came."""
        if chat in self._people:
            self._all(at, chat, "stopped")

    def _silent(self, at: datetime, _: int) -> None:
        """All that could be sent was: nobody waits for a message any more, but at night."""
        for chat, who in self._people.items():
            for offer, step in who.steps.items():
                if step.state == "to ask":
                    if not who.alerts or any(a.speaks(at) for a in who.alerts.values()):
                        self._differs(at, chat, f"was to be asked about {offer}, and was not")
                    step.state = "dropped"
            for n, alert in who.alerts.items():
                if not alert.batch or not by_day(at, alert.often.zone):
                    continue
                if alert.speaks(at) and (wanted := self._wanted(at, who, alert)):
                    self._differs(at, chat, f"alert {n} was to tell {wanted}, and did not")
                alert.batch, alert.due = {}, None


def figures(cohorts: list[Cohort]) -> dict[str, Any]:
    """Of all people, how many signed; and of those of each week (its Monday), how many acted."""
    weeks: dict[str, list[int]] = {}
    for one in cohorts:
        monday = one.day - timedelta(days=one.day.weekday())
        week = weeks.setdefault(monday.isoformat(), [0, 0])
        week[0] += 1
        week[1] += one.acted
    return {"signed": [len(cohorts), sum(c.signed for c in cohorts)], "acted": weeks}


def invariants(life: list[Happened]) -> list[str]:
    """What holds of messages as such, whatever was expected: no offer twice nor one put aside, few
    in one message, no more than two questions in any thirty days and one about an offer."""
    wrong = []
    told: defaultdict[int, set[str]] = defaultdict(set)
    asked: defaultdict[int, dict[str, datetime]] = defaultdict(dict)
    for one in life:
        if one.what == "erased":
            told[one.chat].clear()
            asked[one.chat].clear()
        elif one.what == "hidden":
            told[one.chat].add(one.values["offer"])
        elif one.what == "asked":
            lately = [at for at in asked[one.chat].values() if at > one.at - MONTH]
            if one.values["offer"] in asked[one.chat] or len(lately) >= MOST_ASKED:
                wrong.append(f"{one.at} {one.chat}: asked too often")
            asked[one.chat][one.values["offer"]] = one.at
        elif one.what == "got":
            cards = one.values["reply"].cards
            ids = {card.id for card in cards}
            if told[one.chat] & ids or len(ids) < len(cards):
                wrong.append(f"{one.at} {one.chat}: told again {told[one.chat] & ids}")
            if not 1 <= len(cards) <= MOST_OFFERS:
                wrong.append(f"{one.at} {one.chat}: {len(cards)} offers")
            told[one.chat] |= ids
    return wrong

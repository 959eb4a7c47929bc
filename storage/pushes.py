"""Messages that nobody asked for just now: claimed, sent, marked."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import and_, case, delete, exists, func, literal, or_, select, update
from sqlalchemy.sql.elements import ColumnElement

from matching.model import Offer
from storage import schema
from storage.alerts import Alert, unread
from storage.database import Database, Transaction, unbroken
from storage.offers import heard_of
from storage.pauses import over, pause_of
from storage.schema import (
    conversations,
    counters,
    digests,
    follow_ups,
    offers,
    pushes,
    searches,
)

State = Literal["sent", "gone", "unknown", "pending", "later"]

LEFT_FOR = timedelta(days=30)
"""How long the conversation of somebody who wants no more of us is kept, in case they are back."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that is this sender's ``until`` then; ``attempts`` counts this one."""

    id: int
    person: str
    channel: str
    kind: str
    search: int | None
    offers: Sequence[str]
    attempts: int
    until: datetime


@dataclass(frozen=True, slots=True)
class Step:
    """A call or an application to ask about: see :data:`storage.schema.follow_ups`."""

    offer: str
    title: str
    company: str
    what: str


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom a message is for, as it is now; ``known`` is what :func:`storage.offers.heard_of` says.

    ``beat`` or else ``departement`` is what their time is told from. ``rang``: another message has
    reached them lately.
    """

    address: str
    alert: Alert | None
    known: Sequence[Offer]
    step: Step | None
    beat: str | None
    departement: str | None
    rang: bool = False


class Pushes:
    """``pending`` -> ``claimed`` (by an owner, for the length of a lease) -> ``sent``, ``gone`` or
    ``unknown``, or back to ``pending`` and ``later``. One of a person at a time, in order.

    What is past its window is sent no more: the next message of its alert takes it over.
    """

    def __init__(self, db: Database) -> None:
        self._db = db

    async def claim(
        self, *, channels: Collection[str], owner: str, lease: timedelta, now: datetime, limit: int
    ) -> list[Claimed]:
        """Take what nobody sends, the oldest unsent of each person only.

        ``lease`` is longer than a send may take: past it, others may claim them again. With nothing
        to take, or while nothing may be sent, nothing is written.
        """
        found: list[Claimed] = []
        for channel in channels:
            async with self._db.read() as tx:
                if over((await tx.execute(pause_of(channel))).scalar_one(), now):
                    continue
                idle = select(pushes.c.id).where(_claimable(channel, now)).limit(1)
                if (await tx.execute(idle)).first() is None:
                    continue
            found += await self._claim(channel, owner, lease, now, limit - len(found))
        return found

    @unbroken
    async def _claim(
        self, channel: str, owner: str, lease: timedelta, now: datetime, limit: int
    ) -> list[Claimed]:
        c = pushes.c
        columns = (c.id, c.person, c.channel, c.kind, c.search, c.offers, c.attempts)
        free = select(*columns).where(_claimable(channel, now)).order_by(c.id).limit(limit)
        async with self._db.write() as tx:
            rows = (await tx.execute(free.with_for_update(skip_locked=True))).all()
            if rows:
                taken = update(pushes).where(c.id.in_([row.id for row in rows]))
                ours = {"state": "claimed", "owner": owner, "leased_until": now + lease}
                await tx.execute(taken.values(**ours, attempts=c.attempts + 1))
        return [Claimed(*row[:6], row.attempts + 1, now + lease) for row in rows]

    async def recipient(self, push: Claimed, now: datetime, lately: datetime) -> Recipient | None:
        """Who it is for, and whether they got another one since ``lately``; ``None`` when they are
        gone."""
        if push.kind == "notice":
            return await self._reader(push, now)
        a, c, other = searches.c, conversations.c, pushes.alias().c
        rang = select(other.id).where(
            other.person == c.id, other.channel == c.channel, other.id != push.id,
            other.state == "sent", other.settled >= lately,
        )  # fmt: skip
        query = (
            select(rang.exists(), c.address, a.n, a.name, a.wish, a.beat, a.state, a.until, a.id)
            .join_from(
                conversations, searches, and_(a.id == push.search, a.person == c.id), isouter=True
            )
            .where(c.id == push.person, c.channel == push.channel, c.expires > now)
        )
        async with self._db.read() as tx:
            row = (await tx.execute(query)).one_or_none()
            if row is None:
                return None
            rung, address, *alert = row
            known = await heard_of(tx, push.person, push.offers) if push.search else []
            step = await _step(tx, push) if push.kind == "follow_up" else None
            beat, where = await _where(tx, push) if push.search is None else (row.beat, None)
        return Recipient(
            address, Alert(*alert) if row.id else None, known, step, beat, where, rang=rung
        )

    async def _reader(self, push: Claimed, now: datetime) -> Recipient | None:
        """Who is told that something waits, as long as it does; browsers are found by person."""
        waits = select(pushes.c.id).where(
            pushes.c.person == push.person, *unread(), pushes.c.expires > now
        )
        there = select(conversations.c.id).where(
            conversations.c.id == push.person, conversations.c.expires > now, waits.exists()
        )
        async with self._db.read() as tx:
            if (await tx.execute(there)).first() is None:
                return None
            beat, where = await _where(tx, push)
        return Recipient(push.person, None, [], None, beat, where)

    async def go(self, push: Claimed, owner: str, now: datetime) -> datetime | bool:
        """The last look before it is sent: ``True``, ``False`` when it is ours no more or its alert
        was stopped, or until when nothing may be sent."""
        mine = select(pushes.c.id).where(_held(push, owner), pushes.c.leased_until > now)
        if push.search is not None:
            speaks = select(searches.c.id).where(searches.c.id == push.search)
            mine = mine.where(speaks.where(searches.c.state == "on").exists())
        async with self._db.read() as tx:
            pause = pause_of(push.channel).scalar_subquery()
            held, free_at = (await tx.execute(select(mine.exists(), pause))).one()
        return (over(free_at, now) or True) if held else False

    @unbroken
    async def sent(
        self, push: Claimed, owner: str, now: datetime, *, shown: Sequence[str],
        told: Sequence[str], label: str, apart: timedelta,
    ) -> None:  # fmt: skip
        """It was taken. ``shown`` are the offers it showed, ``told`` those never to be told again:
        what was closed when it left is not among them, and is news if it comes back changed.

        Another one to the same person waits until it is so far ``apart``.

        One that was stopped while it was on its way was sent all the same; of one that was erased
        nothing is noted.
        """
        known = [{"person": push.person, "offer": id, "at": now} for id in told]
        async with self._db.write() as tx:
            done = update(pushes).where(_held(push, owner))
            await tx.execute(done.values(**_over("sent", now), offers=list(shown)))
            await tx.execute(_apart(push, now + apart))
            there = select(pushes.c.id).where(pushes.c.id == push.id)
            if push.kind == "alert" and known and (await tx.execute(there)).first():
                await tx.execute(
                    schema.insert(tx, schema.told).values(known).on_conflict_do_nothing()
                )
            await _count(tx, label, now)

    @unbroken
    async def settle(
        self, push: Claimed, owner: str, state: State, now: datetime, *, label: str,
        not_before: datetime | None = None,
    ) -> None:  # fmt: skip
        """Anything else that became of it; what was put ``later`` was no attempt."""
        values: dict[str, Any] = _over(state, now)
        if state in ("pending", "later"):
            values |= {"settled": None, "not_before": not_before}
        if state == "later":
            values["attempts"] = pushes.c.attempts - 1
        async with self._db.write() as tx:
            await tx.execute(update(pushes).where(_held(push, owner)).values(**values))
            await _count(tx, label, now)

    @unbroken
    async def left(self, person: str, now: datetime) -> None:
        """See :func:`leave`."""
        async with self._db.write() as tx:
            await leave(tx, person, now)

    @unbroken
    async def release(self, ids: Iterable[int], owner: str) -> None:
        """Of what was claimed and not begun: others may send it at once."""
        mine = and_(pushes.c.id.in_(list(ids)), pushes.c.owner == owner)
        held = update(pushes).where(mine, pushes.c.state == "claimed")
        given = {"state": "pending", "owner": None, "leased_until": None}
        async with self._db.write() as tx:
            await tx.execute(held.values(**given, attempts=pushes.c.attempts - 1))

    async def status(self) -> list[tuple[str, str, str, int, datetime]]:
        """Of what is not settled, by channel, kind and state: how many, and since when."""
        c = pushes.c
        query = (
            select(c.channel, c.kind, c.state, func.count(), func.min(c.created))
            .where(c.settled.is_(None))
            .group_by(c.channel, c.kind, c.state)
            .order_by(c.channel, c.kind, c.state)
        )
        async with self._db.read() as tx:
            return [tuple(row) for row in await tx.execute(query)]

    async def waiting(self, channels: Collection[str], now: datetime) -> int:
        """How many are still to be sent there."""
        c = pushes.c
        open_ = and_(c.channel.in_(list(channels)), c.settled.is_(None), c.expires > now)
        async with self._db.read() as tx:
            query = select(func.count()).select_from(pushes).where(open_)
            return int((await tx.execute(query)).scalar_one())

    async def purge(self, before: datetime) -> int:
        """Erase what was settled, or past its window, before this moment; how many.

        It must lie further back than the longest time between two messages of an alert.
        """
        old = or_(pushes.c.settled < before, pushes.c.expires < before)
        async with self._db.write() as tx:
            return (await tx.execute(delete(pushes).where(old))).rowcount


async def leave(tx: Transaction, person: str, now: datetime) -> None:
    """They want no more of our messages: nothing is sent, alerts stop, all is soon erased."""
    theirs = update(conversations).where(conversations.c.id == person)
    end = now + LEFT_FOR
    sooner = case((conversations.c.expires < end, conversations.c.expires), else_=end)
    await tx.execute(theirs.values(expires=sooner))
    await stop_alerts(tx, person, now)


async def stop_alerts(tx: Transaction, person: str, now: datetime) -> None:
    """As somebody who says « stop », and nothing else is sent to them either."""
    theirs = select(searches.c.id).where(searches.c.person == person)
    await tx.execute(delete(digests).where(digests.c.search.in_(theirs)))
    unsent = update(pushes).where(pushes.c.person == person, pushes.c.settled.is_(None))
    await tx.execute(unsent.values(**_over("gone", now)))
    on = update(searches).where(searches.c.person == person, searches.c.state != "stopped")
    await tx.execute(on.values(state="stopped", until=None, changed=now))


def _over(state: str, now: datetime) -> dict[str, Any]:
    return {"state": state, "settled": now, "owner": None, "leased_until": None}


def _held(push: Claimed, owner: str) -> ColumnElement[bool]:
    c = pushes.c
    return and_(c.id == push.id, c.owner == owner, c.state == "claimed")


def _claimable(channel: str, now: datetime) -> ColumnElement[bool]:
    c, older = pushes.c, pushes.alias("older")
    waits = and_(
        c.state.in_(("pending", "later")), or_(c.not_before.is_(None), c.not_before <= now)
    )
    dropped = and_(c.state == "claimed", c.leased_until <= now)
    first = ~exists().where(
        older.c.person == c.person,
        older.c.channel == c.channel,
        older.c.id < c.id,
        older.c.settled.is_(None),
        older.c.expires > now,
    )
    idle = and_(c.channel == channel, c.settled.is_(None), c.expires > now)
    return and_(idle, or_(waits, dropped), first)


def _apart(push: Claimed, until: datetime) -> Any:
    c = pushes.c
    sooner = or_(c.not_before.is_(None), c.not_before < until)
    others = and_(c.person == push.person, c.channel == push.channel, c.settled.is_(None), sooner)
    return update(pushes).where(others).values(not_before=until)


def wants_silence(person: Any) -> ColumnElement[bool]:
    """Whether somebody (a column, or an id) keeps alerts of which none speaks: they were told that
    nothing is sent any more, or nothing until a day."""
    theirs = select(searches.c.id).where(searches.c.person == person)
    return and_(theirs.exists(), ~theirs.where(searches.c.state == "on").exists())


async def _step(tx: Transaction, push: Claimed) -> Step | None:
    """What is asked about, unless they have told already, or want to hear nothing."""
    c = follow_ups.c
    asked = and_(
        c.person == push.person, c.offer.in_(push.offers), c.state == "asked",
        ~wants_silence(push.person),
    )  # fmt: skip
    row = (await tx.execute(select(c.offer, c.title, c.company, c.what).where(asked))).first()
    return Step(*row) if row else None


async def _where(tx: Transaction, push: Claimed) -> tuple[str | None, str | None]:
    """What tells the time of somebody whose message is not of an alert."""
    beat = select(searches.c.beat).where(searches.c.person == push.person).order_by(searches.c.n)
    if found := (await tx.execute(beat.limit(1))).scalar():
        return found, None
    where = select(offers.c.departement).where(offers.c.id.in_(push.offers))
    return None, (await tx.execute(where.limit(1))).scalar()


async def _count(tx: Transaction, label: str, now: datetime) -> None:
    """One more of what became of messages, by day: nobody is in it."""
    row = schema.insert(tx, counters).values(name="pushes", label=label, day=now.date(), n=1)
    keys = ["name", "label", "day"]
    more = {"n": counters.c.n + literal(1)}
    await tx.execute(row.on_conflict_do_update(index_elements=keys, set_=more))

"""« Garage X t’a répondu ? »: what is asked some days after a step, seldom enough."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, case, insert, select, tuple_, update
from sqlalchemy.sql.elements import ColumnElement

from storage.database import Database, Transaction, unbroken
from storage.pushes import stop_alerts, wants_silence
from storage.schema import conversations, follow_ups, pushes, searches

MONTH = timedelta(days=30)
MOST_A_MONTH = 2
FORGOTTEN = timedelta(days=60)
"""A step longer ago than that is not asked about any more."""

WINDOW = timedelta(days=3)
"""How long a question may wait to be sent."""

AT_ONCE = 200


class FollowUps:
    """Each message is made in the transaction that marks what it asks about as ``asked``.

    ``pushed`` are the networks on which we write to people; elsewhere a question waits for
    ``unread`` until it is read.
    """

    def __init__(self, db: Database, pushed: Iterable[str], unread: timedelta) -> None:
        self._db = db
        self._pushed = sorted(pushed)
        self._unread = unread

    async def ask(self, now: datetime) -> int:
        """Questions about what is due, once per offer, twice a month per person; how many.

        Whoever has stopped or paused all their alerts is asked once one of them speaks again.
        """
        people, asked = await self._whom(now), 0
        for first in range(0, len(people), AT_ONCE):
            if found := await self._due(people[first : first + AT_ONCE], now):
                asked += await self._ask(found, now)
        return asked

    async def _whom(self, now: datetime) -> Sequence[str]:
        """People of whom something is due, in order: read once, for each page would cost as much
        as all of them."""
        f = follow_ups.c
        query = (
            select(f.person)
            .distinct()
            .where(f.state == "waiting", f.due <= now, f.due > now - FORGOTTEN)
        )
        async with self._db.read() as tx:
            return (await tx.execute(query.order_by(f.person))).scalars().all()

    async def _due(self, people: Sequence[str], now: datetime) -> list[tuple[str, str, str]]:
        """What is due of these people and may be asked: person, offer, channel.

        What is due is told here and not by the database, which would go through all that is.
        """
        f, c = follow_ups.c, conversations.c
        steps = (
            select(f.person, f.offer, c.channel, f.state, f.due, f.asked)
            .join_from(follow_ups, conversations, c.id == f.person)
            .where(f.person.in_(people), c.expires > now, ~wants_silence(f.person))
            .order_by(f.person, f.due, f.offer)
        )
        async with self._db.read() as tx:
            rows = (await tx.execute(steps)).all()
        left = dict.fromkeys(people, MOST_A_MONTH)
        for row in rows:
            left[row.person] -= row.asked is not None and row.asked > now - MONTH
        found = []
        for row in rows:
            due = row.state == "waiting" and now - FORGOTTEN < row.due <= now
            if due and left[row.person] > 0:
                left[row.person] -= 1
                found.append((row.person, row.offer, row.channel))
        return found

    @unbroken
    async def _ask(self, found: Sequence[tuple[str, str, str]], now: datetime) -> int:
        f = follow_ups.c
        these = tuple_(f.person, f.offer).in_([(person, offer) for person, offer, _ in found])
        asked = update(follow_ups).where(these, f.state == "waiting")
        mark = asked.values(state="asked", asked=now).returning(f.person, f.offer)
        async with self._db.write() as tx:
            ours = {(row.person, row.offer) for row in await tx.execute(mark)}
            rows = [
                _row(
                    person, channel, "follow_up", [offer], now,
                    WINDOW if channel in self._pushed else self._unread,
                )
                for person, offer, channel in found
                if (person, offer) in ours  # else somebody else asks
            ]  # fmt: skip
            if rows:
                await tx.execute(insert(pushes), rows)
        return len(rows)

    @unbroken
    async def still_looking(self, now: datetime, silent: timedelta) -> int:
        """Ask those whose alerts speak and who have said nothing for so long; how many."""
        c, p = conversations.c, pushes.c
        asked = select(p.id).where(
            p.person == c.id, p.kind == "still_looking", p.created > c.updated, p.state != "expired"
        )
        window = case((c.channel.in_(self._pushed), "sent"), else_="read")
        quiet = select(c.id, c.channel, window).where(_silent(now - silent, now), ~asked.exists())
        async with self._db.write() as tx:
            found = (await tx.execute(quiet.limit(AT_ONCE))).all()
            rows = [
                _row(person, channel, "still_looking", [], now, WINDOW if how == "sent" else MONTH)
                for person, channel, how in found
            ]
            if rows:
                await tx.execute(insert(pushes), rows)
        return len(rows)

    @unbroken
    async def stop_silent(self, now: datetime, silent: timedelta) -> int:
        """Whoever was asked a month ago, and has not answered, gets no more alerts; how many."""
        c, p = conversations.c, pushes.c
        reached = case((p.settled.is_(None), p.created), else_=p.settled)
        asked = select(p.id).where(
            p.person == c.id,
            p.kind == "still_looking",
            p.created > c.updated,
            p.state.in_(("sent", "pending")),
            reached <= now - MONTH,
        )
        query = select(c.id).where(_silent(now - silent, now), asked.exists()).limit(AT_ONCE)
        async with self._db.write() as tx:
            people = list((await tx.execute(query)).scalars())
            for person in people:
                await stop_alerts(tx, person, now)
        return len(people)

    @unbroken
    async def drop_old(self, now: datetime) -> int:
        """What was never asked about in time is not any more; how many."""
        f = follow_ups.c
        old = update(follow_ups).where(f.state == "waiting", f.due <= now - FORGOTTEN)
        async with self._db.write() as tx:
            return await _dropped(tx, old)


async def _dropped(tx: Transaction, old: Any) -> int:
    return int((await tx.execute(old.values(state="dropped"))).rowcount)


def _silent(since: datetime, now: datetime) -> ColumnElement[bool]:
    c = conversations.c
    on = select(searches.c.id).where(searches.c.person == c.id, searches.c.state == "on")
    return and_(c.updated <= since, c.expires > now, on.exists())


def _row(
    person: str, channel: str, kind: str, offers: list[str], now: datetime, window: timedelta
) -> dict[str, Any]:
    return {
        "person": person, "channel": channel, "kind": kind, "search": None, "offers": offers,
        "state": "pending", "created": now, "expires": now + window,
    }  # fmt: skip

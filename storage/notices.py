"""Notices to browsers: that something waits on the page for who asked to be told."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import and_, case, func, insert, or_, select

from storage.alerts import READ, unread
from storage.database import NOTICING, Database, Transaction, unbroken
from storage.schema import browsers, pushes

CHANNEL = "web_push"
"""The network of notices; what they are about waits on another one."""

KIND = "notice"

WINDOW = timedelta(days=1)
"""How long one tries to send a notice: past it, whoever looks sees what came."""

WRITTEN_WITHIN = timedelta(minutes=5)
"""After a message got its number; longer than any transaction of ours lasts."""

AT_ONCE = 500


class Notices:
    """A person gets one for all that waits; another once they have read it, or once newer messages
    have taken the place of all that waited: what an alert finds on another day is news too.

    The first look is at everything; those after it at what came since, and at who has a browser
    since: what was seen to need none does not need one by itself.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._looks: deque[tuple[datetime, int]] = deque()
        """When one looked, oldest first, and the highest number of a message then."""

    async def make(self, now: datetime) -> int:
        """Those that are missing; how many. Several processes may do it at once."""
        made = 0
        since = self._since(now)
        async with self._db.read() as tx:
            latest = (await tx.execute(select(func.max(pushes.c.id)))).scalar() or 0
        if since is not None:
            made += await self._tell(await self._subscribed(since[0]), now)
        for channel in READ:
            after = since[1] if since else 0
            while rows := await self._next(channel, after, now):
                made += await self._tell([person for _, person in rows], now)
                after = rows[-1][0]
        self._looks.append((now, latest))
        return made

    def _since(self, now: datetime) -> tuple[datetime, int] | None:
        """The last look at which all lower numbers had been written; ``None`` before there is one.

        A message may be written after one with a higher number.
        """
        while len(self._looks) > 1 and self._looks[1][0] <= now - WRITTEN_WITHIN:
            self._looks.popleft()
        settled = self._looks and self._looks[0][0] <= now - WRITTEN_WITHIN
        return self._looks[0] if settled else None

    async def _next(self, channel: str, after: int, now: datetime) -> Sequence[tuple[int, str]]:
        """Unread messages to people with a browser to tell, by number."""
        c = pushes.c
        theirs = select(browsers.c.person).where(browsers.c.person == c.person).exists()
        waits = and_(*unread(), c.channel == channel, c.expires > now, c.id > after, theirs)
        query = select(c.id, c.person).where(waits).order_by(c.id).limit(AT_ONCE)
        async with self._db.read() as tx:
            return [(row.id, row.person) for row in await tx.execute(query)]

    async def _subscribed(self, since: datetime) -> list[str]:
        query = select(browsers.c.person).distinct().where(browsers.c.created >= since)
        async with self._db.read() as tx:
            return list((await tx.execute(query)).scalars())

    async def _tell(self, people: Sequence[str], now: datetime) -> int:
        """Make the notices that these people miss."""
        made, people = 0, sorted(set(people))
        for first in range(0, len(people), AT_ONCE):
            some = people[first : first + AT_ONCE]
            async with self._db.read() as tx:
                missing = await _missing(tx, some, now)
            if missing:
                made += await self._make(missing, now)
        return made

    @unbroken
    async def _make(self, people: Sequence[str], now: datetime) -> int:
        async with self._db.write() as tx:
            await self._db.alone(tx, NOTICING)
            people = await _missing(tx, people, now)  # another may have been here
            row = {
                "channel": CHANNEL, "kind": KIND, "offers": [], "state": "pending",
                "created": now, "expires": now + WINDOW,
            }  # fmt: skip
            if people:
                await tx.execute(insert(pushes), [{**row, "person": who} for who in people])
        return len(people)


async def _missing(tx: Transaction, people: Sequence[str], now: datetime) -> list[str]:
    """Those whose oldest unread message is later than any notice to them."""
    c = pushes.c
    waits = and_(*unread(), c.expires > now)
    oldest = func.min(case((waits, c.id)))
    last = func.max(case((c.kind == KIND, c.id)))
    which = and_(c.person.in_(people), or_(waits, c.kind == KIND))
    query = select(c.person, oldest, last).where(which).group_by(c.person)
    rows = [tuple(row) for row in await tx.execute(query.order_by(c.person))]
    return [who for who, first, told in rows if first is not None and first > (told or 0)]

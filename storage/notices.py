"""Notices to browsers: that something waits on the page for who asked to be told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import and_, case, func, insert, or_, select

from storage.alerts import unread
from storage.database import NOTICING, Database, Transaction, unbroken
from storage.schema import browsers, pushes

CHANNEL = "web_push"
"""The network of notices; what they are about waits on another one."""

KIND = "notice"

WINDOW = timedelta(days=1)
"""How long one tries to send a notice: past it, whoever looks sees what came."""

AT_ONCE = 500


class Notices:
    """A person gets one for all that waits; another once they have read it, or once newer messages
    have taken the place of all that waited: what an alert finds on another day is news too."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def make(self, now: datetime) -> int:
        """Those that are missing; how many. Several processes may do it at once."""
        made, after = 0, ""
        while people := await self._next(after):
            async with self._db.read() as tx:
                missing = await _missing(tx, people, now)
            if missing:
                made += await self._make(missing, now)
            after = people[-1]
        return made

    async def _next(self, after: str) -> Sequence[str]:
        """People with a browser to tell, in order."""
        c = browsers.c
        query = select(c.person).distinct().where(c.person > after)
        async with self._db.read() as tx:
            return (await tx.execute(query.order_by(c.person).limit(AT_ONCE))).scalars().all()

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

"""Notices to browsers: that something waits on the page for who asked to be told."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, insert, select

from storage.alerts import unread
from storage.database import NOTICING, Database, unbroken
from storage.schema import browsers, pushes

CHANNEL = "web_push"
"""The network of notices; what they are about waits on another one."""

KIND = "notice"

WINDOW = timedelta(days=1)
"""How long one tries to send a notice: past it, whoever looks sees what came."""

AT_ONCE = 500


class Notices:
    """A person gets one for all that waits, and none more until they have read it."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def make(self, now: datetime) -> int:
        """Those that are missing; how many. Several processes may do it at once."""
        made = 0
        while await self._any(now):
            made += (count := await self._make(now))
            if not count:
                break
        return made

    async def _any(self, now: datetime) -> bool:
        async with self._db.read() as tx:
            return (await tx.execute(_missing(now).limit(1))).first() is not None

    @unbroken
    async def _make(self, now: datetime) -> int:
        async with self._db.write() as tx:
            await self._db.alone(tx, NOTICING)
            people = (await tx.execute(_missing(now).limit(AT_ONCE))).scalars().all()
            row = {
                "channel": CHANNEL, "kind": KIND, "offers": [], "state": "pending",
                "created": now, "expires": now + WINDOW,
            }  # fmt: skip
            if people:
                await tx.execute(insert(pushes), [{**row, "person": who} for who in people])
        return len(people)


def _missing(now: datetime) -> Select[Any]:
    """People with a browser to tell, whose oldest unread message is later than any notice."""
    p, n = pushes, pushes.alias("n")
    there = select(browsers.c.endpoint).where(browsers.c.person == p.c.person).exists()
    oldest = select(p.c.person, func.min(p.c.id).label("first"))
    waiting = oldest.where(*unread(), p.c.expires > now, there).group_by(p.c.person).subquery()
    told = select(n.c.id).where(n.c.person == waiting.c.person, n.c.kind == KIND)
    untold = ~told.where(n.c.id > waiting.c.first).exists()
    return select(waiting.c.person).where(untold).order_by(waiting.c.person)

"""Browsers that want to be told when something waits (Web Push)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, exists, select

from storage.database import Database
from storage.schema import browsers, insert, searches

MOST = 5
"""Browsers of one person; the oldest makes room."""


@dataclass(frozen=True, slots=True)
class Browser:
    """Where to tell it: ``endpoint`` is an address at its maker's push service. ``p256dh`` and
    ``auth`` are its keys, in base64url without padding. Whoever knows them can write to it."""

    endpoint: str = field(repr=False)
    p256dh: str = field(repr=False)
    auth: str = field(repr=False)


class Browsers:
    """``person`` is a conversation's id; erasing the conversation erases them."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def of(self, person: str) -> list[Browser]:
        """Those of a person, latest first."""
        c = browsers.c
        query = select(c.endpoint, c.p256dh, c.auth).where(c.person == person)
        async with self._db.read() as tx:
            rows = await tx.execute(query.order_by(c.created.desc(), c.endpoint))
            return [Browser(*row) for row in rows]

    async def keep(self, person: str, browser: Browser, now: datetime) -> bool:
        """Tell this browser from now on, and nobody else by it; not for who keeps no alert.

        Nothing of this person may be erased meanwhile: the caller holds their lock.
        """
        c = browsers.c
        values = {"person": person, "p256dh": browser.p256dh, "auth": browser.auth, "created": now}
        latest = select(c.endpoint).where(c.person == person)
        latest = latest.order_by(c.created.desc(), c.endpoint).limit(MOST)
        async with self._db.write() as tx:
            alert = exists().where(searches.c.person == person)
            if not (await tx.execute(select(alert))).scalar_one():
                return False
            row = insert(tx, browsers).values(endpoint=browser.endpoint, **values)
            await tx.execute(row.on_conflict_do_update(index_elements=[c.endpoint], set_=values))
            await tx.execute(delete(browsers).where(c.person == person, c.endpoint.not_in(latest)))
        return True

    async def drop(self, endpoint: str, person: str | None = None) -> None:
        """Never tell it again; with ``person``, only if it is theirs."""
        which = browsers.c.endpoint == endpoint
        if person is not None:
            which &= browsers.c.person == person
        async with self._db.write() as tx:
            await tx.execute(delete(browsers).where(which))

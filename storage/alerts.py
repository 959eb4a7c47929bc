"""What a person's alerts are, and what they have brought lately: for the dialogue to read."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, func, select

from matching.model import Offer
from storage.database import Database
from storage.offers import heard_of
from storage.schema import browsers, pushes, searches

READ = ("web", "terminal")
"""Where nothing is brought to people: they come and read."""

CAUGHT_UP = 5
"""How far back one looks for what somebody was told while they said nothing."""

State = Literal["on", "paused", "stopped"]


@dataclass(frozen=True, slots=True)
class Alert:
    """One row of :data:`storage.schema.searches`; ``n`` is what the person's buttons call it."""

    n: int
    name: str | None
    wish: Mapping[str, Any]
    beat: str
    state: State
    until: date | None
    id: int


@dataclass(frozen=True, slots=True)
class Push:
    """A message about offers, by their ids; ``search`` is the ``id`` of its alert, if any, ``n``,
    ``name`` and ``wish`` that alert's own, ``None`` once it is gone."""

    id: int
    kind: str
    search: int | None
    offers: Sequence[str]
    n: int | None = None
    name: str | None = None
    wish: Mapping[str, Any] | None = None


class Alerts:
    """They are written by the :class:`storage.ledger.Ledger`. ``person`` is a conversation's id."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def of(self, person: str) -> list[Alert]:
        """All of them, in the order of their numbers."""
        c = searches.c
        query = select(c.n, c.name, c.wish, c.beat, c.state, c.until, c.id).where(
            c.person == person
        )
        async with self._db.read() as tx:
            return [Alert(*row) for row in await tx.execute(query.order_by(c.n))]

    async def since(self, person: str, after: int) -> list[Push]:
        """The last messages that were sent, of those whose number is higher, oldest first."""
        c = pushes.c
        sent = _push().where(
            c.person == person, c.id > after, c.kind != "notice", c.state == "sent"
        )
        async with self._db.read() as tx:
            rows = await tx.execute(sent.order_by(c.id.desc()).limit(CAUGHT_UP))
            return [Push(*row) for row in rows][::-1]

    async def unread(self, person: str) -> list[Push]:
        """What waits for its person to come and read it, oldest first."""
        c = pushes.c
        async with self._db.read() as tx:
            rows = await tx.execute(_push().where(c.person == person, *unread()).order_by(c.id))
            return [Push(*row) for row in rows]

    async def devices(self, person: str) -> int:
        """How many browsers are told when something waits."""
        query = select(func.count()).select_from(browsers).where(browsers.c.person == person)
        async with self._db.read() as tx:
            return (await tx.execute(query)).scalar_one()

    async def heard_of(self, person: str, ids: Collection[str]) -> list[Offer]:
        """See :func:`storage.offers.heard_of`."""
        async with self._db.read() as tx:
            return await heard_of(tx, person, ids)

    async def news(self, person: str, now: datetime) -> int:
        """How many of these messages are still worth reading."""
        c, query = pushes.c, select(func.count()).select_from(pushes)
        async with self._db.read() as tx:
            found = await tx.execute(query.where(c.person == person, *unread(), c.expires > now))
            return found.scalar_one()


def unread() -> tuple[ColumnElement[bool], ...]:
    """What waits where people come and read, whoever it is for; a notice says only that something
    does."""
    c = pushes.c
    return c.channel.in_(READ), c.settled.is_(None), c.kind != "notice"


def _push() -> Select[Any]:
    c, alert = pushes.c, searches.c
    columns = (c.id, c.kind, c.search, c.offers, alert.n, alert.name, alert.wish)
    return select(*columns).join_from(pushes, searches, c.search == alert.id, isouter=True)

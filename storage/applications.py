"""What became of the applications sent in the chat; they are noted by the :class:`Ledger`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import and_, delete, exists, func, or_, select, update

from storage.database import Database
from storage.schema import applications, conversations

State = Literal["sending", "sent", "refused", "unknown"]

COUNTED = ("sending", "sent", "unknown")
"""What counts towards a limit: all that has left, or may have."""

DAY = timedelta(hours=24)

LIMITS = {"too_many_for_offer": 3, "too_many_for_company": 20, "too_many_today": 100}
"""What API apprentissage allows: per person and recruiter, per recruiter and day, per person and
day."""


@dataclass(frozen=True, slots=True)
class Noted:
    """One application: to which offer, how it stands and since when; nothing of the person."""

    offer: str
    state: State
    reason: str | None
    created: datetime


@dataclass(frozen=True, slots=True)
class Abandoned:
    """An application whose outcome nobody told, and where to tell it.

    ``begun``: it may have been sent; otherwise it surely was not.
    """

    person: str
    channel: str
    address: str
    offer: str
    created: datetime
    begun: bool


class Applications:
    """One row per person and offer. ``person`` is a conversation's id."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def of(self, person: str) -> list[Noted]:
        """All that is noted of a person, latest first."""
        c = applications.c
        query = select(c.offer, c.state, c.reason, c.created).where(c.person == person)
        async with self._db.read() as tx:
            return [Noted(*row) for row in await tx.execute(query.order_by(c.created.desc()))]

    async def beyond(self, person: str, recruiter: str, now: datetime) -> str | None:
        """The limit that one more application would pass: a key of :data:`LIMITS`."""
        c = applications.c
        counted = c.state.in_(COUNTED)
        mine, today = and_(counted, c.person == person), c.created > now - DAY
        theirs = and_(c.recruiter == recruiter, c.recruiter != "")
        conditions = {
            "too_many_for_offer": and_(mine, theirs),
            "too_many_for_company": and_(counted, theirs, today),
            "too_many_today": and_(mine, today),
        }
        async with self._db.read() as tx:
            for reason, condition in conditions.items():
                count = select(func.count()).select_from(applications).where(condition)
                if (await tx.execute(count)).scalar_one() >= LIMITS[reason]:
                    return reason
        return None

    async def begin(self, person: str, offer: str, now: datetime) -> bool:
        """Take the one attempt; ``False`` when somebody has, or there is nothing to send."""
        c = applications.c
        free = and_(c.person == person, c.offer == offer, c.state == "sending", c.begun.is_(None))
        async with self._db.write() as tx:
            taken = await tx.execute(update(applications).where(free).values(begun=now))
            return taken.rowcount == 1

    async def abandoned(
        self, before: datetime, begun_before: datetime, besides: Collection[tuple[str, str]] = ()
    ) -> list[Abandoned]:
        """What was decided, or begun, before these moments and has no outcome; ``besides`` are the
        (person, offer) that this process is busy with."""
        c = applications.c
        late = or_(
            and_(c.begun.is_(None), c.created < before),
            and_(c.begun.is_not(None), c.begun < begun_before),
        )
        query = (
            select(
                c.person, conversations.c.channel, conversations.c.address, c.offer, c.created,
                c.begun.is_not(None),
            )
            .join_from(applications, conversations, c.person == conversations.c.id)
            .where(c.state == "sending", late)
        )  # fmt: skip
        async with self._db.read() as tx:
            found = [Abandoned(*row) for row in await tx.execute(query)]
        return [one for one in found if (one.person, one.offer) not in besides]

    async def purge(self, before: datetime) -> int:
        """Erase what is older than this moment and belongs to no conversation any more."""
        known = exists().where(conversations.c.id == applications.c.person)
        async with self._db.write() as tx:
            old = delete(applications).where(applications.c.created < before, ~known)
            return (await tx.execute(old)).rowcount

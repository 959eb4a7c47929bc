"""What the bot has said and not yet delivered; the text goes once it is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import and_, delete, exists, insert, or_, select, update
from sqlalchemy.engine import Row
from sqlalchemy.sql.elements import ColumnElement

from storage.database import Database, Transaction
from storage.schema import outbox

State = Literal["pending", "later", "sent", "gone", "unknown"]
"""What a sender may say of a message it has claimed."""

_WAITING = ("pending", "later")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message not yet delivered; ``attempts`` counts the claims, this one included."""

    id: int
    conversation: str
    channel: str
    address: str
    body: dict[str, Any]
    attempts: int
    created: datetime


class Outbox:
    """Messages in the order of their numbers, conversation by conversation.

    ``pending`` -> ``claimed`` (by an owner, for the length of a lease) -> ``sent``, ``gone`` (the
    person left) or ``unknown`` (perhaps sent, never to be repeated), or back to ``pending`` and
    ``later``; ``expired`` when its window closed first.
    """

    def __init__(self, db: Database) -> None:
        self._db = db

    async def add(
        self,
        tx: Transaction,
        *,
        conversation: str,
        channel: str,
        address: str,
        bodies: Sequence[dict[str, Any]],
        now: datetime,
        expires: datetime,
    ) -> list[int]:
        """Queue messages in the transaction of their turn; their numbers, in order."""
        if not bodies:
            return []
        common = {
            "conversation": conversation,
            "channel": channel,
            "address": address,
            "state": "pending",
            "attempts": 0,
            "created": now,
            "expires": expires,
        }
        statement = insert(outbox).returning(outbox.c.id, sort_by_parameter_order=True)
        result = await tx.execute(statement, [{**common, "body": body} for body in bodies])
        return list(result.scalars())

    async def unread(self, conversation: str, now: datetime) -> list[Waiting]:
        """The mailbox of a web page: unsent, unexpired, oldest first."""
        c = outbox.c
        mine = and_(c.conversation == conversation, c.settled.is_(None), c.expires > now)
        async with self._db.read() as tx:
            return [_waiting(row) for row in await tx.execute(_message().where(mine))]

    async def acknowledge(
        self, tx: Transaction, conversation: str, up_to: int, now: datetime
    ) -> int:
        """Erase what the page has read, up to this number included; how many messages."""
        c = outbox.c
        read = and_(c.conversation == conversation, c.id <= up_to, c.settled.is_(None))
        return (await tx.execute(update(outbox).where(read).values(_settled("sent", now)))).rowcount

    async def claim(
        self, *, channel: str, owner: str, lease: timedelta, now: datetime, limit: int
    ) -> list[Waiting]:
        """Take messages to send, the oldest unsent of each conversation only.

        ``lease`` is longer than the time limit of a send: past it, others may claim them again.
        ``owner`` names this sender alone, and this run of it.
        """
        async with self._db.write() as tx:
            await tx.execute(_expire(channel, now))
            free = _message().where(_claimable(channel, now)).limit(limit)
            rows = (await tx.execute(free.with_for_update(skip_locked=True))).all()
            if rows:
                taken = update(outbox).where(outbox.c.id.in_([row.id for row in rows]))
                await tx.execute(
                    taken.values(
                        state="claimed",
                        owner=owner,
                        leased_until=now + lease,
                        attempts=outbox.c.attempts + 1,
                    )
                )
        return [_waiting(row, attempts=row.attempts + 1) for row in rows]

    async def mark(
        self,
        id: int,
        owner: str,
        state: State,
        now: datetime,
        not_before: datetime | None = None,
    ) -> bool:
        """Say what became of a claimed message; ``False`` when it is no longer this owner's.

        ``pending`` tries again, ``later`` too without counting the attempt, both ``not_before``.
        """
        mine = and_(outbox.c.id == id, outbox.c.owner == owner, outbox.c.state == "claimed")
        if state in _WAITING:
            attempts = outbox.c.attempts - (1 if state == "later" else 0)
            values = {"state": state, "owner": None, "leased_until": None}
            change = {**values, "not_before": not_before, "attempts": attempts}
        else:
            change = _settled(state, now)
        async with self._db.write() as tx:
            return (await tx.execute(update(outbox).where(mine).values(change))).rowcount == 1

    async def purge(self, before: datetime) -> int:
        """Erase what was settled, or had to be, before this moment; how many messages.

        Called with the present, it leaves no text that outlived its window.
        """
        over = or_(outbox.c.settled < before, outbox.c.expires < before)
        async with self._db.write() as tx:
            return (await tx.execute(delete(outbox).where(over))).rowcount


def _message() -> Any:
    c = outbox.c
    columns = (c.id, c.conversation, c.channel, c.address, c.body, c.attempts, c.created)
    return select(*columns).order_by(c.id)


def _waiting(row: Row[Any], attempts: int | None = None) -> Waiting:
    count = row.attempts if attempts is None else attempts
    return Waiting(row.id, row.conversation, row.channel, row.address, row.body, count, row.created)


def _settled(state: str, now: datetime) -> dict[str, Any]:
    return {"state": state, "settled": now, "body": None, "owner": None, "leased_until": None}


def _claimable(channel: str, now: datetime) -> ColumnElement[bool]:
    c, older = outbox.c, outbox.alias("older")
    due = and_(c.state.in_(_WAITING), or_(c.not_before.is_(None), c.not_before <= now))
    dropped = and_(c.state == "claimed", c.leased_until <= now)
    first = ~exists().where(
        older.c.conversation == c.conversation, older.c.id < c.id, older.c.settled.is_(None)
    )
    return and_(c.channel == channel, c.settled.is_(None), or_(due, dropped), first)


def _expire(channel: str, now: datetime) -> Any:
    c = outbox.c
    idle = or_(c.state.in_(_WAITING), c.leased_until <= now)
    late = and_(c.channel == channel, c.settled.is_(None), c.expires <= now, idle)
    return update(outbox).where(late).values(_settled("expired", now))

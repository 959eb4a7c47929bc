"""What the bot has said and not yet delivered; the text goes once it is sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import and_, case, delete, exists, or_, select, update
from sqlalchemy.engine import Row
from sqlalchemy.sql.elements import ColumnElement

from storage.database import Database, Transaction
from storage.schema import outbox

State = Literal["pending", "later", "sent", "refused", "gone", "unknown"]
"""What a sender may say of a message it has claimed."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message not yet delivered; ``attempts`` counts the claims, this one included.

    ``once``: one that may have arrived is not sent again.
    """

    id: int
    conversation: str
    channel: str
    address: str
    body: dict[str, Any]
    attempts: int
    created: datetime
    once: bool = False


class Outbox:
    """Messages in the order of their numbers, conversation by conversation.

    ``pending`` -> ``claimed`` (by an owner, for the length of a lease) -> ``sent``, ``refused``
    (the network will never take it), ``gone`` (the person left) or ``unknown`` (perhaps sent, never
    to be repeated), or back to ``pending`` and ``later``; ``expired`` when its window closed first.
    What a turn says is written, and what became of it is noted, by the :class:`Ledger`.
    """

    def __init__(self, db: Database) -> None:
        self._db = db

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
        return (await tx.execute(update(outbox).where(read).values(settled("sent", now)))).rowcount

    async def claim(
        self, *, channel: str, owner: str, lease: timedelta, now: datetime, limit: int
    ) -> list[Waiting]:
        """Take what nobody sends, the oldest unsent message of each conversation only.

        ``lease`` is longer than the time limit of a send: past it, others may claim them again,
        except what is sent at most ``once``: it is settled as ``unknown``. ``owner`` names this
        sender alone, and this run of it. With nothing to take, nothing is written.
        """
        async with self._db.read() as tx:
            if (await tx.scalar(select(outbox.c.id).where(_idle(channel, now)).limit(1))) is None:
                return []
        async with self._db.write() as tx:
            await tx.execute(_give_up(channel, now))
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

    async def purge(self, before: datetime) -> int:
        """Erase what was settled, or had to be, before this moment; how many messages.

        Called with the present, it leaves no text that outlived its window.
        """
        over = or_(outbox.c.settled < before, outbox.c.expires < before)
        async with self._db.write() as tx:
            return (await tx.execute(delete(outbox).where(over))).rowcount


def _message() -> Any:
    c = outbox.c
    columns = (c.id, c.conversation, c.channel, c.address, c.body, c.attempts, c.created, c.once)
    return select(*columns).order_by(c.id)


def _waiting(row: Row[Any], attempts: int | None = None) -> Waiting:
    count = row.attempts if attempts is None else attempts
    return Waiting(
        row.id, row.conversation, row.channel, row.address, row.body, count, row.created, row.once
    )


def settled(state: str, now: datetime) -> dict[str, Any]:
    """Neither what was said nor to whom stays; of a farewell, not even which conversation."""
    return {
        "state": state,
        "settled": now,
        "body": None,
        "address": "",
        "conversation": case((outbox.c.once, ""), else_=outbox.c.conversation),
        "owner": None,
        "leased_until": None,
    }


def _waits() -> ColumnElement[bool]:
    return outbox.c.state.in_(("pending", "later"))


def _dropped(now: datetime) -> ColumnElement[bool]:
    """Whoever had it is dead, or took too long."""
    return and_(outbox.c.state == "claimed", outbox.c.leased_until <= now)


def _idle(channel: str, now: datetime) -> ColumnElement[bool]:
    """To be claimed, or to be given up."""
    c = outbox.c
    due = and_(_waits(), or_(c.not_before.is_(None), c.not_before <= now, c.expires <= now))
    return and_(c.channel == channel, c.settled.is_(None), or_(due, _dropped(now)))


def _claimable(channel: str, now: datetime) -> ColumnElement[bool]:
    c, older = outbox.c, outbox.alias("older")
    first = ~exists().where(
        older.c.conversation == c.conversation, older.c.id < c.id, older.c.settled.is_(None)
    )
    return and_(_idle(channel, now), first)


def _give_up(channel: str, now: datetime) -> Any:
    c = outbox.c
    perhaps_sent = and_(_idle(channel, now), _dropped(now), c.once)
    return update(outbox).where(perhaps_sent).values(settled("unknown", now))


def _expire(channel: str, now: datetime) -> Any:
    late = and_(_idle(channel, now), outbox.c.expires <= now)
    return update(outbox).where(late).values(settled("expired", now))

"""What one turn reads and leaves behind, in one round trip, shared by the turns under way."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, cast, or_, select, update

from storage.conversations import Stored
from storage.database import Database
from storage.lanes import Lane
from storage.ledger_sqlite import SqliteBooks
from storage.left import Books, Kept, Left, Mark, Turn, prepared
from storage.outbox import State, Waiting, settled
from storage.pushes import leave
from storage.schema import conversations, insert, outbox, seen

UNDER_WAY_SECONDS = 2.0
"""How long a stop waits for what is being written."""


class Ledger:
    """What the turns of one owner read and leave behind.

    ``owner`` names this process alone, and this run of it: the replies it is to send are its own
    until it says what became of them, or their lease runs out.
    """

    def __init__(self, db: Database, owner: str) -> None:
        self._db = db
        self.owner = owner
        books = _books(db, owner)
        self._books = books
        self._loads = Lane[str, Stored | None](books.load)
        self._keeps = Lane[Turn, Kept](books.keep, Turn.keys)
        self._settles = Lane[Mark, list[Waiting]](books.settle, Mark.keys)
        db.on_close(self._close)

    async def load(self, id: str) -> Stored | None:
        return await self._loads.ask(id)

    async def keep(self, left: Left, now: datetime) -> Kept:
        """Write all of it, or nothing when it was done before.

        Raises ``Stale`` when another turn has saved, created or deleted the conversation meanwhile,
        and ``Refused`` for a value that no database takes.
        """
        return await self._keeps.ask(prepared(left, now))

    async def settle(
        self,
        id: int,
        conversation: str,
        state: State,
        now: datetime,
        not_before: datetime | None = None,
        *,
        lease: timedelta,
    ) -> list[Waiting]:
        """Say what became of a message of this owner; the next of that conversation are its own.

        ``pending`` tries again, ``later`` too without counting the attempt, both ``not_before``:
        nothing comes next until then. A message that is no longer this owner's stays as it is.
        """
        return await self._settles.ask(Mark(id, conversation, state, now, not_before, lease))

    async def release(self, now: datetime) -> int:
        """Before a clean stop: what this owner still holds is for others to send; how many.

        Except what is sent at most once: it may have begun.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(UNDER_WAY_SECONDS):
                for lane in (self._keeps, self._settles):
                    await lane.close()  # what is being written may still be claimed for us
        c = outbox.c
        held = update(outbox).where(
            c.settled.is_(None), c.state == "claimed", c.owner == self.owner
        )
        free = held.where(~c.once).values(
            state="pending", owner=None, leased_until=None, attempts=c.attempts - 1
        )
        async with self._db.write() as tx:
            await tx.execute(held.where(c.once).values(settled("unknown", now)))
            return (await tx.execute(free)).rowcount

    async def forget(self, conversation: str, key: str, order: int, now: datetime) -> int:
        """The person left: nothing they were told before is sent any more, and their alerts stop;
        how many messages.

        ``key`` is the update's that says it: told again, it changes nothing. What was said to an
        update of a higher ``order`` stays: they are back, and keep their alerts.
        """
        c = outbox.c
        number = cast(c.body["order"].as_string(), BigInteger)
        before = or_(number.is_(None), number < order)
        mine = update(outbox).where(c.conversation == conversation, c.settled.is_(None), before)
        async with self._db.write() as tx:
            mark = insert(tx, seen).values(key=key, at=now).on_conflict_do_nothing()
            if (await tx.execute(mark)).rowcount == 0:
                return 0
            latest = cast(conversations.c.state["order"].as_string(), BigInteger)
            theirs = select(latest).where(conversations.c.id == conversation).with_for_update()
            if ((await tx.execute(theirs)).scalar() or 0) < order:
                await leave(tx, conversation, now)
            return (await tx.execute(mine.values(settled("gone", now)))).rowcount

    async def _close(self) -> None:
        for lane in (self._loads, self._keeps, self._settles):
            await lane.close()
        await self._books.close()


def _books(db: Database, owner: str) -> Books:
    if db.file:
        return SqliteBooks(db, owner)
    from storage.ledger_postgresql import PostgresqlBooks  # with its driver, for who has one

    return PostgresqlBooks(db, owner)


__all__ = ["Kept", "Left", "Ledger"]

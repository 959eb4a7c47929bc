"""What is kept of a conversation between two turns, behind a version fence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, select

from storage.database import Database, Transaction
from storage.schema import (
    browsers,
    conversations,
    digests,
    follow_ups,
    outbox,
    pushes,
    searches,
    told,
)  # fmt: skip


class Stale(Exception):
    """The conversation has moved on since it was loaded: redo the turn."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A conversation as it was saved; ``version`` counts its saves, ``updated`` dates the last, and
    ``expires`` is when it is erased."""

    id: str
    version: int
    state: dict[str, Any]
    updated: datetime
    expires: datetime


class Conversations:
    """One row per conversation; its turns are read and written by the :class:`Ledger`."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def delete(self, tx: Transaction, id: str) -> None:
        """Erase the conversation, what was still to be sent in it, and its alerts."""
        await _erase(tx, conversations.c.id == id)

    async def purge(self, now: datetime) -> int:
        """Erase conversations whose time is over, with their outbox and alerts; how many."""
        async with self._db.write() as tx:
            return await _erase(tx, conversations.c.expires < now)


async def _erase(tx: Transaction, which: ColumnElement[bool]) -> int:
    ids = select(conversations.c.id).where(which)
    theirs = select(searches.c.id).where(searches.c.person.in_(ids))
    await tx.execute(delete(outbox).where(outbox.c.conversation.in_(ids)))
    await tx.execute(delete(digests).where(digests.c.search.in_(theirs)))
    for table in (pushes, told, follow_ups, browsers, searches):
        await tx.execute(delete(table).where(table.c.person.in_(ids)))
    return (await tx.execute(delete(conversations).where(which))).rowcount

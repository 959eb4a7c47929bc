"""What is kept of a conversation between two turns, behind a version fence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select

from storage.database import Database, Transaction
from storage.schema import conversations, outbox


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
        """Erase the conversation and what was still to be sent in it."""
        await tx.execute(delete(outbox).where(outbox.c.conversation == id))
        await tx.execute(delete(conversations).where(conversations.c.id == id))

    async def purge(self, now: datetime) -> int:
        """Erase conversations whose time is over, with their outbox; how many."""
        old = conversations.c.expires < now
        ids = select(conversations.c.id).where(old)
        async with self._db.write() as tx:
            await tx.execute(delete(outbox).where(outbox.c.conversation.in_(ids)))
            return (await tx.execute(delete(conversations).where(old))).rowcount

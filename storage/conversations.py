"""What is kept of a conversation between two turns, behind a version fence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update

from storage import schema
from storage.database import Database, Transaction
from storage.schema import conversations, outbox


class Stale(Exception):
    """The conversation has moved on since it was loaded: redo the turn."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A conversation as it was saved; ``version`` counts its saves, ``updated`` dates the last."""

    id: str
    version: int
    state: dict[str, Any]
    updated: datetime


class Conversations:
    """One row per conversation; the state is opaque JSON."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def load(self, id: str) -> Stored | None:
        columns = conversations.c
        query = select(columns.version, columns.state, columns.updated).where(columns.id == id)
        async with self._db.read() as tx:
            row = (await tx.execute(query)).one_or_none()
        return Stored(id, row.version, row.state, row.updated) if row else None

    async def save(
        self,
        tx: Transaction,
        id: str,
        *,
        channel: str,
        address: str,
        state: dict[str, Any],
        version: int,
        now: datetime,
    ) -> None:
        """Write version + 1. ``version`` is the one loaded, 0 for a new conversation.

        Raises :class:`Stale` when another turn has saved, created or deleted it meanwhile.
        """
        values = {"channel": channel, "address": address, "state": state, "updated": now}
        if version == 0:
            added = schema.insert(tx, conversations).values(id=id, version=1, **values)
            result = await tx.execute(added.on_conflict_do_nothing())
        else:
            fence = (conversations.c.id == id) & (conversations.c.version == version)
            changed = update(conversations).where(fence).values(version=version + 1, **values)
            result = await tx.execute(changed)
        if result.rowcount == 0:
            raise Stale

    async def delete(self, tx: Transaction, id: str) -> None:
        """Erase the conversation and what was still to be sent in it."""
        await tx.execute(delete(outbox).where(outbox.c.conversation == id))
        await tx.execute(delete(conversations).where(conversations.c.id == id))

    async def purge(self, before: datetime) -> int:
        """Erase conversations last saved before this moment, with their outbox; how many."""
        old = conversations.c.updated < before
        ids = select(conversations.c.id).where(old)
        async with self._db.write() as tx:
            await tx.execute(delete(outbox).where(outbox.c.conversation.in_(ids)))
            return (await tx.execute(delete(conversations).where(old))).rowcount

"""Which updates were already done, so that one that comes again is dropped."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select

from storage import schema
from storage.database import Database, Transaction
from storage.schema import seen


class Seen:
    """Keys of updates; they name nobody and outlive « supprime tout »."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def known(self, key: str) -> bool:
        async with self._db.read() as tx:
            return (await tx.scalar(select(seen.c.key).where(seen.c.key == key))) is not None

    async def add(self, tx: Transaction, key: str, now: datetime) -> bool:
        """Remember a key in the transaction of its turn; ``False`` when it was already there."""
        added = schema.insert(tx, seen).values(key=key, at=now).on_conflict_do_nothing()
        return (await tx.execute(added)).rowcount == 1

    async def purge(self, before: datetime) -> int:
        """Forget the keys older than this moment; how many."""
        async with self._db.write() as tx:
            return (await tx.execute(delete(seen).where(seen.c.at < before))).rowcount

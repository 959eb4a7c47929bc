"""Which updates were already done, so that one that comes again is dropped."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete

from storage.database import Database
from storage.schema import seen


class Seen:
    """Keys of updates and presses; they name nobody and outlive « supprime tout »."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def purge(self, before: datetime) -> int:
        """Forget the keys older than this moment; how many."""
        async with self._db.write() as tx:
            return (await tx.execute(delete(seen).where(seen.c.at < before))).rowcount

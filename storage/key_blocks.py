"""The keys of many alerts at once: what a large run holds new offers against.

The drivers are used as they are: a row of SQLAlchemy for each alert costs more than to read it.
PostgreSQL strings the keys of a block together by itself; SQLite's come alert by alert, in a thread
with a connection of its own.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from operator import itemgetter
from typing import Any

from sqlalchemy import func, select

from storage.database import COMMAND_SECONDS, Database, DatabaseProblem
from storage.schema import searches

# A thousand alerts at a time: one value of ten million bytes takes twice as long to grow.
_POSTGRESQL = """
SELECT (
  SELECT string_agg(packed, '') FROM searches
  WHERE id BETWEEN start AND least(start + 1023, $2) AND state = 'on' AND packed IS NOT NULL
)
FROM generate_series($1::bigint, $2::bigint, 1024) AS start
"""
_SQLITE = """
SELECT packed FROM searches WHERE id BETWEEN ? AND ? AND state = 'on' AND packed IS NOT NULL
"""


class KeyBlocks:
    """Alerts that are on, block by block in the order of their numbers."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def top(self) -> int:
        """The greatest number of an alert."""
        async with self._db.read() as tx:
            return (await tx.execute(select(func.max(searches.c.id)))).scalar_one() or 0

    async def read(self, first: int, last: int) -> bytes:
        """The keys of the alerts from ``first`` to ``last`` that are on, as
        :class:`storage.packed_keys.Keys` takes them."""
        file = self._db.file
        if file is not None:
            return await asyncio.to_thread(_from_sqlite, file, first, last)
        async with self._db.read() as tx:
            with driver_problems():
                connection = await driver(tx)
                rows = await connection.fetch(_POSTGRESQL, first, last, timeout=COMMAND_SECONDS)
        return b"".join(row[0] for row in rows if row[0])


def _from_sqlite(file: str, first: int, last: int) -> bytes:
    try:
        connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
        try:
            rows = connection.execute(_SQLITE, (first, last))
            return b"".join(map(itemgetter(0), rows))
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise DatabaseProblem(str(error)) from None


async def driver(tx: Any) -> Any:
    """The connection of asyncpg under a transaction."""
    return (await tx.get_raw_connection()).driver_connection


@contextmanager
def driver_problems() -> Iterator[None]:
    """What asyncpg says, in our own words and without the values."""
    from asyncpg import InterfaceError, PostgresError

    try:
        yield
    except (PostgresError, InterfaceError, OSError) as error:
        raise DatabaseProblem(type(error).__name__) from None

"""The keys of many alerts at once, as arrays: what a large run holds new offers against.

The drivers are used as they are: a row of SQLAlchemy for each key costs more than all the rest of a
run. PostgreSQL sends them in its binary form (``COPY``), which numpy reads without a loop; SQLite's
come as tuples, from a thread with a connection of its own.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import asyncpg
import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select

from storage.database import COMMAND_SECONDS, Database, DatabaseProblem
from storage.schema import search_keys, searches

KEY = np.dtype(
    [("trade", "i4"), ("search", "i8"), ("cell", "i8"), ("x", "f8"), ("y", "f8"), ("z", "f8"),
     ("least", "f8"), ("first", "i4"), ("last", "i4"), ("level", "i4"), ("excludes", "?")]
)  # fmt: skip
"""A key: the columns of ``search_keys``, the trade by its place in a list, and whether some
communes are excluded."""

Keys = NDArray[np.void]

_NAMES = KEY.names or ()


_POSTGRESQL = """
SELECT (t.n - 1)::int, k.search, k.cell, k.x, k.y, k.z, k.least, k.first, k.last, k.level,
  k.excluded <> ''
FROM search_keys k
JOIN searches s ON s.id = k.search
JOIN unnest($1::varchar[]) WITH ORDINALITY t(trade, n) ON t.trade = k.trade
WHERE k.search BETWEEN $2 AND $3 AND s.id BETWEEN $2 AND $3 AND s.state = 'on'
"""
_SQLITE = """
SELECT k.trade, k.search, k.cell, k.x, k.y, k.z, k.least, k.first, k.last, k.level,
  k.excluded <> ''
FROM searches s CROSS JOIN search_keys k ON k.search = s.id
WHERE s.id BETWEEN ? AND ? AND s.state = 'on'
"""

# A row of COPY's binary form: how many fields, then before each its length; big-endian.
_ROW = np.dtype(
    [("fields", ">i2")]
    + [
        column
        for name in _NAMES
        for column in ((f"{name} bytes", ">i4"), (name, KEY[name].newbyteorder(">")))
    ]
)
_HEAD, _TAIL = 19, 2


class KeyBlocks:
    """Alerts that are on, block by block in the order of their numbers."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def bound(self, after: int, count: int) -> int | None:
        """The number of the alert that ends a block of so many alerts; ``None``: none is left."""
        ids = select(searches.c.id).where(searches.c.id > after).order_by(searches.c.id)
        block = ids.limit(count).subquery()
        async with self._db.read() as tx:
            last: int | None = (await tx.execute(select(func.max(block.c.id)))).scalar_one()
        return last

    async def top(self) -> int:
        """The greatest number of an alert."""
        async with self._db.read() as tx:
            return (await tx.execute(select(func.max(searches.c.id)))).scalar_one() or 0

    async def read(self, first: int, last: int, trades: Sequence[str]) -> Keys:
        """The keys, for these trades, of the alerts from ``first`` to ``last`` that are on."""
        file = self._db.file
        if file is not None:
            return await asyncio.to_thread(_from_sqlite, file, first, last, trades)
        return await self._from_postgresql(first, last, trades)

    async def excluded(self, first: int, last: int) -> Mapping[int, frozenset[str]]:
        """The communes these alerts exclude, by the number of the alert."""
        query = (
            select(search_keys.c.search, search_keys.c.excluded)
            .where(search_keys.c.search.between(first, last), search_keys.c.excluded != "")
            .distinct()
        )
        async with self._db.read() as tx:
            return {id: frozenset(text.split()) for id, text in await tx.execute(query)}

    async def _from_postgresql(self, first: int, last: int, trades: Sequence[str]) -> Keys:
        told = bytearray()

        async def take(part: bytes) -> None:
            told.extend(part)

        async with self._db.read() as tx:
            with driver_problems():
                await (await driver(tx)).copy_from_query(
                    _POSTGRESQL, list(trades), first, last, output=take, format="binary",
                    timeout=COMMAND_SECONDS,
                )  # fmt: skip
        count = (len(told) - _HEAD - _TAIL) // _ROW.itemsize
        rows = np.frombuffer(told, _ROW, count, _HEAD)
        keys = np.empty(count, KEY)
        for name in _NAMES:
            keys[name] = rows[name]
        return keys


def _from_sqlite(file: str, first: int, last: int, trades: Sequence[str]) -> Keys:
    place = {trade: n for n, trade in enumerate(trades)}
    parts = [np.empty(0, KEY)]
    try:
        connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
        try:
            cursor = connection.execute(_SQLITE, (first, last))
            while rows := cursor.fetchmany(20_000):
                of, *columns = zip(*rows, strict=True)
                part = np.empty(len(rows), KEY)
                part["trade"] = [place.get(trade, -1) for trade in of]
                for name, column in zip(_NAMES[1:], columns, strict=True):
                    part[name] = column
                parts.append(part[part["trade"] >= 0])
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise DatabaseProblem(str(error)) from None
    return np.concatenate(parts)


async def driver(tx: Any) -> Any:
    """The connection of asyncpg under a transaction."""
    return (await tx.get_raw_connection()).driver_connection


@contextmanager
def driver_problems() -> Iterator[None]:
    """What asyncpg says, in our own words and without the values."""
    try:
        yield
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        raise DatabaseProblem(type(error).__name__) from None

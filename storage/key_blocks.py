"""The keys of many alerts at once, as arrays: what a large run holds new offers against.

The drivers are used as they are: a row of SQLAlchemy for each key costs more than all the rest of a
run. PostgreSQL sends them in its binary form (``COPY``), which numpy reads without a loop; SQLite's
come as tuples, from a thread with a connection of its own. Small numbers travel together in one:
what a key costs is mostly its fields.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select

from storage.database import COMMAND_SECONDS, Database, DatabaseProblem
from storage.schema import searches

_FLOATS = ("x", "y", "z", "least")
_WHOLE = ("whose", "cell", "rest")
_WIRE = np.dtype([(name, "f8") for name in _FLOATS] + [(name, "i8") for name in _WHOLE])
"""A key as the databases give it: ``whose`` is the alert before 16 bits for the trade, ``rest`` the
first and the last day, 28 bits for each, 7 for the level and one: some communes are excluded."""

# In SQL all these operators bind alike.
_POSTGRESQL = """
SELECT k.x, k.y, k.z, k.least, (k.search << 16) | (t.n - 1), k.cell,
  (k.first::bigint << 36) | (k.last::bigint << 8) | (k.level << 1) | (k.excluded <> '')::int
FROM search_keys k
JOIN unnest($1::varchar[]) WITH ORDINALITY t(trade, n) ON t.trade = k.trade
WHERE k.search BETWEEN $2 AND $3
"""
# With +, SQLite reads a trade's keys in the order they lie: each by the index of the searches costs
# ten times more.
_SQLITE = """
SELECT k.x, k.y, k.z, k.least, (k.search << 16) | ?, k.cell,
  (k.first << 36) | (k.last << 8) | (k.level << 1) | (k.excluded <> '')
FROM search_keys k WHERE k.trade = ? AND +k.search BETWEEN ? AND ?
"""
_SILENT = "SELECT id FROM searches WHERE id BETWEEN {} AND {} AND state <> 'on'"
_EXCLUDED = """
SELECT DISTINCT k.search, k.excluded FROM {} CROSS JOIN search_keys k
WHERE k.search = a.value AND k.excluded <> ''
"""

# A row of COPY's binary form: how many fields, then before each its length; big-endian.
_ROW = np.dtype(
    [("fields", ">i2")]
    + [
        column
        for name in _WIRE.names or ()
        for column in ((f"{name} bytes", ">i4"), (name, _WIRE[name].newbyteorder(">")))
    ]
)
_HEAD, _TAIL = 19, 2


@dataclass(frozen=True, slots=True)
class Keys:
    """The columns of ``search_keys``, each an array; ``trade`` is the place in a list.
    ``excluded``: the communes that some alerts exclude, between spaces, by number of alert."""

    trade: NDArray[np.int64]
    search: NDArray[np.int64]
    cell: NDArray[np.int64]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    z: NDArray[np.float64]
    least: NDArray[np.float64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    level: NDArray[np.int64]
    excluded: Mapping[int, str]

    def __len__(self) -> int:
        return len(self.search)


@dataclass(frozen=True, slots=True)
class _Read:
    """What the databases answer, column by column."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    z: NDArray[np.float64]
    least: NDArray[np.float64]
    whose: NDArray[np.int64]
    cell: NDArray[np.int64]
    rest: NDArray[np.int64]

    @classmethod
    def of(cls, rows: NDArray[np.void]) -> Self:
        return cls(*(rows[name].astype(_WIRE[name]) for name in _WIRE.names or ()))

    def without(self, silent: NDArray[np.int64], first: int, last: int) -> _Read:
        """But those of alerts that are silent."""
        on = np.ones(last - first + 1, np.bool_)
        on[silent - first] = False
        kept = np.flatnonzero(on[(self.whose >> 16) - first])
        return _Read(*(getattr(self, name).take(kept) for name in _WIRE.names or ()))

    def excluding(self) -> list[int]:
        """The alerts that exclude some communes."""
        ids: list[int] = np.unique(self.whose[(self.rest & 1) > 0] >> 16).tolist()
        return ids

    def keys(self, excluded: Mapping[int, str]) -> Keys:
        days = (1 << 28) - 1
        return Keys(
            self.whose & 0xFFFF, self.whose >> 16, self.cell, self.x, self.y, self.z, self.least,
            self.rest >> 36, self.rest >> 8 & days, self.rest >> 1 & 0x7F,
            excluded,
        )  # fmt: skip


class KeyBlocks:
    """Alerts that are on, block by block in the order of their numbers."""

    def __init__(self, db: Database) -> None:
        self._db = db

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

    async def _from_postgresql(self, first: int, last: int, trades: Sequence[str]) -> Keys:
        told = bytearray()

        async def take(part: bytes) -> None:
            told.extend(part)

        async with self._db.read() as tx:
            with driver_problems():
                connection = await driver(tx)
                await connection.copy_from_query(
                    _POSTGRESQL, list(trades), first, last, output=take, format="binary",
                    timeout=COMMAND_SECONDS,
                )  # fmt: skip
                silent = await connection.fetch(_SILENT.format("$1", "$2"), first, last)
                count = (len(told) - _HEAD - _TAIL) // _ROW.itemsize
                read = _Read.of(np.frombuffer(told, _ROW, count, _HEAD))
                read = read.without(_ids(silent), first, last)
                among = _EXCLUDED.format("unnest($1::bigint[]) AS a(value)")
                return read.keys(dict(await connection.fetch(among, read.excluding())))


def _from_sqlite(file: str, first: int, last: int, trades: Sequence[str]) -> Keys:
    parts = [np.empty(0, _WIRE)]
    try:
        connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
        try:
            for place, trade in enumerate(trades):
                cursor = connection.execute(_SQLITE, (place, trade, first, last))
                while rows := cursor.fetchmany(20_000):
                    parts.append(np.array(rows, _WIRE))
            silent = connection.execute(_SILENT.format("?", "?"), (first, last)).fetchall()
            read = _Read.of(np.concatenate(parts)).without(_ids(silent), first, last)
            among = _EXCLUDED.format("json_each(?) AS a")
            return read.keys(dict(connection.execute(among, (json.dumps(read.excluding()),))))
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise DatabaseProblem(str(error)) from None


def _ids(rows: Sequence[Sequence[int]]) -> NDArray[np.int64]:
    return np.array([row[0] for row in rows], np.int64)


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

"""The alerts people keep, and the keys under which new offers find them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlalchemy.engine import Row

from storage.database import Database, unbroken
from storage.packed_keys import pack
from storage.schema import search_keys, searches

_PAGE = 250
"""Alerts a transaction when keys are written: some 30 ms."""


@dataclass(frozen=True, slots=True)
class Saved:
    """A row of ``searches``, whose columns are said there."""

    id: int
    person: str
    n: int
    name: str | None
    wish: dict[str, Any]
    beat: str
    state: str
    until: date | None
    created: datetime
    changed: datetime


_COLUMNS = [searches.c[name] for name in Saved.__slots__]
_UNKEYED = (
    select(*_COLUMNS)
    .where(~searches.c.keyed, searches.c.id > bindparam("after"))
    .order_by(searches.c.id)
    .limit(_PAGE)
)
_KEY_NAMES = ("trade", "cell", "part", "x", "y", "z", "least", "first", "last", "level", "excluded")
# Locked on PostgreSQL: one that is changed meanwhile is marked as such afterwards.
_CURRENT = (
    select(searches.c.id, searches.c.changed)
    .where(searches.c.id.in_(bindparam("ids", expanding=True)))
    .with_for_update()
)

_KEYED = (
    update(searches)
    .where(searches.c.id == bindparam("search"))
    .values(keyed=True, packed=bindparam("packed"))
)


class Searches:
    """Reads alerts; a turn's deeds alone keep, change and drop them."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def of(self, person: str) -> list[Saved]:
        """Those of a conversation, by the number its buttons call them."""
        query = select(*_COLUMNS).where(searches.c.person == person).order_by(searches.c.n)
        async with self._db.read() as tx:
            return [_saved(row) for row in await tx.execute(query)]

    async def several(self, ids: Collection[int]) -> list[Saved]:
        """In no particular order; those that are gone are left out."""
        query = select(*_COLUMNS).where(searches.c.id.in_(ids))
        async with self._db.read() as tx:
            return [_saved(row) for row in await tx.execute(query)]

    async def unkeyed(self) -> AsyncIterator[list[Saved]]:
        """What was kept or changed since its keys were written, in pages."""
        after = 0
        while True:
            async with self._db.read() as tx:
                rows = (await tx.execute(_UNKEYED, {"after": after})).all()
            if rows:
                yield [_saved(row) for row in rows]
            if len(rows) < _PAGE:
                return
            after = rows[-1].id

    async def waiting(self) -> int:
        """How many have no keys yet for what they say now."""
        query = select(func.count()).select_from(searches).where(~searches.c.keyed)
        async with self._db.read() as tx:
            return int((await tx.execute(query)).scalar_one())

    @unbroken
    async def rekey(self, keys: Sequence[tuple[Saved, Sequence[tuple[Any, ...]]]]) -> int:
        """Put these keys in place of those an alert had; how many alerts.

        A key is a row of ``search_keys`` in the order of its columns, but for the number of the
        alert. One that was changed since it was read is left for the next time.
        """
        by_id = {saved.id: (saved.changed, rows) for saved, rows in keys}
        async with self._db.write() as tx:
            as_it_is = await tx.execute(_CURRENT, {"ids": list(by_id)})
            ids = [row.id for row in as_it_is if row.changed == by_id[row.id][0]]
            if not ids:
                return 0
            await tx.execute(delete(search_keys).where(search_keys.c.search.in_(ids)))
            written = [
                dict(zip(_KEY_NAMES, row, strict=True)) | {"search": id}
                for id in ids
                for row in by_id[id][1]
            ]
            if written:
                await tx.execute(insert(search_keys), written)
            packed = [{"search": id, "packed": pack(id, by_id[id][1]) or None} for id in ids]
            await tx.execute(_KEYED, packed)
        return len(ids)


def _saved(row: Row[Any]) -> Saved:
    return Saved(*tuple(row))

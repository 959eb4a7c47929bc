"""The alerts people keep, and the keys under which new offers find them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlalchemy.engine import Row

from storage.database import Database, unbroken
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
_KEYED = (
    update(searches)
    .where(searches.c.id == bindparam("of"), searches.c.changed == bindparam("as_of"))
    .values(keyed=True)
    .returning(searches.c.id)
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
        async with self._db.write() as tx:
            current = []
            for saved, rows in keys:
                found = await tx.execute(_KEYED, {"of": saved.id, "as_of": saved.changed})
                if found.scalar_one_or_none() is not None:
                    current.append((saved.id, rows))
            if not current:
                return 0
            ids = [id for id, _ in current]
            await tx.execute(delete(search_keys).where(search_keys.c.search.in_(ids)))
            written = [
                dict(zip(_KEY_NAMES, row, strict=True)) | {"search": id}
                for id, rows in current
                for row in rows
            ]
            if written:
                await tx.execute(insert(search_keys), written)
        return len(current)


def _saved(row: Row[Any]) -> Saved:
    return Saved(*tuple(row))

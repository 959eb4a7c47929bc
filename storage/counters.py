"""Counts by day, name and label: what the public figures are made of, and nobody in it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from sqlalchemy import func, select

from storage import schema
from storage.database import Database, Transaction
from storage.schema import counters


class Counters:
    """Sums that only grow."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def add(self, tx: Transaction, day: date, counts: Collection[tuple[str, str]]) -> None:
        """Count one of each (name, label), in the transaction of what is counted.

        Always in the same order: on PostgreSQL two transactions that hold each other's row would
        wait in a circle, and one of them be undone.
        """
        if not counts:
            return
        one = schema.insert(tx, counters)
        adding = one.on_conflict_do_update(
            index_elements=["name", "label", "day"], set_={"n": counters.c.n + one.excluded.n}
        )
        rows = [
            {"day": day, "name": name, "label": label, "n": 1} for name, label in sorted(counts)
        ]
        await tx.execute(adding, rows)

    async def total(self, name: str, label: str | None = None) -> int:
        """Over all days, for one label or (``None``) for all of them."""
        query = select(func.coalesce(func.sum(counters.c.n), 0)).where(counters.c.name == name)
        if label is not None:
            query = query.where(counters.c.label == label)
        async with self._db.read() as tx:
            return int((await tx.execute(query)).scalar_one())

    async def by_label(self, name: str) -> dict[str, int]:
        """Over all days, in the order of the labels."""
        query = (
            select(counters.c.label, func.sum(counters.c.n))
            .where(counters.c.name == name)
            .group_by(counters.c.label)
            .order_by(counters.c.label)
        )
        async with self._db.read() as tx:
            return {label: int(n) for label, n in await tx.execute(query)}

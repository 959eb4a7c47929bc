"""Counts by day, name and label: what the public figures are made of, and nobody in it."""

from __future__ import annotations

from sqlalchemy import func, select

from storage.database import Database
from storage.schema import counters


class Counters:
    """Sums that only grow, with the turns that are counted."""

    def __init__(self, db: Database) -> None:
        self._db = db

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

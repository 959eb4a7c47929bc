"""So many acts a second, in one process or in several: evenly spaced by GCRA, never bunched."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from sqlalchemy import case, delete, literal, select

from storage import schema
from storage.database import Database, unbroken
from storage.schema import rates

_MANY = 10_000


class Rate(Protocol):
    """Whoever spaces out acts of the same key."""

    async def take(self, key: str, *, per_second: float, burst: int = 1) -> float:
        """Reserve the next act; seconds to wait before doing it, 0.0: now.

        ``burst`` acts may follow one another at once after a rest.
        """
        ...

    async def ask(self, key: str, *, per_second: float, burst: int = 1) -> float:
        """Do it now or not at all; 0.0: now, else the seconds after which to ask again.

        What is refused costs nothing, so that a flood does not shut the door on the next.
        """
        ...

    async def purge(self) -> int:
        """Forget the keys that are free again; how many."""
        ...

    async def close(self) -> None: ...


class LocalRate:
    """A rate of this process alone; ``clock`` returns seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._free_at: dict[str, float] = {}

    async def take(self, key: str, *, per_second: float, burst: int = 1) -> float:
        return await self._next(key, 1 / per_second, burst, patient=True)

    async def ask(self, key: str, *, per_second: float, burst: int = 1) -> float:
        return await self._next(key, 1 / per_second, burst, patient=False)

    async def _next(self, key: str, spacing: float, burst: int, *, patient: bool) -> float:
        if len(self._free_at) > _MANY:
            await self.purge()
        now = self._clock()
        slot = max(self._free_at.get(key, now), now)
        wait = max(0.0, slot - (burst - 1) * spacing - now)
        if patient or not wait:
            self._free_at[key] = slot + spacing
        return wait

    async def purge(self) -> int:
        now, before = self._clock(), len(self._free_at)
        self._free_at = {key: at for key, at in self._free_at.items() if at > now}
        return before - len(self._free_at)

    async def close(self) -> None:
        """Nothing to close."""


class DatabaseRate:
    """A rate shared through one row of the database; ``clock`` returns seconds since 1970.

    The clocks of the machines that share it must agree to well under ``1 / per_second``.
    """

    def __init__(self, db: Database, clock: Callable[[], float] = time.time) -> None:
        self._db = db
        self._clock = clock

    async def take(self, key: str, *, per_second: float, burst: int = 1) -> float:
        return await self._next(key, 1 / per_second, burst, patient=True)

    async def ask(self, key: str, *, per_second: float, burst: int = 1) -> float:
        return await self._next(key, 1 / per_second, burst, patient=False)

    @unbroken
    async def spend(self, key: str, *, per_second: float, burst: int) -> None:
        """Leave one act of a burst, for others may have been counted elsewhere."""
        spent = self._clock() + (burst - 1) / per_second
        async with self._db.write() as tx:
            row = schema.insert(tx, rates).values(key=key, free_at=spent)
            less = row.on_conflict_do_update(
                index_elements=["key"], set_={"free_at": spent}, where=rates.c.free_at < spent
            )
            await tx.execute(less)

    @unbroken
    async def _next(self, key: str, spacing: float, burst: int, *, patient: bool) -> float:
        now = self._clock()
        latest_free = now + (burst - 1) * spacing
        async with self._db.write() as tx:
            row = schema.insert(tx, rates).values(key=key, free_at=now + spacing)
            latest = case((rates.c.free_at > now, rates.c.free_at), else_=literal(now))
            taken = row.on_conflict_do_update(
                index_elements=["key"],
                set_={"free_at": latest + spacing},
                where=None if patient else rates.c.free_at <= latest_free,
            )
            free_at = (await tx.execute(taken.returning(rates.c.free_at))).scalar_one_or_none()
            if free_at is None:  # refused
                now_free = select(rates.c.free_at).where(rates.c.key == key)
                return float((await tx.execute(now_free)).scalar_one()) - latest_free
        return max(0.0, float(free_at) - spacing - latest_free)

    async def purge(self) -> int:
        async with self._db.write() as tx:
            return (await tx.execute(delete(rates).where(rates.c.free_at < self._clock()))).rowcount

    async def close(self) -> None:
        """The database is closed by whoever opened it."""

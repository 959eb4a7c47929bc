"""So many acts a second, in one process or in several: evenly spaced by GCRA, never bunched.

Or so many places, each held while an act lasts and a while after.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Protocol

from sqlalchemy import case, delete, literal, select

from storage import schema
from storage.database import Database, DatabaseProblem, unbroken
from storage.leases import Leases
from storage.schema import rates

_MANY = 10_000

APART_SECONDS = 0.02
"""How far apart the clocks of machines may be, where places are held."""


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

    async def enter(
        self, key: str, *, calls: int, seconds: float, longest: float
    ) -> tuple[str, float]:
        now = self._clock()
        held = {place: self._free_at.get(place, now) for place in _places(key, calls)}
        free, wait = _free(held, now, seconds)
        if free:
            self._free_at[free[0]] = now + longest
            return f"{now + longest!r} {free[0]}", 0.0
        return "", wait

    async def leave(self, ticket: str, seconds: float) -> None:
        until, _, place = ticket.partition(" ")
        if self._free_at.get(place) == float(until):
            self._free_at[place] = self._clock() + seconds

    async def purge(self) -> int:
        now, before = self._clock(), len(self._free_at)
        self._free_at = {key: at for key, at in self._free_at.items() if at > now}
        return before - len(self._free_at)

    async def close(self) -> None:
        """Nothing to close."""


def _places(key: str, calls: int) -> list[str]:
    return [f"{key}#{number}" for number in range(calls)]


def _free(held: Mapping[str, float], now: float, seconds: float) -> tuple[list[str], float]:
    """The places that are free, and the seconds after which one may be: an act that is under way
    now may end any moment, and its place is held for ``seconds`` more."""
    return [p for p, until in held.items() if until <= now], min(min(held.values()) - now, seconds)


class DatabaseRate:
    """A rate shared through the database; ``clock`` returns seconds since 1970.

    The clocks of the machines that share it must agree to well under ``1 / per_second``, and to
    :data:`APART_SECONDS` where places are held.
    """

    def __init__(self, db: Database, clock: Callable[[], float] = time.time) -> None:
        self._db = db
        self._clock = clock
        self._leases = Leases(db, clock)

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

    async def enter(
        self, key: str, *, calls: int, seconds: float, longest: float
    ) -> tuple[str, float]:
        asking = asyncio.create_task(self._enter(key, calls, seconds + APART_SECONDS, longest))
        try:
            return await asyncio.shield(asking)
        except asyncio.CancelledError:
            with suppress(DatabaseProblem):
                ticket, _ = await asking
                if ticket:  # nobody is there to use it
                    await self.leave(ticket, 0.0)
            raise

    async def leave(self, ticket: str, seconds: float) -> None:
        token, _, place = ticket.partition(" ")
        with suppress(DatabaseProblem):  # without a database, its lease runs out
            await self._leases.renew(place, float(token), seconds + APART_SECONDS)

    async def _enter(
        self, key: str, calls: int, seconds: float, longest: float
    ) -> tuple[str, float]:
        while True:
            held = await self._leases.held(_places(key, calls))
            free, wait = _free(held, self._clock(), seconds)
            if not free:
                return "", wait
            place = random.choice(free)  # others look at the same places now
            if token := await self._leases.take(place, longest):
                return f"{token!r} {place}", 0.0

    async def purge(self) -> int:
        async with self._db.write() as tx:
            return (await tx.execute(delete(rates).where(rates.c.free_at < self._clock()))).rowcount

    async def close(self) -> None:
        """The database is closed by whoever opened it."""

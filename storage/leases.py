"""Work that only one process does at a time, in the database: whoever stops hands it on."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from sqlalchemy import select, update

from storage import schema
from storage.database import Database, unbroken
from storage.schema import rates


class Leases:
    """Named leases, each held until a moment that is also its holder's token.

    ``clock`` returns seconds since 1970; the clocks of the machines must agree to some seconds.
    Whoever dies keeps nobody waiting for longer than the lease.
    """

    def __init__(self, db: Database, clock: Callable[[], float] = time.time) -> None:
        self._db = db
        self._clock = clock

    @unbroken
    async def take(self, name: str, seconds: float) -> float | None:
        """The token, ``None`` when another process holds it."""
        now = self._clock()
        async with self._db.write() as tx:
            row = schema.insert(tx, rates).values(key=_key(name), free_at=now + seconds)
            taken = row.on_conflict_do_update(
                index_elements=["key"],
                set_={"free_at": now + seconds},
                where=rates.c.free_at <= now,
            ).returning(rates.c.free_at)
            token: float | None = (await tx.execute(taken)).scalar_one_or_none()
        return token

    async def held(self, names: Sequence[str]) -> dict[str, float]:
        """Until when each is held, in seconds since 1970; one that was never taken: 0.0."""
        wanted = select(rates.c.key, rates.c.free_at).where(rates.c.key.in_(map(_key, names)))
        async with self._db.read() as tx:
            held = {row.key: row.free_at for row in await tx.execute(wanted)}
        return {name: held.get(_key(name), 0.0) for name in names}

    async def renew(self, name: str, token: float, seconds: float) -> float | None:
        """The new token, ``None`` when it was lost."""
        return await self._set(name, token, self._clock() + seconds)

    async def release(self, name: str, token: float) -> None:
        """Another process may go on at once."""
        await self._set(name, token, self._clock())

    @unbroken
    async def _set(self, name: str, token: float, until: float) -> float | None:
        held = update(rates).where(rates.c.key == _key(name), rates.c.free_at == token)
        async with self._db.write() as tx:
            changed = await tx.execute(held.values(free_at=until).returning(rates.c.free_at))
            renewed: float | None = changed.scalar_one_or_none()
        return renewed


def _key(name: str) -> str:
    return f"lease:{name}"

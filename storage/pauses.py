"""Moments before which no process sends, kept where all of them look."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Select, case, delete, func, select

from storage import schema
from storage.database import Database, unbroken
from storage.schema import rates

ASKED = "pause:asked"
"""Somebody wants nothing to be sent, until told otherwise."""

NETWORK = "pause:network:"
"""How the key begins of a network that asked us to wait."""

_ENDLESS = float(2**40)
"""Seconds since 1970."""


class Pauses:
    """Rows of :data:`storage.schema.rates`: purged with them once they are over."""

    def __init__(self, db: Database) -> None:
        self._db = db

    @unbroken
    async def wait(self, channel: str, until: datetime) -> None:
        """Nobody sends there before that moment; a longer pause stays as it is."""
        await self._set(f"{NETWORK}{channel}", until.timestamp())

    @unbroken
    async def pause(self) -> None:
        """Nobody sends anything until :meth:`resume`."""
        await self._set(ASKED, _ENDLESS)

    async def _set(self, key: str, until: float) -> None:
        async with self._db.write() as tx:
            row = schema.insert(tx, rates).values(key=key, free_at=until)
            longer = case((rates.c.free_at > until, rates.c.free_at), else_=until)
            await tx.execute(
                row.on_conflict_do_update(index_elements=["key"], set_={"free_at": longer})
            )

    @unbroken
    async def resume(self) -> None:
        async with self._db.write() as tx:
            await tx.execute(delete(rates).where(rates.c.key == ASKED))

    async def asked(self) -> bool:
        """Whether somebody wants nothing to be sent."""
        async with self._db.read() as tx:
            found = await tx.execute(select(rates.c.key).where(rates.c.key == ASKED))
            return found.first() is not None

    async def until(self, channel: str, now: datetime) -> datetime | None:
        """When one may send there again; ``None``: now. One without end lasts a day."""
        async with self._db.read() as tx:
            return over((await tx.execute(pause_of(channel))).scalar_one(), now)


def pause_of(channel: str) -> Select[Any]:
    """Until when, in seconds since 1970."""
    keys = (ASKED, f"{NETWORK}{channel}")
    return select(func.max(rates.c.free_at)).where(rates.c.key.in_(keys))


def over(free_at: float | None, now: datetime) -> datetime | None:
    """The end of a pause, if it is not over at ``now``."""
    if free_at is None or free_at <= now.timestamp():
        return None
    return datetime.fromtimestamp(min(free_at, now.timestamp() + 86_400), UTC)

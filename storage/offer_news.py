"""Which offers are new to the alerts, or say something else that matters, and the runs of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import bindparam, delete, select

from storage import runs, schema
from storage.database import Database, unbroken
from storage.offers import mark
from storage.schema import offers, revisions, swept

SWEPT = "swept offers"
"""Among the revisions: up to which the offers were looked at."""

SWEEPING = 0x636D63
"""An advisory lock of PostgreSQL, for :meth:`Database.alone`."""

_SAID = select(swept.c.offer, swept.c.said).where(
    swept.c.offer.in_(bindparam("ids", expanding=True))
)


class OfferNews:
    """What was held against the alerts already."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def looked_at(self) -> int:
        """The revision of the offers up to which their news were taken in."""
        query = select(revisions.c.n).where(revisions.c.name == SWEPT)
        async with self._db.read() as tx:
            return (await tx.execute(query)).scalar_one_or_none() or 0

    async def said(self, ids: Sequence[str]) -> dict[str, str]:
        """What mattered of these when they were last held against the alerts."""
        async with self._db.read() as tx:
            return {row.offer: row.said for row in await tx.execute(_SAID, {"ids": ids})}

    @unbroken
    async def take_in(
        self, job: str, tick: str, news: Mapping[str, str], now: datetime
    ) -> runs.Run | None:
        """Begin a run of these (id -> what matters of it), and remember them, in one transaction.

        ``None`` when another process did. An offer is told by one run alone: whoever begins it
        brings it to its end, or cancels it.
        """
        async with self._db.write() as tx:
            await self._db.alone(tx, SWEEPING)  # then look again: another may just have done it
            known = {r.offer: r.said for r in await tx.execute(_SAID, {"ids": list(news)})}
            fresh = {id: said for id, said in news.items() if known.get(id) != said}
            if not fresh:
                return None
            run = await runs.begin(tx, job, tick, len(fresh), now, list(fresh))
            if run is not None:
                row = schema.insert(tx, swept)
                told = row.on_conflict_do_update(
                    index_elements=["offer"],
                    set_={"said": row.excluded.said, "at": row.excluded.at},
                )
                rows = [{"offer": id, "said": said, "at": now} for id, said in fresh.items()]
                await tx.execute(told, rows)
        return run

    @unbroken
    async def look_on(self, revision: int) -> None:
        """What was written up to that revision was taken in."""
        async with self._db.write() as tx:
            await mark(tx, SWEPT, revision)

    @unbroken
    async def forget(self, before: datetime) -> int:
        """Offers held against the alerts before that moment that are erased since; how many."""
        kept = select(offers.c.id).where(offers.c.id == swept.c.offer).exists()
        async with self._db.write() as tx:
            gone = await tx.execute(delete(swept).where(swept.c.at < before, ~kept))
        return gone.rowcount

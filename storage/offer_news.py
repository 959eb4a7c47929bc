"""Which offers are new to the alerts, or say something else that matters, and the runs of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import bindparam, delete, insert, select

from storage import schema
from storage.database import Database, unbroken
from storage.offers import mark
from storage.runs import Run, begin, lengthen
from storage.schema import offers, revisions, run_offers, swept

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
        self, run: Run | None, job: str, tick: str, news: Mapping[str, str], now: datetime
    ) -> Run | None:
        """Add these (id -> what matters of it) to a run, or begin one, and remember them, in one
        transaction: some hundreds at a time, for on SQLite nobody else writes meanwhile.

        What another process took in is left out; ``None`` when no run was begun, as there is
        nothing left or the tick is taken. An offer is told by one run alone: whoever takes it in
        brings the run to its end, or cancels it. Raises :class:`storage.runs.Overtaken`.
        """
        async with self._db.write() as tx:
            await self._db.alone(tx, SWEEPING)  # then look again: another may just have done it
            known = {r.offer: r.said for r in await tx.execute(_SAID, {"ids": list(news)})}
            fresh = [(id, said) for id, said in news.items() if known.get(id) != said]
            if fresh and run is None:
                run = await begin(tx, job, tick, 0, now)
            if fresh and run is not None:
                first, run = run.total, await lengthen(tx, run, len(fresh))
                numbered = [
                    {"run": run.id, "n": n, "offer": id} for n, (id, _) in enumerate(fresh, first)
                ]
                await tx.execute(insert(run_offers), numbered)
                row = schema.insert(tx, swept)
                told = row.on_conflict_do_update(
                    index_elements=["offer"],
                    set_={"said": row.excluded.said, "at": row.excluded.at},
                )
                rows = [{"offer": id, "said": said, "at": now} for id, said in fresh]
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

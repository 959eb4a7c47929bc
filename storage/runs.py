"""Periodic jobs, each done once for all processes: what they take in, how far they are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.engine import Row

from storage import schema
from storage.database import Database, Transaction, unbroken
from storage.schema import digests, runs, searches, silenced

State = Literal["building", "ready", "cancelled"]

_ERASED_AT_ONCE = 2_000


class Overtaken(Exception):
    """Another process went on with the run, or somebody cancelled it: nothing was written."""


@dataclass(frozen=True, slots=True)
class Run:
    """A row of ``runs``, whose columns are said there."""

    id: int
    job: str
    tick: str
    state: State
    total: int
    done: int
    written: int
    reached: int
    started: datetime
    finished: datetime | None


_COLUMNS = [runs.c[name] for name in Run.__slots__]


class Runs:
    """Each step of a run is fenced: it is written only when the run stands where the writer left
    it, so that two processes that both believe to be alone repeat nothing."""

    def __init__(self, db: Database) -> None:
        self._db = db

    @unbroken
    async def begin(self, job: str, tick: str, total: int, now: datetime) -> Run | None:
        """A new run, ``None`` when that tick of the job was begun already."""
        async with self._db.write() as tx:
            return await begin(tx, job, tick, total, now)

    async def get(self, id: int) -> Run | None:
        async with self._db.read() as tx:
            row = (await tx.execute(select(*_COLUMNS).where(runs.c.id == id))).one_or_none()
        return None if row is None else _run(row)

    async def building(self, job: str) -> list[Run]:
        """What was begun and not ended, oldest first."""
        query = select(*_COLUMNS).where(runs.c.job == job, runs.c.state == "building")
        async with self._db.read() as tx:
            return [_run(row) for row in await tx.execute(query.order_by(runs.c.id))]

    async def latest(self, limit: int = 10) -> list[Run]:
        """Newest first, whatever the job."""
        query = select(*_COLUMNS).order_by(runs.c.id.desc()).limit(limit)
        async with self._db.read() as tx:
            return [_run(row) for row in await tx.execute(query)]

    @unbroken
    async def advance(self, run: Run, *, done: int, written: int = 0, reached: int = 0) -> Run:
        """As :func:`step`, when nothing else is written with it."""
        async with self._db.write() as tx:
            return await step(tx, run, done=done, written=written, reached=reached)

    @unbroken
    async def finish(self, run: Run, now: datetime) -> Run:
        """It counts from now on: what it found for alerts that were stopped meanwhile goes.

        Raises :class:`Overtaken`.
        """
        stopped = (
            select(digests.c.search)
            .join(searches, searches.c.id == digests.c.search)
            .where(digests.c.run == run.id, searches.c.changed >= run.started, silenced)
        )
        # Nothing is written for the run any more: who stops an alert from here on finds it all.
        async with self._db.read() as tx:
            ids = list((await tx.execute(stopped)).scalars())
        async with self._db.write() as tx:
            ready = await _change(tx, run, state="ready", done=run.total, finished=now)
            for at in range(0, len(ids), _ERASED_AT_ONCE):
                some = digests.c.search.in_(ids[at : at + _ERASED_AT_ONCE])
                await tx.execute(delete(digests).where(digests.c.run == run.id, some))
        return ready

    @unbroken
    async def cancel(self, id: int, now: datetime) -> bool:
        """What it found so far is told to nobody; ``False`` when it is over already."""
        ended = update(runs).where(runs.c.id == id, runs.c.state == "building")
        async with self._db.write() as tx:
            result = await tx.execute(ended.values(state="cancelled", finished=now))
        if result.rowcount:
            await self._forget(id)
        return bool(result.rowcount)

    async def purge(self, before: datetime) -> int:
        """Erase what began before that moment, with what was found and never sent; how many."""
        old = select(runs.c.id).where(runs.c.started < before, runs.c.state != "building")
        async with self._db.read() as tx:
            ids = list((await tx.execute(old)).scalars())
        for id in ids:
            await self._forget(id)
            await self._erase(id)
        return len(ids)

    async def _forget(self, id: int) -> None:
        """The digests of a run, some at a time: the turns under way are not held up."""
        some = (
            select(digests.c.search)
            .where(digests.c.run == id, digests.c.search > bindparam("after"))
            .order_by(digests.c.search)
            .limit(_ERASED_AT_ONCE)
        )
        after = -1
        while True:
            async with self._db.read() as tx:
                found = list((await tx.execute(some, {"after": after})).scalars())
            if not found:
                return
            await self._drop(id, after, found[-1])
            after = found[-1]

    @unbroken
    async def _drop(self, id: int, after: int, last: int) -> None:
        between = digests.c.search.between(after + 1, last)
        async with self._db.write() as tx:
            await tx.execute(delete(digests).where(digests.c.run == id, between))

    @unbroken
    async def _erase(self, id: int) -> None:
        async with self._db.write() as tx:
            await tx.execute(delete(runs).where(runs.c.id == id))


async def begin(tx: Transaction, job: str, tick: str, total: int, now: datetime) -> Run | None:
    """A new run; ``None`` when the tick was begun already."""
    row = schema.insert(tx, runs).values(
        job=job, tick=tick, state="building", total=total, started=now
    )
    begun = row.on_conflict_do_nothing(index_elements=["job", "tick"]).returning(*_COLUMNS)
    found = (await tx.execute(begun)).one_or_none()
    return None if found is None else _run(found)


async def lengthen(tx: Transaction, run: Run, by: int) -> Run:
    """So many more are to be done. Raises :class:`Overtaken`."""
    return await _change(tx, run, total=runs.c.total + by)


async def step(tx: Transaction, run: Run, *, done: int, written: int, reached: int) -> Run:
    """``done`` of the whole is done, ``written`` rows more were written, up to ``reached``.

    To be called first in the transaction that writes them. Raises :class:`Overtaken`.
    """
    written_ = runs.c.written + written
    return await _change(tx, run, done=done, written=written_, reached=reached)


async def _change(tx: Transaction, run: Run, **values: Any) -> Run:
    names = ("id", "total", "done", "written", "reached")
    as_it_stood = [runs.c[name] == getattr(run, name) for name in names]
    as_it_stood.append(runs.c.state == "building")
    changed = update(runs).where(*as_it_stood).values(**values).returning(*_COLUMNS)
    row = (await tx.execute(changed)).one_or_none()
    if row is None:
        raise Overtaken
    return _run(row)


def _run(row: Row[Any]) -> Run:
    return Run(*tuple(row))

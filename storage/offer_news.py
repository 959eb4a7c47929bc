"""Which offers are new to the alerts, or say something else that matters, and the runs of them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, select, text

from matching.model import Sketch
from storage.database import Database, unbroken
from storage.offers import mark
from storage.runs import Run, begin, lengthen
from storage.schema import Moment, offers, revisions, run_offers, swept

SWEPT = "swept offers"
"""Among the revisions: up to which the offers were looked at."""

SWEEPING = 0x636D64
"""An advisory lock of PostgreSQL, for :meth:`Database.alone`."""

_PAGE = 2_500

# What decides whether an alert wants an offer; the rest of a sketch stays empty.
_MATTERS = (
    "id", "title", "city", "insee", "departement", "lat", "lon", "rome_codes", "expires", "start",
    "diploma_level", "status",
)  # fmt: skip
_COLUMNS = [offers.c[name] for name in _MATTERS]
_NEWS = (
    select(*_COLUMNS, swept.c.said)
    .select_from(offers.outerjoin(swept, swept.c.offer == offers.c.id))
    .where(
        offers.c.changed > bindparam("since"),
        offers.c.status == "open",
        offers.c.id > bindparam("after"),
    )
    .order_by(offers.c.id)
    .limit(_PAGE)
)
_OF_RUN = (
    select(*_COLUMNS, run_offers.c.n)
    .select_from(run_offers.join(offers, offers.c.id == run_offers.c.offer))
    .where(
        run_offers.c.run == bindparam("run"),
        run_offers.c.n.between(bindparam("first"), bindparam("last")),
    )
    .order_by(run_offers.c.n)
)
# Lists go as JSON: a statement for each row, or a name for each value, costs more than the rest.
_AT = bindparam("at", type_=Moment())
_POSTGRESQL = (
    text("""
SELECT offer, said FROM swept
WHERE offer IN (SELECT o->>0 FROM json_array_elements(CAST(:news AS json)) o)
"""),
    text("""
INSERT INTO run_offers (run, n, offer)
SELECT :run, :first + o.n - 1, o.pair->>0
FROM json_array_elements(CAST(:news AS json)) WITH ORDINALITY AS o(pair, n)
"""),
    text("""
INSERT INTO swept (offer, said, at)
SELECT o->>0, o->>1, :at FROM json_array_elements(CAST(:news AS json)) o
ON CONFLICT (offer) DO UPDATE SET said = excluded.said, at = excluded.at
""").bindparams(_AT),
)
_SQLITE = (
    text("""
SELECT offer, said FROM swept
WHERE offer IN (SELECT json_extract(value, '$[0]') FROM json_each(:news))
"""),
    text("""
INSERT INTO run_offers (run, n, offer)
SELECT :run, :first + key, json_extract(value, '$[0]') FROM json_each(:news)
"""),
    text("""
INSERT INTO swept (offer, said, at)
SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), :at FROM json_each(:news)
WHERE true
ON CONFLICT (offer) DO UPDATE SET said = excluded.said, at = excluded.at
""").bindparams(_AT),
)


class OfferNews:
    """What was held against the alerts already."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._said, self._number, self._remember = _POSTGRESQL if db.file is None else _SQLITE

    async def looked_at(self) -> int:
        """The revision of the offers up to which their news were taken in."""
        query = select(revisions.c.n).where(revisions.c.name == SWEPT)
        async with self._db.read() as tx:
            return (await tx.execute(query)).scalar_one_or_none() or 0

    async def since(self, revision: int) -> AsyncIterator[list[tuple[Sketch, str | None]]]:
        """The open offers written after a revision, each with what mattered of it when it was last
        held against the alerts; in pages."""
        values: dict[str, Any] = {"since": revision, "after": ""}
        while True:
            async with self._db.read() as tx:
                rows = (await tx.execute(_NEWS, values)).all()
            if rows:
                yield [(_sketch(row), row[-1]) for row in rows]
            if len(rows) < _PAGE:
                return
            values["after"] = rows[-1].id

    async def of_run(
        self, run: Run, after: int = -1
    ) -> AsyncIterator[tuple[int, list[tuple[int, Sketch]]]]:
        """The offers of a run by their number, from the one after ``after`` on: page by page, the
        last number it reaches, and those that are not erased."""
        first = after + 1
        while first < run.total:
            last = min(first + _PAGE, run.total) - 1
            async with self._db.read() as tx:
                rows = await tx.execute(_OF_RUN, {"run": run.id, "first": first, "last": last})
                found = [(row[-1], _sketch(row)) for row in rows]
            yield last, found
            first = last + 1

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
            given = {"news": json.dumps(list(news.items()))}
            known = {r.offer: r.said for r in await tx.execute(self._said, given)}
            fresh = [(id, said) for id, said in news.items() if known.get(id) != said]
            if fresh and run is None:
                run = await begin(tx, job, tick, 0, now)
            if fresh and run is not None:
                first, run = run.total, await lengthen(tx, run, len(fresh))
                given = {"news": json.dumps(fresh)}
                await tx.execute(self._number, {"run": run.id, "first": first, **given})
                await tx.execute(self._remember, {"at": now, **given})
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


def _sketch(row: Sequence[Any]) -> Sketch:
    id, title, city, insee, departement, lat, lon, codes, expires, start, level, status, _ = row
    return Sketch(
        id, title, city, insee, departement, lat, lon, tuple(codes.split()), None, expires, start,
        level, None, False, 0, status,
    )  # fmt: skip

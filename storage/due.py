"""What runs have found for people becomes messages, at the time each person has chosen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, and_, delete, distinct, func, insert, select, text, update
from sqlalchemy.sql.elements import ColumnElement

from storage.database import Database, Transaction, unbroken
from storage.schema import conversations, digests, pushes, run_offers, runs, searches

AT_ONCE = 200
"""Searches a transaction: well under 50 ms, so that the turns under way are not held up."""

# Each next one is a look into the index: they are few, the searches are many.
_BEATS = text("""
WITH RECURSIVE b (beat) AS (
  SELECT min(beat) FROM searches
  UNION ALL
  SELECT (SELECT min(s.beat) FROM searches s WHERE s.beat > b.beat) FROM b WHERE b.beat IS NOT NULL
)
SELECT beat FROM b WHERE beat IS NOT NULL
""")

_READY = select(runs.c.id).where(runs.c.state == "ready")
_UNSENT = and_(pushes.c.settled.is_(None), pushes.c.state.in_(("pending", "later")))


@dataclass(frozen=True, slots=True)
class Due:
    """A beat at one time it is due. Moments are aware.

    What was kept or changed after ``at`` waits for the next time. The message may be sent until
    ``expires``, or until ``unread`` where people come and read. ``most`` is how many a person may
    get since ``day_began``, ``None`` any number.
    """

    beat: str
    at: datetime
    expires: datetime
    unread: datetime
    most: int | None
    day_began: datetime


@dataclass(frozen=True, slots=True)
class Chunk:
    """How many searches were looked at and how many got a message; the last of them, 0: none."""

    done: int
    made: int
    last: int


@dataclass(frozen=True, slots=True)
class _Search:
    id: int
    person: str
    channel: str
    today: int


class DueDigests:
    """Digests go in the very transaction in which their message comes: a replay repeats nothing.

    ``pushed`` are the networks on which we write to people by ourselves.
    """

    def __init__(self, db: Database, pushed: Iterable[str]) -> None:
        self._db = db
        self._pushed = frozenset(pushed)

    async def beats(self) -> list[str]:
        """Every beat that some alert has."""
        async with self._db.read() as tx:
            return list((await tx.execute(_BEATS)).scalars())

    @unbroken
    async def resume(self, beat: str, today: date) -> int:
        """Alerts paused until today speak again; how many."""
        over = and_(
            searches.c.beat == beat, searches.c.state == "paused", searches.c.until <= today
        )
        async with self._db.write() as tx:
            speaks = update(searches).where(over).values(state="on", until=None)
            return (await tx.execute(speaks)).rowcount

    async def count(self, due: Due, now: datetime) -> int:
        """How many searches have something to say."""
        total = 0
        async with self._db.read() as tx:
            for source in (_with_digests, _with_leftovers):
                id, joined, which = source(due, now)
                query = select(func.count(distinct(id))).select_from(joined).where(which)
                total += int((await tx.execute(query)).scalar_one())
        return total

    async def make(
        self, due: Due, now: datetime, after: int = 0, *, leftovers: bool = False
    ) -> Chunk:
        """Messages of the next searches after that one, in the order of their numbers.

        What was due before and never sent goes into the new message; without anything new, it goes
        again by itself, as one of the ``leftovers``.
        """
        source = (_with_leftovers if leftovers else _with_digests)(due, now)
        found = await self._next(due, source, after)
        made = await self._write(due, _allowed(found, due.most), now, leftovers=leftovers)
        return Chunk(len(found), made, found[-1].id if found else 0)

    async def _next(self, due: Due, source: _Source, after: int) -> list[_Search]:
        id, joined, which = source
        query = (
            select(id, searches.c.person, conversations.c.channel, _today(due))
            .distinct()
            .select_from(joined)
            .where(which, id > after)
            .order_by(id)
            .limit(AT_ONCE)
        )
        async with self._db.read() as tx:
            return [_Search(*row) for row in await tx.execute(query)]

    @unbroken
    async def _write(
        self, due: Due, found: Sequence[_Search], now: datetime, *, leftovers: bool
    ) -> int:
        if not found:
            return 0
        async with self._db.write() as tx:
            ids = [search.id for search in found]
            offers = await _taken(tx, ids, now, leftovers=leftovers)
            rows = [
                {
                    "person": search.person,
                    "channel": search.channel,
                    "kind": "alert",
                    "search": search.id,
                    "offers": list(offers[search.id]),
                    "state": "pending",
                    "created": now,
                    "expires": due.expires if search.channel in self._pushed else due.unread,
                }
                for search in found
                if offers.get(search.id)
            ]
            if rows:
                await tx.execute(insert(pushes), rows)
        return len(rows)


_Source = tuple[ColumnElement[int], Any, ColumnElement[bool]]
"""The column of a search's number, the tables to read it from, and which rows of them."""


def _speaks(due: Due, now: datetime) -> ColumnElement[bool]:
    return and_(
        searches.c.beat == due.beat,
        searches.c.state == "on",
        searches.c.changed <= due.at,
        conversations.c.expires > now,
    )


def _with_digests(due: Due, now: datetime) -> _Source:
    d = digests
    joined = (
        d.join(runs, runs.c.id == d.c.run)
        .join(searches, searches.c.id == d.c.search)
        .join(conversations, conversations.c.id == searches.c.person)
    )
    return d.c.search, joined, and_(runs.c.state == "ready", _speaks(due, now))


def _with_leftovers(due: Due, now: datetime) -> _Source:
    """Past its window, and nothing new for the same search; else it goes along with that."""
    p = pushes
    joined = p.join(searches, searches.c.id == p.c.search).join(
        conversations, conversations.c.id == searches.c.person
    )
    fresh = select(digests.c.run).where(digests.c.search == p.c.search, digests.c.run.in_(_READY))
    late = and_(p.c.kind == "alert", _UNSENT, p.c.expires <= now, ~fresh.exists())
    return p.c.search, joined, and_(late, _speaks(due, now))


def _today(due: Due) -> Any:
    """What the person got of alerts since the day began."""
    p = pushes.alias()
    counted = and_(
        p.c.person == searches.c.person,
        p.c.kind == "alert",
        p.c.created >= due.day_began,
        p.c.state.not_in(("expired", "gone")),
    )
    return select(func.count()).where(counted).scalar_subquery()


def _allowed(found: Sequence[_Search], most: int | None) -> list[_Search]:
    if most is None:
        return list(found)
    got: dict[str, int] = {search.person: search.today for search in found}
    allowed = []
    for search in found:
        if got[search.person] < most:
            got[search.person] += 1
            allowed.append(search)
    return allowed


async def _taken(
    tx: Transaction, ids: Sequence[int], now: datetime, *, leftovers: bool
) -> dict[int, dict[str, None]]:
    """The offers of each search, once each: those of a message never sent, then the new ones.

    Whoever comes second finds nothing here, and leaves the first one's message alone.
    """
    offers: defaultdict[int, dict[str, None]] = defaultdict(dict)
    d = digests.c
    fresh = delete(digests).where(d.search.in_(ids), d.run.in_(_READY))
    rows = [] if leftovers else (await tx.execute(fresh.returning(d.search, d.run, d.offers))).all()
    late = pushes.c.expires <= now if leftovers else pushes.c.search.in_({row[0] for row in rows})
    unsent = update(pushes).where(pushes.c.search.in_(ids), pushes.c.kind == "alert", _UNSENT, late)
    over = unsent.values(state="expired", settled=now)
    for search, kept in await tx.execute(over.returning(pushes.c.search, pushes.c.offers)):
        offers[search] |= dict.fromkeys(kept)
    named = await _names(rows, tx)
    for search, run, numbers in sorted(map(tuple, rows)):
        offers[search] |= dict.fromkeys(named[run, int(n)] for n in numbers.split())
    return offers


async def _names(rows: Iterable[Any], tx: Transaction) -> dict[tuple[int, int], str]:
    """What the numbers of digests stand for."""
    numbers: defaultdict[int, set[int]] = defaultdict(set)
    for _, run, named in rows:
        numbers[run] |= {int(n) for n in named.split()}
    found: dict[tuple[int, int], str] = {}
    for run, wanted in numbers.items():
        for part in _parts(sorted(wanted)):
            for n, offer in await tx.execute(_offers_of(run, part)):
                found[run, n] = offer
    return found


def _offers_of(run: int, numbers: Sequence[int]) -> Select[Any]:
    c = run_offers.c
    return select(c.n, c.offer).where(c.run == run, c.n.in_(numbers))


def _parts(numbers: Sequence[int], size: int = 5_000) -> Iterable[Sequence[int]]:
    """A statement takes so many values at most."""
    return (numbers[at : at + size] for at in range(0, len(numbers), size))

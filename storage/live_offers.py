"""Offers as their sources tell of them: written when they change, closed when they are gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Select, and_, bindparam, delete, false, insert, not_, or_, select, update
from sqlalchemy.sql.elements import ColumnElement

from matching.model import SEEN, Offer
from storage.database import Database, Transaction, unbroken
from storage.offers import Offers, code_rows, digest_of, mark, next_revision, row_of
from storage.schema import offer_codes, offers, revisions

GONE = "gone:"
"""How the origin begins of an offer that its source took away; the day follows."""

_READ = "read:"

_AT_ONCE = 500
"""Rows a transaction: about 50 ms, so that the turns under way are not held up."""

_KNOWN = select(offers.c.id, offers.c.digest, offers.c.origin).where(
    offers.c.id.in_(bindparam("ids", expanding=True))
)
_GONE = offers.c.origin.like(f"{GONE}%")
_CLOSED = select(offers.c.id).where(
    offers.c.id.in_(bindparam("ids", expanding=True)), offers.c.status == "closed", not_(_GONE)
)
_ANONYMOUS: dict[str, Any] = {
    "status": "closed", "digest": "", "description": "", "phone": None, "apply_to": None,
    "company": None, "also": "",
}  # fmt: skip
"""What stays of an offer that its source took away: enough to say that it is gone."""


class LiveOffers(Offers):
    """Implements :class:`matching.store.LiveStore`.

    ``origin`` names the source an offer was read from; one that begins with :data:`SEEN` was shown
    to somebody that day, one with :data:`GONE` was taken away by its source that day.
    """

    def __init__(self, db: Database) -> None:
        super().__init__(db)
        self._noted: dict[str, tuple[str, date]] = {}

    async def closed(self, ids: Collection[str]) -> set[str]:
        """Those that were found to be gone when somebody said so.

        What only was missing from a list may be back: its source knows.
        """
        async with self._db.read() as tx:
            return set((await tx.execute(_CLOSED, {"ids": list(ids)})).scalars())

    async def note(self, found: Sequence[Offer], day: date) -> None:
        """Keep offers that are shown, so that they can be asked for again; mostly this is nothing
        to do. What a source's own list brought stays that list's."""
        stamps = {offer.id: (digest_of(offer), day) for offer in found}
        fresh = [offer for offer in found if self._noted.get(offer.id) != stamps[offer.id]]
        if not fresh:
            return
        await self._put(fresh, f"{SEEN}{day.isoformat()}", shown=True)
        if len(self._noted) > 20 * _AT_ONCE:
            self._noted.clear()
        self._noted |= {offer.id: stamps[offer.id] for offer in fresh}

    async def put(self, origin: str, found: Sequence[Offer]) -> tuple[int, int]:
        """Write those that are new or say something else, and how many there were of each; the
        others are not touched.

        An offer that we closed stays closed until it says something else.
        """
        unique = list({offer.id: offer for offer in found}.values())
        new = changed = 0
        for at in range(0, len(unique), _AT_ONCE):
            came, differ = await self._put(unique[at : at + _AT_ONCE], origin)
            new, changed = new + came, changed + differ
        return new, changed

    @unbroken
    async def _put(
        self, found: Sequence[Offer], origin: str, *, shown: bool = False
    ) -> tuple[int, int]:
        digests = {offer.id: digest_of(offer) for offer in found}
        async with self._db.read() as tx:
            change = await _Change.since(tx, found, digests, origin, shown=shown)
        if not change:
            return 0, 0
        async with self._db.write() as tx:
            latest = await next_revision(tx)
            change = await _Change.since(tx, found, digests, origin, shown=shown)
            await change.write(tx, latest)
        self.latest = latest
        return len(change.new), len(change.changed)

    async def close_missing(self, origin: str, kept: Collection[str], day: date) -> int:
        """What ``origin`` brought once and does not hold any more is gone; how many offers."""
        async with self._db.read() as tx:
            ids = (await tx.execute(select(offers.c.id).where(offers.c.origin == origin))).scalars()
            missing = [id for id in ids if id not in kept]
        for at in range(0, len(missing), _AT_ONCE):
            one_of = offers.c.id.in_(missing[at : at + _AT_ONCE])
            await self._close(and_(one_of, offers.c.origin == origin), day)
            await asyncio.sleep(0)
        return len(missing)

    async def close_unseen(self, before: date, day: date) -> int:
        """What was shown once, and neither brought by a list nor shown again since ``before``."""
        seen = offers.c.origin.like(f"{SEEN}%")
        return await self._close(and_(seen, offers.c.origin < f"{SEEN}{before.isoformat()}"), day)

    async def retire(self, origins: Collection[str], day: date) -> int:
        """Sources that are asked no more: what they brought is gone, and they were never read."""
        theirs, marks = (
            or_(*(column.startswith(f"{head}{o}", autoescape=True) for o in origins), false())
            for column, head in ((offers.c.origin, ""), (revisions.c.name, _READ))
        )
        left = select(offers.c.id).where(theirs).union_all(select(revisions.c.name).where(marks))
        async with self._db.read() as tx:
            if (await tx.execute(left.limit(1))).first() is None:
                return 0
        return await self._close(theirs, day, forgets=marks)

    @unbroken
    async def _close(
        self, which: ColumnElement[bool], day: date, forgets: ColumnElement[bool] | None = None
    ) -> int:
        async with self._db.write() as tx:
            latest = await next_revision(tx)
            closed = update(offers).where(which)
            gone = f"{GONE}{day.isoformat()}"
            result = await tx.execute(closed.values(changed=latest, origin=gone, **_ANONYMOUS))
            if forgets is not None:
                await tx.execute(delete(revisions).where(forgets))
        self.latest = latest
        return result.rowcount

    async def forget_gone(self, before: date) -> int:
        """Erase what its source took away before that day; until then its page says so."""
        old = and_(_GONE, offers.c.origin < f"{GONE}{before.isoformat()}")
        forgotten = 0
        async for ids in self._some(select(offers.c.id).where(old).limit(_AT_ONCE)):
            await self._erase(ids)
            forgotten += len(ids)
        return forgotten

    @unbroken
    async def _erase(self, ids: list[str]) -> None:
        async with self._db.write() as tx:
            await tx.execute(delete(offers).where(offers.c.id.in_(ids)))

    async def _some(self, query: Select[Any]) -> AsyncIterator[list[str]]:
        while True:
            async with self._db.read() as tx:
                ids = list((await tx.execute(query)).scalars())
            if not ids:
                return
            yield ids

    async def open_from(self, origin: str, now: datetime) -> int:
        """How many offers of ``origin`` are open and not past their date."""
        lasting = or_(offers.c.expires.is_(None), offers.c.expires > now)
        query = select(offers.c.id).where(
            offers.c.origin == origin, offers.c.status == "open", lasting
        )
        async with self._db.read() as tx:
            return len((await tx.execute(query)).all())

    async def read_until(self, source: str) -> datetime | None:
        """Up to when a source was read (aware), ``None``: never."""
        query = select(revisions.c.n).where(revisions.c.name == f"{_READ}{source}")
        async with self._db.read() as tx:
            seconds = (await tx.execute(query)).scalar_one_or_none()
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)

    @unbroken
    async def was_read(self, source: str, until: datetime) -> None:
        """``until`` is aware; kept in whole seconds."""
        async with self._db.write() as tx:
            await mark(tx, f"{_READ}{source}", int(until.timestamp()))

    async def doubted(self, source: str) -> tuple[int, datetime] | None:
        """The list that was too short to be believed: its length, and of when it was (aware)."""
        length, of = _doubt(source)
        query = select(revisions.c.name, revisions.c.n).where(revisions.c.name.in_((length, of)))
        async with self._db.read() as tx:
            kept = {row.name: row.n for row in await tx.execute(query)}
        return (kept[length], datetime.fromtimestamp(kept[of], UTC)) if len(kept) == 2 else None

    @unbroken
    async def doubt(self, source: str, short: tuple[int, datetime] | None) -> None:
        """Keep that, ``None``: the last one was believed."""
        length, of = _doubt(source)
        async with self._db.write() as tx:
            if short is None:
                await tx.execute(delete(revisions).where(revisions.c.name.in_((length, of))))
            else:
                await mark(tx, length, short[0])
                await mark(tx, of, int(short[1].timestamp()))


def _doubt(source: str) -> tuple[str, str]:
    return f"{_READ}{source}, trop courte", f"{_READ}{source}, trop courte le"


class _Change:
    """What has to be written so that the store says the same as a source."""

    def __init__(self, digests: dict[str, str]) -> None:
        self.digests = digests
        self.origins: dict[str, str] = {}
        self.new: list[Offer] = []
        self.changed: list[Offer] = []
        self.moved: list[str] = []

    def __bool__(self) -> bool:
        return bool(self.new or self.changed or self.moved)

    @classmethod
    async def since(
        cls,
        tx: Transaction,
        found: Sequence[Offer],
        digests: dict[str, str],
        origin: str,
        *,
        shown: bool,
    ) -> _Change:
        rows = await tx.execute(_KNOWN, {"ids": list(digests)})
        known = {id: (digest, kept) for id, digest, kept in rows}
        change = cls(digests)
        for offer in found:
            digest, kept = known.get(offer.id, ("", ""))
            # Somebody saw it; the list it came from goes on telling whether it is still there.
            stays = shown and kept and not kept.startswith((SEEN, GONE))
            change.origins[offer.id] = kept if stays else origin
            if offer.id not in known:
                change.new.append(offer)
            elif digest != digests[offer.id]:
                change.changed.append(offer)
            elif kept != change.origins[offer.id]:
                change.moved.append(offer.id)
        return change

    async def write(self, tx: Transaction, revision: int) -> None:
        if self.changed:
            await tx.execute(delete(offers).where(offers.c.id.in_([o.id for o in self.changed])))
        written = [*self.new, *self.changed]
        if written:
            await tx.execute(insert(offers), [self._row(o, revision) for o in written])
            if codes := [row for offer in written for row in code_rows(offer)]:
                await tx.execute(insert(offer_codes), codes)
        if self.moved:
            moved = update(offers).where(offers.c.id.in_(self.moved))
            origin = self.origins[self.moved[0]]  # they all move to the same
            await tx.execute(moved.values(origin=origin, changed=revision))

    def _row(self, offer: Offer, revision: int) -> dict[str, Any]:
        stamp = {"digest": self.digests[offer.id], "origin": self.origins[offer.id]}
        return row_of(offer) | stamp | {"changed": revision}

"""Our own copy of the offers, as the catalogue asks for them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from hashlib import blake2b
from operator import attrgetter
from typing import Any

from sqlalchemy import Select, and_, bindparam, case, delete, func, insert, or_, select, update
from sqlalchemy.sql.elements import BindParameter, ColumnElement

from matching.model import Offer, Sketch, twin_key
from storage import schema
from storage.database import FURNISHING, Database, Transaction, unbroken
from storage.schema import offer_codes, offers, revisions, told

Box = tuple[float, float, float, float]
"""South, west, north, east, in degrees."""

# The columns in the order of Offer's fields: a row is an offer but for its lists.
_FIELDS = (
    "id", "source", "title", "company", "city", "postcode", "insee", "lat", "lon", "rome_codes",
    "url", "published", "expires", "start", "phone", "apply_to", "diploma_level", "diploma",
    "description", "duration_months", "status", "school", "updated", "also",
)  # fmt: skip
_LISTS = [_FIELDS.index(name) for name in ("rome_codes", "also")]
_COLUMNS = tuple(offers.c[name] for name in _FIELDS)
_values: Callable[[Offer], tuple[Any, ...]] = attrgetter(*_FIELDS)
_STAMP = (offers.c.id, offers.c.digest, offers.c.origin)

_CHUNK = 5_000
"""Rows a statement: 100,000 at once outlast the time limit of a command."""

_SKETCHED = 1_000
"""Sketches at a time: the other conversations go on in between."""

# The columns in the order of Sketch's fields; its twin key is made of the next three.
_SKETCH = (
    "id", "title", "city", "insee", "departement", "lat", "lon", "rome_codes", "published",
    "expires", "start", "diploma_level", "diploma", "school", "status",
)  # fmt: skip
_UNNAMED = or_(offers.c.company.is_(None), offers.c.company == "")
_TWIN = (
    offers.c.postcode,
    offers.c.company,
    case((_UNNAMED, offers.c.description), else_="").label("told"),
    offers.c.origin,
)
_BY_ID = (
    select(*(offers.c[name] for name in _SKETCH), *_TWIN)
    .where(offers.c.id > bindparam("after"))
    .order_by(offers.c.id)
    .limit(_SKETCHED)
)
_OPEN_SKETCHES = _BY_ID.where(offers.c.status == "open")
_CHANGED_SKETCHES = _BY_ID.where(offers.c.changed > bindparam("since"))
_SEVERAL = select(*_COLUMNS).where(offers.c.id.in_(bindparam("ids", expanding=True)))
_REVISION = select(revisions.c.n).where(revisions.c.name == "offers")
_ERASED = "offers erased"


@dataclass(frozen=True, slots=True)
class _Change:
    gone: list[dict[str, Any]]
    offers: list[dict[str, Any]]
    codes: list[dict[str, Any]]
    erases: bool


class Offers:
    """Implements :class:`matching.store.OfferStore`."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self.latest = 0

    async def revision(self) -> int:
        """How many times the offers were written, by any process."""
        async with self._db.read() as tx:
            self.latest = (await tx.execute(_REVISION)).scalar_one_or_none() or 0
        return self.latest

    async def erased(self) -> int:
        """The newest revision at which offers were erased."""
        query = select(revisions.c.n).where(revisions.c.name == _ERASED)
        async with self._db.read() as tx:
            return (await tx.execute(query)).scalar_one_or_none() or 0

    async def sketches(self, since: int | None) -> AsyncIterator[Sequence[Sketch]]:
        """The open offers (``None``), or those written after a revision, closed ones included."""
        query = _OPEN_SKETCHES if since is None else _CHANGED_SKETCHES
        values: dict[str, Any] = {"after": ""} | ({} if since is None else {"since": since})
        shared: dict[Any, Any] = {}
        while True:
            async with self._db.read() as tx:
                rows = (await tx.execute(query, values)).all()
            if rows:
                yield [_sketch(row, shared) for row in rows]
            if len(rows) < _SKETCHED:
                return
            values["after"] = rows[-1].id

    async def open_ids(self) -> set[str]:
        async with self._db.read() as tx:
            rows = await tx.execute(select(offers.c.id).where(offers.c.status == "open"))
            return set(rows.scalars())

    async def several(self, ids: Collection[str]) -> list[Offer]:
        """In no particular order; those that are gone are left out."""
        async with self._db.read() as tx:
            rows = (await tx.execute(_SEVERAL, {"ids": list(ids)})).all()
        return [_offer(row) for row in rows]

    async def near(
        self,
        codes: Sequence[str] | None,
        boxes: Sequence[Box] | None,
        departements: Sequence[str],
    ) -> list[Offer]:
        """Open offers bearing any of the codes and lying in any of the boxes or départements.

        ``codes=None``: any code; ``boxes=None``: anywhere. In no particular order; an offer past
        its date may be among them.
        """
        values: dict[str, Any] = {"departements": departements}
        if codes is not None:
            values["codes"] = codes
        for i, (south, west, north, east) in enumerate(boxes or ()):
            values |= {f"south{i}": south, f"west{i}": west, f"north{i}": north, f"east{i}": east}
        query = _near(codes is not None, None if boxes is None else len(boxes))
        async with self._db.read() as tx:
            rows = (await tx.execute(query, values)).all()
        return [_offer(row) for row in rows]

    async def get(self, id: str) -> Offer | None:
        """Open or closed."""
        async with self._db.read() as tx:
            row = (await tx.execute(select(*_COLUMNS).where(offers.c.id == id))).one_or_none()
        return _offer(row) if row else None

    @unbroken
    async def replace(self, source: str, offers_: Sequence[Offer]) -> None:
        """Make these all that came from ``source``: in one transaction, all of it or nothing.

        ``source`` names where they were read (a file, an export). What it no longer holds is
        erased, what came from elsewhere stays, and an offer that did not change is not written:
        one that we closed stays closed.
        """
        async with self._db.write() as tx:
            await self._db.alone(tx, FURNISHING)  # then compare: others may have written the same
            known = {id: tuple(rest) for id, *rest in await tx.execute(select(*_STAMP))}
            change = await asyncio.to_thread(_difference, known, source, offers_)
            if not (change.gone or change.offers):
                return
            latest = await next_revision(tx)
            for row in change.offers:
                row["changed"] = latest
            if change.erases:
                await mark(tx, _ERASED, latest)
            erase = delete(offers).where(offers.c.id == bindparam("gone"))
            for statement, rows in (
                (erase, change.gone),
                (insert(offers), change.offers),
                (insert(offer_codes), change.codes),
            ):
                for start in range(0, len(rows), _CHUNK):
                    await tx.execute(statement, rows[start : start + _CHUNK])
        self.latest = latest

    @unbroken
    async def close(self, id: str) -> bool:
        """Show an offer no more; ``False`` when it is unknown."""
        async with self._db.write() as tx:
            latest = await next_revision(tx)
            closed = update(offers).where(offers.c.id == id)
            result = await tx.execute(closed.values(status="closed", changed=latest))
        self.latest = latest
        return result.rowcount == 1

    async def count(self) -> int:
        """Open offers."""
        query = select(func.count()).select_from(offers).where(offers.c.status == "open")
        async with self._db.read() as tx:
            return int((await tx.execute(query)).scalar_one())


async def heard_of(tx: Transaction, person: str, ids: Collection[str]) -> list[Offer]:
    """What somebody was told of in the communes of these offers, open or not: some of it may be a
    copy of one of them."""
    here = select(offers.c.insee).where(offers.c.id.in_(ids))
    query = (
        select(*_COLUMNS)
        .join_from(told, offers, offers.c.id == told.c.offer)
        .where(told.c.person == person, offers.c.insee.in_(here))
    )
    return [_offer(row) for row in await tx.execute(query)]


async def next_revision(tx: Transaction) -> int:
    """Before the first row is written: whoever writes the offers waits here for the others, so
    that revisions are committed in their order."""
    first = schema.insert(tx, revisions).values(name="offers", n=1)
    bumped = first.on_conflict_do_update(
        index_elements=["name"], set_={"n": revisions.c.n + 1}
    ).returning(revisions.c.n)
    return int((await tx.execute(bumped)).scalar_one())


async def mark(tx: Transaction, name: str, n: int) -> None:
    """Keep a number among the revisions, in place of the one it had."""
    row = schema.insert(tx, revisions).values(name=name, n=n)
    await tx.execute(row.on_conflict_do_update(index_elements=["name"], set_={"n": n}))


@cache
def _near(by_code: bool, boxes: int | None) -> Select[Any]:
    """The question :meth:`Offers.near` asks; to build it costs more than to run it."""
    query = select(*_COLUMNS).where(offers.c.status == "open")
    place = None if boxes is None else _inside((offer_codes if by_code else offers).c, boxes)
    if by_code:
        codes: BindParameter[Any] = bindparam("codes", expanding=True)
        bearing = select(offer_codes.c.offer_id).where(offer_codes.c.code.in_(codes))
        return query.where(offers.c.id.in_(bearing if place is None else bearing.where(place)))
    return query if place is None else query.where(place)


def _inside(columns: Any, boxes: int) -> ColumnElement[bool]:
    places = [
        and_(
            columns.lat.between(bindparam(f"south{i}"), bindparam(f"north{i}")),
            columns.lon.between(bindparam(f"west{i}"), bindparam(f"east{i}")),
        )
        for i in range(boxes)
    ]
    return or_(columns.departement.in_(bindparam("departements", expanding=True)), *places)


def _offer(row: Sequence[Any]) -> Offer:
    values = list(row)
    for at in _LISTS:
        values[at] = tuple(values[at].split())
    return Offer(*values)


def _sketch(row: Sequence[Any], shared: dict[Any, Any]) -> Sketch:
    """``shared`` holds the values that many offers have in common: each is kept once."""
    (
        id, title, city, insee, departement, lat, lon, codes, published, expires, start, level,
        diploma, school, status, postcode, company, told, origin,
    ) = row  # fmt: skip
    once = shared.setdefault
    return Sketch(
        id,
        once(title, title),
        once(city, city),
        once(insee, insee),
        once(departement, departement),
        lat,
        lon,
        once((codes,), tuple(codes.split())),
        once(published, published),
        once(expires, expires),
        once(start, start),
        level,
        once(diploma, diploma),
        school,
        hash(twin_key(title, postcode or insee, company, told)),
        status,
        once(origin, origin),
    )


def _difference(known: dict[str, tuple[Any, ...]], source: str, found: Iterable[Offer]) -> _Change:
    """What to write so that ``source`` holds these; ``known``: id -> digest, origin."""
    latest = {offer.id: offer for offer in found}
    stamps = {id: (digest_of(offer), source) for id, offer in latest.items()}
    gone = [id for id, (_, origin) in known.items() if origin == source and id not in latest]
    changed = [offer for id, offer in latest.items() if known.get(id) != stamps[id]]
    erases = bool(gone)
    gone += [offer.id for offer in changed if offer.id in known]
    return _Change(
        [{"gone": id} for id in gone],
        [row_of(offer) | {"digest": stamps[offer.id][0], "origin": source} for offer in changed],
        [row for offer in changed for row in code_rows(offer)],
        erases,
    )


def digest_of(offer: Offer) -> str:
    # Whoever read the moments, with a time zone of whichever make: the same text.
    said = tuple(v.astimezone(UTC) if isinstance(v, datetime) else v for v in _values(offer))
    return blake2b(repr(said).encode(), digest_size=16).hexdigest()


def row_of(offer: Offer) -> dict[str, Any]:
    row = dict(zip(_FIELDS, _values(offer), strict=True))
    row["rome_codes"], row["also"] = " ".join(offer.rome_codes), " ".join(offer.also)
    row["departement"] = offer.departement
    return row


def code_rows(offer: Offer) -> Iterable[dict[str, Any]]:
    place = {"lat": offer.lat, "lon": offer.lon, "departement": offer.departement}
    for code in dict.fromkeys(offer.rome_codes):
        yield {"code": code, "offer_id": offer.id, **place}

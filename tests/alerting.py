"""Alerts and offers for tests: drawn on the edges, kept, and what must be told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import insert, select

from alerts.sweep import Sweep
from dialogs.criteria import wanted
from matching.model import Circle, Offer, Search, distance_km, matches
from nlu.trade_table import TradeTable
from storage.database import Database
from storage.schema import digests, run_offers, runs, searches
from tests.searches import NOW

TABLE = tuple(wanted(trade) for trade in TradeTable.load())
BY_ID = {trade.id: trade for trade in TABLE}
TRADES = ("boulanger", "patissier", "couvreur", "charpentier", "coiffeur")
TOWNS = (
    ("62498", 50.4322, 2.8331), ("62041", 50.2893, 2.7679), ("98735", -17.53, 179.9999),
    ("98736", -17.6, -179.9999), ("2A004", 41.92, 8.73), ("97411", -20.88, 55.45),
    ("97302", 4.92, -52.31), ("98901", 89.95, 10.0), ("98902", -89.99, -170.0),
    ("98903", 0.0, 0.0), ("98904", 89.9, 179.0),
)  # fmt: skip
"""Lens, Arras, both sides of the antimeridian, Corsica, overseas, around the poles."""


def draw_offer(n: int, chance: Random) -> Offer:
    insee, lat, lon = chance.choice(TOWNS)
    trade = BY_ID[chance.choice(TRADES)]
    codes = chance.choice((trade.codes, trade.parents or trade.codes, trade.codes[:1], ("Z9999",)))
    title = chance.choice((trade.label, BY_ID[chance.choice(TRADES)].label, "Apprenti (H/F)"))
    lat = min(max(lat + chance.choice((0, 0.05, 0.3, -0.6)), -90.0), 90.0)
    return Offer(
        f"x:{n}", "x", title, f"Maison {n}", insee, "", insee, lat,
        lon + chance.choice((0, -0.07, 0.4)), codes, "https://exemple.invalid",
        expires=chance.choice((None, None, NOW, NOW + timedelta(1), NOW - timedelta(1))),
        start=chance.choice((None, date(2027, 1, 1) + timedelta(chance.randint(0, 300)))),
        diploma_level=chance.choice((None, 3, 4)),
        status=chance.choice(("open", "open", "open", "open", "closed")),
    )  # fmt: skip


def draw_search(chance: Random, offers: Sequence[Offer]) -> Search:
    """Radii and dates are often the very border of an offer."""
    near = chance.choice(offers)
    circles = []
    for _ in range(chance.choice((0, 1, 1, 1, 2))):
        _, lat, lon = chance.choice(TOWNS)
        exact = distance_km(lat, lon, near.lat, near.lon)
        radius = chance.choice((0, 5, 10, 20, 30, 60, 200, exact, exact, 1_000, 20_016))
        circles.append(Circle(lat, lon, radius))
    start = chance.choice((None, None, date(2027, 5, 1)))
    end = chance.choice((None, date(2027, 5, 31)))
    if near.start and chance.random() < 0.5:  # the first or the last day, or one beyond
        by = timedelta(92 + chance.choice((0, 1)))
        start, end = chance.choice(((near.start + by, None), (near.start - by, near.start - by)))
    return Search(
        trades=tuple(BY_ID[t] for t in chance.sample(TRADES, chance.choice((0, 1, 1, 2, 3)))),
        circles=tuple(circles),
        departements=tuple(chance.sample(("62", "2A", "974", "987"), chance.choice((0, 0, 1, 2)))),
        france=chance.random() < 0.1,
        excluded=chance.choice(((), (), ("62041",), ("62498", "2A004", "98903"))),
        start=start,
        end=end,
        diploma_level=chance.choice((None, None, 3, 4)),
    )


def on_a_border(search: Search, offer: Offer) -> bool:
    """Within a millimetre of a circle's border, from 5 km on (70 cm below, or around the antipode):
    there, rounding decides, and :func:`matches` is asked again before anything is sent."""
    return any(
        abs(distance_km(c.lat, c.lon, offer.lat, offer.lon) - c.radius_km)
        <= (1e-6 if 5 <= c.radius_km <= 20_000 else 7e-4)
        for c in search.circles
    )


def expected(
    kept: Mapping[int, Search], offers: Iterable[Offer], now: datetime = NOW
) -> dict[int, set[str]]:
    """What the model says, by number of alert."""
    told = {id: {o.id for o in offers if matches(s, o, now)} for id, s in kept.items()}
    return {id: ids for id, ids in told.items() if ids}


def to_json(search: Search) -> dict[str, Any]:
    """A wish that :func:`of_json` reads; the slots of a conversation are tested elsewhere."""
    return {
        "trades": [trade.id for trade in search.trades],
        "circles": [[c.lat, c.lon, c.radius_km] for c in search.circles],
        "departements": list(search.departements), "france": search.france,
        "excluded": list(search.excluded), "level": search.diploma_level,
        "start": search.start and search.start.isoformat(),
        "end": search.end and search.end.isoformat(),
    }  # fmt: skip


def of_json(wish: Mapping[str, Any]) -> Search:
    return Search(
        trades=tuple(BY_ID[id] for id in wish["trades"]),
        circles=tuple(Circle(*c) for c in wish["circles"]),
        departements=tuple(wish["departements"]), france=wish["france"],
        excluded=tuple(wish["excluded"]), diploma_level=wish["level"],
        start=date.fromisoformat(wish["start"]) if wish["start"] else None,
        end=date.fromisoformat(wish["end"]) if wish["end"] else None,
    )  # fmt: skip


async def keep(
    db: Database, found: Sequence[Search], state: str = "on", person: str = "p"
) -> dict[int, Search]:
    """Keep these as alerts, one a person; by the number each got."""
    now = datetime.now(UTC)
    kept = {}
    async with db.write() as tx:
        for n, search in enumerate(found):
            row = insert(searches).values(
                person=f"{person}{n}", n=1, wish=to_json(search), beat="daily 17:30 Europe/Paris",
                state=state, created=now, changed=now,
            )  # fmt: skip
            id = (await tx.execute(row.returning(searches.c.id))).scalar_one()
            kept[id] = search
    return kept


async def told(db: Database) -> dict[int, list[str]]:
    """What ready runs have for each alert, in the order it stands there."""
    query = select(digests.c.search, digests.c.run, digests.c.offers).where(
        digests.c.run.in_(select(runs.c.id).where(runs.c.state == "ready"))
    )
    async with db.read() as tx:
        rows = (await tx.execute(query.order_by(digests.c.run))).all()
        numbered = (await tx.execute(select(run_offers))).all()
    names = {(row.run, row.n): row.offer for row in numbered}
    found: dict[int, list[str]] = {}
    for search, run, offers in rows:
        found.setdefault(search, []).extend(names[run, int(n)] for n in offers.split())
    return found


def sweeper(db: Database, many: int | None = None) -> Sweep:
    return Sweep(db, of_json, TABLE, lambda: NOW, many=many)


def later(offer: Offer, **changes: Any) -> Offer:
    return replace(offer, **changes)

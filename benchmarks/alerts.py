"""New offers held against saved searches: offers a second, beside merely writing what is found.

The searches are drawn as people make them all over France; what is found is compared with
``matches`` on a sample, and the ways of finding it with one another. The floor writes the same
digests again, in the same manner, to a run of their own.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from sqlalchemy import delete, func, insert, select, text

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from alerts.keys import keys_of  # noqa: E402
from alerts.sweep import ROWS, Progress, Sweep  # noqa: E402
from dialogs.criteria import wanted  # noqa: E402
from matching.model import Circle, Offer, Search, WantedTrade, matches  # noqa: E402
from nlu.gazetteer import Gazetteer  # noqa: E402
from nlu.trade_table import TradeTable  # noqa: E402
from storage.database import Database  # noqa: E402
from storage.digests import Digests, Found  # noqa: E402
from storage.key_blocks import driver  # noqa: E402
from storage.live_offers import LiveOffers  # noqa: E402
from storage.packed_keys import pack  # noqa: E402
from storage.runs import Run, Runs  # noqa: E402
from storage.schema import digests, offers, runs, search_keys, searches, swept  # noqa: E402
from tests import servers  # noqa: E402
from tests.searches import NOW  # noqa: E402

RADII = (5, 10, 20, 30, 50, 60, 100, 200)
INACTIVE = 0.15
SAMPLE = 400
SQL_OFFERS = 200
"""Offers that the SQL probe is measured on: it costs the same for each."""

WISH = json.dumps(
    {
        "trades": ["boulanger"], "radius_km": 30, "diploma": "cap", "excluded": [],
        "where": [{"kind": "commune", "insee": "62498", "name": "Lens", "departement": "62"}],
        "availability": {"start": "2027-09-01", "end": "2027-09-30", "approx": False},
    }
)  # fmt: skip
"""What an alert keeps of what a person said: read by nobody here, but of the usual size."""

_KEYS = "trade cell part x y z least first last level excluded search".split()
_SEARCH = "id person n wish beat state created changed keyed packed".split()
_AT_ONCE = 20_000


class Made:
    """Searches and offers, the same for the same seed."""

    def __init__(self) -> None:
        self.table = [wanted(trade) for trade in TradeTable.load()]
        self.gazetteer = Gazetteer.load()
        # A few trades are everywhere, most are rare: ten of them make up 40 %.
        Random(0).shuffle(self.table)
        self._common = [1 / (rank + 3) for rank in range(len(self.table))]
        self._people = [int(n) for n in self.gazetteer.population]

    def _rows(self, random: Random, count: int) -> list[int]:
        return random.choices(range(len(self.gazetteer)), weights=self._people, k=count)

    def _trades(self, random: Random, count: int) -> list[WantedTrade]:
        return random.choices(self.table, weights=self._common, k=count)

    def searches(self, count: int) -> Iterator[Search]:
        """One to three trades, a town, 5 to 200 km; a date for most, a level for half."""
        random, place = Random(1), self.gazetteer.place
        for row in self._rows(random, count):
            town = place(row)
            start = date(2026, 12, 1) + timedelta(random.randrange(400))
            dated = random.random() < 0.6
            yield Search(
                trades=tuple(dict.fromkeys(self._trades(random, random.choice((1, 1, 2, 3))))),
                circles=(Circle(town.lat, town.lon, random.choice(RADII)),),
                excluded=(town.insee,) if random.random() < 0.02 else (),
                start=start if dated else None,
                end=start + timedelta(29) if dated and random.random() < 0.7 else None,
                diploma_level=random.choice((None, None, 3, 4)),
            )

    def offers(self, count: int) -> Iterator[Offer]:
        random = Random(2)
        for n, row in enumerate(self._rows(random, count)):
            town, trade = self.gazetteer.place(row), self._trades(random, 1)[0]
            start = date(2026, 12, 1) + timedelta(random.randrange(400))
            yield Offer(
                f"x:{n:06}", "x", f"Apprenti {trade.label} (H/F)", f"Maison {n}", town.name, "",
                town.insee, town.lat + random.uniform(-0.02, 0.02),
                town.lon + random.uniform(-0.02, 0.02),
                trade.codes[:2], "https://exemple.invalid", published=NOW,
                expires=NOW + timedelta(60), start=random.choice((start, start, None)),
                diploma_level=random.choice((3, 4, 5, None)),
            )  # fmt: skip


def states(count: int) -> list[str]:
    random = Random(3)
    return ["paused" if random.random() < INACTIVE else "on" for _ in range(count)]


async def fill(db: Database, made: Made, count: int) -> float:
    """Alerts with their keys, the same as a sweep writes but in bulk: seconds."""
    began, now = time.monotonic(), NOW - timedelta(30)  # nobody changes them during the run
    alerts: list[tuple[Any, ...]] = []
    keys: list[tuple[Any, ...]] = []
    kept = zip(made.searches(count), states(count), strict=True)
    for id, (search, state) in enumerate(kept, 1):
        own = keys_of(search)
        beat = "daily 17:30 Europe/Paris"
        alerts.append((id, f"p{id}", 1, WISH, beat, state, now, now, True, pack(id, own)))
        keys += [(*key, id) for key in own]
        if len(alerts) == _AT_ONCE or id == count:
            await _copy(db, searches, _SEARCH, alerts)
            await _copy(db, search_keys, _KEYS, keys)
            alerts, keys = [], []
    async with db.write() as tx:
        await tx.execute(text("ANALYZE"))
    return time.monotonic() - began


async def _copy(db: Database, table: Any, names: list[str], rows: list[tuple[Any, ...]]) -> None:
    async with db.write() as tx:
        if db.file is None:
            await tx.execute(text("SELECT 1"))
            copied = (await driver(tx)).copy_records_to_table
            await copied(table.name, records=rows, columns=names)
        else:
            await tx.execute(insert(table), [dict(zip(names, row, strict=True)) for row in rows])


def server_cpu(postmaster: int) -> float:
    """Seconds of processor that PostgreSQL has used in all, its children included."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            pid, _, rest = stat.read_text("utf-8").partition(" ")
            values = rest.rpartition(")")[2].split()
            if postmaster in {int(pid), int(values[1])}:
                ticks += sum(map(int, values[11:13]))
                ticks += sum(map(int, values[13:15])) if int(pid) == postmaster else 0
    return ticks / os.sysconf("SC_CLK_TCK")


def spent(postmaster: int) -> float:
    """Seconds of processor, of this process and of the server: what else the machine does is left
    out."""
    return time.process_time() + (server_cpu(postmaster) if postmaster else 0.0)


async def measure(url: str, count: int, news: int, way: str, server: int) -> dict[str, Any]:
    """One way of finding, in this process: its figures, with those of the floor."""
    made = Made()
    db = Database.open(url)
    try:
        many = 0 if way == "memory" else 10**9
        sweep = Sweep(db, lambda _wish: Search(), made.table, lambda: NOW, many=many)
        store = LiveOffers(db)
        listed = list(made.offers(news))
        await _forget(db)
        await store.put("x", listed)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        began, own, cpu = time.monotonic(), time.process_time(), spent(server)
        taken_in = 0.0

        async def tell(progress: Progress) -> None:
            nonlocal taken_in
            if not progress.runs:
                taken_in = time.monotonic() - began

        progress = await sweep.run(tell)
        seconds, own = time.monotonic() - began, time.process_time() - own
        cpu = spent(server) - cpu
        rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        run = await Runs(db).get(progress.runs[0])
        assert run is not None
        assert run.total == news
        floor, floor_cpu = await write_again(db, run, server)
        exact, pairs = await compare(db, made, count, listed, run)
    finally:
        await db.close()
    return {
        "offers": news, "seconds": round(seconds, 2), "cpu_seconds": round(cpu, 2),
        "own_cpu_seconds": round(own, 2), "floor_cpu_seconds": round(floor_cpu, 2),
        "taken_in_seconds": round(taken_in, 2),
        "offers_per_s": round(news / seconds), "floor_seconds": round(floor, 2),
        "ratio_to_floor": round(seconds / floor, 2), "ratio_of_cpu": round(cpu / floor_cpu, 2),
        "digests": progress.digests,
        "pairs_compared": pairs, "exact": exact, "rss_mb": round(rss),
        "rss_mb_before": round(before),
    }  # fmt: skip


async def _forget(db: Database) -> None:
    async with db.write() as tx:
        if db.file is None:  # rows that are only marked as gone would still cost
            await tx.execute(text("TRUNCATE digests"))
        for table in (digests, runs, swept, offers):
            await tx.execute(delete(table))


async def write_again(db: Database, run: Run, server: int) -> tuple[float, float]:
    """The same digests, in the same portions, to a run of their own and nothing else: seconds, and
    those of processor."""
    query = select(digests.c.search, digests.c.offers).where(digests.c.run == run.id)
    async with db.read() as tx:
        rows = (await tx.execute(query.order_by("search"))).all()
    async with db.write() as tx:
        await tx.execute(text("TRUNCATE digests") if db.file is None else delete(digests))
    floor = await Runs(db).begin("floor", str(run.id), run.total, NOW)
    assert floor is not None
    found = as_found(rows)
    store, size = Digests(db), ROWS[db.file is not None]
    began, cpu = time.monotonic(), spent(server)
    for at in range(0, len(rows), size):
        some = found.part(at, at + size)
        floor = await store.put(floor, some, done=0, reached=int(some.searches[-1]))
    return time.monotonic() - began, spent(server) - cpu


def as_found(rows: Sequence[Any]) -> Found:
    """Alerts and their offers as a run holds them before it writes them."""
    lengths = np.array([len(row.offers) + 1 for row in rows], np.int64)
    after = np.cumsum(lengths)
    text_ = "".join(f"{row.offers} " for row in rows).encode()
    return Found(np.array([row.search for row in rows]), text_, after - lengths, after - 1)


async def compare(
    db: Database, made: Made, count: int, listed: Sequence[Offer], run: Run
) -> tuple[bool, int]:
    """Whether a sample of the alerts got what ``matches`` says; how many pairs that was."""
    chosen = set(Random(4).sample(range(1, count + 1), min(SAMPLE, count)))
    on = states(count)
    query = select(digests.c.offers).where(digests.c.run > 0)
    exact, pairs = True, 0
    for id, search in enumerate(made.searches(count), 1):
        if id not in chosen:
            continue
        codes = {code for trade in search.trades for code in (*trade.codes, *trade.parents)}
        bearing = (o for o in listed if codes & {*o.rome_codes})
        right = {o.id for o in bearing if on[id - 1] == "on" and matches(search, o, NOW)}
        async with db.read() as tx:
            text_ = (await tx.execute(query.where(digests.c.search == id))).scalar_one_or_none()
        got = [listed[int(n)].id for n in (text_ or "").split()]
        exact = exact and sorted(got) == sorted(right)
        pairs += len(right)
    return exact, pairs


async def whole(url: str, count: int, news: int, server: int = 0) -> dict[str, Any]:
    """The ways of finding on one database, each in a fresh process."""
    db = Database.open(url)
    await db.migrate()
    filled = await fill(db, Made(), count)
    async with db.read() as tx:
        keys = (await tx.execute(select(func.count()).select_from(search_keys))).scalar_one()
    await db.close()
    measured: dict[str, Any] = {"keys": keys, "fill_seconds": round(filled, 1)}
    for way, offers_ in (("memory", news), ("sql", min(news, SQL_OFFERS))):
        child = await asyncio.create_subprocess_exec(
            sys.executable, __file__, "--once", url, way, str(server), "--searches", str(count),
            "--offers", str(offers_), stdout=subprocess.PIPE, cwd=ROOT,
        )  # fmt: skip
        out, _ = await child.communicate()
        assert child.returncode == 0
        measured[way] = json.loads(out.splitlines()[-1])
    return measured


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--searches", type=int, default=100_000)
    parser.add_argument("--offers", type=int, default=10_000)
    parser.add_argument("--only", choices=("sqlite", "postgresql"))
    parser.add_argument("--json", action="store_true", help="one JSON object as the last line")
    parser.add_argument("--once", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.once:
        url, way, server_ = options.once
        once = asyncio.run(measure(url, options.searches, options.offers, way, int(server_)))
        sys.stdout.write(json.dumps(once) + "\n")
        return
    found: dict[str, Any] = {}
    if options.only != "sqlite":
        server = servers.start_postgres()
        try:
            found["postgresql"] = asyncio.run(
                whole(server.url, options.searches, options.offers, server.process.pid)
            )
        finally:
            server.stop()
    if options.only != "postgresql":
        with tempfile.TemporaryDirectory() as folder:
            url = f"sqlite+aiosqlite:///{folder}/alerts.sqlite"
            found["sqlite"] = asyncio.run(whole(url, options.searches, options.offers))
    report(found, options)


def report(found: dict[str, Any], options: argparse.Namespace) -> None:
    ways = {f"{db}, {way}": of[way] for db, of in found.items() for way in ("memory", "sql")}
    table = Table("mesure", *ways, title=f"{options.searches:,} alertes")
    for name in next(iter(ways.values())):
        table.add_row(name, *(f"{measured[name]:,}" for measured in ways.values()))
    Console(width=120).print(table)
    first = next(iter(found.values()))
    result = {
        "searches": options.searches, "offers": options.offers,
        "exact": all(measured["exact"] for measured in ways.values()),
        "offers_per_s": max(first[way]["offers_per_s"] for way in ("memory", "sql")),
        "ratio_to_floor": first["memory"]["ratio_to_floor"],
        "rss_mb": max(measured["rss_mb"] for measured in ways.values()),
        **found,
    }  # fmt: skip
    assert result["exact"]
    if options.json:
        sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()

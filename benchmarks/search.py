"""Searches over 100,000 offers of the catalogue: CPU ms, and answers equal to brute force."""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import sys
import tempfile
import time
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.made_offers import jobs  # noqa: E402
from matching.catalogue import Catalogue  # noqa: E402
from matching.model import Offer  # noqa: E402
from matching.offers_file import parse_job  # noqa: E402
from nlu.gazetteer import Gazetteer  # noqa: E402
from nlu.trade_table import TradeTable  # noqa: E402
from storage.database import Database  # noqa: E402
from storage.live_offers import LiveOffers  # noqa: E402
from tests import servers  # noqa: E402
from tests.searches import NOW, Searches, brute_force  # noqa: E402

MOST_MS = 5.0
"""Of the median."""


async def measure(url: str, offers: list[Offer], searches: int, compared: int) -> dict[str, Any]:
    """Fill a database, then search in it as people do."""
    database = Database.open(url)
    try:
        await database.migrate()
        store = LiveOffers(database)
        await store.put("mesure", offers)
        catalogue = Catalogue(store, lambda: NOW)
        drawn = Searches(TradeTable.load(), Gazetteer.load(), [o.id for o in offers[:1000]])
        random = Random(7)
        cpu = time.process_time()
        await catalogue.find(drawn.draw(random))
        first = time.process_time() - cpu
        costs, empty = [], 0
        for _ in range(searches):
            search = drawn.draw(random)
            before = time.process_time()
            page = await catalogue.find(search)
            costs.append((time.process_time() - before) * 1000)
            empty += page.total == 0
        for _ in track(range(compared), "comparées", transient=True):
            search = drawn.draw(random)
            page = await catalogue.find(search, limit=200_000)
            assert [f.offer for f in page.offers] == brute_force(search, offers), search
    finally:
        await database.close()
    costs.sort()
    return {
        "cpu_ms_p50": round(median(costs), 2),
        "cpu_ms_p99": round(costs[len(costs) * 99 // 100], 1),
        "cpu_ms_most": round(costs[-1], 1), "first_search_s": round(first, 2), "searches": searches,
        "empty": empty, "compared": compared,
        "mib_peak": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--offers", type=int, default=100_000)
    parser.add_argument("--searches", type=int, default=3_000)
    parser.add_argument("--compared", type=int, default=40)
    parser.add_argument("--json", action="store_true", help="one JSON object as the last line")
    options = parser.parse_args()
    locate = Gazetteer.load().locate
    made = jobs(options.offers)
    offers = [parse_job(j, locate) for j in track(made, "offres", options.offers, transient=True)]
    results: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite+aiosqlite:///{folder}/search.sqlite"
        results["sqlite"] = asyncio.run(measure(url, offers, options.searches, options.compared))
    server = servers.start_postgres()
    try:
        url = server.url
        results["postgresql"] = asyncio.run(
            measure(url, offers, options.searches, options.compared)
        )
    finally:
        server.stop()
    table = Table("mesure", *results, title=f"Une recherche parmi {options.offers:,} offres")
    for name in results["sqlite"]:
        table.add_row(name, *(f"{measured[name]:,}" for measured in results.values()))
    Console().print(table)
    assert all(measured["cpu_ms_p50"] <= MOST_MS for measured in results.values())
    if options.json:
        sys.stdout.write(json.dumps(results) + "\n")


if __name__ == "__main__":
    main()

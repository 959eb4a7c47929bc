"""The catalogue brought in step with an export of 100,000 offers: seconds, memory, what is touched.

Once from nothing, once more with 2 % changed, once with nothing changed; the service that gives the
export is a fake in another process than the one measured.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from sqlalchemy import delete, func, select

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.made_offers import jobs  # noqa: E402
from bot.assembly import assemble  # noqa: E402
from bot.config import Settings  # noqa: E402
from matching.sync import Report, Sync  # noqa: E402
from storage.schema import offers, rates  # noqa: E402
from tests import apprentissage_api, servers  # noqa: E402

MOST_MIB = 300
KEY = apprentissage_api.KEY


async def once(url: str, api: str) -> dict[str, Any]:
    """One reading, in this process."""
    settings = Settings.load(
        database_url=url, apprentissage_api_url=api, apprentissage_api_key=KEY, secret_key="k" * 32,
        TODAY="2026-11-23",
    )  # fmt: skip
    async with assemble(settings) as rooms:
        client, beats = rooms.backends.apprentissage, 0
        assert client is not None
        async with rooms.database.write() as tx:
            await tx.execute(delete(rates))  # two exports a minute are allowed: not measured here
        before, began, cpu = await rooms.offers.revision(), time.monotonic(), time.process_time()

        async def beat(_report: Report) -> None:
            nonlocal beats
            beats += 1

        sync = Sync(rooms.offers, settings.now, rooms.crafts)
        report = await sync.export(client, beat, again=True)
        seconds, cpu = time.monotonic() - began, time.process_time() - cpu
        touched = select(func.count()).select_from(offers).where(offers.c.changed > before)
        async with rooms.database.read() as tx:
            rows = (await tx.execute(touched)).scalar_one()
    return {
        "read": report.read, "new": report.new, "changed": report.changed, "gone": report.gone,
        "rows_touched": rows, "seconds": round(seconds, 1), "cpu_seconds": round(cpu, 1),
        "mib_peak": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }  # fmt: skip


async def measure(url: str, count: int) -> dict[str, Any]:
    """The three readings, each in a fresh process."""
    measured = {}
    async with apprentissage_api.running() as api:
        for name, edited in (("first", 0.0), ("two_percent", 0.02), ("nothing", 0.02)):
            api.exported = lambda edited=edited: jobs(count, edited=edited)
            api.quotas.clear()
            child = await asyncio.create_subprocess_exec(
                sys.executable, __file__, "--once", url, api.url, stdout=subprocess.PIPE, cwd=ROOT
            )
            out, _ = await child.communicate()
            assert child.returncode == 0
            measured[name] = json.loads(out.splitlines()[-1])
    return measured


@contextmanager
def databases() -> Iterator[dict[str, str]]:
    with tempfile.TemporaryDirectory() as folder:
        server = servers.start_postgres()
        try:
            yield {"sqlite": f"sqlite+aiosqlite:///{folder}/sync.sqlite", "postgresql": server.url}
        finally:
            server.stop()


def show(results: dict[str, Any]) -> None:
    columns = list(results["sqlite"]["first"])
    table = Table("base", "relevé", *columns, title="Le catalogue mis à jour")
    for name, measured in results.items():
        for reading, values in measured.items():
            table.add_row(name, reading, *(f"{values[c]:,}" for c in columns))
    Console(width=120).print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--offers", type=int, default=100_000)
    parser.add_argument("--json", action="store_true", help="one JSON object as the last line")
    parser.add_argument("--once", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.once:
        sys.stdout.write(json.dumps(asyncio.run(once(*options.once))) + "\n")
        return
    results: dict[str, Any] = {}
    with databases() as urls:
        for name, url in urls.items():
            results[name] = asyncio.run(measure(url, options.offers))
    show(results)
    for measured in results.values():
        second = measured["two_percent"]
        assert second["rows_touched"] == second["new"] + second["changed"] + second["gone"]
        assert measured["nothing"]["rows_touched"] == 0
        assert all(values["mib_peak"] <= MOST_MIB for values in measured.values())
    if options.json:
        sys.stdout.write(json.dumps(results) + "\n")


if __name__ == "__main__":
    main()

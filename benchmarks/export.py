"""The daily export of 100,000 offers, read from the contract server: seconds, processor, memory."""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from matching.apprentissage.client import Apprentissage  # noqa: E402
from matching.calling import Backend, open_session  # noqa: E402
from matching.ports import MemoryCache  # noqa: E402
from nlu.gazetteer import Gazetteer  # noqa: E402
from storage.rates import LocalRate  # noqa: E402
from tests.apprentissage_api import KEY  # noqa: E402
from tests.counting import Counts  # noqa: E402


async def read(url: str) -> dict[str, float]:
    """One export read to its end; nothing of it is kept."""
    locate = Gazetteer.load().locate
    before, began, cpu = _resident_mib(), time.perf_counter(), time.process_time()
    offers, widest, largest, last = 0, 0.0, before, cpu
    async with open_session() as session:
        backend = Backend("apprentissage", session, rate=LocalRate(), metrics=Counts())
        client = Apprentissage(
            url, KEY, backend, cache=MemoryCache(), locate=locate, clock=lambda: datetime.now(UTC)
        )
        export = await client.export()
        async for piece in export.pieces():
            offers += len(piece)
            now = time.process_time()
            widest, last = max(widest, now - last), now
            largest = max(largest, _resident_mib())
    return {
        "offers": offers,
        "mib_read": export.size / 2**20,
        "seconds": time.perf_counter() - began,
        "cpu_seconds": time.process_time() - cpu,
        "longest_piece_ms": widest * 1000,
        "mib_before": before,
        "mib_largest": largest,
    }


def _resident_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--offers", type=int, default=100_000)
    parser.add_argument("--json", action="store_true", help="one JSON object as the last line")
    options = parser.parse_args()
    command = [sys.executable, "-m", "tests.apprentissage_api", "--until-eof"]
    command += ["--export", str(options.offers)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        measured = asyncio.run(read(server.stdout.readline().strip()))
        server.communicate()
    assert measured["offers"] == options.offers
    table = Table("mesure", "valeur", title="Relevé quotidien de l’API apprentissage")
    for name, value in measured.items():
        table.add_row(name, f"{value:,.1f}")
    Console().print(table)
    if options.json:
        sys.stdout.write(json.dumps(measured) + "\n")


if __name__ == "__main__":
    main()

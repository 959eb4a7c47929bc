"""Sixty-four people talk to four processes; every second, one of them is killed by `kill -9`.

PostgreSQL, Redis, Telegram's webhook (our fake API, which delivers again what was not taken). Shows
what was lost, repeated, out of order, and how long people waited.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests import servers
from tests.bot_api import running
from tests.chaos import pack, states, storm


async def run(options: argparse.Namespace) -> dict[str, Any]:
    postgres, redis = servers.start_postgres(), servers.start_redis()
    try:
        with tempfile.TemporaryDirectory() as folder:
            async with (
                running() as api,
                pack(api, options.processes, postgres.url, redis.url, Path(folder)) as made,
            ):
                outcome, told = await storm(
                    made, people=options.people, seconds=options.seconds, pause=options.pause
                )
                violations = len(api.violations)
            kept = await states(postgres.url, b"k" * 32, told)
    finally:
        redis.stop()
        postgres.stop()
    stale = sum(
        (state["version"], state["km"]) != (len(one.asked) + 1, one.asked[-1])
        for one, state in zip(told, kept, strict=True)
    )
    found = asdict(outcome) | {"bound": outcome.bound, "stale": stale, "violations": violations}
    return found | {"unsettled": kept[0]["unsettled"]}


def show(found: dict[str, Any]) -> None:
    table = Table(title="kill -9 pendant que les gens parlent")
    table.add_column("")
    table.add_column("", justify="right")
    for name, value in found.items():
        if not isinstance(value, list):
            table.add_row(name, f"{value:.0f}")
    Console().print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=64)
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--pause", type=float, default=0.5, help="of a person between two messages")
    parser.add_argument("--json", action="store_true", help="one JSON object as the last line")
    options = parser.parse_args()
    found = asyncio.run(run(options))
    show(found)
    if options.json:
        print(json.dumps(found))


if __name__ == "__main__":
    main()

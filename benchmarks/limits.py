"""Four processes ask more than is allowed, for longer than a minute; the services count.

Counted at our contract servers, in any sixty seconds and in any second in a row.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from typing import Any

from rich.console import Console
from rich.table import Table

from nlu.understander import Understander
from tests import servers
from tests.askers import Order, ask
from tests.sourcing import sourced

PATIENCE = 6.0
"""Seconds a person waits."""


async def count(options: argparse.Namespace, url: str, redis: str | None) -> dict[str, int]:
    each = round(options.per_second * options.seconds)
    async with sourced(Understander.load()) as both:
        orders = [
            Order(
                both.settings(), url, redis, [*range(n * each, (n + 1) * each)], PATIENCE,
                options.per_second,
            )
            for n in range(options.processes)
        ]  # fmt: skip
        answered = (await ask([orders]))[0]
        return {
            "processes": len(answered),
            "searches": each * len(answered),
            "answered": sum(answered.values()),
            "busiest_minute": both.lba.busiest_minute()["search"],
            "busiest_second": both.ft.most_in_a_second,
            "refused": len(both.lba.violations) + len(both.ft.violations),
        }


async def run(options: argparse.Namespace) -> dict[str, Any]:
    postgres, redis = servers.start_postgres(), servers.start_redis()
    try:
        return {
            "redis": await count(options, postgres.url, redis.url),
            "postgresql": await count(options, postgres.url, None),
        }
    finally:
        postgres.stop()
        redis.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=75)
    parser.add_argument("--per-second", type=float, default=2, help="searches of each process")
    parser.add_argument("--json", action="store_true", help="one JSON object as the last line")
    options = parser.parse_args()
    found = asyncio.run(run(options))
    table = Table(title="Compté chez ceux qu’on appelle")
    for column in ("", *found["redis"]):
        table.add_column(column, justify="right")
    for name, row in found.items():
        table.add_row(name, *map(str, row.values()))
    Console().print(table)
    if options.json:
        print(json.dumps(found))
    if any(row["busiest_minute"] > 60 or row["busiest_second"] > 10 for row in found.values()):
        raise SystemExit(1)


if __name__ == "__main__":
    main()

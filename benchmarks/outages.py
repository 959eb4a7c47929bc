"""People talk to two processes; Redis is gone for half a minute, then PostgreSQL is killed.

Each sends two messages, waits for both answers, and goes on. Told are the seconds they waited, by
when they asked, and who lost an answer, got it twice or in another order.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from contextlib import AsyncExitStack
from typing import Any

from rich.console import Console
from rich.table import Table

from bot.channels.telegram.webhook import PATH
from tests import servers
from tests.bot_api import BotApi
from tests.crowds import Crowd, refused
from tests.telegramming import apart


async def measure(options: argparse.Namespace) -> dict[str, Any]:
    databases, caches = [servers.start_postgres()], [servers.start_redis()]
    try:
        return await _measure(options, databases, caches)
    finally:
        databases[-1].stop()
        caches[-1].stop()


async def _measure(
    options: argparse.Namespace, databases: list[servers.Server], caches: list[servers.Server]
) -> dict[str, Any]:
    found: dict[str, Any] = {"people": options.people}
    async with AsyncExitStack() as stack:
        api = BotApi()
        await api.start()
        stack.push_async_callback(api.stop)
        both = [
            await stack.enter_async_context(
                apart(api, databases[0].url, "webhook", REDIS_URL=caches[0].url)
            )
            for _ in range(2)
        ]
        api.delivery.urls = [f"{service.url}{PATH}" for service in both]
        api.delivery.backoff = 0.5
        crowd = Crowd(api, [api.person(100 + n) for n in range(options.people)])
        marks: list[tuple[str, float]] = []

        async def pass_by(name: str, seconds: float) -> None:
            marks.append((name, time.monotonic()))
            await asyncio.sleep(seconds)

        async def break_things() -> None:
            await pass_by("calm", options.calm)
            caches[-1].kill()
            await pass_by("without Redis", options.redis)
            caches.append(await asyncio.to_thread(servers.restart, caches[-1]))
            await pass_by("Redis is back", options.calm)
            databases[-1].kill()
            await pass_by("without PostgreSQL", options.postgresql)
            databases.append(await asyncio.to_thread(servers.restart, databases[-1]))
            await pass_by("PostgreSQL is back", options.calm)

        await crowd.talk(break_things)
        ends = [*(start for _, start in marks[1:]), float("inf")]
        for (name, start), end in zip(marks, ends, strict=True):
            found[name] = crowd.figures(start, end)
        found |= {
            "misled": len(crowd.misled), "repeated": crowd.repeated, "refused_503": refused(api),
        }  # fmt: skip
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=24)
    parser.add_argument("--calm", type=float, default=8.0, help="seconds between two troubles")
    parser.add_argument("--redis", type=float, default=30.0, help="seconds without Redis")
    parser.add_argument("--postgresql", type=float, default=5.0, help="seconds without PostgreSQL")
    parser.add_argument("--json", action="store_true", help="the last line is a JSON object")
    options = parser.parse_args()
    found = asyncio.run(measure(options))
    table = Table("asked", "answers", "p50, s", "p99, s", "longest, s")
    for name, figures in found.items():
        if isinstance(figures, dict):
            table.add_row(name, *(str(value) for value in figures.values()))
    console = Console()
    console.print(table)
    for name in ("misled", "repeated", "refused_503"):
        console.print(f"{name}: {found[name]}")
    if options.json:
        print(json.dumps(found))


if __name__ == "__main__":
    main()

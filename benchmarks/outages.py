"""People talk to two processes while Redis is away for half a minute, then PostgreSQL restarts.

Telegram's side is our fake API, which delivers again what was not taken. Then its own failures:
429, 500, no answer, garbage. Shows what was lost, and how long people waited in each time.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests import servers
from tests.bot_api import BotApi, running
from tests.chaos import Told, judged, pack

FAILURES = ("429", "500", "hang", "garbage")


async def talk(told: list[Told], seconds: float) -> None:
    until = time.monotonic() + seconds
    await asyncio.gather(*(one.talk(until, 0.5) for one in told))


def waits(told: list[Told]) -> dict[str, float]:
    """How long these people waited, in seconds."""
    all_waits = sorted(wait for one in told for wait in one.waits)
    return {
        "answers": len(all_waits),
        "p50_s": all_waits[len(all_waits) // 2],
        "p99_s": all_waits[int(len(all_waits) * 0.99)],
        "max_s": all_waits[-1],
    }


async def phase(
    api: BotApi, first: int, people: int, seconds: float, trouble: Any = None
) -> list[Told]:
    """New people talk while ``trouble()`` happens."""
    told = [Told(api.person(first + n)) for n in range(people)]
    happening = asyncio.create_task(trouble()) if trouble else None
    await talk(told, seconds)
    if happening:
        await happening
    return told


async def run(options: argparse.Namespace) -> dict[str, Any]:
    found: dict[str, Any] = {}
    lost = disordered = repeated = 0
    running_servers = {"postgres": servers.start_postgres(), "redis": servers.start_redis()}
    postgres, redis = running_servers["postgres"].url, running_servers["redis"].url

    async def without_redis() -> None:
        await asyncio.sleep(2)
        running_servers["redis"].kill()
        await asyncio.sleep(options.redis_seconds)
        running_servers["redis"] = servers.restart(running_servers["redis"])

    async def postgres_restarts() -> None:
        await asyncio.sleep(2)
        running_servers["postgres"].kill()
        await asyncio.sleep(1)
        running_servers["postgres"] = servers.restart(running_servers["postgres"])

    try:
        with tempfile.TemporaryDirectory() as folder:
            async with running() as api, pack(api, 2, postgres, redis, Path(folder)) as made:
                phases: list[tuple[str, float, Any]] = [
                    ("calm", 8, None),
                    ("redis away", options.redis_seconds + 6, without_redis),
                    ("postgresql restarted", 10, postgres_restarts),
                ]
                for kind in FAILURES:

                    async def fail(kind: str = kind) -> None:
                        await asyncio.sleep(2)
                        more = {"retry_after": 2} if kind == "429" else {}
                        fault = api.fault(kind, method="sendMessage", times=20, **more)
                        await asyncio.sleep(5)
                        fault.clear()

                    phases.append((f"telegram: {kind}", 9, fail))
                for number, (name, seconds, trouble) in enumerate(phases):
                    told = await phase(api, 10_000 * (number + 1), options.people, seconds, trouble)
                    await api.settled(seconds=60)
                    judgment = judged(made, told, [])
                    found[name] = waits(told)
                    lost += judgment.lost
                    disordered += judgment.disordered
                    repeated += judgment.repeated
    finally:
        for server in running_servers.values():
            server.stop()
    return {"phases": found, "lost": lost, "disordered": disordered, "repeated": repeated}


def show(found: dict[str, Any]) -> None:
    table = Table(title="Ce que les gens ont attendu")
    for column in ("", "answers", "p50_s", "p99_s", "max_s"):
        table.add_column(column, justify="right")
    for name, row in found["phases"].items():
        table.add_row(name, *(f"{value:.2f}" for value in row.values()))
    console = Console()
    console.print(table)
    console.print({k: v for k, v in found.items() if k != "phases"})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=16)
    parser.add_argument("--redis-seconds", type=float, default=30)
    parser.add_argument("--json", action="store_true", help="one JSON object as the last line")
    options = parser.parse_args()
    found = asyncio.run(run(options))
    show(found)
    if options.json:
        print(json.dumps(found))


if __name__ == "__main__":
    main()

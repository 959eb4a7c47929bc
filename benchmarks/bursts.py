"""Fifty people send six messages each at once, to two processes; then one sends a thousand.

Shows whether each ends with their own search, in order, and how much longer the others wait.
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

from tests import servers
from tests.bot_api import running
from tests.bursts import DISTANCES, burst, distances, flood
from tests.chaos import pack


async def run(options: argparse.Namespace) -> dict[str, Any]:
    postgres, redis = servers.start_postgres(), servers.start_redis()
    try:
        with tempfile.TemporaryDirectory() as folder:
            async with running() as api, pack(api, 2, postgres.url, redis.url, Path(folder)):
                crowd = await burst(api, options.people)
                ordered = sum(distances(person) == DISTANCES for person in crowd)
                found = await flood(
                    api, messages=options.messages, others=options.others, seconds=options.seconds
                )
    finally:
        redis.stop()
        postgres.stop()
    return {"people": len(crowd), "in_order": ordered} | asdict(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--messages", type=int, default=1000)
    parser.add_argument("--others", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--json", action="store_true", help="one JSON object as the last line")
    options = parser.parse_args()
    found = asyncio.run(run(options))
    for name, value in found.items():
        Console().print(f"{name}: {value:.0f}")
    if options.json:
        print(json.dumps(found))


if __name__ == "__main__":
    main()

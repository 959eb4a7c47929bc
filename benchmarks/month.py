"""A month of a thousand people with alerts, across the change of clock, judged by plain loops.

Everything goes through the house as it stands (turns, what new offers are held against, rounds, the
pusher) under a clock that is moved; the network notes what it is given. What each person got is
then held against what they are promised, and the figures against what truly happened.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress

# Beside us lies `alerts.py`, which is not what it is called after.
sys.path[0] = str(Path(__file__).parents[1])

from nlu.understander import Understander  # noqa: E402
from storage.database import migrate  # noqa: E402
from tests import servers  # noqa: E402
from tests.month import Month, month  # noqa: E402
from tests.month_promise import Promise, figures, invariants  # noqa: E402

BEGAN = datetime(2027, 3, 10, tzinfo=UTC)


async def run(options: argparse.Namespace, url: str, redis: str | None) -> dict[str, Any]:
    began = time.process_time()
    async with month(
        url, redis, Understander.load(), people=options.people, offers_a_day=options.offers,
        began=BEGAN, days=options.days, seed=options.seed,
    ) as lived:  # fmt: skip
        with Progress(console=Console(stderr=True)) as bar:
            days = bar.add_task("days", total=options.days)
            await lived.live(lambda over: bar.update(days, completed=over * options.days))
        told = await lived.figures()
    lived_cpu = time.process_time() - began
    promise = Promise(BEGAN, lived.ends)
    promise.judge(lived.life)
    wrong = [*promise.wrong, *invariants(lived.life)]
    for line in wrong[:20]:
        sys.stderr.write(f"{line}\n")
    return measured(options, lived, promise) | {
        "differences": len(wrong), "figures": told, "figures_true": figures(promise.cohorts),
        "exact": not wrong and told == figures(promise.cohorts) and not lived.stuck,
        "cpu_s": round(lived_cpu, 1), "judged_cpu_s": round(time.process_time() - lived_cpu, 1),
        "rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }  # fmt: skip


def measured(options: argparse.Namespace, lived: Month, promise: Promise) -> dict[str, Any]:
    return {
        "people": options.people, "days": options.days, "database": options.database,
        "messages": sum(promise.messages.values()), "by_rhythm": dict(promise.messages),
        "offers_told": promise.offers, "happened": dict(lived.did),
    }  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=1_000)
    parser.add_argument("--offers", type=int, default=40, help="new ones a day")
    parser.add_argument("--days", type=int, default=31)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    started: list[servers.Server] = []
    try:
        with tempfile.TemporaryDirectory() as folder:
            if options.database == "sqlite":
                url, redis = f"sqlite+aiosqlite:///{folder}/month.sqlite", None
            else:
                started = [servers.start_postgres(), servers.start_redis()]
                url, redis = (server.url for server in started)
            asyncio.run(migrate(url))
            found = asyncio.run(run(options, url, redis))
    finally:
        for server in started:
            server.stop()
    if options.json:
        sys.stdout.write(json.dumps(found) + "\n")
    else:
        Console().print_json(data=found)
    return 0 if found["exact"] else 1


if __name__ == "__main__":
    sys.exit(main())

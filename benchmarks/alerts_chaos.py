"""Four processes send 4,000 alerts; again and again one is killed by `kill -9`, 100 times in all.

PostgreSQL and Redis are each killed and started again in the middle, our fake Bot API takes what it
is given. Shows what was lost, repeated, out of order, or noted as sent and never accepted.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console

# Beside us lie `alerts.py` and `telegram.py`, which are not what they are called after.
sys.path[0] = str(Path(__file__).parents[1])

from tests import servers  # noqa: E402
from tests.alert_chaos import fill, herd, storm  # noqa: E402
from tests.bot_api import running  # noqa: E402
from tests.mortal import nursery, warm  # noqa: E402


async def run(options: argparse.Namespace) -> dict[str, Any]:
    both = [servers.start_postgres(), servers.start_redis()]
    postgres, redis = (server.url for server in both)
    try:
        with tempfile.TemporaryDirectory() as folder, warm() as door:
            each = 2
            chats = await fill(postgres, options.messages // each, each)
            async with (
                running(any_chat=True) as api,
                nursery(door, Path(folder)) as born,
                herd(born, api, postgres, redis, lease=8) as made,
            ):
                await made.start(options.processes)
                outcome = await storm(
                    made, api, chats, each, kills=options.kills, every=options.every,
                    restarted=both,
                )  # fmt: skip
                violations = len(api.violations)
                peak = api.peak()
    finally:
        for server in both:
            server.stop()
    return asdict(outcome) | {"peak_per_second": peak, "violations": violations}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=4_000)
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--every", type=float, default=1.2, help="seconds between two kills")
    parser.add_argument("--json", action="store_true", help="one JSON object as the last line")
    options = parser.parse_args()
    found = asyncio.run(run(options))
    for name, value in found.items():
        Console().print(f"{name}: {value:.0f}")
    if options.json:
        print(json.dumps(found))


if __name__ == "__main__":
    main()

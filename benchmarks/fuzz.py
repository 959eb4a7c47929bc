"""Ten thousand absurd updates at the webhook's door: what is answered, what it costs, what stays.

Each is one of every kind that Telegram documents, with fields missing, null, of the wrong type,
huge or deeply buried; among them come broken bodies and wrong headers. Afterwards somebody writes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import aiohttp
from rich.console import Console

# A neighbour of this script is called telegram.py: it must not stand before the library.
sys.path = [folder for folder in sys.path if Path(folder or ".").resolve() != Path(__file__).parent]

from bot.channels.telegram.webhook import PATH, SECRET_HEADER  # noqa: E402
from nlu.understander import Understander  # noqa: E402
from tests.bot_api import BotApi  # noqa: E402
from tests.offered import furnish  # noqa: E402
from tests.strange_updates import strange_bodies, strange_updates  # noqa: E402
from tests.telegramming import Apart, apart  # noqa: E402

SECRET = "benchmark"  # noqa: S105 - nothing is kept by it
AT_ONCE = 16


async def bring(
    service: Apart, everything: Iterator[tuple[bytes, dict[str, str]]], waits: list[float]
) -> Counter[str]:
    statuses: Counter[str] = Counter()
    limit = aiohttp.ClientTimeout(15)
    async with aiohttp.ClientSession(timeout=limit) as session:
        for body, headers in everything:
            started = time.perf_counter()
            try:
                async with session.post(
                    f"{service.url}{PATH}", data=body, headers=headers
                ) as response:
                    statuses[str(response.status)] += 1
            except TimeoutError:
                statuses["no answer in 15 s"] += 1
            except (aiohttp.ClientError, ValueError):
                statuses["hung up"] += 1
            waits.append(time.perf_counter() - started)
    return statuses


def mixed(seed: int, number: int) -> Iterator[tuple[bytes, dict[str, str]]]:
    """Nine updates of ten, and what is none."""
    random = Random(seed)
    updates, bodies = strange_updates(random, 1_000_000), strange_bodies(random, SECRET)
    for _ in range(number):
        if random.random() < 0.1:
            yield next(bodies)
        else:
            yield json.dumps(next(updates)).encode(), {SECRET_HEADER: SECRET}


async def measure(number: int, seed: int) -> dict[str, Any]:
    api = BotApi()
    await api.start()
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite+aiosqlite:///{folder}/fuzz.sqlite"
        await furnish(url, "demonstration", Understander.load())
        async with apart(api, url, "webhook", TELEGRAM_WEBHOOK_SECRET=SECRET) as service:
            waits: list[float] = []
            everything = mixed(seed, number + AT_ONCE * (number // 100))
            for _ in range(AT_ONCE):  # warm: what is loaded on first use is no growth
                await bring(service, islice(everything, number // 100), waits)
            before, waits = service.mebibytes(), []
            started = time.perf_counter()
            each = [bring(service, everything, waits) for _ in range(AT_ONCE)]
            statuses = sum(await asyncio.gather(*each), Counter())
            seconds = time.perf_counter() - started
            lou = api.person(1001)
            asked = time.perf_counter()
            await lou.say("boulanger à Lens")
            (said,) = await lou.hears(1)
            answered = time.perf_counter() - asked
            after = service.mebibytes()
    await api.stop()
    waits.sort()
    return {
        "updates": len(waits),
        "statuses": dict(statuses),
        "per_second": round(len(waits) / seconds),
        "p50_ms": round(waits[len(waits) // 2] * 1000, 1),
        "p99_ms": round(waits[int(len(waits) * 0.99)] * 1000, 1),
        "max_ms": round(waits[-1] * 1000, 1),
        "rss_before_mib": round(before, 1),
        "rss_after_mib": round(after, 1),
        "a_real_message_ms": round(answered * 1000, 1) if "Lens" in said.text else None,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--updates", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=20261123)
    parser.add_argument("--json", action="store_true", help="the last line is a JSON object")
    options = parser.parse_args()
    found = asyncio.run(measure(options.updates, options.seed))
    console = Console()
    for name, value in found.items():
        console.print(f"{name}: {value}")
    if options.json:
        print(json.dumps(found))


if __name__ == "__main__":
    main()

"""Four processes send 5,000 alerts at 28 a second while people talk; then a storm of refusals.

Measured at our fake Bot API: the most alerts in any sliding second, how many a second on the whole,
the shortest time between two to one person, and how much longer people wait for answers meanwhile
than they did before. Then Telegram answers 429 to all: how many alerts are tried all the same.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from aiohttp.test_utils import unused_port
from rich.console import Console

# Beside us lie `alerts.py` and `telegram.py`, which are not what they are called after.
sys.path[0] = str(Path(__file__).parents[1])

from alerts.clock import MORNING  # noqa: E402
from alerts.push import FEW  # noqa: E402
from dialogs.rhythm import Rhythm  # noqa: E402
from storage.database import Database  # noqa: E402
from tests import servers  # noqa: E402
from tests.alert_chaos import fill, herd  # noqa: E402
from tests.bot_api import BotApi, running  # noqa: E402
from tests.chaos import PATH, SECRET, Told  # noqa: E402
from tests.mortal import Nursery, nursery, warm  # noqa: E402
from tests.pushing import FIRST_CHAT, by_day, found  # noqa: E402

STORM_SECONDS = 5
STORM_CHAT = 80_000


async def run(options: argparse.Namespace) -> dict[str, Any]:
    both = [servers.start_postgres(), servers.start_redis()]
    postgres, redis = (server.url for server in both)
    try:
        with tempfile.TemporaryDirectory() as folder, warm() as door:
            chats = await fill(postgres, options.digests // 2, 2)
            async with (
                running(any_chat=True) as api,
                nursery(door, Path(folder)) as born,
                answering(born, api, postgres, redis),
                herd(born, api, postgres, redis, lease=30) as made,
            ):
                calm = await talk(api, 3_000, options)
                await made.start(options.processes)
                busy = await talk(api, 4_000, options)
                await api.until(lambda: all(len(api.sent[chat]) >= 2 for chat in chats), 400)
                measured = paced(api)
                storm = await refused(api, postgres, options.processes)
    finally:
        for server in both:
            server.stop()
    waits = {"calm_p99_ms": p99(calm), "busy_p99_ms": p99(busy), "answers": len(busy)}
    return measured | waits | {"waits_more_ms": p99(busy) - p99(calm)} | storm


@asynccontextmanager
async def answering(born: Nursery, api: BotApi, database: str, redis: str) -> AsyncIterator[None]:
    """One process that answers people, and sends no alert."""
    port = unused_port()
    life = await born.start({
        "DATABASE_URL": database, "REDIS_URL": redis, "SECRET_KEY": "k" * 32, "PORT": f"{port}",
        "PUBLIC_URL": f"http://127.0.0.1:{port}", "TELEGRAM_TOKEN": api.token,
        "TELEGRAM_API_URL": api.url, "TELEGRAM_MODE": "webhook",
        "TELEGRAM_WEBHOOK_SECRET": SECRET,
    }, only=["telegram"])  # fmt: skip
    await life.serves()
    api.delivery.urls = [f"http://127.0.0.1:{port}{PATH}"]
    yield
    await life.stop()


async def talk(api: BotApi, first: int, options: argparse.Namespace) -> list[float]:
    """How long people waited for their answers, in seconds."""
    told = [Told(api.person(first + n)) for n in range(options.people)]
    until = time.monotonic() + options.seconds
    await asyncio.gather(*(one.talk(until, options.pause) for one in told))
    return [wait for one in told for wait in one.waits]


def alerts(api: BotApi, first: int = FIRST_CHAT, last: int = STORM_CHAT) -> dict[int, list[float]]:
    """When each person's alerts came, answered or not."""
    times: defaultdict[int, list[float]] = defaultdict(list)
    for call in api.calls:
        chat = call.params.get("chat_id", 0) if call.method == "sendMessage" else 0
        if first <= chat < last:
            times[chat].append(call.time)
    return times


def paced(api: BotApi) -> dict[str, Any]:
    times = alerts(api)
    all_ = sorted(moment for one in times.values() for moment in one)
    most = start = 0
    for end, moment in enumerate(all_):
        while moment - all_[start] >= 1:
            start += 1
        most = max(most, end - start + 1)
    apart = min(b - a for one in times.values() for a, b in pairwise(one))
    seconds = all_[-1] - all_[0]
    return {
        "alerts": len(all_), "seconds": seconds, "per_second": (len(all_) - 1) / seconds,
        "most_in_a_second": most, "shortest_apart_s": apart,
    }  # fmt: skip


async def refused(api: BotApi, url: str, processes: int) -> dict[str, Any]:
    """Telegram asks all to wait: what came all the same, and whether all went afterwards."""
    people = 200
    storm = api.fault("429", method="sendMessage", times=None, retry_after=STORM_SECONDS)
    now = datetime.now(UTC)
    db = Database.open(url)
    try:
        beat = Rhythm(minute=MORNING, zone=by_day(now)).beat()
        chats = await found(db, people, first=STORM_CHAT, now=now, beat=beat)
    finally:
        await db.close()
    assert await api.until(lambda: storm.used > 0, 60)
    await asyncio.sleep(1)
    storm.clear()
    await api.until(lambda: all(api.sent[chat] for chat in chats), 120)
    times = sorted(t for one in alerts(api, STORM_CHAT, 10**9).values() for t in one)
    first = times[0]
    during = [t for t in times if t < first + STORM_SECONDS]
    return {
        "storm_tried": len(during), "storm_bound": processes * FEW,
        "storm_last_s": during[-1] - first,
        "storm_sent_after": sum(len(api.sent[chat]) for chat in chats), "storm_people": people,
    }  # fmt: skip


def p99(waits: list[float]) -> float:
    return sorted(waits)[int(len(waits) * 0.99)] * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--digests", type=int, default=5_000)
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--people", type=int, default=8)
    parser.add_argument("--pause", type=float, default=0.5, help="of a person between two messages")
    parser.add_argument("--seconds", type=float, default=60, help="of talk, before and during")
    parser.add_argument("--json", action="store_true", help="one JSON object as the last line")
    options = parser.parse_args()
    measured = asyncio.run(run(options))
    for name, value in measured.items():
        Console().print(f"{name}: {value:.2f}")
    if options.json:
        print(json.dumps(measured))


if __name__ == "__main__":
    main()

"""Houses in processes of their own that ask the services at once; the services count.

The program loads what is needed once, then forks a process for each order it is given on its
standard input (JSON), and says how many searches each process has had answered.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bot import log
from bot.assembly import Rooms
from matching.calling import within
from matching.model import Circle, Search, Unavailable, WantedTrade
from nlu.understander import Understander
from tests.talk import rooms_for

ROOT = Path(__file__).parent.parent
BAKER = WantedTrade("boulanger", "Boulanger", ("D1102",))


@dataclass(frozen=True, slots=True)
class Order:
    """Look at these places, ``per_second`` of them (0: all at once), each for ``patience`` seconds
    at most."""

    settings: dict[str, Any]
    database_url: str
    redis_url: str | None
    places: list[int]
    patience: float
    per_second: float = 0.0


async def ask(batches: Sequence[Sequence[Order]]) -> list[dict[int, int]]:
    """Carry out the orders of a batch together, each in a process; batch after batch.

    How many searches were answered, by process.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.askers", cwd=ROOT,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        orders = [[asdict(order) for order in batch] for batch in batches]
        said, _ = await process.communicate(json.dumps(orders).encode())
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0
    return [{int(pid): n for pid, n in answered.items()} for answered in json.loads(said)]


async def look(rooms: Rooms, number: int, patience: float) -> bool:
    """Whether it was answered; each place is a question of its own, that no memory helps."""
    place = Circle(42.0 + number % 40 / 5, -1.0 + number // 40 / 5, 10)
    with within(patience):
        try:
            await rooms.matcher.find(Search(trades=(BAKER,), circles=(place,)))
        except Unavailable:
            return False
    return True


async def carry_out(order: Order, understander: Understander) -> int:
    async with rooms_for(
        order.database_url, order.redis_url, understander, **order.settings
    ) as rooms:
        looks = []
        for number in order.places:
            looks.append(asyncio.create_task(look(rooms, number, order.patience)))
            if order.per_second:
                await asyncio.sleep(1 / order.per_second)
        return sum(await asyncio.gather(*looks))


_loaded: list[Understander] = []
"""What a fork finds already read."""


def live(order: dict[str, Any]) -> tuple[int, int]:
    """In a process of its own: its number, and how many searches were answered."""
    return os.getpid(), asyncio.run(carry_out(Order(**order), _loaded[0]))


def main() -> None:
    log.configure(sys.stderr)
    _loaded.append(Understander.load())
    answered = []
    for batch in json.load(sys.stdin):
        with multiprocessing.get_context("fork").Pool(len(batch)) as pool:
            answered.append(dict(pool.map(live, batch, chunksize=1)))
    json.dump(answered, sys.stdout)


if __name__ == "__main__":
    main()

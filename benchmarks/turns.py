"""What a turn costs: CPU per message by room, memory, start-up, and no growth over time.

CPU time, not seconds: the machine is shared. Each room's share is the CPU spent inside it and not
inside a room it asks (the search is taken out of the dialogue).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any

import aiohttp_jinja2
import jinja2
from rich.console import Console
from rich.progress import track
from rich.table import Table

from bot.assembly import Rooms, assemble
from bot.config import Settings
from bot.incoming import Incoming
from bot.web.app import make_app
from tests import servers

CONVERSATION = (
    "slt jcherche boulanger vers lens",
    "septembre",
    "nan enfaite coiffeuse",
    "trop loin jai pas le permis",
    "scooter",
    "on gagne combien ?",
    "la suite",
    "merci",
)
ROOMS = ("understanding", "dialogue", "search", "storage", "channel")


class Meter:
    """CPU ms by room for the turn under way; the innermost room that is open is charged."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = defaultdict(float)
        self._open: list[str] = []
        self._since = 0.0

    @contextmanager
    def inside(self, room: str) -> Iterator[None]:
        self._charge()
        self._open.append(room)
        try:
            yield
        finally:
            self._charge()
            self._open.pop()

    def _charge(self) -> None:
        now = time.process_time()
        if self._open:
            self.spent[self._open[-1]] += (now - self._since) * 1000
        self._since = now


def metered(meter: Meter, room: str, call: Callable[..., Any], *, wait: bool) -> Callable[..., Any]:
    """The same call, charged to a room."""

    async def waited(*args: Any, **kwargs: Any) -> Any:
        with meter.inside(room):
            return await call(*args, **kwargs)

    def direct(*args: Any, **kwargs: Any) -> Any:
        with meter.inside(room):
            return call(*args, **kwargs)

    return waited if wait else direct


def watch(rooms: Rooms, meter: Meter) -> None:
    """Charge each room's entrance; what is left of a turn is storage, its locks included."""
    turns, catalogue = rooms.turns, rooms.catalogue
    vars(turns.understander)["read"] = metered(
        meter, "understanding", turns.understander.read, wait=False
    )
    vars(turns.engine)["turn"] = metered(meter, "dialogue", turns.engine.turn, wait=True)
    vars(catalogue)["find"] = metered(meter, "search", catalogue.find, wait=True)


async def one_turn(
    rooms: Rooms, meter: Meter, page: jinja2.Template, address: str, number: int, text: str
) -> None:
    """One message through every room, rendered as the web page shows it (HTTP aside)."""
    with meter.inside("storage"):
        await rooms.turns.handle(Incoming("web", address, str(number), text=text, order=number))
        waiting = await rooms.turns.waiting("web", address)
        await rooms.turns.acknowledge("web", address, waiting[-1][0])
    with meter.inside("channel"):
        page.render(messages=waiting, sign=lambda payload: rooms.signer.sign(payload, address))


async def measure(rooms: Rooms, conversations: int) -> dict[str, Any]:
    meter = Meter()
    watch(rooms, meter)
    page = aiohttp_jinja2.get_env(make_app(rooms)).get_template("_messages.html")
    costs: dict[str, list[float]] = {room: [] for room in ROOMS}
    memory = {}
    number = 0
    for count in track(range(conversations), "conversations", transient=True):
        for text in CONVERSATION:
            meter.spent.clear()
            number += 1
            await one_turn(rooms, meter, page, f"person{count}", number, text)
            for room in ROOMS:
                costs[room].append(meter.spent[room])
        if count + 1 in (conversations // 10, conversations):
            memory[count + 1] = resident_mb()
    skip = len(CONVERSATION)  # the first conversation warms every cache up
    kept = {room: values[skip:] for room, values in costs.items()}
    whole = [sum(turn) for turn in zip(*kept.values(), strict=True)]
    early, late = memory.values()
    return {
        "cpu_ms": {room: round(median(values), 3) for room, values in kept.items()},
        "cpu_ms_turn": round(median(whole), 3),
        "cpu_ms_turn_p99": round(sorted(whole)[int(len(whole) * 0.99)], 3),
        "rss_mb": late,
        "growth_mb": round(late - early, 1),
        "conversations": conversations,
    }


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return round(pages * resource.getpagesize() / 2**20, 1)


@asynccontextmanager
async def house(database_url: str) -> AsyncIterator[Rooms]:
    settings = Settings.load(
        database_url=database_url, secret_key="k" * 32, TODAY=date(2026, 11, 23)
    )
    async with assemble(settings) as rooms:
        yield rooms


async def run(database_url: str, conversations: int) -> dict[str, Any]:
    async with house(database_url) as rooms:
        return await measure(rooms, conversations)


def start_up(folder: Path) -> dict[str, float]:
    """Seconds from nothing to the first answer: the first time, and once the offers are there."""
    env = {
        "PATH": "/usr/bin:/bin",
        "DATABASE_URL": f"sqlite+aiosqlite:///{folder / 'start.sqlite'}",
        "SECRET_KEY": "k" * 32,
        "TODAY": "2026-11-23",
    }
    times = {}
    for name in ("first_s", "next_s"):
        began = time.monotonic()
        subprocess.run(
            [sys.executable, "-m", "bot", "chat"], input=b"boulanger lens\n", env=env, check=True,
            capture_output=True, cwd=Path(__file__).parent.parent, timeout=120,
        )  # fmt: skip
        times[name] = round(time.monotonic() - began, 2)
    return times


def show(results: dict[str, Any]) -> None:
    table = Table(title="CPU ms d’un tour, médiane")
    for column in ("base", *ROOMS, "tour", "p99", "mémoire Mo", "croissance Mo"):
        table.add_column(column, justify="right")
    for name in ("sqlite", "postgresql"):
        r = results[name]
        parts = [f"{r['cpu_ms'][room]:.2f}" for room in ROOMS]
        totals = [f"{r['cpu_ms_turn']:.2f}", f"{r['cpu_ms_turn_p99']:.2f}"]
        table.add_row(name, *parts, *totals, f"{r['rss_mb']:.0f}", f"{r['growth_mb']:.1f}")
    console = Console()
    console.print(table)
    start = results["start_up"]
    console.print(f"Démarrage : {start['first_s']} s la première fois, {start['next_s']} s ensuite")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--conversations", type=int, default=1000)
    parser.add_argument("--json", action="store_true", help="one JSON object as the last line")
    options = parser.parse_args()
    results: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        results["start_up"] = start_up(Path(folder))
        url = f"sqlite+aiosqlite:///{folder}/turns.sqlite"
        results["sqlite"] = asyncio.run(run(url, options.conversations))
    server = servers.start_postgres()
    try:
        results["postgresql"] = asyncio.run(run(server.url, options.conversations))
    finally:
        server.stop()
    show(results)
    if options.json:
        print(json.dumps(results))


if __name__ == "__main__":
    main()

"""What storage costs a turn: CPU ms to load, to keep and to settle, alone and by sixty-four."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.console import Console
from rich.table import Table

from storage.database import Database, migrate
from storage.ledger import Ledger, Left
from tests import servers

NOW = datetime(2026, 11, 23, 17, 30, tzinfo=UTC)
LEASE = timedelta(seconds=10)
TOGETHER = 64
STATE: dict[str, Any] = {"slots": {f"slot{n}": ["valeur", n, None, "Lens" * 15] for n in range(25)}}
REPLIES = [{"text": "Boulanger ou boulangère, 30 offres " * 5, "buttons": ["a", "b", "c"]}]
COUNTS = {("turns", "telegram"), ("arrivals", "Lens")}


async def one(ledger: Ledger, person: str, update: str) -> None:
    """A turn with one reply, pushed and settled."""
    stored = await ledger.load(person)
    left = Left(
        update=update, conversation=person, version=stored.version if stored else 0,
        channel="telegram", address="42", state=STATE, replies=REPLIES,
        expires=NOW + timedelta(minutes=15), kept_until=NOW + timedelta(days=30),
        counts=COUNTS, day=NOW.date(), lease=LEASE,
    )  # fmt: skip
    kept = await ledger.keep(left, NOW)
    for message in kept.claimed:
        await ledger.settle(message.id, person, "sent", NOW, lease=LEASE)


async def alone(ledger: Ledger, turns: int) -> None:
    for n in range(turns):
        await one(ledger, f"alone{n % 50}", f"alone{n}")


async def together(ledger: Ledger, turns: int) -> None:
    for start in range(0, turns, TOGETHER):
        wave = range(start, start + TOGETHER)
        await asyncio.gather(*(one(ledger, f"wave{n % TOGETHER}", f"wave{n}") for n in wave))


async def cpu_ms(play: Callable[[Ledger, int], Awaitable[None]], url: str, turns: int) -> float:
    """Per turn, in this process: what the server of PostgreSQL spends is not counted."""
    db = Database.open(url)
    ledger = Ledger(db, "bench")
    await one(ledger, "warm", f"warm {play.__name__}")
    began = time.process_time()
    await play(ledger, turns)
    spent = time.process_time() - began
    await db.close()
    return spent * 1000 / turns


async def measure(url: str) -> tuple[float, float]:
    await migrate(url)
    return await cpu_ms(alone, url, 1000), await cpu_ms(together, url, 20 * TOGETHER)


def main() -> None:
    table = Table("base", "seul", f"{TOGETHER} à la fois", title="CPU ms d’un tour, stockage seul")
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite+aiosqlite:///{folder}/ledger.sqlite"
        table.add_row("sqlite", *(f"{ms:.2f}" for ms in asyncio.run(measure(url))))
    server = servers.start_postgres()
    try:
        found = asyncio.run(measure(server.url))
        table.add_row("postgresql", *(f"{ms:.2f}" for ms in found))
    finally:
        server.stop()
    Console().print(table)


if __name__ == "__main__":
    main()

"""What only SQLite does: it writes here and now, waits elsewhere, keeps its log short."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage import ledger_sqlite
from storage.database import Database
from storage.ledger import Ledger
from tests.ledgers import NOW, left, say


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    opened = Database.open(f"sqlite+aiosqlite:///{tmp_path}/ledger.sqlite3")
    await opened.migrate()
    yield opened
    await opened.close()


async def test_a_turn_that_finds_nobody_writing_wakes_no_thread_up(db: Database) -> None:
    ledger = Ledger(db, "a")
    await say(ledger, "p1")
    before = set(threading.enumerate())
    await ledger.keep(left("p2"), NOW)
    assert not any("ledger" in one.name for one in set(threading.enumerate()) - before)


async def test_while_another_process_writes_nobody_else_is_held_back(db: Database) -> None:
    """The loop goes on turning: the wait is a thread's."""
    ledger = Ledger(db, "a")
    other = sqlite3.connect(db.file or "", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        kept = asyncio.create_task(ledger.keep(left("p1"), NOW))
        began = time.monotonic()
        for _ in range(3):
            assert await ledger.load("p1") is None
            await asyncio.sleep(0)
        assert not kept.done()
        assert time.monotonic() - began < 5
    finally:
        other.execute("ROLLBACK")
        other.close()
    assert (await kept).new


async def test_the_log_is_brought_into_the_file(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_sqlite, "CHECKPOINT_EVERY", 20)
    ledger = Ledger(db, "a")
    log = Path(f"{db.file}-wal")
    sizes = []
    for _ in range(10):
        for number in range(20):
            await say(ledger, f"p{number}", "Bonjour. " * 50)
        sizes.append(_size(log))
    # Once it is brought in, the log is written from its beginning again.
    assert sizes[-1] < 4 * sizes[0]


def _size(path: Path) -> int:
    return path.stat().st_size

"""Starts lives of the service, hears them, ends them."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.mortal.points import KILLED, Point

ROOT = Path(__file__).parents[2]
SECONDS = 8.0
"""For whatever should take a moment."""


@dataclass(slots=True)
class Life:
    """One process that serves; ``ended`` is its exit code, negative when a signal killed it."""

    pid: int
    log: Path
    ready: asyncio.Future[None] = field(default_factory=asyncio.Future)
    owner: asyncio.Future[str] = field(default_factory=asyncio.Future)
    ended: asyncio.Future[int] = field(default_factory=asyncio.Future)

    async def serves(self) -> None:
        """Wait until it receives and sends."""
        async with asyncio.timeout(SECONDS):
            either: set[asyncio.Future[Any]] = {self.ready, self.ended}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        assert self.ready.done(), f"ended by {self.ended.result()}:\n{self.log.read_text()}"

    async def dies(self) -> None:
        """Wait for the point it was to die at."""
        async with asyncio.timeout(SECONDS):
            assert await self.ended == KILLED, self.log.read_text()

    async def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        await self.ended

    async def stop(self) -> None:
        """As a new version being installed does: it sends what was said, then goes."""
        os.kill(self.pid, signal.SIGTERM)
        async with asyncio.timeout(SECONDS):
            assert await self.ended == 0, self.log.read_text()

    def hear(self, told: Mapping[str, Any]) -> None:
        if "owner" in told:
            self.owner.set_result(told["owner"])
        elif "ended" in told:
            self.ended.set_result(told["ended"])
        elif told["said"].startswith("Sur Telegram") and not self.ready.done():
            self.ready.set_result(None)


class Nursery:
    """The warm process, seen from the tests."""

    def __init__(self, process: asyncio.subprocess.Process, folder: Path) -> None:
        self._process = process
        self._folder = folder
        self._lives: dict[int, Life] = {}
        self._born: asyncio.Queue[Life] = asyncio.Queue()
        self._one = asyncio.Lock()
        self.settled = Counter[str]()
        """How many messages, by address, whichever process noted it."""
        self._news = asyncio.Condition()

    async def start(
        self, env: Mapping[str, str], point: Point | None = None, *, ahead: float = 0.0
    ) -> Life:
        """A process with these settings, whose clock is ``ahead`` by so many seconds.

        It need not serve yet; with a ``point``, it dies there.
        """
        order = {
            "env": dict(env), "ahead": ahead, "point": asdict(point) if point else None,
            "log": str(self._folder / "serve.log"),
        }  # fmt: skip
        assert self._process.stdin
        async with self._one:
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            return await self._born.get()

    async def settles(self, address: str, n: int = 1) -> None:
        """Wait until it is noted what became of ``n`` messages to that address."""
        async with asyncio.timeout(SECONDS), self._news:
            await self._news.wait_for(lambda: self.settled[address] >= n)

    async def listen(self) -> None:
        """Pass on what the processes say, until the last of them is gone."""
        assert self._process.stdout
        async for line in self._process.stdout:
            told = json.loads(line)
            if pid := told.get("born") or told.get("pid"):
                if pid not in self._lives:
                    self._lives[pid] = Life(pid, self._folder / "serve.log")
                if "born" in told:
                    self._born.put_nowait(self._lives[pid])
                elif "settled" in told:
                    async with self._news:
                        self.settled[told["settled"]] += 1
                        self._news.notify_all()
                else:
                    self._lives[pid].hear(told)

    def close(self) -> None:
        for life in self._lives.values():
            if not life.ended.done():
                os.kill(life.pid, signal.SIGKILL)


@asynccontextmanager
async def nursery(folder: Path) -> AsyncIterator[Nursery]:
    """For as long as the block lasts; ``folder`` gets the log. Nobody survives it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.mortal",
        cwd=ROOT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin
    assert process.stdout
    assert await process.stdout.readline(), "the warm process did not start"
    born = Nursery(process, folder)
    listening = asyncio.create_task(born.listen())
    try:
        yield born
    finally:
        born.close()
        process.stdin.close()
        await process.wait()
        await listening

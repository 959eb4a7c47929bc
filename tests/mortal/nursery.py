"""Starts lives of the service, hears them, ends them."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
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
    asleep: asyncio.Future[None] = field(default_factory=asyncio.Future)
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

    async def sleeps(self) -> None:
        """Wait until it is frozen."""
        async with asyncio.timeout(SECONDS):
            await self.asleep

    def thaw(self) -> None:
        """Go on after the point where it froze."""
        os.kill(self.pid, signal.SIGCONT)

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
        elif "asleep" in told:
            self.asleep.set_result(None)
        elif told["said"].startswith(("Sur Telegram", "Les alertes")) and not self.ready.done():
            self.ready.set_result(None)


class Nursery:
    """The warm process, seen from one test."""

    def __init__(self, writer: asyncio.StreamWriter, folder: Path) -> None:
        self._writer = writer
        self._log = folder / "serve.log"
        self._lives: dict[int, Life] = {}
        self._born: asyncio.Queue[Life] = asyncio.Queue()
        self._one = asyncio.Lock()
        self.settled = Counter[str]()
        """How many messages, by address, whichever process noted it."""
        self._news = asyncio.Condition()

    async def start(
        self,
        env: Mapping[str, str],
        point: Point | None = None,
        *,
        ahead: float = 0.0,
        lease: float | None = None,
        only: Collection[str] = ("web", "telegram"),
        hurry: float | None = None,
    ) -> Life:
        """A process with these settings; it need not serve yet. With a ``point``, it dies there.

        Its clock is ``ahead`` by so many seconds; a ``lease`` takes the place of the usual ones.
        It has the roles of ``only``, and sends ``hurry`` alerts a second at most.
        """
        order = {
            "env": dict(env), "ahead": ahead, "lease": lease, "log": str(self._log),
            "point": asdict(point) if point else None, "only": list(only), "hurry": hurry,
        }  # fmt: skip
        async with self._one:
            self._writer.write(json.dumps(order).encode() + b"\n")
            return await self._born.get()

    async def settles(self, address: str, n: int = 1) -> None:
        """Wait until it is noted what became of ``n`` messages to that address."""
        async with asyncio.timeout(SECONDS), self._news:
            await self._news.wait_for(lambda: self.settled[address] >= n)

    async def listen(self, reader: asyncio.StreamReader) -> None:
        """Pass on what the processes say, until the last of them is gone."""
        async for line in reader:
            told = json.loads(line)
            pid = told.get("born") or told["pid"]
            life = self._lives.setdefault(pid, Life(pid, self._log))
            if "born" in told:
                self._born.put_nowait(life)
            elif "settled" in told:
                async with self._news:
                    self.settled[told["settled"]] += 1
                    self._news.notify_all()
            else:
                life.hear(told)


@contextmanager
def warm() -> Iterator[Path]:
    """The warm process, for as long as the block lasts: where to reach it."""
    with TemporaryDirectory(prefix="cmc-", dir="/tmp") as folder:
        door = Path(folder) / "door"
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.mortal", str(door)],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        with process:
            assert process.stdout
            assert process.stdout.readline(), "the warm process did not start"
            yield door
            assert process.stdin
            process.stdin.close()


@asynccontextmanager
async def nursery(door: Path, folder: Path) -> AsyncIterator[Nursery]:
    """Lives for as long as the block lasts; ``folder`` gets their log. Nobody survives it."""
    reader, writer = await asyncio.open_unix_connection(str(door))
    born = Nursery(writer, folder)
    listening = asyncio.create_task(born.listen(reader))
    try:
        yield born
    finally:
        writer.write_eof()
        await listening
        writer.close()
        await writer.wait_closed()

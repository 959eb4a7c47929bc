"""One turn at a time per person, lowest order first: the contract, and locks of one process."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol


class Locks(Protocol):
    """Whoever lets one turn at a time act for a key."""

    def hold(
        self, key: str, order: int = 0, *, sequence: str | None = None
    ) -> AbstractAsyncContextManager[None]:
        """Wait for the key and hold it: lowest order first, then first come first served.

        ``sequence`` names the stream in which ``order`` is one number of an unbroken series, over
        all keys: a number that has not arrived yet may belong to this key, and is awaited a moment.
        """
        ...

    async def arrived(self, sequence: str, order: int) -> None:
        """This number of the stream came, and wants no turn: nobody need await it."""
        ...

    def wanted(self, key: str) -> bool:
        """Whether somebody of this process holds the key, or waits for it."""
        ...

    async def close(self) -> None: ...


class LocalLocks:
    """Locks of this process alone.

    No number of a sequence is awaited here: one loop serves all connections and asks as it reads,
    so what comes late was sent late, and Telegram sends the next message of a chat once the one
    before is answered. What several processes read has no such order: :mod:`storage.redis_locks`.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, list[tuple[int, int, asyncio.Future[None]]]] = {}
        self._arrivals = itertools.count()

    @asynccontextmanager
    async def hold(
        self, key: str, order: int = 0, *, sequence: str | None = None
    ) -> AsyncIterator[None]:
        await self.acquire(key, order)
        try:
            yield
        finally:
            self.release(key)

    async def arrived(self, sequence: str, order: int) -> None:
        """Nobody awaits a number."""

    def wanted(self, key: str) -> bool:
        return key in self._waiting

    async def close(self) -> None:
        """Nothing to close."""

    async def acquire(self, key: str, order: int) -> None:
        queue = self._waiting.get(key)
        if queue is None:
            self._waiting[key] = []
            return
        turn = asyncio.get_running_loop().create_future()
        heapq.heappush(queue, (order, next(self._arrivals), turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # it was handed over as we left
                self.release(key)
            raise

    def release(self, key: str) -> None:
        queue = self._waiting[key]
        while queue:
            _, _, turn = heapq.heappop(queue)
            if not turn.done():
                turn.set_result(None)
                return
        del self._waiting[key]

"""What clients of a backend are given: a shared rate, a short memory of answers, a meter."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Protocol

_MOST_BYTES = 64 * 1024 * 1024


class Rate(Protocol):
    """Whoever spaces out calls, for all processes together (implemented by ``storage.rates``)."""

    async def ask(self, key: str, *, per_second: float, burst: int = 1) -> float:
        """Do it now or not at all; 0.0: now, else the seconds after which to ask again."""
        ...

    async def enter(
        self, key: str, *, calls: int, seconds: float, longest: float
    ) -> tuple[str, float]:
        """Take one of ``calls`` places now or not at all: the ticket to give back, or '' and the
        seconds after which to ask again.

        A ticket that is not given back within ``longest`` seconds is taken back; ``seconds`` is
        what :meth:`leave` will be told.
        """
        ...

    async def leave(self, ticket: str, seconds: float) -> None:
        """The place is free in so many seconds. Failing costs the others no more than a wait."""
        ...


class Cache(Protocol):
    """A short memory of answers. Losing what it holds costs a call, so it never raises."""

    async def get(self, key: str) -> bytes | None: ...

    async def put(self, key: str, value: bytes, seconds: float) -> None:
        """Keep it for so many seconds at most."""
        ...


class Metrics(Protocol):
    """Who counts the calls."""

    def called(self, backend: str, route: str, outcome: str, seconds: float) -> None:
        """One attempt is over: « ok », or the reason of a :class:`matching.calling.CallFailed`."""
        ...


class MemoryCache:
    """A memory of this process alone: at most ``most_bytes``, the least recently used leave first.

    ``clock`` returns seconds.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, *, most_bytes: int = _MOST_BYTES
    ) -> None:
        self._clock = clock
        self._most = most_bytes
        self._bytes = 0
        self._kept: OrderedDict[str, tuple[float, bytes]] = OrderedDict()

    async def get(self, key: str) -> bytes | None:
        until, value = self._kept.get(key, (0.0, b""))
        if key not in self._kept:
            return None
        if until <= self._clock():
            self._drop(key)
            return None
        self._kept.move_to_end(key)
        return value

    async def put(self, key: str, value: bytes, seconds: float) -> None:
        if key in self._kept:
            self._drop(key)
        if len(value) > self._most:
            return
        self._kept[key] = (self._clock() + seconds, value)
        self._bytes += len(value)
        while self._bytes > self._most:
            self._drop(next(iter(self._kept)))

    def _drop(self, key: str) -> None:
        self._bytes -= len(self._kept.pop(key)[1])

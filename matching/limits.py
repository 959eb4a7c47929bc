"""What lets a call go: the time left for it, and the limits its backend documents."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from math import inf, isinf
from typing import Literal

from matching.failures import CallFailed
from matching.ports import Rate

CALL_SECONDS = 6.0
MOST_BYTES = 20 * 1024 * 1024

LATE_SECONDS = 1.0
"""A turn to call that came later than this after it was asked for is given up: the count has gone
on meanwhile."""

_DEADLINE: ContextVar[float] = ContextVar("deadline", default=inf)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """All calls made inside share this time; an outer, shorter one still holds."""
    deadline = asyncio.get_running_loop().time() + seconds
    token = _DEADLINE.set(min(_DEADLINE.get(), deadline))
    try:
        yield
    finally:
        _DEADLINE.reset(token)


def left() -> float:
    """Seconds left of the time of :func:`within`; infinite outside."""
    return max(0.0, _DEADLINE.get() - asyncio.get_running_loop().time())


@dataclass(frozen=True, slots=True)
class Limit:
    """So many calls in any ``seconds`` in a row, counted where they arrive.

    A call arrives a while after it was let go, a short one or a long one. Two ways to stay within
    the limit whatever that while is:

    Spaced, which suits minutes: evenly, ``burst`` at once after a rest, and as slowly as if the
    first of them were as late as a call can be and the last on time.

    ``until_answered``, which suits seconds: each call holds one of ``calls`` places from before it
    is sent until ``seconds`` after it was answered; one that was given up, as long as a call can
    last. Of any ``calls + 1`` two had the same place; the first of them had arrived, for it was
    answered, ``seconds`` before the other was sent. What it costs: a service that takes long is
    asked less often.
    """

    calls: int
    seconds: float = 60.0
    burst: int = 0
    until_answered: bool = False

    @property
    def at_once(self) -> int:
        return self.burst or max(1, self.calls // 5)

    def per_second(self, late: float) -> float:
        """The rate that, with the burst, stays within the limit wherever the window begins, when
        calls arrive up to ``late`` seconds after they were let go."""
        return (self.calls - self.at_once or 1) / (self.seconds + late)


@dataclass(frozen=True, slots=True)
class Route:
    """One kind of call: its name in metrics, its method, the documented limits, its own bounds.

    Only GET is ever repeated.
    """

    name: str
    method: Literal["GET", "POST"] = "GET"
    limit: Limit | None = None
    seconds: float = CALL_SECONDS
    most_bytes: int = MOST_BYTES

    @property
    def late(self) -> float:
        """Seconds after its turn was asked for that a call may still arrive."""
        return self.seconds + LATE_SECONDS


class Turnstile:
    """Lets the calls to one backend go, by what it said of its limits and by our own count.

    ``rate`` counts for all processes; ``clock`` returns seconds, ``sleep`` waits for some.
    """

    def __init__(
        self,
        name: str,
        rate: Rate,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self.rate = rate
        self.sleep = sleep
        self.full_until: dict[str, float] = {}
        """By route, for as long as the backend told us to wait."""

        self._name = name
        self._clock = clock
        self._queues: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._unhurried: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def enter(self, route: Route) -> str:
        """Return when the call may be made, with what :meth:`leave` wants; what cannot be waited
        for fails at once.

        Who waits for a place stands in a queue: only the first of each process asks for one. Of
        those with all the time there is (the reading of the night), one at a time stands there.
        """
        if route.limit is None or not route.limit.until_answered:
            return await self._turn(route)
        if not isinf(left()):
            return await self._queued(route)
        async with self._unhurried[route.name]:
            return await self._queued(route)

    async def _queued(self, route: Route) -> str:
        queue = self._queues[route.name]
        try:
            async with asyncio.timeout(None if isinf(left()) else left()):
                await queue.acquire()
        except TimeoutError:
            raise CallFailed(self._name, "busy", sent=False) from None
        try:
            return await self._turn(route)
        finally:
            queue.release()

    async def leave(self, route: Route, ticket: str) -> None:
        """The call was answered, or never sent."""
        if ticket and route.limit:
            await self.rate.leave(ticket, route.limit.seconds)

    async def _turn(self, route: Route) -> str:
        while True:
            asked = self._clock()
            ticket, wait = await self._ask(route, asked)
            if wait <= 0:
                if self._clock() - asked <= LATE_SECONDS:
                    return ticket
                await self.leave(route, ticket)
            elif wait >= left():
                raise CallFailed(self._name, "busy", retry_after=wait, sent=False)
            else:
                await self.sleep(wait)

    async def _ask(self, route: Route, now: float) -> tuple[str, float]:
        """The ticket, and seconds to wait before asking again."""
        told = self.full_until.get(route.name, 0.0) - now
        if told > 0 or route.limit is None:
            return "", max(0.0, told)
        key, limit = f"{self._name}:{route.name}", route.limit
        if limit.until_answered:
            return await self.rate.enter(
                key, calls=limit.calls, seconds=limit.seconds, longest=route.late
            )
        pace = limit.per_second(route.late)
        return "", await self.rate.ask(key, per_second=pace, burst=limit.at_once)

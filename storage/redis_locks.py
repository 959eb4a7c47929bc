"""Locks shared by every process that uses the same Redis: one queue per person over them all."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from redis.exceptions import RedisError

from storage.lock_scripts import (
    ARRIVED,
    FORGOTTEN,
    FORGOTTEN_CHANNEL,
    GIVE,
    KEEP,
    NOBODY,
    TAKE,
    TAKEN,
    lock_keys,
    stream_keys,
)
from storage.lock_waiting import Claim, WaitingRoom
from storage.locks import LocalLocks
from storage.redis_link import RedisLink, RedisLost

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Delays:
    """How long things last, in seconds."""

    lease: float = 6.0
    """A holder that dies gives way after this time."""

    beat: float = 0.5
    """How often the first in line of each key looks for itself, and says that we are here."""

    alive: float = 3.0
    """A process silent for longer is dead: those who wait in it are passed over."""

    gap: float = 0.15
    """How long a number of a sequence is awaited once a higher one has come."""


class RedisLocks:
    """Locks shared through Redis.

    While Redis is lost, the turns of this process still go one after the other; between processes
    the version fence of the conversations decides.
    """

    def __init__(self, redis_url: str, delays: Delays | None = None) -> None:
        self.delays = delays or Delays()
        self._link = RedisLink(redis_url)
        self._local = LocalLocks()
        self._name = secrets.token_hex(8)
        self._losses = 0
        self._process = f"{self._name}:0"
        self._last_arrival = 0
        self._room = WaitingRoom()
        self._held: dict[str, Claim] = {}
        self._not_given_back: dict[str, tuple[float, list[Claim]]] = {}
        """Until when Redis may remember them; those who never come again are not kept longer."""
        self._heart: asyncio.Task[None] | None = None
        self._listener: asyncio.Task[None] | None = None
        delays = self.delays
        self._lease, self._alive, self._gap = (
            int(delay * 1000) for delay in (delays.lease, delays.alive, delays.gap)
        )

    @asynccontextmanager
    async def hold(
        self, key: str, order: int = 0, *, sequence: str | None = None
    ) -> AsyncIterator[None]:
        claim = self._claim(key, order, sequence)
        shared = await self._take(claim)
        try:
            # Held as well, so that whoever comes while Redis is lost waits for us.
            await self._local.acquire(key, order)
            try:
                yield
            finally:
                self._local.release(key)
        finally:
            if shared:
                await self._give(claim)

    async def arrived(self, sequence: str, order: int) -> None:
        with suppress(RedisLost):
            await self._link.run(ARRIVED, stream_keys(sequence), order, self._gap)

    def wanted(self, key: str) -> bool:
        return key in self._room or self._local.wanted(key)

    async def close(self) -> None:
        for task in (self._heart, self._listener):
            if task:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
        await self._link.close()
        self._leave_redis(self._process)

    def _claim(self, key: str, order: int, sequence: str | None) -> Claim:
        """Microseconds settle ties, as far as the machines' clocks agree."""
        self._last_arrival = max(self._last_arrival + 1, time.time_ns() // 1000)
        token = f"{self._last_arrival:016d}:{self._process}"
        keys: tuple[str, ...] = lock_keys(key)
        if sequence is not None:
            keys += stream_keys(sequence)
        return Claim(key, order, token, self._process, keys)

    async def _take(self, claim: Claim) -> bool:
        """Wait for our turn; ``False`` when Redis is lost before it comes."""
        self._room.enter(claim)  # before we ask: the call may overtake the answer
        try:
            if self._not_given_back:
                await self._give_back_now(claim.key)
            if (late := await self._ask(claim)) != TAKEN:
                await self._wait(claim, late)
        except RedisLost:
            self._leave_redis(claim.process)
            return False
        except BaseException:
            self._room.leave(claim)
            await self._give(claim)
            raise
        finally:
            self._room.leave(claim)
        claim.renew_at = asyncio.get_running_loop().time() + self.delays.lease / 3
        self._held[claim.token] = claim
        self._live()
        return True

    async def _ask(self, claim: Claim) -> int:
        """``TAKEN``, or milliseconds after which to ask again; 0: once called."""
        answer = await self._link.run(
            TAKE,
            claim.keys,
            claim.token,
            claim.order,
            int(claim.known),
            self._lease,
            self._alive,
            self._gap,
            claim.key,
        )
        if answer == FORGOTTEN:
            self._room.forgotten(claim.key)
            return await self._ask(claim)
        claim.known = True
        return int(answer)

    async def _wait(self, claim: Claim, late: int) -> None:
        self._live()
        self._listen()
        later = asyncio.get_running_loop().call_later
        while late != TAKEN:
            timer = later((late + 1) / 1000, claim.called.set) if late else None
            try:
                await claim.called.wait()
            finally:
                if timer:
                    timer.cancel()
            claim.called.clear()
            if claim.process != self._process:
                raise RedisLost
            late = await self._ask(claim)

    async def _give(self, claim: Claim) -> None:
        self._held.pop(claim.token, None)
        try:
            following = await self._link.run(GIVE, claim.keys[:2], claim.token)
        except RedisLost:
            ends = asyncio.get_running_loop().time() + self.delays.lease
            _, others = self._not_given_back.pop(claim.key, (ends, []))
            self._not_given_back[claim.key] = ends, [*others, claim]
            return
        if following == NOBODY:  # unless Redis has forgotten those who wait here
            self._room.call_first(claim.key)
        elif isinstance(following, str):
            self._room.call(following)

    async def _give_back_now(self, key: str) -> None:
        now = asyncio.get_running_loop().time()
        while self._not_given_back:
            oldest, (ends, _) = next(iter(self._not_given_back.items()))
            if ends > now:
                break
            del self._not_given_back[oldest]
        for claim in self._not_given_back.get(key, (0.0, []))[1]:
            await self._link.run(GIVE, claim.keys[:2], claim.token)
        self._not_given_back.pop(key, None)

    def _leave_redis(self, process: str) -> None:
        """Redis was lost: whoever waits here goes on in the local queue.

        Their places in Redis, which could not be given back, die with the name they were under.
        """
        if process != self._process:  # another said so before
            return
        self._losses += 1
        self._process = f"{self._name}:{self._losses}"
        self._room.call_everybody()

    def _live(self) -> None:
        """One task for all who wait or hold; it ends with the last of them."""
        if self._heart is None or self._heart.done():
            self._heart = asyncio.create_task(self._beat())

    async def _beat(self) -> None:
        while self._held or len(self._room):
            await asyncio.sleep(min(self.delays.beat, self.delays.lease / 3))
            self._room.call_first_of_each()
            if len(self._room):
                self._listen()
            now = asyncio.get_running_loop().time()
            for claim in [held for held in self._held.values() if held.renew_at <= now]:
                await self._renew(claim, now)

    async def _renew(self, claim: Claim, now: float) -> None:
        """A turn that lasts keeps its lock; those given back meanwhile are not taken again."""
        claim.renew_at = now + self.delays.lease / 3
        if claim.token not in self._held:
            return
        with suppress(RedisLost):
            kept = await self._link.run(KEEP, claim.keys[:1], claim.token, self._lease)
            if not kept and claim.token in self._held:
                del self._held[claim.token]
                log.warning("lock_lost")

    def _listen(self) -> None:
        """Be told when our turn comes.

        Calls made before we listen are lost, and all of them should that fail; the first in line
        looks for itself at both ends, then at every beat.
        """
        if self._listener is None or self._listener.done():
            self._listener = asyncio.create_task(self._pass_on_calls())

    async def _pass_on_calls(self) -> None:
        with suppress(RedisError, OSError):
            async with self._link.client.pubsub() as calls:
                await calls.subscribe(f"lock-calls:{self._name}", FORGOTTEN_CHANNEL)
                while True:
                    call = await calls.get_message(timeout=None)
                    if call and call["type"] == "subscribe":
                        self._room.call_first_of_each()
                    elif call and call["channel"] == FORGOTTEN_CHANNEL:
                        self._room.call_first(call["data"])
                    elif call:
                        self._room.call(call["data"])
        self._room.call_first_of_each()

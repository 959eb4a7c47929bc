"""One turn at a time per person, lowest order first, in one process or in several."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Protocol

from redis.exceptions import RedisError

from storage.redis_link import CONNECT_SECONDS, RedisLink, RedisLost

log = logging.getLogger(__name__)

LEASE_SECONDS = 15.0
"""A holder that dies gives way after this time."""

BEAT_SECONDS = 0.5
"""How often a waiter says that it is still there, and looks for itself."""

ALIVE_SECONDS = 3.0
"""A waiter silent for longer is passed over."""


class Locks(Protocol):
    """Whoever lets one turn at a time act for a key."""

    def hold(self, key: str, order: int = 0) -> AbstractAsyncContextManager[None]:
        """Wait for the key and hold it: lowest order first, then first come first served."""
        ...

    async def close(self) -> None: ...


class LocalLocks:
    """Locks of this process alone."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[tuple[int, int, asyncio.Future[None]]]] = {}
        self._arrivals = itertools.count()

    @asynccontextmanager
    async def hold(self, key: str, order: int = 0) -> AsyncIterator[None]:
        await self._acquire(key, order)
        try:
            yield
        finally:
            self._release(key)

    async def close(self) -> None:
        """Nothing to close."""

    async def _acquire(self, key: str, order: int) -> None:
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
                self._release(key)
            raise

    def _release(self, key: str) -> None:
        queue = self._waiting[key]
        while queue:
            _, _, turn = heapq.heappop(queue)
            if not turn.done():
                turn.set_result(None)
                return
        del self._waiting[key]


class RedisLocks:
    """Locks shared by every process that uses the same Redis.

    While Redis is lost, the turns of this process still go one after the other; between processes
    the version fence of the conversations decides.
    """

    def __init__(self, redis_url: str) -> None:
        self._link = RedisLink(redis_url)
        self._local = LocalLocks()
        self._name = secrets.token_hex(8)
        self._numbers = itertools.count()
        self._waiting: dict[str, asyncio.Event] = {}
        self._not_given_back: dict[str, str] = {}
        self._listener: asyncio.Task[None] | None = None
        self._listening = asyncio.Event()

    @asynccontextmanager
    async def hold(self, key: str, order: int = 0) -> AsyncIterator[None]:
        token = f"{self._name}:{next(self._numbers)}"
        shared = await self._take(key, token, order)
        try:
            # Held as well, so that whoever comes while Redis is lost waits for us.
            async with self._local.hold(key, order):
                keeper = asyncio.create_task(self._keep(key, token)) if shared else None
                try:
                    yield
                finally:
                    if keeper:
                        keeper.cancel()
        finally:
            if shared:
                await self._give(key, token)

    async def close(self) -> None:
        if self._listener:
            self._listener.cancel()
            with suppress(asyncio.CancelledError):
                await self._listener
        await self._link.close()

    async def _take(self, key: str, token: str, order: int) -> bool:
        """Wait for our turn; ``False`` when Redis is lost before it comes."""
        try:
            if key in self._not_given_back:
                await self._link.run(_GIVE, _keys(key), self._not_given_back[key])
                del self._not_given_back[key]
            if not await self._ask(key, token, order):
                await self._wait(key, token, order)
        except RedisLost:
            return False
        except BaseException:
            await self._give(key, token)
            raise
        return True

    async def _ask(self, key: str, token: str, order: int) -> bool:
        lease, patience = int(LEASE_SECONDS * 1000), int(ALIVE_SECONDS * 1000)
        return bool(await self._link.run(_TAKE, _keys(key), token, order, lease, patience))

    async def _wait(self, key: str, token: str, order: int) -> None:
        called = self._waiting[token] = asyncio.Event()
        try:
            await self._listen()
            while not await self._ask(key, token, order):
                with suppress(TimeoutError):
                    async with asyncio.timeout(BEAT_SECONDS):
                        await called.wait()
                called.clear()
        finally:
            del self._waiting[token]

    async def _keep(self, key: str, token: str) -> None:
        """Renew the lease for as long as the lock is held."""
        while True:
            await asyncio.sleep(LEASE_SECONDS / 3)
            with suppress(RedisLost):
                lease = int(LEASE_SECONDS * 1000)
                if not await self._link.run(_KEEP, _keys(key)[:1], token, lease):
                    log.warning("lock_lost")
                    return

    async def _give(self, key: str, token: str) -> None:
        try:
            await self._link.run(_GIVE, _keys(key), token)
        except RedisLost:
            self._not_given_back[key] = token

    async def _listen(self) -> None:
        """Be told when our turn comes; should that fail, waiters still look every beat."""
        if self._listener is None or self._listener.done():
            self._listening.clear()
            self._listener = asyncio.create_task(self._pass_on_calls())
        with suppress(TimeoutError):
            async with asyncio.timeout(CONNECT_SECONDS):
                await self._listening.wait()

    async def _pass_on_calls(self) -> None:
        with suppress(RedisError, OSError):  # whoever waits asks at once, and meets the loss
            async with self._link.client.pubsub() as calls:
                await calls.subscribe(f"lock-calls:{self._name}")
                while True:
                    call = await calls.get_message(timeout=BEAT_SECONDS)
                    if call and call["type"] == "subscribe":
                        self._listening.set()
                    elif call and (called := self._waiting.get(call["data"])):
                        called.set()
        self._listening.set()
        for called in self._waiting.values():
            called.set()


def _keys(key: str) -> list[str]:
    """Its holder; who waits, by order then arrival; when each was last heard; their names."""
    return [f"lock:{{{key}}}:{part}" for part in ("holder", "queue", "heard", "names")]


# A waiter is a token, « process:number »; in the queue its arrival comes before, to settle ties.
_FUNCTIONS = """
local holder, queue, heard, names = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local function leave(token)
  local name = redis.call('HGET', names, token)
  if name then redis.call('ZREM', queue, name) end
  redis.call('HDEL', names, token)
  redis.call('ZREM', heard, token)
end
"""

# Enter the queue or say « still there »; take the lock when it is free and our turn has come.
_TAKE = (
    _FUNCTIONS
    + """
local me, order, lease, patience = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if redis.call('GET', holder) == me then return 1 end
if not redis.call('HGET', names, me) then
  local name = string.format('%016d:', redis.call('HINCRBY', names, 'arrivals', 1)) .. me
  redis.call('HSET', names, me, name)
  redis.call('ZADD', queue, order, name)
end
redis.call('ZADD', heard, now, me)
for _, key in ipairs({queue, heard, names}) do redis.call('PEXPIRE', key, patience * 10) end
if redis.call('EXISTS', holder) == 1 then return 0 end
for _, silent in ipairs(redis.call('ZRANGEBYSCORE', heard, '-inf', now - patience)) do
  leave(silent)
end
if redis.call('ZRANGE', queue, 0, 0)[1] ~= redis.call('HGET', names, me) then return 0 end
redis.call('SET', holder, me, 'PX', lease)
leave(me)
return 1
"""
)

# Let go of the lock, or of one's place in the queue, and call the next one.
_GIVE = (
    _FUNCTIONS
    + """
leave(ARGV[1])
local by = redis.call('GET', holder)
if by == ARGV[1] then redis.call('DEL', holder) elseif by then return 0 end
local next = redis.call('ZRANGE', queue, 0, 0)[1]
if not next then redis.call('DEL', names) return 1 end
local token = string.match(next, '^%d+:(.*)$')
redis.call('PUBLISH', 'lock-calls:' .. string.match(token, '^[^:]+'), token)
return 1
"""
)

_KEEP = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
"""

"""The way to Redis: every question has a time limit, and a lost server is left alone a moment."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections.abc import Sequence
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisError, ResponseError

from storage.redis_wire import Wire

log = logging.getLogger(__name__)

ANSWER_SECONDS = 2.0
CONNECT_SECONDS = 1.0
PAUSE_SECONDS = 1.0
"""How long nobody asks again after a failure: a turn must not pay for each attempt."""


_now = time.monotonic  # a loop's own time may stand still until it goes round


class RedisLost(Exception):
    """Redis does not answer."""


class RedisLink:
    """Runs Lua scripts. A warning is logged when Redis is lost and once it is back."""

    def __init__(self, url: str) -> None:
        self.client: Redis = Redis.from_url(
            url,
            # The client's own limit goes through wait_for, which loses cancellations before
            # Python 3.12: the wire keeps the time.
            socket_timeout=None,
            socket_connect_timeout=CONNECT_SECONDS,
            retry=Retry(NoBackoff(), 0),
            decode_responses=True,
        )
        self._wire: Wire | None = None
        self._opening = asyncio.Lock()
        self._closed = False
        self._names: dict[str, str] = {}
        self._ask_again = 0.0
        self._lost_at: float | None = None

    async def run(self, script: str, keys: Sequence[str], *values: str | float) -> Any:
        """The answer of a script. It may run twice when the connection breaks in between.

        What one task asks runs in the order asked, even when it is stopped before an answer.
        Raises :class:`RedisLost`.
        """
        started = _now()
        if started < self._ask_again:
            raise RedisLost
        try:
            answer = await self._run(script, keys, values)
        except (RedisError, OSError) as error:
            self._ask_again = _now() + PAUSE_SECONDS
            if self._lost_at is None:
                log.warning("redis_lost")
            self._lost_at = _now()
            raise RedisLost from error
        # An answer that was on its way when another question failed is no sign of life.
        if self._lost_at is not None and started > self._lost_at:
            self._lost_at = None
            log.warning("redis_back")
        return answer

    async def _run(self, script: str, keys: Sequence[str], values: Sequence[str | float]) -> Any:
        try:
            return await self._ask(script, len(keys), *keys, *values)
        except (ResponseError, TimeoutError):
            raise
        except (RedisError, OSError):  # the connection broke, maybe long ago: try a new one
            return await self._ask(script, len(keys), *keys, *values)

    async def _ask(self, script: str, *rest: str | float) -> Any:
        wire = self._wire
        if wire is None or wire.broken:
            wire = await self._open()
        name = self._names.get(script)
        if name is None:
            # How Redis names scripts; nothing is kept secret by it.
            name = hashlib.sha1(script.encode(), usedforsecurity=False).hexdigest()
            self._names[script] = name
        try:
            return await wire.ask("EVALSHA", name, *rest)
        except NoScriptError:
            return await wire.ask("EVAL", script, *rest)

    async def _open(self) -> Wire:
        async with self._opening:
            if self._closed or _now() < self._ask_again:
                raise RedisLost  # another has just tried
            if self._wire is None or self._wire.broken:
                self._wire = await Wire.open(self.client, ANSWER_SECONDS)
            return self._wire

    async def answers(self) -> bool:
        """Whether Redis does, at this moment."""
        try:
            await self.run("return 1", [])
        except RedisLost:
            return False
        return True

    async def close(self) -> None:
        self._closed = True
        async with self._opening:
            if self._wire:
                await self._wire.close()
        await self.client.aclose()

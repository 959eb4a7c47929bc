"""The way to Redis: every question has a time limit, and a lost server is left alone a moment."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.commands.core import AsyncScript
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

ANSWER_SECONDS = 2.0
CONNECT_SECONDS = 1.0
PAUSE_SECONDS = 1.0
"""How long nobody asks again after a failure: a turn must not pay for each attempt."""


class RedisLost(Exception):
    """Redis does not answer."""


class RedisLink:
    """Runs Lua scripts. A warning is logged when Redis is lost and once it is back."""

    def __init__(self, url: str) -> None:
        self.client: Redis = Redis.from_url(
            url,
            # The client's own limit goes through wait_for, which loses cancellations before
            # Python 3.12: :meth:`run` keeps the time.
            socket_timeout=None,
            socket_connect_timeout=CONNECT_SECONDS,
            retry=Retry(NoBackoff(), 1),
            decode_responses=True,
        )
        self._scripts: dict[str, AsyncScript] = {}
        self._ask_again = 0.0
        self._lost = False

    async def run(self, script: str, keys: Sequence[str], *values: str | float) -> Any:
        """The answer of a script. It may run twice when the connection breaks in between.

        Raises :class:`RedisLost`.
        """
        clock = asyncio.get_running_loop().time
        if clock() < self._ask_again:
            raise RedisLost
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                answer = await self._script(script)(keys=keys, args=values)
        except (RedisError, OSError) as error:
            self._ask_again = clock() + PAUSE_SECONDS
            self.report(lost=True)
            raise RedisLost from error
        self.report(lost=False)
        return answer

    def _script(self, text: str) -> AsyncScript:
        if text not in self._scripts:
            self._scripts[text] = self.client.register_script(text)
        return self._scripts[text]

    def report(self, *, lost: bool) -> None:
        """Say it once in the log when Redis goes, and once when it comes back."""
        if lost != self._lost:
            self._lost = lost
            log.warning("redis_lost" if lost else "redis_back")

    async def close(self) -> None:
        await self.client.aclose()

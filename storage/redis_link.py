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
        self._lost_at: float | None = None

    async def run(self, script: str, keys: Sequence[str], *values: str | float) -> Any:
        """The answer of a script. It may run twice when the connection breaks in between.

        Raises :class:`RedisLost`.
        """
        clock = asyncio.get_running_loop().time
        started = clock()
        if started < self._ask_again:
            raise RedisLost
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                answer = await self._script(script)(keys=keys, args=values)
        except (RedisError, OSError) as error:
            self._ask_again = clock() + PAUSE_SECONDS
            if self._lost_at is None:
                log.warning("redis_lost")
            self._lost_at = clock()
            raise RedisLost from error
        # An answer that was on its way when another question failed is no sign of life.
        if self._lost_at is not None and started > self._lost_at:
            self._lost_at = None
            log.warning("redis_back")
        return answer

    def _script(self, text: str) -> AsyncScript:
        if text not in self._scripts:
            self._scripts[text] = self.client.register_script(text)
        return self._scripts[text]

    async def close(self) -> None:
        await self.client.aclose()

"""A short memory of backends' answers that all processes share, in Redis."""

from __future__ import annotations

import zlib
from hashlib import blake2b

from storage.redis_link import RedisLink, RedisLost

MOST_BYTES = 1024 * 1024
"""Of an answer, packed; what is longer costs more to carry than to ask for again."""


class RedisCache:
    """Implements :class:`matching.ports.Cache`; whatever Redis does, it only forgets.

    What was asked cannot be read in the keys: they are hashed.
    """

    def __init__(self, redis_url: str) -> None:
        self._link = RedisLink(redis_url)

    async def get(self, key: str) -> bytes | None:
        try:
            kept = await self._link.run("return redis.call('GET', KEYS[1])", [_name(key)])
            return None if kept is None else zlib.decompress(kept.encode("latin-1"))
        except (RedisLost, UnicodeError, zlib.error, AttributeError):
            return None

    async def put(self, key: str, value: bytes, seconds: float) -> None:
        packed = zlib.compress(value, 1)
        if len(packed) > MOST_BYTES or seconds <= 0:
            return
        script = "return redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])"
        try:
            await self._link.run(
                script, [_name(key)], packed.decode("latin-1"), max(1, round(seconds * 1000))
            )
        except RedisLost:
            return

    async def close(self) -> None:
        await self._link.close()


def _name(key: str) -> str:
    return f"answer:{blake2b(key.encode(), digest_size=16).hexdigest()}"

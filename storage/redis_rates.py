"""So many acts a second for processes that share a Redis."""

from __future__ import annotations

from storage.rates import DatabaseRate
from storage.redis_link import RedisLink, RedisLost


class RedisRate:
    """A rate shared through Redis and timed by its clock; through ``fallback`` while it is lost.

    ``spent``: what Redis counted lately is not known then, so that no burst is left at first.
    """

    def __init__(self, redis_url: str, fallback: DatabaseRate, *, spent: bool = False) -> None:
        self._link = RedisLink(redis_url)
        self._fallback = fallback
        self._spent = spent
        self._known: set[str] = set()

    async def take(self, key: str, *, per_second: float, burst: int = 1) -> float:
        try:
            return await self._next(key, 1_000_000 / per_second, burst, patient=True)
        except RedisLost:
            await self._lost(key, per_second, burst)
            return await self._fallback.take(key, per_second=per_second, burst=burst)

    async def ask(self, key: str, *, per_second: float, burst: int = 1) -> float:
        try:
            return await self._next(key, 1_000_000 / per_second, burst, patient=False)
        except RedisLost:
            await self._lost(key, per_second, burst)
            return await self._fallback.ask(key, per_second=per_second, burst=burst)

    async def enter(
        self, key: str, *, calls: int, seconds: float, longest: float
    ) -> tuple[str, float]:
        """Places are counted by the database even so: there are few, and it forgets none when Redis
        comes or goes while they are held."""
        return await self._fallback.enter(key, calls=calls, seconds=seconds, longest=longest)

    async def leave(self, ticket: str, seconds: float) -> None:
        await self._fallback.leave(ticket, seconds)

    async def _lost(self, key: str, per_second: float, burst: int) -> None:
        if self._spent and key not in self._known:
            await self._fallback.spend(key, per_second=per_second, burst=burst)
            self._known.add(key)

    async def _next(self, key: str, spacing: float, burst: int, *, patient: bool) -> float:
        values = (spacing, (burst - 1) * spacing, int(patient))
        wait = int(await self._link.run(_NEXT, [f"rate:{key}"], *values)) / 1_000_000
        self._known.clear()
        return wait

    async def purge(self) -> int:
        """Redis forgets by itself; what the other has counted meanwhile goes here."""
        return await self._fallback.purge()

    async def close(self) -> None:
        await self._link.close()


# In microseconds: what Redis counts in, and whole numbers that Lua holds exactly.
_NEXT = """
local spacing, tolerance = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local slot = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now)
local wait = math.max(0, math.ceil(slot - tolerance - now))
if wait == 0 or ARGV[3] == '1' then
  local free = math.ceil(slot + spacing)
  redis.call('SET', KEYS[1], string.format('%.0f', free), 'PX', math.ceil((free - now) / 1000))
end
return wait
"""

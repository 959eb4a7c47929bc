"""Work begun a few pieces at a time, so that what was begun first also ends first."""

from __future__ import annotations

import asyncio


class Pace:
    """Lets ``most`` callers pass in each round of the event loop; the others wait in line.

    Sixty people who write at the same instant would otherwise all be thought about before the
    first answer is written down: each would wait for the slowest. What takes time elsewhere (a
    database, a backend) holds nobody back here.
    """

    def __init__(self, most: int) -> None:
        self._places = asyncio.Semaphore(most)

    async def turn(self) -> None:
        """Return once it is the caller's turn, in the order of the calls."""
        await self._places.acquire()
        asyncio.get_running_loop().call_soon(self._places.release)

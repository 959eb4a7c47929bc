"""A client of API apprentissage, pointed at the contract server, with a clock that can be moved."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from matching.apprentissage.client import Apprentissage
from matching.calling import Backend, CallFailed, open_session
from matching.job_offer import Locate
from matching.model import Circle, Found, Search, Unavailable, WantedTrade
from matching.ports import MemoryCache
from nlu.gazetteer import Gazetteer
from storage.rates import LocalRate
from tests.apprentissage_api import KEY, Api, running
from tests.counting import Counts

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
LENS = Circle(50.4280, 2.8319, 30, "Lens")
BAKER = WantedTrade("boulanger", "Boulanger", ("D1102",), (), ("boulang",), ("patiss", "chocolat"))
ROOFER = WantedTrade("couvreur", "Couvreur", ("F1619",), ("F1610",), ("couvr", "toit"), ("solair",))
BAKERS = Search(trades=(BAKER,), circles=(LENS,))
LOCATE: Locate = Gazetteer.load().locate


@dataclass
class Clock:
    """Seconds that pass when they are told to, and when somebody waits for a slot."""

    seconds: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.seconds - 1000.0)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds
        await asyncio.sleep(0)


@dataclass
class Desk:
    """The client, the service it asks, and what is counted in between."""

    api: Api
    client: Apprentissage
    backend: Backend
    counts: Counts
    clock: Clock
    session: Any

    def another(self, key: str = KEY, url: str = "") -> Apprentissage:
        """A client that remembers nothing yet, in the same process."""
        return Apprentissage(
            url or self.api.url, key, self.backend, cache=MemoryCache(self.clock), locate=LOCATE,
            clock=self.clock.now, any_codes=("D1102", "F1619"),
        )  # fmt: skip

    async def titles(self, search: Search = BAKERS) -> list[str]:
        return titles(await self.client.find_all(search))

    async def failure(self, search: Search = BAKERS) -> CallFailed:
        with pytest.raises(CallFailed) as caught:
            await self.client.find(search)
        assert isinstance(caught.value, Unavailable)
        return caught.value

    @property
    def outcomes(self) -> dict[tuple[str, str], int]:
        return {(route, outcome): n for (_, route, outcome), n in self.counts.calls.items()}


def titles(found: Sequence[Found]) -> list[str]:
    return [f.offer.title for f in found]


@asynccontextmanager
async def at_the_desk() -> AsyncIterator[Desk]:
    """A desk whose requests must all be as documented, unless the test says otherwise."""
    clock, counts = Clock(), Counts()
    async with running(clock=clock) as api, open_session() as session:
        backend = Backend(
            "apprentissage", session, rate=LocalRate(clock), metrics=counts, clock=clock,
            sleep=clock.sleep,
        )  # fmt: skip
        client = Apprentissage(
            api.url, KEY, backend, cache=MemoryCache(clock), locate=LOCATE, clock=clock.now,
            any_codes=("D1102", "F1619"),
        )  # fmt: skip
        yield Desk(api, client, backend, counts, clock, session)
        assert api.violations == []

"""The real house between the two services it asks, both faked at the wire."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from bot.assembly import Rooms
from matching.calling import Passing
from matching.sources import Patience
from nlu.understander import Understander
from tests import apprentissage_api, france_travail_api
from tests.apprentissage_api import KEY, Api
from tests.apprentissage_api.jobs import job
from tests.france_travail_api import CLIENT, SECRET, FranceTravailApi
from tests.france_travail_api.ads import Ad, make_ad
from tests.talk import Talk, rooms_for

UNHURRIED = Patience(5.0, 5.0, 5.0)
"""For a shared machine: both answer, however late."""

HURRIED = Patience(0.5, 0.2)

AGE = {"published": "2026-11-20T08:00:00.000Z", "expires": "2027-03-01T08:00:00.000Z"}


def bakery(number: int, **traits: Any) -> dict[str, Any]:
    """An offer of API apprentissage at Lens."""
    return job(
        f"Apprenti boulanger n° {number}",
        **{"id": f"{number:024x}", "company": f"Fournil {number}", **AGE, **traits},
    )


def ad(number: str, understander: Understander, town: str = "Lens", **changes: Any) -> Ad:
    """An ad of France Travail for a baker."""
    gazetteer = understander.gazetteer
    place = gazetteer.lookup(town)[0]
    changes.setdefault("entreprise", {"nom": f"Levain {number}"})
    return make_ad(number, place, gazetteer, **changes)


class Skipping:
    """A clock that runs, and skips what is waited for: limits are kept, and nobody waits."""

    def __init__(self) -> None:
        self._skipped = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self._skipped

    async def sleep(self, seconds: float) -> None:
        self._skipped += seconds
        await asyncio.sleep(0)

    @property
    def passing(self) -> Passing:
        return Passing(self, lambda: time.time() + self._skipped, self.sleep)


@dataclass(slots=True)
class Sourced:
    """The services, and the settings that point at them; the houses share the services' clock.

    Not those with a Redis, which counts by its own.
    """

    lba: Api
    ft: FranceTravailApi
    understander: Understander
    clock: Skipping

    def settings(self) -> dict[str, Any]:
        return {
            "apprentissage_api_url": self.lba.url, "apprentissage_api_key": KEY,
            "france_travail_api_url": self.ft.api_url,
            "france_travail_token_url": self.ft.token_url,
            "france_travail_client_id": CLIENT, "france_travail_client_secret": SECRET,
        }  # fmt: skip

    @asynccontextmanager
    async def house(
        self,
        url: str,
        redis: str | None = None,
        patience: Patience = UNHURRIED,
        passing: Passing | None = None,
        **other: Any,
    ) -> AsyncIterator[Rooms]:
        async with rooms_for(
            url, redis, self.understander, patience=patience,
            passing=passing or (None if redis else self.clock.passing), **self.settings() | other,
        ) as rooms:  # fmt: skip
            yield rooms

    @asynccontextmanager
    async def talk(
        self, url: str, redis: str | None = None, patience: Patience = UNHURRIED
    ) -> AsyncIterator[Talk]:
        async with self.house(url, redis, patience) as rooms:
            yield Talk(rooms, "someone")

    async def everything_fails(self, kind: str, *, retry_after: int = 1) -> None:
        """From now on, in both services, each in its own words.

        ``retry_after``: seconds a 429 tells us to wait.
        """
        if kind == "refused":
            await self.lba.stop()
            await self.ft.stop()
            return
        lba, ft = FAULTS[kind]
        self.lba.fault(lba, times=None, retry_after=retry_after)
        self.ft.fault(ft, on="any", times=None, seconds=60.0, retry_after=str(retry_after))

    def recover(self) -> None:
        self.lba.faults.clear()
        self.ft.faults.clear()


FAULTS = {
    "cut": ("reset", "reset"), "slow": ("hang", "slow"), "500": ("500", "500"),
    "504": ("504", "503"), "429": ("429", "429"), "html": ("html", "html"),
    "truncated": ("truncated", "truncated"), "wrong types": ("wrong_types", "wrong"),
    "50 MB": ("huge", "huge"),
}  # fmt: skip
"""What goes wrong, as the one service does it and as the other."""


@asynccontextmanager
async def sourced(
    understander: Understander,
    jobs: Sequence[dict[str, Any]] = (),
    ads: Sequence[Ad] = (),
) -> AsyncIterator[Sourced]:
    """Both services, for as long as the block lasts; nothing may break their rules."""
    clock = Skipping()
    async with (
        apprentissage_api.running(clock=clock) as lba,
        france_travail_api.running(understander.gazetteer, list(ads), counts_by=clock) as ft,
    ):
        lba.jobs += list(jobs)
        del lba.quotas["export"]  # two a minute: tests move on faster
        yield Sourced(lba, ft, understander, clock)
        assert lba.violations == []

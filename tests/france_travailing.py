"""Our client of France Travail before its double, nothing in between replaced."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

from matching.calling import Backend, CallFailed, open_session
from matching.france_travail import FranceTravail, read_offer
from matching.job_offer import BadOffer
from matching.model import Circle, Offer, Search, WantedTrade
from matching.ports import Cache, Rate
from nlu.gazetteer import Gazetteer
from tests.counting import Counts
from tests.france_travail_api import CLIENT, SECRET, FranceTravailApi, running
from tests.france_travail_api.ads import NOW, Ad, make_ad

BAKER = WantedTrade("boulanger", "Boulanger", ("D1102",), title_stems=("boulang",))


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


class AtOnce:
    """A rate that never makes anybody wait: for tests of something else."""

    async def ask(self, key: str, *, per_second: float, burst: int = 1) -> float:
        return 0.0

    async def enter(
        self, key: str, *, calls: int, seconds: float, longest: float
    ) -> tuple[str, float]:
        return "", 0.0

    async def leave(self, ticket: str, seconds: float) -> None:
        """Nothing was taken."""


class House:
    """The double, the client, and the clock that both read."""

    def __init__(self, api: FranceTravailApi, gazetteer: Gazetteer, clock: Clock) -> None:
        self.api = api
        self.gazetteer = gazetteer
        self.clock = clock
        self.counts = Counts()
        self.now: datetime = NOW
        self.session: Any = None

    def client(
        self,
        *,
        rate: Rate | None = None,
        secret: str = SECRET,
        cache: Cache | None = None,
        **options: Any,
    ) -> FranceTravail:
        backend = Backend(
            "france_travail", self.session, rate=rate or AtOnce(), metrics=self.counts
        )
        options.setdefault("locate", self.gazetteer.locate)
        return FranceTravail(
            backend,
            api_url=self.api.api_url,
            token_url=self.api.token_url,
            client_id=CLIENT,
            client_secret=secret,
            clock=lambda: self.now,
            seconds=self.clock,
            cache=cache,
            **options,
        )

    def circle(self, town: str, radius_km: float) -> Circle:
        place = self.gazetteer.lookup(town)[0]
        return Circle(place.lat, place.lon, radius_km, place.name)

    def near(self, town: str, radius_km: float = 30, trade: WantedTrade = BAKER) -> Search:
        return Search(trades=(trade,), circles=(self.circle(town, radius_km),))

    @property
    def outcomes(self) -> dict[tuple[str, str], int]:
        return {(route, outcome): n for (_, route, outcome), n in self.counts.calls.items()}


@asynccontextmanager
async def house(
    gazetteer: Gazetteer, ads: list[Ad], *, per_second: float = 1e9, **options: Any
) -> AsyncIterator[House]:
    clock = Clock()
    async with (
        running(gazetteer, ads, clock=clock, per_second=per_second, **options) as api,
        open_session() as session,
    ):
        built = House(api, gazetteer, clock)
        built.session = session
        yield built


def reason(failed: BaseException) -> str:
    assert isinstance(failed, CallFailed)
    return failed.reason


def readable(ads: list[Ad], gazetteer: Gazetteer) -> list[Offer]:
    offers = []
    for ad in ads:
        try:
            offers.append(read_offer(ad, gazetteer.locate))
        except BadOffer:
            continue
    return offers


async def many(house: House, count: int, **changes: Any) -> None:
    """So many bakers in Lille, created a second apart."""
    lille = house.gazetteer.lookup("Lille")[0]
    house.api.ads = [
        make_ad(
            f"2{n:06d}", lille, house.gazetteer, description=f"n° {n}", entreprise=None,
            dateCreation=f"{NOW - timedelta(seconds=n + 1):%Y-%m-%dT%H:%M:%S}.000Z", **changes,
        )
        for n in range(count)
    ]  # fmt: skip


def only(api: FranceTravailApi, name: str) -> set[str | None]:
    return {params.get(name) for params in api.asked("search")}

"""« Voir la suite » while the sources come and go: nothing twice, nothing left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from matching.ports import MemoryCache
from nlu.understander import Understander
from tests.sourcing import HURRIED, Sourced, ad, bakery, sourced
from tests.talk import Talk

BAKERIES = [bakery(n, published="2026-11-01T08:00:00.000Z") for n in range(1, 7)]
ADS = ("207QYWM", "207QYWN", "207QYWP")


@dataclass(slots=True)
class Reader:
    """Somebody who reads page after page; ``read`` holds the companies in order."""

    talk: Talk
    read: list[str]

    async def hear(self, text: str) -> None:
        said = await self.talk.say(text)
        self.read += [card.lines[0].split(",")[0] for reply in said for card in reply.cards]

    async def to_the_end(self) -> None:
        for _ in range(5):
            await self.hear("voir la suite")

    def check(self, both: Sourced) -> None:
        told = Counter(self.read)
        assert set(told.values()) == {1}, told
        assert len(told) == len(both.lba.jobs) + len(both.ft.ads)


@pytest.fixture
async def both(understander: Understander) -> AsyncIterator[Sourced]:
    async with sourced(understander, BAKERIES, [ad(n, understander) for n in ADS]) as services:
        yield services


async def test_a_late_source_joins_after_the_first_page(both: Sourced, sqlite_url: str) -> None:
    late = both.ft.fault("slow", on="search", times=None, seconds=60.0)
    async with both.talk(sqlite_url, patience=HURRIED) as talk:
        reader = Reader(talk, [])
        await reader.hear("boulanger à Lens")
        assert len(reader.read) == 3
        late.times = 0
        await reader.to_the_end()
        reader.check(both)


async def test_a_source_leaves_after_the_first_page(both: Sourced, sqlite_url: str) -> None:
    async with both.talk(sqlite_url) as talk:
        reader = Reader(talk, [])
        await reader.hear("boulanger à Lens")
        assert {company.split()[0] for company in reader.read} == {"Levain"}
        both.ft.fault("500", on="any", times=None)
        client = talk.rooms.backends.france_travail
        assert client
        assert isinstance(client._pages._cache, MemoryCache)
        client._pages._cache._kept.clear()  # as after three minutes
        await reader.to_the_end()
        reader.check(both)

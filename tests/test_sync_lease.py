"""The lease on reading the sources: kept while nothing comes, and no work without it."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import update

from bot import sync
from bot.assembly import Rooms
from bot.sync import Elsewhere, alone, daily
from matching.sources import EXPORT
from matching.sync import Report
from nlu.understander import Understander
from storage.schema import rates
from tests.sourcing import bakery, sourced
from tests.test_sync import a_minute_later


async def steal(rooms: Rooms) -> None:
    async with rooms.database.write() as tx:
        await tx.execute(update(rates).where(rates.c.key == "lease:sync").values(free_at=9e9))


async def test_it_is_kept_while_no_batch_comes(
    sqlite_url: str, understander: Understander, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync, "LEASE_SECONDS", 1.2)
    async with sourced(understander) as both, both.house(sqlite_url) as rooms:
        async with alone(rooms):
            await asyncio.sleep(2.0)
            with pytest.raises(Elsewhere):
                async with alone(rooms):
                    pass
        async with alone(rooms):  # and released at once
            pass


async def test_what_is_under_way_stops_once_it_is_lost(
    sqlite_url: str, understander: Understander, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync, "LEASE_SECONDS", 1.2)
    async with sourced(understander) as both, both.house(sqlite_url) as rooms:

        async def work() -> None:
            async with asyncio.timeout(20), alone(rooms):
                await steal(rooms)
                await asyncio.Event().wait()

        with pytest.raises(Elsewhere):
            await work()
        await asyncio.sleep(0)  # nothing is left of the cancellation


async def test_being_cancelled_is_no_loss(sqlite_url: str, understander: Understander) -> None:
    async with sourced(understander) as both, both.house(sqlite_url) as rooms:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2), alone(rooms):
                await asyncio.Event().wait()
        async with alone(rooms):
            pass


async def test_nothing_is_closed_without_it(
    sqlite_url: str, understander: Understander, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = [bakery(n) for n in range(4)]
    async with sourced(understander, jobs) as both, both.house(sqlite_url) as rooms:
        async with alone(rooms) as beat:
            await daily(rooms, again=True)[EXPORT](beat)
        both.lba.jobs.pop()
        await a_minute_later(rooms)
        beats = 0

        async def watched(report: Report) -> None:
            nonlocal beats
            beats += 1
            if beats == 1:  # all is read; the machine sleeps, and another one takes over
                await steal(rooms)
            else:
                monkeypatch.setattr(sync, "LEASE_SECONDS", 1_000.0)

        with pytest.raises(Elsewhere):
            async with alone(rooms, watched) as beat:
                await daily(rooms, again=True)[EXPORT](beat)
        assert await rooms.offers.count() == 4

"""A list that is suddenly short: doubted, then believed when another says the same."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.assembly import Rooms
from bot.sync import Keeper, daily
from matching.sources import EXPORT
from matching.sync import Report
from nlu.understander import Understander
from tests.sourcing import Sourced, bakery, sourced
from tests.test_sync import a_minute_later, quietly

MONDAY, NOON, EVENING, TUESDAY = (
    f"2026-11-{day}T{hour}:00:00.000Z" for day, hour in ((23, "03"), (23, 12), (23, 15), (24, "03"))
)


@pytest.fixture
async def fallen(
    sqlite_url: str, understander: Understander
) -> AsyncIterator[tuple[Sourced, Rooms]]:
    """300 offers were read, and 100 are left."""
    async with (
        sourced(understander, [bakery(n) for n in range(300)]) as both,
        both.house(sqlite_url) as rooms,
    ):
        await read(both, rooms, MONDAY)
        del both.lba.jobs[100:]
        yield both, rooms


async def read(both: Sourced, rooms: Rooms, made: str, *, accept: bool = False) -> Report:
    both.lba.exported_at = made
    await a_minute_later(rooms)
    return await daily(rooms, again=True, accept=accept)[EXPORT](quietly)


async def test_believed_when_a_later_one_is_as_short(fallen: tuple[Sourced, Rooms]) -> None:
    both, rooms = fallen
    assert (await read(both, rooms, MONDAY)).incomplete
    assert (await read(both, rooms, MONDAY)).incomplete  # the same one confirms nothing
    assert (await read(both, rooms, NOON)).incomplete
    del both.lba.jobs[95:]
    report = await read(both, rooms, EVENING)
    assert (report.incomplete, report.gone) == (False, 205)
    assert await rooms.offers.doubted(EXPORT) is None


async def test_doubted_while_the_lists_disagree(fallen: tuple[Sourced, Rooms]) -> None:
    both, rooms = fallen
    assert (await read(both, rooms, MONDAY)).incomplete
    del both.lba.jobs[50:]
    assert (await read(both, rooms, EVENING)).incomplete
    assert (await read(both, rooms, TUESDAY)).gone == 250


async def test_an_empty_list_is_never_believed_by_itself(fallen: tuple[Sourced, Rooms]) -> None:
    both, rooms = fallen
    both.lba.jobs.clear()
    for made in (MONDAY, EVENING, TUESDAY):
        assert (await read(both, rooms, made)).incomplete
    assert (await read(both, rooms, TUESDAY, accept=True)).gone == 300


async def test_somebody_s_word_is_enough(fallen: tuple[Sourced, Rooms]) -> None:
    both, rooms = fallen
    report = await read(both, rooms, MONDAY, accept=True)
    assert (report.incomplete, report.gone) == (False, 200)


async def test_the_service_leaves_it_for_hours(fallen: tuple[Sourced, Rooms]) -> None:
    both, rooms = fallen
    now = [0.0]
    keeper = Keeper(rooms, lambda: now[-1])
    both.lba.exported_at = TUESDAY
    await rooms.offers.was_read(EXPORT, rooms.settings.now() - timedelta(days=2))
    asked = len(both.lba.to("export"))
    for moment, more in ((0.0, 1), (601.0, 1), (4 * 3600.0 + 1, 2)):
        now.append(moment)
        await a_minute_later(rooms)
        await keeper.look()
        assert len(both.lba.to("export")) == asked + more

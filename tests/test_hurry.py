"""Backends that take their time: the copy answers meanwhile, the next turn has what they bring."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from matching.model import Circle
from matching.sources import EXPORT, Patience, Sources
from nlu.understander import Understander
from tests.sourcing import bakery, sourced
from tests.test_sources import BAKERS, READ, ask, keep, names

HASTY = Patience(first=4.0, others=0.05, copy=0.1)


async def test_the_copy_answers_first_and_the_call_goes_on(
    sqlite_url: str, understander: Understander
) -> None:
    async with (
        sourced(understander, [bakery(1)]) as both,
        both.house(sqlite_url, patience=HASTY) as rooms,
    ):
        await keep(rooms, EXPORT, 7)
        both.lba.delay = 0.5
        both.ft.fault("slow", on="any", times=None, seconds=60.0)
        hurried = await ask(rooms)
        assert (names(hurried), hurried.as_of) == ({"Fournil 7"}, READ)
        assert isinstance(rooms.matcher, Sources)
        await asyncio.wait(rooms.matcher._under_way, return_when=asyncio.FIRST_COMPLETED)
        both.lba.delay = 0.0
        fresh = await ask(rooms)
        assert (names(fresh), fresh.as_of) == ({"Fournil 1"}, None)
        assert len(both.lba.to("search")) == 1


async def test_what_the_copy_does_not_have_is_waited_for(
    sqlite_url: str, understander: Understander
) -> None:
    async with (
        sourced(understander, [bakery(1)]) as both,
        both.house(sqlite_url, patience=HASTY) as rooms,
    ):
        await rooms.offers.was_read(EXPORT, READ)
        both.lba.delay = 0.5
        both.ft.fault("slow", on="any", times=None, seconds=60.0)
        page = await ask(rooms)
        assert (names(page), page.as_of) == ({"Fournil 1"}, None)


async def test_what_the_copy_has_further_away_is_proposed_before_they_give_up(
    sqlite_url: str, understander: Understander
) -> None:
    """Nobody waits to the end for services that hang, when there is something to say."""
    patience = Patience(first=4.0, others=0.05, copy=0.1, ways_out=0.3)
    async with (
        sourced(understander, [bakery(1)]) as both,
        both.house(sqlite_url, patience=patience) as rooms,
    ):
        await keep(rooms, EXPORT, 7)
        both.lba.delay = 1.5
        both.ft.fault("slow", on="any", times=None, seconds=60.0)
        brest = replace(BAKERS, circles=(Circle(48.39, -4.49, 30, "Brest"),))
        began = asyncio.get_running_loop().time()
        page = await ask(rooms, brest)
        assert asyncio.get_running_loop().time() - began < 1.2
        assert (page.total, page.as_of) == (0, READ)
        assert page.ways_out
        assert isinstance(rooms.matcher, Sources)
        await asyncio.wait(rooms.matcher._under_way, return_when=asyncio.FIRST_COMPLETED)
        both.lba.delay = 0.0
        assert (await ask(rooms, brest)).as_of is None  # one has answered, and found nothing


async def test_without_any_copy_they_are_waited_for_as_well(
    sqlite_url: str, understander: Understander
) -> None:
    async with (
        sourced(understander, [bakery(1)]) as both,
        both.house(sqlite_url, patience=HASTY) as rooms,
    ):
        both.lba.delay = 0.5
        both.ft.fault("slow", on="any", times=None, seconds=60.0)
        assert names(await ask(rooms)) == {"Fournil 1"}


async def test_already_taken_is_not_waited_for_long(
    sqlite_url: str, understander: Understander
) -> None:
    async with (
        sourced(understander, [bakery(1)]) as both,
        both.house(sqlite_url, patience=HASTY) as rooms,
    ):
        offer = (await ask(rooms)).offers[0].offer
        await both.everything_fails("slow")
        began = asyncio.get_running_loop().time()
        assert await rooms.matcher.recheck(offer.id) == "unknown"
        assert asyncio.get_running_loop().time() - began < 2


def test_a_turn_that_must_do_with_the_copy_takes_less_than_three_seconds() -> None:
    assert Patience().copy < 3
    assert Patience().ways_out <= 4
    assert Patience().first < 8

"""A backend that is switched off takes its offers with it; what else is known stays."""

from __future__ import annotations

from typing import Any

import pytest

from bot.assembly import assemble
from bot.config import Settings
from matching.offers_file import parse_job
from matching.sources import EXPORT, FRANCE_TRAVAIL
from matching.sync import POLL
from nlu.understander import Understander
from tests.sourcing import bakery, sourced
from tests.talk import TODAY, rooms_for
from tests.test_sources import READ, ask, keep, names

NO_LBA: dict[str, Any] = {"apprentissage_api_key": None}
FT = ("api_url", "token_url", "client_id", "client_secret")
NO_FT: dict[str, Any] = {f"france_travail_{name}": None for name in FT}


@pytest.mark.parametrize(
    ("off", "origin", "other"), [(NO_LBA, EXPORT, FRANCE_TRAVAIL), (NO_FT, FRANCE_TRAVAIL, EXPORT)]
)
async def test_switched_off_its_offers_leave_and_the_date_is_that_of_the_other(
    off: dict[str, Any], origin: str, other: str, database_url: str, understander: Understander
) -> None:
    async with sourced(understander) as both:
        async with both.house(database_url) as rooms:
            await keep(rooms, origin, 1, 2)
            await keep(rooms, other, 3)
            await rooms.offers.was_read(other, rooms.settings.now())
            await rooms.offers.was_read(POLL, READ)
        async with both.house(database_url, **off) as rooms:
            await both.everything_fails("500")
            page = await ask(rooms)
            assert names(page) == {"Fournil 3"}
            assert page.as_of is not None
            assert page.as_of > READ
            assert (await rooms.offers.read_until(POLL) is None) == (off is NO_FT)
        both.recover()
        async with both.house(database_url) as rooms:  # switched on again, it is read anew
            assert await rooms.offers.read_until(origin) is None
            await keep(rooms, origin, 1)
            assert await rooms.offers.count() == 2


async def test_the_date_heeds_no_source_that_is_not_set(
    sqlite_url: str, understander: Understander
) -> None:
    async with sourced(understander) as both, both.house(sqlite_url, **NO_LBA) as rooms:
        await rooms.offers.was_read(EXPORT, READ)  # by a process that still had it
        await keep(rooms, FRANCE_TRAVAIL, 3)
        await rooms.offers.was_read(FRANCE_TRAVAIL, rooms.settings.now())
        await both.everything_fails("500")
        page = await ask(rooms)
        assert page.as_of is not None
        assert page.as_of > READ


async def test_without_any_backend_what_was_shown_leaves_and_imports_stay(
    sqlite_url: str, understander: Understander
) -> None:
    async with sourced(understander) as both, both.house(sqlite_url) as rooms:
        await keep(rooms, EXPORT, 1)
        await keep(rooms, "un fichier", 2)
        locate = rooms.understander.gazetteer.locate
        await rooms.offers.note([parse_job(bakery(3), locate)], TODAY)
    async with rooms_for(sqlite_url, None, understander) as rooms:
        before = await rooms.offers.revision()
        assert names(await ask(rooms)) == {"Fournil 2"}
    async with rooms_for(sqlite_url, None, understander) as rooms:
        assert await rooms.offers.revision() == before


async def test_a_command_beside_the_service_takes_nothing_away(
    sqlite_url: str, understander: Understander
) -> None:
    """Its shell need not know the keys of the service."""
    async with sourced(understander) as both, both.house(sqlite_url) as rooms:
        await keep(rooms, EXPORT, 1)
    settings = Settings.load(database_url=sqlite_url, secret_key="k" * 32, TODAY=TODAY)
    async with assemble(settings, understander, aside=True) as rooms:
        assert names(await ask(rooms)) == {"Fournil 1"}

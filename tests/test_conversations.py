"""Every conversation of ``tests/conversations``, on SQLite and on PostgreSQL with Redis."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio

from bot.assembly import Rooms
from nlu.understander import Understander
from tests.talk import Script, Talk, play, rooms_for, scripts

SCRIPTS = scripts()

Houses = Callable[[str, str], Awaitable[Rooms]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def houses(
    offered: Callable[..., str],
    understander: Understander,
    tmp_path_factory: pytest.TempPathFactory,
    postgres_server: str,
    shared_redis_url: str,
) -> AsyncIterator[Houses]:
    """The house on a kind of database, with these offers: built once, people share it as in life.

    One whose offers a conversation has changed (« déjà pris ») is not used again.
    """
    built: dict[tuple[str, str], tuple[Rooms, int]] = {}
    async with AsyncExitStack() as stack:

        async def house(kind: str, offers: str) -> Rooms:
            rooms, revision = built.get((kind, offers), (None, -1))
            if rooms is not None and await rooms.offers.revision() == revision:
                return rooms
            if kind == "postgresql":
                url, redis = offered(kind, offers, postgres_server), shared_redis_url
            else:
                template = offered(kind, offers).removeprefix("sqlite+aiosqlite:///")
                copy = shutil.copy(template, tmp_path_factory.mktemp("talk") / "talk.sqlite")
                url, redis = f"sqlite+aiosqlite:///{copy}", None
            rooms = await stack.enter_async_context(rooms_for(url, redis, understander))
            built[kind, offers] = rooms, await rooms.offers.revision()
            return rooms

        yield house


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@pytest.mark.parametrize("script", SCRIPTS, ids=str)
async def test_it_is_held(script: Script, kind: str, houses: Houses) -> None:
    await play(script, Talk(await houses(kind, script.offers), script.name))


def test_there_are_enough_and_each_has_its_name() -> None:
    assert len(SCRIPTS) >= 51
    assert len({script.name for script in SCRIPTS}) == len(SCRIPTS)

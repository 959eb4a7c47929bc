"""Every conversation of ``tests/conversations``, on SQLite and on PostgreSQL with Redis."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from nlu.understander import Understander
from tests.talk import Script, Talk, play, rooms_for, scripts

SCRIPTS = scripts()


@pytest.mark.parametrize("script", SCRIPTS, ids=str)
async def test_on_sqlite(
    script: Script, offered: Callable[..., str], understander: Understander, tmp_path: Path
) -> None:
    template = offered("sqlite", script.offers).removeprefix("sqlite+aiosqlite:///")
    url = f"sqlite+aiosqlite:///{shutil.copy(template, tmp_path / 'talk.sqlite')}"
    async with rooms_for(url, None, understander) as rooms:
        await play(script, Talk(rooms, "someone"))


@pytest.mark.parametrize("script", SCRIPTS, ids=str)
async def test_on_postgresql_with_redis(
    script: Script,
    offered: Callable[..., str],
    understander: Understander,
    postgres_server: str,
    redis_url: str,
) -> None:
    url = offered("postgresql", script.offers, postgres_server)
    async with rooms_for(url, redis_url, understander) as rooms:
        await play(script, Talk(rooms, script.name))


def test_there_are_enough_and_each_has_its_name() -> None:
    assert len(SCRIPTS) >= 51
    assert len({script.name for script in SCRIPTS}) == len(SCRIPTS)

"""Every conversation of ``tests/conversations``, on SQLite and on PostgreSQL with Redis."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
import yaml

from matching.demonstration import import_demonstration
from matching.offers_file import parse_job
from nlu.understander import Understander
from storage.database import Database
from storage.offers import Offers
from tests.conftest import _database
from tests.talk import FOLDER, TODAY, Script, Talk, play, rooms_for, scripts

SCRIPTS = scripts()


async def furnish(url: str, offers: str, understander: Understander) -> None:
    """Put the offers a script runs on into a database."""
    database = Database.open(url)
    try:
        await database.migrate()
        store, locate = Offers(database), understander.gazetteer.locate
        if offers == "demonstration":
            await import_demonstration(store, locate, TODAY)
        else:
            jobs = yaml.safe_load((FOLDER / "offers" / f"{offers}.yml").read_text("utf-8"))
            await store.replace(offers, [parse_job(_job(n, j), locate) for n, j in enumerate(jobs)])
    finally:
        await database.close()


def _job(number: int, short: dict[str, object]) -> dict[str, object]:
    """A ``JobOfferRead`` from its few telling lines: title, rome, address, start, published."""
    return {
        "identifier": {"id": f"{number:024x}", "partner_label": "offres_emploi_lba"},
        "workplace": {
            "name": short["company"],
            "location": {
                "address": short["address"],
                "geopoint": {"coordinates": short["position"]} if "position" in short else None,
            },
        },
        "apply": {"url": f"https://example.org/{number}", "phone": short.get("phone")},
        "contract": {"start": short.get("start"), "type": ["Apprentissage"], "remote": None},
        "offer": {
            "title": short["title"],
            "rome_codes": short["rome"],
            "description": "",
            "target_diploma": {"european": "3", "label": "CAP"},
            "publication": {
                "creation": short.get("published", "2026-11-20T08:00:00Z"),
                "expiration": "2027-12-31T00:00:00Z",
            },
            "status": "Active",
        },
    }


@pytest.fixture(scope="session")
def furnished(
    tmp_path_factory: pytest.TempPathFactory, understander: Understander
) -> Iterator[Callable[[str, str], str]]:
    """Database address by kind and offers; each is furnished once per worker."""
    made: dict[tuple[str, str], str] = {}
    folder = tmp_path_factory.mktemp("furnished")
    with ExitStack() as stack:

        def get(kind: str, offers: str, postgres_server: str = "") -> str:
            if (kind, offers) not in made:
                if kind == "sqlite":
                    url = f"sqlite+aiosqlite:///{folder / offers}.sqlite"
                else:
                    url = stack.enter_context(_database(postgres_server))
                with ThreadPoolExecutor(1) as thread:
                    thread.submit(asyncio.run, furnish(url, offers, understander)).result()
                made[kind, offers] = url
            return made[kind, offers]

        yield get


@pytest.mark.parametrize("script", SCRIPTS, ids=str)
async def test_on_sqlite(
    script: Script, furnished: Callable[..., str], understander: Understander, tmp_path: Path
) -> None:
    template = furnished("sqlite", script.offers).removeprefix("sqlite+aiosqlite:///")
    url = f"sqlite+aiosqlite:///{shutil.copy(template, tmp_path / 'talk.sqlite')}"
    async with rooms_for(url, None, understander) as rooms:
        await play(script, Talk(rooms, "someone"))


@pytest.mark.parametrize("script", SCRIPTS, ids=str)
async def test_on_postgresql_with_redis(
    script: Script,
    furnished: Callable[..., str],
    understander: Understander,
    postgres_server: str,
    redis_url: str,
) -> None:
    url = furnished("postgresql", script.offers, postgres_server)
    async with rooms_for(url, redis_url, understander) as rooms:
        await play(script, Talk(rooms, script.name))


def test_there_are_enough_and_each_has_its_name() -> None:
    assert len(SCRIPTS) >= 51
    assert len({script.name for script in SCRIPTS}) == len(SCRIPTS)

"""A database that a test has used is as it was before, or is not used again."""

from __future__ import annotations

from random import Random

import pytest
from sqlalchemy import select, text

from storage.database import Database
from storage.schema import searches
from tests.alerting import draw_offer, draw_search, keep
from tests.emptying import emptied, shape


async def test_it_is_empty_and_counts_from_one_again(postgres_url: str) -> None:
    before = shape(postgres_url)
    chance = Random(1)
    search = draw_search(chance, [draw_offer(1, chance)])
    db = Database.open(postgres_url)
    for _ in range(2):
        assert set(await keep(db, [search, search])) == {1, 2}
        assert emptied(postgres_url, before), "though somebody is connected"
        await db.close()
        async with db.read() as tx:
            assert (await tx.execute(select(searches.c.id))).all() == []
    await db.close()


@pytest.mark.parametrize(
    "change",
    [
        "CREATE TABLE other (id int)", "ALTER TABLE searches ADD COLUMN other int",
        "DROP TABLE told", "CREATE INDEX other ON searches (state)",
        "UPDATE alembic_version SET version_num = '0001'",
    ],
)  # fmt: skip
async def test_one_that_was_changed_is_not_used_again(postgres_url: str, change: str) -> None:
    before = shape(postgres_url)
    db = Database.open(postgres_url)
    async with db.write() as tx:
        await tx.execute(text(change))
    await db.close()
    assert not emptied(postgres_url, before)

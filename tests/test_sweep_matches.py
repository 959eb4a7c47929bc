"""New offers find the alerts that ``matches`` says: in SQL on both databases, and in memory."""

from __future__ import annotations

from random import Random

import pytest
from sqlalchemy import delete, update

from matching.model import Offer
from storage.database import Database
from storage.live_offers import LiveOffers
from storage.schema import digests, offers, revisions, runs, search_keys, searches, swept
from tests.alerting import draw_offer, draw_search, expected, keep, on_a_border, sweeper, told


@pytest.mark.parametrize("many", [0, 10_000], ids=["memory", "sql"])
async def test_what_is_told_is_what_matches(database_url: str, many: int) -> None:
    db = Database.open(database_url)
    borders = pairs = 0
    try:
        for seed in range(12):
            chance = Random(seed)
            news = [draw_offer(n, chance) for n in range(60)]
            await _empty(db)
            await LiveOffers(db).put("x", news)
            kept = await keep(db, [draw_search(chance, news) for _ in range(150)])
            silent = await keep(db, list(kept.values())[:20], state="paused", person="q")
            await sweeper(db, many).run()
            found, wanted = await told(db), expected(kept, news)
            assert not found.keys() & silent.keys()
            by_id: dict[str, Offer] = {offer.id: offer for offer in news}
            for id, search in kept.items():
                mine, theirs = found.get(id, []), wanted.get(id, set())
                assert len(set(mine)) == len(mine), search
                assert theirs <= set(mine), search  # nothing is lost, on the very border either
                extra = set(mine) - theirs
                assert all(on_a_border(search, by_id[offer]) for offer in extra), (search, extra)
                borders, pairs = borders + len(extra), pairs + len(theirs)
    finally:
        await db.close()
    assert pairs > 5_000
    assert borders < pairs / 200


async def _empty(db: Database) -> None:
    async with db.write() as tx:
        for table in (digests, runs, search_keys, searches, swept, offers, revisions):
            await tx.execute(delete(table))


async def test_a_search_changed_while_keys_are_written_is_keyed_again(database_url: str) -> None:
    from storage.searches import Searches

    db = Database.open(database_url)
    try:
        chance = Random(3)
        news = [draw_offer(n, chance) for n in range(5)]
        await keep(db, [draw_search(chance, news)])
        store = Searches(db)
        (page,) = [page async for page in store.unkeyed()]
        async with db.write() as tx:
            await tx.execute(update(searches).values(changed=page[0].created.replace(year=2030)))
        assert await store.rekey([(page[0], [])]) == 0
        assert await store.waiting() == 1
        await sweeper(db).run()
        assert await store.waiting() == 0
    finally:
        await db.close()

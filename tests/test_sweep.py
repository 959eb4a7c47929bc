"""A sweep that is stopped, begun again, or run twice: each alert is told of an offer once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from sqlalchemy import func, select, update

from alerts import sweep as sweeping
from alerts.sweep import Elsewhere, Progress
from matching.model import Circle, Offer, Search
from storage.database import Database
from storage.live_offers import LiveOffers
from storage.offer_news import OfferNews
from storage.runs import Overtaken, Runs
from storage.schema import digests, run_offers, runs, search_keys, searches, swept
from storage.searches import Searches
from tests.alerting import BY_ID, draw_offer, draw_search, expected, keep, later, sweeper, told
from tests.searches import NOW

BAKER = Search(trades=(BY_ID["boulanger"],), circles=(Circle(50.4322, 2.8331, 30),))
JOB = Offer(
    "x:1", "x", "Boulanger (H/F)", "Fournil", "Lens", "62300", "62498", 50.4322, 2.8331,
    ("D1102",), "https://exemple.invalid",
)  # fmt: skip


class Stop(Exception):
    """Pulled from the beat, as a process that ends would."""


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    opened = Database.open(database_url)
    yield opened
    await opened.close()


@pytest.fixture(params=[0, 10_000], ids=["memory", "sql"])
def many(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Both ways, in small portions."""
    monkeypatch.setattr(sweeping, "BLOCK", 15)
    monkeypatch.setattr(sweeping, "SLICE", 25)
    monkeypatch.setattr(sweeping, "TAKEN_IN", {True: 10, False: 10})
    monkeypatch.setattr(sweeping, "ROWS", {True: 4, False: 4})
    many: int = request.param
    return many


async def test_an_offer_is_told_once_and_again_when_it_says_something_else(
    db: Database, many: int
) -> None:
    store = LiveOffers(db)
    (id,) = await keep(db, [BAKER])
    await store.put("x", [JOB])
    assert (await sweeper(db, many).run()).digests == 1
    assert await told(db) == {id: ["x:1"]}
    assert (await sweeper(db, many).run()).runs == []
    await store.put("x", [later(JOB, description="Du pain.")])  # nothing that an alert asks for
    assert (await sweeper(db, many).run()).taken_in == 0
    await store.put("x", [later(JOB, start=NOW.date()), later(JOB, id="x:2")])
    assert (await sweeper(db, many).run()).taken_in == 2
    assert sorted((await told(db))[id]) == ["x:1", "x:1", "x:2"]
    await store.close("x:1")
    assert (await sweeper(db, many).run()).taken_in == 0


async def test_an_alert_that_comes_later_is_told_of_what_comes_after_it(
    db: Database, many: int
) -> None:
    store = LiveOffers(db)
    await store.put("x", [JOB])
    await sweeper(db, many).run()
    (id,) = await keep(db, [BAKER])
    await store.put("x", [later(JOB, id="x:2")])
    await sweeper(db, many).run()
    assert await told(db) == {id: ["x:2"]}


async def test_an_alert_that_changes_is_held_as_it_says_now(db: Database, many: int) -> None:
    await keep(db, [BAKER])
    await sweeper(db, many).run()
    wish = {"trades": ["couvreur"], "circles": [], "departements": [], "france": False,
            "excluded": [], "level": None, "start": None, "end": None}  # fmt: skip
    async with db.write() as tx:
        await tx.execute(update(searches).values(wish=wish, keyed=False))
    await LiveOffers(db).put("x", [JOB])
    progress = await sweeper(db, many).run()
    assert (progress.keyed, progress.taken_in, progress.digests) == (1, 1, 0)


async def test_stopped_anywhere_it_goes_on_and_repeats_nothing(
    database_url: str, db: Database, many: int
) -> None:
    chance = Random(5)
    news = [draw_offer(n, chance) for n in range(120)]
    kept = await keep(db, [draw_search(chance, news) for _ in range(40)])
    await LiveOffers(db).put("x", news)
    stops = 0
    over = False
    while not over:
        left = chance.choice((1, 1, 2, 3))

        async def tell(_progress: Progress) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                raise Stop

        again = Database.open(database_url)  # as a new process would
        try:
            await sweeper(again, many).run(tell)
            over = True
        except Stop:
            stops += 1
        finally:
            await again.close()
    assert stops >= 5
    found = await told(db)
    assert all(len(set(ids)) == len(ids) for ids in found.values())
    assert {id: set(ids) for id, ids in found.items()} == expected(kept, news)
    async with db.read() as tx:
        states = set((await tx.execute(select(runs.c.state))).scalars())
        twice = select(func.count()).select_from(run_offers).group_by(run_offers.c.offer)
        assert set((await tx.execute(twice)).scalars()) == {1}
    assert states == {"ready"}


async def test_two_processes_at_once_repeat_nothing(
    database_url: str, db: Database, many: int
) -> None:
    chance = Random(6)
    news = [draw_offer(n, chance) for n in range(40)]
    kept = await keep(db, [draw_search(chance, news) for _ in range(40)])
    await LiveOffers(db).put("x", news)
    other = Database.open(database_url)
    try:
        ends = await asyncio.gather(
            *(sweeper(d, many).run() for d in (db, other)), return_exceptions=True
        )
    finally:
        await other.close()
    assert [end for end in ends if isinstance(end, Progress)]
    assert all(isinstance(end, Progress | Elsewhere) for end in ends)
    assert {id: set(ids) for id, ids in (await told(db)).items()} == expected(kept, news)


async def test_who_was_overtaken_writes_nothing(db: Database) -> None:
    store = Runs(db)
    run = await store.begin("sweep", "1", 5, NOW)
    assert run is not None
    assert await store.begin("sweep", "1", 5, NOW) is None
    await store.advance(run, done=2)
    with pytest.raises(Overtaken):
        await store.advance(run, done=1)
    assert await store.cancel(run.id, NOW)
    assert not await store.cancel(run.id, NOW)
    stale = await store.get(run.id)
    assert stale is not None
    assert (stale.state, stale.done) == ("cancelled", 2)
    with pytest.raises(Overtaken):
        await store.finish(stale, NOW)


async def test_who_stops_an_alert_meanwhile_is_told_nothing(db: Database, many: int) -> None:
    kept = list(await keep(db, [BAKER, BAKER]))
    await LiveOffers(db).put("x", [JOB])

    async def tell(progress: Progress) -> None:
        if progress.runs:
            stopped = update(searches).where(searches.c.id == kept[0])
            async with db.write() as tx:
                await tx.execute(stopped.values(state="stopped", changed=NOW + timedelta(1)))

    await sweeper(db, many).run(tell)
    assert await told(db) == {kept[1]: ["x:1"]}


async def test_a_cancelled_run_is_told_to_nobody_and_purged(db: Database, many: int) -> None:
    await keep(db, [BAKER])
    await LiveOffers(db).put("x", [JOB])
    store = Runs(db)

    async def tell(progress: Progress) -> None:
        if progress.runs:
            await store.cancel(progress.runs[0], NOW)

    with pytest.raises(Elsewhere):
        await sweeper(db, many).run(tell)
    assert await told(db) == {}
    assert (await sweeper(db, many).run()).runs == []
    assert await store.purge(NOW - timedelta(1)) == 0
    assert await store.purge(NOW + timedelta(1)) == 1
    async with db.read() as tx:
        for table in (runs, run_offers, digests):
            assert (await tx.execute(select(func.count()).select_from(table))).scalar_one() == 0


async def test_a_dry_run_counts_and_writes_nothing(db: Database, many: int) -> None:
    await keep(db, [BAKER, Search(departements=("62",)), Search(departements=("75",))])
    await sweeper(db, many).run()
    await LiveOffers(db).put("x", [JOB, later(JOB, id="x:2")])
    counted = await sweeper(db, many).run(dry=True)
    assert (counted.offers, counted.digests, counted.runs) == (2, 2, [])
    async with db.read() as tx:
        for table in (digests, runs, swept):
            assert (await tx.execute(select(func.count()).select_from(table))).scalar_one() == 0
    assert (await sweeper(db, many).run()).digests == counted.digests


async def test_a_wish_that_cannot_be_read_holds_up_no_other(db: Database) -> None:
    first, second = await keep(db, [BAKER, BAKER])
    async with db.write() as tx:
        gone = {"trades": ["allumeur-de-reverberes"]}
        await tx.execute(update(searches).where(searches.c.id == first).values(wish=gone))
    await LiveOffers(db).put("x", [JOB])
    await sweeper(db).run()
    assert await told(db) == {second: ["x:1"]}
    assert await Searches(db).waiting() == 0
    async with db.read() as tx:
        keyed = (await tx.execute(select(search_keys.c.search).distinct())).scalars()
        assert list(keyed) == [second]


async def test_what_another_process_took_in_is_left_out(db: Database) -> None:
    store = OfferNews(db)
    first = await store.take_in(None, "sweep", "1", {"x:1": "a", "x:2": "a"}, NOW)
    assert first is not None
    assert await store.take_in(None, "sweep", "2", {"x:1": "a", "x:2": "a"}, NOW) is None
    second = await store.take_in(None, "sweep", "2", {"x:2": "b", "x:3": "a"}, NOW)
    assert second is not None
    assert (first.total, second.total) == (2, 2)
    stale = replace(second, total=1)
    with pytest.raises(Overtaken):
        await store.take_in(stale, "sweep", "2", {"x:4": "a"}, NOW)
    assert await store.forget(NOW - timedelta(1)) == 0
    assert await store.forget(NOW + timedelta(1)) == 3

"""Answers drawn from France Travail are those of the model; one offer; new offers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest

from matching.calling import CallFailed
from matching.france_travail.query import asks
from matching.model import Circle, Search
from matching.ports import MemoryCache
from nlu.gazetteer import Gazetteer
from nlu.trade_table import TradeTable
from tests.france_travail_api.ads import NOW, Ad, make_ad, make_ads
from tests.france_travailing import BAKER, House, house, many, only, readable
from tests.searches import Searches, brute_force, wanted

ADS = 1_500


@pytest.fixture(scope="module")
def gazetteer() -> Gazetteer:
    return Gazetteer.load()


@pytest.fixture(scope="module")
def ads(gazetteer: Gazetteer) -> list[Ad]:
    return make_ads(gazetteer, ADS)


@pytest.fixture
async def built(gazetteer: Gazetteer, ads: list[Ad]) -> AsyncIterator[House]:
    async with house(gazetteer, list(ads)) as built:
        yield built


# --- answers -------------------------------------------------------------------------------------


async def test_answers_are_those_of_the_model(
    built: House, gazetteer: Gazetteer, ads: list[Ad]
) -> None:
    """The oracle over everything that can be read, for searches of every kind."""
    offers = readable(ads, gazetteer)
    draw = Searches(TradeTable.load(), gazetteer, [offer.id for offer in offers])
    codes = {code for offer in offers for code in offer.rome_codes}
    known = [wanted(t) for t in TradeTable.load() if codes & {*t.rome, *t.parents}]
    client, random, answered = built.client(), Random(7), 0
    for _ in range(120):
        search = draw.draw(random)
        if random.random() < 0.7:
            search = replace(search, trades=tuple(random.sample(known, 2)))
        if random.random() < 0.5:
            around = built.circle(random.choice(("Lille", "Arras", "Paris")), 80)
            search = replace(search, circles=(*search.circles, around))
        expected = brute_force(search, offers)
        page = await client.find(search, limit=10_000)
        assert [f.offer for f in page.offers] == expected
        assert page.total == len(expected)
        answered += bool(expected)
    assert answered > 30


async def test_circles_of_every_size_lose_nothing(
    built: House, gazetteer: Gazetteer, ads: list[Ad]
) -> None:
    offers, client, random = readable(ads, gazetteer), built.client(), Random(11)
    for _ in range(60):
        town = random.choice(("Lille", "Lens", "Paris", "Lyon", "Marseille", "Amiens", "Douai"))
        circle = built.circle(town, random.choice((0, 2, 5, 10, 17.5, 30, 60, 100)))
        moved = Circle(
            circle.lat + random.uniform(-0.2, 0.2), circle.lon + random.uniform(-0.2, 0.2),
            circle.radius_km,
        )  # fmt: skip
        search = Search(circles=(moved,))
        assert [f.offer for f in await client.find_all(search)] == brute_force(search, offers)


async def test_pages_of_an_answer_follow_each_other(built: House) -> None:
    client, search = built.client(cache=MemoryCache()), Search(trades=(BAKER,))
    whole = (await client.find(search, limit=100)).offers
    calls = len(built.api.calls)
    parts = [f for n in range(0, 9, 3) for f in (await client.find(search, offset=n)).offers]
    assert tuple(parts) == whole[:9]
    assert len(built.api.calls) == calls  # remembered for a few minutes


async def test_what_is_remembered_is_forgotten_in_time(built: House) -> None:
    client = built.client(cache=MemoryCache(built.clock))
    search = built.near("Lille")
    await client.find(search)
    built.clock.now += 179
    await client.find(search)
    assert len(built.api.asked("search")) == 2
    built.clock.now += 2
    await client.find(search)
    assert len(built.api.asked("search")) == 4


async def test_an_empty_answer_is_an_empty_page(built: House) -> None:
    built.api.ads = []
    page = await built.client().find(built.near("Lille"))
    assert (page.offers, page.total, page.ways_out) == ((), 0, ())


async def test_schools_come_last(built: House) -> None:
    found = await built.client().find_all(Search(trades=(BAKER,)))
    marks = [f.offer.school for f in found]
    assert set(marks) == {True, False}
    assert marks == sorted(marks)


async def test_ads_left_out_are_counted_by_reason(built: House) -> None:
    client = built.client()
    await client.find(Search())
    assert set(client.left_out) == {"commune introuvable"}


# --- one offer -----------------------------------------------------------------------------------


async def test_an_offer_is_asked_for_by_its_number(built: House) -> None:
    id = next(iter(await built.client().candidates(Search(trades=(BAKER,))))).id
    offer = await built.client().offer(id)
    assert offer is not None
    assert offer.id == id


async def test_204_means_gone(built: House) -> None:
    assert await built.client().offer("France Travail:299ZZZZ") is None
    assert built.api.calls[-1].status == 204


async def test_400_tells_nothing(built: House) -> None:
    with pytest.raises(CallFailed, match="invalid"):
        await built.client().offer("France Travail:299ZZZZZZ")
    assert built.api.calls[-1].status == 400


async def test_an_ad_that_cannot_be_read_is_not_gone(built: House) -> None:
    lille = built.gazetteer.lookup("Lille")[0]
    built.api.ads = [make_ad("207QYWM", lille, built.gazetteer, intitule="")]
    with pytest.raises(CallFailed, match="shape"):
        await built.client().offer("France Travail:207QYWM")


@pytest.mark.parametrize(
    "id",
    ["France Travail:68f0a1b2c3d4e5f601020305", "Hellowork:2345678", "France Travail:", "", "x",
     "France Travail:../search", "France Travail:207QYWM?x=1"],
)  # fmt: skip
async def test_an_offer_that_is_not_theirs_is_not_asked_for(built: House, id: str) -> None:
    assert await built.client().offer(id) is None
    assert built.api.calls == []


async def test_one_that_became_another_contract_is_gone(built: House) -> None:
    lille = built.gazetteer.lookup("Lille")[0]
    built.api.ads = [make_ad("207QYWM", lille, built.gazetteer, natureContrat="Contrat travail")]
    assert await built.client().offer("France Travail:207QYWM") is None


# --- new offers ----------------------------------------------------------------------------------


async def test_new_offers_are_those_created_since(
    built: House, gazetteer: Gazetteer, ads: list[Ad]
) -> None:
    since = NOW - timedelta(days=3)
    new = [o async for o in built.client().new_since(since)]
    expected = [o for o in readable(ads, gazetteer) if o.published and o.published >= since]
    assert {o.id for o in new} == {o.id for o in expected}
    assert len(new) == len(expected) > 0


async def test_both_dates_are_sent_in_utc(built: House) -> None:
    since = datetime(2026, 11, 22, 10, 30, 0, 500_000, UTC)
    assert [o async for o in built.client().new_since(since)]
    assert only(built.api, "minCreationDate") == {"2026-11-22T10:30:00Z"}
    assert only(built.api, "maxCreationDate") == {"2026-11-23T12:00:00Z"}
    assert only(built.api, "publieeDepuis") == {None}


async def test_new_offers_are_those_of_the_crafts(built: House) -> None:
    client = built.client(crafts=("D1102",))
    new = [o async for o in client.new_since(NOW - timedelta(days=30))]
    assert {o.rome_codes for o in new} == {("D1102",)}


async def test_so_many_new_ones_that_pages_do_not_reach_are_all_told(built: House) -> None:
    await many(built, 3_400)
    new = [o async for o in built.client().new_since(NOW - timedelta(days=1))]
    assert len(new) == 3_400
    dates = [p["minCreationDate"] for p in built.api.asked("search")]
    assert min(dates) == f"{NOW - timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"


async def test_what_was_remembered_hides_nothing_new(built: House) -> None:
    client = built.client(cache=MemoryCache())
    since = NOW - timedelta(hours=1)
    built.api.ads = []
    assert [o async for o in client.new_since(since)] == []
    await many(built, 1)
    assert len([o async for o in client.new_since(since)]) == 1


def test_dates_do_not_matter_to_what_is_asked(gazetteer: Gazetteer) -> None:
    """The start is in no ad: all of them may fit."""
    dated = Search(trades=(BAKER,), start=date(2027, 9, 1), end=date(2027, 9, 30))
    plain = Search(trades=(BAKER,))
    assert asks(dated, gazetteer.locate, (), beside_lba=True) == asks(
        plain, gazetteer.locate, (), beside_lba=True
    )

"""The catalogue: as exact as the oracle, ways out that keep their word, no job shown twice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from random import Random

import pytest
import pytest_asyncio

from matching.catalogue import Catalogue
from matching.demonstration import import_demonstration
from matching.model import (
    Circle,
    Found,
    Offer,
    Search,
    WayOut,
    nearest_km,
)
from matching.ways_out import RADII_KM, ways_out
from nlu.gazetteer import Gazetteer
from nlu.trade_table import TradeTable
from storage.database import Database
from storage.offers import Offers
from tests.searches import NOW, Searches, brute_force, wanted

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def store(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Offers]:
    folder = tmp_path_factory.mktemp("catalogue")
    database = Database.open(f"sqlite:///{folder}/offers.db")
    await database.migrate()
    offers = Offers(database)
    await import_demonstration(offers, Gazetteer.load().locate, NOW.date())
    yield offers
    await database.close()


@pytest.fixture(scope="module")
def catalogue(store: Offers) -> Catalogue:
    return Catalogue(store, lambda: NOW)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def everything(store: Offers) -> list[Offer]:
    return sorted(await store.near(None, None, ()), key=lambda offer: offer.id)


@pytest.fixture(scope="module")
def searches(everything: list[Offer]) -> Searches:
    return Searches(TradeTable.load(), Gazetteer.load(), [offer.id for offer in everything])


async def test_the_catalogue_finds_what_the_oracle_finds(
    catalogue: Catalogue, searches: Searches, everything: list[Offer]
) -> None:
    for seed in range(120):
        search = searches.draw(Random(seed))
        expected = brute_force(search, everything)
        page = await catalogue.find(search, limit=10_000)
        assert [f.offer for f in page.offers] == expected, search
        assert page.total == len(expected)
        assert all(f.distance_km == nearest_km(search, f.offer) for f in page.offers)


async def test_every_empty_answer_has_ways_out_that_keep_their_word(
    catalogue: Catalogue, searches: Searches
) -> None:
    empty = 0
    for seed in range(1000, 1120):
        search = searches.draw(Random(seed))
        page = await catalogue.find(search)
        if page.total:
            assert page.ways_out == ()
            continue
        empty += 1
        assert 1 <= len(page.ways_out) <= 3, search
        assert len({way.kind for way in page.ways_out}) == len(page.ways_out)
        for way in page.ways_out:
            await _keeps_its_word(catalogue, search, way)
    assert empty > 40


async def _keeps_its_word(catalogue: Catalogue, search: Search, way: WayOut) -> None:
    page = await catalogue.find(way.search, limit=1000)
    assert page.total == way.count > 0
    assert way.search.hidden == search.hidden
    cities = {f.offer.city for f in page.offers}
    assert set(way.towns) <= cities
    assert len(way.towns) == min(2, len(cities))
    if way.search.circles:
        km = [f.distance_km for f in page.offers if f.distance_km is not None]
        assert (way.nearest_km, way.farthest_km) == (min(km), max(km))
    else:
        assert way.nearest_km is None


async def test_the_conversation_of_the_readme(catalogue: Catalogue, searches: Searches) -> None:
    mechanic = await catalogue.find(searches.of("mecanicien-auto", "Saint-Pol-sur-Ternoise"))
    assert mechanic.total == 2
    for radius in (30, 20):
        body = await catalogue.find(
            searches.of("carrossier", "Saint-Pol-sur-Ternoise", radius, september=True)
        )
        assert body.total == 0
        wider, trade = body.ways_out
        assert (wider.kind, wider.value, wider.count) == ("radius", 40, 3)
        assert wider.towns == ("Arras", "Lens")
        assert wider.nearest_km is not None
        assert wider.farthest_km is not None
        assert (round(wider.nearest_km), round(wider.farthest_km)) == (31, 34)
        assert (trade.kind, trade.value, trade.count) == ("trade", "mecanicien-auto", 2)
        assert trade.label == "mécanicien auto"


async def test_bakers_near_lens_in_september(catalogue: Catalogue, searches: Searches) -> None:
    page = await catalogue.find(searches.of("boulanger", "Lens", september=True), limit=100)
    assert page.total >= 4
    for found in page.offers:
        assert found.distance_km is not None
        assert found.distance_km <= 30
        assert "boulang" in found.offer.title.lower()
        assert found.offer.source == "demonstration"
        assert found.offer.start is None or 6 <= found.offer.start.month <= 12


async def test_pages_follow_each_other(catalogue: Catalogue, searches: Searches) -> None:
    search = searches.of("boulanger", "Lens")
    whole = (await catalogue.find(search, limit=100)).offers
    pages = [await catalogue.find(search, offset=n) for n in range(0, len(whole) + 3, 3)]
    assert tuple(f for page in pages for f in page.offers) == whole
    assert {page.total for page in pages} == {len(whole)}
    assert pages[-1].ways_out == ()


async def test_an_offer_is_given_by_its_id_while_it_is_open(
    store: Offers, everything: list[Offer]
) -> None:
    first = everything[0]
    assert first.expires is not None
    clock = [NOW]
    catalogue = Catalogue(store, lambda: clock[0])
    assert await catalogue.offer(first.id) == first
    assert await catalogue.offer("demonstration:nobody") is None
    clock[0] = first.expires
    assert await catalogue.offer(first.id) is None


class Memory:
    """The oracle over a list, for the ways out of very small catalogues."""

    def __init__(self, *offers: Offer) -> None:
        self.offers = list(offers)

    async def find_all(self, search: Search) -> list[Found]:
        found = brute_force(search, self.offers)
        return [Found(offer, nearest_km(search, offer)) for offer in found]


BAKER = wanted(TradeTable.load().get("boulanger"))
COOK = wanted(TradeTable.load().get("cuisinier"))
LENS = Circle(50.4395, 2.8191, 30, "Lens")
JOB = Offer(
    "x:1", "x", "Boulanger (H/F)", "Fournil", "Arras", "62000", "62041", 50.2893, 2.7679,
    ("D1102",), "https://exemple.invalid", start=date(2027, 9, 1), diploma_level=3,
)  # fmt: skip
FITTING = Search(
    trades=(BAKER,), circles=(LENS,), diploma_level=3, start=date(2027, 9, 1), end=date(2027, 9, 30)
)


async def _ways(search: Search, *offers: Offer) -> list[tuple[str, int | str | None, int]]:
    ways = await ways_out(Memory(*offers).find_all, search)
    return [(way.kind, way.value, way.count) for way in ways]


@pytest.mark.parametrize(
    ("search", "first"),
    [
        (replace(FITTING, start=date(2029, 1, 1), end=None), ("dates", None, 1)),
        (replace(FITTING, circles=(replace(LENS, radius_km=5),)), ("radius", 40, 1)),
        (replace(FITTING, trades=(COOK,), neighbours=(BAKER,)), ("trade", "boulanger", 1)),
        (replace(FITTING, excluded=("62041",)), ("excluded", None, 1)),
        (replace(FITTING, diploma_level=5), ("diploma", None, 1)),
        (replace(FITTING, circles=(), departements=("80",)), ("france", None, 1)),
        (replace(FITTING, trades=(COOK,)), ("any_trade", 30, 1)),
    ],
)
async def test_the_condition_in_the_way_is_lifted(
    search: Search, first: tuple[str, int | str | None, int]
) -> None:
    assert (await _ways(search, JOB))[0] == first


@pytest.mark.parametrize(
    "search",
    [
        replace(FITTING, start=date(2029, 1, 1), diploma_level=5, excluded=("62041",)),
        replace(FITTING, start=date(2029, 1, 1), circles=(Circle(43.3, 5.4, 10),)),
        replace(FITTING, trades=(COOK,), diploma_level=7, departements=("974",), circles=()),
        replace(FITTING, trades=(COOK,), neighbours=(BAKER,), start=date(2030, 1, 1)),
        Search(trades=(COOK,), start=date(2030, 1, 1)),
        Search(start=date(2030, 1, 1), diploma_level=5),
        Search(circles=(Circle(89.9, 0, 5),), excluded=("62041",)),
    ],
)
async def test_several_conditions_in_the_way_are_lifted_together(search: Search) -> None:
    assert not await Memory(JOB).find_all(search)
    ways = await ways_out(Memory(JOB).find_all, search)
    assert [way.count for way in ways] == [1] * len(ways)
    assert ways


async def test_hidden_and_closed_offers_are_no_way_out() -> None:
    assert await _ways(replace(FITTING, hidden=(JOB.id,)), JOB) == []
    assert await _ways(FITTING, replace(JOB, expires=NOW - timedelta(1))) == []
    assert await _ways(FITTING) == []


async def test_the_smallest_wider_radius_is_proposed() -> None:
    near = replace(FITTING, circles=(replace(LENS, radius_km=5),))
    for km in RADII_KM:
        far = replace(JOB, lat=LENS.lat - (km - 0.5) / 111.195, lon=LENS.lon)
        assert (await _ways(near, far))[0] == ("radius", km, 1)
    beyond = replace(JOB, lat=LENS.lat - 201 / 111.195, lon=LENS.lon)
    assert (await _ways(near, beyond))[0] == ("france", None, 1)

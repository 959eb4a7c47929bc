"""The offers in memory: they answer as a scan of the store would, and follow what is written."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from math import asin, atan2, cos, degrees, radians, sin
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.catalogue import Catalogue
from matching.index import Index, boxes_around
from matching.model import Circle, Offer, Page, Search, WantedTrade, distance_km
from storage.database import Database
from storage.offers import Offers
from tests.searches import NOW, brute_force, sketch

CODES = ("D1102", "D1104", "F1610")
BAKER = WantedTrade("boulanger", "boulanger", ("D1102",), ("D1104",), ("boulang",), ("patiss",))
PASTRY = WantedTrade("patissier", "pâtissier", ("D1104",), (), ("patiss",), ("boulang",))
ROOFER = WantedTrade("couvreur", "couvreur", ("F1610",), (), ("couvr",), ("solaire",))
TITLES = ("Boulanger", "Pâtissière (H/F)", "Apprenti en boulangerie", "Couvreur", "Vendeur")
TOWNS = (
    ("62498", "62300", 50.4322, 2.8331),
    ("62041", "62000", 50.2893, 2.7679),
    ("98735", "", -17.53, 179.99),
    ("98736", "", -17.6, -179.98),
    ("2A004", "20000", 41.92, 8.73),
)
LENS = Circle(50.4322, 2.8331, 20)
JOB = Offer(
    "x:1", "x", "Boulanger (H/F)", "Fournil", "Lens", "62300", "62498", 50.4322, 2.8331,
    ("D1102",), "https://exemple.invalid",
)  # fmt: skip


def _offer(n: int, chance: Random) -> Offer:
    insee, postcode, lat, lon = chance.choice(TOWNS)
    return Offer(
        f"x:{n}", "x", chance.choice(TITLES), chance.choice((None, "", "Martin", "Éts Durand")),
        insee, postcode, insee,
        lat + chance.choice((0, 0.1, 0.2)), lon, tuple(chance.sample(CODES, chance.randint(0, 2))),
        "https://exemple.invalid",
        published=chance.choice((None, NOW - timedelta(chance.randint(0, 9)))),
        expires=chance.choice((None, NOW - timedelta(1), NOW, NOW + timedelta(1))),
        start=chance.choice((None, date(2027, 1, 1) + timedelta(chance.randint(0, 400)))),
        diploma_level=chance.choice((None, 3, 4)), diploma=chance.choice((None, "CAP")),
        description=chance.choice(("", "Du pain.", "Des toits.")), school=chance.random() < 0.2,
        status=chance.choice(("open", "open", "open", "closed")),
    )  # fmt: skip


def _search(chance: Random, offers: list[Offer]) -> Search:
    """Radii are often the very distance of an offer, the border included."""
    circles = []
    for _ in range(chance.choice((0, 1, 1, 2))):
        _, _, lat, lon = chance.choice(TOWNS)
        far = chance.choice(offers)
        exact = distance_km(lat, lon, far.lat, far.lon)
        circles.append(Circle(lat, lon, chance.choice((0, 15, exact, 20_000))))
    start = chance.choice((None, date(2027, 3, 1)))
    return Search(
        trades=tuple(chance.sample((BAKER, PASTRY, ROOFER), chance.choice((0, 1, 1, 2)))),
        circles=tuple(circles),
        departements=tuple(chance.sample(("62", "2A", "987"), chance.choice((0, 0, 1)))),
        france=chance.random() < 0.1,
        excluded=chance.choice(((), ("62041",))),
        start=start,
        end=chance.choice((None, start and start + timedelta(30))),
        diploma_level=chance.choice((None, 3)),
        diploma=chance.choice((None, "CAP")),
        hidden=tuple(chance.choice(offers).id for _ in range(chance.choice((0, 3)))),
    )


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Offers]:
    db = Database.open(database_url)
    yield Offers(db)
    await db.close()


@pytest.fixture
async def other(database_url: str) -> AsyncIterator[Offers]:
    """The store as another process has it."""
    db = Database.open(database_url)
    yield Offers(db)
    await db.close()


def shown(page: Page) -> list[Offer]:
    return [found.offer for found in page.offers]


async def test_memory_answers_as_the_store_read_whole_while_offers_come_and_go(
    store: Offers,
) -> None:
    chance = Random(62)
    catalogue = Catalogue(store, lambda: NOW)
    offers = [_offer(n, chance) for n in range(150)]
    answers = 0
    for turn in range(6):
        await store.replace("x", offers)
        await store.close(chance.choice(offers).id)
        kept = await store.near(None, None, ())
        for _ in range(60):
            search = _search(chance, offers)
            expected = brute_force(search, kept)
            page = await catalogue.find(search, limit=1_000)
            assert shown(page) == expected, search
            assert page.total == len(expected)
            answers += len(expected)
        renewed = [_offer(n, chance) for n in chance.sample(range(200), 20)]
        offers = list({o.id: o for o in [*offers[turn:], *renewed]}.values())
    assert answers > 1_000


async def test_what_this_process_closes_is_gone_at_once(store: Offers) -> None:
    await store.replace("x", [JOB, replace(JOB, id="x:2", company="Autre")])
    catalogue = Catalogue(store, lambda: NOW, fresh=3600)
    search = Search(trades=(BAKER,), circles=(LENS,))
    assert (await catalogue.find(search)).total == 2
    assert await store.close("x:1")
    page = await catalogue.find(search)
    assert ([o.id for o in shown(page)], page.total) == (["x:2"], 1)
    await store.replace("x", [])
    assert (await catalogue.find(search)).total == 0


async def test_what_another_process_writes_is_seen_at_the_next_look(
    store: Offers, other: Offers
) -> None:
    both = [JOB, replace(JOB, id="x:2", company="Autre")]
    await store.replace("x", both)
    catalogue = Catalogue(store, lambda: NOW, fresh=0)
    search = Search(circles=(LENS,))
    assert shown(await catalogue.find(search)) == both
    await other.close("x:1")
    assert shown(await catalogue.find(search)) == both[1:]
    renewed = replace(both[1], title="Boulangère", description="Du pain.")
    await other.replace("x", [JOB, renewed])
    assert shown(await catalogue.find(search)) == [renewed]
    await other.replace("x", [])
    assert shown(await catalogue.find(search)) == []


async def test_an_offer_that_closes_between_two_looks_is_not_shown(
    store: Offers, other: Offers
) -> None:
    await store.replace("x", [JOB, replace(JOB, id="x:2", company="Autre")])
    catalogue = Catalogue(store, lambda: NOW, fresh=3600)
    await catalogue.find(Search(circles=(Circle(0, 0, 1),)))  # it has looked, and shown nothing
    await other.close("x:1")
    page = await catalogue.find(Search(circles=(LENS,)), limit=1)
    assert ([o.id for o in shown(page)], page.total) == (["x:2"], 1)


async def test_another_process_is_not_asked_at_every_search(store: Offers, other: Offers) -> None:
    await store.replace("x", [JOB])
    catalogue = Catalogue(store, lambda: NOW, fresh=3600)
    search = Search(circles=(LENS,))
    assert (await catalogue.find(search)).total == 1
    await other.close("x:1")
    assert (await catalogue.find(search)).total == 1


def test_copies_of_one_job_are_shown_once() -> None:
    copy = replace(JOB, id="a:1", title=JOB.title.upper() + " !", source="other")
    elsewhere = replace(JOB, id="a:2", postcode="29000")
    unnamed = replace(JOB, id="a:3", company=None, description="Un salon.")
    second = replace(unnamed, id="a:4", description="Un autre salon.")
    index = Index()
    everything = [JOB, copy, elsewhere, unnamed, second, replace(unnamed, id="a:5")]
    index.update(sketch(offer) for offer in everything)
    hits = index.find(Search(), NOW)
    assert [hit.offer.id for hit in hits] == ["a:1", "a:2", "a:3", "a:4"]


@settings(max_examples=400, deadline=None)
@given(
    lat=st.floats(-90, 90), lon=st.floats(-180, 180), radius=st.floats(0, 20_000),
    bearing=st.floats(0, 6.2831853), part=st.floats(0, 1),
)  # fmt: skip
def test_no_point_of_a_circle_is_outside_its_boxes(
    lat: float, lon: float, radius: float, bearing: float, part: float
) -> None:
    point = _at(lat, lon, radius * part, bearing)
    if distance_km(lat, lon, *point) <= radius:
        boxes = boxes_around(Circle(lat, lon, radius))
        assert any(s <= point[0] <= n and w <= point[1] <= e for s, w, n, e in boxes)
    assert all(s <= n and -180 <= w <= e <= 180 for s, w, n, e in boxes_around(Circle(lat, lon, 9)))


def _at(lat: float, lon: float, km: float, bearing: float) -> tuple[float, float]:
    """The point ``km`` away in the direction ``bearing`` (radians from the north)."""
    angle, phi = km / 6371.0088, radians(lat)
    there = asin(sin(phi) * cos(angle) + cos(phi) * sin(angle) * cos(bearing))
    turn = atan2(sin(bearing) * sin(angle) * cos(phi), cos(angle) - sin(phi) * sin(there))
    return degrees(there), (lon + degrees(turn) + 180) % 360 - 180

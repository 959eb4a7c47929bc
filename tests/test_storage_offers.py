"""The offer store, on both databases, against a plain scan of the same offers."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from matching.model import Offer
from storage.database import Database, Refused
from storage.offers import Box, Offers

LENS = Offer(
    id="demo:1",
    source="demonstration",
    title="Apprenti boulanger ou apprentie boulangère",
    company="Le Fournil d’Éléonore",
    city="Lens",
    postcode="62300",
    insee="62498",
    lat=50.4322,
    lon=2.8331,
    rome_codes=("D1102", "D1104"),
    url="https://example.fr/1",
    published=datetime(2026, 11, 20, 8, 15, 30, 123456, tzinfo=UTC),
    expires=datetime(2027, 1, 20, tzinfo=UTC),
    start=date(2027, 9, 1),
    phone="+33321000000",
    apply_to="partners_1",
    diploma_level=3,
    diploma="CAP",
    description="Du pain.\n" * 50,
    duration_months=24,
    school=True,
    updated=datetime(2026, 11, 21, 9, tzinfo=UTC),
    also=("francetravail:207QYWM", "meteojob:46388391"),
)
BARE = Offer(
    "demo:2", "demonstration", "Coiffeuse", None, "Bastia", "20200", "2B033", 42.7, 9.45, (), "u"
)
AROUND_LENS: Box = (50.0, 2.0, 51.0, 3.0)


@pytest.fixture
async def offers(database_url: str) -> AsyncIterator[Offers]:
    db = Database.open(database_url)
    yield Offers(db)
    await db.close()


def ids(found: Sequence[Offer]) -> list[str]:
    return sorted(offer.id for offer in found)


async def test_an_offer_comes_back_whole(offers: Offers) -> None:
    await offers.replace("demo", [LENS, BARE])
    assert await offers.get("demo:1") == LENS
    assert await offers.get("demo:2") == BARE
    assert await offers.get("demo:3") is None
    assert await offers.near(["D1102"], None, []) == [LENS]


async def test_an_offer_with_two_of_the_codes_comes_once(offers: Offers) -> None:
    await offers.replace("demo", [LENS])
    assert await offers.near(["D1102", "D1104"], [AROUND_LENS, AROUND_LENS], ["62"]) == [LENS]


async def test_a_closed_offer_is_found_no_more_but_still_known(offers: Offers) -> None:
    await offers.replace("demo", [LENS, BARE, replace(LENS, id="demo:3", status="closed")])
    assert await offers.count() == 2
    assert await offers.close("demo:1")
    assert not await offers.close("demo:9")
    assert await offers.near(["D1102"], None, []) == []
    assert ids(await offers.near(None, None, [])) == ["demo:2"]
    assert await offers.get("demo:1") == replace(LENS, status="closed")
    assert await offers.count() == 1


async def test_an_import_replaces_what_came_from_the_same_place_only(offers: Offers) -> None:
    other = replace(BARE, id="lba:1", source="lba")
    await offers.replace("a.jsonl", [LENS, BARE])
    await offers.replace("b.jsonl", [other])
    moved = replace(LENS, city="Arras", insee="62041", lat=50.29, lon=2.78, rome_codes=("H2206",))
    await offers.replace("a.jsonl", [BARE, moved, moved])
    assert ids(await offers.near(None, None, [])) == ["demo:1", "demo:2", "lba:1"]
    assert await offers.near(["H2206"], None, []) == [moved]
    assert await offers.near(["D1102"], None, []) == []
    await offers.replace("a.jsonl", [moved])
    assert await offers.get("demo:2") is None
    await offers.replace("b.jsonl", [moved])
    await offers.replace("a.jsonl", [])
    assert ids(await offers.near(None, None, [])) == ["demo:1"]


async def test_processes_may_fill_an_empty_catalogue_at_once(database_url: str) -> None:
    """Two ``Database`` objects stand for two processes."""
    both = [Database.open(database_url), Database.open(database_url)]
    everything = [replace(BARE, id=f"demo:{n}") for n in range(1_000)]
    await asyncio.gather(*(Offers(db).replace("demo", everything) for db in both))
    assert await Offers(both[0]).count() == 1_000
    for db in both:
        await db.close()


async def test_an_offer_that_we_closed_stays_so_until_it_changes(offers: Offers) -> None:
    await offers.replace("demo", [LENS])
    await offers.close(LENS.id)
    await offers.replace("demo", [LENS])
    assert await offers.near(None, None, []) == []
    renewed = replace(LENS, published=datetime(2026, 12, 1, tzinfo=UTC))
    await offers.replace("demo", [renewed])
    assert await offers.near(None, None, []) == [renewed]


async def test_an_import_that_fails_midway_leaves_the_old_catalogue(offers: Offers) -> None:
    await offers.replace("demo", [LENS, BARE])
    new = [replace(BARE, id=f"demo:{n}") for n in range(10, 6_000)]
    broken = replace(BARE, id="demo:broken", title=None)  # type: ignore[arg-type]
    with pytest.raises(Refused, match="title"):
        await offers.replace("demo", [*new, broken])
    assert ids(await offers.near(None, None, [])) == ["demo:1", "demo:2"]
    assert await offers.near(["D1102"], [AROUND_LENS], []) == [LENS]


async def test_searches_find_what_a_plain_scan_finds(offers: Offers) -> None:
    chance = random.Random(62)
    codes = ["D1102", "D1104", "D1106", "F1610", "I1604"]
    everything = [_random_offer(n, chance, codes) for n in range(400)]
    await offers.replace("demo", everything)
    found = 0
    for _ in range(60):
        wanted = chance.choice([None, chance.sample(codes, 1), chance.sample(codes, 3), []])
        boxes = chance.choice([None, [], [_box(chance)], [_box(chance), _box(chance)]])
        departements = chance.sample(["62", "59", "2A", "974"], chance.randint(0, 2))
        near = await offers.near(wanted, boxes, departements)
        assert ids(near) == ids([o for o in everything if _fits(o, wanted, boxes, departements)])
        found += len(near)
    assert found > 400


def _random_offer(n: int, chance: random.Random, codes: list[str]) -> Offer:
    return replace(
        BARE,
        id=f"demo:{n}",
        insee=chance.choice(["62498", "59350", "2A004", "97411"]),
        lat=round(chance.uniform(50, 51), 1),
        lon=round(chance.uniform(2, 3), 1),
        rome_codes=tuple(chance.sample(codes, chance.randint(0, 2))),
        status=chance.choice(["open", "open", "closed"]),
    )


def _box(chance: random.Random) -> Box:
    south, west = round(chance.uniform(50, 51), 1), round(chance.uniform(2, 3), 1)
    return south, west, south + 0.3, west + 0.4


def _fits(
    offer: Offer, codes: list[str] | None, boxes: list[Box] | None, departements: list[str]
) -> bool:
    return (
        offer.status == "open"
        and (codes is None or any(code in codes for code in offer.rome_codes))
        and (
            boxes is None
            or offer.departement in departements
            or any(s <= offer.lat <= n and w <= offer.lon <= e for s, w, n, e in boxes)
        )
    )

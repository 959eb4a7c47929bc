"""The demonstration set: in step with its generator, whole, and unmistakably invented."""

from __future__ import annotations

import gzip
import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from matching.demonstration import (
    import_demonstration,
    load_demonstration,
    refresh_demonstration,
)
from matching.model import DEMONSTRATION, Offer, trade_fit
from matching.offers_file import parse_job
from nlu.gazetteer import Gazetteer
from nlu.trade_table import TradeTable
from storage.database import Database
from storage.offers import Offers
from tests.searches import wanted
from tools import make_demonstration

TODAY = date(2026, 11, 23)


@pytest.fixture(scope="module")
def gazetteer() -> Gazetteer:
    return Gazetteer.load()


@pytest.fixture(scope="module")
def offers(gazetteer: Gazetteer) -> list[Offer]:
    return [parse_job(job, gazetteer.locate) for job in load_demonstration(TODAY)]


def test_the_file_is_what_its_generator_makes() -> None:
    packed = make_demonstration.TARGET.read_bytes()
    assert len(packed) <= 300_000
    made = list(make_demonstration.lines())
    kept = gzip.decompress(packed).decode().splitlines()
    changed = [n for n, lines in enumerate(zip(made, kept, strict=False)) if lines[0] != lines[1]]
    assert not changed, "run `python -m tools.make_demonstration`: the trades or towns have changed"
    assert len(made) == len(kept)


def test_there_are_about_two_thousand_offers(offers: list[Offer]) -> None:
    assert 1900 <= len(offers) <= 2100
    assert len({offer.id for offer in offers}) == len(offers)
    assert {offer.departement for offer in offers} == {"02", "59", "60", "62", "80"}
    assert len({offer.insee for offer in offers}) > 700


def test_every_trade_has_offers_of_its_own(offers: list[Offer]) -> None:
    found = Counter(
        trade.id
        for trade in TradeTable.load()
        for offer in offers
        if trade_fit(wanted(trade), offer) is not None
    )
    assert {t.id for t in TradeTable.load() if found[t.id] < 4} == set()
    assert min(found[id] for id in ("boulanger", "coiffeur", "mecanicien-auto", "macon")) >= 80


def test_older_codes_are_among_them(offers: list[Offer]) -> None:
    roofers = [offer for offer in offers if "couvr" in offer.title.lower()]
    assert {code for offer in roofers for code in offer.rome_codes} == {"F1619", "F1610"}


def test_no_offer_can_be_taken_for_a_real_one(offers: list[Offer]) -> None:
    for offer in offers:
        assert offer.source == DEMONSTRATION
        assert offer.url.startswith("https://exemple.invalid/offre/")
        assert offer.phone is None or re.fullmatch(r"(019900|035301)\d{4}", offer.phone)
        assert offer.apply_to is None
        assert "Offre de démonstration" in offer.description


def test_towns_are_those_of_the_addresses(offers: list[Offer], gazetteer: Gazetteer) -> None:
    for offer in offers:
        assert offer.postcode in gazetteer.postcodes(offer.insee), offer


@pytest.mark.parametrize("today", [TODAY, date(2027, 9, 1), date(2028, 2, 29), date(2030, 12, 31)])
def test_dates_follow_today(today: date, gazetteer: Gazetteer) -> None:
    starts: Counter[int | None] = Counter()
    now = datetime(today.year, today.month, today.day, 12, tzinfo=UTC)
    for job in load_demonstration(today):
        offer = parse_job(job, gazetteer.locate)
        assert offer.published is not None
        assert offer.expires is not None
        assert timedelta(0) < now - offer.published < timedelta(42)
        assert timedelta(59) < offer.expires - now < timedelta(91)
        assert offer.start is None or today < offer.start <= today + timedelta(366)
        starts[offer.start.month if offer.start else None] += 1
    assert starts[9] > 800
    assert 150 < starts[None] < 250


async def test_importing_twice_leaves_one_set(
    tmp_path: Path, gazetteer: Gazetteer, offers: list[Offer]
) -> None:
    database = Database.open(f"sqlite:///{tmp_path}/offers.db")
    await database.migrate()
    store = Offers(database)
    for today in (TODAY, TODAY + timedelta(90)):
        assert await import_demonstration(store, gazetteer.locate, today) == len(offers)
    assert await store.count() == len(offers)
    kept = await store.get(offers[0].id)
    assert kept is not None
    assert kept.expires is not None
    assert kept.expires.date() > TODAY + timedelta(120)
    await database.close()


async def test_a_set_of_another_week_is_dated_anew(sqlite_url: str, gazetteer: Gazetteer) -> None:
    database = Database.open(sqlite_url)
    store = Offers(database)
    try:
        written = await refresh_demonstration(store, gazetteer.locate, TODAY)
        assert written == await store.count()
        assert await refresh_demonstration(store, gazetteer.locate, TODAY + timedelta(days=3)) == 0
        assert await refresh_demonstration(store, gazetteer.locate, date(2027, 6, 1)) == written
        first = next(load_demonstration(date(2027, 6, 1)))["identifier"]["id"]
        offer = await store.get(f"{DEMONSTRATION}:{first}")
        assert offer
        assert offer.published
        assert date(2027, 4, 20) < offer.published.date() <= date(2027, 6, 1)
    finally:
        await database.close()


async def test_real_offers_are_never_joined_by_invented_ones(
    sqlite_url: str, gazetteer: Gazetteer, offers: list[Offer]
) -> None:
    database = Database.open(sqlite_url)
    store = Offers(database)
    try:
        real = replace(offers[0], id="partner:1", source="partner")
        await store.replace("partner", [real])
        assert await refresh_demonstration(store, gazetteer.locate, TODAY) == 0
        assert await store.count() == 1
    finally:
        await database.close()

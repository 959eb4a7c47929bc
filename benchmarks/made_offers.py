"""Invented offers all over France, as many as the country has people in each place."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from random import Random
from typing import Any

from nlu.gazetteer import Gazetteer
from nlu.trade_table import TradeTable
from tests.apprentissage_api.jobs import job
from tests.searches import NOW

LABELS = ("offres_emploi_lba", "France Travail", "France Travail", "Hellowork", "Meteojob")
TEXT = "Vous apprendrez le métier au sein d’une équipe de quatre personnes. " * 12


def jobs(count: int, *, seed: int = 1, edited: float = 0.0) -> Iterator[dict[str, Any]]:
    """``JobOfferRead`` objects, the same for the same seed.

    ``edited`` is the share that differs from what it was: half of it says something else, a quarter
    is gone, a quarter is new.
    """
    random, other = Random(seed), Random(seed + 1)
    gazetteer, trades = Gazetteer.load(), list(TradeTable.load())
    people = [int(n) for n in gazetteer.population]
    rows = random.choices(range(len(gazetteer)), weights=people, k=count)
    for number, row in enumerate(rows):
        made = _job(number, gazetteer, row, random, trades)
        fate = other.random()
        if fate < edited / 4:
            continue
        if fate < edited / 2:
            id = f"{number + 10 * count:024x}"
            made["identifier"] |= {"id": id, "partner_job_id": id}
        elif fate < edited:
            made["offer"]["description"] += " Logement possible."
        yield made


def _job(
    number: int, gazetteer: Gazetteer, row: int, random: Random, trades: list[Any]
) -> dict[str, Any]:
    place, trade = gazetteer.place(row), random.choice(trades)
    postcode = next(iter(gazetteer.postcodes(place.insee)), "")
    created = NOW - timedelta(minutes=random.randrange(60 * 24 * 60))
    start = NOW + timedelta(days=random.randrange(400))
    return job(
        f"Apprenti {trade.label} (H/F)", id=f"{number:024x}", label=random.choice(LABELS),
        rome=list(random.choice((trade.rome, trade.parents or trade.rome)))[:2],
        at=(place.lat + random.uniform(-0.02, 0.02), place.lon + random.uniform(-0.02, 0.02)),
        address=f"{postcode} {place.name}", company=f"Maison {random.randrange(50_000)}",
        level=random.choice(("3", "4", "5", None)), description=TEXT,
        published=created.isoformat(), expires=(NOW + timedelta(days=60)).isoformat(),
        start=random.choice((start.isoformat(), None)),
    )  # fmt: skip

"""The offers that scripts run on: the demonstration set, or a few of their own."""

from __future__ import annotations

import yaml

from matching.demonstration import import_demonstration
from matching.offers_file import parse_job
from nlu.understander import Understander
from storage.database import Database
from storage.offers import Offers
from tests.talk import FOLDER, TODAY


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
            await store.replace(
                offers, [parse_job(as_job(n, j), locate) for n, j in enumerate(jobs)]
            )
    finally:
        await database.close()


def as_job(number: int, short: dict[str, object]) -> dict[str, object]:
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
        "apply": {
            "url": short.get("url", f"https://example.org/{number}"),
            "phone": short.get("phone"),
            "recipient_id": short.get("recipient"),
        },
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

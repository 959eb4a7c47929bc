"""The demonstration set: invented offers, so that the product can be tried without a backend."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from importlib.resources import files
from io import BytesIO
from typing import Any

from matching.model import DEMONSTRATION
from matching.offers_file import Locate, parse_job
from matching.store import OfferStore

Job = dict[str, Any]


FRESH = timedelta(days=7)
"""How far from the day it was dated for a demonstration set still looks alive."""


async def refresh_demonstration(store: OfferStore, locate: Locate, today: date) -> int:
    """Fill an empty store, or date anew a demonstration set of another week.

    A store that holds no demonstration but other offers is left alone. Returns how many offers
    were written.
    """
    first = parse_job(next(load_demonstration(today)), locate)
    kept = await store.get(first.id)
    if kept is None and await store.count() > 0:
        return 0
    dates = (kept and kept.published, first.published)
    if dates[0] and dates[1] and abs(dates[0] - dates[1]) <= FRESH:
        return 0
    return await import_demonstration(store, locate, today)


def load_demonstration(today: date) -> Iterator[Job]:
    """The offers as ``JobOfferRead`` objects, dated as if they had been gathered on ``today``.

    The file (see ``tools/make_demonstration.py``) holds offsets where dates go: ``{"days": -12}``,
    ``{"month": 9, "day": 1}`` (the next one after today).
    """
    packed = files("matching").joinpath("data", "demonstration.jsonl.gz").read_bytes()
    for text in gzip.GzipFile(fileobj=BytesIO(packed)):
        job: Job = json.loads(text)
        publication, contract = job["offer"]["publication"], job["contract"]
        for key in ("creation", "expiration"):
            publication[key] = _moment(publication[key], today)
        contract["start"] = _moment(contract["start"], today)
        yield job


async def import_demonstration(store: OfferStore, locate: Locate, today: date) -> int:
    """Fill a store with the demonstration set, replacing an older one; how many offers it has."""
    offers = [parse_job(job, locate) for job in load_demonstration(today)]
    await store.replace(DEMONSTRATION, offers)
    return len(offers)


def _moment(offset: dict[str, int] | None, today: date) -> str | None:
    if offset is None:
        return None
    day = _next(offset, today) if "month" in offset else today + timedelta(offset["days"])
    return datetime.combine(day, time(8), UTC).isoformat()


def _next(wish: dict[str, int], today: date) -> date:
    """The next such day of the year, strictly after today."""
    day = date(today.year, wish["month"], wish["day"])
    return day if day > today else day.replace(year=today.year + 1)

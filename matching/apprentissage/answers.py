"""What the search route answers, made into offers and companies."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from matching.calling import Answer, Misread
from matching.job_offer import BadOffer, Company, Locate, parse_company, parse_job
from matching.model import Offer

CAP = 150
"""As many offers from one of the three sources mean that there may be more."""

OWN, FRANCE_TRAVAIL = "offres_emploi_lba", "France Travail"
_LOST = "JOB_OFFER_FORMATING_ERROR"
_AT_ONCE = 40


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer, in order and without repeated identifiers.

    ``cropped``: there may be more offers than these. ``partial``: the service says that one of
    its own sources did not answer it. ``refused`` counts what could not be made into an offer, or
    is no apprenticeship.
    """

    offers: tuple[Offer, ...]
    companies: tuple[Company, ...] = ()
    cropped: bool = False
    partial: bool = False
    refused: int = 0


def read_search(answer: Answer) -> Mapping[str, Any]:
    """The object that was answered; ``jobs`` is a list of objects. Raises :class:`Misread`."""
    found = answer.json()
    if not isinstance(found, Mapping) or not isinstance(jobs := found.get("jobs"), list):
        raise Misread
    if jobs and not any(isinstance(job, Mapping) for job in jobs):
        raise Misread
    return found


async def parse_search(found: Mapping[str, Any], locate: Locate) -> Answered:
    """``found`` as :func:`read_search` leaves it; what cannot be used is left out and counted."""
    offers: dict[str, Offer] = {}
    keys: set[tuple[str, str]] = set()
    refused = 0
    jobs = found["jobs"]
    for number, job in enumerate(jobs):
        if number % _AT_ONCE == 0:
            await asyncio.sleep(0)  # others are waiting: a full answer takes a tenth of a second
        try:
            offer = parse_job(job, locate)
        except BadOffer:
            refused += 1
            continue
        key = _label(job), _partner_number(job)
        if key not in keys:  # one offer under two of their identifiers
            offers.setdefault(offer.id, offer)
        if key[1]:
            keys.add(key)
    warnings = [_code(w) for w in _list(found.get("warnings"))]
    return Answered(
        tuple(offers.values()),
        tuple(_companies(_list(found.get("recruiters")), locate)),
        cropped=is_cropped([_label(job) for job in jobs], max(1, CAP - warnings.count(_LOST))),
        partial="FRANCE_TRAVAIL_API_ERROR" in warnings,
        refused=refused,
    )


def is_cropped(labels: list[str], cap: int = CAP) -> bool:
    """Whether one of the sources may have been cut at ``cap``.

    ``labels`` are the partners in the order of the answer: our own offers, France Travail's, those
    of partners, among which France Travail's come once more. Where the second part ends is not
    said: any place it can be is considered.
    """
    own = labels.count(OWN)
    rest = [label for label in labels if label != OWN]
    second = all(label == FRANCE_TRAVAIL for label in rest[:cap])
    third = all(label == FRANCE_TRAVAIL for label in rest[:-cap])
    return own >= cap or (len(rest) >= cap and (second or third))


def _companies(recruiters: Iterable[object], locate: Locate) -> Iterable[Company]:
    seen: set[str] = set()
    for recruiter in recruiters:
        try:
            company = parse_company(recruiter, locate)
        except BadOffer:
            continue
        if company.id not in seen:
            seen.add(company.id)
            yield company


def _list(value: object) -> list[Any]:
    """A list; an empty one for null and whatever else stands in its place."""
    return value if isinstance(value, list) else []


def _code(warning: object) -> str:
    return str(warning.get("code")) if isinstance(warning, Mapping) else ""


def _label(job: object) -> str:
    return _identifier(job, "partner_label")


def _partner_number(job: object) -> str:
    return _identifier(job, "partner_job_id")


def _identifier(job: object, name: str) -> str:
    identifier = job.get("identifier") if isinstance(job, Mapping) else None
    value = identifier.get(name) if isinstance(identifier, Mapping) else None
    return value if isinstance(value, str) else ""


@cache
def _adapter() -> TypeAdapter[Answered]:
    return TypeAdapter(Answered)


def dump(answered: Answered) -> bytes:
    """As bytes for a :class:`matching.ports.Cache`."""
    return _adapter().dump_json(answered)


def load(kept: bytes) -> Answered | None:
    """What :func:`dump` wrote, ``None`` when it was written by another version."""
    try:
        return _adapter().validate_json(kept)
    except ValidationError:
        return None

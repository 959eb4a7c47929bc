"""What to ask France Travail so that nothing a search wants is missing.

More than is wanted may come back: :func:`matching.model.matches` decides.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from matching.job_offer import Commune, Locate
from matching.model import Circle, Search, distance_km

T = TypeVar("T")

Params = tuple[tuple[str, str], ...]

MOST_CODES = 200
MOST_COMMUNES = 5
MOST_DEPARTEMENTS = 5

SLACK_KM = 5
"""Added to a radius: France Travail measures from commune to commune, we from point to point."""

FIRST_DISTRICT = {"75056": "75101", "69123": "69381", "13055": "13201"}
"""The towns with arrondissements, whose own code is refused, and where their middle lies."""

APPRENTICESHIP = ("natureContrat", "E2")
"""Alone: ``typeContrat`` beside it widens the answer instead of narrowing it."""

OWN = (("origineOffre", "1"),)
PARTNERS = (("origineOffre", "2"),)
PARTNERS_BUT_LBA = (
    *PARTNERS,
    ("partenaires", "LABONNEALTERNANCE"),
    ("modeSelectionPartenaires", "EXCLU"),
)
"""When API apprentissage is asked too, its own offers need not come this way round as well."""

NEWEST_FIRST = ("sort", "1")
"""What is created while pages are turned shows an offer twice, and hides none."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A series of pages to read, and what to ask instead where a commune is not known there."""

    params: Params
    instead: Params | None = None


def asks(search: Search, locate: Locate, crafts: Sequence[str], *, beside_lba: bool) -> list[Ask]:
    """Every series a search needs; ``crafts`` are the codes of a search that names no trade.

    The diploma is not asked for: France Travail would leave out the offers that name none.
    """
    return [
        Ask((*codes, *place, *origin), instead and (*codes, *instead, *origin))
        for codes in _codes(search, crafts)
        for place, instead in _places(search, locate)
        for origin in origins(beside_lba)
    ]


def origins(beside_lba: bool) -> tuple[Params, Params]:
    """Two passes: asked without an origin, only France Travail's own ads were served some days."""
    return OWN, PARTNERS_BUT_LBA if beside_lba else PARTNERS


def code_lists(codes: Sequence[str]) -> Iterator[Params]:
    """As many lists of codes as the limit makes necessary; one without codes: any trade."""
    for some in _batches(list(dict.fromkeys(codes)), MOST_CODES) or [[]]:
        yield (("codeROME", ",".join(some)),) if some else ()


def _codes(search: Search, crafts: Sequence[str]) -> Iterator[Params]:
    wanted = [code for trade in search.trades for code in (*trade.codes, *trade.parents)]
    return code_lists(wanted or crafts)


def _places(search: Search, locate: Locate) -> Iterator[tuple[Params, Params | None]]:
    if search.france or not (search.circles or search.departements):
        yield (), None
        return
    around = [(c, at) for c in search.circles if (at := locate("", c.lat, c.lon)) is not None]
    for some in _batches(around, MOST_COMMUNES):
        communes = dict.fromkeys(FIRST_DISTRICT.get(at.insee, at.insee) for _, at in some)
        farthest = max(_reach(circle, at) for circle, at in some)
        departements = dict.fromkeys(_departement(at.insee) for _, at in some)
        yield (
            (("commune", ",".join(communes)), ("distance", str(farthest))),
            (("departement", ",".join(departements)), ("inclureLimitrophes", "true")),
        )
    for departements_ in _batches(list(dict.fromkeys(search.departements)), MOST_DEPARTEMENTS):
        yield (("departement", ",".join(departements_)),), None


def _reach(circle: Circle, at: Commune) -> int:
    """The whole km around a commune's middle that hold a circle near it; never the default 10."""
    gap = distance_km(circle.lat, circle.lon, at.lat, at.lon)
    return math.ceil(circle.radius_km + gap + SLACK_KM)


def _departement(insee: str) -> str:
    return insee[:3] if insee.startswith(("97", "98")) else insee[:2]


def created(first: datetime, last: datetime) -> Params:
    """Both bounds, always: one without the other is not always obeyed."""
    return (("minCreationDate", _second(first)), ("maxCreationDate", _second(last)))


def halves(first: datetime, last: datetime) -> tuple[tuple[datetime, datetime], ...]:
    """The same time in two parts that share no second; nothing when it is one second only."""
    if last - first < timedelta(seconds=1):
        return ()
    middle = (first + (last - first) / 2).replace(microsecond=0)
    return (first, middle), (middle + timedelta(seconds=1), last)


def _second(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _batches(items: Sequence[T], most: int) -> list[Sequence[T]]:
    return [items[at : at + most] for at in range(0, len(items), most)]

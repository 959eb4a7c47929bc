"""One answer from several sources: copies of one job found, and the best one kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from matching.model import (
    DEMONSTRATION,
    Found,
    Offer,
    Search,
    matches,
    nearest_km,
    rank,
    twin_key,
)

Trust = Callable[[str], int]
"""How much a source is believed, by the name it is shown under; more is better."""

OWN_OFFERS = "offres_emploi_lba"
"""What an employer wrote on La bonne alternance itself."""


@dataclass(frozen=True, slots=True)
class Merged:
    """The offers kept, in the order they came in, and how many copies were removed."""

    offers: tuple[Offer, ...]
    removed: int


def trust(source: str) -> int:
    """La bonne alternance's own offers, then France Travail's, then those others republish."""
    return {OWN_OFFERS: 3, "France Travail": 2, DEMONSTRATION: 0}.get(source, 1)


def merge(offers: Iterable[Offer], trust: Trust = trust) -> Merged:
    """Each job once, whichever ways it came.

    Two offers are one job when they have the same id; or, lying in the same commune, a
    :func:`matching.model.reference` in common, or the same :func:`matching.model.twin_key`. The
    copy kept is the one that can do most: apply in the chat, call, name the company, tell the
    postcode; then the most trusted source, the last updated, the smallest id. What is kept does
    not depend on the order; nothing that is kept is a copy of something else that is.
    """
    came = list(offers)
    by_id: dict[str, Offer] = {}
    for offer in came:
        known = by_id.get(offer.id)
        by_id[offer.id] = offer if known is None else _best((known, offer), trust)
    kept = {_best(copies, trust).id for copies in _groups(list(by_id.values()))}
    ordered = tuple(offer for id, offer in by_id.items() if id in kept)
    return Merged(ordered, len(came) - len(ordered))


def unheard(offers: Sequence[Offer], known: Sequence[Offer]) -> list[Offer]:
    """Those that are none of the ``known`` ones, nor a copy of one: see :func:`merge`."""
    if not known:
        return list(offers)
    old = {offer.id for offer in known}
    groups = _groups([*known, *(offer for offer in offers if offer.id not in old)])
    copies = {one.id for group in groups if any(o.id in old for o in group) for one in group}
    return [offer for offer in offers if offer.id not in copies]


def best_first(search: Search, offers: Iterable[Offer], now: datetime) -> list[Found]:
    """What answers a search, best first, the first of each job: as the catalogue answers.

    ``now`` is an aware datetime.
    """
    answers = sorted(
        (offer for offer in offers if matches(search, offer, now)),
        key=lambda offer: rank(search, offer),
    )
    first: dict[Hashable, Offer] = {}
    for offer in answers:
        first.setdefault(twin(offer), offer)
    return [Found(offer, nearest_km(search, offer)) for offer in first.values()]


def twin(offer: Offer) -> Hashable:
    """:func:`matching.model.twin_key` of an offer, by its postcode or else its commune."""
    place = offer.postcode or offer.insee
    return twin_key(offer.title, place, offer.company, offer.description)


def _best(copies: Iterable[Offer], trust: Trust) -> Offer:
    def worth(offer: Offer) -> tuple[bool | int | float, ...]:
        updated = offer.updated or offer.published
        return (
            offer.status == "open",
            bool(offer.apply_to),
            bool(offer.phone),
            bool(offer.company),
            bool(offer.postcode),
            trust(offer.source),
            updated.timestamp() if updated else 0.0,
        )

    ranked = sorted(copies, key=lambda offer: (offer.id, repr(offer)))
    return max(ranked, key=worth)  # the first of equals


def _groups(offers: list[Offer]) -> Iterator[list[Offer]]:
    """The offers of each job, which all lie in one commune: a copy of a copy is a copy."""
    leader = list(range(len(offers)))

    def lead(at: int) -> int:
        while leader[at] != at:
            leader[at] = leader[leader[at]]
            at = leader[at]
        return at

    first: dict[Hashable, int] = {}
    for at, offer in enumerate(offers):
        for mark in _marks(offer):
            leader[lead(at)] = lead(first.setdefault(mark, at))
    groups: defaultdict[int, list[Offer]] = defaultdict(list)
    for at, offer in enumerate(offers):
        groups[lead(at)].append(offer)
    yield from groups.values()


def _marks(offer: Offer) -> Iterator[Hashable]:
    yield offer.insee, twin(offer)
    for known in offer.also:
        yield offer.insee, known

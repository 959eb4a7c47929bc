"""What must be said beside an offer: whose it is, how fresh, and under which conditions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from matching.model import Offer

_LICENCES = {"France Travail": "https://francetravail.io/data/api/offres-emploi"}
"""Whichever way they came: through API apprentissage they are still theirs."""


@dataclass(frozen=True, slots=True)
class Attribution:
    """``updated`` is when the source last changed the offer, or else published it (aware, UTC);
    ``licence`` the address of its conditions."""

    source: str
    updated: datetime | None
    licence: str


def attribution(offer: Offer) -> Attribution | None:
    """``None`` where the source asks for nothing more than its name."""
    licence = _LICENCES.get(offer.source)
    if licence is None:
        return None
    return Attribution(offer.source, offer.updated or offer.published, licence)

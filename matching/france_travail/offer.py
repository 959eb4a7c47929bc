"""An offer as France Travail writes it, where nearly every key may be absent."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from matching.html import line, plain
from matching.job_offer import (
    BadOffer,
    Commune,
    Locate,
    moment_of,
    number_of,
    part_of,
    position_of,
    string_of,
    text_of,
)
from matching.model import Offer, reference
from matching.schools import is_school

SOURCE = "France Travail"
"""What the offers are shown to come from; the label API apprentissage gives them too."""

PUBLIC_PAGE = "https://candidat.francetravail.fr/offres/recherche/detail/"
"""The page that shows the whole offer, as the licence asks, by the offer's number."""

APPRENTICESHIP = "Contrat apprentissage"
"""What an offer asked for by the code ``E2`` says of itself: the label, not the code."""


class OtherContract(BadOffer):
    """An ad for something else than an apprenticeship."""


_NUMBER = re.compile(r"[0-9A-Z]{5,12}")
_ROME = re.compile(r"[A-Z]\d{4}")
_POSTCODE = re.compile(r"\d{5}")
_LABEL = re.compile(r"(2[AB]|\d{2,3})\s*-\s*(.+)")
_ARRONDISSEMENT = re.compile(
    r"\s+\d{1,2}\s*(?:er|e|eme|ème)?(?:\s+arrondissement)?$", re.IGNORECASE
)
_MONTHS = re.compile(r"(\d+)\s*Mois", re.IGNORECASE)
_PARTNER_NUMBER = re.compile(r"(?<!\d)\d{5,}(?!\d)")

_LEVELS = (
    (re.compile(r"\bCAP\b|\bBEP\b"), 3),
    (re.compile(r"\bBac\+2\b"), 5),
    (re.compile(r"\bBac\+3\b|\bBac\+4\b"), 6),
    (re.compile(r"\bBac\+5\b"), 7),
    (re.compile(r"\bBac\b"), 4),
)
"""« Bac+3, Bac+4 ou équivalents » -> 6; « 3ème achevée ou Brevet » is no diploma one prepares."""


def is_number(id: str) -> bool:
    """Whether something can be the number of an offer: « 207QYWM », « 7347290 » (a partner's)."""
    return _NUMBER.fullmatch(id) is not None


def read_offer(offre: object, locate: Locate) -> Offer:
    """One element of ``resultats``, or the answer of the detail, as an :class:`Offer`.

    It has no start date and no end date; the level is that of its ``formations`` when they agree.
    Raises :class:`BadOffer` when it is not an apprenticeship, or lacks what an offer cannot do
    without: number, title, trade code, commune.
    """
    if not isinstance(offre, Mapping):
        raise BadOffer("l’offre n’est pas un objet JSON")
    _only_apprenticeships(offre)
    number = _number(offre)
    company = text_of(part_of(offre, "entreprise").get("nom"))
    level, diploma = _diploma(offre.get("formations"))
    return Offer(
        id=f"{SOURCE}:{number}",
        source=SOURCE,
        title=_title(offre),
        company=company,
        rome_codes=_rome_codes(offre),
        url=f"{PUBLIC_PAGE}{number}",
        published=moment_of(offre.get("dateCreation"), "date de publication"),
        updated=moment_of(offre.get("dateActualisation"), "date de mise à jour"),
        phone=text_of(part_of(offre, "contact").get("telephone")),
        diploma_level=level,
        diploma=diploma,
        description=plain(string_of(offre.get("description"))),
        duration_months=_months(offre.get("typeContratLibelle")),
        school=is_school(company, _activity(offre)),
        also=(reference(SOURCE, number), *_partners(part_of(offre, "origineOffre"))),
        **_where(part_of(offre, "lieuTravail"), locate),
    )


def _only_apprenticeships(offre: Mapping[str, Any]) -> None:
    nature = offre.get("natureContrat")
    if nature != APPRENTICESHIP and not (nature is None and offre.get("alternance") is True):
        raise OtherContract("ce n’est pas un contrat d’apprentissage")


def _number(offre: Mapping[str, Any]) -> str:
    number = string_of(offre.get("id")).strip()
    if not is_number(number):
        raise BadOffer("numéro d’offre absent ou illisible")
    return number


def _title(offre: Mapping[str, Any]) -> str:
    title = line(string_of(offre.get("intitule")))
    if len(title) < 3:
        raise BadOffer("titre absent")
    return title


def _rome_codes(offre: Mapping[str, Any]) -> tuple[str, ...]:
    code = string_of(offre.get("romeCode"))
    if not _ROME.fullmatch(code):
        raise BadOffer("aucun code ROME")
    return (code,)


def _months(label: object) -> int | None:
    """« CDD - 24 Mois » -> 24; « CDI » and what is longer than any contract say nothing."""
    found = _MONTHS.search(string_of(label))
    months = int(found[1]) if found and len(found[1]) < 4 else 0
    return months if 0 < months <= 120 else None


def _activity(offre: Mapping[str, Any]) -> str:
    return string_of(offre.get("codeNAF")) or string_of(offre.get("secteurActivite"))


def _diploma(formations: object) -> tuple[int | None, str | None]:
    """The level and the words of the diploma; no level where several are possible."""
    labels = [
        label
        for formation in (formations if isinstance(formations, list) else ())
        if isinstance(formation, Mapping) and (label := text_of(formation.get("niveauLibelle")))
    ]
    levels = {level for label in labels if (level := _level(label)) is not None}
    named = [label for label in dict.fromkeys(labels) if _level(label) is not None]
    return (levels.pop() if len(levels) == 1 else None), ", ".join(named) or None


def _level(label: str) -> int | None:
    return next((level for pattern, level in _LEVELS if pattern.search(label)), None)


def _partners(origin: Mapping[str, Any]) -> Iterator[str]:
    """The offer's number at the partners it comes from, read in the address of their page."""
    partners = origin.get("partenaires")
    for partner in partners if isinstance(partners, list) else ():
        if isinstance(partner, Mapping) and (name := text_of(partner.get("nom"))):
            path = string_of(partner.get("url")).partition("?")[0]
            if numbers := _PARTNER_NUMBER.findall(path):
                yield reference(name, numbers[-1])


def _where(place: Mapping[str, Any], locate: Locate) -> dict[str, Any]:
    """City, postcode, INSEE code and position; the commune's centre where no position is given.

    An ad that names no more than its département (« 59 - Nord ») lies nowhere: no distance could
    be told.
    """
    label = line(string_of(place.get("libelle")))
    postcode = string_of(place.get("codePostal")).strip()
    postcode = postcode if _POSTCODE.fullmatch(postcode) else ""
    position = position_of((_degrees(place, "longitude"), _degrees(place, "latitude")))
    commune = _commune(label, postcode, string_of(place.get("commune")), position, locate)
    if commune is None:
        raise BadOffer(
            f"commune introuvable\u00a0: «\u202f{label[:80]}\u202f»" if label else "lieu absent"
        )
    lat, lon = position or (commune.lat, commune.lon)
    return {
        "city": commune.name,
        "postcode": postcode,
        "insee": commune.insee,
        "lat": lat,
        "lon": lon,
    }


def _degrees(place: Mapping[str, Any], key: str) -> float | None:
    """A coordinate, which some answers write as text."""
    value = place.get(key)
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    return number_of(value)


def _commune(
    label: str,
    postcode: str,
    insee: str,
    position: tuple[float, float] | None,
    locate: Locate,
) -> Commune | None:
    """The postcode and the name decide, then the name in its département, then the point, then
    the code of the commune where it lies in that département."""
    found = _LABEL.fullmatch(label)
    departement, name = (found[1], found[2]) if found else ("", label)
    name = _ARRONDISSEMENT.sub("", name)
    if postcode:
        return locate(f"{postcode} {name}", *(position or (None, None)))
    named = locate(name, None, None) if name and not _POSTCODE.search(name) else None
    if named and (named.insee == insee or (departement and named.insee.startswith(departement))):
        return named  # « 23 - Creuse » is a département: the village of that name is elsewhere
    if position:
        return locate("", *position)
    coded = locate("", None, None, insee) if insee.startswith(departement) else None
    town = _ARRONDISSEMENT.sub("", coded.name) if coded else ""
    return locate(town, None, None) if coded and town != coded.name else coded

"""An offer or a company as API apprentissage writes it, read with all that it may lack."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from math import isfinite
from typing import Any, Literal, Protocol
from zoneinfo import ZoneInfo

from matching.html import line, plain
from matching.model import Offer, reference
from matching.schools import is_school

PARIS = ZoneInfo("Europe/Paris")

_ROME = re.compile(r"[A-Z]\d{4}")
_POSTCODE = re.compile(r"(?<!\d)(\d{5})(?!\d)")
_LEVELS = frozenset("34567")

_TERRITORIES = (
    (41.2, 51.2, -5.3, 9.7),  # mainland and Corsica
    (15.8, 18.2, -63.2, -60.9),  # Guadeloupe, Saint-Martin, Saint-Barthélemy
    (14.3, 15.0, -61.3, -60.7),  # Martinique
    (2.0, 6.0, -54.7, -51.5),  # Guyane
    (-21.5, -20.8, 55.1, 55.9),  # La Réunion
    (-13.1, -12.5, 44.9, 45.4),  # Mayotte
    (46.7, 47.2, -56.5, -56.0),  # Saint-Pierre-et-Miquelon
    (-23.0, -19.0, 158.0, 169.0),  # Nouvelle-Calédonie
    (-28.0, -7.0, -155.0, -134.0),  # Polynésie française
    (-14.5, -13.0, -178.5, -175.9),  # Wallis-et-Futuna
)
"""South, north, west, east of where an offer can be: tells coordinates written the wrong way
round, and those of nowhere (0, 0), from those that can be believed."""


class BadOffer(Exception):
    """A line that cannot become an offer; the message says why, in French."""


class Commune(Protocol):
    """What we need of the place an offer lies in: INSEE code, name, centre in degrees."""

    @property
    def insee(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def lat(self) -> float: ...
    @property
    def lon(self) -> float: ...


class Locate(Protocol):
    """Finds the commune that an address, a position or an INSEE code points to, in this order; any
    may be missing."""

    def __call__(
        self, address: str, lat: float | None, lon: float | None, insee: str = ""
    ) -> Commune | None: ...


@dataclass(frozen=True, slots=True)
class Company:
    """A company that may take an apprentice though it posted no offer: one writes to it unasked.

    ``id`` is unique like an offer's. Position in degrees, ``insee`` the commune. ``apply_to`` is
    what an application through API apprentissage is addressed to; ``size`` a range (« 6-9 »),
    ``activity`` the label of its NAF code. It has no date: it is never new.
    """

    id: str
    name: str
    city: str
    postcode: str
    insee: str
    lat: float
    lon: float
    url: str
    phone: str | None = None
    apply_to: str | None = None
    size: str | None = None
    activity: str | None = None
    siret: str | None = None


COMPANIES = "recruteurs_lba"
"""The source of companies, in their ``id``."""


def parse_company(recruiter: object, locate: Locate) -> Company:
    """One ``JobRecruiter`` as a :class:`Company`. Raises :class:`BadOffer`."""
    if not isinstance(recruiter, Mapping):
        raise BadOffer("la ligne n’est pas un objet JSON")
    workplace, apply = part_of(recruiter, "workplace"), part_of(recruiter, "apply")
    number, name = text_of(part_of(recruiter, "identifier").get("id")), _company(workplace)
    if not number or not name:
        raise BadOffer("identifiant ou nom absent")
    naf = part_of(part_of(workplace, "domain"), "naf")
    return Company(
        id=f"{COMPANIES}:{number}",
        name=name,
        url=_url(apply),
        phone=text_of(apply.get("phone")),
        apply_to=text_of(apply.get("recipient_id")),
        size=text_of(workplace.get("size")),
        activity=text_of(naf.get("label")),
        siret=text_of(workplace.get("siret")),
        **_where(part_of(workplace, "location"), locate),
    )


def parse_job(job: object, locate: Locate) -> Offer:
    """One ``JobOfferRead`` as an :class:`Offer`.

    Whatever may be null in practice may be null here; what is there but makes no sense is refused.
    Raises :class:`BadOffer`.
    """
    if not isinstance(job, Mapping):
        raise BadOffer("la ligne n’est pas un objet JSON")
    offer, apply = part_of(job, "offer"), part_of(job, "apply")
    contract, publication = part_of(job, "contract"), part_of(offer, "publication")
    diploma = part_of(offer, "target_diploma")
    _only_apprenticeships(contract)
    source, identifier = _identity(job)
    return Offer(
        id=f"{source}:{identifier}",
        source=source,
        title=_title(offer),
        company=_company(part_of(job, "workplace")),
        rome_codes=_rome_codes(offer),
        url=_url(apply),
        published=moment_of(publication.get("creation"), "date de publication"),
        expires=moment_of(publication.get("expiration"), "date d’expiration"),
        start=_day(contract.get("start")),
        phone=text_of(apply.get("phone")),
        apply_to=text_of(apply.get("recipient_id")),
        diploma_level=_level(diploma),
        diploma=text_of(diploma.get("label")),
        description=plain(string_of(offer.get("description"))),
        duration_months=_months(contract.get("duration")),
        status=_status(offer.get("status")),
        school=_is_school(job),
        also=_also(source, part_of(job, "identifier")),
        **_where(part_of(part_of(job, "workplace"), "location"), locate),
    )


def part_of(job: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A nested object; an empty one where it is null or absent."""
    part = job.get(name)
    if part is None:
        return {}
    if not isinstance(part, Mapping):
        raise BadOffer(f"«\u202f{name}\u202f» n’est pas un objet")
    return part


def string_of(value: object) -> str:
    """Texts and numbers as text, everything else as nothing."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value)


def text_of(value: object) -> str | None:
    return line(string_of(value)) or None


def _only_apprenticeships(contract: Mapping[str, Any]) -> None:
    types = contract.get("type")
    if "Apprentissage" not in (types if isinstance(types, list) else [types]):
        raise BadOffer("ce n’est pas un contrat d’apprentissage")


def _identity(job: Mapping[str, Any]) -> tuple[str, str]:
    """The partner's label, and the offer's number: ours of API apprentissage, or the partner's."""
    identifier = part_of(job, "identifier")
    source = text_of(identifier.get("partner_label"))
    number = text_of(identifier.get("id")) or text_of(identifier.get("partner_job_id"))
    if not source or not number:
        raise BadOffer("identifiant ou partenaire absent")
    return source, number


def _also(source: str, identifier: Mapping[str, Any]) -> tuple[str, ...]:
    """The partner's own number, by which its offer is known when another source brings it too."""
    number = text_of(identifier.get("partner_job_id"))
    return (reference(source, number),) if number else ()


def _title(offer: Mapping[str, Any]) -> str:
    title = line(string_of(offer.get("title")))
    if len(title) < 3:
        raise BadOffer("titre absent")
    return title


def _company(workplace: Mapping[str, Any]) -> str | None:
    names = (text_of(workplace.get(key)) for key in ("name", "brand", "legal_name"))
    return next(filter(None, names), None)


def _rome_codes(offer: Mapping[str, Any]) -> tuple[str, ...]:
    codes = offer.get("rome_codes")
    known = [
        c
        for c in (codes if isinstance(codes, list) else ())
        if isinstance(c, str) and _ROME.fullmatch(c)
    ]
    if not known:
        raise BadOffer("aucun code ROME")
    return tuple(dict.fromkeys(known))


def _url(apply: Mapping[str, Any]) -> str:
    """The page of the offer; nothing but http(s), since it becomes a link in front of people."""
    url = string_of(apply.get("url")).strip()
    if re.fullmatch(r"https?://[^\s\"'<>]+", url, re.IGNORECASE):
        return url
    if url:
        raise BadOffer("adresse de l’offre illisible")
    if not (text_of(apply.get("phone")) or text_of(apply.get("recipient_id"))):
        raise BadOffer("aucun moyen de postuler")
    return ""


def moment_of(value: object, what: str) -> datetime | None:
    """An aware datetime in UTC; without an offset it is taken to be UTC."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise BadOffer(f"{what} illisible")
    try:
        moment = datetime.fromisoformat(value)
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise BadOffer(f"{what} illisible") from error


def _day(value: object) -> date | None:
    """The day in France: « 2027-08-31T22:00:00Z » is 1 September there."""
    moment = moment_of(value, "date de début")
    if moment is None:
        return None
    if len(string_of(value)) == len("2027-09-01"):
        return moment.date()
    return moment.astimezone(PARIS).date()


def _level(diploma: Mapping[str, Any]) -> int | None:
    level = string_of(diploma.get("european"))
    return int(level) if level in _LEVELS else None


def _months(value: object) -> int | None:
    number = number_of(value)
    return int(number) if number and 0 < number <= 120 else None


def number_of(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < 1e9 and isfinite(value) else None


def _status(value: object) -> Literal["open", "closed"]:
    """« Active » is open; a state we were not told of is not held against the offer."""
    return "open" if value in (None, "Active") else "closed"


def _is_school(job: Mapping[str, Any]) -> bool:
    """Posted by a training centre, or from a workplace that is one by its activity or name."""
    workplace = part_of(job, "workplace")
    naf = part_of(part_of(workplace, "domain"), "naf")
    school = is_school(_company(workplace), string_of(naf.get("code")))
    return school or job.get("is_delegated") is True


def _where(location: Mapping[str, Any], locate: Locate) -> dict[str, Any]:
    """City, postcode, INSEE code and position; the commune's centre where no position is given."""
    address = line(string_of(location.get("address")))
    position = position_of(part_of(location, "geopoint").get("coordinates"))
    commune = locate(address, *(position or (None, None)))
    if commune is None:
        raise BadOffer(
            f"commune introuvable\u00a0: «\u202f{address[:80]}\u202f»" if address else "lieu absent"
        )
    lat, lon = position or (commune.lat, commune.lon)
    postcodes = _POSTCODE.findall(address)
    return {
        "city": commune.name,
        "postcode": postcodes[-1] if postcodes else "",
        "insee": commune.insee,
        "lat": lat,
        "lon": lon,
    }


def position_of(coordinates: object) -> tuple[float, float] | None:
    """(latitude, longitude) of GeoJSON's [longitude, latitude], even when written in our order."""
    if not isinstance(coordinates, list | tuple) or len(coordinates) < 2:
        return None
    lon, lat = number_of(coordinates[0]), number_of(coordinates[1])
    if lat is None or lon is None:
        return None
    if _in_france(lat, lon):
        return lat, lon
    return (lon, lat) if _in_france(lon, lat) else None


def _in_france(lat: float, lon: float) -> bool:
    return any(s <= lat <= n and w <= lon <= e for s, n, w, e in _TERRITORIES)

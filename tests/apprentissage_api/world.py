"""What the fake service knows, how it searches, and what it does to its clients."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from math import asin, cos, radians, sin, sqrt
from typing import Any

from tests.apprentissage_api.facts import (
    CAP,
    PARAMETERS,
    REPEATED,
    ROME,
    UNABLE,
    Json,
    gateway,
    invalid,
)

_THEIR_EARTH_KM = 6378.1
_CORSICA = {"2A": ("200", "201"), "2B": ("202", "206")}


@dataclass(slots=True)
class Call:
    """One call as it came: raw query, headers in lower case, and the status it got (0: none)."""

    time: float
    method: str
    route: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    size: int = 0
    status: int = 0

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.query if key == name]


@dataclass(slots=True)
class Traps:
    """What answers hold that the description does not say; the defaults are as in production."""

    ft_duplicates: bool = True  # France Travail's offers once more among the partners'
    warnings: Any = field(default_factory=list)  # a list of {code, message}, or null
    null_ids: bool = False  # identifier.id of France Travail
    html: bool = False  # tags and entities in titles and descriptions
    unknown_enums: bool = False  # contract.remote, diploma, types, partner labels
    coordinates: Any = None  # « [] », « [0, 0] », « null » or « swapped » in place of the position
    closed: bool = False  # offers that are filled or expired are among the answers
    extra_keys: bool = False  # fields that came later
    missing_keys: bool = False  # required ones that are not there
    odd_jobs: tuple[Any, ...] = ()  # put before the others as they are


@dataclass(slots=True)
class World:
    """Offers, recruiters (with the codes they are found by), courses, and what was sent."""

    jobs: list[Json] = field(default_factory=list)
    recruiters: list[tuple[Json, frozenset[str]]] = field(default_factory=list)
    courses: list[Json] = field(default_factory=list)
    odd_courses: list[Any] = field(default_factory=list)  # put after the others as they are
    applications: list[Json] = field(default_factory=list)
    no_contact: set[str] = field(default_factory=set)
    no_appointment: set[str] = field(default_factory=set)
    traps: Traps = field(default_factory=Traps)
    violations: list[str] = field(default_factory=list)

    def checked(self, route: str, query: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
        """The parameters by name; what the description does not allow is written down."""
        given: dict[str, list[str]] = {}
        for name, value in query:
            given.setdefault(name, []).append(value)
        for name, values in given.items():
            rule = PARAMETERS[route].get(name)
            if rule is None:
                self.violations.append(f"{route}: unknown parameter {name}")
            elif not all(rule(value) for value in values):
                self.violations.append(f"{route}: {name}={values}")
            if len(values) > 1 and name not in REPEATED:
                self.violations.append(f"{route}: {name} twice")
        return given

    def search(self, given: dict[str, list[str]]) -> Json:
        """`/v3/jobs/search`."""
        codes = _codes(given)
        place = _place(given)
        if "departements" in given and not codes:
            raise gateway(504, UNABLE)  # it takes longer than the gateway waits
        kept = [j for j in self.jobs if self._fits(j, given, codes) and _near(j, place)]
        if codes:
            excluded = given.get("partners_to_exclude", [])
            kept = [j for j in kept if j["identifier"]["partner_label"] not in excluded]
        kept.sort(key=_creation, reverse=True)
        if place:
            kept.sort(key=lambda j: _km(j, place))
        jobs = [j for part in self._parts(kept) for j in part[:CAP]]
        found = [
            r for r, romes in self.recruiters if (not codes or codes & romes) and _near(r, place)
        ]
        return {
            "jobs": [*self.traps.odd_jobs, *(self._trapped(j) for j in jobs)],
            "recruiters": [self._moved(copy.deepcopy(r)) for r in found[:CAP]],
            "warnings": self.traps.warnings,
        }

    def _parts(self, kept: list[Json]) -> Iterable[list[Json]]:
        def labelled(test: Callable[[str], bool]) -> list[Json]:
            return [j for j in kept if test(j["identifier"]["partner_label"])]

        duplicated = self.traps.ft_duplicates
        yield labelled(lambda label: label == "offres_emploi_lba")
        yield labelled(lambda label: label == "France Travail")
        yield labelled(
            lambda label: label != "offres_emploi_lba" and (duplicated or label != "France Travail")
        )

    def _fits(self, job: Json, given: dict[str, list[str]], codes: set[str]) -> bool:
        offer, level = job["offer"], given.get("target_diploma_level", [None])[0]
        diploma = offer["target_diploma"]
        return (
            (not codes or bool(codes & set(offer["rome_codes"])))
            and (level is None or diploma is None or diploma["european"] == level)
            and (self.traps.closed or offer["status"] == "Active")
            and (
                "departements" not in given
                or any(_zip(job).startswith(p) for d in given["departements"] for p in _prefixes(d))
            )
        )

    def _trapped(self, job: Json) -> Json:
        """The offer as it is answered."""
        traps, job = self.traps, self._moved(copy.deepcopy(job))
        if traps.null_ids and job["identifier"]["partner_label"] == "France Travail":
            job["identifier"]["id"] = None
        if traps.html:
            job["offer"]["title"] = job["offer"]["title"].replace("&", "&amp;") + " &lt;b&gt;!"
            job["offer"]["description"] = f"<p>{job['offer']['description']}<br>A &eacute;crire</p>"
        if traps.unknown_enums:
            job["contract"] |= {"remote": "lunar", "type": ["Apprentissage", "Stage"]}
            job["offer"]["target_diploma"] = {"european": "9", "label": "Diplôme inconnu"}
        if traps.extra_keys:
            job |= {"new": {"deep": [1]}}
        if traps.missing_keys:
            del job["contract"]["remote"], job["offer"]["access_conditions"], job["is_delegated"]
            del job["apply"]["recipient_id"], job["workplace"]["domain"]
        return job

    def _moved(self, entry: Json) -> Json:
        trap, point = self.traps.coordinates, entry["workplace"]["location"]["geopoint"]
        if trap == "swapped":
            point["coordinates"].reverse()
        elif trap == "null":
            entry["workplace"]["location"]["geopoint"] = None
        elif trap is not None:
            point["coordinates"] = list(trap)
        return entry

    def offer(self, id: str) -> Json | None:
        return next((self._trapped(j) for j in self.jobs if j["identifier"]["id"] == id), None)

    def training(self, given: dict[str, list[str]]) -> Json:
        """`/formation/v1/search`."""
        codes, place = _codes(given), _place(given)
        level = given.get("target_diploma_level", [None])[0]
        found = []
        for entry in self.courses:
            value = entry["certification"]["valeur"]
            romes = {r["code"] for r in value["domaines"]["rome"]["rncp"]}
            european = value["intitule"]["niveau"]["rncp"]["europeen"]
            lon, lat = entry["lieu"]["geolocalisation"]["coordinates"] or (0, 0)
            if (
                (not codes or codes & romes)
                and (level is None or european in {None, level})
                and (not place or haversine(place[0], place[1], lat, lon) <= place[2])
            ):
                found.append(entry)
        size = int(given.get("page_size", ["100"])[0])
        page = int(given.get("page_index", ["0"])[0])
        pages = -(-len(found) // size)
        return {
            "data": [*found[page * size : (page + 1) * size], *self.odd_courses],
            "pagination": {"page_count": pages, "page_size": size, "page_index": page},
        }


def _codes(given: dict[str, list[str]]) -> set[str]:
    codes = given["romes"][0].split(",") if "romes" in given else []
    if not all(ROME.fullmatch(code) for code in codes):
        message = "One or more ROME codes are invalid. Expected format is 'D1234'."
        raise invalid("querystring", "romes", message)
    return set(codes)


def _place(given: dict[str, list[str]]) -> tuple[float, float, float] | None:
    for name, other in (("longitude", "latitude"), ("latitude", "longitude")):
        if other in given and name not in given:
            message = f"{name} is required when {other} is provided"
            raise invalid("querystring", name, message)
    if "latitude" not in given:
        return None
    radius = float(given.get("radius", ["30"])[0])
    if not 0 <= radius <= 200:
        raise invalid("querystring", "radius", "Number must be less than or equal to 200")
    return float(given["latitude"][0]), float(given["longitude"][0]), radius


def _near(entry: Json, place: tuple[float, float, float] | None) -> bool:
    return place is None or _km(entry, place) <= place[2]


def _km(entry: Json, place: tuple[float, float, float]) -> float:
    lon, lat = entry["workplace"]["location"]["geopoint"]["coordinates"]
    return haversine(place[0], place[1], lat, lon)


def haversine(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """In km, on their sphere."""
    dlat, dlon = radians(lat2 - lat1), radians(lon2 - lon1)
    h = sin(dlat / 2) ** 2 + cos(radians(lat1)) * cos(radians(lat2)) * sin(dlon / 2) ** 2
    return 2 * _THEIR_EARTH_KM * asin(min(1.0, sqrt(h)))


def _creation(job: Json) -> str:
    return str(job["offer"]["publication"]["creation"])


def _zip(job: Json) -> str:
    found = re.findall(r"\b\d{5}\b", job["workplace"]["location"]["address"])
    return found[-1] if found else ""


def _prefixes(departement: str) -> tuple[str, ...]:
    """Also « 59,62 », which begins no postcode."""
    return _CORSICA.get(departement, (departement,))

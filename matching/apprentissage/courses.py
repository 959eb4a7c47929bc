"""Training centres: which courses are taught near somebody, and the link to make an appointment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from matching.apprentissage.questions import Question
from matching.calling import Answer, Misread
from matching.html import line
from matching.model import Circle, distance_km

PAGE_SIZE = 1000
MOST_PAGES = 3


@dataclass(frozen=True, slots=True)
class Course:
    """A course that leads to a diploma by apprenticeship.

    ``id`` is its « clé ministère éducatif ». Position in degrees. ``starts`` are the first days of
    its sessions, earliest first. ``distance_km`` is from the centre that was asked for.
    """

    id: str
    title: str
    school: str | None
    city: str
    insee: str
    postcode: str
    address: str
    lat: float
    lon: float
    diploma_level: int | None = None
    phone: str | None = None
    email: str | None = None
    url: str | None = None
    remote: bool = False
    starts: tuple[date, ...] = ()
    distance_km: float | None = None


@dataclass(frozen=True, slots=True)
class CoursePage:
    courses: tuple[Course, ...]
    pages: int


def course_params(question: Question, page: int) -> list[tuple[str, str]]:
    """The query of one page, from 0; the same names as the search of offers."""
    return [*question.params(), ("page_size", str(PAGE_SIZE)), ("page_index", str(page))]


def read_courses(answer: Answer) -> CoursePage:
    """Those taught now; what is archived or has no place is left out. Raises :class:`Misread`."""
    found = answer.json()
    if not isinstance(found, Mapping) or not isinstance(data := found.get("data"), list):
        raise Misread
    if data and not any(isinstance(entry, Mapping) for entry in data):
        raise Misread
    courses = (_course(entry) for entry in data if isinstance(entry, Mapping))
    pages = _at(found, "pagination", "page_count")
    return CoursePage(
        tuple(c for c in courses if c is not None), pages if isinstance(pages, int) else 1
    )


def inside(courses: list[Course], circle: Circle) -> list[Course]:
    """Those inside, with their distance, nearest first; once per title, school and town."""
    near = (replace(c, distance_km=distance_km(circle.lat, circle.lon, c.lat, c.lon))
            for c in courses)  # fmt: skip
    found = sorted(
        (c for c in near if (c.distance_km or 0.0) <= circle.radius_km),
        key=lambda c: (c.distance_km or 0.0, c.title, c.id),
    )
    return list({(c.title, c.school, c.insee): c for c in reversed(found)}.values())[::-1]


def _course(entry: Mapping[str, Any]) -> Course | None:
    id, title = _text(entry, "identifiant", "cle_ministere_educatif"), _title(entry)
    position = _position(_at(entry, "lieu", "geolocalisation", "coordinates"))
    published = _at(entry, "statut", "catalogue") in ("publié", None)
    city = _text(entry, "lieu", "adresse", "commune", "nom")
    if not (id and title and position and city and published):
        return None
    return Course(
        id=id,
        title=title,
        school=_school(entry),
        city=city,
        insee=_text(entry, "lieu", "adresse", "commune", "code_insee") or "",
        postcode=_text(entry, "lieu", "adresse", "code_postal") or "",
        address=_text(entry, "lieu", "adresse", "label") or "",
        lat=position[0],
        lon=position[1],
        diploma_level=_level(entry),
        phone=_text(entry, "contact", "telephone"),
        email=_text(entry, "contact", "email"),
        url=_web(_text(entry, "onisep", "url") or _text(entry, "onisep", "lien_site_onisepfr")),
        remote=_at(entry, "modalite", "entierement_a_distance") is True,
        starts=_starts(_at(entry, "sessions")),
    )


def _title(entry: Mapping[str, Any]) -> str | None:
    names = ("certification", "valeur", "intitule")
    return (
        _text(entry, "onisep", "intitule")
        or _text(entry, *names, "cfd", "long")
        or _text(entry, *names, "rncp")
    )


def _school(entry: Mapping[str, Any]) -> str | None:
    """Who teaches, else who is responsible: either may be unknown."""
    for who in ("formateur", "responsable"):
        name = _text(entry, who, "organisme", "etablissement", "enseigne") or _text(
            entry, who, "organisme", "unite_legale", "raison_sociale"
        )
        if name:
            return name
    return None


def _level(entry: Mapping[str, Any]) -> int | None:
    """France Compétences first, as the description asks."""
    for base in ("rncp", "cfd"):
        level = _at(entry, "certification", "valeur", "intitule", "niveau", base, "europeen")
        if isinstance(level, str) and re.fullmatch("[3-7]", level):
            return int(level)
    return None


def _starts(sessions: object) -> tuple[date, ...]:
    days = set()
    for session in sessions if isinstance(sessions, list) else []:
        begin = session.get("debut") if isinstance(session, Mapping) else None
        try:
            days.add(datetime.fromisoformat(begin).date() if isinstance(begin, str) else None)
        except ValueError:
            continue
    return tuple(sorted(day for day in days if day))


def _position(coordinates: object) -> tuple[float, float] | None:
    """(latitude, longitude); [0, 0] and [] are nowhere."""
    if not isinstance(coordinates, list) or len(coordinates) < 2 or not any(coordinates[:2]):
        return None
    lon, lat = coordinates[:2]
    if any(isinstance(x, bool) or not isinstance(x, int | float) for x in (lon, lat)):
        return None
    return (lat, lon) if abs(lat) <= 90 and abs(lon) <= 180 else None


def read_appointment(answer: Answer) -> str | None:
    """The link, ``None`` when that centre takes no appointments this way."""
    said = answer.json()
    if not isinstance(said, Mapping):
        raise Misread
    if said.get("error") is not None or answer.status == 404:
        return None
    url = _web(_text(said, "form_url"))
    if url is None:
        raise Misread
    return url


def _web(url: str | None) -> str | None:
    return url if url and re.fullmatch(r"https?://[^\s\"'<>]+", url, re.IGNORECASE) else None


def _at(value: object, *path: str) -> Any:
    """What lies at a path of keys, ``None`` where it breaks off."""
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _text(value: object, *path: str) -> str | None:
    found = _at(value, *path)
    return (line(found) or None) if isinstance(found, str) else None

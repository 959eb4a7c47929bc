"""The documented parameters of a search, and which ads answer them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from matching.model import distance_km
from nlu.gazetteer import Gazetteer
from nlu.meaning import Place
from tests.france_travail_api.ads import Ad

WIDE = 150
DOCUMENTED = frozenset(
    """range sort domaine codeROME theme appellation secteurActivite experience typeContrat
    natureContrat origineOffre qualification tempsPlein commune distance departement
    inclureLimitrophes region paysContinent niveauFormation permis motsCles salaireMin
    periodeSalaire accesTravailleurHandicape offresMRS grandDomaine experienceExigence
    publieeDepuis minCreationDate maxCreationDate partenaires modeSelectionPartenaires dureeHebdo
    dureeHebdoMin dureeHebdoMax dureeContratMin dureeContratMax offresManqueCandidats
    entreprisesAdaptees codeNAF""".split()
)
_NATURES = {
    "E1": "Contrat travail", "E2": "Contrat apprentissage", "FS": "Cont. professionnalisation",
}  # fmt: skip
_TYPES = frozenset("CDI CDD MIS SAI CCE FRA LIB REP TTI DDI DIN".split())
_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_DEPARTEMENT = re.compile(r"0[1-9]|[1-8]\d|9[0-5]|2[AB]|97[1-46]")
_WITHOUT_OWN_CODE = frozenset({"69123", "13055"})


class Incorrect(Exception):
    """400; the message is what France Travail says."""


class Slice(NamedTuple):
    """Positions of the first and the last ad wanted."""

    first: int
    last: int


def _value(name: str) -> Incorrect:
    return Incorrect(f"Valeur du paramètre « {name} » incorrecte.")


def slice_of(params: dict[str, str]) -> Slice:
    asked = re.fullmatch(r"(\d+)-(\d+)", params.get("range", f"0-{WIDE - 1}"))
    if asked is None:
        raise Incorrect("Format du paramètre « range » incorrect. <entier>-<entier> attendu.")
    first, last = int(asked[1]), int(asked[2])
    if first > 3_000:
        raise Incorrect("La position de début doit être inférieure ou égale à 3000.")
    if last < first or last - first + 1 > WIDE or last > 3_149:
        raise Incorrect("La plage de résultats demandée est trop importante.")
    return Slice(first, last)


class Rules:
    """What a search with these parameters answers; built for each, raises :class:`Incorrect`."""

    def __init__(self, params: dict[str, str], gazetteer: Gazetteer, tolerance: float) -> None:
        self._params = params
        self._gazetteer = gazetteer
        self._tolerance = tolerance
        self._tests: list[Callable[[Ad], bool]] = []
        for read in (
            self._contracts, self._codes, self._place, self._origin, self._dates, self._others,
        ):  # fmt: skip
            read()

    def of(self, ads: Iterable[Ad]) -> list[Ad]:
        found = [ad for ad in ads if all(test(ad) for test in self._tests)]
        if self._params.get("sort") == "1":
            found.sort(key=lambda ad: (ad["dateCreation"], ad["id"]), reverse=True)
        return found

    def _list(self, name: str, most: int) -> list[str]:
        values = self._params[name].split(",") if name in self._params else []
        if len(values) > most or "" in values:
            raise _value(name)
        return values

    def _contracts(self) -> None:
        natures, types = self._list("natureContrat", 20), self._list("typeContrat", 20)
        if not set(natures) <= _NATURES.keys():
            raise _value("natureContrat")
        if not set(types) <= _TYPES:
            raise _value("typeContrat")
        labels = {_NATURES[code] for code in natures}
        if natures or types:  # either of them, when both are given
            self._tests.append(
                lambda ad: ad.get("natureContrat") in labels or ad.get("typeContrat") in types
            )

    def _codes(self) -> None:
        codes = frozenset(self._list("codeROME", 200))
        if not all(re.fullmatch(r"[A-Z]\d{4}", code) for code in codes):
            raise _value("codeROME")
        if codes:
            self._tests.append(lambda ad: ad.get("romeCode") in codes)

    def _place(self) -> None:
        communes, departements = self._list("commune", 5), self._list("departement", 5)
        if not all(_DEPARTEMENT.fullmatch(code) for code in departements):
            raise _value("departement")
        distance = self._params.get("distance", "10")
        if not distance.isdecimal():
            raise Incorrect("Format du paramètre « distance » incorrect. Entier attendu.")
        centres = [self._commune(code) for code in communes]
        if centres:
            self._tests.append(lambda ad: self._near(ad, centres, int(distance)))
        near = self._params.get("inclureLimitrophes") == "true"
        if departements and not near:  # else anywhere: which ones touch is not known here
            self._tests.append(lambda ad: _departement(ad) in departements)

    def _commune(self, code: str) -> Place:
        place = None if code in _WITHOUT_OWN_CODE else self._gazetteer.by_insee(code)
        if place is None:
            raise _value("commune")
        return place

    def _near(self, ad: Ad, centres: list[Place], distance: int) -> bool:
        place = ad["lieuTravail"]
        town = self._gazetteer.by_insee(place.get("commune", ""))
        if town is None:
            return False
        if distance == 0:
            return town.insee in {centre.insee for centre in centres}
        lat, lon = float(place.get("latitude", town.lat)), float(place.get("longitude", town.lon))
        reach = distance * (1 + self._tolerance)
        return any(distance_km(c.lat, c.lon, lat, lon) <= reach for c in centres)

    def _origin(self) -> None:
        origin = self._params.get("origineOffre")
        if origin not in {None, "1", "2"}:
            raise _value("origineOffre")
        mode = self._params.get("modeSelectionPartenaires")
        if mode not in {None, "INCLUS", "EXCLU"}:
            raise _value("modeSelectionPartenaires")
        names = self._list("partenaires", 20)
        served = origin or "1"  # said nothing: only its own, some days
        self._tests.append(lambda ad: ad["origineOffre"]["origine"] == served)
        if names and served == "2":
            self._tests.append(lambda ad: _named(ad, names) == (mode == "INCLUS"))

    def _dates(self) -> None:
        given = [self._params.get(name) for name in ("minCreationDate", "maxCreationDate")]
        if given == [None, None]:
            return
        if not all(date and _DATE.fullmatch(date) for date in given):
            raise Incorrect("Les paramètres « minCreationDate » et « maxCreationDate » vont par 2.")
        first, last = (datetime.fromisoformat(str(date)) for date in given)
        if first > last:
            raise _value("minCreationDate")
        end = last + timedelta(seconds=1)
        self._tests.append(lambda ad: first <= datetime.fromisoformat(ad["dateCreation"]) < end)

    def _others(self) -> None:
        if self._params.get("publieeDepuis", "1") not in {"1", "3", "7", "14", "31"}:
            raise _value("publieeDepuis")
        if self._params.get("sort", "0") not in {"0", "1", "2"}:
            raise _value("sort")


def _departement(ad: Ad) -> str:
    return str(ad["lieuTravail"].get("libelle", "")).partition(" - ")[0]


def _named(ad: Ad, names: list[str]) -> bool:
    partners: list[dict[str, Any]] = ad["origineOffre"].get("partenaires", [])
    return any(partner["nom"] in names for partner in partners)

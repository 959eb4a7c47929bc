"""Invented ads in the shape France Travail sends, always the same for a seed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from nlu.gazetteer import Gazetteer
from nlu.meaning import Place

Ad = dict[str, Any]

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)

_PAGE = "https://candidat.francetravail.fr/offres/recherche/detail/"
_TRADES = (
    ("D1102", "Boulanger / Boulangère"), ("D1104", "Pâtissier / Pâtissière"),
    ("D1101", "Boucher / Bouchère"), ("D1103", "Charcutier / Charcutière"),
    ("D1202", "Coiffeur / Coiffeuse"), ("H2206", "Menuisier / Menuisière"),
    ("F1610", "Couvreur / Couvreuse"), ("F1703", "Maçon / Maçonne"),
    ("F1603", "Plombier / Plombière"), ("F1602", "Électricien / Électricienne"),
    ("I1604", "Mécanicien / Mécanicienne automobile"), ("G1602", "Cuisinier / Cuisinière"),
)  # fmt: skip
_TOWNS = (
    "Lille", "Roubaix", "Lens", "Arras", "Amiens", "Beauvais", "Calais", "Dunkerque", "Laon",
    "Saint-Quentin", "Paris", "Lyon", "Marseille", "Aix-en-Provence", "Nantes", "Rennes", "Ajaccio",
    "Saint-Denis", "Douai", "Cambrai", "Béthune", "Compiègne",
)  # fmt: skip
_FIRST = "Atelier Maison Fournil Comptoir Établi Salon Garage Chantier".split()
_SECOND = "des Faux du Levain Perdu de la Cigogne des Trois Rois du Pont Gris du Nord Sud".split(
    " d"
)
_LEVELS = ("CAP, BEP et équivalents", "Bac ou équivalent", "Bac+2 ou équivalents")
_NATURES = ("Contrat apprentissage",) * 8 + ("Cont. professionnalisation", "Contrat travail")
_PARTNERS = (
    ("METEOJOB", "https://www.meteojob.com/jobs/{}?utm_source=pole-emploi"),
    ("HELLOWORK", "https://www.hellowork.com/fr-fr/emplois/{}.html"),
    ("LABONNEALTERNANCE", "https://labonnealternance.apprentissage.beta.gouv.fr/emploi/{}"),
)


def make_ads(gazetteer: Gazetteer, count: int, *, seed: int = 0, now: datetime = NOW) -> list[Ad]:
    """So many ads, created in the three months before ``now``."""
    random = Random(seed)
    towns = [gazetteer.lookup(name)[0] for name in _TOWNS]
    return list(_ads(random, towns, gazetteer, count, now))


def _ads(
    random: Random, towns: list[Place], gazetteer: Gazetteer, count: int, now: datetime
) -> Iterator[Ad]:
    for number in range(count):
        town = random.choice(towns)
        partner = random.random() < 0.4
        id = f"{7_000_000 + number}" if partner else f"2{number:05d}{random.choice('BCDFGHJK')}"
        ad = make_ad(id, town, gazetteer, trade=random.choice(_TRADES))
        ad["natureContrat"] = random.choice(_NATURES)
        created = now - timedelta(seconds=random.randrange(90 * 24 * 3600))
        ad["dateCreation"] = _moment(created)
        ad["dateActualisation"] = _moment(created + timedelta(seconds=random.randrange(3600)))
        ad["entreprise"] = {"nom": f"{random.choice(_FIRST)} d{random.choice(_SECOND)} {number}"}
        _vary(ad, random, town)
        if partner:
            _from_partner(ad, *random.choice(_PARTNERS), 40_000_000 + number)
        yield ad


def make_ad(
    id: str,
    town: Place,
    gazetteer: Gazetteer,
    *,
    trade: tuple[str, str] = _TRADES[0],
    **changes: Any,
) -> Ad:
    """One ad of France Travail's own; ``changes`` replace keys, ``None`` takes them away."""
    code, label = trade
    postcodes = gazetteer.postcodes(town.insee)
    ad: Ad = {
        "id": id,
        "intitule": f"Apprenti {label.split(' / ')[0].lower()} (H/F)",
        "description": "Vous apprendrez le métier avec nous.",
        "dateCreation": "2026-10-03T16:31:40.837Z",
        "dateActualisation": "2026-10-18T15:00:47.257Z",
        "lieuTravail": {
            "libelle": f"{town.departement} - {town.name}",
            "latitude": town.lat,
            "longitude": town.lon,
            "codePostal": postcodes[0],
            "commune": town.insee,
        },
        "romeCode": code,
        "romeLibelle": label,
        "appellationlibelle": label,
        "entreprise": {"nom": "Atelier des Faux", "entrepriseAdaptee": False},
        "typeContrat": "CDD",
        "typeContratLibelle": "CDD - 24 Mois",
        "natureContrat": "Contrat apprentissage",
        "experienceExige": "D",
        "experienceLibelle": "Débutant accepté",
        "salaire": {},
        "alternance": True,
        "contact": {},
        "agence": {},
        "nombrePostes": 1,
        "origineOffre": {"origine": "1", "urlOrigine": f"{_PAGE}{id}"},
        "contexteTravail": {},
        "entrepriseAdaptee": False,
        "employeurHandiEngage": False,
    }
    ad |= changes
    return {key: value for key, value in ad.items() if value is not None}


def _vary(ad: Ad, random: Random, town: Place) -> None:
    """What is there in some ads only."""
    place = ad["lieuTravail"]
    if random.random() < 0.07:
        del place["latitude"], place["longitude"]
        if random.random() < 0.5:
            del place["codePostal"]
        if random.random() < 0.3:
            ad["lieuTravail"] = {"libelle": f"{town.departement} - Ailleurs"}
    else:
        place["latitude"] = round(place["latitude"] + random.uniform(-0.03, 0.03), 6)
        place["longitude"] = round(place["longitude"] + random.uniform(-0.03, 0.03), 6)
    if random.random() < 0.3:
        ad["contact"] = {"telephone": "01 99 00 00 00"}
    if random.random() < 0.3:
        ad["codeNAF"] = random.choice(("10.71C", "96.02A", "85.59A"))
    if random.random() < 0.05:
        ad["entreprise"] = {"nom": "ISCOD"}
    if random.random() < 0.1:
        ad["entreprise"] = {}
    if random.random() < 0.4:
        level = random.choice(_LEVELS)
        ad["formations"] = [{"niveauLibelle": level, "exigence": "S"}]


def _from_partner(ad: Ad, name: str, url: str, number: int) -> None:
    ad["description"] = f"<p>Une place d'apprenti &amp; de l'avenir, n° {number}</p>"
    ad["origineOffre"] |= {
        "origine": "2",
        "partenaires": [{"nom": name, "url": url.format(number)}],
    }


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.123Z")

"""Offers, recruiters and courses as the service writes them: every key there, many null."""

from __future__ import annotations

import itertools
from typing import Any

from tests.apprentissage_api.facts import Json

_numbers = itertools.count(1)


def job(title: str = "Boulanger / Boulangère", **traits: Any) -> Json:
    """A ``JobOfferRead`` of Lens. ``traits``: id, label, partner_id, rome, at (latitude,
    longitude), address, company, types, level, published, expires, start, status, description,
    recipient, phone, delegated, remote."""
    number = f"{next(_numbers):024x}"
    id = traits.get("id", number)
    lat, lon = traits.get("at", (50.4280, 2.8319))
    label = traits.get("label", "offres_emploi_lba")
    level = traits.get("level", "3")
    return {
        "identifier": {
            "id": id,
            "partner_label": label,
            "partner_job_id": traits.get("partner_id", id or number),
        },
        "workplace": _workplace(traits, lat, lon, traits.get("company", f"Maison {number[-4:]}")),
        "apply": {
            "url": f"https://labonnealternance.apprentissage.beta.gouv.fr/emploi/x/{id}/titre",
            "phone": traits.get("phone"),
            "recipient_id": traits.get("recipient", f"partners_{id}"),
        },
        "contract": {
            "start": traits.get("start"),
            "duration": 24,
            "type": traits.get("types", ["Apprentissage"]),
            "remote": traits.get("remote"),
        },
        "offer": {
            "title": title,
            "rome_codes": traits.get("rome", ["D1102"]),
            "description": traits.get("description", "Pétrissage, façonnage, cuisson."),
            "target_diploma": level and {"european": level, "label": "CAP, BEP (Infrabac)"},
            "desired_skills": [],
            "to_be_acquired_skills": ["Production\tPétrir"],
            "access_conditions": [],
            "publication": {
                "creation": traits.get("published", "2026-11-02T08:12:44.027Z"),
                "expiration": traits.get("expires", "2027-01-02T08:12:44.027Z"),
            },
            "opening_count": 1,
            "status": traits.get("status", "Active"),
        },
        "is_delegated": traits.get("delegated", False),
    }


def recruiter(name: str = "PLOMBERIE EXEMPLE", **traits: Any) -> Json:
    """A ``JobRecruiter`` of Lens; it bears no ROME code: ``rome`` is what it is found by here."""
    id = traits.get("id", f"{next(_numbers):024x}")
    lat, lon = traits.get("at", (50.4280, 2.8319))
    return {
        "identifier": {"id": id},
        "workplace": _workplace(traits, lat, lon, name),
        "apply": {
            "url": f"https://labonnealternance.apprentissage.beta.gouv.fr/emploi/recruteurs_lba/{id}",
            "phone": traits.get("phone"),
            "recipient_id": traits.get("recipient", f"partners_{id}"),
        },
    }


def _workplace(traits: Json, lat: float, lon: float, name: str | None) -> Json:
    return {
        "siret": traits.get("siret", "13002526500013"),
        "brand": None,
        "legal_name": None,
        "website": None,
        "name": name,
        "description": None,
        "size": traits.get("size", "3-5"),
        "location": {
            "address": traits.get("address", "62300 Lens"),
            "geopoint": {"type": "Point", "coordinates": [lon, lat]},
        },
        "domain": {
            "idcc": 843,
            "opco": "Opco entreprises de proximité",
            "naf": {"code": traits.get("naf", "1071C"), "label": "Boulangerie"},
        },
    }


def course(title: str = "BOULANGER (CAP)", **traits: Any) -> Json:
    """A ``Formation`` near Lens. ``traits``: id, at, school, rome, level, status, starts, phone."""
    id = traits.get("id", f"{next(_numbers):06}P01118838776490001178615112600012-49099#L01")
    lat, lon = traits.get("at", (50.4280, 2.8319))
    school = traits.get("school", "CFA EXEMPLE")
    body = school and {
        "identifiant": {"uai": "0596789A", "siret": "13002526500013"},
        "etablissement": {"siret": "13002526500013", "ouvert": True, "enseigne": None},
        "unite_legale": {"siren": "130025265", "actif": True, "raison_sociale": school},
    }
    level = traits.get("level", "3")
    return {
        "identifiant": {"cle_ministere_educatif": id},
        "statut": {"catalogue": traits.get("status", "publié")},
        "formateur": {"organisme": body, "connu": school is not None},
        "responsable": {"organisme": None, "connu": False},
        "certification": {
            "connue": True,
            "valeur": {
                "intitule": {
                    "cfd": {"long": title, "court": title},
                    "rncp": None,
                    "niveau": {"cfd": None, "rncp": {"europeen": level}},
                },
                "domaines": {
                    "rome": {"rncp": [{"code": c} for c in traits.get("rome", ["D1102"])]}
                },
            },
        },
        "lieu": {
            "adresse": {
                "label": "1 rue du CFA",
                "code_postal": "62300",
                "commune": {"nom": traits.get("city", "Lens"), "code_insee": "62498"},
            },
            "geolocalisation": {"type": "Point", "coordinates": [lon, lat]},
            "precision": None,
            "siret": None,
            "uai": None,
        },
        "contact": {"email": None, "telephone": traits.get("phone")},
        "onisep": {"url": None, "intitule": None, "lien_site_onisepfr": None},
        "modalite": {"entierement_a_distance": False, "duree_indicative": 2, "annee_cycle": 1},
        "contenu_educatif": {"contenu": "", "objectif": ""},
        "sessions": [
            {"debut": start, "fin": "2029-06-30T00:00:00.000Z", "capacite": None}
            for start in traits.get("starts", ["2027-09-01T00:00:00.000Z"])
        ],
    }

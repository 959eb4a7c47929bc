"""Every sentence as a bubble, on one HTML page, for those who write them."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from dialogs.french import fill
from dialogs.voice import Sentence, Voice

SAMPLES: Mapping[str, Any] = {
    "town": "Bruay",
    "place": "Hénin-Beaumont (62)",
    "summary": "boulanger ou boulangère, 30 km autour de Lens, septembre 2027",
    "what": "boulanger ou boulangère, septembre 2027",
    "within": "à moins de 30 km",
    "ways": "3 offres vers Arras et Béthune (32–34 km)",
    "companies": "Garage Dupont (Lens) et Carrosserie du Pont (Liévin)",
    "where": "30 km autour de Lens",
    "trades": "boulanger ou boulangère",
    "trade": "pâtisserie",
    "field": "Bois",
    "name": "Saint-Pol",
    "structure": "CMA Hauts-de-France",
    "phone": "0199000000",
    "title": "Apprenti boulanger ou apprentie boulangère",
    "url": "https://exemple.fr/offre",
    "origin": "Mission locale de Lens",
    "reference": "7f3a2c",
    "towns": ["Arras", "Lens"],
    "area": "Audomarois",
    "start": "17 avril 2027",
    "end": "2 mai 2027",
    "day": "1er septembre 2027",
    "when": "1er septembre 2027",
    "source": "La bonne alternance", "licence": "https://francetravail.io/data/api/offres-emploi",
    "who": "Camille, CMA Hauts-de-France, Nord", "nth": "2e", "number": 2,
    "craft": " en carrosserie", "company": "Garage Exemple", "details": "nom, mail, numéro, CV",
    "suggestion": "lea.martin@exemple.fr", "lines": "Numéro demandé : Garage Exemple",
    "line": "Numéro demandé : Garage Exemple, le 3 mai 2027", "answer": "entretien",
    "school": "CFA Exemple",
    "how": "chaque jour à 17 h 30", "hour": "17 h 30", "weekday": "mercredi",
    "age": 15, "years": 16,
    "euros": 504, "share": 27, "checked": "25 novembre 2026", "branch": "bâtiment",
    "n": 4, "first": 4, "last": 6, "km": 20, "hidden": 2, "months": 24, "days": 30,
    "length": "1\u202f012", "most": "800",
}  # fmt: skip
"""A plausible value for every field a sentence may have."""

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}"
    "h2{font:600 .85rem ui-monospace,monospace;color:#555;margin:1.6rem 0 .3rem}"
    "p{background:#eef3f8;border-radius:1rem;padding:.6rem .9rem;margin:.3rem 0}"
    "span{border:1px solid #7a8ea0;border-radius:1rem;padding:.1rem .7rem;margin-right:.4rem}"
    "small{color:#777}"
)


def page(voice: Voice) -> str:
    """The whole page, with sample values."""
    sections = (
        f"<h2>{escape(name)}</h2>" + "".join(map(_bubble, sentences))
        for name, sentences in sorted(voice.sentences.items())
    )
    return (
        '<!doctype html><html lang="fr"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>Toutes les phrases du robot</title><style>{_STYLE}</style>"
        f"<h1>Toutes les phrases du robot</h1>{''.join(sections)}</html>"
    )


def _bubble(sentence: Sentence) -> str:
    text = fill(sentence.template, SAMPLES)
    buttons = "".join(f"<span>{escape(fill(t, SAMPLES))}</span>" for t, _, _ in sentence.buttons)
    length = f"<small>{len(text)} signes</small>"
    return f'<p lang="{sentence.language}">{escape(text)} {length}<br>{buttons}</p>'


def write(path: Path) -> int:
    """Write the page; how many sentences it shows. Raises ``OSError``."""
    voice = Voice.load()
    path.write_text(page(voice), "utf-8")
    return sum(len(sentences) for sentences in voice.sentences.values())

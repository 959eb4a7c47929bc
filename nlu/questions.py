"""Which of the questions about apprenticeship is asked, by its words."""

from __future__ import annotations

import re
from typing import Literal

from nlu.text import fold

Topic = Literal[
    "pay", "age", "age_over", "cfa", "cfa_find", "cfa_without_employer", "length", "breaking",
    "licence", "transport", "housing", "disability", "papers", "night", "holidays", "level",
    "who", "data", "free", "alerts", "cv", "call", "distance", "contract", "internship", "cma",
    "no_luck", "leaving_school",
]  # fmt: skip

_COMBIEN = r"\b(?:combien|cmb|cb)\b"
# In order: the first that is found is the topic. A narrow one comes before a wide one: holidays
# may be paid, a school may cost something, « combien » alone is about money, but only in the end.
_TOPICS: tuple[tuple[Topic, str], ...] = (
    (
        "no_luck",
        (r"\bsi (?:je |j'?)(?:ne |n')?(?:trouve|touve) (?:pas|rien|personne|aucun\w*)\b"
        r"(?! (?:de |d')?(?:patron|employeur|entreprise))"),
    ),
    (
        "leaving_school",
        (r"\b(?:arreter?|quitter?|lacher?|plus (?:aller|retourner)|marre) (?:a |de |d')?"
        r"(?:l'? ?ecole|le lycee|le college|les cours|au lycee|au college|les etudes)\b|"
        r"\b(?:deteste|aime pas|aime plus) l'? ?ecole\b|\bdescolari\w+"),
    ),
    ("licence", r"\b(?:permis|code de la route)\b"),
    (
        "data",
        (r"\b(?:donnees|mes infos|infos? sur moi|vie privee|rgpd|confidential\w*|"
        r"garde[sz]? (?:sur|quoi))"),
    ),
    ("disability", r"\b(?:handicap\w*|rqth|dys\w+|fauteuil)\b"),
    (
        "papers",
        (r"\b(?:papiers|sans[- ]papiers|titre de sejour|etrang\w+|refugie\w*|mineur isole|"
        r"mna|nationalite)\b"),
    ),
    (
        "night",
        (r"\b(?:nuit|machines? dangereuse|heure (?:on|tu|je) commence|"
        r"travail\w* (?:la nuit|le dimanche))"),
    ),
    (
        "housing",
        (r"\b(?:logement|loger|appart\w*|foyer|internat|mobili-?jeune|apl|"
        r"chambre(?! (?:de|des)\b))\b"),
    ),
    (
        "transport",
        (r"\b(?:transports?|bus|(?<!en )train|train(?! de)|ter|trajets?|deplacements?|velo|"
        r"scooter)\b"),
    ),
    ("holidays", r"\b(?:vacances|conges?)\b"),
    (
        "breaking",
        (r"\b(?:rompre|rupture|casser|demission\w*|periode d'essai|virer|vire|"
        r"(?:arreter|quitter)(?! (?:l'ecole|le lycee|le college)))\b"),
    ),
    (
        "cfa",
        (rf"{_COMBIEN} de (?:temps|jours?|semaines?)(?!.*\bdure).*\b(?:cfa|ecole|cours)\b|"
        rf"\b(?:cfa|ecole|cours)\b(?!.*\bdure).*{_COMBIEN} de (?:temps|jours?|semaines?)"),
    ),
    (
        "length",
        rf"\b(?:duree|dure|longtemps)\b|{_COMBIEN} (?:de (?:temps|mois)|d'?\s?an(?:nee)?s?)\b",
    ),
    (
        "free",
        (r"\b(?:gratuite?s?|payante?s?|coute\w*|cher|chere|frais)\b|"
        r"\b(?:dois|doit|faut|devoir|devra|doivent)(?: \w+)? payer\b|"
        r"\bqui (?:paye|paie)\b(?! (?:l'apprenti|mon salaire))|"
        r"\b(?:payer?|paie|paient) (?:le cfa|la formation|l'ecole|les cours|les livres)\b"),
    ),
    (
        "pay",
        (r"\b(?:pay(?!ant)\w*|paie\w*|gagn\w*|salair\w*|touch\w*|remuner\w*|smic|thunes?|fric|"
        r"argent|prime)\b"),
    ),
    (
        "cfa_without_employer",
        (r"\bcfa\b.*\bsans\b|\bsans (?:patron|employeur|entreprise)\b|"
        r"\bpas (?:trouve )?(?:de |d')?(?:patron|employeur|entreprise)\b"),
    ),
    (
        "cfa_find",
        (r"\b(?:trouver|existe\w*|ou|quel|inscri\w+|ouvert\w*|proche|adresse)\b.*\bcfa\b|"
        r"\bcfa\b.*\b(?:inscri\w+|ouvert|ou|quand)\b|\binscription"),
    ),
    ("cfa", r"\b(?:cfa|ecole|cours|centre de formation)\b"),
    ("age_over", r"\b(?:30|31|32|33|34|35|36|40|45|50) ?ans\b|\btrop vieux|\bplus de 29"),
    (
        "age",
        (r"\b(?:age|14 ?ans|15 ?ans|16 ?ans|trop jeune|quel age|mineure?s?)\b|"
        r"\b(?:1[7-9]|2\d) ?ans\b.*"
        r"\b(?:p(?:eux|eu|e)|possible|poss|droit|accept\w*|prenn?\w+)\b"),
    ),
    ("internship", r"\bstages?\b|\bmini[- ]stage|\bdecouverte\b|\bpmsmp\b"),
    ("alerts", r"\b(?:alertes?|previen\w*|notif\w*)\b"),
    ("cv", r"\b(?:cv|lettre|motivation|postuler)\b"),
    ("call", r"\b(?:appeler|telephon\w+|entretien|dire au patron|presenter)\b"),
    ("distance", r"\b(?:loin|distance|km|minutes)\b"),
    ("pay", rf"{_COMBIEN}(?! (?:de\b|d\b|d'))|{_COMBIEN} d(?:'| )(?:euros?|argent)"),
    ("level", r"\b(?:diplome|niveau|brevet|bac|cap|sans diplome|formation)\b"),
    ("cma", r"\bcma\b|\bchambre des? metiers?\b"),
    ("contract", r"\b(?:contrat|alternance|apprentissage|difference|sign\w+)\b"),
    (
        "who",
        (r"\b(?:qui (?:es|etes|t|est|tu)|t'?es (?:qui|un)|robot|humain|marche comment|"
        r"comment (?:ca|tu) marche|sers? a quoi|c'?est quoi (?:ce|ton))\b"),
    ),
)  # fmt: skip
_PATTERNS = tuple((topic, re.compile(pattern)) for topic, pattern in _TOPICS)


def read_topic(text: str) -> Topic | None:
    """The topic of a question, or ``None``; the order of the list decides between two."""
    folded = fold(text[:500]).replace("’", "'")
    return next((topic for topic, pattern in _PATTERNS if pattern.search(folded)), None)

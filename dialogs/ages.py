"""How old somebody says they are, and the bands an age is kept as."""

from __future__ import annotations

import re

AGES = (30, 18, 16, 15, 14)
"""The youngest of each band the age is kept as; whoever is younger is « 14 » too."""

_NUMBERS = {
    "dix": 10, "onze": 11, "douze": 12, "treize": 13, "quatorze": 14, "quinze": 15, "seize": 16,
    "dix sept": 17, "dix huit": 18, "dix neuf": 19, "vingt": 20, "vingt et un": 21,
    "vingt deux": 22, "vingt trois": 23, "vingt quatre": 24, "vingt cinq": 25, "vingt six": 26,
    "vingt sept": 27, "vingt huit": 28, "vingt neuf": 29, "trente": 30,
}  # fmt: skip
_IN_WORDS = re.compile(
    rf"\b({'|'.join(sorted(_NUMBERS, key=len, reverse=True))})\b(?! ?(?:km|minutes?|mois|euros?))"
)
_AGE = re.compile(
    r"(?:^|\b(?:j'?ai|moi|age|bientot|fais|c'?est) (?:bientot |eu |deja )?)(\d{1,2})(?: ?ans?\b|\b)"
    r"(?! ?(?:km|h|mois|€))|\b(\d{1,2}) ?ans?\b"
)
_YOUNGER = re.compile(r"\bmoins (?:de|que) (?:15|quinze)\b|\b14 ou moins\b")
_NOT_YET = re.compile(r"\bpas (?:encore )?(\d{1,2}) ?ans?\b")
_SOON = re.compile(
    r"\b(?:bientot|presque|j'?aurai[st]?|j'?orai|(?:vais|v[ea]s?) avoir|"
    r"j?'?(?:vais|v[ea]s?) sur (?:mes|les)) (\d{1,2})\b(?! ?(?:km|h|mois))|"
    r"\b(\d{1,2}) ?ans? (?:bientot|dans|en|le mois|la semaine)\b|"
    r"\b(?:dans|ds) (?:\w+ ){1,3}?j'?(?:ai|aurai) (\d{1,2})\b"
)
"""An age that is still to come: until then they are a year younger, and the law counts that."""
_OF_AGE = re.compile(r"\bmajeure?s?\b")
_SAYS_AGE = re.compile(
    r"^(?:(?:en fait|enfin|non|nan|pardon|desole|oups|mais|erreur|faux|"
    r"oui|ouais|ben|bah|(?:j'?|je )?(?:me suis|m'? ?suis) tromp\w*)[ ,:]*)*(?:moi )?"
    r"(?:j'? ?ai|g) (?:que |deja )?(\d{1,2}) ?(?:ans?)?"
    r"(?: (?:en fait|enfaite?|en vrai|pardon|desolee?|finalement|pas \d{1,2}))*$"
)
"""Their age said again, and not only mentioned."""


def band(years: int) -> str:
    """The band that is kept of an age: « 16 » for 16 and 17."""
    return str(next((youngest for youngest in AGES if years >= youngest), AGES[-1]))


def read_age(folded: str) -> int | None:
    """« 16 », « j’ai 17 ans », « seize ans et demi », « moins de 15 »: years, 5 to 99."""
    if _YOUNGER.search(folded):
        return 14
    if _OF_AGE.search(folded):
        return None if "pas majeur" in folded else 18
    if (soon := _NOT_YET.search(folded)) is not None:
        return int(soon[1]) - 1
    folded = folded.replace("-", " ")
    in_digits = _IN_WORDS.sub(lambda found: str(_NUMBERS[found[1]]), folded)
    if (to_come := _SOON.search(in_digits)) is not None:
        years = int(next(filter(None, to_come.groups()))) - 1
        return years if years >= 5 else None
    if (written := _IN_WORDS.search(folded)) is not None:
        return _NUMBERS[written[1]]
    found = _AGE.search(folded)
    years = int(found[1] or found[2]) if found else 0
    return years if years >= 5 else None


def said_anew(folded: str, known: str | None) -> str | None:
    """Their age in years, said once more and of another band than the one that is ``known``."""
    said = _SAYS_AGE.match(folded)
    if known is None or said is None or int(said[1]) < 5:
        return None
    return said[1] if band(int(said[1])) != known else None

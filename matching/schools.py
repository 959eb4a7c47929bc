"""Training centres, and agencies, that post in place of an employer."""

from __future__ import annotations

from matching.model import title_words

TEACHING = "85"
"""The division of the French activity codes (NAF) of those who teach."""

_NAMES = (
    "iscod", "oktogone", "institut europeen f 2i", "ief2i", "institut f2i", "openclassrooms",
    "mewo", "acp interim et recrutement", "jour j recrutement",
    "studi", "nextadvance", "walter learning", "my digital school", "mydigitalschool", "aftec",
    "ifocop", "enaco", "pigier", "aurlom", "ascencia", "rocket school", "win sport school",
    "efc formation", "talis", "digital college", "h3 hitema", "ciefa", "formaposte",
)  # fmt: skip
"""Those seen selling their courses as jobs; La bonne alternance leaves out the first nine too."""

_WORDS = (
    "cfa", "cfai", "cfpa", "greta", "mfr", "urma", "ifria", "afpi", "lycee", "centre de formation",
    "centre des formations", "organisme de formation", "institut de formation",
    "campus des metiers", "maison familiale rurale", "business school", "ecole de commerce",
    "ecole superieure", "formation", "formations",
)  # fmt: skip
"""Words that only the name of a school has. « Institut » is not among them (de beauté), nor
« école » (auto-école)."""


def is_school(name: str | None, activity: str = "") -> bool:
    """Whether an employer is a school, by its name and its activity code (« 85.59A », « 85 »)."""
    if activity.replace(".", "").startswith(TEACHING):
        return True
    words = " " + " ".join(title_words(name or "")) + " "
    return words.strip() in _NAMES or any(f" {known} " in words for known in (*_NAMES, *_WORDS))

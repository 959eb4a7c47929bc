"""Words that hold a place's name and are none: fixed phrases, and the names of streets."""

from __future__ import annotations

import re
from collections.abc import Iterable

from nlu import placewords as pw
from nlu.keys import LINKS
from nlu.placesentence import Mention, Sentence

_POSTCODE = re.compile(r"[0-9]{5}[a-z]*")


class Traps:
    """Claims the words of fixed phrases (« croix rouge ») and of streets: none is a place."""

    def __init__(self, phrases: Iterable[str]) -> None:
        self._phrases = [tuple(phrase.split()) for phrase in phrases]
        self._heads = frozenset(phrase[0] for phrase in self._phrases)

    def claim(self, sentence: Sentence) -> None:
        forms = sentence.forms
        for i, form in enumerate(forms):
            if form in self._heads:
                for trap in self._phrases:
                    if tuple(forms[i : i + len(trap)]) == trap:
                        sentence.claim(i, i + len(trap) - 1)
            elif form in pw.STREETS:
                _claim_street(sentence, i)


_SCHOOL = re.compile(
    r"\b(?:cfa|college|lycee|mfr|ecole|internat)"
    r"(?: (?!(?:et|je|j|jhabite|habite|cherche|jcherche|mais|pour)\b)\w+){0,3}? ?"
    r"\b(?:de|d|du|a|au)(?: (?:la|le|l))?$"
)
_NEAR_SCHOOL = re.compile(r"\b(?:pres|proche|cote|autour|loin)(?: \w+){0,6}$")


def away_from_school(s: Sentence, mentions: list[Mention]) -> list[Mention]:
    """« collège X à Bruay, j'habite Béthune »: the school's town is no wish beside another."""
    away = [m for m in mentions if not _at_school(s, m)]
    return away or mentions


def _at_school(s: Sentence, m: Mention) -> bool:
    start = m.first
    while start and m.first - start < 7 and not (start < m.first and s.cut(start - 1)):
        start -= 1
    before = " ".join(s.forms[start : m.first])
    found = _SCHOOL.search(before)
    return found is not None and not _NEAR_SCHOOL.search(before)


def _claim_street(sentence: Sentence, at: int) -> None:
    """« 12 rue de lille a lomme »: the street's name is no place, nor is « rue du plombier »."""
    forms = sentence.forms
    numbered = (at > 0 and forms[at - 1][:1].isdigit()) or forms[at - 1 : at] in (
        [["bis"]],
        ["ter"],
    )
    if forms[at] in pw.NUMBERED_STREETS and not numbered:
        return
    end = at + 1
    while end < len(forms) and end <= at + 6 and not sentence.cut(end - 1):
        if forms[end] in pw.AFTER_STREET or _POSTCODE.fullmatch(forms[end]):
            break
        end += 1
    linked = at + 1 < len(forms) and forms[at + 1] in {"de", "du", "des", "d"}
    if not linked and not numbered:
        return
    last = end - 1
    named = [form for form in forms[at + 1 : end] if form not in LINKS]
    if end == len(forms) and len(named) > 1:
        last -= 1  # « 3 rue jaures lens »: the last word may be the town
    sentence.claim(at, last)

"""Misspelt trade words: « kouvreur », « coifeuse », « boulangé », « mecanitien »."""

from __future__ import annotations

import re
from collections.abc import Iterable

from rapidfuzz.distance import OSA
from rapidfuzz.process import extractOne

from nlu.lexicon import singular

MEMORY = 20_000
_LEAST = 5

# How the parts of a word sound; the first that fits, from left to right.
_SOUNDS = {
    "eaux": "o", "eau": "o", "aux": "o", "au": "o", "oeu": "e", "eu": "e", "ou": "u", "ph": "f",
    "ch": "x", "qu": "k", "ck": "k", "gn": "n", "ain": "5", "ein": "5", "in": "5", "im": "5",
    "aon": "4", "an": "4", "am": "4", "en": "4", "em": "4", "on": "3", "om": "3", "oi": "wa",
    "ai": "e", "ei": "e", "ay": "e", "ey": "e", "y": "i", "sc": "s", "ss": "s", "ce": "se",
    "ci": "si", "cy": "si", "ge": "je", "gi": "ji", "gu": "g", "tio": "sio", "tie": "sie",
    "tia": "sia", "cie": "sie", "c": "k", "q": "k", "z": "s", "x": "s", "h": "", "w": "v",
}  # fmt: skip
_PART = re.compile("|".join(sorted(_SOUNDS, key=len, reverse=True)))
_TWICE = re.compile(r"(.)\1+")
_ENDING = re.compile(r"(?:es|e|er|ez|et|ee|s|t|d)+$")
_FIRST = str.maketrans("cqzyh", "kksie")


def sound(word: str) -> str:
    """How a folded word roughly sounds: « kouvreur », « couvreurs » -> « kuvrer »."""
    stem = _ENDING.sub("", _TWICE.sub(r"\1", word)) or word
    return _TWICE.sub(r"\1", _PART.sub(lambda part: _SOUNDS[part.group()], stem))


class Speller:
    """Mends words near one of ``heads``; words of ``known`` are right as they are."""

    def __init__(self, heads: Iterable[str], known: frozenset[str]) -> None:
        self._known = known
        self._by_sound: dict[str, str] = {}
        self._by_letter: dict[str, list[str]] = {}
        self._seen: dict[str, str] = {}
        for head in sorted(heads, key=len):
            self._by_sound.setdefault(sound(head), head)
            self._by_letter.setdefault(head[0].translate(_FIRST), []).append(head)

    def mend(self, word: str) -> str:
        """The trade word meant, or ``word`` itself."""
        if len(word) < _LEAST or len(word) > 25 or word in self._known:
            return word
        if singular(word) in self._known:
            return word
        if (meant := self._seen.get(word)) is None:
            if len(self._seen) >= MEMORY:
                self._seen.clear()
            meant = self._seen[word] = self._nearest(word)
        return meant

    def _nearest(self, word: str) -> str:
        heard = sound(word)
        if len(heard) > 3 and (same := self._by_sound.get(heard)):
            return same
        near = self._by_letter.get(word[0].translate(_FIRST), ())
        allowed = 1 if len(word) < 8 else 2
        found = extractOne(word, near, scorer=OSA.distance, score_cutoff=allowed)
        if found is None or (found[1] > 1 and len(found[0]) < 8):
            return word
        return found[0]

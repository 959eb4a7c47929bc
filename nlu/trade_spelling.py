"""Misspelt trade words: « kouvreur », « coifeuse », « boulangé », « mecanitien »."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from rapidfuzz.distance import OSA
from rapidfuzz.process import extractOne

from nlu.lexicon import singular, stem

MEMORY = 20_000
_LEAST, _MOST = 5, 25

# How the parts of a word sound; the first that fits, from left to right.
_SOUNDS = {
    "eaux": "o", "eau": "o", "aux": "o", "au": "o", "oeu": "e", "eu": "e", "ou": "u", "ph": "f",
    "ch": "x", "sh": "x", "qu": "k", "ck": "k", "gn": "n", "ain": "5", "ein": "5", "in": "5",
    "im": "5",
    "aon": "4", "an": "4", "am": "4", "en": "4", "em": "4", "on": "3", "om": "3", "oi": "wa",
    "ai": "e", "ei": "e", "ay": "e", "ey": "e", "y": "i", "sc": "s", "ss": "s", "ce": "se",
    "ci": "si", "cy": "si", "ge": "je", "gi": "ji", "gu": "g", "tio": "sio", "tie": "sie",
    "tia": "sia", "cie": "sie", "c": "k", "q": "k", "z": "s", "x": "s", "h": "",
}  # fmt: skip
_PART = re.compile("|".join(sorted(_SOUNDS, key=len, reverse=True)))
_TWICE = re.compile(r"(.)\1+")
_ENDING = re.compile(r"(?:es|e|er|ez|et|ee|s|t|d)+$")
_FIRST = str.maketrans("cqzyh", "kksie")


def sound(word: str) -> str:
    """How a folded word roughly sounds: « kouvreur », « couvreurs » -> « kuvrer »."""
    stem = _ENDING.sub("", _TWICE.sub(r"\1", word)) or word
    return _TWICE.sub(r"\1", _PART.sub(lambda part: _SOUNDS[part.group()], stem))


def sounds(heads: Iterable[str]) -> dict[str, str]:
    """Each sound and the first of ``heads`` that has it."""
    table: dict[str, str] = {}
    for head in heads:
        table.setdefault(sound(head), head)
    return table


class Speller:
    """Mends words near one of ``heads``; words of ``known`` are right as they are.

    ``by_sound`` is what :func:`sounds` gives for the same heads.
    """

    def __init__(
        self, heads: Iterable[str], by_sound: Mapping[str, str], known: frozenset[str]
    ) -> None:
        heads = list(heads)
        self._known = known
        self._single = {_TWICE.sub(r"\1", head): head for head in reversed(heads)}
        self._heads = frozenset(head for head in heads if head[0] in "aeiouhy")
        self._by_sound = by_sound
        self._shelves: dict[tuple[str, int], list[str]] = {}
        self._ears: dict[tuple[str, int], list[str]] = {}
        for heard in by_sound:
            if len(heard) > _LEAST:
                self._ears.setdefault((heard[0], len(heard)), []).append(heard)
        self._seen: dict[str, str] = {}
        for head in heads:
            self._shelves.setdefault((head[0].translate(_FIRST), len(head)), []).append(head)

    def mend(self, word: str) -> str:
        """The trade word meant, or ``word`` itself; « lelectricien » has an article."""
        if len(word) < _LEAST or len(word) > _MOST or word in self._known:
            return word
        if (meant := self._seen.get(word)) is None:
            if len(self._seen) >= MEMORY:
                self._seen.clear()
            meant = self._seen[word] = self._either(word, singular(word))
        return meant

    def _either(self, word: str, one: str) -> str:
        """The word as typed, else in the singular."""
        if one in self._known or stem(word) in self._known:
            return word
        if word[0] in "ld" and (one[1:] in self._heads):
            return one[1:]
        meant = self._nearest(word)
        if meant != word or len(one) < _LEAST or one == word:
            return meant
        meant = self._nearest(one)
        return word if meant == one else meant

    def _nearest(self, word: str) -> str:
        if single := self._single.get(_TWICE.sub(r"\1", word)):
            return single
        heard = sound(word)
        if len(heard) > 3 and (same := self._by_sound.get(heard)):
            return same
        letter, allowed = word[0].translate(_FIRST), 1 if len(word) < 8 else 2
        best, least = word, allowed + 1
        for more in (0, -1, 1, -2, 2)[: 2 * allowed + 1]:
            length = len(word) + more
            near = self._shelves.get((letter, length))
            if near and least:
                # A short word that is two letters off is another word.
                cutoff = min(least - 1, 1 if length < 8 else 2)
                found = extractOne(word, near, scorer=OSA.distance, score_cutoff=cutoff)
                if found:
                    best, least = found[0], int(found[1])
        return best if best != word else self._alike(word, heard)

    def _alike(self, word: str, heard: str) -> str:
        """« menuizri »: too many letters off, but one off for the ear."""
        if len(heard) < _LEAST + 1:
            return word
        for more in (0, 1, -1):
            near = self._ears.get((heard[0], len(heard) + more))
            if near and (found := extractOne(heard, near, scorer=OSA.distance, score_cutoff=1)):
                return self._by_sound[found[0]]
        return word

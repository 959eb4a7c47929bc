"""Misspelt trade words: « kouvreur », « coifeuse », « boulangé », « mecanitien »."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from itertools import pairwise

from rapidfuzz.distance import OSA, Levenshtein
from rapidfuzz.process import extract, extractOne

from nlu.lexicon import singular, stem
from nlu.memory import Memory

_SHORTEST, _LEAST, _MOST = 3, 5, 25

# How the parts of a word sound; the first that fits, from left to right.
_SOUNDS = {
    "eaux": "o", "eau": "o", "aux": "o", "au": "o", "oeu": "e", "eu": "e", "ou": "u", "ph": "f",
    "chr": "kr", "chn": "kn", "ch": "x", "sh": "x", "qu": "k", "ck": "k", "gn": "n", "oi": "wa",
    "oy": "wa", "faca": "fasa", "maco": "maso", "mac3": "mas3", "ai": "e", "ei": "e",
    "ay": "ay", "ey": "ay", "y": "i",
    "gu": "g", "ti5": "si5", "tio": "sio", "ti3": "si3", "tien": "sien", "tia": "sia", "c": "k",
    "q": "k", "z": "s", "x": "s", "h": "",
}  # fmt: skip
_PART = re.compile("|".join(sorted(_SOUNDS, key=len, reverse=True)))
_HEARD = re.compile(
    r"(?=[aceiogstuxy1])(?:"  # no other letter begins any
    r"(?:([iy]en)|(ain|aim|ein|in|im|yn|ym|un|um)|(aon|an|am|en|em)|(on|om))(?![aeiouynmh])"
    r"|(s?c(?=[eiy]))|(g(?=[eiy]))|(ss$)|(tt$)|((?<=[ae])ill?(?=[aeiou]))|(ill(?=[aeiou]))"
    r"|((?<=[aeiou])x(?=[aeiouy]))|1)"
)
_HEARD_AS = ("5", "i5", "5", "4", "3", "s", "j", "se", "te", "y", "i", "ks")
_TWICE = re.compile(r"(.)\1+")
# « solère » and « solaire », « brodeuz » and « brodeuse » sound alike, « solier » does not.
_LASTS = (
    (re.compile(r"(?:ai|e)r(?:es?|s)?$(?<!er)(?<!ers)"), "R"),
    (re.compile(r"eu(?:[rxz]|[rsz]e)?s?$"), "E"),
    (re.compile(r"(?<!o)is(?:tes?|ts?)?$"), "ist"),
    (re.compile(r"(?:e[rzt]s?|ee?s?|ai[ts]?|[stdxz]+)$"), ""),
)
# Those of them that a last letter allows.
_LASTS_OF = {
    letter: tuple(
        ending
        for ending, last in zip(_LASTS, ("res", "ursxze", "set", "rztseidx"), strict=True)
        if letter in last
    )
    for letter in "deirstuxz"
}
_FIRST = str.maketrans("cqzyh", "kksie")
# What is told apart neither by a hurried ear nor in ch’ti: « boulingrie », « carpintier ».
_LOOSE = str.maketrans({"3": "N", "4": "N", "5": "N", "x": "k", "j": "g", "e": ""})
_SAID_IN_FULL = re.compile(r"[aiou]n(?![aiou])")  # « marokinri », « maroquin(e)rie »


def sound(word: str) -> str:
    """How a folded word roughly sounds: « kouvreur », « couvreuse » -> « kuvrE »."""
    heard = _once(_HEARD.sub(_heard_as, word))
    for ending, spelled in _LASTS_OF.get(heard[-1:], ()):
        if (last := ending.search(heard)) and last.start() > 1:
            heard = heard[: last.start()] + spelled
            break
    return _once(_PART.sub(_sounded, heard))


def _heard_as(part: re.Match[str]) -> str:
    return _HEARD_AS[part.lastindex or 0]


def _sounded(part: re.Match[str]) -> str:
    return _SOUNDS[part.group()]


def _once(letters: str) -> str:
    """Each run of one letter as that letter."""
    return _TWICE.sub(_first, letters)


def _first(run: re.Match[str]) -> str:
    return run.group(1)


def loose(heard: str) -> str:
    """What is left of a sound when all nasal vowels are one and « e » is mute."""
    bare = heard[:1].replace("x", "k") + heard[1:].translate(_LOOSE)
    return _once(_SAID_IN_FULL.sub("N", bare))


def sounds(heads: Iterable[str]) -> dict[str, str]:
    """Each sound and the first of ``heads`` that has it."""
    table: dict[str, str] = {}
    for head in heads:
        table.setdefault(sound(head), head)
    return table


# Letters that fingers or ears take for each other.
_NEAR_KEYS = ("azertyuiop", "qsdfghjklm", "wxcvbn")
_CONFUSED = ("aeiouy", "szcx", "kqcg", "gj", "mn", "bp", "td", "vfw", "il", "rl")
_SILENT = frozenset("ehstdxpnl")
# Small words glued to the next: « dlaplomberie », « lelectricien », « dameublemen ».
_GLUED = re.compile(r"(?:de?la|dune?|dun|une|des|les|aux|de|du|au|le|la|en|un|ds|1|d|l|z)(?=\w{4})")


def _confused() -> frozenset[tuple[str, str]]:
    pairs = {(a, b) for group in _CONFUSED for a in group for b in group}
    rows = [*_NEAR_KEYS]
    pairs |= {(row[i], row[i + 1]) for row in rows for i in range(len(row) - 1)}
    pairs |= {(above[i], below[i]) for above, below in pairwise(rows) for i in range(len(below))}
    return frozenset(pairs | {(b, a) for a, b in pairs})


_PAIRS = _confused()


def is_slip(word: str, head: str) -> bool:
    """Whether a finger or an ear may have made ``head`` into ``word``: a letter dropped, doubled,
    swapped with the next, or taken for one that sounds alike or is beside it on the keyboard."""
    edits = Levenshtein.editops(word, head)
    if len(edits) > OSA.distance(word, head):
        return True
    for edit in edits:
        kind, i, j = edit.tag, edit.src_pos, edit.dest_pos
        if kind == "replace" and (word[i], head[j]) not in _PAIRS:
            return False
        if kind == "insert" and j == 0:
            return False
        if kind == "delete":
            beside = word[max(0, i - 1) : i] + word[i + 1 : i + 2]
            inside = i < len(word) - 1 and (word[i] in _SILENT or word[i] in "aiouy")
            mute = i == len(word) - 1 and word[i] in "ehstdxzr"
            if not (inside or mute or any((word[i], by) in _PAIRS for by in beside)):
                return False
    return True


class Speller:
    """Mends words near one of ``heads``; words of ``known`` are right as they are.

    ``by_sound`` is what :func:`sounds` gives for the same heads; ``verbs`` and ``short`` words are
    only known by how they sound. A word that sounds like one of ``ordinary`` (sounds of other
    words) is that word, one of ``usual`` if it is there. What ``ours`` and misspelt heads are
    mended to is remembered.
    """

    def __init__(
        self,
        heads: Iterable[str],
        by_sound: Mapping[str, str],
        known: frozenset[str],
        ordinary: frozenset[str] = frozenset(),
        verbs: Iterable[str] = (),
        short: Iterable[str] = (),
        usual: Mapping[str, str] | None = None,
        ours: Container[str] = frozenset(),
    ) -> None:
        heads = list(heads)
        self._known = known
        self._ordinary = ordinary
        self._usual = usual or {}
        self._ours = ours
        self._single = {_once(head): head for head in reversed(heads)}
        self._heads = frozenset(heads)
        self._by_sound = by_sound
        self._verbs = sounds(verbs)
        self._short = {sound(word): word for word in short}
        self._loosely: dict[str, str] = {}
        self._shelves: dict[tuple[str, int], list[str]] = {}
        self._ears: dict[tuple[str, int], list[str]] = {}
        for heard, head in by_sound.items():
            hurried = loose(heard)
            if hurried and self._loosely.setdefault(hurried, head) == head:
                self._ears.setdefault((hurried[0], len(hurried)), []).append(hurried)
        self._seen = Memory[str, str]()
        for head in heads:
            self._shelves.setdefault((head[0].translate(_FIRST), len(head)), []).append(head)

    def mend(self, word: str) -> str:
        """The trade word meant, or ``word`` itself; « lelectricien » has an article."""
        if len(word) > _MOST or word in self._known or len(word) < _SHORTEST:
            return word
        if len(word) < _LEAST:
            return self._shortly(word)
        if (meant := self._seen.get(word)) is None:
            meant = self._either(word, singular(word))
            if meant != word or word in self._ours:  # a name that is in no list is not kept
                self._seen.keep(word, meant)
        return meant

    def verb(self, word: str) -> str:
        """The verb an unknown word sounds like: « on répar »."""
        if len(word) < _LEAST or len(word) > _MOST or word in self._known:
            return word
        return self._verbs.get(sound(word), word)

    def _shortly(self, word: str) -> str:
        """« boi », « pier », « brik »: only what sounds the same."""
        if singular(word) in self._known:
            return word
        heard = sound(word)
        if (meant := self._short.get(heard)) and len(heard) > 2:
            return meant
        return self._short.get(sound(word + "re"), word) if word[-2:] == "er" else word

    def _either(self, word: str, one: str) -> str:
        """The word as typed, else in the singular, else without what is glued to it."""
        if one in self._known or stem(word) in self._known:
            return word
        if (glued := _GLUED.match(word)) and (bare := word[glued.end() :]) in self._heads:
            return bare
        meant = self._nearest(word)
        if meant == word and len(one) >= _LEAST and one != word:
            meant = self._nearest(one)
            meant = word if meant == one else meant
        if meant == word and glued and len(bare) > _LEAST:
            return self._by_sound.get(sound(bare), word)
        return meant

    def _nearest(self, word: str) -> str:
        if single := self._single.get(_once(word)):
            return single
        heard = sound(word)
        if len(heard) > 3 and (same := self._by_sound.get(heard)):
            return same
        if word[-1] in "rstz" and heard not in self._ordinary:  # « prothèz »: the end is heard
            full = sound(word + "e")
            if len(full) > 3 and (same := self._by_sound.get(full)):
                return same
        if verb := self._verbs.get(heard):
            return verb
        if heard in self._ordinary:
            return self._usual.get(heard, word)
        if len(hurried := loose(heard)) > 4 and (same := self._loosely.get(hurried)):
            return same
        return self._typed(word) or self._alike(word, hurried)

    def _typed(self, word: str) -> str | None:
        """The head that slips of the finger turn into ``word``, two in a long one at most."""
        letter, allowed = word[0].translate(_FIRST), 1 if len(word) < 8 else 2
        best, least = None, allowed + 1
        for more in (0, -1, 1, -2, 2)[: 2 * allowed + 1]:
            length = len(word) + more
            near = self._shelves.get((letter, length))
            if near and least:
                # A short word that is two letters off is another word.
                cutoff = min(least - 1, 1 if length < 8 else 2)
                found = extract(word, near, scorer=OSA.distance, score_cutoff=cutoff, limit=3)
                for head, distance, _ in found:
                    if distance < least and is_slip(word, head):
                        best, least = head, int(distance)
        return best

    def _alike(self, word: str, heard: str) -> str:
        """« menuizri »: too many letters off, but one off for the ear."""
        if len(heard) < _LEAST + 1:
            return word
        for more in (0, 1, -1):
            near = self._ears.get((heard[0], len(heard) + more))
            found = near and extractOne(heard, near, scorer=OSA.distance, score_cutoff=1)
            if found and is_slip(heard, found[0]):
                return self._loosely[found[0]]
        return word

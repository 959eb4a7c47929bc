"""Text as the readers see it: folded words that remember where they stood."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from operator import itemgetter
from typing import NamedTuple

_WORD = re.compile(r"[^\W_]+", re.UNICODE)
_SPELLED_OUT = {"œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE", "ß": "ss", "’": "'"}
# Letters up to Greek and Cyrillic, and the signs of typography, are remembered once seen.
_REMEMBERED = 0x2100


class _Letters(dict[int, str]):
    """Each character without its accents. It remembers characters, never what was written."""

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        parts = unicodedata.normalize("NFKD", _SPELLED_OUT.get(letter, letter))
        bare = "".join(part for part in parts if not unicodedata.combining(part))
        if code < _REMEMBERED:
            self[code] = bare
        return bare


_LETTERS = _Letters()


def fold(text: str) -> str:
    """Lower case, no accents, ligatures spelled out; « Nœux-lès-Auxi » -> « noeux-les-auxi »."""
    return text.lower() if text.isascii() else text.translate(_LETTERS).lower()


# The letters that folding spells as one.
_ONE_LETTER = frozenset(chr(code) for code in range(0x250) if len(_LETTERS[code]) == 1)


def in_place(text: str, folded: str) -> bool:
    """Whether each character of ``folded`` stands where its own does in ``text``.

    It does when none was spelled out in two: those that vanish are the marks that combine.
    """
    if text.isascii() or _ONE_LETTER.issuperset(text):
        return True
    return len(folded) == len(text) and all(_LETTERS[ord(letter)] for letter in set(text))


class Word(NamedTuple):
    """A run of letters and digits: folded form, and its span in the original text."""

    form: str
    start: int
    end: int


_START, _END = itemgetter(1), itemgetter(2)
_new = tuple.__new__  # what a named tuple's own constructor comes to


def forms_of(text: str) -> list[str]:
    """The folded words of a text, as those of its :class:`Message`."""
    if text.isascii():
        return _WORD.findall(text.lower())
    return [form for word in _WORD.findall(text) if (form := fold(word))]


@dataclass(frozen=True, slots=True)
class Message:
    """A message and its words, folded once for all readers."""

    text: str
    words: tuple[Word, ...]
    forms: tuple[str, ...]
    folded: str

    @classmethod
    def of(cls, text: str) -> Message:
        folded = fold(text)
        spans = [m.span() for m in _WORD.finditer(text)]
        if in_place(text, folded):
            forms = tuple([folded[start:end] for start, end in spans])
        else:
            # « ﾞ » is a letter that nothing is left of.
            spans = [span for span in spans if fold(text[slice(*span)])]
            forms = tuple([fold(text[start:end]) for start, end in spans])
        words = [_new(Word, (form, *span)) for form, span in zip(forms, spans, strict=True)]
        return cls(text, tuple(words), forms, folded)

    def within(self, start: int, end: int) -> range:
        """The words that hold any of the characters ``start`` to ``end`` (excluded)."""
        first = bisect_right(self.words, start, key=_END)
        return range(first, bisect_left(self.words, end, first, key=_START))

    def between(self, left: int, right: int) -> str:
        """What stands between word ``left`` and word ``right`` in the original text."""
        return self.text[self.words[left].end : self.words[right].start]

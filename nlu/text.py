"""Text as the readers see it: folded words that remember where they stood."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import NamedTuple

_WORD = re.compile(r"[^\W_]+")
_PARTED = re.compile(r"([^\W_]+)")
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


# The same of the characters of a byte, each as one byte; 0 for those that are spelled in several.
_BYTES = bytes(
    ord(bare) if len(bare := _LETTERS[code].lower()) == 1 and ord(bare) < 0x100 else 0
    for code in range(0x100)
)


def fold(text: str) -> str:
    """Lower case, no accents, ligatures spelled out; « Nœux-lès-Auxi » -> « noeux-les-auxi »."""
    if text.isascii():
        return text.lower()
    try:
        folded = text.replace("’", "'").replace("œ", "oe").encode("latin-1").translate(_BYTES)
    except UnicodeEncodeError:
        return text.translate(_LETTERS).lower()
    return text.translate(_LETTERS).lower() if 0 in folded else folded.decode("latin-1")


# The letters that folding spells as one.
_ONE_LETTER = frozenset(chr(code) for code in range(0x250) if len(_LETTERS[code]) == 1)


def in_place(text: str, folded: str) -> bool:
    """Whether each character of ``folded`` stands where its own does in ``text``.

    It does when none was spelled out in two: those that vanish are the marks that combine.
    """
    if text.isascii() or _ONE_LETTER.issuperset(text):
        return True
    return len(folded) == len(text) and all(_LETTERS[ord(letter)] for letter in set(text))


HEAD = 4
"""Letters of a word that tell whether it may begin something a reader looks for."""


def heads(words: Iterable[str]) -> frozenset[str]:
    """How each of the words begins."""
    return frozenset([word[:HEAD] for word in words])


class Word(NamedTuple):
    """A run of letters and digits: folded form, and its span in the original text."""

    form: str
    start: int
    end: int


def forms_of(text: str) -> list[str]:
    """The folded words of a text, as those of its :class:`Message`."""
    if text.isascii():
        return _WORD.findall(text.lower())
    return [form for word in _WORD.findall(text) if (form := fold(word))]


@dataclass(slots=True)
class Message:
    """A message and its words, folded once for all readers, which leave it as it is.

    Word ``i`` is ``forms[i]``; in the text it stands from ``starts[i]`` to ``ends[i]`` (excluded).
    ``heads`` are the first :data:`HEAD` letters of the words: by them a reader knows at once that
    there is nothing for it to read.
    """

    text: str
    folded: str
    forms: tuple[str, ...]
    starts: Sequence[int]
    ends: Sequence[int]
    heads: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        self.heads = heads(self.forms)

    @classmethod
    def of(cls, text: str) -> Message:
        folded = fold(text)
        if text.isascii() or _ONE_LETTER.issuperset(text):
            # What parts the words, then a word, and so on: how far each of them goes.
            parts = _PARTED.split(folded)
            bounds = [*accumulate(map(len, parts))]
            return cls(text, folded, tuple(parts[1::2]), bounds[:-1:2], bounds[1::2])
        spans = [m.span() for m in _WORD.finditer(text)]
        if in_place(text, folded):
            forms = [folded[start:end] for start, end in spans]
        else:
            # « ﾞ » is a letter that nothing is left of.
            spans = [span for span in spans if fold(text[slice(*span)])]
            forms = [fold(text[start:end]) for start, end in spans]
        starts, ends = [start for start, _ in spans], [end for _, end in spans]
        return cls(text, folded, tuple(forms), starts, ends)

    @property
    def words(self) -> Iterator[Word]:
        return map(Word, self.forms, self.starts, self.ends)

    def typed(self, first: int, last: int) -> str:
        """The words ``first`` to ``last`` (excluded) as they were typed, and all between them."""
        return self.text[self.starts[first] : self.ends[last - 1]]

    def within(self, start: int, end: int) -> range:
        """The words that hold any of the characters ``start`` to ``end`` (excluded)."""
        first = bisect_right(self.ends, start)
        return range(first, bisect_left(self.starts, end, first))

    def between(self, left: int, right: int) -> str:
        """What stands between word ``left`` and word ``right`` in the original text."""
        return self.text[self.ends[left] : self.starts[right]]

"""Text as the readers see it: folded words that remember where they stood."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

_WORD = re.compile(r"[^\W_]+", re.UNICODE)
_LIGATURES = str.maketrans({"œ": "oe", "Œ": "oe", "æ": "ae", "Æ": "ae", "ß": "ss", "’": "'"})


@lru_cache(maxsize=65_536)
def fold(text: str) -> str:
    """Lower case, no accents, ligatures spelled out; « Nœux-lès-Auxi » -> « noeux-les-auxi »."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.translate(_LIGATURES))
    return "".join(c for c in decomposed if not unicodedata.combining(c)).lower()


@dataclass(frozen=True, slots=True)
class Word:
    """A run of letters and digits: folded form, and its span in the original text."""

    form: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Message:
    """A message and its words, folded once for all readers."""

    text: str
    words: tuple[Word, ...]

    @classmethod
    def of(cls, text: str) -> Message:
        return cls(
            text, tuple(Word(fold(m.group()), m.start(), m.end()) for m in _WORD.finditer(text))
        )

    @property
    def forms(self) -> tuple[str, ...]:
        return tuple(word.form for word in self.words)

    def between(self, left: int, right: int) -> str:
        """What stands between word ``left`` and word ``right`` in the original text."""
        return self.text[self.words[left].end : self.words[right].start]

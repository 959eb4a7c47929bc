"""Ordinary words written by ear: « éfasse » is « efface », « historik » is « historique »."""

from __future__ import annotations

from collections.abc import Container
from functools import lru_cache
from pathlib import Path

from nlu.memory import Memory
from nlu.texting import SAID
from nlu.trade_spelling import sound

WORDS_FILE = Path(__file__).with_name("data") / "words.txt"
HEARD_FILE = Path(__file__).with_name("data") / "heard.txt"
_LEAST, _MOST = 4, 20
# Whose right spelling a rule may wait for.
_WEIGHTY = frozenset(
    "eface suprime suprim suppr conte notif notifs msg msgs kil ske ktu poz".split()
)
_ELIDED = ("quelqu", "jusqu", "lorsqu", "puisqu", "aujourd", "presqu")
_POLITE = frozenset({"stp", "svp", "steplait"})


@lru_cache(maxsize=1)
def ordinary() -> frozenset[str]:
    """The commonest words of the language, folded: they are right as they are."""
    return frozenset(WORDS_FILE.read_text("utf-8").split())


@lru_cache(maxsize=1)
def _by_sound() -> tuple[frozenset[str], dict[str, str]]:
    """The words our sentences are made of, and each of them by how it sounds."""
    ours = HEARD_FILE.read_text("utf-8").split()
    table: dict[str, str] = {}
    for word in ours:  # the commonest first
        table.setdefault(sound(word), word)
    return ordinary().union(ours, _ELIDED), table


def usual() -> dict[str, str]:
    """How the words of our sentences sound, each with the commonest word that does."""
    return _by_sound()[1]


def heard(word: str) -> str:
    """The word of ours that an unknown folded word sounds like, else the word itself.

    Nothing of what people write is kept: it may be their name.
    """
    known, table = _by_sound()
    if word in known or not _LEAST <= len(word) <= _MOST or not word.isalpha():
        return word
    return table.get(sound(word), word)


def is_right(word: str) -> bool:
    """Whether a word stands in our lists: it is right as it is."""
    return word in _by_sound()[0]


class Ear:
    """Hears whole sentences; remembers how ``ours`` are heard, names of communes for instance."""

    def __init__(self, ours: Container[str]) -> None:
        self._ours = ours
        self._kept = Memory[str, str]()

    def rightly(self, words: str) -> str:
        """A plain sentence as it is rightly written: « éfasse tt » -> « efface tout ».

        Where nothing weighty is written by ear it stays as it is: the rules know « jveu » and
        « tt ».
        """
        known, _ = _by_sound()
        said = words.split(" ")
        if known.issuperset(said) and _WEIGHTY.isdisjoint(said):
            return words
        right = [word if word in known else self._heard(word) for word in said]
        if right == said and _WEIGHTY.isdisjoint(said):
            return words
        return " ".join(
            [
                " ".join(SAID[word]) if word in SAID and word not in _POLITE else ear
                for word, ear in zip(said, right, strict=True)
            ]
        )

    def _heard(self, word: str) -> str:
        meant = self._kept.get(word)
        if meant is None:
            meant = heard(word)
            if word in self._ours:
                self._kept.keep(word, meant)
        return meant

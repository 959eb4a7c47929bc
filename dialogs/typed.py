"""What a person types, and the words of the buttons it is compared with."""

from __future__ import annotations

from functools import lru_cache

from nlu.text import fold


def typed_words(text: str) -> str:
    return fold(text).replace("’", "'").strip(" .!?")


label_typed = lru_cache(maxsize=1_024)(typed_words)
"""The same of a button's label: ours, and nearly always one that was shown before."""


def label_words(label: str) -> set[str]:
    cleaned = fold(label).replace("’", "'")
    return set("".join(c if c.isalnum() else " " for c in cleaned).split())

"""What a person types or presses, and the buttons it is compared with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from nlu.text import fold


def typed_words(text: str) -> str:
    return fold(text).replace("’", "'").strip(" .!?")


label_typed = lru_cache(maxsize=1_024)(typed_words)
"""The same of a button's label: ours, and nearly always one that was shown before."""


def label_words(label: str) -> set[str]:
    cleaned = fold(label).replace("’", "'")
    return set("".join(c if c.isalnum() else " " for c in cleaned).split())


def latest_payloads(slots: Mapping[str, Any], verbs: Iterable[str]) -> list[str]:
    """What the buttons said last press; ``verbs`` are those of an offer's card."""
    shown = (slots["shown"] or {}).get("ids", ())
    cards = [f"/{verb} {id}" for verb in verbs for id in shown]
    return [*(payload for _, payload in slots["choices"] or ()), *cards]

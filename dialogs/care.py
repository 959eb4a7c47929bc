"""After words of distress: for two more turns, only a clear search is business as usual."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dialogs.typed import label_typed, typed_words
from nlu.meaning import Intent, Understanding

CARE_TURNS = 2
"""How long one stays near, in turns."""

_CLEAR: frozenset[Intent] = frozenset({"search", "give_info", "correct"})
_RIGHTS: frozenset[Intent] = frozenset({"delete_data", "export_data", "restart", "human"})


def stays_near(u: Understanding, slots: Mapping[str, Any]) -> bool:
    """Whether the numbers are said again, kindly, rather than anything of a search."""
    if not slots["care"] or u.intent in _RIGHTS:
        return False
    typed = typed_words(u.text)
    if any(label_typed(label) == typed for label, _ in slots["choices"] or ()):
        return False
    named = u.trades or u.places or u.areas or u.domains or u.ambiguous_places or u.noncraft_trades
    return not (u.intent in _CLEAR and named)

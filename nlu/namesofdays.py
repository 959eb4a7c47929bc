"""Communes' names that hold a date's words: « Saint-Mars » is no March."""

from __future__ import annotations

from collections.abc import Sequence

from nlu.areas import canonicals
from nlu.naming import Naming
from nlu.text import Message

_MOST_WORDS = 400
_TO = frozenset({"a", "vers", "sur"})


def without_names(
    naming: Naming, message: Message, spans: Sequence[tuple[int, int]], asked: str | None
) -> Message | None:
    """``message`` with those of ``spans`` that belong to names struck out, each in its place.

    « à Saint-Nicolas » is no feast either, unlike « à la Saint-Nicolas ».

    ``spans`` (characters) were read as dates; ``None`` when no name holds any of them.
    """
    forms = canonicals(message.forms[:_MOST_WORDS])
    text = message.text
    for start, end in spans:
        held = [i for i in message.within(start, end) if i < len(forms)]
        if held and _is_of_a_name(naming, forms, held[0], held[-1], asked):
            text = text[:start] + "_" * (end - start) + text[end:]
    return None if text == message.text else Message.of(text)


def _is_of_a_name(
    naming: Naming, forms: Sequence[str], first: int, last: int, asked: str | None
) -> bool:
    if naming.within_a_name(forms, first, last):
        return True
    placed = asked == "ask_place" or (first > 0 and forms[first - 1] in _TO)
    return placed and last > first and naming.is_name(forms[first : last + 1])

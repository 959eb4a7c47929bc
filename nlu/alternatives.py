"""Alternatives sorted by their first letter, so that ``re`` need not try each where none begins."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_LETTER = re.compile(r"[a-z0-9](?![?*+{])")
_QUANTIFIERS = ("?", "*", "+", "{")
_OPENING = "(?:"


def sorted_out(patterns: Iterable[str]) -> str:
    """One pattern that is found in the texts where any of ``patterns`` is.

    « patron|paye » becomes « p(?:atron|aye) ». Which of them is found, and how far it reaches,
    may differ: only whether one is there stays the same.
    """
    by_letter: dict[str, list[str]] = {}
    others: list[str] = []
    for pattern in patterns:
        for one in _unfolded(pattern):
            if _LETTER.match(one):
                by_letter.setdefault(one[0], []).append(one[1:])
            else:
                others.append(one)
    begun = (f"{letter}(?:{'|'.join(rest)})" for letter, rest in by_letter.items())
    return "|".join([*begun, *others])


def _unfolded(pattern: str) -> Iterator[str]:
    """The alternatives of a pattern; « (?:pas|plus) de » as one for each first letter."""
    for one in split(pattern):
        end = _end_of_group(one) if one.startswith(_OPENING) else 0
        if not end or one.startswith(_QUANTIFIERS, end):
            yield one
            continue
        by_letter: dict[str, list[str]] = {}
        for head in split(one[len(_OPENING) : end - 1]):
            by_letter.setdefault(head[0] if _LETTER.match(head) else "", []).append(head)
        for letter, heads in by_letter.items():
            rest = "|".join(head[len(letter) :] for head in heads)
            yield f"{letter}(?:{rest}){one[end:]}"


def split(pattern: str) -> list[str]:
    """The alternatives of a pattern, as they are written."""
    parts, start, depth = [], 0, 0
    for at, sign in _signs(pattern):
        depth += (sign == "(") - (sign == ")")
        if sign == "|" and not depth:
            parts.append(pattern[start:at])
            start = at + 1
    return [*parts, pattern[start:]]


def _end_of_group(pattern: str) -> int:
    """Where the group ends that a pattern begins with."""
    depth = 0
    for at, sign in _signs(pattern):
        depth += (sign == "(") - (sign == ")")
        if not depth:
            return at + 1
    raise ValueError(f"unbalanced: {pattern}")


def _signs(pattern: str) -> Iterator[tuple[int, str]]:
    """Each character that is neither escaped nor inside a set, with where it stands."""
    at = 0
    while at < len(pattern):
        sign = pattern[at]
        yield at, sign
        if sign == "[":
            at = pattern.index("]", at + 2)
        at += 2 if sign == "\\" else 1

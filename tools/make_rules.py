"""Builds rules.json from rules.yml: each pattern whole, and the beginnings it cannot do without.

    python tools/make_rules.py

A pattern is looked for only in messages that have a word with one of its beginnings: the rarest in
our sentences are chosen among all that any match must hold.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

import yaml

from nlu.rules import RULES_FILE, RULES_SOURCE, plain
from nlu.text import HEAD

SENTENCES = RULES_SOURCE.parent / "intents"
WHOLE = ("help", "affirmed", "refused", "yes_besides")
_ANY = "abcdefghijklmnopqrstuvwxyz0123456789"
_MOST = 3_000  # beginnings of one word
_DEPTH = 3  # alternatives within alternatives

Items = list[tuple[Any, Any]]


def build(source: Path = RULES_SOURCE) -> str:
    """The contents of ``rules.json``."""
    table = yaml.safe_load(source.read_text("utf-8"))
    parts = {f"<{name}>": pattern for name, pattern in table["parts"].items()}
    finder = Finder(_common())
    groups = {
        name: [
            [whole, sorted(finder.beginnings(whole) or ())]
            for whole in (_whole(pattern, parts) for pattern in patterns)
        ]
        for name, patterns in table.items()
        if name not in {"parts", *WHOLE}
    }
    compact = {"groups": groups, **{name: table[name] for name in WHOLE}}
    return json.dumps(compact, ensure_ascii=False, indent=0) + "\n"


def _whole(pattern: str, parts: dict[str, str]) -> str:
    # A part may hold another one: twice is enough for all of ours.
    for _ in range(2):
        pattern = re.sub(r"<[a-z_]+>", lambda found: parts[found.group()], pattern)
    return pattern


def _common() -> Counter[str]:
    """In how many of our sentences a word begins so."""
    common: Counter[str] = Counter()
    for file in sorted(SENTENCES.iterdir()):
        for line in file.read_text("utf-8").splitlines():
            common.update({word[:HEAD] for word in plain(line).split(" ")})
    return common


class Finder:
    """Finds the beginnings; ``common`` says how often each one stands in a sentence."""

    def __init__(self, common: Counter[str]) -> None:
        self._common = common

    def beginnings(self, pattern: str) -> frozenset[str] | None:
        """One of these begins a word of every match; ``None`` when nothing is sure."""
        return self._best(_inlined(list(parser.parse(pattern))), starts=True, depth=0)

    def _best(self, items: Items, *, starts: bool, depth: int) -> frozenset[str] | None:
        """The rarest among the beginnings of each word that must be there."""
        found: list[frozenset[str]] = []
        for i, (kind, value) in enumerate(items):
            if starts and (here := heads(items[i:])) is not None:
                found.append(here)
            if kind is op.BRANCH and depth < _DEPTH:
                below = [
                    self._best(_inlined([*option, *items[i + 1 :]]), starts=starts, depth=depth + 1)
                    for option in value[1]
                ]
                if all(one is not None for one in below):
                    found.append(frozenset().union(*[one for one in below if one]))
            starts = _is_space(kind, value) or (starts and _ends_in_space(kind, value))
        return min(found, key=self._weight) if found else None

    def _weight(self, beginnings: Iterable[str]) -> tuple[int, int]:
        several = list(beginnings)
        return sum(self._common[one] for one in several), len(several)


def _inlined(items: Items) -> Items:
    """Without groups, and what is repeated at least once written out once."""
    flat: Items = []
    for kind, value in items:
        if kind is op.SUBPATTERN:
            flat += _inlined(list(value[3]))
        elif kind in (op.MAX_REPEAT, op.MIN_REPEAT) and value[0] > 0:
            least, most, inner = value
            flat += [
                *_inlined(list(inner)),
                (kind, (least - 1, most - (most != op.MAXREPEAT), inner)),
            ]
        else:
            flat.append((kind, value))
    return flat


def _is_space(kind: Any, value: Any) -> bool:
    return kind is op.LITERAL and value == ord(" ")


def _ends_in_space(kind: Any, value: Any) -> bool:
    """Whether after « (?:tres )? » a word begins where one began before it."""
    if kind in (op.AT, op.ASSERT, op.ASSERT_NOT):
        return True
    if kind in (op.MAX_REPEAT, op.MIN_REPEAT):
        inner = _inlined(list(value[2]))
        if len(inner) == 1 and inner[0][0] is op.BRANCH:
            return all(_spaced(list(option)) for option in inner[0][1][1])
        return _spaced(inner)
    return kind is op.BRANCH and all(_spaced(list(option)) for option in value[1])


def _spaced(items: Items) -> bool:
    flat = _inlined(items)
    return not flat or _is_space(*flat[-1])


def heads(items: Items) -> frozenset[str] | None:
    """How the word that begins with ``items`` may begin; ``None`` when that could be anything."""
    try:
        found = frozenset(_heads("", items, 0))
    except _TooManyError:
        return None
    return found if "" not in found and len(found) <= _MOST else None


class _TooManyError(Exception):
    """Any word may begin so."""


def _heads(begun: str, items: Items, depth: int) -> set[str]:
    if len(begun) == HEAD or not items:
        return {begun}
    if depth > 60:
        raise _TooManyError
    (kind, value), rest = items[0], items[1:]
    if kind in (op.LITERAL, op.IN):
        found: set[str] = set()
        for sign in _signs(begun, kind, value):
            found |= {begun} if sign == " " else _heads(begun + sign, rest, depth + 1)
        return found
    if kind is op.BRANCH:
        return set().union(*[_heads(begun, [*one, *rest], depth + 1) for one in value[1]])
    if kind is op.SUBPATTERN:
        return _heads(begun, [*value[3], *rest], depth + 1)
    if kind in (op.MAX_REPEAT, op.MIN_REPEAT):
        least, most, inner = value
        again = (kind, (max(0, least - 1), most if most == op.MAXREPEAT else most - 1, inner))
        found = _heads(begun, rest, depth + 1) if least == 0 else set()
        if most:
            found |= _heads(begun, [*inner, again, *rest], depth + 1)
        return found
    if kind in (op.AT, op.ASSERT, op.ASSERT_NOT):
        return _heads(begun, rest, depth + 1)  # they only forbid
    raise _TooManyError


def _signs(begun: str, kind: Any, value: Any) -> Iterable[str]:
    if kind is op.LITERAL:
        return [chr(value)]
    signs: list[str] = []
    for inner, what in value:
        if inner is op.LITERAL:
            signs.append(chr(what))
        elif inner is op.RANGE:
            signs += [chr(code) for code in range(what[0], what[1] + 1)]
        elif inner is op.CATEGORY and what is op.CATEGORY_DIGIT:
            signs += "0123456789"
        elif inner is op.CATEGORY and what is op.CATEGORY_WORD and len(begun) == HEAD - 1:
            signs += _ANY
        else:
            raise _TooManyError
    return signs


if __name__ == "__main__":
    RULES_FILE.write_text(build(), "utf-8")

"""The rules as they are built: every pattern is looked for wherever it may be."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from random import Random

import pytest

from nlu.language import _HEADS, _WORDS
from nlu.radius import _WAYS, _WAYS_BEGIN
from nlu.rules import RULES_FILE, Plain, Rules, plain
from tools.make_rules import Finder, build

SENTENCES = Path(__file__).parent.parent / "benchmarks" / "development" / "chatter.txt"


def test_the_built_rules_are_in_step_with_their_source() -> None:
    assert RULES_FILE.read_text("utf-8") == build(), "run: python tools/make_rules.py"


@pytest.mark.parametrize(
    ("pattern", "heads"),
    [
        ("patron|pay", {"patr", "pay"}),
        ("(?:tres )?mal", {"mal"}),
        ("(?:pas|plus) de (?:repos|vie)", {"repo", "vie"}),
        (r"\w+ moi", {"moi"}),
        ("je ?veux", {"je", "jeve"}),
        ("^kms$", {"kms"}),
        (r"\w*frapp\w+", None),
    ],
)
def test_what_a_pattern_cannot_do_without(pattern: str, heads: set[str] | None) -> None:
    common = {"tres": 5, "pas": 9, "plus": 9, "de": 20, "je": 90}
    assert Finder(Counter(common)).beginnings(pattern) == heads


@pytest.mark.parametrize(
    ("patterns", "begun"),
    [(dict(_WAYS).values(), _WAYS_BEGIN | {"m'am", "m'co", "m'de", "m'em"}),
     (_WORDS.values(), _HEADS)],
    ids=["ways", "languages"],
)  # fmt: skip
def test_what_a_reader_passes_over_holds_nothing_it_looks_for(
    patterns: Iterable[str], begun: frozenset[str]
) -> None:
    """« m'emmène » has its « m »."""
    for pattern in patterns:
        found = Finder(Counter()).beginnings(f"(?:{pattern})")
        assert found
        assert found <= begun


def test_the_rules_are_found_where_they_are_written() -> None:
    rules, chance = Rules.load(), Random(62)
    said = [plain(line) for line in SENTENCES.read_text("utf-8").splitlines()]
    said += [plain(line) for line in re.findall(r"[a-z][a-z ]+", RULES_FILE.read_text("utf-8"))]
    words = [word for text in said for word in text.split()]
    said += [Plain(" ".join(chance.choices(words, k=chance.randint(1, 9)))) for _ in range(400)]
    found = 0
    for name, group in rules.groups.items():
        written = group.all()
        for text in said:
            there = written.search(text) is not None
            assert rules.says(name, text) == there, (name, text)
            found += there
    assert found > 500

"""Alternatives sorted by first letter are found where those they come from are, nowhere else."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random

import pytest
import yaml

from nlu.alternatives import sorted_out, split
from nlu.rules import RULES_SOURCE, plain

SENTENCES = Path(__file__).parent / "sentences" / "intents.yml"


@pytest.mark.parametrize(
    ("patterns", "sorted_"),
    [
        (["patron", "paye"], "p(?:atron|aye)"),
        (["(?:pas|plus|non) de", "peu"], "p(?:(?:as|lus) de|eu)|n(?:(?:on) de)"),
        (["j?e", r"\w+", "(?:a|b)?c", "[ab|]c|d"], r"d(?:)|j?e|\w+|(?:a|b)?c|[ab|]c"),
    ],
)
def test_alternatives_are_sorted(patterns: list[str], sorted_: str) -> None:
    assert sorted_out(patterns) == sorted_


def test_a_bar_counts_outside_groups_and_sets_only() -> None:
    assert split(r"a(?:b|c)|[|]\||") == ["a(?:b|c)", r"[|]\|", ""]


def test_the_rules_are_found_where_they_are_written() -> None:
    table = yaml.safe_load(RULES_SOURCE.read_text("utf-8"))
    chance = Random(62)
    said = [str(plain(line)) for line in SENTENCES.read_text("utf-8").splitlines()]
    words = [word for text in said for word in text.split()]
    said += [" ".join(chance.choices(words, k=chance.randint(1, 9))) for _ in range(400)]
    found = 0
    for name, patterns in table.items():
        # Parts stand for others, and some groups are whole sentences.
        if name == "parts" or any("<" in re.sub(r"\(\?<", "", pattern) for pattern in patterns):
            continue
        written = re.compile(rf"\b(?:{'|'.join(patterns)})\b")
        sorted_ = re.compile(rf"\b(?:{sorted_out(patterns)})\b")
        for text in said:
            assert bool(sorted_.search(text)) == bool(written.search(text)), (name, text)
            found += bool(written.search(text))
    assert found > 500

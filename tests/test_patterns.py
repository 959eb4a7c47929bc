"""No message holds a process up: patterns stay quick on what is repeated without end."""

from __future__ import annotations

import importlib
import pkgutil
import re
import time
from collections.abc import Iterator

import pytest

import dialogs
import matching
import nlu

LONGEST = 200
"""Characters a pattern is given; from one length to the next, a pattern that tries all ways to
take a text apart becomes ten times slower or more."""
STEP = 8
SLOW_SECONDS = 0.1
ALWAYS = ("c", "c ", "a", "1", " ", "- ", "ok ", "et ", "je ", "j'", "la ", "mais non ")
"""Words of many patterns."""


def patterns() -> Iterator[tuple[str, re.Pattern[str]]]:
    for package in (dialogs, matching, nlu):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            module = importlib.import_module(found.name)
            for name, value in vars(module).items():
                for n, one in enumerate(_in(value)):
                    yield f"{found.name}.{name}[{n}]", one


def _in(value: object) -> Iterator[re.Pattern[str]]:
    if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
        yield value
    elif isinstance(value, (tuple, list)):
        for one in value:
            yield from _in(one)
    elif isinstance(value, dict):
        yield from _in([*value.values()])


FOUND = dict(patterns())


@pytest.mark.parametrize("name", FOUND)
def test_a_text_repeated_without_end(name: str) -> None:
    pattern = FOUND[name]
    words = dict.fromkeys(re.findall(r"(?<![\\\w])[a-z]{1,12}(?:'(?=[a-z]))?", pattern.pattern))
    for word in (*ALWAYS, *list(words)[:400]):
        for unit in dict.fromkeys((word, f"{word} ")):
            for length in range(STEP, LONGEST, STEP):
                text = (unit * length)[:length] + "%"
                started = time.process_time()
                pattern.search(text)
                took = time.process_time() - started
                assert took < SLOW_SECONDS, f"{took:.1f} s for {text!r}"

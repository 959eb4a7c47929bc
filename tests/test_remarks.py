"""What is said of an answer: every sentence of tests/sentences/remarks.yml."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from nlu.remarks import Kind, Remark, read_remark

TABLE: dict[str, list[Any]] = yaml.safe_load(
    (Path(__file__).parent / "sentences" / "remarks.yml").read_text("utf-8")
)


def _sentences() -> Iterator[tuple[str, tuple[str, int | None] | None]]:
    for kind, entries in TABLE.items():
        for entry in entries:
            text, number = entry if isinstance(entry, list) else (entry, None)
            yield text, None if kind == "none" else (kind, number)


@pytest.mark.parametrize(("text", "wanted"), list(_sentences()))
def test_remark(text: str, wanted: tuple[str, int | None] | None) -> None:
    found = read_remark(text)
    assert (found and (found.kind, found.number)) == wanted


def test_every_kind_has_sentences() -> None:
    assert set(TABLE) == {*get_args(Kind), "none"}
    assert min(len(entries) for entries in TABLE.values()) >= 3


@given(st.text(max_size=400))
def test_any_text_is_a_remark_or_none(text: str) -> None:
    found = read_remark(text)
    assert found is None or isinstance(found, Remark)

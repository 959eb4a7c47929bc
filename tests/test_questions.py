"""The topic of a question: every sentence of tests/sentences/questions.yml."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from nlu.questions import Topic, read_topic

TABLE: dict[str, list[str]] = yaml.safe_load(
    (Path(__file__).parent / "sentences" / "questions.yml").read_text("utf-8")
)


def _sentences() -> Iterator[tuple[str, str | None]]:
    for topic, texts in TABLE.items():
        yield from ((text, None if topic == "none" else topic) for text in texts)


@pytest.mark.parametrize(("text", "topic"), list(_sentences()))
def test_topic(text: str, topic: str | None) -> None:
    assert read_topic(text) == topic


def test_every_topic_has_sentences() -> None:
    assert set(TABLE) == {*get_args(Topic), "none"}
    assert min(len(texts) for texts in TABLE.values()) >= 3


@given(st.text(max_size=600))
def test_any_text_has_a_topic_or_none(text: str) -> None:
    assert read_topic(text) in {None, *get_args(Topic)}

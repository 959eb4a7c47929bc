"""Diplomas: every sentence of tests/sentences/diplomas.yml."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from nlu.diplomas import read_diploma
from nlu.text import Message

SENTENCES = Path(__file__).parent / "sentences" / "diplomas.yml"


@pytest.mark.parametrize(
    "one", yaml.safe_load(SENTENCES.read_text("utf-8")), ids=lambda one: one["text"]
)
def test_sentence(one: dict[str, Any]) -> None:
    assert read_diploma(Message.of(one["text"]), one.get("asked")) == one["diploma"]


@given(st.text(max_size=200))
def test_never_raises(text: str) -> None:
    read_diploma(Message.of(text), None)

"""Distress and violence are never missed, and everyday words are not taken for them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
import yaml

from nlu.understander import Understander

TODAY = date(2026, 11, 23)
_LINES: dict[str, list[str]] = yaml.safe_load(
    (Path(__file__).parent / "sentences" / "safety.yml").read_text("utf-8")
)
_DANGERS = [(label, text) for label, texts in _LINES.items() if label != "not" for text in texts]


@pytest.mark.parametrize(("label", "text"), _DANGERS)
@pytest.mark.parametrize("asked", [None, "ask_trade", "confirm", "show_offers"])
def test_danger_is_heard(
    understander: Understander, label: str, text: str, asked: str | None
) -> None:
    meant = understander.read(text, asked=asked, today=TODAY)
    assert f"{meant.intent}/{meant.reason}" == label


@pytest.mark.parametrize("text", _LINES["not"])
@pytest.mark.parametrize("asked", [None, "confirm"])
def test_everyday_words_are_no_danger(
    understander: Understander, text: str, asked: str | None
) -> None:
    meant = understander.read(text, asked=asked, today=TODAY)
    assert meant.reason not in {"distress", "violence", "wages"}

"""Folding of text: one spelling for all readers, and nothing remembered of what was written."""

from __future__ import annotations

import tracemalloc
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.intents import features
from nlu.text import Message, fold


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Nœux-lès-Auxi", "noeux-les-auxi"),
        ("ŒUVRE Æthel", "oeuvre aethel"),
        ("l’Été", "l'ete"),
        ("Straße", "strasse"),
        ("ça ﬁnit", "ca finit"),
        ("Ὀδυσσεύς", "οδυσσευς"),
        ("boulanger", "boulanger"),
    ],
)
def test_folded(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text(max_size=200))
def test_nothing_folded_bears_an_accent(text: str) -> None:
    assert not any(unicodedata.combining(c) for c in fold(text).translate({ord("̇"): None}))


def test_words_remember_where_they_stood() -> None:
    text = "À Nœux, l’été"
    assert [(w.form, text[w.start : w.end]) for w in Message.of(text).words] == [
        ("a", "À"), ("noeux", "Nœux"), ("l", "l"), ("ete", "été"),
    ]  # fmt: skip


def test_no_word_is_empty() -> None:
    assert Message.of("lens ﾞ ou ﾟ arras").forms == ("lens", "ou", "arras")


def test_messages_leave_nothing_in_memory() -> None:
    """Two hundred long messages, all different, of words nobody else would write."""

    def write(number: int) -> None:
        text = f"é{number}" * 1_000
        Message.of(text)
        fold(text)
        features(text, None)

    write(0)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for number in range(1, 201):
            write(number)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 400_000

"""What whole messages mean: intents kept out of training, and the readers joined."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nlu.meaning import Understanding
from nlu.understander import LONGEST, Understander

TODAY = date(2026, 11, 23)
SENTENCES = Path(__file__).parent / "sentences"


def _kept_out() -> Iterator[tuple[set[str], str | None, str]]:
    """(intents accepted, what was asked, text) of `intents.yml` and `intents_spoken.yml`."""
    for name in ("intents.yml", "intents_spoken.yml"):
        table = yaml.load((SENTENCES / name).read_text("utf-8"), yaml.CSafeLoader)
        for label, groups in table.items():
            for condition, texts in groups.items():
                asked, _, others = condition.partition("|")
                accepted = set(others.split(",")) if others else {label}
                yield from ((accepted, None if asked == "-" else asked, text) for text in texts)


def _accepts(accepted: set[str], meant: Understanding) -> bool:
    """Asking for offers and giving a value count as one; a reason is compared where one is said."""
    got = {meant.intent, f"{meant.intent}/{meant.reason}"}
    if got & {"search", "give_info"}:
        got |= {"search", "give_info"}
    return bool(got & accepted)


def test_intents_of_sentences_kept_out_of_training(understander: Understander) -> None:
    lines = list(_kept_out())
    wrong = [
        text
        for accepted, asked, text in lines
        if not _accepts(accepted, understander.read(text, asked=asked, today=TODAY))
    ]
    assert len(lines) > 600
    assert len(wrong) <= len(lines) * 0.05, wrong


def _summary(meant: Understanding) -> dict[str, Any]:
    """What a sentence's entry in `sentences/intents_values.yml` may say, and nothing empty."""
    when = meant.availability
    told = {
        "trades": [t.label for t in meant.trades],
        "no_trades": [t.label for t in meant.negated_trades],
        "places": [p.name for p in meant.places],
        "no_places": [p.name for p in meant.negated_places],
        "asks": [a.text for a in meant.ambiguous_places],
        "areas": [a.name for a in meant.areas],
        "domains": list(meant.domains),
        "radius": meant.radius_km,
        "from": when.start.isoformat() if when else None,
        "until": when.end.isoformat() if when and when.end else None,
        "diploma": meant.diploma,
        "adds": meant.adds,
        "travel": meant.travel,
        "language": None if meant.language == "fr" else meant.language,
        "reason": meant.reason,
    }
    return {name: value for name, value in told.items() if value}


def _whole_messages() -> list[Any]:
    table = yaml.load((SENTENCES / "intents_values.yml").read_text("utf-8"), yaml.CSafeLoader)
    return [pytest.param(entry, id=entry["text"][:50]) for entry in table]


@pytest.mark.parametrize("entry", _whole_messages())
def test_whole_messages(understander: Understander, entry: dict[str, Any]) -> None:
    meant = understander.read(entry["text"], asked=entry.get("asked"), today=TODAY)
    assert meant.intent == entry["intent"]
    wanted = {k: v for k, v in entry.items() if k not in {"text", "asked", "intent"}}
    assert _summary(meant) == wanted


@pytest.mark.parametrize(
    "text",
    ["oui", "ouais vas y", "ok", "oui stp", "oui efface tout", "👍", "👍🏽", "yes", "Ouiii !",
     "oui oui c'est bon", "oui je suis sûre", "d'accord", "نعم", "ok vas-y supprime tout"],
)  # fmt: skip
def test_a_whole_yes_is_sure(understander: Understander, text: str) -> None:
    meant = understander.read(text, asked="confirm", today=TODAY)
    assert meant.intent == "affirm"
    assert meant.confidence >= 0.9


@pytest.mark.parametrize(
    "text",
    ["pourquoi", "ok attends", "oui c'est quoi", "mouais", "ok mais pourquoi", "oui ?",
     "oui je veux bien un travail", "d'accord mais pas tout", "oui efface pas tout",
     "oui mais efface tout sauf mon nom", "ok je verrai demain", "oui, je veux une alerte"],
)  # fmt: skip
def test_a_yes_with_something_else_in_it_is_not_sure(understander: Understander, text: str) -> None:
    meant = understander.read(text, asked="confirm", today=TODAY)
    assert meant.intent != "affirm" or meant.confidence < 0.9


def test_many_yeses_cost_little(understander: Understander) -> None:
    """Words that agree may be cut in many ways: they are not all tried."""
    meant = understander.read("oui " * 1_000 + "quoi", asked="confirm", today=TODAY)
    assert meant.intent != "affirm" or meant.confidence < 0.9


@pytest.mark.parametrize(
    "noise", ["asdf", "1234", "%%%", "zzkrt mlop", "ghjk", "🎈", "...", "żółw"]
)
def test_noise_is_out_of_scope_and_unsure(understander: Understander, noise: str) -> None:
    for asked in (None, "confirm", "show_offers"):
        meant = understander.read(noise, asked=asked, today=TODAY)
        assert meant.intent == "out_of_scope"
        assert meant.confidence < 0.7


@pytest.mark.parametrize("asked", [None, "ask_place", "confirm"])
@settings(max_examples=60, deadline=None)
@example(text="59000 Lille CEDEX")
@example(text="lens ﾞ")
@example(text="MESSAGE")
@example(text="SUPPRIM")
@given(text=st.text(max_size=200))
def test_any_text_is_read_without_a_fuss(asked: str | None, text: str) -> None:
    meant = _shared().read(text, asked=asked, today=TODAY)
    assert 0 <= meant.confidence <= 1
    assert meant.to_json()["text"] == text[:LONGEST]
    # « SUPPRIM » is drawn from our own words: only it may be taken for a deletion.
    spoken = any(sign in text.lower() for sign in ("suppr", "stop", "oubli", "eff"))
    assert spoken or meant.intent not in {"delete_data", "stop_alerts"}


_LOADED: list[Understander] = []


def _shared() -> Understander:
    """Hypothesis does not mix with fixtures of a narrower scope: one understander for its runs."""
    if not _LOADED:
        _LOADED.append(Understander.load())
    return _LOADED[0]


def test_long_texts_are_cut(understander: Understander) -> None:
    meant = understander.read("boulanger à Lens " * 2000, today=TODAY)
    assert len(meant.text) == LONGEST
    assert [t.label for t in meant.trades] == ["boulanger"]


@pytest.mark.parametrize(
    "text",
    ["a" * 5000, "1 " * 2500, "é" * 4096, "st " * 2000, "[" * 4000, "de " * 2000, "\x00" * 99],
)
def test_strange_texts_cost_little(understander: Understander, text: str) -> None:
    assert understander.read(text, today=TODAY).text == text[:LONGEST]


def test_the_same_text_means_the_same_twice(understander: Understander) -> None:
    text = "slt jcherche boulanger vers lens dispo en septembre"
    assert understander.read(text, today=TODAY) == understander.read(text, today=TODAY)

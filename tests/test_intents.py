"""The committed intent model is the one our sentences give, and is sure only when it may be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from nlu.intents import MODEL_FILE, IntentModel, features, features_of, mask, tokens
from nlu.rules import Rules, plain
from tools.train_intents import Reader, Row, Sentence, read_sentences, texted, train

INTENTS = {
    "search", "give_info", "correct", "affirm", "deny", "greet", "help", "stop_alerts",
    "resume_alerts", "pause_alerts", "delete_data", "export_data", "human", "question",
    "restart", "thanks", "out_of_scope",
}  # fmt: skip


@pytest.fixture(scope="module")
def model() -> IntentModel:
    return IntentModel.load()


@pytest.fixture(scope="module")
def sentences() -> list[Sentence]:
    return read_sentences()


@pytest.fixture(scope="module")
def rules() -> Rules:
    return Rules.load()


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


@pytest.fixture(scope="module")
def rows(sentences: list[Sentence], reader: Reader) -> list[Row]:
    return [reader.row(s.label, s.text, s.asked) for s in sentences]


def _intent(model: IntentModel, row: Row) -> str:
    return model.read(row.masked, row.asked, row.values).intent


@pytest.mark.timeout(600)  # 25 seconds of a processor, which others may want too
def test_a_model_trained_again_decides_the_same(
    model: IntentModel, sentences: list[Sentence], rows: list[Row], reader: Reader
) -> None:
    again = train(sentences, reader)
    assert again.labels == model.labels
    different = [row.masked for row in rows if _intent(again, row) != _intent(model, row)]
    # Another processor may round another way: a tie or two, never a different model.
    assert len(different) <= len(rows) // 500, different


def test_the_model_knows_its_own_sentences(model: IntentModel, rows: list[Row]) -> None:
    wrong = [row.masked for row in rows if _intent(model, row) != row.label.split("/")[0]]
    assert len(wrong) < len(rows) * 0.03, wrong


def test_there_are_enough_sentences_for_every_intent(sentences: list[Sentence]) -> None:
    counts = dict.fromkeys(INTENTS, 0)
    for sentence in sentences:
        counts[sentence.label.split("/")[0]] += 1
    assert set(counts) == INTENTS
    assert min(counts.values()) >= 50
    assert len(sentences) >= 900


def test_no_sentence_teaches_two_intents(sentences: list[Sentence]) -> None:
    labels: dict[tuple[str, str | None], str] = {}
    for sentence in sentences:
        key = (sentence.masked.casefold(), sentence.asked)
        assert labels.setdefault(key, sentence.label) == sentence.label, sentence.text


@pytest.mark.parametrize("noise", ["asdf", "zkjhg qsd", "1234", "wrtz bnmp kkl", "żółw gęś", "%$#"])
def test_noise_is_never_sure(model: IntentModel, noise: str) -> None:
    reading = model.read(noise)
    assert reading.intent == "out_of_scope" or reading.confidence < 0.7


def test_a_value_does_not_matter_only_that_there_is_one() -> None:
    text = "boulanger à Lens"
    masked = mask(text, [(0, 9, "trade"), (12, 16, "place"), (13, 15, "place")])
    assert tokens(masked) == ["__trade__", "a", "__place__"]


def test_what_was_asked_is_a_feature() -> None:
    assert "x ask_trade non" in features("non", "ask_trade")
    assert not any(name.startswith("x ask_trade") for name in features("non", None))


def test_the_rows_of_a_sentence_are_those_of_its_features(
    model: IntentModel, rows: list[Row]
) -> None:
    with np.load(MODEL_FILE) as stored:
        vocabulary = bytes(stored["vocabulary"]).decode().split("\n")
    row_of = {name: row for row, name in enumerate(vocabulary)}
    strange = Row("", "zorglub 12 zorglub ??? éfass tt __place__", "ask_place", ("place",), 1)
    for row in [strange, replace(strange, masked="", values=()), *rows[::5]]:
        words = tokens(row.masked)
        names = features_of(words, row.asked, row.values)
        found, count = model.rows_of(words, row.asked, row.values)
        assert count == len(names), row
        assert sorted(found) == sorted(row_of[name] for name in names if name in row_of), row


def test_numbers_and_long_runs_have_one_shape() -> None:
    assert tokens("Saluuuut 06 12 34 !!!") == ["salut", "0", "0", "0"]
    assert tokens("20 km") == ["__radius__"]


def test_texting_shortens_whole_words_only() -> None:
    assert texted("C'est quoi, pour demain ?") == "c koi, pr demain ?"
    assert texted("quoique") == "quoique"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("jai envie de mourir", "distress"),
        ("J’AI ENVIE D’EN FINIR", "distress"),
        ("jme sens trop mal", "distress"),
        ("je pense au suicide des fois", "distress"),
        ("jveux me tuer", "distress"),
        ("boulanger a lens mais je dors dehors", "distress"),
        ("je me fais frapper par mon patron", "violence"),
        ("on me touche", "violence"),
        ("jsuis harcelée au cfa", "violence"),
        ("mon chef me tape", "violence"),
        ("mon patron me paie pas", "wages"),
        ("jai pas été payé depuis 2 mois", "wages"),
    ],
)
def test_danger_is_heard_before_anything_else(rules: Rules, text: str, reason: str) -> None:
    for asked in (None, "ask_trade", "confirm", "show_offers"):
        ruled = rules.decide(text, plain(text), asked)
        assert ruled is not None
        assert (ruled.intent, ruled.reason) == ("human", reason)


@pytest.mark.parametrize(
    "text",
    [
        "mort de rire", "jsuis mort de rire", "je tue le temps", "pour tuer le temps",
        "je meurs de faim", "ca me touche", "on touche combien par mois ?", "un violon",
        "je frappe à la porte", "taper un texte", "est ce que les stages sont pas payés",
        "le magasin est fermé pour la mort du patron",
    ],
)  # fmt: skip
def test_manners_of_speaking_are_no_danger(rules: Rules, text: str) -> None:
    ruled = rules.decide(text, plain(text), None)
    assert ruled is None or ruled.intent != "human"


@pytest.mark.parametrize(
    ("text", "asked", "intent"),
    [
        ("stop", None, "stop_alerts"),
        ("STOPPPP !!", "ask_place", "stop_alerts"),
        ("arrête de m’écrire", None, "stop_alerts"),
        ("arrete de me harceler avec tes messages", None, "stop_alerts"),
        ("START", None, "resume_alerts"),
        ("pause", None, "pause_alerts"),
        ("stop les alertes pendant 2 semaines", None, "pause_alerts"),
        ("supprime tout", None, "delete_data"),
        ("Supprimez toutes mes données.", None, "delete_data"),
        ("oui supprime tout", "confirm", "affirm"),
        ("ne supprime pas mes données", "confirm", "deny"),
        ("efface tout et on recommence", None, "restart"),
        ("que gardes-tu sur moi ?", None, "export_data"),
        ("je veux parler à un conseiller", None, "human"),
        ("aide", None, "help"),
        ("ouiiiii", "confirm", "affirm"),
        ("nan", "confirm", "deny"),
        ("👍🏽", None, "affirm"),
        ("👎", None, "deny"),
    ],
)
def test_exact_words_settle_it(rules: Rules, text: str, asked: str | None, intent: str) -> None:
    ruled = rules.decide(text, plain(text), asked)
    assert ruled is not None
    assert ruled.intent == intent


@pytest.mark.parametrize(
    "text",
    [
        "arret de bus",
        "je veux arrêter mon apprentissage",
        "moins de 20 km",
        "ok boulanger",
        "non lille",
    ],
)
def test_ordinary_sentences_are_left_to_the_model(rules: Rules, text: str) -> None:
    assert rules.decide(text, plain(text), None) is None

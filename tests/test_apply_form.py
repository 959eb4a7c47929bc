"""What an application takes for a name, and what it asks about again."""

from __future__ import annotations

from typing import Any

import pytest
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from dialogs.apply_form import (
    FIELDS,
    MOST_OF_A_WORD,
    MOST_OF_AN_ANSWER,
    ValidateApplicationForm,
    check_files,
    is_sentence,
)
from dialogs.conversation import SLOTS

FORM = ValidateApplicationForm()


def given(field: str, value: Any, **slots: Any) -> tuple[dict[str, Any], list[str]]:
    """The slots that follow, and the sentences that are said."""
    dispatcher = CollectingDispatcher()
    tracker = Tracker("", {**SLOTS, **slots}, {}, [], False, None, {}, "")
    found = getattr(FORM, f"validate_{field}")(value, dispatcher, tracker, {})
    return found, [message["response"] for message in dispatcher.messages]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Léa Martin", ["Léa", "Martin"]),
        ("moi c'est lea martin", ["Lea", "Martin"]),
        ("salut moi c'est Léa Martin et j'ai 16 ans", ["Léa", "Martin"]),
        ("je m'appelle Léa MARTIN, 16 ans", ["Léa", "Martin"]),
        ("Ousmane Ba", ["Ousmane", "Ba"]),
        ("Son Ma", ["Son", "Ma"]),
        ("Léa de La Tour", ["Léa", "de La Tour"]),
        ("N'Golo Kanté", ["N’Golo", "Kanté"]),
        ("Maria da Silva", ["Maria", "da Silva"]),
    ],
)
def test_names(text: str, name: list[str]) -> None:
    assert given("apply_name", text) == ({"apply_name": name, "apply_hint": None}, [])


@pytest.mark.parametrize(
    "text",
    ["t'as vu sa story", "il fait froid", "c'est quoi ça", "on relance une partie", "prénom ?",
     "je sais pas trop quoi écrire ici moi en vrai"],
)  # fmt: skip
def test_a_sentence_is_asked_about(text: str) -> None:
    found, said = given("apply_name", text)
    assert found["apply_name"] is None
    assert said == ["utter_refused_name_empty"]


def test_whoever_says_it_again_is_believed() -> None:
    found, said = given("apply_name", "Tu Nguyen")
    assert (found["apply_hint"], said) == ({"odd": True}, ["utter_refused_name_empty"])
    found, said = given("apply_name", "Tu Nguyen", apply_hint={"odd": True})
    assert (found["apply_name"], said) == (["Tu", "Nguyen"], [])


def test_half_a_name_is_completed() -> None:
    found, said = given("apply_name", "léa")
    assert (found["apply_hint"], said) == ({"first": "Léa"}, ["utter_refused_name_half"])
    found, said = given("apply_name", "martin", apply_hint={"first": "Léa"})
    assert (found["apply_name"], said) == (["Léa", "Martin"], [])


def test_photos_come_one_after_the_other_and_anything_else_takes_their_place() -> None:
    one, two = ({"ref": n, "name": "photo.jpg", "size": 9, "photo": True} for n in ("1", "2"))
    pdf = {"ref": "3", "name": "cv.pdf", "size": 9, "photo": False}
    found, _ = given("apply_cv", {"files": [two]}, apply_cv={"files": [one]})
    assert found["apply_cv"] == {"files": [one, two]}
    found, _ = given("apply_cv", {"files": [pdf]}, apply_cv={"files": [one]})
    assert found["apply_cv"] == {"files": [pdf]}
    found, _ = given("apply_cv", {"files": [one]}, apply_cv={"files": [pdf]})
    assert found["apply_cv"] == {"files": [one]}
    found, said = given("apply_cv", {"files": [one]}, apply_cv={"files": [two] * 5})
    assert (found["apply_cv"], said) == ({"files": [two] * 5}, ["utter_refused_photos_many"])


def test_a_word_that_is_too_long_is_given_back_to_be_shortened_and_never_cut() -> None:
    most = "a" * MOST_OF_A_WORD
    assert given("apply_word", f" {most} ") == ({"apply_word": most}, [])
    found, said = given("apply_word", f"{most}b")
    assert (found, said) == ({"apply_word": None}, ["utter_refused_word_long"])


def test_so_is_an_answer_of_a_cv_and_those_before_it_stay() -> None:
    most = "a" * MOST_OF_AN_ANSWER
    assert given("apply_making", ["un CAP", most]) == ({"apply_making": ["un CAP", most]}, [])
    found, said = given("apply_making", ["un CAP", f"{most}b"])
    assert (found, said) == ({"apply_making": ["un CAP"]}, ["utter_refused_answer_long"])


def test_five_empty_answers_make_no_cv() -> None:
    found, said = given("apply_making", [""] * 5)
    assert (found["apply_making"], said) == ([], ["utter_refused_cv_empty"])
    found, _ = given("apply_making", ["", "", "x", "", ""])
    assert found["apply_cv"] == {"answers": ["", "", "x", "", ""]}


@pytest.mark.parametrize("field", FIELDS)
def test_every_field_has_its_check(field: str) -> None:
    assert hasattr(FORM, f"validate_{field}")


@pytest.mark.parametrize("text", ["", " ", "’", "🙂", "a" * 5000, "' ' '"])
def test_anything_may_be_a_sentence_or_not(text: str) -> None:
    is_sentence(text)
    given("apply_name", text)


@pytest.mark.parametrize("name", ["CV.PDF ", " cv.docx\u00a0", "../../etc/CV.pdf", "<b>cv</b>.pdf"])
def test_a_name_written_oddly_is_still_that_of_a_cv(name: str) -> None:
    check_files([{"ref": "x", "name": name, "size": 9, "photo": False}])

"""What the bot says: short, well set, for everyone; every sentence used, and none missing."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from bot.channels.telegram.profile import MENU
from dialogs.actions.sending import LATER, SAME
from dialogs.afterwards import ANSWERS
from dialogs.ages import AGES
from dialogs.apply_form import FIELDS, QUESTIONS
from dialogs.changes import TRAVEL_KM
from dialogs.french import NARROW, WIDE, at, fill, join, of, typeset
from dialogs.plans import Way
from dialogs.preview import SAMPLES, page
from dialogs.steps import RANKS
from dialogs.voice import Sentence, Voice, remember
from matching.application.refusal import Reason
from matching.apprentissage.applying import RefusalReason
from matching.model import WayOut
from nlu.questions import Topic
from tests.talk import LONG_SENTENCES, questions

VOICE = Voice.load()
SENTENCES = [(name, s) for name, variants in VOICE.sentences.items() for s in variants]
ROOT = Path(__file__).parent.parent

WAYS = {"radius", "dates", "diploma", "trade", "excluded", "france", "any_trade"}
REFUSALS = (set(get_args(RefusalReason)) - SAME.keys()) | LATER | {"denied", "file_gone"}
"""Why an application is refused by the service, or could not be made."""

BEATS = ("daily", "weekly", "live")
PUT_TOGETHER = (
    {f"utter_answer_{topic}" for topic in (*get_args(Topic), "unknown", "counsellor", "parent")}
    | {f"utter_fallback_{what}" for what in ("trade", "place", "offers")}
    | {f"utter_greet_{language}" for language in ("en", "es", "pl", "ar", "uk", "fa")}
    | {f"way_{kind}" for kind in WAYS}
    | {f"button_way_{kind}" for kind in WAYS}
    | {f"button_{name}" for name in ("open", "call", "hide", "taken", "share")}
    | {f"button_travel_{how}" for how in TRAVEL_KM}
    | {"part_dates", "part_diploma", "part_excluded"}
    | {f"command_{name}" for name in MENU}
    | {f"button_short_{what}" for what in ("open", "call", "card", "apply", "appointment")}
    | {f"card_level_{level}" for level in range(3, 8)}
    | {f"utter_resume_{what}" for what in ("trade", "place")}
    | {f"utter_refused_{reason}" for reason in (*map(str, Reason), *REFUSALS)}
    | {f"utter_cv_{question}" for question in QUESTIONS}
    | {f"utter_ask_{field}" for field in FIELDS if field != "apply_cv"}
    | {f"utter_ask_apply_cv_{way}" for way in get_args(Way)}
    | {f"utter_give_cv_{way}" for way in ("sent", "path")}
    | {f"step_{what}" for what in RANKS}
    | {f"button_{field}" for field in FIELDS}
    | {f"{part}_{kind}" for part in ("button_beat", "part_beat") for kind in BEATS}
    | {f"button_edit_{name}" for name in ("trade", "place", "distance", "when")}
    | {f"{part}_{age}" for part in ("part_age", "utter_my_age") for age in AGES}
    | {f"utter_my_class_{level}" for level in ("middle", "third", "high")}
    | {f"{part}_came_{answer}" for part in ("button", "part") for answer in ANSWERS}
    | {f"utter_came_{answer}" for answer in set(ANSWERS) - {"nothing"}}
    | {f"part_alert_{state}" for state in ("paused", "stopped")}
    | {f"utter_{which}_paused{until}" for which in ("alert", "alerts") for until in ("", "_until")}
)
"""Names the code makes of a beginning and a value."""

GREETINGS = ("utter_greet_", "utter_arrival")


@pytest.mark.parametrize(("name", "sentence"), SENTENCES, ids=[n for n, _ in SENTENCES])
def test_a_sentence_is_short_and_well_set(name: str, sentence: Sentence) -> None:
    text = fill(sentence.template, SAMPLES)
    if not name.startswith(LONG_SENTENCES):
        assert len(text) <= 240, f"{len(text)}: {text}"
    assert questions(text) <= 1, text
    for title, payload, url in sentence.buttons:
        assert len(fill(title, SAMPLES)) <= 24, title
        assert (payload is None) != (url is None), title
    if sentence.language == "fr":
        assert_typography(text)
    assert len(re.findall(r"[\U0001F300-\U0001FAFF]", text)) <= 1, text


def assert_typography(text: str) -> None:
    assert not {"'", '"'} & set(text), text
    assert not re.search(r"[^\s\u202f\u00a0(«][?!;]|[ \u00a0][?!;]", text), text
    assert not re.search(r"«(?!\u202f)|(?<!\u202f)»", text), text
    assert not re.search(r"(?<![\u00a0\d/ps]):(?!//)", text), text


@pytest.mark.parametrize(("name", "sentence"), SENTENCES, ids=[n for n, _ in SENTENCES])
def test_both_genders_without_acrobatics(name: str, sentence: Sentence) -> None:
    """No « apprenti·e », no « (e) »; a person is never named in one gender alone."""
    text = fill(sentence.template, SAMPLES)
    assert not re.search(r"[a-zé]·[a-z]|\([a-z]{1,3}\)|[a-z]/[a-z]", text.split("http")[0]), text
    pairs = {
        "apprenti": "apprentie", "seul": "seule", "venu": "venue", "mineur": "mineure",
        "conseiller": "conseillère", "énervé": "énervée", "payé": "payée", "candidat": "candidate",
    }  # fmt: skip
    words = set(re.findall(r"\w+", text.lower()))
    for masculine, feminine in pairs.items():
        if masculine in words and masculine != "payé":
            assert feminine in words, f"{masculine} alone: {text}"


def test_sentences_that_come_back_have_a_second_way_of_being_said() -> None:
    alone = [
        name
        for name, variants in VOICE.sentences.items()
        if name.startswith("utter_")
        and name != "utter_error"
        and len({v.template for v in variants}) < 2
    ]
    assert not alone


def _names_in_code() -> Iterator[str]:
    pattern = re.compile(
        r"(?:utter|part|way|button|card|source|network|command|step|caption)_[a-z_]+"
    )
    for room in ("bot", "dialogs"):
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                text = node.value if isinstance(node, ast.Constant) else None
                if isinstance(text, str) and pattern.fullmatch(text) and text[-1] != "_":
                    yield text


def test_every_sentence_named_in_code_exists_and_the_reverse() -> None:
    named, written = set(_names_in_code()) | PUT_TOGETHER, set(VOICE.sentences)
    assert sorted(named - written) == [], "named and not written"
    assert sorted(written - named) == [], "written and never said"


def test_every_kind_of_way_out_has_its_words() -> None:
    kinds = get_args(WayOut.__dataclass_fields__["kind"].type) or get_args(
        eval(
            str(WayOut.__dataclass_fields__["kind"].type), {"Literal": __import__("typing").Literal}
        )
    )
    assert set(kinds) == WAYS


def test_every_field_has_a_sample_for_the_preview() -> None:
    assert {f for _, s in SENTENCES for f in s.fields} <= SAMPLES.keys()
    assert page(VOICE).count("<p ") == len(SENTENCES)


def test_french() -> None:
    assert of("Annecy") == "d’Annecy"
    assert of("Le Mans") == "du Mans"
    assert of("Les Lilas") == "des Lilas"
    assert at("Le Touquet-Paris-Plage") == "au Touquet-Paris-Plage"
    assert join(["Lens", "Arras", "Douai"], "et") == "Lens, Arras et Douai"
    assert fill("{n:offre|offres}", {"n": 1}) == f"1{WIDE}offre"
    assert fill("{n:offre|offres}", {"n": 0}) == f"0{WIDE}offre"
    assert fill("{n:offre|offres}", {"n": 12}) == f"12{WIDE}offres"
    assert fill("{x:tel}", {"x": "0353013019"}) == WIDE.join(("03", "53", "01", "30", "19"))
    assert fill("{x:tel}", {"x": "+33 3 53.01.30.19"}) == WIDE.join(("03", "53", "01", "30", "19"))
    assert fill("{x:tel}", {"x": "3114"}) == "3114"
    assert fill("{d:date}", {"d": "2027-09-01"}) == "1er septembre 2027"
    assert typeset("C'est où ? « Ici » : 3 km !") == (
        f"C’est où{NARROW}? «{NARROW}Ici{NARROW}»{WIDE}: 3{WIDE}km{NARROW}!"
    )
    with pytest.raises(KeyError):
        fill("{nobody}", {})


def test_a_sentence_is_not_said_again_while_another_way_is_left() -> None:
    first = VOICE.say("utter_greet_again", {})
    second = VOICE.say("utter_greet_again", {}, said=remember([], [first.text]))
    assert first.text != second.text
    third = VOICE.say("utter_greet_again", {}, said=remember([], [first.text, second.text]))
    assert third.text not in (first.text, second.text)
    said = remember([], [first.text, second.text, third.text])
    assert VOICE.say("utter_greet_again", {}, said=said).text == first.text

"""The workbench reads as the service does, and says why."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
import yaml

from nlu.explain import _KINDS, Explanation, Workbench
from nlu.moments import _RULES
from nlu.understander import Understander

TODAY = date(2026, 11, 23)
SENTENCES = Path(__file__).parent / "sentences"


@pytest.fixture(scope="module")
def workbench() -> Workbench:
    return Workbench.load()


def explained(workbench: Workbench, text: str, asked: str | None = None) -> Explanation:
    return workbench.explain(text, asked=asked, today=TODAY)


@pytest.mark.parametrize("name", ["intents_values.yml", "places.yml", "trades.yml"])
def test_it_decides_nothing(workbench: Workbench, understander: Understander, name: str) -> None:
    """Taking notes changes no result: the same readers, the same order."""
    for case in yaml.safe_load((SENTENCES / name).read_text("utf-8"))[:150]:
        text, asked = case["text"], case.get("asked")
        read = understander.read(text, asked=asked, today=TODAY)
        assert explained(workbench, text, asked).result == read


@pytest.mark.parametrize(
    ("text", "reader", "words", "kept", "why"),
    [
        ("un patron à bray", "lieux", "bray", True, "règle de dix : le plus peuplé n’a pas dix"),
        ("un patron à noeux", "lieux", "noeux", True, "règle de dix :"),
        ("coiffure mais pas lille", "lieux", "lille", True, "exclu"),
        ("a valansienne", "lieux", "valansienne", True, "faute"),
        ("59160 lomme", "lieux", "59160", False, "code postal du même lieu"),
        ("mon bus est en retard", "lieux", "bus", False, "mot courant"),
        ("je veux pas boulanger", "métiers", "boulanger", True, "refusé"),
        ("mon père est plombier", "métiers", "plombier", False, "sans le vouloir"),
        ("j'ai un CAP boulanger, je cherche plombier", "métiers", "boulanger", False, "un autre"),
        ("boulanger-pâtissier à lens", "métiers", "boulanger", False, "plus long"),
        ("je cherche un patron à Mâcon", "métiers", "Mâcon", False, "un lieu"),
        ("je viens en moto", "métiers", "moto", False, "mot courant"),
        ("dans le bois, menuisier", "métiers", "bois", False, "un métier est nommé"),
        ("un patron à clermont 60", "lieux", "clermont", True, "numéro de département"),
        ("la somme est payée", "zones", "somme", False, "dans le"),
        ("j'ai 59 ans", "zones", "59", False, "un nombre"),
        ("boulanger dans le 62", "zones", "62", True, "zone"),
        ("à crépy en valois", "zones", "valois", False, "nom d’une commune"),
        ("boulanger à Saint-Mars-la-Jaille", "dates", "Mars", False, "nom d’une commune"),
        ("né le 3 mars 2010, dispo en avril", "dates", "3 mars 2010", False, "ne dit pas"),
        ("à 20 ou 30 km", "rayon", "20 ou 30 km", True, "borne du haut"),
        ("j'ai 17 ans", "rayon", "17", False, "rien ne dit"),
        ("j'ai un cap, je veux un bp", "diplôme", "cap", False, "déjà obtenu"),
        ("je veux un bp coiffure", "diplôme", "bp", True, "premier"),
    ],
)
def test_what_was_considered_and_why(
    workbench: Workbench, text: str, reader: str, words: str, kept: bool, why: str
) -> None:
    ones = [one for one in explained(workbench, text).candidates if one.reader == reader]
    assert [one for one in ones if one.text == words and one.kept is kept and why in one.why], ones


def test_spans_are_those_of_the_text(workbench: Workbench) -> None:
    text = "Cœur d’or, boulanger à Lens dès mars, pas à Liévin"
    for one in explained(workbench, text).candidates:
        assert one.span is None or text[slice(*one.span)] == one.text


def test_the_models_likeliest_intents(workbench: Workbench) -> None:
    found = explained(workbench, "je cherche un patron boulanger à Lens")
    assert len(found.chances) == 5
    assert found.chances[0][0] == "search"
    assert found.chances[0][1] >= found.chances[1][1]
    assert "__trade__" in found.masked
    assert found.rule is None


def test_the_rule_that_fired(workbench: Workbench) -> None:
    found = explained(workbench, "STOP")
    assert found.rule is not None
    assert found.rule.intent == "stop_alerts"
    assert found.said[-1][0] == "stop"
    assert found.chances == ()


def test_every_kind_of_date_has_its_word() -> None:
    assert {kind for kind, *_ in _RULES} <= set(_KINDS)

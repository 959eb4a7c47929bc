"""Ages, pauses and rhythms, as people write them; and buttons nobody wrote."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from dialogs.ages import read_age
from dialogs.alert_rules import pressed, read_until, said, stops
from dialogs.conversation import SLOTS
from nlu.text import fold
from nlu.understander import Understander
from tests.talk import TODAY


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("16", 16), ("j'ai 17 ans", 17), ("jai 17ans", 17), ("17 et demi", 17), ("18+", 18),
        ("seize ans", 16), ("dix-sept", 17), ("bientôt 15", 14), ("j'ai pas 15 ans", 14),
        ("j'aurai 15 ans en mars", 14), ("15 ans dans 2 mois", 14), ("presque quinze ans", 14),
        ("j'vais sur mes 16", 15), ("14 ans, bientôt 15", 14), ("je vais avoir 18 ans", 17),
        ("pas encore 15 ans", 14), ("moins de 15 ans", 14), ("je suis majeure", 18),
        ("je suis pas majeur", None), ("16 km", None), ("16 h", None), ("en 2010", None),
        ("ds 2 mois jai 15 ans", 14), ("dans un mois j'ai 16 ans", 15),
        ("non", None), ("3", None), ("à Lens", None),
    ],
)  # fmt: skip
def test_ages(text: str, age: int | None) -> None:
    assert read_age(fold(text)) == age


@pytest.mark.parametrize(
    ("text", "until"),
    [
        ("pause jusqu'au 5 janvier", date(2027, 1, 5)),
        ("pause jusqu'au 05/01", date(2027, 1, 5)),
        ("pause jusqu'à lundi", date(2026, 11, 30)),
        ("pause jusqu'à la rentrée", date(2027, 9, 1)),
        ("pause jusqu'à fin août", date(2027, 9, 1)),
        ("pause jusqu'en janvier", date(2027, 1, 1)),
        ("pause 2 semaines", date(2026, 12, 7)),
        ("pause une semaine", date(2026, 11, 30)),
        ("pause de 10 jours", date(2026, 12, 3)),
        ("pause un mois", date(2026, 12, 23)),
        ("pause", None),
        ("pause jusqu'au 30 février", None),
    ],
)
def test_pauses(text: str, until: date | None) -> None:
    assert read_until(fold(text), TODAY) == until


@pytest.mark.parametrize(
    ("text", "beat"),
    [
        ("à 18h", "hour 18:00"), ("18h", "hour 18:00"), ("plutôt à 16h15", "hour 16:15"),
        ("tous les soirs à 19 h", "daily 19:00"), ("chaque jour", "daily"),
        ("chaque semaine", "weekly"), ("le lundi à 9h30", "weekly 0 09:30"),
        ("moins souvent", "weekly"), ("dès que ça sort", "live"),
        ("dès qu'il y a du nouveau", "live"), ("préviens-moi dès que ça sort", "live"),
        ("chaque jour je cherche un patron", None), ("je commence à 18h", None),
        ("dès que possible", None), ("boulanger le lundi", None),
    ],
)  # fmt: skip
def test_rhythms(text: str, beat: str | None, understander: Understander) -> None:
    read = understander.read(text, today=TODAY)
    found = said(read, {**SLOTS, "alerts": True}, TODAY)
    rhythm = found.argument if found and found.actions == ("action_alert_beat",) else None
    assert rhythm == (f"* {beat}" if beat else None)
    without = said(read, SLOTS, TODAY)
    assert without is None or without.actions != ("action_alert_beat",)


@pytest.mark.parametrize(
    ("text", "action", "argument"),
    [
        ("stop", "action_alert_stop", "*"),
        ("arrête tout", "action_alert_stop", "*"),
        ("stoppe l'alerte 2", "action_alert_stop", "2"),
        ("supprime l'alerte 10", "action_alert_drop", "10"),
        ("supprime mon alerte", "action_alert_drop", "?"),
        ("enlève l'alerte coiffure", "action_alert_drop", "? coiffure"),
        ("supprime mes alertes", "action_alert_stop", "*"),
    ],
)
def test_stops(text: str, action: str, argument: str, understander: Understander) -> None:
    found = stops(understander.read(text, today=TODAY), SLOTS, TODAY)
    assert found is not None
    assert (found.actions, found.argument) == ((action,), argument)


@pytest.mark.parametrize(
    "payload",
    ["alert 0", "alert 11", "alert x", "alert_pause 1 demain", "alert_beat 1 hourly", "age x"],
)
def test_a_button_we_never_wrote_is_an_old_one(payload: str) -> None:
    name, _, rest = payload.partition(" ")
    found = pressed(name, rest)
    assert found is not None
    assert found.actions == ("action_old_button",)


def test_other_buttons_are_others(understander: Understander) -> None:
    assert pressed("hide", "offer-1") is None
    waiting: dict[str, Any] = {**SLOTS, "asked": "ask_age", "alert_due": "age"}
    found = said(understander.read("boulanger à Lens", today=TODAY), waiting, TODAY)
    assert found is None

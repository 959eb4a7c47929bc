"""An offer as a card, however it was written by whoever published it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from dialogs.cards import card, facts
from dialogs.voice import Voice
from matching.model import Found, Offer
from tests.talk import TODAY, plain

FACTS: dict[str, Any] = {
    "id": "o1", "title": "Apprenti boulanger", "company": "Chez Lou", "city": "Lens", "km": 3,
    "start": None, "diploma": "CAP", "months": 24, "published": "2026-11-20", "source": "lba",
    "url": "https://exemple.fr/", "phone": True, "school": False,
    "apply": False, "rome": ["D1102"], "departement": "62", "detail": False,
}  # fmt: skip


def test_no_line_of_a_card_is_endless() -> None:
    long = "É" * 5000
    names = ("title", "company", "city", "diploma", "source")
    made = card(Voice.load(), FACTS | dict.fromkeys(names, long), TODAY)
    assert max(map(len, (made.title, *made.lines))) < 200
    assert [line.count("…") for line in (made.title, *made.lines)] == [1, 2, 0, 1, 0, 1]


def test_the_least_one_earns_is_said_and_where_it_is_from_in_detail() -> None:
    short = card(Voice.load(), FACTS, TODAY)
    assert "Au moins 504\u00a0€ brut par mois" in short.lines
    assert not any("Source\u00a0: Service" in line for line in short.lines)
    whole = card(Voice.load(), FACTS | {"detail": True}, TODAY)
    (source,) = [line for line in whole.lines if "SMIC" in line]
    assert "27\u00a0%" in source
    assert "vérifiée le" in source
    mason = card(Voice.load(), FACTS | {"rome": ["F1703"], "detail": True}, TODAY)
    assert "Au moins 746\u00a0€ brut par mois" in mason.lines
    away = card(Voice.load(), FACTS | {"departement": "976"}, TODAY)
    assert not any("€" in line for line in away.lines)


def test_one_applies_here_only_where_it_is_possible() -> None:
    labels = [button.text for button in card(Voice.load(), FACTS, TODAY).buttons]
    assert "Postuler ici" not in labels
    first = card(Voice.load(), FACTS | {"apply": True}, TODAY).buttons[0]
    assert (first.text, first.payload) == ("Postuler ici", "/apply o1")


AD = Offer(
    "France Travail:207QYWM", "France Travail", "Apprenti boulanger", "Chez Lou", "Lens", "62300",
    "62498", 50.43, 2.83, ("D1102",), "https://candidat.francetravail.fr/x",
    published=datetime(2026, 11, 20, tzinfo=UTC),
    updated=datetime(2026, 11, 21, 23, 30, tzinfo=UTC),
)  # fmt: skip


def test_a_card_says_what_the_licence_of_france_travail_asks() -> None:
    """Source, last update (the day it was in France), and where the conditions are."""
    made = card(Voice.load(), facts(Found(AD, 3.0), "https://exemple.fr"), TODAY)
    assert [plain(line) for line in made.lines[-2:]] == [
        "Publiée il y a 3 jours, France Travail",
        "Mise à jour le 22 novembre 2026, licence : https://francetravail.io/data/api/offres-emploi",
    ]
    untouched = replace(AD, updated=None, published=None)
    made = card(Voice.load(), facts(Found(untouched, 3.0), "https://exemple.fr"), TODAY)
    assert plain(made.lines[-1]) == "Licence : https://francetravail.io/data/api/offres-emploi"


def test_other_cards_say_no_more_than_their_source() -> None:
    own = replace(AD, source="offres_emploi_lba")
    made = card(Voice.load(), facts(Found(own, 3.0), "https://exemple.fr"), TODAY)
    assert not any("icence" in line for line in made.lines)


def test_a_school_says_so() -> None:
    school = replace(AD, school=True)
    made = card(Voice.load(), facts(Found(school, 3.0), "https://exemple.fr"), TODAY)
    assert made.note

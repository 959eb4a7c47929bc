"""An offer as a card, however it was written by whoever published it."""

from __future__ import annotations

from typing import Any

from dialogs.cards import card
from dialogs.voice import Voice
from tests.talk import TODAY

FACTS: dict[str, Any] = {
    "id": "o1", "title": "Apprenti boulanger", "company": "Chez Lou", "city": "Lens", "km": 3,
    "start": None, "diploma": "CAP", "months": 24, "published": "2026-11-20", "source": "lba",
    "url": "https://exemple.fr/", "phone": True, "school": False,
}  # fmt: skip


def test_no_line_of_a_card_is_endless() -> None:
    long = "É" * 5000
    names = ("title", "company", "city", "diploma", "source")
    made = card(Voice.load(), FACTS | dict.fromkeys(names, long), TODAY)
    assert max(map(len, (made.title, *made.lines))) < 200
    assert [line.count("…") for line in (made.title, *made.lines)] == [1, 2, 0, 1, 1]

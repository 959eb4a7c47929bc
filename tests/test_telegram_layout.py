"""A reply as Telegram shows it: readable, within the limits, its buttons ours alone."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.telegram.layout import MOST_CHARACTERS, Layout, Part, closed, reachable, units
from bot.links import PRESS_BYTES, Signer
from dialogs.pressing import pressed
from dialogs.reply import Button, Card, Reply, short_press
from dialogs.voice import Voice
from tests.talk import TODAY, plain

SIGNER = Signer(b"k" * 32, ["boulanger"])
LAYOUT = Layout(Voice.load(), SIGNER)
PAGE = "https://example.org/offre/1"


def card(number: int = 1, url: str = PAGE, phone: bool = True) -> Card:
    buttons = [Button("Voir l’offre", url=url)]
    buttons += [Button("Appeler", f"/call o{number}")] if phone else []
    buttons += [
        Button(label, f"/{verb} o{number}")
        for label, verb in (("Pas pour moi", "hide"), ("Déjà pris", "taken"), ("Partager", "share"))
    ]
    return Card(
        f"o{number}", f"Boulanger <{number}> & fils", ("Lens · 1 km",), None, tuple(buttons)
    )


def one(reply: Reply, layout: Layout = LAYOUT) -> Part:
    (part,) = layout.parts([reply], "12")
    return part


def rows(part: Part) -> list[list[str]]:
    assert part.keyboard
    return [[plain(b["text"]) for b in row] for row in part.keyboard["inline_keyboard"]]


def buttons(part: Part) -> dict[str, dict[str, Any]]:
    assert part.keyboard
    return {plain(b["text"]): b for row in part.keyboard["inline_keyboard"] for b in row}


def test_several_offers_are_one_message_numbered_with_a_row_each() -> None:
    reply = Reply("14 offres.", (Button("Voir la suite (11)", "/page 3 1"),), (card(1), card(2)))
    part = one(reply)
    assert part.plain.split("\n\n") == [
        "14 offres.",
        "1. Boulanger <1> & fils\nLens · 1 km",
        "2. Boulanger <2> & fils\nLens · 1 km",
    ]
    assert "<b>1. Boulanger &lt;1&gt; &amp; fils</b>" in part.html
    assert rows(part) == [
        ["1. Voir", "1. Appeler", "1. Plus"],
        ["2. Voir", "2. Appeler", "2. Plus"],
        ["Voir la suite (11)"],
    ]


def test_what_a_turn_says_is_one_message_its_question_beside_its_answers() -> None:
    noted = Reply("OK, 20 km.")
    offers = Reply("14 offres.", (Button("Voir la suite (11)", "/page 3 1"),), (card(1), card(2)))
    asked = Reply("Tu commences quand ?", (Button("Septembre 2027", "/set s=2027-09"),))
    (part,) = LAYOUT.parts([noted, offers, asked], "12")
    assert [block.split("\n")[0] for block in part.plain.split("\n\n")] == [
        "OK, 20 km.",
        "14 offres.",
        "1. Boulanger <1> & fils",
        "2. Boulanger <2> & fils",
        "Tu commences quand ?",
    ]
    assert rows(part) == [
        ["Septembre 2027"],
        ["1. Voir", "1. Appeler", "1. Plus"],
        ["2. Voir", "2. Appeler", "2. Plus"],
        ["Voir la suite (11)"],
    ]


def test_two_questions_are_two_messages() -> None:
    replies = [Reply("Ça va ?"), Reply("Bien."), Reply("Quel métier ?"), Reply("Dis-moi.")]
    parts = LAYOUT.parts(replies, "12")
    assert [part.plain for part in parts] == ["Ça va ?\n\nBien.", "Quel métier ?\n\nDis-moi."]


def test_one_offer_shows_all_that_can_be_done() -> None:
    part = one(Reply("La voilà.", (), (card(),)))
    assert rows(part) == [["Voir l'offre", "Appeler", "Pas pour moi"], ["Déjà pris", "Partager"]]
    assert buttons(part)["Partager"]["url"].startswith("https://t.me/share/url?url=https%3A%2F%2F")


def test_a_bot_that_answers_inline_shares_from_within_telegram() -> None:
    layout = Layout(Voice.load(), SIGNER, inline=True)
    share = buttons(one(Reply("La voilà.", (), (card(),)), layout))["Partager"]
    assert share == {"text": "Partager", "switch_inline_query": "o1"}


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://example.org/a", True),
        ("http://8.8.8.8/a", True),
        ("http://127.0.0.1:8080/", False),
        ("http://localhost/", False),
        ("http://10.0.0.1/", False),
        ("ftp://example.org/", False),
        ("javascript:alert(1)", False),
        ("http://[::1", False),
        ("http://[::1]/", False),
        ("https://métiers.exemple.fr/é", True),
        ("https://exemple.fr:8443/a", True),
        ("https://ex..fr/", False),
        ("https://.fr/", False),
        ("https://.fr", False),
        ("https://exemple.fr:99999/", False),
        ("https://exemple.fr:abc/", False),
        ("https://a b.fr/", False),
        ("https://-a.fr/", False),
        ("https://1.2.3/", False),
        ("https://exemple.fr/a b", False),
        ("https://" + "a" * 64 + ".fr/", False),
    ],
)
def test_addresses_that_telegram_refuses_bear_no_button(url: str, expected: bool) -> None:
    assert reachable(url) is expected
    part = one(Reply("La voilà.", (), (card(url=url),)))
    assert ("Voir l'offre" in buttons(part)) is expected
    assert (url in part.plain) is (not expected)


def test_a_press_is_ours_and_for_one_chat_only() -> None:
    data = buttons(one(Reply("Où ?", (Button("Lens", "/set p=62498"),))))["Lens"]["callback_data"]
    assert SIGNER.verify(data, "telegram:12") == "/set p=62498"
    assert SIGNER.verify(data, "telegram:13") is None


def test_a_payload_too_long_is_found_again_among_the_latest_buttons() -> None:
    long = "/set t=" + ",".join(f"metier-{n}" for n in range(12))
    data = buttons(one(Reply("Et ?", (Button("Tout", long),))))["Tout"]["callback_data"]
    assert len(data.encode()) <= PRESS_BYTES
    short = SIGNER.verify(data, "telegram:12")
    assert short == short_press(long)
    slots = {"choices": [["Tout", long]], "shown": None, "steps": None}
    assert pressed(short, slots, TODAY) == pressed(long, slots, TODAY)
    assert pressed(short, slots | {"choices": None}, TODAY).actions == ("action_old_button",)


def test_what_is_settled_can_no_longer_be_pressed() -> None:
    part = one(Reply("La voilà.", (), (card(),)))

    def verify(data: str) -> str | None:
        return SIGNER.verify(data, "telegram:12")

    assert part.keyboard
    after = closed(part.keyboard, "/hide o1", verify)
    assert after
    assert [[b["text"] for b in row] for row in after["inline_keyboard"]] == [
        ["Voir l’offre"], ["Partager"],
    ]  # fmt: skip
    assert closed(part.keyboard, "/hide o2", verify) is None
    assert closed(part.keyboard, "/call o1", verify) is None


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=9000), max_size=4))
def test_no_message_is_longer_than_telegram_takes_and_nothing_is_lost(texts: list[str]) -> None:
    reply = Reply("\n\n".join(texts), (Button("Oui", "/again"),))
    parts = LAYOUT.parts([reply], "12")
    assert all(0 < units(part.plain) <= MOST_CHARACTERS for part in parts)
    words = re.sub(r"\s", "", "".join(part.plain for part in parts))
    assert words == re.sub(r"\s", "", reply.text)
    assert [part.keyboard is not None for part in parts] == [False] * (len(parts) - 1) + [True] * (
        len(parts) > 0
    )


def test_an_offer_however_long_is_cut_in_pieces_and_keeps_its_buttons() -> None:
    long = Card("o1", "É" * 90, ("É" * 9000, "Début : septembre"), None, card().buttons)
    parts = LAYOUT.parts([Reply("2 offres.", (), (long, card(2)))], "12")
    assert all(0 < units(part.plain) <= MOST_CHARACTERS for part in parts)
    assert "".join(part.plain for part in parts).count("É") == 9090
    assert "Appeler" in str(rows(parts[-1]))


def test_an_address_that_no_button_may_carry_is_written() -> None:
    local = "http://127.0.0.1:8080/offre/1"
    part = one(Reply("On écrit, par la page de l’offre.", (Button("Voir l’offre", url=local),)))
    assert part.keyboard is None
    assert part.plain.endswith(f"\n\n{local}")
    shared = one(Reply(f"Copie ce lien : {local}", (Button("Voir l’offre", url=local),)))
    assert shared.plain.count(local) == 1

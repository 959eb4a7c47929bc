"""Links and presses: short, self-contained, unforgeable, and kind when they are broken."""

from __future__ import annotations

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.links import CODE_LENGTH, PRESS_BYTES, Link, LinkTooLong, Signer, clean_origin

TRADES = ("boulanger", "coiffeur", "mecanicien-automobile")
SIGNER = Signer(b"k" * 32, TRADES)
ALPHABET = string.ascii_letters + string.digits + "_-"

places = st.from_regex(r"([0-9]{2}|2[AB])[0-9]{3}", fullmatch=True).filter(str.isascii)
short_links = st.builds(
    Link,
    origin=st.none() | st.text(max_size=10).map(clean_origin),
    trade=st.none() | st.sampled_from(TRADES),
    place=st.none() | places,
    radius_km=st.none() | st.integers(1, 200),
)


@given(short_links)
def test_a_link_comes_back_as_it_went(link: Link) -> None:
    code = SIGNER.encode(link)
    assert re.fullmatch(rf"[A-Za-z0-9_-]{{2,{CODE_LENGTH}}}", code)
    assert SIGNER.decode(code) == link


@pytest.mark.parametrize(
    "origin",
    [
        "Mission locale de Lens",
        "Mission locale de Saint-Pol-sur-Ternoise",
        "CFA de la CMA Hauts-de-France à Arras",
        "Collège Jean-Jacques Rousseau de Carvin",
        "Lycée professionnel Auguste Béhal, Lens",
        "Mission locale de l’agglomération de Lens-Liévin",
        "France Travail Boulogne-sur-Mer",
    ],
)
def test_real_names_fit_with_a_whole_search(origin: str) -> None:
    link = Link(origin, "mecanicien-automobile", "62498", 30)
    code = SIGNER.encode(link)
    assert len(code) <= CODE_LENGTH
    assert SIGNER.decode(code) == link


def test_too_long_a_name_is_refused_and_the_excess_said() -> None:
    origin = "Association départementale Wxyz pour la jeunesse du Kqvjw 123456789"
    with pytest.raises(LinkTooLong, match=r"raccourcissez-le d’environ (\d+) lettres") as caught:
        SIGNER.encode(Link(origin, "boulanger", "62498"))
    excess = int(re.findall(r"environ (\d+)", str(caught.value))[0])
    assert SIGNER.encode(Link(origin[:-excess], "boulanger", "62498"))


@given(st.text(ALPHABET, max_size=80) | st.text(max_size=80))
def test_noise_is_no_link(code: str) -> None:
    assert SIGNER.decode(code) is None


def test_every_single_change_of_a_code_is_seen() -> None:
    code = SIGNER.encode(Link("Mission locale de Lens", "boulanger", "62498", 20))
    for i, letter in enumerate(code):
        for other in ALPHABET:
            if other != letter:
                assert SIGNER.decode(code[:i] + other + code[i + 1 :]) is None
        assert SIGNER.decode(code[:i]) is None
    assert SIGNER.decode(code + "A") is None
    assert SIGNER.decode(code + "\n") is None


def test_another_key_reads_nothing() -> None:
    code = SIGNER.encode(Link("Mission locale de Lens"))
    assert Signer(b"x" * 32, TRADES).decode(code) is None


def test_a_trade_that_left_the_table_leaves_the_rest() -> None:
    code = SIGNER.encode(Link("CFA", "coiffeur", "62498", 20))
    assert Signer(b"k" * 32, ["boulanger"]).decode(code) == Link("CFA", None, "62498", 20)


def test_old_codes_are_still_read() -> None:
    """Posters hang for years: a code printed by version 1 must stay readable as it is."""
    printed = "1DwD0Ig5eYBTDFAGFMAAwUYQpxnEmDA"
    assert SIGNER.decode(printed) == Link("Mission locale de Lens", "boulanger", "62498", 20)


@pytest.mark.parametrize("place", ["6249", "paris", "62498 ", "3A001"])
def test_a_place_is_a_commune_code(place: str) -> None:
    with pytest.raises(ValueError, match="commune"):
        SIGNER.encode(Link(place=place))


@pytest.mark.parametrize("radius", [-1, 201, 256])
def test_a_radius_has_bounds(radius: int) -> None:
    with pytest.raises(ValueError, match="rayon"):
        SIGNER.encode(Link(radius_km=radius))


def test_an_origin_is_one_printable_line() -> None:
    assert clean_origin("  Mission\nlocale \u200b de\tl'Artois ") == "Mission locale de l’Artois"
    assert clean_origin(" \n ") is None


@given(st.text(min_size=1, max_size=50), st.text(max_size=30))
def test_a_press_comes_back_to_its_own_conversation_only(payload: str, address: str) -> None:
    signed = SIGNER.sign(payload, address)
    assert SIGNER.verify(signed, address) == payload
    assert SIGNER.verify(signed, address + "x") is None
    assert SIGNER.verify(signed + "x", address) is None
    assert SIGNER.verify("x" + signed, address) is None
    assert Signer(b"x" * 32, ()).verify(signed, address) is None


@given(st.text(max_size=80))
def test_noise_is_no_press(signed: str) -> None:
    assert SIGNER.verify(signed, "web:a") is None


def test_lone_surrogates_are_no_press() -> None:
    assert SIGNER.verify("\ud800.abc", "web:a") is None
    assert SIGNER.verify("abc.\ud800", "web:a") is None


def test_a_button_of_telegram_has_64_bytes() -> None:
    assert len(SIGNER.sign("/" + "a" * 54, "telegram:1", limit=PRESS_BYTES).encode()) == 64
    with pytest.raises(ValueError, match="65 bytes"):
        SIGNER.sign("/" + "a" * 55, "telegram:1", limit=PRESS_BYTES)


def test_a_link_signature_is_no_press_signature() -> None:
    code = SIGNER.encode(Link("CFA"))
    assert SIGNER.verify(code, "") is None

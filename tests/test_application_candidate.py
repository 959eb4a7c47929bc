"""Names, e-mails and phones as people write them, and what cannot be sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.application.candidate import (
    MOST_LETTERS_OF_A_NAME,
    ascii_letters,
    email,
    full_name,
    name,
    phone,
)
from matching.application.refusal import Reason, Refused

Found = TypeVar("Found")


def refused(check: Callable[[str], object], text: str) -> Refused:
    with pytest.raises(Refused) as caught:
        check(text)
    return caught.value


def outcome(check: Callable[[str], Found], text: str, family: str) -> Found | None:
    """What was found, or nothing when it was refused for a reason of that family."""
    try:
        return check(text)
    except Refused as error:
        reason = error.reason
    assert reason.value.startswith(family)
    return None


@pytest.mark.parametrize(
    ("said", "first", "last"),
    [
        ("Léa Martin", "Léa", "Martin"),
        ("je m'appelle léa martin", "Léa", "Martin"),
        ("Bonjour, je suis Tom Petit", "Tom", "Petit"),
        ("moi c'est Kévin Dupont.", "Kévin", "Dupont"),
        ("MARTIN Léa", "Léa", "Martin"),
        ("Anne Marie DURAND", "Anne Marie", "Durand"),
        ("Léa de la TOUR", "Léa", "de la TOUR"),
        ("LEA MARTIN", "Lea", "Martin"),
        ("Mme Léa Martin", "Léa", "Martin"),
        ("jean-luc o'brien", "Jean-Luc", "O’Brien"),
        ("Moi Martin", "Moi", "Martin"),
        ("Celeste Martin", "Celeste", "Martin"),
        ("محمد العربي", "محمد", "العربي"),
        ("Ганна Шевченко", "Ганна", "Шевченко"),
        ("Léa 😀 Martin", "Léa", "Martin"),
    ],
)
def test_a_name_in_one_answer(said: str, first: str, last: str) -> None:
    assert full_name(said) == (first, last)


def test_one_word_is_half_a_name() -> None:
    error = refused(full_name, "léa")
    assert (error.reason, error.values) == (Reason.NAME_HALF, {"first": "Léa"})


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("", Reason.NAME_EMPTY),
        (" - ", Reason.NAME_EMPTY),
        ("😀", Reason.NAME_EMPTY),
        ("1234", Reason.NAME_EMPTY),
        ("www.gagne.com", Reason.NAME_URL),
        ("http://x", Reason.NAME_URL),
        ("gagne.xyz", Reason.NAME_URL),
        ("lea@gmail.com", Reason.NAME_URL),
        ("a" * 51, Reason.NAME_LONG),
    ],
)
def test_what_is_no_name(said: str, reason: Reason) -> None:
    assert refused(name, said).reason is reason


def test_a_name_of_fifty_letters_passes() -> None:
    assert len(name("a" * MOST_LETTERS_OF_A_NAME)) == MOST_LETTERS_OF_A_NAME


@given(st.text(max_size=200))
def test_a_name_is_clean_or_refused(text: str) -> None:
    names = outcome(full_name, text, "name_")
    for part in names or ():
        assert 1 <= len(part) <= MOST_LETTERS_OF_A_NAME
        assert any(c.isalpha() for c in part)
        assert not set(part) & set('<>@/\\:;"(){}[]#$\n\r\t\0')


@pytest.mark.parametrize(
    ("said", "address", "suggestion"),
    [
        ("lea@gmail.com", "lea@gmail.com", None),
        ("mon mail c'est lea.m @ gmail.com !", "lea.m@gmail.com", None),
        ("lea arobase orange.fr", "lea@orange.fr", None),
        ("Léa <lea@GMAIL.com>", "lea@gmail.com", None),
        ("lea@gmail.con", "lea@gmail.con", "lea@gmail.com"),
        ("lea@gmail.fr", "lea@gmail.fr", "lea@gmail.com"),
        ("lea@gmal.com", "lea@gmal.com", "lea@gmail.com"),
        ("lea@hotmal.fr", "lea@hotmal.fr", "lea@hotmail.fr"),
        ("lea@yaho.fr", "lea@yaho.fr", "lea@yahoo.fr"),
        ("lea@sfr.com", "lea@sfr.com", "lea@sfr.fr"),
        ("lea@live.be", "lea@live.be", None),
        ("lea@gmx.de", "lea@gmx.de", None),
        ("lea@hotmail.co.uk", "lea@hotmail.co.uk", None),
        ("lea@ac-lille.fr", "lea@ac-lille.fr", None),
        ("lea@cma-hautsdefrance.fr", "lea@cma-hautsdefrance.fr", None),
    ],
)
def test_an_email_in_an_answer(said: str, address: str, suggestion: str | None) -> None:
    found = email(said)
    assert (found.address, found.suggestion) == (address, suggestion)


@pytest.mark.parametrize(
    ("said", "reason", "suggestion"),
    [
        ("", Reason.EMAIL_ODD, None),
        ("lea", Reason.EMAIL_ODD, None),
        ("lea@gmail", Reason.EMAIL_ODD, None),
        ("a@b@c.fr", Reason.EMAIL_ODD, None),
        ("lea@localhost", Reason.EMAIL_ODD, None),
        ("léa@gmail.com", Reason.EMAIL_ODD, "lea@gmail.com"),
        ("lea@gmail,com", Reason.EMAIL_ODD, "lea@gmail.com"),
        ("lea@yopmail.com", Reason.EMAIL_DISPOSABLE, None),
        ("lea@boite.yopmail.com", Reason.EMAIL_DISPOSABLE, None),
        ("lea@gmial.com", Reason.EMAIL_DISPOSABLE, "lea@gmail.com"),
    ],
)
def test_an_email_that_cannot_be_sent(said: str, reason: Reason, suggestion: str | None) -> None:
    error = refused(email, said)
    assert error.reason is reason
    assert error.values.get("suggestion") == suggestion


@given(st.text(max_size=120) | st.from_regex(r"\S{1,20}@\S{1,30}"))
def test_an_email_is_plain_or_refused(text: str) -> None:
    found = outcome(email, text, "email_")
    if found:
        assert found.address.isascii()
        assert found.address.count("@") == 1
        assert not any(c.isspace() for c in found.address)


@pytest.mark.parametrize(
    ("said", "e164", "kind"),
    [
        ("06 12 34 56 78", "+33612345678", "mobile"),
        ("mon num c'est le 06.12.34.56.78", "+33612345678", "mobile"),
        ("+33 (0)6 12 34 56 78", "+33612345678", "mobile"),
        ("0033612345678", "+33612345678", "mobile"),
        ("33612345678", "+33612345678", "mobile"),
        ("０６１２３４５６７８", "+33612345678", "mobile"),
        ("03 21 45 67 89", "+33321456789", "fixed"),
        ("09 12 34 56 78", "+33912345678", "fixed"),
        ("0692 12 34 56", "+262692123456", "mobile"),
        ("0690 12 34 56", "+590690123456", "mobile"),
        ("+32 470 12 34 56", "+32470123456", "mobile"),
    ],
)
def test_a_phone_in_an_answer(said: str, e164: str, kind: str) -> None:
    found = phone(said)
    assert (found.e164, found.kind) == (e164, kind)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("", Reason.PHONE_ODD),
        ("06 12 34", Reason.PHONE_ODD),
        ("lea@gmail.com", Reason.PHONE_ODD),
        ("+", Reason.PHONE_ODD),
        ("3114", Reason.PHONE_ODD),
        ("1" * 400, Reason.PHONE_ODD),
        ("0899 12 34 56", Reason.PHONE_PREMIUM),
        ("+33 899 12 34 56", Reason.PHONE_PREMIUM),
        ("0826 12 34 56", Reason.PHONE_PREMIUM),
        ("0800 12 34 56", Reason.PHONE_SERVICE),
    ],
)
def test_a_phone_that_cannot_be_sent(said: str, reason: Reason) -> None:
    assert refused(phone, said).reason is reason


@given(st.text(max_size=60) | st.text("0123456789+ .()", max_size=30))
def test_a_phone_is_a_number_or_refused(text: str) -> None:
    found = outcome(phone, text, "phone_")
    if found:
        assert found.e164[0] == "+"
        assert found.e164[1:].isdigit()


def test_letters_without_accents() -> None:
    assert ascii_letters("Zoë Łukasz Œuvrard Ærø") == "Zoe Lukasz Oeuvrard Aero"

"""Name, e-mail and phone of an applicant, each checked before it may be sent."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

from matching.application.refusal import Reason, Refused

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

MOST_LETTERS_OF_A_NAME = 50
"""API apprentissage refuses longer first and last names."""

REGIONS = ("FR", "RE", "GP", "MQ", "GF", "YT", "PM")
"""Where a number without + may be from: « 0692… » is dialled in La Réunion, not in France."""

COMMON_DOMAINS = (
    "gmail.com", "hotmail.com", "hotmail.fr", "outlook.com", "outlook.fr", "live.fr", "live.com",
    "yahoo.fr", "yahoo.com", "icloud.com", "orange.fr", "wanadoo.fr", "free.fr", "sfr.fr",
    "neuf.fr", "laposte.net", "bbox.fr", "msn.com", "protonmail.com", "proton.me", "gmx.fr",
    "numericable.fr", "aol.com", "me.com", "mail.com", "ymail.com", "googlemail.com", "gmx.com",
)  # fmt: skip
"""Providers people have their mail with: what a misspelt domain is compared with."""

_URL = re.compile(
    r"https?:|www\.|://|\w\.(?:fr|com|net|org|io|me|eu|be|info|gg|ly|xyz|shop|site|online|app|ru)\b",
    re.IGNORECASE,
)
_OPENING = re.compile(
    r"^(?:(?:salut|bonjour|alors)\W+)?"
    r"(?:(?:je m['’]?\s?appelle|je suis|(?:moi\s?,?\s?|mon nom )?c['’]?\s?est|mon nom est)\b)?"
    r"[\s,:]*(?:(?:mme|mlle|mr|monsieur|madame|mademoiselle)\b[\s.]*|m\.\s*)?",
    re.IGNORECASE,
)
_PARTICLES = frozenset("de du des da di do dos el al ben bin ould van von der den le la".split())


@dataclass(frozen=True, slots=True)
class Email:
    """An address in its normal form; ``suggestion`` is the whole address we would rather bet on
    (« gmial.com »), to be confirmed by the person."""

    address: str
    suggestion: str | None = None


@dataclass(frozen=True, slots=True)
class Phone:
    """A number that exists: ``e164`` to send (« +33612345678 »), ``national`` to show."""

    e164: str
    national: str
    kind: Literal["mobile", "fixed"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """Who applies; every field has passed the function of its name."""

    first_name: str
    last_name: str
    email: str
    phone: str


def name(text: str) -> str:
    """A first or a last name: cleaned, 1 to 50 characters, with at least one letter.

    Raises :class:`Refused`: NAME_EMPTY, NAME_LONG, NAME_URL. All in capitals or all in small
    letters becomes « Jean-Luc »; anything else is left as its owner writes it.
    """
    if _URL.search(text) or "@" in text:
        raise Refused(Reason.NAME_URL)
    cleaned = _cleaned(text)
    if not any(c.isalpha() for c in cleaned):
        raise Refused(Reason.NAME_EMPTY)
    if len(cleaned) > MOST_LETTERS_OF_A_NAME:
        raise Refused(Reason.NAME_LONG, most=str(MOST_LETTERS_OF_A_NAME))
    return cleaned


def full_name(text: str) -> tuple[str, str]:
    """First and last name from one answer: « je m'appelle Léa MARTIN », « MARTIN Léa ».

    The words in capitals are the last name where others are not; else the first word is the first
    name. Raises :class:`Refused`: NAME_HALF when there is only one word, and those of
    :func:`name`.
    """
    words = _OPENING.sub("", text.strip(), count=1).split()
    loud = [w for w in words if len(w) > 1 and w.isupper()]
    quiet = [w for w in words if w not in loud]
    if loud and quiet and not all(w.lower() in _PARTICLES for w in quiet):
        first, last = _split_by_capitals(words)
    else:
        first, last = words[:1], words[1:]
    if not words:
        raise Refused(Reason.NAME_EMPTY)
    if not first or not last:
        raise Refused(Reason.NAME_HALF, first=name(" ".join(words)))
    return name(" ".join(first)), name(" ".join(last))


def _split_by_capitals(words: list[str]) -> tuple[list[str], list[str]]:
    """« Léa de MARTIN »: a particle goes with the capitals that follow it."""
    last = [
        i
        for i, word in enumerate(words)
        if (len(word) > 1 and word.isupper())
        or (
            word.lower() in _PARTICLES
            and any(len(w) > 1 and w.isupper() for w in words[i + 1 : i + 3])
        )
    ]
    return [w for i, w in enumerate(words) if i not in last], [words[i] for i in last]


def _cleaned(text: str) -> str:
    """Letters and marks of any script, hyphens, apostrophes and single spaces; nothing else."""
    kept = "".join(
        c if unicodedata.category(c)[0] in "LM" else " " if c in " \t\n\u00a0\u202f" else
        "-" if c in "-‐‑–" else "’" if c in "'’`´" else "." if c == "." else ""
        for c in unicodedata.normalize("NFC", text)
    )  # fmt: skip
    spaced = re.sub(r"\s+", " ", kept).strip(" -’.")
    if spaced.isupper() or spaced.islower():
        spaced = re.sub(r"[^\W_]+", lambda word: _capital(word[0]), spaced)
    return spaced


def _capital(word: str) -> str:
    return word.lower() if word.lower() in _PARTICLES else word[:1].upper() + word[1:].lower()


def email(text: str) -> Email:
    """The address in an answer, checked without asking the network.

    Raises :class:`Refused`: EMAIL_ODD (with a ``suggestion`` where accents are all that is wrong),
    EMAIL_DISPOSABLE (with one where the domain looks like a slip).
    Throw-away domains: the kept list of ``disposable-email-domains``.
    """
    # Imported here: only who applies needs it (2.5 MiB).
    from email_validator import EmailNotValidError, validate_email

    candidate = _address_in(text)
    try:
        valid = validate_email(candidate, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError as error:
        plain = ascii_letters(candidate).replace(",", ".").lower()
        if plain != candidate:
            raise Refused(Reason.EMAIL_ODD, suggestion=email(plain).address) from error
        raise Refused(Reason.EMAIL_ODD) from error
    domain = valid.ascii_domain.lower()
    better = likely_domain(domain)
    suggestion = f"{valid.local_part}@{better}" if better else None
    if _is_disposable(domain):  # some of them are misspelt on purpose: « gmial.com » is one
        bet = {"suggestion": suggestion} if suggestion else {}
        raise Refused(Reason.EMAIL_DISPOSABLE, domain=domain, **bet)
    return Email(f"{valid.local_part}@{domain}", suggestion)


def _address_in(text: str) -> str:
    """The word with an @: « mon mail c'est lea @ gmail.com. » -> « lea@gmail.com »."""
    text = unicodedata.normalize("NFC", text[:1000]).replace("mailto:", "")
    text = re.sub(r"\s*(?:@|\barobase\b|\(at\))\s*", "@", text, flags=re.IGNORECASE)
    words = [w for w in re.split(r"[\s<>()\"“”«»]+", text) if "@" in w]
    return words[0].strip(".,;:!?'’") if words else ""


def _is_disposable(domain: str) -> bool:
    """The domain itself or one it is under."""
    parts = domain.split(".")
    return any(".".join(parts[i:]) in _disposable() for i in range(len(parts) - 1))


@cache
def _disposable() -> frozenset[str]:
    # Imported here: ten thousand names that only an application needs (1.5 MiB).
    from disposable_email_domains import blocklist

    return frozenset(blocklist)


def likely_domain(domain: str) -> str | None:
    """The provider a domain misspells (« gmial.com », « hotmal.fr »), ``None`` when it may be
    right."""
    # Imported here: the readers load it anyway in service, the tools that do not apply need not.
    from rapidfuzz.distance import OSA

    if domain in COMMON_DOMAINS:
        return None
    provider = domain.partition(".")[0]
    for known in COMMON_DOMAINS:
        if provider in _ONE_ENDING and provider == known.partition(".")[0]:
            return known
    distance, known = min((OSA.distance(domain, known), known) for known in COMMON_DOMAINS)
    # One slip, the same first letter; short names differ by one letter and are both right.
    named = provider == known.partition(".")[0] or len(known.partition(".")[0]) >= 5
    return known if distance == 1 and named and domain[0] == known[0] else None


_ONE_ENDING = frozenset({"gmail", "icloud", "laposte", "orange", "wanadoo", "sfr", "bbox"})
"""Providers that have one ending only: « gmail.fr » is nobody's."""


def phone(text: str) -> Phone:
    """The number in an answer, French or international, that a person can be called at.

    Raises :class:`Refused`: PHONE_ODD, PHONE_PREMIUM, PHONE_SERVICE. Source of the numbering plans:
    libphonenumber.
    """
    # Imported here: only who applies needs it (3 MiB).
    from phonenumbers import (
        PhoneNumberFormat,
        PhoneNumberType,
        format_number,
        is_valid_number,
        number_type,
    )

    number = _number_in(text)
    kind = number_type(number)
    if kind in (PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST):
        raise Refused(Reason.PHONE_PREMIUM)
    if not is_valid_number(number):
        raise Refused(Reason.PHONE_ODD)
    fixed = (
        PhoneNumberType.FIXED_LINE, PhoneNumberType.VOIP, PhoneNumberType.FIXED_LINE_OR_MOBILE,
    )  # fmt: skip
    if kind not in (PhoneNumberType.MOBILE, PhoneNumberType.PERSONAL_NUMBER, *fixed):
        raise Refused(Reason.PHONE_SERVICE)
    return Phone(
        e164=format_number(number, PhoneNumberFormat.E164),
        national=format_number(number, PhoneNumberFormat.NATIONAL),
        kind="fixed" if kind in fixed else "mobile",
    )


def _number_in(text: str) -> PhoneNumber:
    """The digits of an answer as a number: French, of an overseas territory, or with its +."""
    from phonenumbers import NumberParseException, is_valid_number, parse

    found = re.search(
        r"\+?[\d(][\d\s.,/()\u202f\u00a0–-]*", unicodedata.normalize("NFKC", text[:1000])
    )
    digits = re.sub(r"[^\d+]", "", found[0].replace("(0)", "")) if found else ""
    if len(digits) == 11 and digits.startswith("33"):
        digits = f"+{digits}"
    first = None
    for region in REGIONS:
        try:
            number = parse(digits, region)
        except NumberParseException as error:
            raise Refused(Reason.PHONE_ODD) from error
        first = first or number
        if is_valid_number(number):
            return number
    if first is None:
        raise Refused(Reason.PHONE_ODD)
    return first


_SPELT = {"œ": "oe", "æ": "ae", "ß": "ss", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th"}


def ascii_letters(text: str) -> str:
    """The text without accents: « Zoë Łukasz » -> « Zoe Lukasz »; other scripts fall away."""
    for letter, spelt in _SPELT.items():
        text = text.replace(letter, spelt).replace(letter.upper(), spelt.capitalize())
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()

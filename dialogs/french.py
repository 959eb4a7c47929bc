"""French for writers of sentences: « 4 offres », « d’Annecy », « au Mans », and typography."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any

MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre",
    "octobre", "novembre", "décembre",
)  # fmt: skip

NARROW = "\u202f"
"""Narrow no-break space: before ; ? ! and inside « »."""
WIDE = "\u00a0"
"""No-break space: before a colon, between a number and its unit."""

_VOWEL = re.compile(r"[aàâäeéèêëiîïoôöuûüyœæh]", re.IGNORECASE)
_BREATHED = frozenset(("Ham", "Hem", "Hon", "Hesse", "Hyères", "Houdan", "Yutz", "Yainville"))
"""Towns before which « de » stays whole, among those people say so of."""

_RULES: tuple[tuple[str, re.Pattern[str], str], ...] = (
    ("«", re.compile(r"«[ \u00a0\u202f]*"), f"«{NARROW}"),
    ("»", re.compile(r"[ \u00a0\u202f]*»"), f"{NARROW}»"),
    (";?!", re.compile(r"(?<=\S)[ \u00a0\u202f]+([;?!])"), rf"{NARROW}\1"),
    (":", re.compile(r"(?<=\S)[ \u00a0\u202f]+:(?=\s|$)"), f"{WIDE}:"),
    ("0123456789", re.compile(r"(\d)[ \u202f](?=(?:km|h|€|ans|%)\b|€|%)"), rf"\1{WIDE}"),
)
"""What is replaced by what, after the signs without which there is nothing to look for."""


def typeset(text: str) -> str:
    """Curly apostrophes, no-break spaces and ellipses, as a French printer sets them."""
    text = text.replace("'", "’")
    signs = _SIGNS.intersection(text)
    if signs:
        for needed, pattern, put in _RULES:
            if not signs.isdisjoint(needed):
                text = pattern.sub(put, text)
    return text.replace("...", "…")


_SIGNS = frozenset("".join(needed for needed, _, _ in _RULES))


def capital(text: str) -> str:
    """First letter upper, the rest untouched."""
    return text[:1].upper() + text[1:]


def within(name: str) -> str:
    """A company in the middle of a sentence: « L’entreprise » -> « l’entreprise »."""
    return (
        name[:1].lower() + name[1:] if name.startswith(("L’entreprise", "L'entreprise")) else name
    )


def join(items: Sequence[str], word: str) -> str:
    """« a, b et c »."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {word} {items[-1]}"


def of(name: str) -> str:
    """A town after « de »: « de Lens », « d’Annecy », « du Mans », « des Lilas »."""
    if name.startswith("Le "):
        return f"du {name[3:]}"
    if name.startswith("Les "):
        return f"des {name[4:]}"
    elided = _VOWEL.match(name) and name.split("-", maxsplit=1)[0] not in _BREATHED
    return f"d’{name}" if elided else f"de {name}"


def at(name: str) -> str:
    """A town after « à »: « à Lens », « au Mans », « aux Lilas »."""
    if name.startswith("Le "):
        return f"au {name[3:]}"
    if name.startswith("Les "):
        return f"aux {name[4:]}"
    return f"à {name}"


def in_pairs(phone: str) -> str:
    """A French number as it is read aloud: « 0321000000 » -> « 03 21 00 00 00 »."""
    digits = re.sub(r"^(?:\+|00)33(?:\(0\))?", "0", re.sub(r"[\s.-]", "", phone))
    if not re.fullmatch(r"0[1-9][0-9]{8}", digits):
        return phone
    return WIDE.join(digits[i : i + 2] for i in range(0, 10, 2))


def day(value: date) -> str:
    """« 1er septembre 2027 »."""
    return f"{'1er' if value.day == 1 else value.day} {MONTHS[value.month - 1]} {value.year}"


def _plural(count: int, forms: str) -> str:
    singular, plural = forms.split("|")
    return f"{count}{WIDE}{plural if abs(count) > 1 else singular}"


class FrenchFormatter(string.Formatter):
    """``{n:offre|offres}`` ``{ville:de}`` ``{ville:à}`` ``{villes:et}`` ``{jour:date}``
    ``{x:maj}`` ``{x:mil}`` ``{numéro:tel}``; any other field is plain.

    A missing value raises ``KeyError``.
    """

    def format_field(self, value: Any, spec: str) -> str:
        if "|" in spec:
            return _plural(int(value), spec)
        match spec:
            case "de":
                return of(value)
            case "à":
                return at(value)
            case "et" | "ou":
                return join([str(v) for v in value], spec)
            case "date":
                return day(date.fromisoformat(value) if isinstance(value, str) else value)
            case "maj":
                return capital(str(value))
            case "mil":
                return within(str(value))
            case "tel":
                return in_pairs(str(value))
        return str(value)


_FORMATTER = FrenchFormatter()


def fill(template: str, values: Mapping[str, Any]) -> str:
    """A template with its values, typeset."""
    last, parts = _parsed(template)
    if not parts:
        return last
    pieces: list[str] = []
    for literal, name, spec in parts:
        value = values[name]
        pieces += (literal, _FORMATTER.format_field(value, spec) if spec else str(value))
    return typeset("".join([*pieces, last]))


@lru_cache(maxsize=2048)
def _parsed(template: str) -> tuple[str, tuple[tuple[str, str, str], ...]]:
    """The words after the last field, and each field after the words before it; typeset already
    where there is no field. A field is a bare name: ``{ville}``, ``{ville:de}``."""
    parts, last = [], ""
    for literal, name, spec, conversion in _FORMATTER.parse(template):
        if name is None:
            last += literal
        elif not name.isidentifier() or conversion or "{" in (spec or ""):
            raise ValueError(f"not a bare name: {template}")
        else:
            parts.append((last + literal, name, spec or ""))
            last = ""
    return (last, tuple(parts)) if parts else (typeset(last), ())

"""Every official trade title is found in both genders, and not inside other words."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import NamedTuple

import nlu
from nlu.meaning import Understanding
from nlu.text import fold
from nlu.understander import Understander
from tests.properties import Outcome

TODAY = date(2026, 11, 23)
_TITLES = Path(nlu.__file__).with_name("data") / "titles.tsv"
_GLUE = "qzwk"


class Title(NamedTuple):
    name: str
    codes: frozenset[str]
    """Its ROME code and the one it was split from."""


ANSWERS: dict[str, Callable[[str], str]] = {
    "as written": str,
    "without accents": fold,
    "without hyphens": lambda name: re.sub("[-'’]", " ", name),
    "in capitals": str.upper,
}
"""Ways to write a title as the answer to « quel métier ? »."""

SENTENCES: dict[str, Callable[[str], str]] = {
    f"{lead} …": lambda name, lead=lead: f"{lead} {name}"  # type: ignore[misc]
    for lead in (
        "je cherche une alternance en",
        "je cherche une alternance de",
        "je cherche une alternance comme",
        "JVEUX FAIRE UN APPRENTISSAGE DE",
    )
}
"""Ways to write it unasked."""

OTHERWISE = {
    "monteur d elements prefabriques": "F1625",
    "monteuse d elements prefabriques": "F1625",
    "platrier plaquiste": "F1604",
    "platriere plaquiste": "F1604",
    "monteur depanneur frigoriste": "I1306",
    "monteuse depanneuse frigoriste": "I1306",
    "metallier serrurier": "H2911",
    "metalliere serruriere": "H2911",
}
"""Titles that the ROME files elsewhere than where we look for the trade, and where that is."""

TOWNS_TOO = {"tourneur", "charron"}
"""Trades that are communes after « de »."""


@cache
def titles() -> tuple[Title, ...]:
    with _TITLES.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    return tuple(
        Title(name, frozenset({row["rome"], row["parent"]}))
        for row in rows
        for name in dict.fromkeys((row["masculine"], row["feminine"]))
    )


def found_by_title(understander: Understander, stride: int = 1, start: int = 0) -> Outcome:
    """Each title in every way above: the trade of its code, or of the code it was split from."""
    outcome = Outcome("titles, found")
    for title in titles()[start::stride]:
        for ways, asked in ((ANSWERS, "ask_trade"), (SENTENCES, None)):
            for write in ways.values():
                text = write(title.name)
                read = understander.read(text, asked=asked, today=TODAY)
                outcome.note(text, _verdict(understander, title, text, read), _shown(read))
    return outcome


def _verdict(
    understander: Understander, title: Title, text: str, read: Understanding
) -> bool | str:
    found = [{*trade.rome, *understander.table.get(trade.id).parents} for trade in read.trades]
    if len(found) == 1 and found[0] & title.codes:
        return True
    bare = re.sub("[-'’]", " ", fold(title.name))
    if len(found) > 1 and "-" in title.name and any(codes & title.codes for codes in found):
        return "two trades without the hyphen that makes them one: « boulanger pâtissier »"
    if found and OTHERWISE.get(bare) in found[0]:
        return "filed by the ROME elsewhere than where we look"
    if not found and bare in TOWNS_TOO and " de " in text.lower():
        return "a commune too, after « de »"
    return False


def _shown(read: Understanding) -> str:
    named = [f"{trade.label} {'/'.join(trade.rome)}" for trade in read.trades]
    return f"{read.intent} {named} {list(read.domains)}"


def words_of_titles() -> Iterator[str]:
    """Titles of one word, folded, each once."""
    yield from dict.fromkeys(
        fold(title.name) for title in titles() if title.name.isalpha() and len(title.name) > 3
    )


def not_inside_words(understander: Understander, stride: int = 1, start: int = 0) -> Outcome:
    """A title glued to letters before or after is no trade, even after « alternance de »."""
    outcome = Outcome("titles, not inside other words")
    for name in list(words_of_titles())[start::stride]:
        for word in (_GLUE + name, name + _GLUE, _GLUE + name + _GLUE):
            read = understander.read(f"je cherche une alternance de {word}", today=TODAY)
            named = (*read.trades, *read.domains, *read.noncraft_trades)
            outcome.note(word, not named, _shown(read))
    return outcome

"""A CV made from five answers: one A4 page, as a PDF that a screen reader reads in order."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from matching.application.candidate import Candidate
from matching.application.document import Document, document, title
from matching.application.refusal import Reason, Refused

if TYPE_CHECKING:
    from typst import Fonts

HERE = Path(__file__).parent

HEADINGS = {
    "wish": "Ce que je cherche",
    "school": "Ma formation",
    "experience": "Mes expériences",
    "strengths": "Mes points forts",
    "availability": "Disponibilité et déplacements",
}
"""The headings of the page, in the order of the questions."""

BUDGETS = ((700, 10), (450, 7), (300, 5), (180, 3), (100, 2))
"""(characters, lines) an answer may take, tried in this order until all is on one page."""

LONGEST_WORD = 40
"""Characters: what is longer would leave the page, and is broken."""


@dataclass(frozen=True, slots=True)
class Answers:
    """The five answers, in the person's own words; any may be empty.

    ``wish`` what one looks for, ``school`` school and class or diploma, ``experience`` jobs, stages
    or help at home, ``strengths`` what one is good at or likes, ``availability`` from when and how
    one gets about.
    """

    wish: str = ""
    school: str = ""
    experience: str = ""
    strengths: str = ""
    availability: str = ""


def made_cv(candidate: Candidate, answers: Answers) -> Document:
    """The page as a PDF: tagged (PDF/UA-1), with a title, in French, fonts inside, always one page.

    What the person wrote is data: nothing in it is read as markup. Letters that our fonts lack
    (emoji, Chinese…) are left out; long answers get smaller letters, then end with « … ».
    Takes some hundredths of a second; in service call it through
    :class:`matching.application.apart.Workshop`, which can stop it.
    Raises :class:`Refused`: CV_EMPTY.
    """
    # Imported here: Typst costs 7 MiB and only who answers the five questions needs it.
    from typst import Compiler, TypstError

    compiler = Compiler(root=HERE, font_paths=_fonts(), ignore_system_fonts=True)
    template = (HERE / "cv.typ").read_bytes()
    problem: Exception | None = None
    # The last resort, Latin letters alone, is for marks and letters no font can put together.
    for letters in (_drawable(), _LATIN):
        for most, lines in BUDGETS:
            data = json.dumps(_data(candidate, answers, letters, most, lines))
            try:
                content = compiler.compile(
                    template,
                    format="pdf",
                    sys_inputs={"cv": data},
                    pdf_standards=["ua-1"],
                    timestamp=0,
                )
            except TypstError as error:
                problem = error
                continue
            if isinstance(content, bytes):
                return document(content, candidate.first_name, candidate.last_name)
    raise RuntimeError("five short answers do not make one page") from problem


Letters = frozenset[int]

_LATIN: Letters = frozenset((*range(0x20, 0x7F), *range(0xA1, 0x180), 0x2019, 0x20AC, 0x2026))
_NARROW = str.maketrans({"\u2009": "\u202f", "\t": " ", "\u200d": None, "\ufeff": None})


def _data(
    candidate: Candidate, answers: Answers, letters: Letters, most: int, lines: int
) -> dict[str, object]:
    """What the template shows; every text in it can be drawn with the fonts."""
    sections = [
        {"heading": heading, "lines": found}
        for key, heading in HEADINGS.items()
        if (found := lines_of(getattr(answers, key), letters, most, lines))
    ]
    if not sections:
        raise Refused(Reason.CV_EMPTY)
    first, last = (_line(n, letters) for n in (candidate.first_name, candidate.last_name))
    name = f"{first} {last}".strip()
    return {
        "title": title(first, last),
        "name": name or "Candidature en apprentissage",
        "subtitle": "Candidature en apprentissage" if name else "",
        "contact": [_line(_spoken(candidate.phone), letters), _line(candidate.email, letters)],
        "sections": sections,
    }


def lines_of(text: str, letters: Letters, most: int, lines: int) -> list[str]:
    """An answer as at most ``lines`` lines of together at most ``most`` characters.

    What does not fit is cut between two words and ends in « … ».
    """
    kept: list[str] = []
    found = [line for raw in text[:5000].splitlines() if (line := _sentence(raw, letters))]
    for line in found:
        left = most - sum(map(len, kept))
        if len(kept) == lines or left < 20:
            kept[-1] = kept[-1].rstrip(" .,;…") + "…"
            break
        if len(line) > left:
            kept.append((line[:left].rpartition(" ")[0] or line[:left]).rstrip(" .,;") + "…")
            break
        kept.append(line)
    return kept


def _sentence(text: str, letters: Letters) -> str:
    """A line of an answer: with a capital, and no word that would leave the page."""
    drawn = re.sub(rf"(\S{{{LONGEST_WORD}}})(?=\S)", r"\1 ", _line(text, letters))
    return drawn[:1].upper() + drawn[1:]


def _line(text: str, letters: Letters) -> str:
    """One line without what cannot be drawn, nor a bullet of its own."""
    composed = unicodedata.normalize("NFC", text).translate(_NARROW)
    drawn = "".join(c if ord(c) in letters else " " if c.isspace() else "" for c in composed)
    drawn = re.sub(r"^[\s\-–—*•·>]+", "", drawn)
    drawn = re.sub(r"(?<=[^\W\d])'(?=\w)", "’", drawn)
    drawn = re.sub(r" +(?=[ ,.)])", "", drawn).strip()  # what an emoji left behind
    if not any(c.isalnum() for c in drawn):
        return ""
    return drawn


def _spoken(e164: str) -> str:
    """« 06 12 34 56 78 » for France and overseas, « +32 470 12 34 56 » elsewhere."""
    from phonenumbers import NumberParseException, PhoneNumberFormat, format_number, parse

    try:
        number = parse(e164, "FR")
    except NumberParseException:
        return e164
    french = number.country_code in {33, 262, 590, 594, 596, 508}
    return format_number(
        number, PhoneNumberFormat.NATIONAL if french else PhoneNumberFormat.INTERNATIONAL
    )


@cache
def _fonts() -> Fonts:
    from typst import Fonts

    return Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(HERE / "fonts")]
    )


@cache
def _drawable() -> Letters:
    """The code points the fonts have, as written in ``fonts/coverage.txt``: « 20-7E »."""
    text = (HERE / "fonts" / "coverage.txt").read_text("ascii")
    ranges = [line.partition("-") for line in text.split()]
    return frozenset(
        point for low, _, high in ranges for point in range(int(low, 16), int(high or low, 16) + 1)
    )

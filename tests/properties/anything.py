"""Texts written to be hard to read, and what any reading must look like."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from datetime import date
from typing import get_args

from nlu.meaning import Asked, Intent, Understanding
from nlu.understander import LONGEST, Understander

TODAY = date(2026, 11, 23)
_LEAST_READINGS, _MOST_READINGS = 4, 40
QUESTIONS: tuple[str | None, ...] = (None, *get_args(Asked))


def _filled(piece: str) -> Callable[[int], str]:
    return lambda length: (piece * (length // len(piece) + 1))[:length]


SHAPES: dict[str, Callable[[int], str]] = {
    "digits": _filled("12"),
    "numbers": _filled("7 "),
    "postcodes": _filled("59000 "),
    "dates": _filled("3/03/2027 "),
    "many « à »": _filled("à "),
    "one long word": _filled("a"),
    "one long word with accents": _filled("éœ"),
    "communes": _filled("Lens, Lille et Saint-Pol-sur-Ternoise "),
    "misspelt communes": _filled("à valensienne "),
    "beginnings of names": _filled("saint "),
    "links of names": _filled("saint sur les en de la "),
    "trades": _filled("boulanger ou pâtissière "),
    "misspelt trades": _filled("kouvreurr "),
    "verbs of trades": _filled("faire de la des "),
    "negations": _filled("pas "),
    "months": _filled("mars "),
    "weekdays and links": _filled("lundi au "),
    "numbers in words": _filled("vingt et un "),
    "distances": _filled("20 à 30 km "),
    "not a word": _filled("- "),
    "emoji": _filled("🥖"),
    "right to left": _filled("أبحث عن تدريب "),
    "combining marks": _filled("e\u0301"),
    "nothing but spaces": _filled(" "),
    "line breaks": _filled("\n"),
    "yes": _filled("oui "),
    "words of rules": _filled("je veux plus de vos "),
}
"""Adversarial texts of any length, by what each is hard for."""


def flaws(read: Understanding, text: str) -> list[str]:
    """What is not as promised in one reading; empty when all is well."""
    found = []
    if read.intent not in get_args(Intent):
        found.append(f"intent {read.intent}")
    if not 0 <= read.confidence <= 1:
        found.append(f"confidence {read.confidence}")
    if read.text != text[:LONGEST]:
        found.append("another text")
    when = read.availability
    if when and when.end and when.end < when.start:
        found.append("ends before it starts")
    if read.radius_km is not None and read.radius_km <= 0:
        found.append(f"radius {read.radius_km}")
    if json.loads(json.dumps(read.to_json()))["intent"] != read.intent:
        found.append("no JSON")
    return found + [f"span {span}" for span in spans(read) if not _inside(span, read.text)]


def spans(read: Understanding) -> list[tuple[int, int]]:
    """Where every value stands, in characters."""
    named = [(value.start, value.end) for value in (*read.trades, *read.negated_trades)]
    named += [(other.start, other.end) for other in read.noncraft_trades]
    named += [(area.start, area.end) for area in read.areas]
    places = [*read.places, *read.negated_places]
    places += [candidate for one in read.ambiguous_places for candidate in one.candidates]
    return named + [(place.start, place.end) for place in places]


def _inside(span: tuple[int, int], text: str) -> bool:
    start, end = span
    return 0 <= start < end <= len(text) and bool(text[start:end].strip())


def growth(understander: Understander, shape: str, most: float) -> tuple[float, float]:
    """CPU milliseconds of reading 2,048 and 4,096 characters of a shape, the least of several.

    Whatever else the machine does makes a reading dearer, never cheaper: both are read in turn,
    and again for as long as the ratio is above ``most``. A cost that does grow too fast is so in
    every reading.
    """
    texts = SHAPES[shape](LONGEST // 2), SHAPES[shape](LONGEST)
    half = whole = math.inf
    for number in range(_MOST_READINGS):
        half = min(half, _cost(understander, texts[0]))
        whole = min(whole, _cost(understander, texts[1]))
        if number >= _LEAST_READINGS - 1 and whole <= most * half:
            break
    return half, whole


def _cost(understander: Understander, text: str) -> float:
    start = time.thread_time_ns()
    understander.read(text, today=TODAY)
    return (time.thread_time_ns() - start) / 1e6

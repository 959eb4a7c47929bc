"""Dates read by us and by Duckling, which others wrote: the same, but for a table of choices."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any, NamedTuple

import duckling

from tests.properties import Outcome
from tests.properties.days import (
    DAYS,
    MONTHS,
    WEEKDAYS,
    Period,
    last_of_month,
    months_later,
    read,
)

_NAME = "|".join(MONTHS)


class Choice(NamedTuple):
    """Where we differ on purpose: what is written, what we say, what Duckling says."""

    name: str
    form: str
    ours: str
    duckling: str
    is_so: Callable[[Period, Period | None, date], bool]
    """Given ours, Duckling's and today."""


CHOSEN = (
    Choice(
        "« mars »",
        rf"(?:{_NAME})", "the next month of that name", "the running one, while it runs",
        lambda ours, other, today: (
            other == (today.replace(day=1), last_of_month(today))
            and ours[0] == today.replace(year=today.year + 1, day=1)
        ),
    ),
    Choice(
        "« début mars »",
        rf"début (?:{_NAME}) [0-9]+", "the 1st to the 10th", "the 1st to the 5th",
        lambda ours, other, today: (
            other == (ours[0], ours[0].replace(day=5)) and ours[1] == ours[0].replace(day=10)
        ),
    ),
    Choice(
        "« mi-mars »",
        rf"mi-(?:{_NAME}) [0-9]+", "the 11th to the 20th", "the 10th to the 19th",
        lambda ours, other, today: (
            other == (ours[0].replace(day=10), ours[0].replace(day=19))
            and ours == (ours[0].replace(day=11), ours[0].replace(day=20))
        ),
    ),
    Choice(
        "« la Toussaint »",
        "le jour de l'an|la toussaint|noël", "the next one", "the one gone by, to the month's end",
        lambda ours, other, today: (
            other == (ours[0].replace(year=today.year), None)
            and ours == (ours[0].replace(year=today.year + 1), None)
            and other[0].month == today.month
        ),
    ),
    Choice(
        "« dans un an »",
        "dans un an", "that day", "that month",
        lambda ours, other, today: (
            ours == (months_later(today, 12), None)
            and other == (ours[0].replace(day=1), last_of_month(ours[0]))
        ),
    ),
    Choice(
        "« à partir du 1er … », « 03.03.27 »",
        r"(?:à partir du|jusqu’au) 1er .*|[0-9]+\.[0-9]+\.[0-9]+", "that day", "nothing",
        lambda ours, other, today: other is None,
    ),
)  # fmt: skip


@cache
def _dimensions() -> tuple[Any, Any, Any]:
    zones = duckling.load_time_zones(tempfile.mkdtemp())  # only UTC is wanted: no files
    return (
        zones,
        duckling.default_locale_lang(duckling.parse_lang("FR")),
        duckling.parse_dimensions(["time"]),
    )


def theirs(text: str, today: date) -> Period | None:
    """First and last day as Duckling says them; ``None`` unless it reads all of the text."""
    zones, locale, dimensions = _dimensions()
    noon = int(datetime.combine(today, time(12), UTC).timestamp())
    context = duckling.Context(duckling.parse_ref_time(zones, "UTC", noon), locale)
    found = duckling.parse(text, context, dimensions, False)
    if len(found) != 1 or (found[0]["start"], found[0]["end"]) != (0, len(text)):
        return None
    value = found[0]["value"]
    if value["type"] == "value":
        return _whole(_day(value["value"]), value["grain"])
    start, end = value.get("from"), value.get("to")
    if start is None:
        return today, _day(end["value"])
    # The end of theirs is the first day that is no longer in it.
    return _day(start["value"]), _day(end["value"]) - timedelta(1) if end else None


def _day(value: str) -> date:
    return date.fromisoformat(value[:10])


def _whole(day: date, grain: str) -> Period:
    if grain == "month":
        return day, last_of_month(day)
    return (day, day + timedelta(6)) if grain == "week" else (day, None)


def forms(day: date) -> list[str]:
    """What both should read, about ``day`` or from it."""
    d, m, y = day.day, day.month, day.year
    name, first = MONTHS[m - 1], "1er" if d == 1 else str(d)
    return [
        f"le {first} {name} {y}", f"{first} {name} {y}", f"{d}/{m:02}/{y}", day.isoformat(),
        f"à partir du {first} {name} {y}", f"{WEEKDAYS[day.weekday()]} {first} {name} {y}",
        f"le {first} {name}", f"le {d}",
        f"du {first} au 28 {name} {y}" if d < 28 else f"le {d} {name}",
        f"{name} {y}", f"fin {name} {y}", f"début {name} {y}", f"mi-{name} {y}",
        f"{d:02}.{m:02}.{y % 100}",
    ]  # fmt: skip


def from_today() -> list[str]:
    """What both should read, whatever the day."""
    return [
        *MONTHS, *(f"fin {name}" for name in MONTHS), *WEEKDAYS,
        *(f"{name} prochain" for name in WEEKDAYS),
        *(f"dans {n} jours" for n in (2, 3, 10, 15, 45)),
        *(f"dans {n} semaines" for n in (2, 3, 6)), *(f"dans {n} mois" for n in (2, 3, 6)),
        "demain", "après-demain", "la semaine prochaine", "le mois prochain",
        "dans un an", "noël", "le jour de l'an", "la toussaint",
    ]  # fmt: skip


def agreement(stride: int = 1, start: int = 0) -> Outcome:
    """Every day: what is written of it is read 40 days before; what is reckoned from it, then."""
    outcome = Outcome("dates, Duckling")
    for day in DAYS[start::stride]:
        for text in forms(day):
            _compare(outcome, text, day - timedelta(40))
        for text in (*from_today(), f"le {day.day}"):
            _compare(outcome, text, day)
    return outcome


def _compare(outcome: Outcome, text: str, today: date) -> None:
    ours, other = read(text, today), theirs(text, today)
    verdict = ours == other or (ours is not None and _chosen(text, ours, other, today))
    outcome.note(f"{text} ({today:%a %d/%m/%Y})", verdict, f"{ours}, Duckling {other}")


def _chosen(text: str, ours: Period, other: Period | None, today: date) -> str | bool:
    for choice in CHOSEN:
        if re.fullmatch(choice.form, text) and choice.is_so(ours, other, today):
            return f"{choice.name}: {choice.ours}; Duckling: {choice.duckling}"
    return False

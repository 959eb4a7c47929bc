"""Every day of five years, as people write it, against a calendar walked one day at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import cycle

from nlu.availability import read_availability
from nlu.text import Message
from tests.properties import Outcome

Period = tuple[date, date | None]
MONTHS = (
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre"
).split()
WEEKDAYS = "lundi mardi mercredi jeudi vendredi samedi dimanche".split()
FIRST, LAST = date(2026, 1, 1), date(2030, 12, 31)
DAYS = [FIRST + timedelta(n) for n in range((LAST - FIRST).days + 1)]

_ONE = timedelta(1)
_AHEAD = (0, 1, 2, 6, 7, 13, 30, 31, 59, 90, 181, 300, 364, 365, 366, 700)
_NUMBERS = (1, 2, 3, 5, 8, 10, 12, 15, 20, 30)


def read(text: str, today: date) -> Period | None:
    """First and last day as our reader says them."""
    found = read_availability(Message.of(text), today, None).availability
    return (found.start, found.end) if found else None


# --- the calendar, walked ----------------------------------------------------------------------


def first_day(after: date, fits: Callable[[date], bool]) -> date:
    """The first day from ``after`` on, itself included, that fits; walked, never reckoned."""
    day = after
    while not fits(day):
        day += _ONE
    return day


def last_of_month(day: date) -> date:
    return first_day(day, lambda one: (one + _ONE).day == 1)


def months_later(day: date, months: int) -> date:
    """The same day of the month, or else the last one of that month."""
    month = day.replace(day=1)
    for _ in range(months):
        month = last_of_month(month) + _ONE
    return min(month + timedelta(day.day - 1), last_of_month(month))


def next_month(number: int, today: date) -> date:
    """The first day of the next month of that name; the running one is not next."""
    return first_day(today + _ONE, lambda day: day.day == 1 and day.month == number)


def part_of_month(number: int, today: date, first: int, last: int) -> Period:
    """Days ``first`` to ``last`` of that month: of the running one while they are not over."""
    end = first_day(
        today,
        lambda day: day.month == number and day.day == min(last, last_of_month(day).day),
    )
    return end.replace(day=first), end


# --- what is written, and what it means --------------------------------------------------------


def written(day: date) -> Iterator[tuple[str, Callable[[date], Period]]]:
    """Forms that name ``day`` with its year; each with what it means on a day not after it."""
    d, m, y = day.day, day.month, day.year
    name = MONTHS[m - 1]
    first = "1er" if d == 1 else str(d)
    for text in (
        f"le {first} {name} {y}", f"{first} {name} {y}", f"{d}/{m:02}/{y}", f"{d:02}/{m:02}/{y}",
        f"{d:02}.{m:02}.{y % 100}", f"{d}-{m}-{y}", day.isoformat(),
        f"{WEEKDAYS[day.weekday()]} {first} {name} {y}", f"{d} {name.upper()} {y}",
        f"à partir du {first} {name} {y}", f"dès le {d}/{m}/{y}",
        f"pas avant le {first} {name} {y}",
        f"dispo à compter du {d:02}/{m:02}/{y}",
    ):  # fmt: skip
        yield text, lambda today: (day, None)
    yield f"jusqu’au {first} {name} {y}", lambda today: (today, day)


def unwritten_year(day: date) -> Iterator[tuple[str, Callable[[date], Period]]]:
    """Forms that leave the year, or more, to be found from today on."""
    d, m = day.day, day.month
    name = MONTHS[m - 1]

    def same(one: date) -> bool:
        return (one.day, one.month) == (d, m)

    for text in (
        f"le {d} {name}",
        f"à partir du {d} {name}",
        f"le {d}/{m:02}",
        f"dispo {d} {name}",
    ):
        yield text, lambda today: (first_day(today, same), None)
    yield f"le {d}", lambda today: (first_day(today, lambda one: one.day == d), None)


def from_today(today: date) -> Iterator[tuple[str, Period]]:
    """Forms reckoned from today: months, weekdays, « dans 3 semaines », « demain »."""
    for number, name in enumerate(MONTHS, 1):
        start = next_month(number, today)
        yield f"en {name}", (start, last_of_month(start))
        yield f"dès {name}", (start, None)
        yield f"début {name}", part_of_month(number, today, 1, 10)
        yield f"mi-{name}", part_of_month(number, today, 11, 20)
        yield f"fin {name}", part_of_month(number, today, 21, 31)
    for number, name in enumerate(WEEKDAYS):
        day = first_day(today + _ONE, lambda one, n=number: one.weekday() == n)  # type: ignore[misc]
        yield f"{name} prochain", (day, None)
        yield f"à partir de {name}", (day, None)
    for n in _NUMBERS:
        plural = "s" * (n > 1)
        yield f"dans {n} jour{plural}", (today + timedelta(n), None)
        yield f"d’ici {n} semaine{plural}", (today + timedelta(7 * n), None)
        yield f"dans {n} semaine{plural}", (today + timedelta(7 * n), None)
        yield f"dans {n} mois", (months_later(today, n), None)
    yield "demain", (today + _ONE, None)
    yield "après-demain", (today + 2 * _ONE, None)
    monday = first_day(today + _ONE, lambda one: one.weekday() == 0)
    yield "la semaine prochaine", (monday, monday + 6 * _ONE)
    month = last_of_month(today) + _ONE
    yield "le mois prochain", (month, last_of_month(month))
    yield "à la rentrée", (first_day(today, lambda one: (one.day, one.month) == (1, 9)), None)
    january = first_day(today, lambda one: one.month == 1 and one.weekday() == 0 and one.day <= 7)
    yield "à la rentrée de janvier", (january, None)


def dates(stride: int = 1, start: int = 0) -> Outcome:
    """The forms above for every day, today being that day or up to two years before it."""
    outcome = Outcome("dates, our calendar")
    for day, ahead in zip(DAYS[start::stride], cycle(_AHEAD), strict=False):
        today = day - timedelta(ahead)
        for text, means in written(day):
            _compare(outcome, text, today, means(today))
        for text, means in unwritten_year(day):
            _compare(outcome, text, today, means(today))
        for text, period in from_today(day):
            _compare(outcome, text, day, period)
        # A day gone by is no availability.
        _compare(outcome, f"le {day.day} {MONTHS[day.month - 1]} {day.year}", day + _ONE, None)
    return outcome


def _compare(outcome: Outcome, text: str, today: date, expected: Period | None) -> None:
    got = read(text, today)
    outcome.note(f"{text} ({today:%a %d/%m/%Y})", got == expected, f"{got}, not {expected}")

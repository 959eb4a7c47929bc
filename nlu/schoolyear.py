"""School holidays of zone B (Lille, Amiens), the feasts, and the first days of terms."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

from vacances_scolaires_france import SchoolHolidayDates

_ZONE = "B"
HOLIDAYS = {
    "noel": "Vacances de Noël",
    "hiver": "Vacances d'hiver",
    "fevrier": "Vacances d'hiver",
    "paques": "Vacances de printemps",
    "printemps": "Vacances de printemps",
    "avril": "Vacances de printemps",
    "ete": "Vacances d'été",
    "toussaint": "Vacances de la Toussaint",
    "ascension": "Pont de l'Ascension",
}
_FULL = frozenset(HOLIDAYS.values()) - {"Pont de l'Ascension"}


@lru_cache(maxsize=1)
def _periods() -> tuple[tuple[str, date, date], ...]:
    """(name, first day, last day), in order; read once, at the first question about holidays."""
    calendar = SchoolHolidayDates()
    periods: list[tuple[str, date, date]] = []
    for day in sorted(calendar.data):
        row = calendar.data[day]
        if not row[f"vacances_zone_{_ZONE.lower()}"]:
            continue
        name = row["nom_vacances"]
        if periods and periods[-1][0] == name and day - periods[-1][2] == timedelta(days=1):
            periods[-1] = (name, periods[-1][1], day)
        else:
            periods.append((name, day, day))
    return tuple(periods)


def holidays(name: str | None, today: date) -> tuple[date, date] | None:
    """First and last day of the next (or current) holidays; any but bridges when ``name`` is None.

    ``name`` is a key of ``HOLIDAYS``. None past the years the calendar knows.
    """
    wanted = {HOLIDAYS[name]} if name else _FULL
    for found, first, last in _periods():
        if found in wanted and last >= today:
            return first, last
    return None


def easter(year: int) -> date:
    """Easter Sunday (Meeus's rule for the Gregorian calendar)."""
    a, b, c = year % 19, year // 100, year % 100
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    i = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    m = (a + 11 * h + 22 * i) // 451
    month, day = divmod(h + i - 7 * m + 114, 31)
    return date(year, month, day + 1)


_FIXED = {"noel": (12, 25), "jour de l an": (1, 1), "nouvel an": (1, 1), "toussaint": (11, 1),
          "armistice": (11, 11), "fete du travail": (5, 1), "fete nationale": (7, 14),
          "halloween": (10, 31), "st valentin": (2, 14),
          "assomption": (8, 15), "st nicolas": (12, 6)}  # fmt: skip
_MOVABLE = {"paques": 0, "ascension": 39, "pentecote": 49}
FEASTS = (*_FIXED, *_MOVABLE)


def feast(name: str, today: date) -> date:
    """The next day of that feast, today included."""
    for year in (today.year, today.year + 1):
        if name in _FIXED:
            day = date(year, *_FIXED[name])
        else:
            day = easter(year) + timedelta(days=_MOVABLE[name])
        if day >= today:
            return day
    raise AssertionError(name)


def first_monday(year: int, month: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=-first.weekday() % 7)

"""When somebody can start, read from sentences as people write them."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nlu.availability import read_availability
from nlu.datewords import MONTHS, WEEKDAYS
from nlu.meaning import Availability
from nlu.schoolyear import easter, holidays
from nlu.text import Message

TODAY = date(2026, 11, 23)
CASES = Path(__file__).parent / "sentences" / "availability.yml"
TWO_YEARS = [date(2026, 1, 1) + timedelta(days=n) for n in range(730)]


def when(
    text: str, today: date = TODAY, asked: str | None = "ask_availability"
) -> Availability | None:
    return read_availability(Message.of(text), today, asked).availability


def cases() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.load(CASES.read_text("utf-8"), yaml.CSafeLoader)
    return found


@pytest.mark.parametrize("case", cases(), ids=lambda case: case["text"][:40])
def test_sentences(case: dict[str, Any]) -> None:
    found = when(case["text"], asked=case.get("asked"))
    if "start" not in case:
        assert found is None
        return
    assert found is not None
    assert found.to_json() == {
        "start": str(case["start"]),
        "end": str(case["end"]) if "end" in case else None,
        "asap": case.get("asap", False),
        "approx": case.get("approx", False),
    }


def test_spans_are_those_of_the_text() -> None:
    text = "Cœur à l’ouvrage… dispo dès le 3 février 2027 à Lens"
    reading = read_availability(Message.of(text), TODAY, None)
    assert [text[a:b] for a, b in reading.spans] == ["3 février 2027"]


@pytest.mark.parametrize("month", list(MONTHS))
def test_a_month_is_the_next_of_that_name_on_every_day(month: str) -> None:
    number = MONTHS[month]
    for today in TWO_YEARS:
        found = when(month, today)
        assert found is not None
        assert found.start.month == number
        assert found.start.day == 1
        assert found.end == found.start.replace(day=monthrange(found.start.year, number)[1])
        assert 0 < (found.start - today).days <= 366


@pytest.mark.parametrize("weekday", list(WEEKDAYS))
def test_a_weekday_is_the_next_one_after_today(weekday: str) -> None:
    for today in TWO_YEARS:
        found = when(f"{weekday} prochain", today)
        assert found is not None
        assert found.start.weekday() == WEEKDAYS[weekday]
        assert 1 <= (found.start - today).days <= 7
        assert found.end is None


def test_a_day_of_a_month_is_its_next_occurrence() -> None:
    for today in TWO_YEARS[::7]:
        for day in TWO_YEARS[:365:11]:
            names = list(MONTHS)
            found = when(f"le {day.day} {names[day.month - 1]}", today)
            figures = when(f"le {day.day:02}/{day.month:02}", today)
            assert found == figures
            assert found is not None
            assert (found.start.month, found.start.day) == (day.month, day.day)
            assert today <= found.start <= today + timedelta(days=366)


def test_the_thirtieth_waits_for_a_month_that_has_one() -> None:
    assert when("le 30", date(2027, 1, 31)) == Availability(date(2027, 3, 30))
    assert when("dans un mois", date(2027, 1, 31)) == Availability(date(2027, 2, 28))
    assert when("31 avril") is None


def test_next_week_is_monday_to_sunday_on_every_day() -> None:
    for today in TWO_YEARS:
        found = when("la semaine prochaine", today)
        assert found is not None
        assert found.end is not None
        assert found.start.weekday() == 0
        assert found.end - found.start == timedelta(days=6)
        assert 1 <= (found.start - today).days <= 7


def test_school_holidays_are_those_of_zone_b() -> None:
    assert holidays("paques", TODAY) == (date(2027, 4, 17), date(2027, 5, 2))
    assert holidays("noel", TODAY) == (date(2026, 12, 19), date(2027, 1, 3))
    assert holidays("noel", date(2027, 1, 2)) == (date(2026, 12, 19), date(2027, 1, 3))
    assert holidays(None, date(2090, 1, 1)) is None


def test_easter() -> None:
    assert [easter(y) for y in (2024, 2025, 2026, 2027)] == [
        date(2024, 3, 31), date(2025, 4, 20), date(2026, 4, 5), date(2027, 3, 28),
    ]  # fmt: skip


@settings(max_examples=300, deadline=None)
@example(text="1 semaine", today=date(2026, 11, 23), asked="ask_availability")
@given(
    text=st.text(max_size=200),
    today=st.dates(date(2025, 1, 1), date(2029, 12, 31)),
    asked=st.sampled_from([None, "ask_availability", "ask_place"]),
)
def test_any_text_is_read(text: str, today: date, asked: str | None) -> None:
    reading = read_availability(Message.of(text), today, asked)
    assert all(0 <= a < b <= len(text) for a, b in reading.spans)


WORDS = (
    "du au le 15 31 0 1er janvier sept fin mi début jusqu'au avant après dès pas la rentrée "
    "vacances de noël semaine prochaine mois dans 2 99 ans lundi / - 2027 2026 été bac et ou à "
    "partir d'ici l' "
    "année week-end premier dernière 29 février"
).split()


@settings(max_examples=500, deadline=None)
@given(
    words=st.lists(st.sampled_from(WORDS), max_size=12),
    today=st.dates(date(2025, 1, 1), date(2029, 12, 31)),
)
def test_any_order_of_the_words_of_dates_is_read(words: list[str], today: date) -> None:
    found = when(" ".join(words), today)
    if found is not None and found.end is not None:
        assert found.start <= found.end

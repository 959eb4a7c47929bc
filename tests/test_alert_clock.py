"""When alerts are due, held against a walk through the year minute by minute."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from alerts.clock import (
    MORNING,
    NIGHT,
    day_began,
    is_night,
    last_tick,
    moment,
    morning_after,
    ticks,
    window_end,
)
from dialogs.rhythm import PARIS, ZONES, Rhythm

YEAR = datetime(2027, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)

zones = st.sampled_from([PARIS, *sorted(ZONES.values()), "Australia/Lord_Howe", "America/Santiago"])
minutes = st.integers(0, 24 * 60 - 1)
moments = st.integers(0, 366 * 24 * 60).map(lambda n: YEAR + n * MINUTE)
rhythms = st.builds(
    Rhythm, st.sampled_from(["daily", "weekly"]), minutes, st.integers(0, 6), zones
)  # fmt: skip


@cache
def wall(zone: str) -> dict[date, dict[int, datetime]]:
    """Of each day of the year, the minutes its clock shows, and when it shows each first."""
    shown: dict[date, dict[int, datetime]] = {}
    zoned = ZoneInfo(zone)
    for n in range(368 * 24 * 60):
        at = YEAR - DAY + n * MINUTE
        local = at.astimezone(zoned)
        shown.setdefault(local.date(), {}).setdefault(local.hour * 60 + local.minute, at)
    return shown


@given(st.integers(0, 364), minutes)
@example((date(2027, 3, 28) - date(2027, 1, 1)).days, 150)
@example((date(2027, 10, 31) - date(2027, 1, 1)).days, 150)
def test_a_minute_of_a_day_is_when_the_clock_on_the_wall_first_shows_it(n: int, m: int) -> None:
    day = date(2027, 1, 1) + n * DAY
    shown = wall(PARIS)[day]
    assert moment(day, m, PARIS) == shown[min(minute for minute in shown if minute >= m)]


@pytest.mark.parametrize(
    ("zone", "day", "minute", "utc"),
    [
        (PARIS, date(2027, 3, 28), 150, datetime(2027, 3, 28, 1, 0, tzinfo=UTC)),  # 3:00 summer
        (PARIS, date(2027, 10, 31), 150, datetime(2027, 10, 31, 0, 30, tzinfo=UTC)),  # the first
        ("America/Miquelon", date(2027, 3, 14), 150, datetime(2027, 3, 14, 5, 0, tzinfo=UTC)),
        ("Indian/Reunion", date(2027, 3, 28), 150, datetime(2027, 3, 27, 22, 30, tzinfo=UTC)),
    ],
)
def test_changes_of_clock(zone: str, day: date, minute: int, utc: datetime) -> None:
    assert moment(day, minute, zone) == utc


@given(rhythms, moments, st.integers(0, 40 * 24 * 60))
@example(Rhythm("daily", 17 * 60 + 30), datetime(2027, 3, 27, tzinfo=UTC), 3 * 24 * 60)
def test_each_day_is_due_once_and_never_at_night(rhythm: Rhythm, since: datetime, n: int) -> None:
    now, beat, zone = since + n * MINUTE, rhythm.beat(), ZoneInfo(rhythm.zone)
    due = ticks(beat, since, now)
    assert len({tick.name for tick in due}) == len(due)
    assert [tick.at for tick in due] == sorted(tick.at for tick in due)
    late = rhythm.minute >= NIGHT
    for tick in due:
        assert since < tick.at <= now
        assert not is_night(tick.at, rhythm.zone)
        local = tick.at.astimezone(zone)
        expected = MORNING if late else max(MORNING, rhythm.minute)
        assert local.hour * 60 + local.minute == expected
        if rhythm.kind == "weekly":
            assert (local.date() - late * DAY).weekday() == rhythm.weekday
    days = [tick.at.astimezone(zone).date() for tick in due]
    apart = 1 if rhythm.kind == "daily" else 7
    assert [b - a for a, b in pairwise(days)] == [apart * DAY] * (len(due) - 1)
    assert abs(len(due) - n / (apart * 24 * 60)) <= 1.1


@given(rhythms, moments, st.lists(st.integers(1, 5_000), max_size=6))
def test_however_often_one_looks_the_same_is_due(
    rhythm: Rhythm, start: datetime, steps: list[int]
) -> None:
    seen, since = [], start
    for step in steps:
        seen += ticks(rhythm.beat(), since, since + step * MINUTE)
        since += step * MINUTE
    assert seen == ticks(rhythm.beat(), start, since)


@given(zones, moments, st.integers(0, 3 * 24 * 60))
def test_live_is_due_every_few_minutes_by_day(zone: str, since: datetime, n: int) -> None:
    now, beat = since + n * MINUTE, Rhythm("live", zone=zone).beat()
    due = ticks(beat, since, now)
    expected = [
        at
        for k in range(1, n + 1)
        if (at := since + k * MINUTE).minute % 5 == 0
        and MORNING <= (t := at.astimezone(ZoneInfo(zone))).hour * 60 + t.minute < NIGHT
    ]
    assert [tick.at for tick in due] == expected
    assert len({tick.name for tick in due}) == len(due)


@given(st.one_of(rhythms, zones.map(lambda zone: Rhythm("live", zone=zone))), moments)
def test_the_last_tick_and_the_end_of_its_window(rhythm: Rhythm, now: datetime) -> None:
    beat = rhythm.beat()
    last = last_tick(beat, now)
    assert last is not None
    assert last.at <= now
    assert ticks(beat, last.at, now) == []
    end = window_end(beat, last)
    assert end > now or rhythm.kind == "live"
    assert len(ticks(beat, last.at, end)) >= 1


@given(zones, moments)
def test_a_night_ends_at_eight(zone: str, now: datetime) -> None:
    local = now.astimezone(ZoneInfo(zone))
    assert is_night(now, zone) == (not 8 <= local.hour < 21)
    if is_night(now, zone):
        end = morning_after(now, zone)
        assert timedelta() < end - now <= timedelta(hours=12)
        assert end.astimezone(ZoneInfo(zone)).strftime("%H:%M") == "08:00"
        assert is_night(end - MINUTE, zone)
    began = day_began(now, zone)
    assert began <= now < began + timedelta(hours=25)
    assert began.astimezone(ZoneInfo(zone)).date() == local.date()


def test_what_is_no_beat_is_refused() -> None:
    with pytest.raises(ValueError, match="no such beat"):
        ticks("hourly Europe/Paris", YEAR, YEAR)

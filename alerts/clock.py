"""When an alert speaks: its hour in its own zone, never at night, through both changes of clock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dialogs.rhythm import Rhythm

NIGHT = 21 * 60
MORNING = 8 * 60
"""Nothing is sent from one to the other, in minutes since midnight where the person lives."""

LIVE_EVERY = timedelta(minutes=5)
"""How often an alert that speaks as offers come may do so."""

UNREAD_WINDOW = timedelta(days=30)
"""How long what waits for a page to be opened may wait."""

SLACK = timedelta(hours=1)
"""Past the next time a search speaks: by then its next message has taken over what was unsent."""

_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Tick:
    """One time at which a beat is due; ``name`` is unique among all, ``at`` aware, in UTC."""

    name: str
    at: datetime


def ticks(beat: str, since: datetime, now: datetime) -> list[Tick]:
    """Every time a beat is due after ``since``, up to ``now`` (both aware), in order.

    An hour that a change of clock skips is due at the next that exists; one that comes twice is due
    the first time. What would fall in the night is due in the morning after it.
    Raises ``ValueError`` for a text that is no beat.
    """
    rhythm = Rhythm.of(beat)
    found = _live(rhythm, since, now) if rhythm.kind == "live" else _by_day(rhythm, since, now)
    return [Tick(f"{beat} {name}", at) for name, at in found if since < at <= now]


def last_tick(beat: str, now: datetime) -> Tick | None:
    """The last time a beat was due, within the time that lies between two of them."""
    kind = Rhythm.of(beat).kind
    back = {"live": _DAY, "daily": 2 * _DAY, "weekly": _WEEK + _DAY}[kind]
    found = ticks(beat, now - back, now)
    return found[-1] if found else None


def window_end(beat: str, tick: Tick) -> datetime:
    """Until when what was due at ``tick`` may be sent: until the beat is due again, and a bit."""
    kind = Rhythm.of(beat).kind
    ahead = {"live": _DAY, "daily": 2 * _DAY, "weekly": _WEEK + _DAY}[kind]
    return ticks(beat, tick.at, tick.at + ahead)[0].at + SLACK


def day_began(now: datetime, zone: str) -> datetime:
    """The first moment of today in ``zone``, in UTC."""
    return moment(now.astimezone(ZoneInfo(zone)).date(), 0, zone)


def is_night(now: datetime, zone: str) -> bool:
    """Whether nothing may be sent where people live in ``zone``."""
    local = now.astimezone(ZoneInfo(zone))
    return not MORNING <= local.hour * 60 + local.minute < NIGHT


def morning_after(now: datetime, zone: str) -> datetime:
    """When the night ends in which ``now`` lies, in UTC."""
    local = now.astimezone(ZoneInfo(zone))
    day = local.date() + (_DAY if local.hour * 60 + local.minute >= NIGHT else timedelta())
    return moment(day, MORNING, zone)


def moment(day: date, minute: int, zone: str) -> datetime:
    """A minute of a day in ``zone``, in UTC: the first of two, or the next when it is skipped."""
    zoned = ZoneInfo(zone)
    local = datetime.combine(day, time(minute // 60, minute % 60), zoned)
    while (utc := local.astimezone(UTC)).astimezone(zoned).replace(tzinfo=None) != local.replace(
        tzinfo=None
    ):
        local += _MINUTE  # on the wall's clock: arithmetic within one zone knows no change
    return utc


def _by_day(rhythm: Rhythm, since: datetime, now: datetime) -> Iterator[tuple[str, datetime]]:
    zone = ZoneInfo(rhythm.zone)
    day = since.astimezone(zone).date() - 2 * _DAY
    last = now.astimezone(zone).date()
    while day <= last:
        if rhythm.kind == "daily" or day.weekday() == rhythm.weekday:
            yield day.isoformat(), _by_daylight(day, rhythm.minute, rhythm.zone)
        day += _DAY


def _by_daylight(day: date, minute: int, zone: str) -> datetime:
    if minute >= NIGHT:
        return moment(day + _DAY, MORNING, zone)
    return moment(day, max(minute, MORNING), zone)


def _live(rhythm: Rhythm, since: datetime, now: datetime) -> Iterator[tuple[str, datetime]]:
    step = LIVE_EVERY.total_seconds()
    at = datetime.fromtimestamp(since.timestamp() // step * step, UTC)
    while at <= now:
        if not is_night(at, rhythm.zone):
            yield at.strftime("%Y-%m-%d %H:%MZ"), at
        at += LIVE_EVERY

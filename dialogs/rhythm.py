"""How often an alert speaks: once a day, once a week, or as offers come."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["daily", "weekly", "live"]

PARIS = "Europe/Paris"

ZONES = {
    "971": "America/Guadeloupe", "972": "America/Martinique", "973": "America/Cayenne",
    "974": "Indian/Reunion", "975": "America/Miquelon", "976": "Indian/Mayotte",
    "977": "America/St_Barthelemy", "978": "America/Marigot", "986": "Pacific/Wallis",
    "987": "Pacific/Tahiti", "988": "Pacific/Noumea",
}  # fmt: skip
"""The time of the overseas départements and territories, in the tz database's names."""

EVENING = 17 * 60 + 30
"""The hour of an alert unless another is asked for: school and work are over, in minutes."""

DAWN, DUSK = 8 * 60, 21 * 60
"""Hours one may choose, in minutes: nothing is sent at night."""

_BEAT = re.compile(r"(live)|(?:(daily)|weekly (\d)) (\d\d):(\d\d)")


@dataclass(frozen=True, slots=True)
class Rhythm:
    """``live`` tells as offers come, by day; ``daily`` at ``minute`` (since midnight, local time of
    ``zone``), ``weekly`` on that ``weekday`` too (0 is Monday)."""

    kind: Kind = "daily"
    minute: int = EVENING
    weekday: int = 2
    zone: str = PARIS

    def beat(self) -> str:
        """As it is kept: « daily 17:30 Europe/Paris », « weekly 2 17:30 … », « live … »."""
        hour = f"{self.minute // 60:02}:{self.minute % 60:02}"
        rest = {"live": "live", "daily": f"daily {hour}", "weekly": f"weekly {self.weekday} {hour}"}
        return f"{rest[self.kind]} {self.zone}"

    @classmethod
    def of(cls, beat: str) -> Rhythm:
        """The rhythm a :meth:`beat` stands for. Raises ``ValueError`` for any other text."""
        when, _, zone = beat.rpartition(" ")
        found = _BEAT.fullmatch(when)
        if found is None or not zone:
            raise ValueError(f"no such beat: {beat}")
        live, daily, weekday, hour, minute = found.groups()
        if live:
            return cls("live", zone=zone)
        at = int(hour) * 60 + int(minute)
        return cls("daily", at, zone=zone) if daily else cls("weekly", at, int(weekday), zone)


def zone_of(departements: Iterable[str]) -> str:
    """The time kept where a search is, by the first place that is not in metropolitan France when
    all of them are overseas; Paris otherwise."""
    zones = [ZONES.get(departement, PARIS) for departement in departements]
    return zones[0] if zones and PARIS not in zones else PARIS


def beat_after(beat: str, said: str) -> str:
    """A beat once « weekly 2 16:00 » or « hour 18:00 » was said, as
    :func:`dialogs.beat_rules.read_beat` puts it.

    An hour alone leaves the rest as it was; « as they come » has none, and becomes daily.
    """
    rhythm, (kind, *rest) = Rhythm.of(beat), said.split()
    if kind == "hour":
        kind = "daily" if rhythm.kind == "live" else rhythm.kind
    minute, weekday = minute_of(said), next((int(r) for r in rest if ":" not in r), None)
    at = rhythm.minute if minute is None else minute
    on = rhythm.weekday if weekday is None else weekday
    known: Mapping[str, Kind] = {"live": "live", "weekly": "weekly"}
    return Rhythm(known.get(kind, "daily"), at, on, rhythm.zone).beat()


def minute_of(said: str) -> int | None:
    """The hour of it, in minutes since midnight."""
    clock = next((word for word in said.split() if ":" in word), None)
    if clock is None:
        return None
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)

"""The figure that decides, and its forerunner, from the counters of cohorts: nobody is in them.

A cohort is the people who first kept an alert or applied on one day (counter ``cohort``, by that
day); of them ``cohort_acted`` called or applied within 7 days, and ``cohort_signed`` declared a
signed contract within 120 (see :mod:`dialogs.cohort`, which counts each person once). Silence, and
data erased since, count as no.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, select

from storage.database import Database
from storage.schema import counters


@dataclass(frozen=True, slots=True)
class Share:
    """Of so many ``people``, ``reached`` did what is counted."""

    people: int
    reached: int

    @property
    def per_100(self) -> float | None:
        """``None`` as long as there is nobody."""
        return 100 * self.reached / self.people if self.people else None


class Figures:
    """``today`` is the day in France one asks on: a cohort whose time is not over does not count
    yet. It has ``act_within`` to call or apply, and ``sign_within`` to sign."""

    def __init__(self, db: Database, act_within: timedelta, sign_within: timedelta) -> None:
        self._db = db
        self._act_within = act_within
        self._sign_within = sign_within

    async def signed(self, today: date) -> Share:
        """Contracts declared signed within 120 days, of those whose 120 days are over."""
        return _share(await self._by_day("cohort_signed", today - self._sign_within))

    async def acted(self, today: date) -> Sequence[tuple[date, Share]]:
        """A call or an application within 7 days, by week (its Monday), oldest first; a week is
        there once the 7 days of all its people are over."""
        by_day = await self._by_day("cohort_acted", today - self._act_within)
        weeks: dict[date, dict[date, Share]] = {}
        for day, share in by_day.items():
            weeks.setdefault(day - timedelta(days=day.weekday()), {})[day] = share
        over = today - self._act_within - timedelta(days=7)
        return [(monday, _share(weeks[monday])) for monday in sorted(weeks) if monday <= over]

    async def _by_day(self, reached: str, before: date) -> dict[date, Share]:
        """Of the cohorts of the days before that one: how many people, how many of them did it."""
        c = counters.c
        query = (
            select(c.day, c.name, func.sum(c.n))
            .where(c.name.in_(("cohort", reached)), c.day < before)
            .group_by(c.day, c.name)
        )
        found: dict[date, dict[str, int]] = {}
        async with self._db.read() as tx:
            for day, name, n in await tx.execute(query):
                found.setdefault(day, {})[name] = int(n)
        return {day: Share(n.get("cohort", 0), n.get(reached, 0)) for day, n in found.items()}


def _share(by_day: dict[date, Share]) -> Share:
    people = sum(share.people for share in by_day.values())
    return Share(people, sum(share.reached for share in by_day.values()))

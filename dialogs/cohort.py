"""People who kept an alert or applied, by the day they first did, and how far each of them went.

What is counted on that day outlives the person's data: see :mod:`storage.figures`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Literal

Reached = Literal["alert", "called", "applied", "signed"]

ACT_WITHIN = timedelta(days=7)
SIGN_WITHIN = timedelta(days=120)

Cohort = dict[str, Any]


def reached(
    cohort: Mapping[str, Any] | None, what: Reached, today: date
) -> tuple[Cohort | None, Sequence[tuple[str, str]]]:
    """The ``cohort`` slot afterwards, and what is one more on which day: (counter, ISO day).

    Each of the three counters (``cohort``, ``cohort_acted``, ``cohort_signed``) counts a person
    once: who never kept an alert nor applied is in no cohort.
    """
    now = dict(cohort) if cohort else None
    counts = []
    if now is None and what in ("alert", "applied"):
        now = {"day": today.isoformat(), "signed": False, "acted": False}
        counts.append(("cohort", now["day"]))
    if now is None:
        return None, ()
    age = today - date.fromisoformat(now["day"])
    if what in ("called", "applied") and not now["acted"] and age <= ACT_WITHIN:
        now["acted"] = True
        counts.append(("cohort_acted", now["day"]))
    if what == "signed" and not now["signed"] and age <= SIGN_WITHIN:
        now["signed"] = True
        counts.append(("cohort_signed", now["day"]))
    return now, counts

"""What people get of alerts, day after day, is what they are promised; so are the figures."""

from __future__ import annotations

from datetime import UTC, datetime

from nlu.understander import Understander
from tests.month import month
from tests.month_promise import Promise, figures, invariants

BEGAN = datetime(2027, 3, 25, tzinfo=UTC)


async def test_what_people_get_is_what_they_are_promised(
    sqlite_url: str, understander: Understander
) -> None:
    """Six days, the change of clock among them; `benchmarks/month.py` lives a whole month."""
    async with month(
        sqlite_url, None, understander, people=50, offers_a_day=60, began=BEGAN, days=6
    ) as lived:
        await lived.live()
        told = await lived.figures()
    promise = Promise(BEGAN, lived.ends)
    promise.judge(lived.life)
    assert promise.wrong == []
    assert invariants(lived.life) == []
    assert told == figures(promise.cohorts)
    assert lived.stuck == 0
    acts = {"called", "hidden", "all", "erased", "left", "dropped", "refused once", "asked"}
    assert acts <= lived.did.keys(), "nothing of what people do is left out"
    assert promise.messages.keys() == {"daily", "weekly", "live", "asked"}

"""What people get of alerts, week after week, is what they are promised."""

from __future__ import annotations

from datetime import UTC, datetime

from nlu.understander import Understander
from tests.month import month
from tests.month_promise import Promise


async def test_what_people_get_is_what_they_are_promised(
    sqlite_url: str, understander: Understander
) -> None:
    """Twelve days, the change of clock among them."""
    began = datetime(2027, 3, 21, tzinfo=UTC)
    async with month(
        sqlite_url, None, understander, people=60, offers_a_day=60, began=began, days=12
    ) as lived:
        await lived.live()
    promise = Promise(began, lived.ends)
    promise.judge(lived.life)
    print(lived.did, promise.messages, promise.offers)
    print(len(promise.wrong), *promise.wrong[:15], sep="\n")
    assert promise.wrong == []
    assert lived.stuck == 0

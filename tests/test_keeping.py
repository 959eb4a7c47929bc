"""How long a conversation is kept, by what is kept in it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.keeping import Keep
from dialogs.conversation import SLOTS


@pytest.mark.parametrize(
    ("alerts", "age", "minimum", "days"),
    [
        (False, None, 15, 30),
        (False, "16", 15, 30),
        (False, "14", 15, 1),
        (False, "15", 15, 30),
        (False, "15", 16, 1),
        (True, "16", 15, 365),
        (True, None, 15, 365),
    ],
)
def test_by_alert_age_or_neither(alerts: bool, age: str | None, minimum: int, days: int) -> None:
    keep = Keep(timedelta(days=30), timedelta(days=365), minimum)
    assert keep.of({**SLOTS, "alerts": alerts, "age": age}) == timedelta(days=days)

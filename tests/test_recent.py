"""Conversations kept a moment in memory: taken once, and forgotten with their time."""

from datetime import UTC, datetime, timedelta

from bot.recent import FOR, MOST, Recent
from dialogs.conversation import Conversation

NOW = datetime(2026, 11, 23, 17, 30, tzinfo=UTC)


def test_a_conversation_is_taken_once_with_its_next_version() -> None:
    recent = Recent()
    recent.put(Conversation("p1", version=3), NOW)
    taken = recent.take("p1", NOW + timedelta(seconds=1))
    assert taken
    assert taken.version == 4
    assert recent.take("p1", NOW) is None


def test_nothing_outlives_its_time_though_nobody_else_comes() -> None:
    recent = Recent()
    recent.put(Conversation("p1"), NOW)
    recent.put(Conversation("p2"), NOW + FOR / 2)
    recent.purge(NOW + FOR)
    assert [*recent._kept] == ["p2"]
    recent.put(Conversation("p3"), NOW + 2 * FOR)
    assert [*recent._kept] == ["p3"]


def test_the_oldest_gives_way() -> None:
    recent = Recent()
    for number in range(MOST + 1):
        recent.put(Conversation(str(number)), NOW)
    assert recent.take("0", NOW) is None
    assert recent.take("1", NOW) is not None

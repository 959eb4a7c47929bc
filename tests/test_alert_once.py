"""What comes together rings once, and a copy of what was told is no news."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from nlu.understander import Understander
from storage.live_offers import LiveOffers
from tests.pushers import House, house, hurry
from tests.pushing import FIRST_CHAT, found, offer, ready
from tests.telegramming import furnished_copy

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)


@pytest.fixture
async def at(furnished: Path, tmp_path: Path, understander: Understander) -> AsyncIterator[House]:
    async with house(furnished_copy(furnished, tmp_path), understander) as made:
        yield made


async def test_a_phone_rings_once_for_what_comes_together(at: House) -> None:
    """Each alert has its message, and one sound is enough; the next evening has its own."""
    db = at.rooms.database
    await found(db, 2, each=3)
    await at.due()
    await at.push()
    assert [len(at.heard(chat)) for chat in (FIRST_CHAT, FIRST_CHAT + 1)] == [3, 3]
    assert sounds(at) == [True, False, False]
    at.now += DAY
    await LiveOffers(db).put("test", [offer(n) for n in range(1, 6)])
    await ready(db, ["test:4"], now=at.now)
    await at.due()
    await at.push()
    assert sounds(at)[3:] == [True]


def sounds(at: House) -> list[bool]:
    """Whether each message to the first one rang."""
    sent = [c for c in at.api.calls if c.method == "sendMessage"]
    return [
        not c.params.get("disable_notification", False)
        for c in sent
        if c.params["chat_id"] == FIRST_CHAT
    ]


COPIES: dict[str, dict[str, Any]] = {
    "in other letters": {"title": "APPRENTI BOULANGER 1", "company": "fournil 1"},
    "by its number": {"title": "Boulanger (H/F)", "also": ("francetravail:207QYWM",)},
    "another job": {"title": "Apprenti tourier", "rome_codes": ("D1102",)},
}  # fmt: skip


@pytest.mark.parametrize("furnished_url", ["sqlite", "postgres"], indirect=True)
@pytest.mark.parametrize("copy", COPIES)
async def test_a_copy_of_a_job_that_was_told_is_no_news(
    furnished_url: str, understander: Understander, copy: str
) -> None:
    """Days later, from another source; another job of the same company is."""
    async with house(furnished_url, understander) as at:
        db = at.rooms.database
        await found(db, 1)
        await LiveOffers(db).put("test", [offer(1, also=("francetravail:207QYWM",))])
        await at.due()
        await at.push()
        at.now += 3 * DAY
        values = {"id": "ft:1", "source": "France Travail"} | COPIES[copy]
        await LiveOffers(db).put("other", [offer(1, **values)])
        await ready(db, ["ft:1"], now=at.now)
        await at.due()
        await at.push()
        news = copy == "another job"
        assert await at.states() == ["sent", "sent" if news else "gone"]
        assert len(at.heard()) == 1 + news

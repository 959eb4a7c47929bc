"""What is asked afterwards: what came of a step, and whether one still looks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event, insert, select, update

from nlu.understander import Understander
from storage import follow_ups as follow_ups_store
from storage.schema import conversations, follow_ups, searches
from tests.pushers import House, house, hurry
from tests.pushing import FIRST_CHAT, NOON, found, person, set_alert

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)


@pytest.fixture
async def at(few_sqlite_url: str, understander: Understander) -> AsyncIterator[House]:
    async with house(few_sqlite_url, understander) as made:
        yield made


def step(n: int, chat: int = FIRST_CHAT, **other: Any) -> dict[str, Any]:
    return {
        "person": person(chat), "offer": f"test:{n}", "title": f"Apprenti {n}",
        "company": f"Fournil {n}", "what": "called", "done": NOON - 8 * DAY,
        "due": NOON - timedelta(hours=2) + n * SECOND, "state": "waiting", **other,
    }  # fmt: skip


async def test_what_came_of_a_step_is_asked_once_and_twice_a_month_at_most(at: House) -> None:
    await found(at.rooms.database, 2)
    await at.write(insert(follow_ups).values([step(n) for n in (1, 2, 3)]))
    await at.write(insert(follow_ups).values(step(1, FIRST_CHAT + 1, company="")))
    assert await at.due() == 2 + 3
    await at.push()
    asked = [sent.text for sent in at.api.sent[FIRST_CHAT]][1:]
    assert asked == ["Fournil 1 t’a répondu\u202f?", "Fournil 2 t’a répondu\u202f?"]
    assert at.api.sent[FIRST_CHAT][-1].labels == ["Oui", "Entretien", "Contrat signé", "Rien"]
    assert "Apprenti 1" in at.api.sent[FIRST_CHAT + 1][-1].text
    for days, more in ((1, 0), (28, 0), (2, 1), (3, 0)):
        at.now += days * DAY
        assert await at.due() == more, days
        await at.push()


@pytest.mark.parametrize("furnished_url", ["sqlite", "postgres"], indirect=True)
async def test_many_are_asked_page_after_page(
    furnished_url: str, understander: Understander, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each in order, whoever may be asked no more this month, and at a cost that grows as they do:
    what was read once is not read again."""
    monkeypatch.setattr(follow_ups_store, "AT_ONCE", 2)
    async with house(furnished_url, understander) as at:
        chats = await found(at.rooms.database, 7)
        await at.due()
        steps = [step(n, chat, asked=None) for chat in chats for n in (1, 2, 3)]
        steps += [step(n, chats[0], state="asked", asked=NOON - DAY) for n in (8, 9)]
        await at.write(insert(follow_ups).values(steps))
        seen: list[str] = []

        def note(_: Any, __: Any, statement: str, values: Any, *___: Any) -> None:
            if statement.startswith("SELECT follow_ups.person, follow_ups.offer"):
                seen.extend(v for v in values if v in people)

        people = {person(chat) for chat in chats}
        event.listen(Engine, "before_cursor_execute", note)
        try:
            at.now += DAY
            await at.due()
        finally:
            event.remove(Engine, "before_cursor_execute", note)
        assert seen == sorted(people)
        rows = await at.rows(kind="follow_up")
        assert {row.person for row in rows} == people - {person(chats[0])}
        assert {tuple(row.offers) for row in rows} == {("test:1",), ("test:2",)}


async def test_what_was_answered_meanwhile_is_not_asked(at: House) -> None:
    await found(at.rooms.database, 1)
    await at.write(insert(follow_ups).values(step(1)))
    await at.due()
    await at.write(update(follow_ups).values(state="answered", answer="yes"))
    await at.push()
    assert at.heard() == [f"{FIRST_CHAT} alerte 1"]


async def test_who_is_silent_for_months_is_asked_then_left_alone(at: House) -> None:
    db = at.rooms.database
    await found(db, 2)
    await at.due()
    await at.push()
    at.now += 181 * DAY
    assert await at.due() == 2
    await at.push()
    assert "toujours" in at.api.sent[FIRST_CHAT][-1].text
    await at.write(
        update(conversations).filter_by(id=person(FIRST_CHAT + 1)).values(updated=at.now + SECOND)
    )
    assert await at.due() == 0
    at.now += 31 * DAY
    assert await at.due() == 0
    async with db.read() as tx:
        states = (await tx.execute(select(searches.c.state).order_by(searches.c.id))).scalars()
        assert list(states) == ["stopped", "on"]


@pytest.mark.parametrize("state", ["stopped", "paused"])
async def test_who_wants_silence_is_asked_once_they_want_to_hear_again(
    at: House, state: str
) -> None:
    """« C’est arrêté : plus aucun message »; who stops what is already on its way as well."""
    await found(at.rooms.database, 2)
    await at.due()
    await at.push()
    await set_alert(at.rooms.database, FIRST_CHAT, state=state)
    at.now += DAY
    await at.write(insert(follow_ups).values([step(1), step(1, FIRST_CHAT + 1)]))
    assert await at.due() == 1
    await set_alert(at.rooms.database, FIRST_CHAT + 1, state=state)
    await at.push()
    assert [len(at.api.sent[chat]) for chat in (FIRST_CHAT, FIRST_CHAT + 1)] == [1, 1]
    await set_alert(at.rooms.database, FIRST_CHAT, state="on")
    at.now += DAY
    await at.due()
    await at.push()
    assert at.api.sent[FIRST_CHAT][-1].text == "Fournil 1 t’a répondu\u202f?"

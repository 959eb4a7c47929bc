"""Messages of alerts on their way: each once, in order, rechecked, paced, stopped."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from alerts import push
from dialogs.rhythm import Rhythm
from nlu.understander import Understander
from storage.live_offers import LiveOffers
from storage.schema import (
    conversations,
    counters,
    pushes,
    rates,
    run_offers,
    runs,
    searches,
    swept,
    told,
)
from tests.pushers import House, house, hurry
from tests.pushing import FIRST_CHAT, WISH, found, offer, person, ready, set_alert

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)


@pytest.fixture
async def at(few_sqlite_url: str, understander: Understander) -> AsyncIterator[House]:
    async with house(few_sqlite_url, understander) as made:
        yield made


both = pytest.mark.parametrize("few_url", ["sqlite", "postgres"], indirect=True)


@both
async def test_several_senders_send_each_message_once_and_in_order(
    few_url: str, understander: Understander
) -> None:
    async with house(few_url, understander, senders=4) as at:
        chats = await found(at.rooms.database, 12, each=3)
        assert await at.due() == 36
        await at.push()
        for chat in chats:
            assert at.heard(chat) == [f"{chat} alerte {n}" for n in (1, 2, 3)]
        assert await at.states() == ["sent"] * 36
        async with at.rooms.database.read() as tx:
            known = (await tx.execute(select(told.c.person, told.c.offer))).all()
            counted = (await tx.execute(select(counters.c.n).filter_by(name="pushes"))).scalars()
            assert list(counted) == [36]
        assert len(known) == 36


async def test_what_is_shown_is_what_is_kept_and_everything_is_told(at: House) -> None:
    await found(at.rooms.database, 1, each=9, together=True)
    await at.due()
    await at.push()
    [sent] = at.api.sent[FIRST_CHAT]
    [row] = await at.rows()
    assert row.offers == [f"test:{n}" for n in range(1, 6)]  # newest first
    assert "Apprenti boulanger 1" in sent.text
    assert sent.text.index("boulanger 1") < sent.text.index("boulanger 5")
    assert "boulanger 6" not in sent.text
    assert not sent.text.splitlines()[0].startswith("Apprenti"), "the first line tells nothing"
    async with at.rooms.database.read() as tx:
        assert len((await tx.execute(select(told.c.offer))).all()) == 9


CLOSED = replace(offer(1), status="closed")
MOVED = replace(offer(1), lat=43.3, lon=5.4, insee="13201", city="Marseille", postcode="13001")


@pytest.mark.parametrize(
    "change",
    [
        "closed", "moved", "told", "stopped", "paused", "dropped", "erased", "over", "wish",
    ],
)  # fmt: skip
async def test_what_changed_since_it_was_due_is_not_sent(at: House, change: str) -> None:
    db, me = at.rooms.database, person(FIRST_CHAT)
    await found(db, 2)
    await at.due()
    now = at.now - SECOND
    if change in ("closed", "moved"):
        await LiveOffers(db).put("test", [CLOSED if change == "closed" else MOVED])
    elif change == "told":
        await at.write(insert(told).values(person=me, offer="test:1", at=now))
    elif change in ("stopped", "paused"):
        await set_alert(db, FIRST_CHAT, state=change)
    elif change == "dropped":
        await at.write(delete(searches).where(searches.c.person == me))
    elif change == "wish":
        await set_alert(db, FIRST_CHAT, wish={**WISH, "trades": ["coiffeur"]})
    elif change == "erased":
        await at.write(delete(conversations).where(conversations.c.id == me))
    else:
        await at.write(update(conversations).filter_by(id=me).values(expires=now))
    await at.push()
    assert at.heard() == []
    others = [] if change in ("closed", "moved") else [f"{FIRST_CHAT + 1} alerte 1"]
    assert at.heard(FIRST_CHAT + 1) == others
    assert await at.states() == ["gone", "sent" if others else "gone"]


async def test_what_was_closed_before_it_was_told_may_still_be_told(at: House) -> None:
    """Once it is back, and something of it has changed, it is news: nobody has heard of it."""
    await found(at.rooms.database, 1, each=2, together=True)
    await at.due()
    await LiveOffers(at.rooms.database).close("test:1")
    await at.push()
    async with at.rooms.database.read() as tx:
        assert list((await tx.execute(select(told.c.offer))).scalars()) == ["test:2"]


async def test_a_stop_counts_for_what_waits_for_its_turn(
    at: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await found(at.rooms.database, 1)
    await at.due()

    async def take_and_stop(*given: Any, **named: Any) -> float:
        await set_alert(at.rooms.database, FIRST_CHAT, state="stopped")
        return 0.0

    monkeypatch.setattr(type(at.senders[0].rate), "take", take_and_stop)
    await at.push()
    assert at.heard() == []
    assert await at.states() == ["gone"]


@both
async def test_a_storm_of_refusals_is_obeyed_by_all(
    few_url: str, understander: Understander
) -> None:
    """What was in flight is all that was still asked for."""
    async with house(few_url, understander, senders=3) as at:
        chats = await found(at.rooms.database, 60)
        await at.due()
        storm = at.api.fault("429", method="sendMessage", times=None, retry_after=7)
        await at.push()
        assert storm.used <= sum(sender.few for sender in at.senders)
        asked = len(at.api.calls)
        storm.clear()
        at.now += 6.9 * SECOND
        await at.push()
        assert len(at.api.calls) == asked
        at.now += 0.2 * SECOND
        await at.push()
        assert [at.heard(chat) for chat in chats] == [[f"{chat} alerte 1"] for chat in chats]
        assert {row.attempts for row in await at.rows()} == {1}, "to be put off is no attempt"


async def test_who_blocked_us_hears_nothing_more(at: House) -> None:
    db = at.rooms.database
    await found(db, 2, each=3)
    await at.due()
    at.api.fault("blocked", chat=FIRST_CHAT, times=None)
    await at.push()
    assert [row.state for row in await at.rows(person=person(FIRST_CHAT))] == ["gone"] * 3
    assert len([c for c in at.api.calls if c.params.get("chat_id") == FIRST_CHAT]) == 1
    assert len(at.heard(FIRST_CHAT + 1)) == 3
    async with db.read() as tx:
        mine = select(searches.c.state).where(searches.c.person == person(FIRST_CHAT))
        assert set((await tx.execute(mine)).scalars()) == {"stopped"}
        end = select(conversations.c.expires).filter_by(id=person(FIRST_CHAT))
        assert (await tx.execute(end)).scalar_one() == at.now + 30 * DAY


async def test_who_blocks_us_before_anything_is_sent_hears_nothing(at: House) -> None:
    await found(at.rooms.database, 2, each=2)
    await at.due()
    await at.rooms.turns.left("telegram", str(FIRST_CHAT), 1)
    await at.push()
    assert at.heard() == []
    assert len(at.heard(FIRST_CHAT + 1)) == 2
    async with at.rooms.database.read() as tx:
        mine = select(searches.c.state).where(searches.c.person == person(FIRST_CHAT))
        assert set((await tx.execute(mine)).scalars()) == {"stopped"}


@pytest.mark.parametrize(
    ("fault", "repeated"), [("500", 0), ("reset", 0), ("accepted", 1), ("truncated", 1)]
)
async def test_what_may_not_have_arrived_is_sent_again(
    at: House, fault: str, repeated: int
) -> None:
    await found(at.rooms.database, 1)
    await at.due()
    at.api.fault(fault, method="sendMessage")
    await at.push()
    at.now += 2 * SECOND
    await at.push()
    assert at.heard() == [f"{FIRST_CHAT} alerte 1"] * (1 + repeated)
    assert await at.states() == ["sent"]


@both
async def test_a_stop_drains_and_repeats_nothing(few_url: str, understander: Understander) -> None:
    async with house(few_url, understander, senders=2) as at:
        chats = await found(at.rooms.database, 40)
        await at.due()
        at.api.delay = 0.05
        stop = asyncio.Event()
        going = asyncio.gather(*(sender.run(stop) for sender in at.senders))
        assert await at.api.until(lambda: at.api.accepted >= 10, 5)
        stop.set()
        await going
        assert at.api.accepted < 40, "the stop came too late to show anything"
        states = await at.states()
        assert states.count("sent") == at.api.accepted
        assert set(states) == {"sent", "pending"}, "nothing waits for a lease to run out"
        at.api.delay = 0
        await at.push()
        assert [at.heard(chat) for chat in chats] == [[f"{chat} alerte 1"] for chat in chats]


async def test_who_waits_for_their_turn_is_given_back_at_once(at: House) -> None:
    await found(at.rooms.database, 3)
    await at.due()
    at.senders[0].per_second = 0.01
    stop = asyncio.Event()
    going = asyncio.create_task(at.push(stop))
    assert await at.api.until(lambda: at.api.accepted == 1, 5)
    stop.set()
    async with asyncio.timeout(2):
        await going
    assert sorted(await at.states()) == ["pending", "pending", "sent"]
    async with at.rooms.database.read() as tx:
        turn = select(rates.c.free_at).where(rates.c.key == "push:telegram")
        ahead = (await tx.execute(turn)).scalar_one() - time.time()
    assert ahead <= 200, "turns that nobody takes keep the others waiting"


async def test_never_more_than_asked_for_in_any_second(
    few_sqlite_url: str, understander: Understander, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(push, "LATE_SECONDS", 0.05)
    async with house(few_sqlite_url, understander, senders=3) as at:
        await found(at.rooms.database, 60)
        await at.due()
        for sender in at.senders:
            sender.per_second = 28
        await at.push()
        assert at.api.accepted == 60
        assert at.api.peak() <= 31


async def test_one_person_gets_one_a_second(at: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(push, "APART", SECOND)
    await found(at.rooms.database, 2, each=3)
    await at.due()
    heard = []
    for _ in range(6):
        await at.push()
        heard.append(len(at.heard()))
        at.now += 0.5 * SECOND
    assert heard == [1, 1, 2, 2, 3, 3]
    assert len(at.heard(FIRST_CHAT + 1)) == 3


async def test_what_comes_at_night_waits_for_the_morning(at: House) -> None:
    await found(at.rooms.database, 1)
    await at.due()
    at.now += timedelta(hours=3)  # half past nine
    await at.push()
    [row] = await at.rows()
    assert row.state == "later"
    assert at.heard() == []
    at.now = row.not_before
    await at.push()
    assert at.heard() == [f"{FIRST_CHAT} alerte 1"]


async def test_overseas_has_its_own_night(at: House) -> None:
    beat = Rhythm("live", zone="Pacific/Noumea").beat()
    await found(at.rooms.database, 1, beat=beat, now=at.now)
    at.now += timedelta(hours=5)  # half past nine in the morning over there, at night in France
    await at.due()
    await at.push()
    assert at.heard() == [f"{FIRST_CHAT} alerte 1"]


async def test_nothing_leaves_while_somebody_has_paused_it(at: House) -> None:
    await found(at.rooms.database, 2)
    await at.due()
    await at.rooms.alerting.pauses.pause()
    await at.push()
    assert at.api.accepted == 0
    assert await at.states() == ["pending", "pending"]
    await at.rooms.alerting.pauses.resume()
    await at.push()
    assert at.api.accepted == 2


async def test_what_people_come_and_read_is_not_sent(at: House) -> None:
    await found(at.rooms.database, 2, channel="web")
    assert await at.due() == 2
    await at.push()
    assert await at.states() == ["pending", "pending"]


async def test_an_offer_is_told_once_even_when_its_alert_was_stopped_meanwhile(
    at: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await found(at.rooms.database, 1)
    await at.due()
    send = at.api.fault("500", times=0)
    assert send.times == 0
    channel = at.senders[0].channels["telegram"]
    real = channel.send

    async def send_and_stop(*given: Any, **how: Any) -> Any:
        delivery = await real(*given, **how)
        await at.write(update(pushes).values(state="gone", settled=at.now, owner=None))
        return delivery

    monkeypatch.setattr(type(channel), "send", lambda self, *a, **k: send_and_stop(*a, **k))
    await at.push()
    assert await at.states() == ["gone"]
    async with at.rooms.database.read() as tx:
        assert len((await tx.execute(select(told.c.offer))).all()) == 1


async def test_jobs_of_long_ago_are_forgotten(at: House) -> None:
    """Every few minutes there is one more."""
    db, alerting = at.rooms.database, at.rooms.alerting
    now = alerting.settings.now()
    for days in (400, 1):
        await ready(db, ["test:1"], now=now - days * DAY)
        told_of = {"offer": f"test:{days}", "said": "x", "at": now - days * DAY}
        await at.write(insert(swept).values(told_of))
    await alerting.purge()
    async with db.read() as tx:
        kept = (await tx.execute(select(runs.c.started))).scalars().all()
        assert [(now - started).days for started in kept] == [1]
        assert (await tx.execute(select(swept.c.offer))).scalars().all() == ["test:1"]
        assert len((await tx.execute(select(run_offers))).all()) == 1

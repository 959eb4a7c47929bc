"""The outbox, on both databases: order, claims, leases, and no text left behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from storage.database import Database
from storage.ledger import Ledger
from storage.outbox import Outbox, State, Waiting
from tests import ledgers
from tests.ledgers import LEASE, NOW, SECOND, WINDOW, numbers, row, texts


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    database = Database.open(database_url)
    yield database
    await database.close()


@pytest.fixture
def outbox(db: Database) -> Outbox:
    return Outbox(db)


@pytest.fixture
def ledger(db: Database) -> Ledger:
    return Ledger(db, "w1")


async def say(
    ledger: Ledger, db: Database, conversation: str, *texts: str, **values: Any
) -> list[int]:
    """Left pending; the numbers of these messages."""
    before = await numbers(db, conversation)
    await ledgers.say(ledger, conversation, *texts, **values)
    return (await numbers(db, conversation))[len(before) :]


async def claim(
    outbox: Outbox, owner: str = "w1", now: datetime = NOW, limit: int = 10
) -> list[Waiting]:
    return await outbox.claim(channel="telegram", owner=owner, lease=LEASE, now=now, limit=limit)


async def test_messages_are_read_in_the_order_they_were_said(
    db: Database, ledger: Ledger, outbox: Outbox
) -> None:
    ids = await say(ledger, db, "p1", *(f"message {n}" for n in range(30)))
    assert ids == sorted(ids)
    unread = await outbox.unread("p1", NOW)
    assert [message.id for message in unread] == ids
    assert texts(unread) == [f"message {n}" for n in range(30)]
    assert unread[0] == Waiting(ids[0], "p1", "telegram", "chat p1", {"text": "message 0"}, 0, NOW)
    assert await say(ledger, db, "p1") == []


async def test_what_was_read_is_erased_and_the_rest_stays(
    db: Database, ledger: Ledger, outbox: Outbox
) -> None:
    ids = await say(ledger, db, "p1", "a", "b", "c", channel="web")
    other = await say(ledger, db, "p2", "z", channel="web")
    async with db.write() as tx:
        assert await outbox.acknowledge(tx, "p1", ids[1], NOW) == 2
        assert await outbox.acknowledge(tx, "p1", ids[1], NOW) == 0
    assert texts(await outbox.unread("p1", NOW)) == ["c"]
    assert texts(await outbox.unread("p2", NOW)) == ["z"]
    assert await row(db, ids[0]) == ("sent", None, 0)
    assert (await row(db, other[0]))[0] == "pending"


async def test_nothing_is_read_past_its_window(
    db: Database, ledger: Ledger, outbox: Outbox
) -> None:
    await say(ledger, db, "p1", "a")
    assert texts(await outbox.unread("p1", NOW + WINDOW - SECOND)) == ["a"]
    assert await outbox.unread("p1", NOW + WINDOW) == []


async def test_one_message_of_each_conversation_is_claimed_at_a_time(
    db: Database, ledger: Ledger, outbox: Outbox
) -> None:
    ids = await say(ledger, db, "p1", "a1", "a2")
    await say(ledger, db, "p2", "b1", "b2")
    await say(ledger, db, "p3", "elsewhere", channel="web")
    assert texts(await claim(outbox)) == ["a1", "b1"]
    assert await claim(outbox, "w2") == []
    assert texts(await ledger.settle(ids[0], "p1", "sent", NOW, lease=LEASE)) == ["a2"]
    assert await claim(outbox, "w2") == []


async def test_a_claim_takes_no_more_than_asked(
    db: Database, ledger: Ledger, outbox: Outbox
) -> None:
    for person in range(5):
        await say(ledger, db, f"p{person}", f"m{person}")
    assert texts(await claim(outbox, limit=2)) == ["m0", "m1"]
    assert texts(await claim(outbox, limit=2)) == ["m2", "m3"]


async def test_senders_at_once_share_the_messages_without_repeating_any(
    db: Database, ledger: Ledger, outbox: Outbox
) -> None:
    for person in range(30):
        await say(ledger, db, f"p{person}", f"m{person}")
    taken: list[str] = []

    async def sender(name: str) -> None:
        while claimed := await claim(outbox, name, limit=3):
            taken.extend(texts(claimed))

    await asyncio.gather(*(sender(f"w{n}") for n in range(6)))
    # A sender passes over what others hold at that instant: what is left comes at its next turn.
    taken += texts(await claim(outbox, "last", limit=30))
    assert sorted(taken) == sorted(f"m{person}" for person in range(30))


async def test_order_is_kept_among_senders_at_once(
    db: Database, ledger: Ledger, outbox: Outbox
) -> None:
    wanted = [f"m{n}" for n in range(20)]
    await say(ledger, db, "p1", *wanted)
    sent: list[str] = []

    async def sender(name: str) -> None:
        own = Ledger(db, name)
        while len(sent) < len(wanted):
            waiting = await claim(outbox, name)
            while waiting:
                message = waiting.pop(0)
                sent.append(message.body["text"])
                waiting += await own.settle(message.id, "p1", "sent", NOW, lease=LEASE)

    await asyncio.gather(*(sender(f"w{n}") for n in range(4)))
    assert sent == wanted


async def test_a_lease_that_ran_out_lets_others_send(
    db: Database, ledger: Ledger, outbox: Outbox
) -> None:
    [id] = await say(ledger, db, "p1", "a")
    other = Ledger(db, "w2")
    [first] = await claim(outbox, "w1")
    assert await claim(outbox, "w2", NOW + LEASE - SECOND) == []
    [second] = await claim(outbox, "w2", NOW + LEASE)
    assert (first.attempts, second.attempts) == (1, 2)
    await ledger.settle(id, "p1", "sent", NOW + LEASE, lease=LEASE)
    assert await row(db, id) == ("claimed", {"text": "a"}, 2)
    await other.settle(id, "p1", "sent", NOW + LEASE, lease=LEASE)
    assert await row(db, id) == ("sent", None, 2)
    await other.settle(id, "p1", "unknown", NOW + LEASE, lease=LEASE)
    assert await row(db, id) == ("sent", None, 2)


async def test_what_is_sent_at_most_once_is_not_claimed_again(
    db: Database, ledger: Ledger, outbox: Outbox
) -> None:
    [gone, behind] = await say(ledger, db, "p1", "a", "b", once=True)
    assert texts(await claim(outbox, "w1")) == ["a"]
    assert await claim(outbox, "w2", NOW + LEASE - SECOND) == []
    assert texts(await claim(outbox, "w2", NOW + LEASE)) == ["b"]
    assert await row(db, gone) == ("unknown", None, 1)
    assert await row(db, behind) == ("claimed", {"text": "b"}, 1)


async def test_a_claim_writes_nothing_when_there_is_nothing_to_take(
    db: Database, outbox: Outbox
) -> None:
    """Another writer has the file: a claim that wrote would wait for it."""
    async with db.write():
        async with asyncio.timeout(2):
            assert await claim(outbox) == []


@pytest.mark.parametrize(("state", "attempts"), [("later", 1), ("pending", 2)])
async def test_a_message_put_off_waits_and_holds_back_those_behind_it(
    db: Database, ledger: Ledger, outbox: Outbox, state: State, attempts: int
) -> None:
    [id, _] = await say(ledger, db, "p1", "a", "b")
    await claim(outbox)
    due = NOW + 30 * SECOND
    assert await ledger.settle(id, "p1", state, NOW, due, lease=LEASE) == []
    assert await claim(outbox, now=due - SECOND) == []
    [again] = await claim(outbox, now=due)
    assert (again.body["text"], again.attempts) == ("a", attempts)


@pytest.mark.parametrize("state", ["sent", "refused", "gone", "unknown"])
async def test_no_text_is_kept_of_what_is_over(
    db: Database, ledger: Ledger, outbox: Outbox, state: State
) -> None:
    [id, _] = await say(ledger, db, "p1", "a", "b")
    await claim(outbox)
    assert texts(await ledger.settle(id, "p1", state, NOW, lease=LEASE)) == ["b"]
    assert await row(db, id) == (state, None, 1)


async def test_a_message_nobody_could_send_in_time_is_given_up(
    db: Database, ledger: Ledger, outbox: Outbox
) -> None:
    [late] = await say(ledger, db, "p1", "late")
    await say(ledger, db, "p1", "fresh", now=NOW + WINDOW)
    assert texts(await claim(outbox, now=NOW + WINDOW)) == ["fresh"]
    assert await row(db, late) == ("expired", None, 0)


async def test_a_message_being_sent_is_not_given_up_under_its_sender(
    db: Database, ledger: Ledger, outbox: Outbox
) -> None:
    [id] = await say(ledger, db, "p1", "a")
    just_before = NOW + WINDOW - SECOND
    await claim(outbox, now=just_before)
    await claim(outbox, "w2", now=NOW + WINDOW)
    await ledger.settle(id, "p1", "sent", NOW + WINDOW, lease=LEASE)
    assert await row(db, id) == ("sent", None, 1)


async def test_purging_leaves_what_may_still_be_sent(
    db: Database, ledger: Ledger, outbox: Outbox
) -> None:
    [sent, kept] = await say(ledger, db, "p1", "a", "b")
    await say(ledger, db, "p2", "never read", channel="web", now=NOW - timedelta(hours=1))
    await claim(outbox)
    await ledger.settle(sent, "p1", "sent", NOW, lease=LEASE)
    assert await outbox.purge(NOW + SECOND) == 2
    assert [message.id for message in await outbox.unread("p1", NOW)] == [kept]
    assert await outbox.unread("p2", NOW - timedelta(hours=1)) == []


async def test_numbers_are_never_used_twice(db: Database, ledger: Ledger, outbox: Outbox) -> None:
    [first] = await say(ledger, db, "p1", "a")
    async with db.write() as tx:
        await outbox.acknowledge(tx, "p1", first, NOW)
    assert await outbox.purge(NOW + SECOND) == 1
    assert (await say(ledger, db, "p1", "b"))[0] > first

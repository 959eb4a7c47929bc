"""The outbox, on both databases: order, claims, leases, and no text left behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from storage.database import Database
from storage.outbox import Outbox, State, Waiting
from storage.schema import outbox as table

NOW = datetime(2026, 11, 23, 17, 30, tzinfo=UTC)
SECOND = timedelta(seconds=1)
LEASE = timedelta(seconds=10)
WINDOW = timedelta(minutes=15)


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    database = Database.open(database_url)
    yield database
    await database.close()


@pytest.fixture
def outbox(db: Database) -> Outbox:
    return Outbox(db)


async def say(
    db: Database, conversation: str, *texts: str, channel: str = "telegram", now: datetime = NOW
) -> list[int]:
    async with db.write() as tx:
        return await Outbox(db).add(
            tx,
            conversation=conversation,
            channel=channel,
            address=f"chat {conversation}",
            bodies=[{"text": text} for text in texts],
            now=now,
            expires=now + WINDOW,
        )


async def claim(
    outbox: Outbox, owner: str = "w1", now: datetime = NOW, limit: int = 10
) -> list[Waiting]:
    return await outbox.claim(channel="telegram", owner=owner, lease=LEASE, now=now, limit=limit)


def texts(waiting: list[Waiting]) -> list[str]:
    return [message.body["text"] for message in waiting]


async def row(db: Database, id: int) -> tuple[str, object, int]:
    columns = (table.c.state, table.c.body, table.c.attempts)
    async with db.read() as tx:
        state, body, attempts = (await tx.execute(select(*columns).where(table.c.id == id))).one()
    return state, body, attempts


async def test_messages_are_read_in_the_order_they_were_said(db: Database, outbox: Outbox) -> None:
    ids = await say(db, "p1", *(f"message {n}" for n in range(30)))
    assert ids == sorted(ids)
    unread = await outbox.unread("p1", NOW)
    assert [message.id for message in unread] == ids
    assert texts(unread) == [f"message {n}" for n in range(30)]
    assert unread[0] == Waiting(ids[0], "p1", "telegram", "chat p1", {"text": "message 0"}, 0, NOW)
    assert await say(db, "p1") == []


async def test_what_was_read_is_erased_and_the_rest_stays(db: Database, outbox: Outbox) -> None:
    ids = await say(db, "p1", "a", "b", "c", channel="web")
    other = await say(db, "p2", "z", channel="web")
    async with db.write() as tx:
        assert await outbox.acknowledge(tx, "p1", ids[1], NOW) == 2
        assert await outbox.acknowledge(tx, "p1", ids[1], NOW) == 0
    assert texts(await outbox.unread("p1", NOW)) == ["c"]
    assert texts(await outbox.unread("p2", NOW)) == ["z"]
    assert await row(db, ids[0]) == ("sent", None, 0)
    assert (await row(db, other[0]))[0] == "pending"


async def test_nothing_is_read_past_its_window(db: Database, outbox: Outbox) -> None:
    await say(db, "p1", "a")
    assert texts(await outbox.unread("p1", NOW + WINDOW - SECOND)) == ["a"]
    assert await outbox.unread("p1", NOW + WINDOW) == []


async def test_one_message_of_each_conversation_is_claimed_at_a_time(
    db: Database, outbox: Outbox
) -> None:
    ids = await say(db, "p1", "a1", "a2")
    await say(db, "p2", "b1", "b2")
    await say(db, "p3", "elsewhere", channel="web")
    assert texts(await claim(outbox)) == ["a1", "b1"]
    assert await claim(outbox, "w2") == []
    assert await outbox.mark(ids[0], "w1", "sent", NOW)
    assert texts(await claim(outbox, "w2")) == ["a2"]


async def test_a_claim_takes_no_more_than_asked(db: Database, outbox: Outbox) -> None:
    for person in range(5):
        await say(db, f"p{person}", f"m{person}")
    assert texts(await claim(outbox, limit=2)) == ["m0", "m1"]
    assert texts(await claim(outbox, limit=2)) == ["m2", "m3"]


async def test_senders_at_once_share_the_messages_without_repeating_any(
    db: Database, outbox: Outbox
) -> None:
    for person in range(30):
        await say(db, f"p{person}", f"m{person}")
    taken: list[str] = []

    async def sender(name: str) -> None:
        while claimed := await claim(outbox, name, limit=3):
            taken.extend(texts(claimed))

    await asyncio.gather(*(sender(f"w{n}") for n in range(6)))
    # A sender passes over what others hold at that instant: what is left comes at its next turn.
    taken += texts(await claim(outbox, "last", limit=30))
    assert sorted(taken) == sorted(f"m{person}" for person in range(30))


async def test_order_is_kept_among_senders_at_once(db: Database, outbox: Outbox) -> None:
    wanted = [f"m{n}" for n in range(20)]
    await say(db, "p1", *wanted)
    sent: list[str] = []

    async def sender(name: str) -> None:
        while len(sent) < len(wanted):
            for message in await claim(outbox, name):
                sent.append(message.body["text"])
                assert await outbox.mark(message.id, name, "sent", NOW)

    await asyncio.gather(*(sender(f"w{n}") for n in range(4)))
    assert sent == wanted


async def test_a_lease_that_ran_out_lets_others_send(db: Database, outbox: Outbox) -> None:
    [id] = await say(db, "p1", "a")
    [first] = await claim(outbox, "w1")
    assert await claim(outbox, "w2", NOW + LEASE - SECOND) == []
    [second] = await claim(outbox, "w2", NOW + LEASE)
    assert (first.attempts, second.attempts) == (1, 2)
    assert not await outbox.mark(id, "w1", "sent", NOW + LEASE)
    assert await row(db, id) == ("claimed", {"text": "a"}, 2)
    assert await outbox.mark(id, "w2", "sent", NOW + LEASE)
    assert await row(db, id) == ("sent", None, 2)
    assert not await outbox.mark(id, "w2", "sent", NOW + LEASE)


@pytest.mark.parametrize(("state", "attempts"), [("later", 1), ("pending", 2)])
async def test_a_message_put_off_waits_and_holds_back_those_behind_it(
    db: Database, outbox: Outbox, state: State, attempts: int
) -> None:
    [id, _] = await say(db, "p1", "a", "b")
    await claim(outbox)
    due = NOW + 30 * SECOND
    assert await outbox.mark(id, "w1", state, NOW, not_before=due)
    assert await claim(outbox, now=due - SECOND) == []
    [again] = await claim(outbox, now=due)
    assert (again.body["text"], again.attempts) == ("a", attempts)


@pytest.mark.parametrize("state", ["sent", "gone", "unknown"])
async def test_no_text_is_kept_of_what_is_over(db: Database, outbox: Outbox, state: State) -> None:
    [id, _] = await say(db, "p1", "a", "b")
    await claim(outbox)
    assert await outbox.mark(id, "w1", state, NOW)
    assert await row(db, id) == (state, None, 1)
    assert texts(await claim(outbox)) == ["b"]


async def test_a_message_nobody_could_send_in_time_is_given_up(
    db: Database, outbox: Outbox
) -> None:
    [late] = await say(db, "p1", "late")
    await say(db, "p1", "fresh", now=NOW + WINDOW)
    assert texts(await claim(outbox, now=NOW + WINDOW)) == ["fresh"]
    assert await row(db, late) == ("expired", None, 0)


async def test_a_message_being_sent_is_not_given_up_under_its_sender(
    db: Database, outbox: Outbox
) -> None:
    [id] = await say(db, "p1", "a")
    just_before = NOW + WINDOW - SECOND
    await claim(outbox, now=just_before)
    await claim(outbox, "w2", now=NOW + WINDOW)
    assert await outbox.mark(id, "w1", "sent", NOW + WINDOW)


async def test_purging_leaves_what_may_still_be_sent(db: Database, outbox: Outbox) -> None:
    [sent, kept] = await say(db, "p1", "a", "b")
    await say(db, "p2", "never read", channel="web", now=NOW - timedelta(hours=1))
    await claim(outbox)
    await outbox.mark(sent, "w1", "sent", NOW)
    assert await outbox.purge(NOW + SECOND) == 2
    assert [message.id for message in await outbox.unread("p1", NOW)] == [kept]
    assert await outbox.unread("p2", NOW - timedelta(hours=1)) == []


async def test_numbers_are_never_used_twice(db: Database, outbox: Outbox) -> None:
    [first] = await say(db, "p1", "a")
    async with db.write() as tx:
        await outbox.acknowledge(tx, "p1", first, NOW)
    assert await outbox.purge(NOW + SECOND) == 1
    assert (await say(db, "p1", "b"))[0] > first

"""Conversations, updates seen and counters, on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from storage.conversations import Conversations, Stale, Stored
from storage.counters import Counters
from storage.database import Database
from storage.outbox import Outbox
from storage.seen import Seen

NOW = datetime(2026, 11, 23, 17, 30, tzinfo=UTC)


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    database = Database.open(database_url)
    yield database
    await database.close()


async def save(
    db: Database, id: str, version: int, state: dict[str, Any] | None = None, now: datetime = NOW
) -> None:
    async with db.write() as tx:
        await Conversations(db).save(
            tx, id, channel="web", address="a1", state=state or {}, version=version, now=now
        )


async def test_a_conversation_comes_back_as_it_was_saved(db: Database) -> None:
    state = {"ville": "L’Haÿ-les-Roses", "rayon": 30, "pages": [1, 2], "rien": None, "z": 1.5}
    assert await Conversations(db).load("p1") is None
    await save(db, "p1", 0, state)
    assert await Conversations(db).load("p1") == Stored("p1", 1, state, NOW)
    await save(db, "p1", 1, {"ville": "Lens"})
    assert await Conversations(db).load("p1") == Stored("p1", 2, {"ville": "Lens"}, NOW)
    assert await Conversations(db).load("p2") is None


@pytest.mark.parametrize("version", [0, 1, 3])
async def test_only_the_version_loaded_last_is_saved(db: Database, version: int) -> None:
    await save(db, "p1", 0)
    await save(db, "p1", 1, {"n": 2})
    with pytest.raises(Stale):
        await save(db, "p1", version, {"n": 9})
    assert await Conversations(db).load("p1") == Stored("p1", 2, {"n": 2}, NOW)


async def test_a_deleted_conversation_is_not_revived_by_a_late_turn(db: Database) -> None:
    await save(db, "p1", 0)
    async with db.write() as tx:
        await Conversations(db).delete(tx, "p1")
    with pytest.raises(Stale):
        await save(db, "p1", 1)
    assert await Conversations(db).load("p1") is None


async def test_no_update_is_lost_among_120_by_six_at_once(db: Database) -> None:
    conversations = Conversations(db)
    await save(db, "p1", 0, {"n": 0})
    redone = 0

    async def add(times: int) -> None:
        nonlocal redone
        while times:
            stored = await conversations.load("p1")
            assert stored is not None
            try:
                await save(db, "p1", stored.version, {"n": stored.state["n"] + 1})
                times -= 1
            except Stale:
                redone += 1

    await asyncio.gather(*(add(20) for _ in range(6)))
    assert await conversations.load("p1") == Stored("p1", 121, {"n": 120}, NOW)
    assert redone > 0


async def test_one_turn_in_120_of_the_same_version_is_saved(db: Database) -> None:
    await save(db, "p1", 0)
    outcomes = await asyncio.gather(
        *(save(db, "p1", 1, {"n": n}) for n in range(120)), return_exceptions=True
    )
    assert sorted(map(repr, outcomes)) == ["None"] + ["Stale()"] * 119
    winner = outcomes.index(None)
    assert await Conversations(db).load("p1") == Stored("p1", 2, {"n": winner}, NOW)


async def test_a_conversation_is_created_once_among_several_at_once(db: Database) -> None:
    outcomes = await asyncio.gather(
        *(save(db, "p1", 0, {"n": n}) for n in range(10)), return_exceptions=True
    )
    assert sorted(map(repr, outcomes)) == ["None"] + ["Stale()"] * 9


async def test_a_turn_that_fails_leaves_nothing(db: Database) -> None:
    async def failing_turn() -> None:
        async with db.write() as tx:
            await Seen(db).add(tx, "u1", NOW)
            await Counters(db).add(tx, NOW.date(), [("turns", "")])
            await Conversations(db).save(
                tx, "p1", channel="web", address="a1", state={}, version=0, now=NOW
            )
            raise LookupError

    with pytest.raises(LookupError):
        await failing_turn()
    assert not await Seen(db).known("u1")
    assert await Counters(db).total("turns") == 0
    assert await Conversations(db).load("p1") is None


async def test_deleting_takes_the_unsent_replies_of_that_conversation_alone(db: Database) -> None:
    outbox = Outbox(db)
    for id in ("p1", "p2"):
        await save(db, id, 0)
        await _say(db, id)
    async with db.write() as tx:
        await Conversations(db).delete(tx, "p1")
    assert await outbox.unread("p1", NOW) == []
    assert len(await outbox.unread("p2", NOW)) == 1


async def test_old_conversations_are_purged_with_their_outbox(db: Database) -> None:
    await save(db, "old", 0, now=NOW - timedelta(days=31))
    await save(db, "new", 0, now=NOW)
    for id in ("old", "new"):
        await _say(db, id)
    assert await Conversations(db).purge(NOW - timedelta(days=30)) == 1
    assert await Conversations(db).load("old") is None
    assert await Conversations(db).load("new") is not None
    assert await Outbox(db).unread("old", NOW) == []
    assert len(await Outbox(db).unread("new", NOW)) == 1


async def _say(db: Database, conversation: str) -> None:
    async with db.write() as tx:
        await Outbox(db).add(
            tx,
            conversation=conversation,
            channel="web",
            address="a1",
            bodies=[{"text": "Salut"}],
            now=NOW,
            expires=NOW + timedelta(hours=24),
        )


async def test_an_update_is_seen_once_even_at_once(db: Database) -> None:
    seen = Seen(db)

    async def once() -> bool:
        async with db.write() as tx:
            return await seen.add(tx, "u1", NOW)

    assert not await seen.known("u1")
    outcomes = await asyncio.gather(*(once() for _ in range(20)))
    assert sorted(outcomes) == [False] * 19 + [True]
    assert await seen.known("u1")


async def test_updates_are_forgotten_in_time(db: Database) -> None:
    seen = Seen(db)
    async with db.write() as tx:
        await seen.add(tx, "old", NOW - timedelta(hours=49))
        await seen.add(tx, "new", NOW - timedelta(hours=47))
    assert await seen.purge(NOW - timedelta(hours=48)) == 1
    assert not await seen.known("old")
    assert await seen.known("new")


async def test_counters_add_up_by_label_over_the_days(db: Database) -> None:
    counters = Counters(db)
    async with db.write() as tx:
        await counters.add(tx, date(2026, 11, 22), [("arrivals", "Lens")])
        await counters.add(tx, date(2026, 11, 23), [("turns", "web"), ("arrivals", "Lens")])
        await counters.add(tx, date(2026, 11, 23), [("arrivals", "Lens"), ("arrivals", "Arras")])
        await counters.add(tx, date(2026, 11, 23), [])
    assert await counters.total("arrivals") == 4
    assert await counters.total("arrivals", "Lens") == 3
    assert await counters.total("arrivals", "") == 0
    assert await counters.by_label("arrivals") == {"Arras": 1, "Lens": 3}
    assert await counters.total("nothing") == 0


async def test_counters_lose_nothing_among_many_at_once(db: Database) -> None:
    async def one() -> None:
        async with db.write() as tx:
            await Counters(db).add(tx, NOW.date(), [("turns", "")])

    await asyncio.gather(*(one() for _ in range(40)))
    assert await Counters(db).total("turns") == 40


async def test_a_moment_without_its_time_zone_is_refused(db: Database) -> None:
    with pytest.raises(Exception, match="time zone"):
        await save(db, "p1", 0, now=datetime(2026, 11, 23))  # noqa: DTZ001

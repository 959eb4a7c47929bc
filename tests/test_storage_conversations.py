"""Conversations, updates seen and counters, on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from storage.conversations import Conversations, Stale, Stored
from storage.counters import Counters
from storage.database import Database
from storage.ledger import Kept, Ledger
from storage.outbox import Outbox
from storage.seen import Seen
from tests.ledgers import KEPT_UNTIL, NOW, left, say


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    database = Database.open(database_url)
    yield database
    await database.close()


@pytest.fixture
def ledger(db: Database) -> Ledger:
    return Ledger(db, "w1")


async def save(
    ledger: Ledger,
    id: str,
    version: int,
    state: dict[str, Any] | None = None,
    now: datetime = NOW,
) -> None:
    until = now + timedelta(days=30)
    kept = await ledger.keep(left(id, version=version, state=state or {}, kept_until=until), now)
    assert kept == Kept(True, [], False)


async def erase(ledger: Ledger, id: str, version: int) -> None:
    await ledger.keep(left(id, version=version, state=None), NOW)


async def test_a_conversation_comes_back_as_it_was_saved(ledger: Ledger) -> None:
    state = {"ville": "L’Haÿ-les-Roses", "rayon": 30, "pages": [1, 2], "rien": None, "z": 1.5}
    assert await ledger.load("p1") is None
    await save(ledger, "p1", 0, state)
    assert await ledger.load("p1") == Stored("p1", 1, state, NOW, KEPT_UNTIL)
    await save(ledger, "p1", 1, {"ville": "Lens"})
    assert await ledger.load("p1") == Stored("p1", 2, {"ville": "Lens"}, NOW, KEPT_UNTIL)
    assert await ledger.load("p2") is None


@pytest.mark.parametrize("version", [0, 1, 3])
async def test_only_the_version_loaded_last_is_saved(ledger: Ledger, version: int) -> None:
    await save(ledger, "p1", 0)
    await save(ledger, "p1", 1, {"n": 2})
    with pytest.raises(Stale):
        await save(ledger, "p1", version, {"n": 9})
    assert await ledger.load("p1") == Stored("p1", 2, {"n": 2}, NOW, KEPT_UNTIL)


async def test_a_deleted_conversation_is_not_revived_by_a_late_turn(
    db: Database, ledger: Ledger
) -> None:
    await save(ledger, "p1", 0)
    await erase(ledger, "p1", 1)
    with pytest.raises(Stale):
        await save(ledger, "p1", 1)
    assert await ledger.load("p1") is None


async def test_no_update_is_lost_among_120_by_six_at_once(ledger: Ledger) -> None:
    await save(ledger, "p1", 0, {"n": 0})
    redone = 0

    async def add(times: int) -> None:
        nonlocal redone
        while times:
            stored = await ledger.load("p1")
            assert stored is not None
            try:
                await save(ledger, "p1", stored.version, {"n": stored.state["n"] + 1})
                times -= 1
            except Stale:
                redone += 1

    await asyncio.gather(*(add(20) for _ in range(6)))
    assert await ledger.load("p1") == Stored("p1", 121, {"n": 120}, NOW, KEPT_UNTIL)
    assert redone > 0


async def test_one_turn_in_120_of_the_same_version_is_saved(ledger: Ledger) -> None:
    await save(ledger, "p1", 0)
    outcomes = await asyncio.gather(
        *(save(ledger, "p1", 1, {"n": n}) for n in range(120)), return_exceptions=True
    )
    assert sorted(map(repr, outcomes)) == ["None"] + ["Stale()"] * 119
    winner = outcomes.index(None)
    assert await ledger.load("p1") == Stored("p1", 2, {"n": winner}, NOW, KEPT_UNTIL)


async def test_a_conversation_is_created_once_among_several_at_once(
    db: Database, ledger: Ledger
) -> None:
    outcomes = await asyncio.gather(
        *(save(ledger, "p1", 0, {"n": n}) for n in range(10)), return_exceptions=True
    )
    assert sorted(map(repr, outcomes)) == ["None"] + ["Stale()"] * 9


async def test_a_turn_that_fails_leaves_nothing(db: Database, ledger: Ledger) -> None:
    await save(ledger, "p1", 0)
    turn = left("p1", "text", update="u1", version=7, counts=[("turns", "")])
    with pytest.raises(Stale):
        await ledger.keep(turn, NOW)
    assert await Counters(db).total("turns") == 0
    assert await Outbox(db).unread("p1", NOW) == []
    assert (await ledger.keep(replace(turn, version=1), NOW)).new


async def test_deleting_takes_the_unsent_replies_of_that_conversation_alone(
    db: Database, ledger: Ledger
) -> None:
    outbox = Outbox(db)
    for id in ("p1", "p2"):
        await save(ledger, id, 0)
        await say(ledger, id, "Salut")
    await erase(ledger, "p1", 2)
    assert await outbox.unread("p1", NOW) == []
    assert len(await outbox.unread("p2", NOW)) == 1


async def test_old_conversations_are_purged_with_their_outbox(db: Database, ledger: Ledger) -> None:
    await save(ledger, "old", 0, now=NOW - timedelta(days=31))
    await save(ledger, "new", 0, now=NOW)
    for id in ("old", "new"):
        then = NOW if id == "new" else NOW - timedelta(days=31)
        await say(ledger, id, "Salut", now=then, kept_until=then + timedelta(days=30))
    assert await Conversations(db).purge(NOW) == 1
    assert await ledger.load("old") is None
    assert await ledger.load("new") is not None
    assert await Outbox(db).unread("old", NOW) == []
    assert len(await Outbox(db).unread("new", NOW)) == 1


async def test_an_update_is_done_once_even_at_once(ledger: Ledger) -> None:
    turns = [left(f"p{n}", update="u1") for n in range(20)]
    outcomes = await asyncio.gather(*(ledger.keep(turn, NOW) for turn in turns))
    assert sorted(kept.new for kept in outcomes) == [False] * 19 + [True]


async def test_updates_are_forgotten_in_time(db: Database, ledger: Ledger) -> None:
    for age in (49, 47):
        await ledger.keep(left(f"p{age}", update=f"u{age}"), NOW - timedelta(hours=age))
    assert await Seen(db).purge(NOW - timedelta(hours=48)) == 1
    assert (await ledger.keep(left("p1", update="u49"), NOW)).new
    assert not (await ledger.keep(left("p2", update="u47"), NOW)).new


async def test_counters_add_up_by_label_over_the_days(db: Database, ledger: Ledger) -> None:
    counters = Counters(db)

    async def add(day: date, counts: list[tuple[str, str]]) -> None:
        await say(ledger, "p1", day=day, counts=counts)

    await add(date(2026, 11, 22), [("arrivals", "Lens")])
    await add(date(2026, 11, 23), [("turns", "web"), ("arrivals", "Lens")])
    await add(date(2026, 11, 23), [("arrivals", "Lens"), ("arrivals", "Arras")])
    await add(date(2026, 11, 23), [])
    assert await counters.total("arrivals") == 4
    assert await counters.total("arrivals", "Lens") == 3
    assert await counters.total("arrivals", "") == 0
    assert await counters.by_label("arrivals") == {"Arras": 1, "Lens": 3}
    assert await counters.total("nothing") == 0


async def test_counters_lose_nothing_among_many_at_once(db: Database) -> None:
    two = [Ledger(db, "w1"), Ledger(db, "w2")]
    turns = [left(f"p{n}", counts=[("turns", ""), (f"n{n % 3}", "")]) for n in range(160)]
    await asyncio.gather(*(two[n % 2].keep(turn, NOW) for n, turn in enumerate(turns)))
    assert await Counters(db).total("turns") == 160


async def test_a_moment_without_its_time_zone_is_refused(ledger: Ledger) -> None:
    with pytest.raises(Exception, match="time zone"):
        await save(ledger, "p1", 0, now=datetime(2026, 11, 23))  # noqa: DTZ001

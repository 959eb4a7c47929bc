"""What turns leave behind, on both databases: batches, races, orders of sending, lost answers."""

from __future__ import annotations

import asyncio
import sqlite3
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from storage import database
from storage.conversations import Stale
from storage.counters import Counters
from storage.database import Database, DatabaseProblem, Refused
from storage.lanes import MOST
from storage.ledger import Kept, Ledger, Left
from storage.outbox import Waiting
from storage.schema import conversations
from storage.schema import outbox as table
from tests.ledgers import KEPT_UNTIL, LEASE, NOW, SECOND, WINDOW, left, numbers, row, say, texts


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    opened = Database.open(database_url)
    yield opened
    await opened.close()


@pytest.fixture
async def other_db(database_url: str) -> AsyncIterator[Database]:
    """Another process, as far as the database can tell."""
    opened = Database.open(database_url)
    yield opened
    await opened.close()


@pytest.fixture
def a(db: Database) -> Ledger:
    return Ledger(db, "a")


@pytest.fixture
def b(other_db: Database) -> Ledger:
    return Ledger(other_db, "b")


async def sent(ledger: Ledger, message: Waiting, now: datetime = NOW) -> list[Waiting]:
    return await ledger.settle(message.id, message.conversation, "sent", now, lease=LEASE)


@asynccontextmanager
async def held(db: Database, conversation: str) -> AsyncIterator[None]:
    """Whoever writes in this conversation waits until the end."""
    async with db.write() as tx:
        row = conversations.c.id == conversation
        await tx.execute(update(conversations).where(row).values(channel="held"))
        yield


async def test_a_batch_holds_every_outcome_and_each_is_its_own(db: Database, a: Ledger) -> None:
    await a.keep(left("old", update="done"), NOW)
    await a.keep(left("leaving", "never read"), NOW)
    turns = {
        "new": left("new", "hi", lease=LEASE, counts=[("turns", "x"), ("turns", "")]),
        "web": left("web", "to be read", counts=[("turns", "x")]),
        "done": left("old", "again", update="done", version=1, counts=[("turns", "x")]),
        "stale": left("old", "late", version=7, counts=[("turns", "x")]),
        "leaving": left("leaving", "bye", version=1, state=None, lease=LEASE, once=True),
        "zero": left("zero", state={"n": "\0"}),
        "half": left("half", "\ud800"),
        "nan": left("nan", state={"n": float("nan")}),
        "slash": left("slash", state={"n": "\\u0000"}),
    }
    answers = await asyncio.gather(
        *(a.keep(turn, NOW) for turn in turns.values()), return_exceptions=True
    )
    outcomes = dict(zip(turns, answers, strict=True))
    assert {name: type(outcome) for name, outcome in outcomes.items()} == {
        "new": Kept, "web": Kept, "done": Kept, "stale": Stale, "leaving": Kept, "zero": Refused,
        "half": Refused, "nan": Refused, "slash": Kept,
    }  # fmt: skip
    [new] = await numbers(db, "new")
    hi = Waiting(new, "new", "telegram", "chat new", {"text": "hi"}, 1, NOW)
    assert outcomes["new"] == Kept(True, [hi], False)
    assert outcomes["web"] == Kept(True, [], False)
    assert outcomes["done"] == Kept(False, [], False)
    assert texts(outcomes["leaving"].claimed) == ["bye"]  # type: ignore[union-attr]
    assert await a.load("leaving") is None
    assert len(await numbers(db, "leaving")) == 1
    assert await numbers(db, "old") == []
    slash = await a.load("slash")
    assert slash is not None
    assert slash.state == {"n": "\\u0000"}
    assert await Counters(db).by_label("turns") == {"": 1, "x": 2}


async def test_a_value_that_only_the_database_refuses_hurts_its_turn_alone(
    postgres_url: str,
) -> None:
    db = Database.open(postgres_url)
    ledger = Ledger(db, "a")
    turns = [left(f"p{n}", version=2**40 if n == 3 else 0) for n in range(9)]
    outcomes = await asyncio.gather(*(ledger.keep(t, NOW) for t in turns), return_exceptions=True)
    assert [n for n, outcome in enumerate(outcomes) if not isinstance(outcome, Kept)] == [3]
    assert isinstance(outcomes[3], Refused)
    assert "1099511627776" not in "".join(traceback.format_exception(outcomes[3]))
    await db.close()


async def test_two_processes_do_each_update_exactly_once(
    db: Database, other_db: Database, a: Ledger, b: Ledger
) -> None:
    """The same updates in both, in other orders, and without a lock."""

    async def handle(ledger: Ledger, n: int) -> bool:
        turn = left(f"p{n % 20}", f"m{n}", update=f"same {n}", counts=[("turns", f"{n % 3}")])
        while True:
            stored = await ledger.load(turn.conversation)
            turn = replace(turn, version=stored.version if stored else 0)
            try:
                return (await ledger.keep(turn, NOW)).new
            except Stale:
                continue

    new = await asyncio.gather(
        *(handle(a, n) for n in range(100)), *(handle(b, n) for n in reversed(range(100)))
    )
    assert sum(new) == 100
    assert await Counters(db).total("turns") == 100
    for n in range(20):
        stored = await b.load(f"p{n}")
        assert stored is not None
        assert stored.version == 5
        assert len(await numbers(db, f"p{n}")) == 5


async def test_the_same_press_within_ten_seconds_counts_once(db: Database, a: Ledger) -> None:
    async def press(update: str, seconds: float) -> bool:
        now = NOW + seconds * SECOND
        return (await say(a, "p1", "ok", now=now, update=update, press="press")).new

    assert await press("u1", 0)
    assert not await press("u2", 9.9)
    assert await press("u4", 10)
    assert not await press("u5", 19)
    assert not await press("u4", 30)  # nobody had confirmed it: what was sent meanwhile follows
    assert not await press("u6", 39)
    assert await press("u7", 40)
    assert len(await numbers(db, "p1")) == 3


async def test_the_same_press_twice_at_once_counts_once(a: Ledger, b: Ledger) -> None:
    """Both have read the same conversation: the second reads it again."""

    async def press(ledger: Ledger) -> Kept:
        try:
            return await ledger.keep(left("p1", press="same"), NOW)
        except Stale:
            return await ledger.keep(left("p1", press="same", version=1), NOW)

    kept = await asyncio.gather(*(press(ledger) for ledger in (a, b, a, b)))
    assert sum(k.new for k in kept) == 1


async def test_a_press_counts_again_once_something_else_was_said(a: Ledger) -> None:
    async def does(update: str, press: str | None, **values: Any) -> bool:
        return (await say(a, "p1", "ok", update=update, press=press, **values)).new

    assert await does("u1", "pause")
    assert await does("u2", "resume")
    assert await does("u3", "pause")
    assert not await does("u4", "pause")
    assert await does("u5", None)
    assert await does("u6", "pause")
    assert not await does("u1", "pause")  # brought again: long past
    assert await does("u7", "resume")
    assert await does("u8", "pause")
    assert await does("u9", "delete", state=None)
    assert not await does("u10", "delete", state=None)
    assert await does("u11", "pause")


async def test_a_clean_stop_leaves_to_others_what_it_held(
    db: Database, a: Ledger, b: Ledger
) -> None:
    [mine] = (await say(a, "p1", "mine", lease=LEASE)).claimed
    [other] = (await say(b, "p2", "other's", lease=LEASE)).claimed
    assert await a.release(NOW) == 1
    assert await row(db, mine.id) == ("pending", {"text": "mine"}, 0)
    assert (await row(db, other.id))[0] == "claimed"
    assert await a.release(NOW) == 0


async def test_nothing_is_sent_to_someone_who_left(db: Database, a: Ledger) -> None:
    one, two = (await say(a, "p1", "1", "2", lease=LEASE)).claimed
    await sent(a, one)
    await say(a, "p2", "elsewhere", lease=LEASE)
    assert await a.forget("p1", "block 1", 9, NOW) == 1
    assert await row(db, two.id) == ("gone", None, 1)
    assert await a.forget("p1", "block 2", 9, NOW) == 0


async def test_a_departure_that_is_told_again_takes_nothing_more(db: Database, a: Ledger) -> None:
    await say(a, "p1", "before", lease=LEASE)
    assert await a.forget("p1", "block", 9, NOW) == 1
    await say(a, "p1", "they are back", lease=LEASE)
    assert await a.forget("p1", "block", 9, NOW + SECOND) == 0
    assert [(await row(db, id))[0] for id in await numbers(db, "p1")] == ["gone", "claimed"]


async def test_a_departure_told_late_takes_what_came_before_it(db: Database, a: Ledger) -> None:
    """The numbers of updates say what came before, whatever the clocks."""
    bodies = [{"text": f"{n}", "order": n} for n in (2**40, 2**40 + 2)]
    await a.keep(left("p1", replies=bodies, lease=LEASE), NOW)
    assert await a.forget("p1", "block", 2**40 + 1, NOW) == 1
    assert [(await row(db, id))[0] for id in await numbers(db, "p1")] == ["gone", "claimed"]


async def test_a_caller_that_leaves_disturbs_nobody(
    db: Database, other_db: Database, a: Ledger
) -> None:
    await say(a, "p0")
    async with held(other_db, "p0"):
        under_way = asyncio.create_task(a.keep(left("p0", version=1), NOW))
        await asyncio.sleep(0.05)
        queued = [asyncio.create_task(a.keep(left(f"p{n}"), NOW)) for n in range(1, 4)]
        await asyncio.sleep(0)
        under_way.cancel()
        queued[1].cancel()
        await asyncio.sleep(0)
    answers = await asyncio.gather(*queued, return_exceptions=True)
    assert [type(answer) for answer in answers] == [Kept, asyncio.CancelledError, Kept]
    stored = [await a.load(f"p{n}") for n in range(4)]
    assert [s and s.version for s in stored] == [2, 1, None, 1]


async def test_many_more_than_a_batch_are_all_answered(db: Database, a: Ledger) -> None:
    turns = [left(f"p{n}", f"{n}", lease=LEASE) for n in range(3 * MOST + 5)]
    kept = await asyncio.gather(*(a.keep(turn, NOW) for turn in turns))
    assert [texts(k.claimed) for k in kept] == [[f"{n}"] for n in range(len(turns))]
    loaded = await asyncio.gather(*(a.load(turn.conversation) for turn in turns))
    assert [stored.id for stored in loaded if stored] == [turn.conversation for turn in turns]
    await asyncio.gather(*(sent(a, k.claimed[0]) for k in kept))
    async with db.read() as tx:
        states = await tx.execute(select(table.c.state, func.count()).group_by(table.c.state))
        assert states.all() == [("sent", len(turns))]


async def test_turns_of_one_conversation_go_one_after_the_other(a: Ledger) -> None:
    """Even when they wait together: the first wins, whatever else is in the batch."""
    turns = [left("p1" if n % 2 else f"q{n}", state={"n": n}) for n in range(20)]
    answers = await asyncio.gather(*(a.keep(t, NOW) for t in turns), return_exceptions=True)
    assert [type(answer) for answer in answers[1::2]] == [Kept] + [Stale] * 9
    assert [type(answer) for answer in answers[::2]] == [Kept] * 10
    stored = await a.load("p1")
    assert stored
    assert stored.state == {"n": 1}


async def test_a_moment_without_its_time_zone_is_refused_alone(a: Ledger) -> None:
    wrong = left("p1", expires=datetime(2026, 11, 23))  # noqa: DTZ001
    good, bad = await asyncio.gather(
        a.keep(left("p2"), NOW), a.keep(wrong, NOW), return_exceptions=True
    )
    assert isinstance(good, Kept)
    assert isinstance(bad, ValueError)


async def test_rows_are_those_of_the_schema(db: Database, a: Ledger) -> None:
    """What is written past SQLAlchemy is read through it as it was."""
    winter = datetime(2026, 11, 23, 18, 30, 0, 7, tzinfo=UTC) + timedelta(0)
    turn: Left = left("p1", "é’", state={"ville": "L’Haÿ"}, lease=LEASE, once=True)
    await a.keep(turn, winter)
    async with db.read() as tx:
        kept = (await tx.execute(select(table))).one()
        saved = (await tx.execute(select(conversations))).one()
    assert kept._mapping == {
        "id": kept.id, "conversation": "p1", "channel": "telegram", "address": "chat p1",
        "body": {"text": "é’"}, "state": "claimed", "attempts": 1, "owner": "a",
        "leased_until": winter + LEASE, "not_before": None, "created": winter,
        "expires": NOW + WINDOW, "settled": None, "once": True, "followed": False,
    }  # fmt: skip
    assert saved == ("p1", "telegram", "chat p1", {"ville": "L’Haÿ"}, 1, winter, KEPT_UNTIL)


async def test_a_database_that_takes_too_long_is_said_so(
    database_url: str, other_db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "COMMAND_SECONDS", 0.2)
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.2)
    db = Database.open(database_url)
    ledger = Ledger(db, "a")
    await ledger.keep(left("p1"), NOW)
    async with held(other_db, "p1"):
        with pytest.raises(DatabaseProblem, match=r"à temps|locked"):
            await ledger.keep(left("p1", version=1), NOW)
    assert (await ledger.keep(left("p1", version=1), NOW)).new
    await db.close()


async def test_on_sqlite_every_writer_of_this_process_takes_its_turn(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.05)
    db = Database.open(sqlite_url)
    ledger = Ledger(db, "a")
    async with db.write():
        with pytest.raises(DatabaseProblem, match="une autre écriture"):
            await ledger.keep(left("p1"), NOW)
        assert await ledger.load("p1") is None
    assert (await ledger.keep(left("p1"), NOW)).new
    await db.close()


async def test_a_database_closed_and_used_again_is_opened_again(db: Database, a: Ledger) -> None:
    await say(a, "p1")
    await db.close()
    assert (await say(a, "p1")).new
    await db.close()


async def test_on_sqlite_a_reader_that_must_wait_stops_nobody(sqlite_url: str) -> None:
    db = Database.open(sqlite_url)
    assert db.file
    repairing = sqlite3.connect(db.file, isolation_level=None)
    repairing.execute("PRAGMA locking_mode=EXCLUSIVE")
    repairing.execute("INSERT INTO seen VALUES ('x', '2026-11-23 17:30:00.000000')")
    loading = asyncio.create_task(Ledger(db, "a").load("p1"))
    async with asyncio.timeout(2):
        await asyncio.sleep(0.2)
    assert not loading.done()
    repairing.close()
    assert await loading is None
    await db.close()

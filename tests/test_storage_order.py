"""The order of what is sent in one conversation, when several processes write in it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from functools import partial

import pytest
from sqlalchemy import select, text, update

from storage.database import Database
from storage.ledger import Kept, Ledger
from storage.outbox import Outbox, Waiting
from storage.schema import outbox as table
from tests.ledgers import LEASE, NOW, SECOND, WINDOW, left, numbers, row, say, texts


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


async def test_order_goes_on_across_processes(db: Database, a: Ledger, b: Ledger) -> None:
    first = await say(a, "p1", "1", lease=LEASE)
    behind = await say(b, "p1", "2", "3", lease=LEASE)
    assert texts(first.claimed) == ["1"]
    assert behind == Kept(True, [], True)
    then = await sent(a, first.claimed[0])
    assert texts(then) == ["2", "3"]
    assert [message.attempts for message in then] == [1, 1]
    assert await sent(a, then[0]) == []
    assert await sent(a, then[1]) == []
    assert texts((await say(b, "p1", "4", lease=LEASE)).claimed) == ["4"]


async def test_messages_of_two_turns_wait_for_all_of_the_first(a: Ledger, b: Ledger) -> None:
    one, two = (await say(a, "p1", "1", "2", lease=LEASE)).claimed
    assert (await say(b, "p1", "3", lease=LEASE)).behind
    assert await sent(a, one) == []
    assert texts(await sent(a, two)) == ["3"]


async def test_what_is_put_off_or_another_sends_holds_back_what_follows(
    db: Database, a: Ledger, b: Ledger
) -> None:
    one, two = (await say(a, "p1", "1", "2", lease=LEASE)).claimed
    await say(b, "p1", "3", lease=LEASE)
    due = NOW + 30 * SECOND
    assert await a.settle(two.id, "p1", "later", NOW, due, lease=LEASE) == []
    assert await sent(a, one) == []
    assert await row(db, two.id) == ("later", {"text": "2"}, 0)
    [again] = await Outbox(db).claim(channel="telegram", owner="b", lease=LEASE, now=due, limit=9)
    assert again.id == two.id
    assert await sent(a, again, due) == []  # b has it
    assert texts(await sent(b, again, due)) == ["3"]


async def test_a_message_whose_window_is_over_holds_nothing_back(db: Database, a: Ledger) -> None:
    await say(a, "p1", "never sent")
    later = await say(a, "p1", "1", now=NOW + WINDOW, lease=LEASE)
    assert texts(later.claimed) == ["1"]


@pytest.mark.parametrize("first", ["settle", "keep"])
async def test_a_turn_kept_while_the_one_before_is_settled_is_not_forgotten(
    postgres_url: str, first: str
) -> None:
    """Neither statement sees what the other writes; whoever comes second makes up for it."""
    one, other, third = (Database.open(postgres_url) for _ in range(3))
    a, b = Ledger(one, "a"), Ledger(other, "b")
    [message] = (await say(a, "p1", "1", lease=LEASE)).claimed
    stored = await b.load("p1")
    assert stored
    settling = sent(a, message)
    keeping = b.keep(left("p1", "2", version=stored.version, lease=LEASE), NOW)
    both: list[Awaitable[object]] = (
        [settling, keeping] if first == "settle" else [keeping, settling]
    )
    tasks: list[asyncio.Future[object]] = []
    async with third.write() as tx:
        await tx.execute(select(table.c.id).where(table.c.id == message.id).with_for_update())
        for number, call in enumerate(both, 1):
            tasks.append(asyncio.ensure_future(call))
            await until(partial(waiting_for_locks, third, number))
    results = await asyncio.gather(*tasks)
    then, kept = results if first == "settle" else results[::-1]
    assert isinstance(then, list)
    assert isinstance(kept, Kept)
    assert texts([*then, *kept.claimed]) == ["2"]
    for opened in (one, other, third):
        await opened.close()


async def waiting_for_locks(db: Database, number: int) -> bool:
    async with db.read() as tx:
        count = text(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND wait_event_type = 'Lock'"
        )
        return bool(await tx.scalar(count) == number)


async def until(so: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(10):
        while not await so():  # noqa: ASYNC110 - another process decides
            await asyncio.sleep(0.01)


async def test_a_message_another_process_has_just_taken_holds_back_what_follows(
    postgres_url: str,
) -> None:
    """It is taken while we look for what comes next: what we saw of it is no longer so."""
    one, third = Database.open(postgres_url), Database.open(postgres_url)
    a = Ledger(one, "a")
    [message] = (await say(a, "p1", "1", lease=LEASE)).claimed
    await say(a, "p1", "2", "3", lease=LEASE)
    second = (await numbers(one, "p1"))[1]
    async with third.write() as tx:
        taken = update(table).where(table.c.id == second)
        await tx.execute(taken.values(state="claimed", owner="b", leased_until=NOW + LEASE))
        settling = asyncio.create_task(sent(a, message))
        await until(partial(waiting_for_locks, third, 1))
    assert await settling == []
    assert (await row(one, second))[0] == "claimed"
    for opened in (one, third):
        await opened.close()

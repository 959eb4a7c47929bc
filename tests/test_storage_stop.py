"""What a clean stop gives back to others, and what is left of a message that is over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select, update

from storage.database import Database
from storage.ledger import Ledger
from storage.schema import conversations
from storage.schema import outbox as table
from tests.ledgers import LEASE, NOW, left, numbers, row, say


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    opened = Database.open(database_url)
    yield opened
    await opened.close()


@pytest.fixture
def a(db: Database) -> Ledger:
    return Ledger(db, "a")


async def test_a_clean_stop_gives_no_farewell_to_others(db: Database, a: Ledger) -> None:
    goodbye = left("p1", "bye", once=True, state=None, lease=LEASE)
    [farewell] = (await a.keep(goodbye, NOW)).claimed
    assert await a.release(NOW) == 0
    assert (await row(db, farewell.id))[:2] == ("unknown", None)


async def test_a_clean_stop_waits_for_what_is_being_written(db: Database, a: Ledger) -> None:
    """Whoever asked is gone, the writing goes on, and would be ours for the length of a lease."""
    await say(a, "p1")
    async with db.write() as tx:
        mine = conversations.c.id == "p1"
        await tx.execute(update(conversations).where(mine).values(channel="held"))
        turn = asyncio.create_task(say(a, "p1", "hello", lease=LEASE))
        await asyncio.wait({turn}, timeout=0.2)
        turn.cancel()
        stop = asyncio.create_task(a.release(NOW))
        await asyncio.wait({stop}, timeout=0.2)
    assert await stop == 1
    [number] = await numbers(db, "p1")
    assert (await row(db, number))[0] == "pending"


async def test_what_is_settled_says_no_more_to_whom(db: Database, a: Ledger) -> None:
    [answer] = (await say(a, "p1", "hello", lease=LEASE)).claimed
    [farewell] = (await a.keep(left("p2", "bye", once=True, state=None, lease=LEASE), NOW)).claimed
    [dropped] = (await say(a, "p3", "hello", lease=LEASE)).claimed
    for message in (answer, farewell):
        await a.settle(message.id, message.conversation, "sent", NOW, lease=LEASE)
    await a.forget("p3", "block", 9, NOW)
    query = select(table.c.id, table.c.address, table.c.conversation)
    async with db.read() as tx:
        kept = {tuple(row) for row in await tx.execute(query)}
    assert kept == {(answer.id, "", "p1"), (farewell.id, "", ""), (dropped.id, "", "p3")}

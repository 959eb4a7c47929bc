"""Turns as storage sees them: what each leaves behind, without a dialogue."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import select

from storage.database import Database
from storage.ledger import Kept, Ledger, Left
from storage.outbox import Waiting
from storage.schema import outbox as table

NOW = datetime(2026, 11, 23, 17, 30, tzinfo=UTC)
SECOND = timedelta(seconds=1)
LEASE = timedelta(seconds=10)
WINDOW = timedelta(minutes=15)
KEPT_UNTIL = NOW + timedelta(days=30)

_updates = count()


def left(conversation: str, *texts: str, **values: Any) -> Left:
    """One turn of a new conversation that says these texts; ``values`` are its other fields."""
    defaults: dict[str, Any] = {
        "update": f"update {next(_updates)}",
        "conversation": conversation,
        "version": 0,
        "channel": "telegram",
        "address": f"chat {conversation}",
        "state": {},
        "replies": [{"text": text} for text in texts],
        "expires": NOW + WINDOW,
        "kept_until": KEPT_UNTIL,
        "counts": [],
        "day": NOW.date(),
    }
    return Left(**defaults | values)


async def say(
    ledger: Ledger, conversation: str, *texts: str, now: datetime = NOW, **values: Any
) -> Kept:
    """The same in a conversation that may be there already."""
    stored = await ledger.load(conversation)
    values = {"version": stored.version if stored else 0, "expires": now + WINDOW} | values
    return await ledger.keep(left(conversation, *texts, **values), now)


async def numbers(db: Database, conversation: str) -> list[int]:
    """Those of all its messages, oldest first."""
    query = select(table.c.id).where(table.c.conversation == conversation).order_by(table.c.id)
    async with db.read() as tx:
        return list((await tx.execute(query)).scalars())


async def row(db: Database, id: int) -> tuple[str, object, int]:
    """A message's state, body and attempts."""
    columns = (table.c.state, table.c.body, table.c.attempts)
    async with db.read() as tx:
        found = (await tx.execute(select(*columns).where(table.c.id == id))).one()
    return tuple(found)


def texts(waiting: list[Waiting]) -> list[str]:
    return [message.body["text"] for message in waiting]

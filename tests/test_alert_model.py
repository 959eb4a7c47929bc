"""Messages on their way against a model of thirty lines: whoever claims, marks, stops or dies."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select

from storage.database import Database
from storage.pushes import Claimed, Pushes
from storage.schema import conversations, counters, pushes, told
from tests.pushing import NOON

LEASE = timedelta(seconds=30)
WINDOW = timedelta(minutes=3)
PEOPLE = "abc"


@dataclass
class Message:
    """What the model knows of one."""

    person: str
    expires: datetime
    state: str = "pending"
    attempts: int = 0
    owner: str | None = None
    leased: datetime = NOON
    not_before: datetime = NOON
    offers: tuple[str, ...] = ()

    def open(self, now: datetime) -> bool:
        return self.state in ("pending", "later", "claimed") and self.expires > now

    def free(self, now: datetime) -> bool:
        if self.state == "claimed":
            return self.leased <= now
        return self.not_before <= now


@dataclass
class Model:
    """What the queue promises: one of a person at a time, in order, each by one owner."""

    now: datetime = NOON
    messages: dict[int, Message] = field(default_factory=dict)
    told: set[tuple[str, str]] = field(default_factory=set)

    def claim(self, owner: str, limit: int) -> list[int]:
        first: dict[str, int] = {}
        for id, message in sorted(self.messages.items()):
            if message.open(self.now):
                first.setdefault(message.person, id)
        ids = sorted(id for id in first.values() if self.messages[id].free(self.now))[:limit]
        for id in ids:
            one = self.messages[id]
            one.state, one.owner, one.leased = "claimed", owner, self.now + LEASE
            one.attempts += 1
        return ids

    def mark(self, id: int, owner: str, state: str, later: timedelta) -> None:
        one = self.messages[id]
        held = one.state == "claimed" and one.owner == owner
        if state == "sent":
            self.told |= {(one.person, offer) for offer in one.offers}
        if not held:
            return
        one.state, one.owner = state, None
        if state == "later":
            one.attempts -= 1
        one.not_before = self.now + later
        if state == "sent":
            for other in self.messages.values():
                if other.person == one.person:
                    other.not_before = max(other.not_before, self.now + later)

    def release(self, id: int, owner: str) -> None:
        one = self.messages[id]
        if one.state == "claimed" and one.owner == owner:
            one.state, one.owner, one.attempts = "pending", None, one.attempts - 1

    def left(self, person: str) -> None:
        for one in self.messages.values():
            if one.person == person and one.state in ("pending", "later", "claimed"):
                one.state, one.owner = "gone", None


people, owners = st.sampled_from(PEOPLE), st.sampled_from(["p", "q"])
steps = st.lists(
    st.one_of(
        st.tuples(st.just("make"), people),
        st.tuples(st.just("claim"), owners, st.integers(1, 3)),
        st.tuples(
            st.just("mark"), st.integers(0, 3),
            st.sampled_from(["sent", "sent", "sent", "later", "pending", "gone"]),
        ),
        st.tuples(st.just("release"), st.integers(0, 3)),
        st.tuples(st.just("left"), people),
        st.tuples(st.just("wait"), st.sampled_from([1, 20, 40, 100])),
    ),
    max_size=25,
)  # fmt: skip


@given(steps)
@settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
def test_the_queue_does_what_the_model_says(sqlite_url: str, taken: list[Any]) -> None:
    asyncio.run(_play(sqlite_url, taken))


@given(steps)
@settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
def test_on_postgresql_too(postgres_url: str, taken: list[Any]) -> None:
    asyncio.run(_play(postgres_url, taken))


async def _play(url: str, taken: list[Any]) -> None:
    db = Database.open(url)
    try:
        async with db.write() as tx:
            for table in (pushes, told, conversations, counters):
                await tx.execute(delete(table))
        play = _Play(db)
        for name, *values in taken:
            await getattr(play, name)(*values)
        await play.agrees()
    finally:
        await db.close()


class _Play:
    """The same steps on both; what was claimed is remembered, also once it is others'."""

    def __init__(self, db: Database) -> None:
        self._db, self._queue, self._model = db, Pushes(db), Model()
        self._claimed: list[tuple[Claimed, str]] = []

    async def make(self, person: str) -> None:
        model, n = self._model, len(self._model.messages)
        row = {
            "person": person, "channel": "telegram", "kind": "alert", "offers": [f"offer {n}"],
            "state": "pending", "created": model.now, "expires": model.now + WINDOW,
        }  # fmt: skip
        async with self._db.write() as tx:
            id = (await tx.execute(insert(pushes).values(row).returning(pushes.c.id))).scalar_one()
        model.messages[id] = Message(person, model.now + WINDOW, offers=(f"offer {n}",))

    async def claim(self, owner: str, limit: int) -> None:
        found = await self._queue.claim(
            channels=["telegram"], owner=owner, lease=LEASE, now=self._model.now, limit=limit
        )
        assert [push.id for push in found] == self._model.claim(owner, limit)
        assert [p.attempts for p in found] == [self._model.messages[p.id].attempts for p in found]
        self._claimed += [(push, owner) for push in found]

    async def mark(self, back: int, state: Any) -> None:
        if back >= len(self._claimed):
            return
        push, owner = self._claimed[-1 - back]
        later, now = timedelta(seconds=10), self._model.now
        if state == "sent":
            await self._queue.sent(
                push, owner, now, shown=push.offers, told=push.offers, label="x", apart=later
            )
        else:
            await self._queue.settle(push, owner, state, now, label="x", not_before=now + later)
        self._model.mark(push.id, owner, state, later)

    async def release(self, back: int) -> None:
        if back < len(self._claimed):
            push, owner = self._claimed[-1 - back]
            await self._queue.release([push.id], owner)
            self._model.release(push.id, owner)

    async def left(self, person: str) -> None:
        await self._queue.left(person, self._model.now)
        self._model.left(person)

    async def wait(self, seconds: int) -> None:
        self._model.now += timedelta(seconds=seconds)

    async def agrees(self) -> None:
        c = pushes.c
        async with self._db.read() as tx:
            kept = await tx.execute(select(c.id, c.state, c.owner, c.attempts).order_by(c.id))
            known = await tx.execute(select(told.c.person, told.c.offer))
            assert {tuple(row) for row in known} == self._model.told
        messages = sorted(self._model.messages.items())
        assert [tuple(r) for r in kept] == [(i, m.state, m.owner, m.attempts) for i, m in messages]

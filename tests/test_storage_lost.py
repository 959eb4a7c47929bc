"""Connections that break: before, during and after what a turn leaves behind was written."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import make_url, select, text, update

from storage.conversations import Stale
from storage.counters import Counters
from storage.database import Database, DatabaseProblem
from storage.ledger import Ledger
from storage.schema import conversations
from tests import servers
from tests.ledgers import LEASE, NOW, left, numbers, say, texts


class Wire:
    """Between us and the server: told to, it drops the next answer, and the connection with it."""

    def __init__(self, url: str) -> None:
        self._address = make_url(url)
        self._tasks: set[asyncio.Task[None]] = set()
        self.drops = 0
        self.dropped = 0

    async def listen(self, folder: Path) -> str:
        path = folder / ".s.PGSQL.5432"
        self._server = await asyncio.start_unix_server(self._serve, path)
        return str(self._address.set(host=None, port=None, query={"host": str(folder)}))

    async def close(self) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        query, host = self._address.query, self._address.host
        if host:
            there = await asyncio.open_connection(host, self._address.port or 5432)
        else:
            there = await asyncio.open_unix_connection(f"{query['host']}/.s.PGSQL.5432")
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._copy(reader, there[1], answers=False))
                both.create_task(self._copy(there[0], writer, answers=True))
        except* (EOFError, OSError):
            pass
        finally:
            writer.close()
            there[1].close()

    async def _copy(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, *, answers: bool
    ) -> None:
        while data := await source.read(65536):
            if answers and self.drops:
                self.drops -= 1
                self.dropped += 1
                break
            target.write(data)
            await target.drain()
        raise EOFError


@pytest.fixture
async def wire(postgres_url: str) -> AsyncIterator[Wire]:
    made = Wire(postgres_url)
    yield made
    await made.close()


@pytest.fixture
async def db(wire: Wire) -> AsyncIterator[Database]:
    with TemporaryDirectory(prefix="cmc-", dir="/tmp") as folder:  # a socket's path is short
        opened = Database.open(await wire.listen(Path(folder)))
        yield opened
        await opened.close()


@pytest.fixture
async def direct(postgres_url: str) -> AsyncIterator[Database]:
    opened = Database.open(postgres_url)
    yield opened
    await opened.close()


async def kill_all(direct: Database) -> int:
    async with direct.write() as tx:
        killed = await tx.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
        return len(killed.all())


async def test_a_turn_written_whose_answer_was_lost_is_sent_all_the_same(
    wire: Wire, db: Database, direct: Database
) -> None:
    ledger = Ledger(db, "a")
    await say(ledger, "p1")
    await say(ledger, "p2")
    wire.drops = 1
    turns = [
        left("p1", "1", "2", version=1, lease=LEASE, counts=[("turns", "")]),
        left("p2", "web", version=1, counts=[("turns", "")]),
        left("p1", "late", version=9),
    ]
    pushed, read, stale = await asyncio.gather(
        *(ledger.keep(turn, NOW) for turn in turns), return_exceptions=True
    )
    assert wire.dropped == 1
    assert not isinstance(pushed, BaseException)
    assert not isinstance(read, BaseException)
    assert (pushed.new, texts(pushed.claimed), pushed.behind) == (True, ["1", "2"], False)
    assert [message.id for message in pushed.claimed] == await numbers(direct, "p1")
    assert (read.new, read.claimed, read.behind) == (True, [], False)
    assert isinstance(stale, Stale)
    assert await Counters(direct).total("turns") == 2


async def test_what_comes_next_is_not_lost_with_the_answer(wire: Wire, db: Database) -> None:
    a, b = Ledger(db, "a"), Ledger(db, "b")
    [one] = (await say(a, "p1", "1", lease=LEASE)).claimed
    assert (await say(b, "p1", "2", "3", lease=LEASE)).behind
    await a.settle(0, "p0", "sent", NOW, lease=LEASE)
    wire.drops = 1
    then = await a.settle(one.id, "p1", "sent", NOW + LEASE / 2, lease=LEASE)
    assert wire.dropped == 1
    assert texts(then) == ["2", "3"]


async def test_connections_killed_between_two_turns_are_not_noticed(
    db: Database, direct: Database
) -> None:
    ledger = Ledger(db, "a")
    for version in range(5):
        kept = await say(ledger, "p1", f"{version}", lease=LEASE)
        assert kept.new
        for message in kept.claimed:
            await ledger.settle(message.id, "p1", "sent", NOW, lease=LEASE)
        assert await kill_all(direct) == 3
    assert len(await numbers(direct, "p1")) == 5


async def test_a_connection_killed_while_it_writes_is_made_again(
    db: Database, direct: Database, postgres_url: str
) -> None:
    ledger, holder = Ledger(db, "a"), Database.open(postgres_url)
    await say(ledger, "p1")
    turns = [left("p1", "a", version=1, lease=LEASE), left("p2", "b", lease=LEASE)]
    async with holder.write() as tx:
        await tx.execute(select(conversations.c.id).with_for_update())
        keeping = asyncio.gather(*(ledger.keep(turn, NOW) for turn in turns))
        await asyncio.sleep(0.2)
        async with direct.write() as killer:
            killed = await killer.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND wait_event_type = 'Lock'"
                )
            )
            assert len(killed.all()) == 1
    assert [texts(kept.claimed) for kept in await keeping] == [["a"], ["b"]]
    await holder.close()


async def test_a_circle_of_locks_is_broken_and_nothing_lost(db: Database, direct: Database) -> None:
    """Another transaction takes two rows in the other order; who is undone tries again."""
    ledger = Ledger(db, "a")
    for person in ("p1", "p2", "p3"):
        await say(ledger, person)

    async def in_the_way() -> None:
        with suppress(DatabaseProblem):  # or it is undone itself
            async with direct.write() as tx:
                for person in ("p3", "p1"):
                    row = conversations.c.id == person
                    await tx.execute(update(conversations).where(row).values(address="x"))
                    await asyncio.sleep(0.2)

    other = asyncio.create_task(in_the_way())
    await asyncio.sleep(0.1)
    turns = [left(person, version=1, lease=LEASE) for person in ("p1", "p2", "p3")]
    kept = await asyncio.gather(*(ledger.keep(turn, NOW) for turn in turns))
    assert all(outcome.new for outcome in kept)
    await other


async def test_a_server_that_is_gone_is_said_so_then_found_again() -> None:
    server = servers.start_postgres()
    db = Database.open(server.url)
    try:
        await db.migrate()
        ledger = Ledger(db, "a")
        await say(ledger, "p1")
        server.kill()
        for call in (ledger.load("p1"), ledger.keep(left("p1", version=1), NOW)):
            with pytest.raises(DatabaseProblem):
                await call
        server = servers.restart(server)
        assert (await say(ledger, "p1")).new
    finally:
        await db.close()
        server.stop()

"""The database itself: addresses, transactions and migrations, on SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import traceback
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, select, text, update

from storage import database
from storage.database import VERSION, Database, DatabaseProblem, Refused, migrate
from storage.schema import metadata, outbox, rates, seen
from storage.upgrade import alembic_config
from tests import servers

ROOT = Path(__file__).parent.parent


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    opened = Database.open(database_url)
    yield opened
    await opened.close()


async def _tables(db: Database) -> set[str]:
    async with db.write() as tx:
        return set(await tx.run_sync(lambda connection: inspect(connection).get_table_names()))


async def test_migrating_makes_the_very_tables_of_the_schema(
    empty_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    await migrate(empty_database_url)
    db = Database.open(empty_database_url)

    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, metadata))

    async with db.write() as tx:
        assert await tx.run_sync(differences) == []
    assert await _tables(db) == {*metadata.tables, "alembic_version"}
    async with db.read() as tx:
        found = await tx.execute(text("SELECT version_num FROM alembic_version"))
        assert found.scalar_one() == VERSION
    await db.migrate()
    await db.close()


def test_tables_of_the_newest_version_need_no_tool_to_change_them(sqlite_url: str) -> None:
    script = (
        "import asyncio, sys, storage.database as d; asyncio.run(d.migrate(sys.argv[1]));"
        "assert 'alembic' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script, sqlite_url], cwd=ROOT, check=True)


async def test_the_steps_can_be_walked_back(empty_database_url: str) -> None:
    await migrate(empty_database_url)
    db = Database.open(empty_database_url)
    async with db.write() as tx:
        await tx.run_sync(lambda connection: command.downgrade(alembic_config(connection), "base"))
    assert await _tables(db) == {"alembic_version"}
    await db.close()


async def test_what_was_kept_before_a_step_is_there_after_it(empty_database_url: str) -> None:
    """A message of the first tables, an unsent one, goes through the later steps."""
    db = Database.open(empty_database_url)
    async with db.write() as tx:
        await tx.run_sync(lambda connection: command.upgrade(alembic_config(connection), "0001"))
        await tx.execute(
            text(
                "INSERT INTO outbox (conversation, channel, address, body, state, attempts, "
                "created, expires) VALUES ('p1', 'telegram', 'x', '{\"text\": \"a\"}', 'pending', "
                "0, '2026-11-23 17:30:00.000000', '2026-11-23 17:45:00.000000')"
            ).execution_options(no_parameters=True)
        )
    await db.migrate()
    async with db.read() as tx:
        row = (await tx.execute(select(outbox))).one()
    assert (row.body, row.state, row.once, row.followed) == ({"text": "a"}, "pending", False, False)
    await db.close()


async def test_processes_may_migrate_at_once(empty_database_url: str) -> None:
    script = "import asyncio, sys, storage.database as d; asyncio.run(d.migrate(sys.argv[1]))"
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", script, empty_database_url, cwd=ROOT, stderr=subprocess.PIPE
        )
        for _ in range(3)
    ]
    said = [await process.communicate() for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], said
    db = Database.open(empty_database_url)
    assert "outbox" in await _tables(db)
    await db.close()


async def test_a_file_gets_its_folder_and_may_be_read_while_written(tmp_path: Path) -> None:
    db = Database.open(f"sqlite:///{tmp_path}/new/folder/bot.db")
    assert await db.ping()
    async with db.write() as tx, db.read() as reader:
        assert (await reader.execute(text("PRAGMA journal_mode"))).scalar_one() == "wal"
        assert (await tx.execute(text("PRAGMA synchronous"))).scalar_one() == 1
        assert (await tx.execute(text("PRAGMA foreign_keys"))).scalar_one() == 1
    await db.close()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("n’importe quoi", "mal écrite"),
        ("postgresql://bot:hunter2@host:port/name", "mal écrite"),
        ("mysql://bot:hunter2@host/name", "« mysql »"),
        ("sqlite://", "fichier"),
        ("sqlite:///bot.db?foo=hunter2", "« foo »"),
        ("postgresql://bot@host/name?foo=hunter2", "« foo »"),
        ("sqlite:////proc/nowhere/bot.db", "dossier"),
    ],
)
def test_an_address_that_cannot_be_is_said_so_without_its_password(url: str, words: str) -> None:
    with pytest.raises(DatabaseProblem, match=words) as problem:
        Database.open(url)
    assert "hunter2" not in str(problem.value)


async def test_a_database_of_a_newer_version_is_said_so(database_url: str) -> None:
    db = Database.open(database_url)
    async with db.write() as tx:
        await tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseProblem, match="plus récente"):
        await db.migrate()
    await db.close()


async def test_a_server_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    db = Database.open(f"postgresql://bot:hunter2@/name?host={tmp_path}")
    assert not await db.ping()
    with pytest.raises(DatabaseProblem, match="La base de données n’est pas utilisable") as problem:
        await db.migrate()
    assert "hunter2" not in str(problem.value)
    await db.close()


async def test_what_people_say_is_not_in_errors(db: Database) -> None:
    row = {"key": "canari@example.fr", "at": datetime(2026, 11, 23, tzinfo=UTC)}
    with pytest.raises(Refused, match="seen") as twice:
        async with db.write() as tx:
            await tx.execute(seen.insert(), [row, row])
    with pytest.raises((Refused, DatabaseProblem)) as wrong:
        async with db.write() as tx:
            await tx.execute(text("INSERT INTO rates VALUES (:key, :free_at)"), _CANARY)
    for error in (twice, wrong):
        assert "canari" not in "".join(traceback.format_exception(error.value))


_CANARY = {"key": "k", "free_at": ["canari@example.fr"]}


async def test_a_server_that_restarts_is_lost_then_found_again() -> None:
    server = servers.start_postgres()
    db = Database.open(server.url)
    try:
        assert await db.ping()
        server.kill()
        with pytest.raises(DatabaseProblem):
            async with db.write() as tx:
                await tx.execute(text("SELECT 1"))
        assert not await db.ping()
        server = servers.restart(server)
        assert await db.ping()
    finally:
        await db.close()
        server.stop()


async def test_writers_of_several_processes_lose_nothing(database_url: str) -> None:
    """Two ``Database`` objects stand for two processes: only the database itself orders them."""
    both = [Database.open(database_url), Database.open(database_url)]
    async with both[0].write() as tx:
        await tx.execute(rates.insert(), {"key": "n", "free_at": 0})

    async def add_one(db: Database) -> None:
        async with db.write() as tx:
            lock = select(rates.c.free_at).with_for_update()
            n = (await tx.execute(lock)).scalar_one()
            await tx.execute(update(rates).values(free_at=n + 1))

    await asyncio.gather(*(add_one(both[n % 2]) for n in range(120)))
    async with both[0].read() as tx:
        assert (await tx.execute(select(rates.c.free_at))).scalar_one() == 120
    for db in both:
        await db.close()


async def test_a_write_that_waits_for_itself_ends(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.05)
    db = Database.open(sqlite_url)
    with pytest.raises(DatabaseProblem, match="une autre écriture"):
        async with db.write(), db.write():
            pass
    assert await db.ping()
    await db.close()


async def test_a_file_locked_by_another_process_is_said_so(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.05)
    holder, other = Database.open(sqlite_url), Database.open(sqlite_url)
    async with holder.write():
        with pytest.raises(DatabaseProblem, match="locked"):
            async with other.write():
                pass
    async with other.write() as tx:
        await tx.execute(text("DELETE FROM seen"))
    await holder.close()
    await other.close()

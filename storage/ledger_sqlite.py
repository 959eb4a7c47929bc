"""The ledger on SQLite: each batch is one transaction, here and now.

A transaction on a few rows costs less than waking a thread up for it. What may take long has one
all the same: waiting for another process that writes, and bringing the log into the file, where
the disk is waited for.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, TypeVar

import structlog

from storage import database, deeds_sqlite
from storage.conversations import Stale, Stored
from storage.database import Database, DatabaseProblem, Refused
from storage.left import PRESS_AGAIN, Kept, Left, Mark, Turn, aware
from storage.outbox import Waiting

Result = TypeVar("Result")

CHECKPOINT_EVERY = 250
"""Transactions, about 1,000 pages of the log: SQLite's own measure."""

logger = structlog.get_logger(__name__)


class Busy(DatabaseProblem):
    """Somebody else is writing; nothing was done."""


class SqliteBooks:
    """What an owner writes."""

    def __init__(self, db: Database, owner: str) -> None:
        self._db = db
        self._owner = owner
        self._thread = _thread()
        self._writer: sqlite3.Connection | None = None
        self._reader: sqlite3.Connection | None = None
        self._patience = 0.0
        self._written = 0
        self._checkpoint: asyncio.Task[None] | None = None

    async def load(self, ids: list[str]) -> Sequence[Stored | None]:
        """Here and now: a few rows by their key cost less than waking a thread up.

        Nobody who writes stops a reader; a file being repaired does, and then a thread waits.
        """
        try:
            return self._load(ids, 0)
        except DatabaseProblem:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._thread, self._load, ids, database.BUSY_SECONDS)

    async def keep(self, turns: list[Turn]) -> Sequence[Kept | Exception]:
        def work(connection: sqlite3.Connection) -> Sequence[Kept | Exception]:
            counts: Counter[tuple[str, str, str]] = Counter()
            outcomes = [_keep(connection, turn, self._owner, counts) for turn in turns]
            connection.executemany(_COUNT, sorted((*key, n) for key, n in counts.items()))
            return outcomes

        return await self._write(work)

    async def settle(self, marks: list[Mark]) -> Sequence[list[Waiting]]:
        def work(connection: sqlite3.Connection) -> Sequence[list[Waiting]]:
            return [_settle(connection, mark, self._owner) for mark in marks]

        return await self._write(work)

    async def close(self) -> None:
        """As the other connections of a database, they open again when they are used again."""
        if self._checkpoint is not None:
            await asyncio.wait([self._checkpoint])
        thread, self._thread = self._thread, _thread()
        await asyncio.get_running_loop().run_in_executor(thread, self._close)
        thread.shutdown()

    def _close(self) -> None:
        for connection in (self._writer, self._reader):
            if connection is not None:
                connection.close()
        self._writer = self._reader = None

    def _load(self, ids: list[str], seconds: float) -> list[Stored | None]:
        try:
            if self._reader is None:
                self._reader = self._connected(seconds)
            self._reader.execute(f"PRAGMA busy_timeout = {int(seconds * 1000)}")
            return [_stored(self._reader.execute(_LOAD, (id,)).fetchone()) for id in ids]
        except sqlite3.Error as error:
            raise _problem(error) from None

    async def _write(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        async with self._db.turn():
            try:
                result = self._transaction(work, 0)
            except Busy:
                loop, most = asyncio.get_running_loop(), database.BUSY_SECONDS
                result = await loop.run_in_executor(self._thread, self._transaction, work, most)
        self._written += 1
        if self._written >= CHECKPOINT_EVERY and self._checkpoint is None:
            self._written = 0
            self._checkpoint = asyncio.create_task(self._check_in())
        return result

    def _transaction(self, work: Callable[[sqlite3.Connection], Result], seconds: float) -> Result:
        """One that takes the lock first: one that starts by reading would lose updates.

        Raises :class:`Busy` when the lock cannot be had within ``seconds``.
        """
        try:
            writer = self._writing(seconds)
        except sqlite3.Error as error:
            raise _problem(error) from None
        try:
            with writer:  # committed at the exit, undone by an exception
                return work(writer)
        except (sqlite3.Error, OverflowError, UnicodeEncodeError) as error:
            raise _problem(error) from None

    def _writing(self, seconds: float) -> sqlite3.Connection:
        if self._writer is None:
            self._writer = self._connected(seconds)
            self._writer.execute("PRAGMA wal_autocheckpoint = 0")
            self._patience = seconds
        if seconds != self._patience:
            self._writer.execute(f"PRAGMA busy_timeout = {int(seconds * 1000)}")
            self._patience = seconds
        self._writer.execute("BEGIN IMMEDIATE")
        return self._writer

    async def _check_in(self) -> None:
        """Nobody writes meanwhile: a log that grows at the same time is never begun again."""
        loop = asyncio.get_running_loop()
        try:
            async with self._db.turn():
                await loop.run_in_executor(self._thread, self._bring_in)
        except (sqlite3.Error, DatabaseProblem) as error:
            # The log only grows meanwhile: the next one may well succeed.
            logger.warning("checkpoint_failed", error=type(error).__name__)
        finally:
            self._checkpoint = None

    def _bring_in(self) -> None:
        """The log into the file, as far as nobody reads it."""
        connection = self._connected(0)
        try:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        finally:
            connection.close()

    def _connected(self, seconds: float) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._db.file or "",
            timeout=seconds,
            isolation_level=None,  # the driver opens no transaction of its own
            check_same_thread=False,  # never two threads at once: the lanes see to it
        )
        for pragma in database.PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        return connection


def _thread() -> ThreadPoolExecutor:
    """Started when it is first used."""
    return ThreadPoolExecutor(1, thread_name_prefix="ledger")


_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def _problem(error: Exception) -> DatabaseProblem | Refused:
    """Without the cause, which may repeat the values."""
    if isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode & 0xFF in _BUSY:
        return Busy(str(error))
    if isinstance(error, sqlite3.IntegrityError):
        return Refused(str(error))
    if isinstance(error, sqlite3.Error) and not isinstance(error, sqlite3.DataError):
        return DatabaseProblem(str(error))
    return Refused("une valeur n’est pas du bon type.")


def _keep(
    connection: sqlite3.Connection,
    turn: Turn,
    owner: str,
    counts: Counter[tuple[str, str, str]],
) -> Kept | Exception:
    left, now = turn.left, _moment(turn.now)
    if connection.execute(_SEEN, (left.update, "")).fetchone():
        connection.execute(_AGAIN, (now, turn.pressed))
        return Kept(False, [], False)
    since = _moment(turn.now - PRESS_AGAIN)
    if left.press and connection.execute(_SEEN, (turn.pressed, since)).fetchone():
        connection.execute(_MARK, (left.update, now))
        return Kept(False, [], False)
    if not _fence(connection, turn, now):
        return Stale()
    for key in filter(None, (left.update, turn.press)):
        connection.execute(_MARK, (key, now))
    counts.update((name, label, left.day.isoformat()) for name, label in left.counts)
    _note_applications(connection, left, now)
    if turn.deeds:
        counts.update(turn.deeds.counts)
        deeds_sqlite.do(connection, left.conversation, turn.deeds, now)
    return _say(connection, turn, owner, now)


def _fence(connection: sqlite3.Connection, turn: Turn, now: str) -> bool:
    left = turn.left
    if turn.state is None:
        version = connection.execute(_VERSION, (left.conversation,)).fetchone()
        if (version[0] if version else 0) != left.version:
            return False
        connection.execute("DELETE FROM outbox WHERE conversation = ?", (left.conversation,))
        connection.execute("DELETE FROM applications WHERE person = ?", (left.conversation,))
        deeds_sqlite.forget(connection, left.conversation)
        connection.execute("DELETE FROM conversations WHERE id = ?", (left.conversation,))
        return True
    until = _moment(left.kept_until)
    values = (left.channel, left.address, turn.state, now, until, left.conversation)
    if left.version == 0:
        return connection.execute(_ADD, values).rowcount == 1
    return connection.execute(_CHANGE, (*values, left.version)).rowcount == 1


def _note_applications(connection: sqlite3.Connection, left: Left, now: str) -> None:
    person = left.conversation
    if one := left.decided:
        connection.execute(_DECIDE, (person, one.offer, one.recruiter, now))
    if end := left.settled:
        connection.execute(_END, (end.state, end.reason, now, person, end.offer))


def _say(connection: sqlite3.Connection, turn: Turn, owner: str, now: str) -> Kept:
    left = turn.left
    claimed = bool(
        left.lease is not None
        and turn.bodies
        and not connection.execute(_OLDER, (left.conversation, now, now)).fetchone()
    )
    until = _moment(turn.now + left.lease) if claimed and left.lease is not None else None
    state, attempts, holder = ("claimed", 1, owner) if claimed else ("pending", 0, None)
    ids = []
    for body in turn.bodies:
        values = (
            left.conversation, left.channel, left.address, body, state, attempts, holder, until,
            now, _moment(left.expires), left.once,
        )  # fmt: skip
        ids.append(connection.execute(_SAY, values).lastrowid or 0)
    return turn.kept(ids, claimed=claimed)


def _settle(connection: sqlite3.Connection, mark: Mark, owner: str) -> list[Waiting]:
    now = _moment(mark.now)
    if mark.state in {"pending", "later"}:
        due = mark.not_before and _moment(mark.not_before)
        connection.execute(_PUT_OFF, (mark.state, due, mark.state == "later", mark.id, owner))
        return []
    if connection.execute(_OVER, (mark.state, now, mark.id, owner)).rowcount == 0:
        return []
    until = _moment(mark.now + mark.lease)
    claimed = []
    for row in connection.execute(_OPEN, (now, now, mark.conversation, now, now)).fetchall():
        *message, free = row
        if not free:
            break
        connection.execute(_CLAIM, (owner, until, message[0]))
        claimed.append(_waiting(message))
    return claimed


def _stored(row: tuple[Any, ...] | None) -> Stored | None:
    if row is None:
        return None
    id, version, state, updated, expires = row
    return Stored(id, version, json.loads(state), _read(updated), _read(expires))


def _waiting(row: list[Any]) -> Waiting:
    id, conversation, channel, address, body, attempts, created, once = row
    return Waiting(
        id, conversation, channel, address, json.loads(body), attempts + 1, _read(created),
        bool(once),
    )  # fmt: skip


def _moment(value: datetime) -> str:
    """As SQLAlchemy writes it in the same tables."""
    return aware(value).astimezone(UTC).isoformat(" ", "microseconds").removesuffix("+00:00")


def _read(value: str) -> datetime:
    return datetime.fromisoformat(value).replace(tzinfo=UTC)


_LOAD = "SELECT id, version, state, updated, expires FROM conversations WHERE id = ?"
_VERSION = "SELECT version FROM conversations WHERE id = ?"
_SEEN = "SELECT 1 FROM seen WHERE key = ? AND at > ?"
_MARK = """
INSERT INTO seen (key, at) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET at = excluded.at
"""
# A press that is brought again was not yet confirmed: the same, sent meanwhile, comes behind it.
_AGAIN = "UPDATE seen SET at = max(at, ?) WHERE key = ?"
_ADD = """
INSERT INTO conversations (channel, address, state, updated, expires, id, version)
VALUES (?, ?, ?, ?, ?, ?, 1)
ON CONFLICT DO NOTHING
"""
_CHANGE = """
UPDATE conversations SET channel = ?, address = ?, state = ?, updated = ?, expires = ?,
version = version + 1
WHERE id = ? AND version = ?
"""
_OLDER = """
SELECT 1 FROM outbox WHERE conversation = ? AND settled IS NULL
AND (expires > ? OR (state = 'claimed' AND leased_until > ?)) LIMIT 1
"""
_SAY = """
INSERT INTO outbox (conversation, channel, address, body, state, attempts, owner, leased_until,
created, expires, once) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_DECIDE = """
INSERT INTO applications (person, offer, recruiter, state, created)
VALUES (?, ?, ?, 'sending', ?)
ON CONFLICT (person, offer) DO UPDATE SET recruiter = excluded.recruiter, state = 'sending',
reason = NULL, created = excluded.created, begun = NULL, settled = NULL
WHERE state = 'refused'
"""
_END = """
UPDATE applications SET state = ?, reason = ?, settled = ?
WHERE person = ? AND offer = ? AND state = 'sending'
"""
_COUNT = """
INSERT INTO counters (name, label, day, n) VALUES (?, ?, ?, ?)
ON CONFLICT (name, label, day) DO UPDATE SET n = n + excluded.n
"""
_PUT_OFF = """
UPDATE outbox SET state = ?, not_before = ?, attempts = attempts - ?, owner = NULL,
leased_until = NULL WHERE id = ? AND owner = ? AND state = 'claimed'
"""
_OVER = """
UPDATE outbox SET state = ?, settled = ?, body = NULL, address = '',
conversation = CASE WHEN once THEN '' ELSE conversation END, owner = NULL, leased_until = NULL
WHERE id = ? AND owner = ? AND state = 'claimed'
"""
_OPEN = """
SELECT id, conversation, channel, address, body, attempts, created, once, CASE state
  WHEN 'claimed' THEN leased_until <= ? AND NOT once ELSE coalesce(not_before <= ?, 1) END
FROM outbox WHERE conversation = ? AND settled IS NULL
AND (expires > ? OR (state = 'claimed' AND leased_until > ?)) ORDER BY id
"""
_CLAIM = """
UPDATE outbox SET state = 'claimed', owner = ?, leased_until = ?, attempts = attempts + 1
WHERE id = ?
"""

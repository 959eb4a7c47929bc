"""The database: its engine, its transactions, its migrations."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial, wraps
from inspect import signature
from pathlib import Path
from typing import Any, ParamSpec, Self, TypeAlias, TypeVar

from sqlalchemy import URL, Connection, event, make_url, text
from sqlalchemy.exc import (
    ArgumentError,
    DataError,
    DBAPIError,
    IntegrityError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

Given = ParamSpec("Given")
Result = TypeVar("Result")

Transaction: TypeAlias = AsyncConnection
"""What :meth:`Database.write` hands out; opaque outside this room."""

CONNECT_SECONDS = 5.0
COMMAND_SECONDS = 15.0
BUSY_SECONDS = 10.0
"""How long a writer of SQLite waits for another one."""

PRAGMAS = ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "secure_delete=ON")
"""How SQLite is set, on every connection; what is erased leaves no trace in the file."""

MIGRATING = 0x636D61
FURNISHING = 0x636D62
NOTICING = 0x636D63
"""Advisory locks of PostgreSQL, for :meth:`Database.alone`."""

_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
    "postgresql+asyncpg": "postgresql+asyncpg",
}

VERSION = "0007"
"""Of the tables this code knows: the newest step of ``migrations``."""


class DatabaseProblem(Exception):
    """La base de données n’est pas utilisable"""

    def __init__(self, detail: str) -> None:
        super().__init__(f"{self.__doc__} : {detail}")


class Refused(Exception):
    """La base de données refuse cette écriture"""

    def __init__(self, detail: str) -> None:
        super().__init__(f"{self.__doc__} : {detail}")


class Database:
    """Transactions over SQLite (a file) or PostgreSQL, with the same tables.

    Whatever keeps the database from answering is a :class:`DatabaseProblem`, a row it does not
    take is :class:`Refused`; neither repeats the values. On SQLite the writers
    of this process wait for one another in the order they came; those of other processes, for
    ``BUSY_SECONDS`` at most.
    """

    def __init__(self, writer: AsyncEngine, reader: AsyncEngine) -> None:
        self._writer = writer
        self._reader = reader
        self._sqlite = writer.dialect.name == "sqlite"
        self._one_writer = asyncio.BoundedSemaphore(1)
        self._closing: list[Callable[[], Awaitable[None]]] = []

    @classmethod
    def open(cls, url: str) -> Self:
        """Nothing is connected yet: ``sqlite:///file`` or ``postgresql://user:secret@host/name``.

        The folder of an SQLite file is made. Raises :class:`DatabaseProblem` for another address.
        """
        address = _address(url)
        if address.drivername.startswith("sqlite"):
            return cls(_sqlite_writer(address), _sqlite_reader(address))
        engine = _postgresql(address)
        return cls(engine, engine.execution_options(isolation_level="AUTOCOMMIT"))

    async def migrate(self) -> None:
        """Bring the tables to the newest version; several processes may do it at once."""
        if await self._version() == VERSION:
            return
        from storage.upgrade import TooNew, upgrade

        async with self.write() as tx:
            await self.alone(tx, MIGRATING)
            try:
                await tx.run_sync(upgrade)
            except TooNew as error:
                raise DatabaseProblem(
                    "elle a été mise à jour par une version plus récente du robot."
                ) from error

    async def _version(self) -> str | None:
        """Of the tables, ``None`` when there are none yet."""
        try:
            async with self.read() as tx:
                found = await tx.execute(text("SELECT version_num FROM alembic_version"))
                return found.scalar_one_or_none()
        except DatabaseProblem as problem:
            if isinstance(problem.__cause__, DBAPIError):
                return None
            raise

    async def alone(self, tx: Transaction, key: int) -> None:
        """Until the transaction ends, no other process passes here with the same key.

        On SQLite a writer is alone already.
        """
        if not self._sqlite:
            await tx.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Transaction]:
        """One transaction, committed at the exit, undone by an exception."""
        async with self.turn():
            with problems():
                async with self._writer.begin() as tx:
                    yield tx

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Transaction]:
        """For reading alone: each statement sees what is committed when it starts."""
        with problems():
            async with self._reader.connect() as tx:
                yield tx

    async def ping(self) -> bool:
        """Whether the database answers."""
        try:
            async with self.read() as tx:
                await tx.execute(text("SELECT 1"))
        except DatabaseProblem:
            return False
        return True

    async def close(self) -> None:
        for close in self._closing:
            await close()
        await self._reader.dispose()
        await self._writer.dispose()

    def on_close(self, close: Callable[[], Awaitable[None]]) -> None:
        """Whoever holds a connection of its own lets it go when the database is closed."""
        self._closing.append(close)

    @property
    def file(self) -> str | None:
        """SQLite's file; ``None`` on PostgreSQL."""
        return self._writer.url.database if self._sqlite else None

    async def connection(self) -> AsyncConnection:
        """One to keep, on PostgreSQL: its holder closes it."""
        with problems():
            return await self._writer.connect()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """On SQLite, the writers of this process one after the other."""
        if not self._sqlite:
            yield
            return
        await self._take_turn()
        try:
            yield
        finally:
            self._one_writer.release()

    async def _take_turn(self) -> None:
        if not self._one_writer.locked():  # nobody waits either
            await self._one_writer.acquire()
            return
        try:
            async with asyncio.timeout(BUSY_SECONDS):
                await self._one_writer.acquire()
        except TimeoutError as error:
            raise DatabaseProblem("une autre écriture dure trop longtemps.") from error


def unbroken(
    work: Callable[Given, Coroutine[Any, Any, Result]],
) -> Callable[Given, Coroutine[Any, Any, Result]]:
    """A write that goes on to its end when whoever asked for it is cancelled meanwhile.

    Cut short within a transaction, SQLAlchemy lets go of an SQLite connection that goes on holding
    the lock: nobody could write any more.
    """

    @wraps(work)
    async def whole(*args: Given.args, **kwargs: Given.kwargs) -> Result:
        task = asyncio.create_task(work(*args, **kwargs))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            await asyncio.wait({task})
            if not task.cancelled():
                task.exception()  # seen: nobody waits for it
            raise

    return whole


async def migrate(url: str) -> None:
    """Bring the tables of a database to the newest version."""
    database = Database.open(url)
    try:
        await database.migrate()
    finally:
        await database.close()


def _address(url: str) -> URL:
    try:
        address = make_url(url)
    except (ArgumentError, ValueError) as error:
        # The address is not repeated: it may hold a password.
        raise DatabaseProblem("son adresse est mal écrite.") from error
    driver = _DRIVERS.get(address.drivername)
    if driver is None:
        raise DatabaseProblem(
            f"« {address.drivername} » n’est ni sqlite+aiosqlite ni postgresql+asyncpg."
        )
    if unknown := set(address.query) - _options(driver):
        raise DatabaseProblem(f"son adresse a une option inconnue : « {min(unknown)} ».")
    return address.set(drivername=driver)


def _options(driver: str) -> set[str]:
    """What may stand after the « ? » of an address: what its driver takes."""
    if driver == "sqlite+aiosqlite":
        return set()
    import asyncpg  # 3 MiB, for who has a PostgreSQL

    return {*signature(asyncpg.connect).parameters, "prepared_statement_cache_size"}


@contextmanager
def problems() -> Iterator[None]:
    """Tell what the database answers in our own words."""
    try:
        yield
    except DBAPIError as error:
        # Without the cause: PostgreSQL and its driver repeat in it the values of the row.
        if isinstance(error, IntegrityError):
            raise Refused(_first_line(error)) from None
        # SQLSTATE class 22, « data exception », which the driver does not always call DataError.
        state = getattr(error.orig, "sqlstate", None) or ""
        if isinstance(error, DataError) or state.startswith("22"):
            raise Refused("une valeur n’est pas du bon type.") from None
        raise DatabaseProblem(_reason(error)) from error
    except (PoolTimeout, OSError) as error:
        raise DatabaseProblem(_reason(error)) from error


def _reason(error: Exception) -> str:
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, PoolTimeout | TimeoutError):
        return "elle n’a pas répondu à temps."
    return _first_line(error)


def _first_line(error: Exception) -> str:
    cause = error.orig if isinstance(error, DBAPIError) else error
    return str(cause).partition("\n")[0] or type(cause).__name__


_ENGINE: dict[str, Any] = {
    "hide_parameters": True,
    "pool_timeout": BUSY_SECONDS,
    "json_serializer": partial(json.dumps, ensure_ascii=False, separators=(",", ":")),
}


def _postgresql(address: URL) -> AsyncEngine:
    return create_async_engine(
        address,
        connect_args={"timeout": CONNECT_SECONDS, "command_timeout": COMMAND_SECONDS},
        pool_pre_ping=True,
        pool_size=10,
        skip_autocommit_rollback=True,
        **_ENGINE,
    )


def _sqlite_writer(address: URL) -> AsyncEngine:
    engine = _sqlite(address, pool_size=1, max_overflow=0)
    event.listen(engine.sync_engine, "begin", _begin_immediate)
    return engine


def _sqlite_reader(address: URL) -> AsyncEngine:
    """Without transactions: each of their statements is one more change of thread."""
    return _sqlite(address, skip_autocommit_rollback=True)


def _sqlite(address: URL, **options: Any) -> AsyncEngine:
    file = address.database
    if not file or file == ":memory:":
        raise DatabaseProblem("SQLite a besoin d’un fichier, par exemple sqlite:///var/bot.db.")
    try:
        Path(file).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatabaseProblem(f"le dossier de {file} ne peut pas être créé.") from error
    options |= {"connect_args": {"timeout": BUSY_SECONDS}}
    engine = create_async_engine(address, **options, **_ENGINE)
    event.listen(engine.sync_engine, "connect", _prepare)
    return engine


def _prepare(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver opens no transaction of its own
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_immediate(connection: Connection) -> None:
    # A transaction that starts by reading and goes on writing loses updates: take the lock first.
    connection.exec_driver_sql("BEGIN IMMEDIATE")

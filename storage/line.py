"""One connection to PostgreSQL kept open, where a question is one round trip."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import asyncpg
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import database
from storage.database import Database, DatabaseProblem, Refused
from storage.lanes import Undone


class Lost(DatabaseProblem):
    """The connection broke; whether the statement took effect is not known."""


class Line:
    """Statements one at a time, each committed by itself; a lost connection is made again.

    Each has the time limit of every command of this database.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._held: AsyncConnection | None = None
        self._driver: Any = None

    async def fetch(self, sql: str, *values: object) -> Sequence[Mapping[str, Any]]:
        """Raises :class:`Lost`, :class:`Undone`, :class:`Refused` or ``DatabaseProblem``."""
        try:
            driver = await self._connected()
            rows: Sequence[Mapping[str, Any]] = await driver.fetch(sql, *values)
        except BaseException as error:  # a cancellation too: an answer may be on its way
            problem = _problem(error)
            if problem is None or type(problem) in {Lost, DatabaseProblem}:
                await self.close()
            if problem is None:
                raise
            # Without the cause: PostgreSQL and its driver repeat in it the values of the row.
            raise problem from None
        return rows

    async def fetch_surely(self, sql: str, *values: object) -> Sequence[Mapping[str, Any]]:
        """Twice when the connection breaks, the last value saying which time it is.

        The first time may have been committed, and its answer alone be lost.
        """
        try:
            return await self.fetch(sql, *values, False)
        except Lost:
            return await self.fetch(sql, *values, True)

    async def close(self) -> None:
        """End the connection; what it was asked meanwhile is ended with it."""
        held, self._held = self._held, None
        if held is None:
            return
        self._driver.terminate()
        with suppress(SQLAlchemyError, OSError):
            await held.invalidate()
            await held.close()

    async def _connected(self) -> Any:
        if self._held is not None and self._driver.is_closed():
            await self.close()  # the server went while nobody asked anything
        if self._held is None:
            held = await self._db.connection()
            driver: Any = (await held.get_raw_connection()).driver_connection
            self._held, self._driver = held, driver
            await driver.execute(_settings())
        return self._driver


def _settings() -> str:
    """Few statements, always the same, on a few rows found by their keys.

    Planning one again costs five times what it does, and a plan made while a table was small must
    hold when it has grown. The server gives up before we do: what takes too long is undone.
    """
    return f"""
        SET plan_cache_mode = force_generic_plan;
        SET jit = off;
        SET enable_seqscan = off;
        SET enable_hashjoin = off;
        SET enable_mergejoin = off;
        SET statement_timeout = {int(database.COMMAND_SECONDS * 900)};
    """


def _problem(error: BaseException) -> DatabaseProblem | Refused | None:
    """What the driver says, in our words; ``None`` for what is not its to say."""
    if isinstance(error, TimeoutError):
        return DatabaseProblem("elle n’a pas répondu à temps.")
    if isinstance(error, asyncpg.PostgresError):
        return _said(error.sqlstate or "", str(error).partition("\n")[0])
    if isinstance(error, asyncpg.InterfaceError) and isinstance(error, ValueError):
        return Refused("une valeur n’est pas du bon type.")
    if isinstance(error, OSError | asyncpg.InterfaceError | asyncpg.InternalClientError):
        return Lost("la connexion est rompue.")
    return None


def _said(state: str, words: str) -> DatabaseProblem | Refused:
    if state in {"40001", "40P01", "23505"}:
        return Undone("une autre écriture l’a interrompue.")
    if state.startswith("22"):
        return Refused("une valeur n’est pas du bon type.")
    if state.startswith("23"):
        return Refused(words)
    if state == "57014":
        return DatabaseProblem("elle n’a pas répondu à temps.")
    if state.startswith("08") or state in {"57P01", "57P02", "57P03"}:
        return Lost("la connexion est rompue.")
    return DatabaseProblem(words)

"""One connection to Redis for every question of a process: sent at once, answered in order."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from typing import Any

from redis.asyncio import Connection, Redis
from redis.exceptions import RedisError, ResponseError


class Wire:
    """Questions leave as they come, and Redis answers them in that order.

    Whoever stops waiting for an answer takes nothing back: what they ask next comes after it. A
    wire that broke stays broken, and so does one on which an answer is later than ``patience``.
    """

    def __init__(self, connection: Connection, patience: float) -> None:
        self._connection = connection
        self._patience = patience
        self._asked: deque[tuple[float, asyncio.Future[Any]]] = deque()
        self._watch: asyncio.TimerHandle | None = None
        self._lost: Exception | None = None
        self._reader = asyncio.create_task(self._read())

    @classmethod
    async def open(cls, client: Redis, patience: float) -> Wire:
        connection = client.connection_pool.make_connection()  # type: ignore[no-untyped-call]
        try:
            async with asyncio.timeout(patience):
                await connection.connect()
        except BaseException:  # a cancellation too: it may be half open
            await connection.disconnect(nowait=True)
            raise
        return cls(connection, patience)

    @property
    def broken(self) -> bool:
        return self._lost is not None

    async def ask(self, *command: str | float) -> Any:
        if self._lost is not None:
            raise self._lost
        if not self._connection.is_connected:  # it would connect again, and nobody would read
            raise ConnectionError("closed")
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Any] = loop.create_future()
        due = loop.time() + self._patience
        self._asked.append((due, answer))
        if self._watch is None:
            self._watch = loop.call_at(due, self._look)
        packed = self._connection.pack_command(*command)
        await self._connection.send_packed_command(packed, check_health=False)
        return await answer

    def _look(self) -> None:
        """One timer for all: is the oldest question still within its time?"""
        self._watch = None
        loop = asyncio.get_running_loop()
        if self._asked and (due := self._asked[0][0]) > loop.time():
            self._watch = loop.call_at(due, self._look)
        elif self._asked:
            self._break(TimeoutError("Redis does not answer"))
            self._reader.cancel()

    async def _read(self) -> None:
        try:
            while True:
                answer = error = None
                try:
                    answer = await self._connection.read_response()
                except ResponseError as refusal:
                    error = refusal
                _, asker = self._asked.popleft()
                if asker.done():  # gone meanwhile
                    continue
                if error:
                    asker.set_exception(error)
                else:
                    asker.set_result(answer)
        except (RedisError, OSError) as loss:
            self._break(loss)
        finally:
            self._break(ConnectionError("closed"))
            with suppress(RedisError, OSError):
                await self._connection.disconnect(nowait=True)

    def _break(self, loss: Exception) -> None:
        self._lost = self._lost or loss
        while self._asked:
            _, asker = self._asked.popleft()
            if not asker.done():
                asker.set_exception(self._lost)
                asker.exception()  # whoever failed to send it has left, and nobody else looks
        if self._watch:
            self._watch.cancel()
            self._watch = None

    async def close(self) -> None:
        self._reader.cancel()
        with suppress(asyncio.CancelledError):
            await self._reader
        self._break(ConnectionError("closed"))

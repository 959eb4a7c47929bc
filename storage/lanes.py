"""Calls that wait for the database together, and go to it together."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from storage.database import DatabaseProblem

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")

MOST = 64
"""The most calls in one batch."""

TRIES = 3
"""How often a call is tried alone when others undo it."""


class Undone(DatabaseProblem):
    """Another transaction was in the way, and the database undid ours: try again."""


class Lane(Generic[Asked, Answer]):
    """While a batch is under way, further calls wait; then they go together, in one batch.

    A call that finds nobody goes at once, alone. ``run`` answers each call of a batch, with an
    exception for those it refuses. When it raises because of what was asked, each is tried alone,
    so that it hurts whoever caused it. Calls that share a key never go in the same batch.
    A caller that is cancelled disturbs nobody: what it asked is dropped, unless it was under way.
    """

    def __init__(
        self,
        run: Callable[[list[Asked]], Awaitable[Sequence[Answer | Exception]]],
        keys: Callable[[Asked], set[str]] = lambda _: set(),
    ) -> None:
        self._run = run
        self._keys = keys
        self._waiting: deque[_Call[Asked, Answer]] = deque()
        self._going: asyncio.Task[None] | None = None

    async def ask(self, asked: Asked) -> Answer:
        loop = asyncio.get_running_loop()
        call: _Call[Asked, Answer] = _Call(asked, loop.create_future())
        self._waiting.append(call)
        if self._going is None:
            self._going = loop.create_task(self._go())
        return await call.answer

    async def close(self) -> None:
        """Wait for what is under way."""
        if self._going is not None:
            await asyncio.wait([self._going])

    async def _go(self) -> None:
        batch: list[_Call[Asked, Answer]] = []
        try:
            while batch := self._next():
                await self._together(batch)
        finally:
            self._going = None
            for call in (*batch, *self._waiting):  # left only when this very task is cancelled
                call.answer.cancel()
            self._waiting.clear()

    def _next(self) -> list[_Call[Asked, Answer]]:
        batch: list[_Call[Asked, Answer]] = []
        later: list[_Call[Asked, Answer]] = []
        taken: set[str] = set()
        while self._waiting and len(batch) < MOST:
            call = self._waiting.popleft()
            if call.answer.done():
                continue
            keys = self._keys(call.asked)
            (later if taken & keys else batch).append(call)
            taken |= keys  # those that wait hold their place before the next of the same key
        self._waiting.extendleft(reversed(later))
        return batch

    async def _together(self, batch: list[_Call[Asked, Answer]]) -> None:
        try:
            answers = await self._run([call.asked for call in batch])
        except Exception as error:  # noqa: BLE001 - whatever it is, the callers are told
            if isinstance(error, DatabaseProblem) and not isinstance(error, Undone):
                for call in batch:
                    call.tell(error)
            else:
                for call in batch:
                    await self._alone(call, error if len(batch) == 1 else None)
        else:
            for call, answer in zip(batch, answers, strict=True):
                call.tell(answer)

    async def _alone(self, call: _Call[Asked, Answer], error: Exception | None) -> None:
        """Again, or for the first time without the others; ``error`` is what it met already."""
        for _ in range(TRIES):
            if error is not None and not isinstance(error, Undone):
                break
            try:
                [answer] = await self._run([call.asked])
            except Exception as met:  # noqa: BLE001 - the same
                error = met
            else:
                call.tell(answer)
                return
        assert error is not None  # noqa: S101 - for mypy: the loop ran
        call.tell(error)


class _Call(Generic[Asked, Answer]):
    """One call, and who waits for its answer."""

    __slots__ = ("answer", "asked")

    def __init__(self, asked: Asked, answer: asyncio.Future[Answer]) -> None:
        self.asked = asked
        self.answer = answer

    def tell(self, answer: Answer | Exception) -> None:
        if self.answer.done():  # cancelled meanwhile
            return
        if isinstance(answer, Exception):
            self.answer.set_exception(answer)
        else:
            self.answer.set_result(answer)

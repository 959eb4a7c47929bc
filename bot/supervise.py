"""Loops that must not end by themselves: one that fails is noted and begins again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

import structlog

from bot.log import where

Result = TypeVar("Result")

AGAIN_SECONDS = 1.0
"""Before a loop that failed begins again."""

logger = structlog.get_logger(__name__)


async def stopped_within(stop: asyncio.Event, seconds: float) -> bool:
    """Wait until ``stop`` is set, ``seconds`` at most; whether it is."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()
    return stop.is_set()


async def unless_stopped(stop: asyncio.Event, work: Coroutine[Any, Any, Result]) -> Result | None:
    """What ``work`` returns; ``None`` when ``stop`` is set first, and ``work`` is cancelled."""
    task, stopping = asyncio.create_task(work), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() else None
    finally:
        stopping.cancel()
        if not task.done():
            task.cancel()
            await asyncio.wait({task})


async def keep_running(
    name: str, work: Callable[[asyncio.Event], Awaitable[None]], stop: asyncio.Event
) -> None:
    """Run ``work(stop)`` until it returns or ``stop`` is set; begin again after an error."""
    while not stop.is_set():
        try:
            await work(stop)
        except Exception as error:  # noqa: BLE001 - whatever it was, the service goes on
            logger.error("loop_failed", source=name, error=type(error).__name__, where=where(error))
            await stopped_within(stop, AGAIN_SECONDS)
        else:
            return

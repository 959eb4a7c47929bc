"""What is kept too long goes: conversations, marks of what was answered, unread answers,
what alerts found and sent."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from bot.assembly import Rooms

SEEN_FOR = timedelta(hours=48)
"""Longer than any network repeats an update."""

EVERY = timedelta(hours=1)

log = structlog.get_logger()


async def purge(rooms: Rooms) -> dict[str, int]:
    """How many rows went, by what they were."""
    now, turns = rooms.settings.now(), rooms.turns
    kept = timedelta(days=rooms.settings.keep_conversation_days)
    turns.forget_recent()
    return {
        "conversations": await turns.conversations.purge(now),
        "seen": await turns.seen.purge(now - SEEN_FOR),
        "outbox": await turns.outbox.purge(now),
        "applications": await turns.applications.purge(now - kept),
        "rates": await rooms.rate.purge(),
        **await rooms.alerting.purge(),
    }


async def purge_regularly(rooms: Rooms, stop: asyncio.Event) -> None:
    """Purge now, then every hour, until ``stop`` is set; a failure waits for the next hour."""
    while not stop.is_set():
        try:
            gone = await purge(rooms)
            log.info("purged", count=sum(gone.values()))
        except Exception as error:  # noqa: BLE001 - cleaning must never stop the service
            log.error("purge_failed", error=type(error).__name__)
        try:
            await asyncio.wait_for(stop.wait(), EVERY.total_seconds())
        except TimeoutError:
            continue

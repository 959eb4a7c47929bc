"""Asking Telegram for updates ourselves: one is confirmed only once its turn is committed."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Any

import structlog
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError

from bot.channels.telegram import NAME
from bot.channels.telegram.caller import Caller
from bot.channels.telegram.intake import COME_AGAIN, Intake
from bot.channels.telegram.updates import ALLOWED
from storage.locks import Locks

POLL_SECONDS = 25
"""How long Telegram keeps a question open when there is nothing new."""

LOOK_AGAIN_SECONDS = 0.25
"""While turns are under way, others may have written meanwhile."""

SOONEST_SECONDS = 0.05
"""The same once a turn has ended: people who write are seldom alone."""

CONFLICT_SECONDS = 5.0
"""Before asking again when another program reads the same bot's updates."""

PAUSE_SECONDS = 1.0
"""After an error, doubled up to a minute."""

LONGEST_PAUSE_SECONDS = 60.0

FINISH_SECONDS = 2.0
"""How long a stop waits for turns under way, then for Telegram to know what is done."""

MOST_UPDATES = 100
"""What Telegram tells at once: the oldest that are not confirmed."""

ROOM = MOST_UPDATES // 2
"""For how many new ones there must be place before it is worth asking at the end of a turn."""

logger = structlog.get_logger(__name__)


class Polling:
    """Reads the updates of one bot for one process; ``locks`` keeps the others from asking at the
    same time.

    The offset sent is the lowest number not yet committed: what is under way comes again with
    every answer, and is skipped.
    """

    def __init__(self, bot: Caller, intake: Intake, locks: Locks, name: str) -> None:
        self._bot = bot
        self._name = name
        self._intake = intake
        self._locks = locks
        self._under_way: dict[int, asyncio.Task[None]] = {}
        self._done: set[int] = set()
        self._next = 0
        """Everything below is committed."""
        self._confirmed = 0
        self._last_of: dict[object, asyncio.Task[None]] = {}
        self._ended = asyncio.Event()
        """A turn did, since we last looked."""

    async def run(self, stop: asyncio.Event) -> None:
        """Until ``stop`` is set; turns under way are then finished and confirmed."""
        stopping = asyncio.create_task(stop.wait())
        reading = asyncio.create_task(self._read_alone())
        try:
            await asyncio.wait({stopping, reading}, return_when=asyncio.FIRST_COMPLETED)
            if reading.done():
                reading.result()
        finally:
            stopping.cancel()
            reading.cancel()
            try:
                await asyncio.wait({reading})
                await self._finish()
            finally:
                for task in self._under_way.values():
                    task.cancel()

    async def _read_alone(self) -> None:
        while True:
            async with self._locks.hold(f"{self._name} polling"):
                await self._read_until_conflict()
            # Somebody who came while Redis was lost knows nothing of our lock: we both ask for it
            # again, and one of us waits.

    async def _read_until_conflict(self) -> None:
        pause = PAUSE_SECONDS
        while True:
            try:
                await self._once()
            except Conflict as error:
                if "webhook" not in error.message.lower():
                    logger.warning("polled_elsewhere", channel=NAME)
                    await asyncio.sleep(CONFLICT_SECONDS)
                    return
                await self._take_webhook_off()
                wait, pause = pause, min(pause * 2, LONGEST_PAUSE_SECONDS)
            except RetryAfter as error:
                after = error.retry_after
                wait = after.total_seconds() if isinstance(after, timedelta) else float(after)
            except InvalidToken:
                logger.error("token_refused", channel=NAME)
                wait = LONGEST_PAUSE_SECONDS
            except TelegramError as error:
                logger.warning("not_polled", channel=NAME, error=type(error).__name__)
                wait, pause = pause, min(pause * 2, LONGEST_PAUSE_SECONDS)
            else:
                pause = PAUSE_SECONDS
                await self._until_news()
                continue
            await asyncio.sleep(wait)  # whatever ends meanwhile

    async def _take_webhook_off(self) -> None:
        """Telegram tells nobody who asks as long as there is an address to bring updates to."""
        logger.warning("webhook_in_the_way", channel=NAME)
        try:
            await self._bot.call("deleteWebhook", {})
        except TelegramError as error:
            logger.warning("webhook_not_taken_off", channel=NAME, error=type(error).__name__)

    async def _once(self) -> None:
        """Ask once. Raises ``TelegramError``."""
        updates = await self._ask(POLL_SECONDS if not self._under_way else 0)
        if not updates and not self._under_way:
            self._next = 0  # all is confirmed; after a quiet week numbers may start again lower
        for update in updates:
            self._start(update)

    async def _ask(self, seconds: int) -> list[dict[str, Any]]:
        self._confirmed = self._next
        answer = await self._bot.call(
            "getUpdates",
            {
                "offset": self._next,
                "timeout": seconds,
                "limit": MOST_UPDATES,
                "allowed_updates": list(ALLOWED),
            },
            read_timeout=seconds + 10,
        )
        return [u for u in answer if isinstance(u, dict) and isinstance(u.get("update_id"), int)]

    async def _until_news(self) -> None:
        """Wait until Telegram may tell something new.

        That is soon while turns are under way, and at once when none is; but what is not confirmed
        comes again with every answer, and nothing else does once it fills one.
        """
        clock = asyncio.get_running_loop().time
        asked, pause = clock(), LOOK_AGAIN_SECONDS
        self._ended.clear()
        while self._under_way:
            room = MOST_UPDATES - len(self._under_way) - len(self._done)
            if self._ended.is_set() and room >= ROOM:
                pause = SOONEST_SECONDS
            left = asked + pause - clock() if room > 0 else None
            if left is not None and left <= 0:
                return
            self._ended.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._ended.wait()

    def _start(self, update: dict[str, Any]) -> None:
        number = update["update_id"]
        if number in self._under_way or number in self._done:
            return
        if not self._under_way and not self._done:
            self._next = number
        chat = _chat(update)
        task = asyncio.create_task(self._take(number, update, self._last_of.get(chat)))
        self._under_way[number] = self._last_of[chat] = task
        task.add_done_callback(lambda task: self._forget(chat, task))

    def _forget(self, chat: object, task: asyncio.Task[None]) -> None:
        if self._last_of.get(chat) is task:
            del self._last_of[chat]

    async def _take(
        self, number: int, update: dict[str, Any], before: asyncio.Task[None] | None
    ) -> None:
        """Take it in once the one before it in its chat is done, however often that one fails."""
        if before:
            await asyncio.wait({before})
        pause = PAUSE_SECONDS
        while True:
            try:
                await self._intake.take(update)
            except COME_AGAIN:
                logger.warning("update_put_off", channel=NAME)
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
            else:
                break
        self._done.add(number)
        del self._under_way[number]
        self._advance()
        self._ended.set()

    def _advance(self) -> None:
        lowest = min(self._under_way, default=max(self._done) + 1)
        self._next = max(self._next, lowest)
        self._done = {number for number in self._done if number >= self._next}

    async def _finish(self) -> None:
        if self._under_way:
            await asyncio.wait(self._under_way.values(), timeout=FINISH_SECONDS)
        left = list(self._under_way.values())
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left)
        if self._next > self._confirmed:
            try:
                async with asyncio.timeout(FINISH_SECONDS):
                    await self._ask(0)  # so that nobody is handed again what is done
            except (TelegramError, TimeoutError):
                logger.info("not_confirmed", channel=NAME)


def _chat(update: dict[str, Any]) -> object:
    """Where an update comes from; itself when it comes from no chat."""
    for kind in ("message", "edited_message", "callback_query", "my_chat_member"):
        part = _of(update, kind)
        chat = _of(part, "chat") or _of(_of(part, "message"), "chat")
        if isinstance(chat.get("id"), int):
            return chat["id"]
    return f"update {update['update_id']}"


def _of(holder: dict[str, Any], name: str) -> dict[str, Any]:
    part = holder.get(name)
    return part if isinstance(part, dict) else {}

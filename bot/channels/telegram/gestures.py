"""What is done at once and never again: acknowledging a press, typing, leaving a group."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import structlog
from telegram import InlineQueryResultArticle
from telegram import InputTextMessageContent as Words
from telegram.error import TelegramError

from bot.channels.telegram import NAME, deep_link
from bot.channels.telegram.caller import Caller
from bot.channels.telegram.layout import Markup
from bot.channels.telegram.updates import Press, Query
from bot.log import where
from dialogs.cards import offer_url
from dialogs.voice import Voice
from matching.model import Matcher, Unavailable

logger = structlog.get_logger(__name__)

INLINE_CACHE_SECONDS = 60

TYPING_FADES_SECONDS = 4.0
"""Telegram shows that we type for five seconds at most."""


class Gestures:
    """Calls outside the outbox; one that fails is noted and forgotten."""

    def __init__(
        self,
        bot: Caller,
        voice: Voice,
        matcher: Matcher,
        public_url: str,
        busy: Callable[[str, str], bool],
    ) -> None:
        """``busy`` says whether somebody of a network is being answered."""
        self._bot = bot
        self._busy = busy
        self._typing: dict[str, asyncio.Task[None]] = {}
        self._voice = voice
        self._matcher = matcher
        self._public_url = public_url
        self._under_way: set[asyncio.Task[None]] = set()
        self._leaving: set[int] = set()

    def acknowledge(self, press: Press) -> None:
        """Stop the phone's waiting sign, before anything else."""
        self._start("answerCallbackQuery", callback_query_id=press.id)

    def typing(self, address: str) -> None:
        """Until they are answered."""
        if address not in self._typing:
            task = self._typing[address] = self._run(self._type(address))
            task.add_done_callback(lambda _: self._typing.pop(address))

    def close_buttons(self, press: Press, keyboard: Markup) -> None:
        """What a press has settled can no longer be pressed."""
        if press.chat is not None:
            self._start(
                "editMessageReplyMarkup",
                chat_id=press.chat,
                message_id=press.message,
                reply_markup=keyboard,
            )

    def leave(self, group: int, name: str) -> None:
        """We talk to one person at a time: say so once, and go."""
        if group not in self._leaving:
            self._leaving.add(group)
            self._run(self._leave(group, name))

    def share(self, query: Query) -> None:
        """The offer that somebody sends to somebody else, as a message with its link."""
        self._run(self._share(query))

    async def drain(self, seconds: float) -> None:
        for task in self._typing.values():
            task.cancel()
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=seconds)
        for task in self._under_way:
            task.cancel()

    def _start(self, method: str, **call: Any) -> None:
        self._run(self._call(method, call))

    def _run(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(_noted(work))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return task

    async def _type(self, address: str) -> None:
        while self._busy(NAME, address):
            await self._call("sendChatAction", {"chat_id": int(address), "action": "typing"})
            await asyncio.sleep(TYPING_FADES_SECONDS)

    async def _call(self, method: str, call: dict[str, Any]) -> None:
        try:
            await self._bot.call(method, call)
        except TelegramError as error:  # « query is too old », « message is not modified »…
            logger.info("gesture_lost", channel=NAME, error=type(error).__name__)

    async def _leave(self, group: int, name: str) -> None:
        call: dict[str, Any] = {"chat_id": group, "text": self._voice.phrase("network_group")}
        if name:
            opener = {"text": self._voice.phrase("button_private"), "url": deep_link(name)}
            call["reply_markup"] = {"inline_keyboard": [[opener]]}
        try:
            await self._call("sendMessage", call)
            await self._call("leaveChat", {"chat_id": group})
        finally:
            self._leaving.discard(group)

    async def _share(self, query: Query) -> None:
        try:
            offer = await self._matcher.offer(query.text.strip()[:128])
        except Unavailable:
            offer = None
        results = []
        if offer and (url := offer_url(offer, self._public_url)):
            said = self._voice.phrase("network_share", title=offer.title)
            article = InlineQueryResultArticle(
                id="offer",
                title=offer.title,
                description=self._voice.phrase("network_inline_hint"),
                input_message_content=Words(f"{said}\n{url}"),
            )
            results = [article.to_dict()]
        await self._call(
            "answerInlineQuery",
            {"inline_query_id": query.id, "results": results, "cache_time": INLINE_CACHE_SECONDS},
        )


async def _noted(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except Exception as error:  # noqa: BLE001 - nothing depends on it
        logger.error("gesture_failed", channel=NAME, error=type(error).__name__, where=where(error))

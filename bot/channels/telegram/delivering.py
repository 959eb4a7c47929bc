"""One message to Telegram: as it is meant, or at least its words; and what its answer means."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import structlog
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    RetryAfter,
    TelegramError,
)

from bot.channels.telegram import NAME
from bot.channels.telegram.caller import Caller
from bot.channels.telegram.layout import Layout, Markup, Part, presses_only
from bot.channels.telegram.request import NeverSent
from bot.log import where
from dialogs.reply import SENT, Delivery, Reply

UNKNOWN_CHAT_TRIES = 3
LONGEST_WAIT = timedelta(minutes=1)

logger = structlog.get_logger(__name__)


class TelegramChannel:
    """Implements :class:`dialogs.reply.Channel`: for messages that answer nobody."""

    def __init__(self, bot: Caller, layout: Layout) -> None:
        self._bot = bot
        self._layout = layout

    async def send(
        self, address: str, replies: Sequence[Reply], *, attempts: int, quiet: bool = False
    ) -> Delivery:
        try:
            for number, part in enumerate(self._layout.parts(replies, address)):
                await send_part(self._bot, address, part, quiet=quiet or number > 0)
        except Exception as error:  # noqa: BLE001 - it is judged
            return failed(error, attempts, once=False)
        return SENT


async def send_part(bot: Caller, address: str, part: Part, *, quiet: bool = False) -> None:
    """As it is meant; else its words, with those of their buttons that may stay."""
    bare: dict[str, Any] = {"chat_id": int(address), "text": part.plain}
    if quiet:
        bare["disable_notification"] = True
    if not part.preview:
        bare["link_preview_options"] = {"is_disabled": True}
    call = {**bare, "text": part.html, "parse_mode": "HTML"}
    if part.keyboard is not None:
        call["reply_markup"] = part.keyboard
    try:
        await bot.call("sendMessage", call)
    except BadRequest as error:
        if _is_gone(error):
            raise
        # An address or a tag that Telegram does not take must not silence the words.
        logger.error("message_refused", channel=NAME)
        tags = "parse entities" in error.message.lower()
        keyboard = part.keyboard if tags else presses_only(part.keyboard)
        await _send_bare(bot, bare, keyboard)


async def _send_bare(bot: Caller, bare: dict[str, Any], keyboard: Markup | None) -> None:
    if keyboard is not None:
        try:
            await bot.call("sendMessage", {**bare, "reply_markup": keyboard})
            return
        except BadRequest as error:
            if _is_gone(error):
                raise
    await bot.call("sendMessage", bare)


def failed(error: Exception, attempts: int, *, once: bool) -> Delivery:
    """What became of a message whose sending ended so; it is noted, without its words."""
    if isinstance(error, TelegramError):
        delivery = judge(error, attempts, once=once)
        logger.warning(
            "not_sent", channel=NAME, error=type(error).__name__, state=delivery.state,
            attempt=attempts,
        )  # fmt: skip
        return delivery
    # It would fail again, and hold its chat back.
    logger.error("not_sendable", channel=NAME, error=type(error).__name__, where=where(error))
    return Delivery("refused")


def judge(error: TelegramError, attempts: int, *, once: bool) -> Delivery:
    """What an error says of a message sent for the ``attempts``-th time.

    ``once``: a message that may have arrived is not sent again.
    """
    match error:
        case RetryAfter():
            after = error.retry_after
            seconds = after if isinstance(after, timedelta) else timedelta(seconds=after)
            return Delivery("later", seconds, everywhere=True)
        case Forbidden() | ChatMigrated():
            return Delivery("gone")
        case BadRequest() if _is_gone(error):
            if attempts < UNKNOWN_CHAT_TRIES:
                return Delivery("pending", _backoff(attempts + 3))
            return Delivery("gone")
        case BadRequest():
            return Delivery("refused")
        case InvalidToken():
            return Delivery("later", LONGEST_WAIT)
        case NeverSent():
            return Delivery("pending", _backoff(attempts))
    # Written, and no answer that says what became of it.
    return Delivery("unknown") if once else Delivery("pending", _backoff(attempts))


def _is_gone(error: BadRequest) -> bool:
    return "chat not found" in error.message.lower()


def _backoff(attempts: int) -> timedelta:
    """1, 2, 4… seconds, up to a minute."""
    return min(timedelta(seconds=2 ** max(attempts - 1, 0)), LONGEST_WAIT)

"""How the bot presents itself in Telegram: its menu, its description, its way of being told."""

from __future__ import annotations

from typing import Any

import structlog
from telegram import Bot, BotCommand, MenuButtonCommands, WebhookInfo
from telegram.error import BadRequest, TelegramError

from bot.channels.telegram import NAME
from bot.channels.telegram.updates import ALLOWED
from dialogs.voice import Voice

MENU = ("start", "offres", "changer", "aide", "humain", "donnees", "recommencer", "supprimer")

MOST_DELIVERIES = 40
"""Updates Telegram may bring at the same time."""

CAUSES = {
    "https url": "webhook_https", "ports": "webhook_port", "resolve host": "webhook_host",
    "ip address": "webhook_address", "secret token": "webhook_secret",
}  # fmt: skip
"""What Telegram may find wrong with the webhook, by a piece of its sentence."""

logger = structlog.get_logger(__name__)


async def present(bot: Bot, voice: Voice) -> None:
    """Say in Telegram what the bot is; only what differs is written. Raises ``TelegramError``."""
    menu = tuple(BotCommand(name, voice.phrase(f"command_{name}")) for name in MENU)
    if tuple(await bot.get_my_commands()) != menu:
        await bot.set_my_commands(menu)
    described = voice.phrase("network_description")
    if (await bot.get_my_description()).description != described:
        await bot.set_my_description(described)
    short = voice.phrase("network_short_description")
    if (await bot.get_my_short_description()).short_description != short:
        await bot.set_my_short_description(short)
    await bot.set_chat_menu_button(menu_button=MenuButtonCommands())


def cause(error: BadRequest) -> str:
    """Why Telegram refused, in a word that quotes nothing."""
    said = error.message.lower()
    return next((word for piece, word in CAUSES.items() if piece in said), "other")


async def register(bot: Bot, url: str, secret: str) -> None:
    """Have updates brought to this address. Raises ``TelegramError``.

    Always said again, though the address may stand already: nobody can ask Telegram which secret
    it was given.
    """
    await bot.set_webhook(
        url, secret_token=secret, allowed_updates=list(ALLOWED), max_connections=MOST_DELIVERIES
    )


async def check(bot: Bot, url: str, secret: str) -> bool:
    """Register again when somebody changed the address or the secret; whether all was well."""
    try:
        info = await bot.get_webhook_info()
        if info.url != url or _turned_away(info):
            logger.warning("webhook_moved", channel=NAME)
            await register(bot, url, secret)
            return False
    except TelegramError as error:
        logger.warning("webhook_unchecked", channel=NAME, error=type(error).__name__)
        return False
    trouble: dict[str, Any] = {"count": info.pending_update_count}
    if info.last_error_date and info.pending_update_count:
        logger.warning("webhook_behind", channel=NAME, **trouble)
    return True


def _turned_away(info: WebhookInfo) -> bool:
    """Updates wait because they come without our secret: that is all our door answers 403 to."""
    return bool(info.pending_update_count and "403" in (info.last_error_message or ""))

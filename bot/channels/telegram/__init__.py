"""Telegram: updates in, replies out; python-telegram-bot is the transport, and keeps nothing."""

from __future__ import annotations

NAME = "telegram"


def deep_link(bot_name: str, payload: str | None = None) -> str:
    """`https://t.me/…` of a bot; ``payload`` is a link's code, at most 64 characters."""
    from telegram.helpers import create_deep_linked_url  # slow to import, and seldom needed

    return create_deep_linked_url(bot_name, payload)

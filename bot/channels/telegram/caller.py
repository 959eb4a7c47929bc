"""The library's bot, with one way more to call Telegram: answers as they came."""

from __future__ import annotations

from typing import Any

from telegram import Bot
from telegram.error import TelegramError


class Caller(Bot):
    """A bot whose :meth:`call` builds no object of an answer that nobody reads."""

    async def call(
        self, method: str, parameters: dict[str, Any], read_timeout: float | None = None
    ) -> Any:
        """The raw result of a method. Raises ``TelegramError`` as every method does.

        The library offers `do_api_request` for this, and warns whenever it knows the method.
        """
        try:
            if read_timeout is None:
                return await self._post(method, parameters)
            return await self._post(method, parameters, read_timeout=read_timeout)
        except (AttributeError, KeyError, TypeError):
            # JSON that is no answer of Telegram's: the library trips over it.
            raise TelegramError("Invalid server response") from None

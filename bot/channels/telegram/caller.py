"""The library's bot, with one way more to call Telegram: answers as they came."""

from __future__ import annotations

from typing import Any

from telegram import Bot
from telegram.error import TelegramError

from bot.channels.telegram.request import AiohttpRequest


class Caller(Bot):
    """A bot whose :meth:`call` builds no object of an answer that nobody reads."""

    async def call(
        self, method: str, parameters: dict[str, Any], read_timeout: float | None = None
    ) -> Any:
        """The raw result of a method whose parameters are JSON.

        Raises ``TelegramError`` as every method does.
        """
        transport = self._request[0 if method == "getUpdates" else 1]
        if not isinstance(transport, AiohttpRequest):
            raise TypeError("not our transport")
        return await transport.call(f"{self.base_url}/{method}", parameters, read_timeout)

    async def upload(self, method: str, parameters: dict[str, Any]) -> Any:
        """The same, when some of them are files.

        The library offers `do_api_request` for this, and warns whenever it knows the method.
        """
        try:
            return await self._post(method, parameters)
        except (AttributeError, KeyError, TypeError):
            # JSON that is no answer of Telegram's: the library trips over it.
            raise TelegramError("Invalid server response") from None

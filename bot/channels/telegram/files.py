"""Files people sent: fetched when they are needed, never before, and documents sent back."""

from __future__ import annotations

from typing import Any

from telegram import InputFile
from telegram.error import BadRequest, TelegramError

from bot.applying import FileGone
from bot.channels.telegram.caller import Caller
from bot.channels.telegram.request import AiohttpRequest, TooBig
from dialogs.voice import Voice
from matching.application.document import MOST_RECEIVED, Document
from matching.application.refusal import Reason, Refused

DOWNLOAD_SECONDS = 40.0


class Files:
    """What passes between an application and Telegram: bytes in memory, nothing else."""

    def __init__(self, bot: Caller, voice: Voice) -> None:
        self._bot = bot
        self._voice = voice

    async def fetch(self, ref: str) -> bytes:
        """The content of a file by its id.

        Raises :class:`FileGone`, and :class:`Refused` when it is too big.
        """
        try:
            told = await self._bot.call("getFile", {"file_id": ref})
        except BadRequest as error:
            if "too big" in error.message.lower():
                raise Refused(Reason.FILE_BIG) from None
            raise FileGone from None
        except TelegramError:
            raise FileGone from None
        return await self._download(told)

    async def _download(self, told: Any) -> bytes:
        path = told.get("file_path") if isinstance(told, dict) else None
        if not isinstance(path, str) or path.startswith("/") or "://" in path:
            raise FileGone
        request = self._bot.request
        if not isinstance(request, AiohttpRequest):
            raise TypeError("not our transport")
        try:
            return await request.download(
                f"{self._bot.base_file_url}/{path}", MOST_RECEIVED, DOWNLOAD_SECONDS
            )
        except TooBig:
            raise Refused(Reason.FILE_BIG) from None
        except TelegramError:
            raise FileGone from None

    async def show(self, address: str, document: Document) -> None:
        """Send a document back to whom it belongs."""
        call = {
            "chat_id": int(address),
            "document": InputFile(document.content, filename=document.name),
            "caption": self._voice.phrase("caption_cv"),
        }
        await self._bot.upload("sendDocument", call)

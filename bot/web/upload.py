"""The form with a file: read into memory piece by piece, within bounds, never onto a disk."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from hashlib import sha256

from aiohttp import BodyPartReader, web

from bot.turn import SentFile
from matching.application.document import MOST_PHOTOS, MOST_RECEIVED

UPLOAD = "multipart/form-data"
UPLOAD_SECONDS = 120.0
"""How long the files may take to arrive: a phone in the countryside needs a while."""

MOST_TOGETHER = 30_000_000
MOST_OF_A_FIELD = 16 * 1024
MOST_FIELDS = 16
AT_ONCE = 3
"""Forms read at the same time in one process: what they hold is in memory."""

Form = tuple[Mapping[str, str], tuple[SentFile, ...]]


class Uploads:
    """Reads such forms, a few at a time."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(AT_ONCE)

    async def read(self, request: web.Request) -> Form:
        """The fields, and the files of the field « cv ». Raises HTTP refusals."""
        try:
            async with asyncio.timeout(UPLOAD_SECONDS), self._places:
                return await _read(request)
        except TimeoutError:
            raise web.HTTPRequestTimeout from None
        except (ValueError, ConnectionError, AssertionError):  # no such form, or a visitor gone
            raise web.HTTPBadRequest from None


async def _read(request: web.Request) -> tuple[dict[str, str], tuple[SentFile, ...]]:
    fields: dict[str, str] = {}
    files: list[SentFile] = []
    together = 0
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader) or part.name is None:
            raise web.HTTPBadRequest
        if part.name == "cv":
            file = await _file(part)
            if file is not None:
                files.append(file)
                together += file.size
        else:
            fields[part.name] = (await _bounded(part, MOST_OF_A_FIELD)).decode()
        if len(fields) > MOST_FIELDS or len(files) > MOST_PHOTOS + 1 or together > MOST_TOGETHER:
            raise web.HTTPRequestEntityTooLarge(MOST_TOGETHER, together)
    return fields, tuple(files)


async def _file(part: BodyPartReader) -> SentFile | None:
    """A file; ``None`` for a field left empty. One that is too big is only told to be so."""
    content = await _bounded(part, MOST_RECEIVED + 1)
    if not content and not part.filename:
        return None
    photo = part.headers.get("Content-Type", "").startswith("image/")
    mark = sha256(content).hexdigest()
    return SentFile(mark, part.filename or "", len(content), photo, content)


async def _bounded(part: BodyPartReader, most: int) -> bytes:
    """What a part holds; more than ``most`` bytes refuse the whole form."""
    content = bytearray()
    while piece := await part.read_chunk(64 * 1024):
        content += piece
        if len(content) > most:
            raise web.HTTPRequestEntityTooLarge(most, len(content))
    return bytes(content)

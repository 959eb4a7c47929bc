"""The form with a file: read into memory piece by piece, within bounds, never onto a disk."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from hashlib import sha256

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from bot.incoming import SentFile
from matching.application.document import MOST_PHOTOS, MOST_RECEIVED, named_photo

UPLOAD = "multipart/form-data"
UPLOAD_SECONDS = 120.0
"""How long the files may take to arrive: a phone in the countryside needs a while."""

MOST_TOGETHER = 30_000_000
MOST_PASSING = 60_000_000
"""Bytes of one part that are let pass by, so that the person is told what is wrong."""

MOST_OF_A_FIELD = 16 * 1024
MOST_FIELDS = 16
AT_ONCE = 6
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
        except (HttpProcessingError, ValueError, ConnectionError, AssertionError):
            # no such form, headers of a part that are none, or a visitor gone
            raise web.HTTPBadRequest from None


async def _read(request: web.Request) -> Form:
    fields: dict[str, str] = {}
    files: list[SentFile] = []
    room = MOST_TOGETHER
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader) or part.name is None:
            raise web.HTTPBadRequest
        if part.name == "cv":
            if file := await _file(part, room if len(files) <= MOST_PHOTOS else 0):
                files.append(file)
                room -= len(file.content or b"")
        else:
            content, size = await _bounded(part, MOST_OF_A_FIELD)
            if size > MOST_OF_A_FIELD or len(fields) == MOST_FIELDS:
                raise web.HTTPRequestEntityTooLarge(MOST_OF_A_FIELD, size)
            fields[part.name] = content.decode()
    return fields, tuple(files)


async def _file(part: BodyPartReader, room: int) -> SentFile | None:
    """A file, ``None`` for a field left empty; of one that is too big only its size is kept."""
    most = min(MOST_RECEIVED, room)
    content, size = await _bounded(part, most)
    if not size and not part.filename:
        return None
    if size > most:
        content, size = b"", max(size, MOST_RECEIVED + 1)
    name = part.filename or ""
    photo = named_photo(name, part.headers.get("Content-Type", ""))
    return SentFile(sha256(content).hexdigest(), name, size, photo, content)


async def _bounded(part: BodyPartReader, most: int) -> tuple[bytes, int]:
    """What a part holds, ``most`` bytes of it, and its size; the rest passes by."""
    content, size = bytearray(), 0
    while piece := await part.read_chunk(64 * 1024):
        size += len(piece)
        if size > MOST_PASSING:
            raise web.HTTPRequestEntityTooLarge(MOST_PASSING, size)
        content += piece[: max(0, most - len(content))]
    return bytes(content), size

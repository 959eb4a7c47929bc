"""Updates that Telegram brings to our door: acknowledged once their turn is committed."""

from __future__ import annotations

import asyncio
import hmac
import json

from aiohttp import web

from bot.channels.telegram.intake import COME_AGAIN, Intake

PATH = "/telegram/webhook"
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the header's name

LARGEST_UPDATE = 1024 * 1024
"""Bytes; Telegram's own are far below."""

BODY_SECONDS = 10.0


class Webhook:
    """Answers 200 after the commit, 503 when the update has to come again, and 4xx to others."""

    def __init__(self, intake: Intake, secret: str) -> None:
        self._intake = intake
        self._secret = secret.encode()

    def routes(self) -> list[web.RouteDef]:
        return [web.post(PATH, self.receive)]

    async def receive(self, request: web.Request) -> web.Response:
        given = request.headers.get(SECRET_HEADER, "")
        if not hmac.compare_digest(given.encode("utf-8", "surrogateescape"), self._secret):
            return web.Response(status=403)
        update = await _body(request)
        if not isinstance(update, dict) or not _is_number(update.get("update_id")):
            return web.Response(status=400)
        try:
            await self._intake.take(update)
        except COME_AGAIN:
            return web.Response(status=503, headers={"Retry-After": "1"})
        return web.Response()


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53


def _within_measure(body: bytes | bytearray) -> bytes | bytearray:
    if len(body) > LARGEST_UPDATE:
        raise web.HTTPRequestEntityTooLarge(LARGEST_UPDATE, len(body))
    return body


async def _body(request: web.Request) -> object:
    """The JSON sent; nothing when it is none, too large or too slow."""
    if (request.content_length or 0) > LARGEST_UPDATE:
        raise web.HTTPRequestEntityTooLarge(LARGEST_UPDATE, request.content_length or 0)
    try:
        if request.content.is_eof():  # it came whole with its headers, as nearly all do
            return json.loads(_within_measure(request.content.read_nowait()))
        body = bytearray()
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.content.iter_any():
                body += chunk
                _within_measure(body)
        return json.loads(body)
    except TimeoutError:
        raise web.HTTPRequestTimeout from None
    except (ValueError, RecursionError, web.RequestPayloadError):
        return None

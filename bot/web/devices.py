"""Where a browser asks to be told when something waits, and to be told no more (Web Push)."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from aiohttp import web

from bot.channels.webchat import FORM_SECONDS, NAME, slow_down, token_of
from bot.web.guard import own_request
from bot.web.templating import Asset
from bot.web_push import NotABrowser, read_subscription
from storage.browsers import Browsers

if TYPE_CHECKING:
    from bot.assembly import Rooms

WORKER = "worker.js"
"""The script that shows notices: at the root, for it looks after no more than its own folder."""

MOST_BYTES = 4096
"""Of a subscription; those of browsers have a few hundred."""


class Devices:
    """Only for who keeps an alert; what is kept is the browser's address at its push service."""

    def __init__(self, rooms: Rooms, assets: dict[str, Asset]) -> None:
        self._rooms = rooms
        self._worker = assets[WORKER]
        self._browsers = Browsers(rooms.database)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get(f"/{WORKER}", self.worker),
            web.post("/appareil", self.keep),
            web.post("/appareil/oubli", self.forget),
        ]

    async def worker(self, _request: web.Request) -> web.Response:
        headers = {"Content-Type": self._worker.content_type, "Cache-Control": "no-cache"}
        return web.Response(body=self._worker.body, headers=headers)

    async def keep(self, request: web.Request) -> web.Response:
        """A subscription as the browser gives it; 404 for who keeps no alert."""
        token, given = await self._given(request)
        if token is None:
            raise web.HTTPNotFound
        try:
            browser = read_subscription(given)
        except NotABrowser:
            raise web.HTTPBadRequest from None
        turns = self._rooms.turns
        person = turns.person(NAME, token)
        async with turns.locks.hold(person, 0):  # « supprime tout » is before or after
            kept = await self._browsers.keep(person, browser, turns.now())
        if not kept:
            raise web.HTTPNotFound
        return web.Response(status=204)

    async def forget(self, request: web.Request) -> web.Response:
        """The same subscription, or its address alone; what was never kept is forgotten too."""
        token, given = await self._given(request)
        endpoint = given.get("endpoint") if isinstance(given, dict) else None
        if not isinstance(endpoint, str) or not endpoint.isascii() or not endpoint.isprintable():
            raise web.HTTPBadRequest
        if token is not None:
            await self._browsers.drop(endpoint, self._rooms.turns.person(NAME, token))
        return web.Response(status=204)

    async def _given(self, request: web.Request) -> tuple[str | None, Any]:
        """Who asks, and what: JSON sent by our page, small, and not too often."""
        if not own_request(request, self._rooms.settings.public_url):
            raise web.HTTPForbidden
        token = token_of(request)
        await slow_down(self._rooms, request, token)
        if request.content_type != "application/json":
            raise web.HTTPUnsupportedMediaType
        try:
            async with asyncio.timeout(FORM_SECONDS):
                return token, json.loads(await _bounded(request))
        except TimeoutError:
            raise web.HTTPRequestTimeout from None
        except (ValueError, RecursionError, ConnectionError):
            raise web.HTTPBadRequest from None


async def _bounded(request: web.Request) -> bytes:
    body = bytearray()
    async for piece in request.content.iter_any():
        body += piece
        if len(body) > MOST_BYTES:
            raise web.HTTPRequestEntityTooLarge(MOST_BYTES, len(body))
    return bytes(body)

"""The web application: our pages and the chat, behind the same guard."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from aiohttp import web

from bot.channels.webchat import WebChat
from bot.web import guard, templating
from bot.web.pages import Pages

if TYPE_CHECKING:
    from bot.assembly import Rooms
    from storage.redis_link import RedisLink

LARGEST_FORM = 256 * 1024
"""Bytes: 10,000 characters of any script, percent-encoded, and room to spare."""


def make_app(
    rooms: Rooms, routes: Sequence[web.RouteDef] = (), *, pages: bool = True
) -> web.Application:
    """The application over these rooms; it neither opens nor closes them.

    ``routes`` are the doors of other channels; without ``pages`` only they and ``/healthz`` stand.
    """
    app = web.Application(middlewares=[guard.told_kindly], client_max_size=LARGEST_FORM)
    assets = templating.read_assets()
    templating.setup(app, rooms.settings.public_url)
    app.on_response_prepare.append(guard.headers(rooms.settings.secure))
    redis = _redis(rooms.settings.redis_url)
    shown = Pages(rooms, assets, redis)
    app.add_routes([*shown.watched(), *routes])
    if pages:
        app.add_routes([*WebChat(rooms).routes(), *shown.routes()])
        if rooms.web_push:
            from bot.web.devices import Devices

            app.add_routes(Devices(rooms, assets).routes())
    if redis:
        app.on_cleanup.append(partial(_close, redis))
    return app


def _redis(url: str | None) -> RedisLink | None:
    if url is None:
        return None
    from storage.redis_link import RedisLink  # 9 MiB, for nothing where nobody has one

    return RedisLink(url)


async def _close(redis: RedisLink, _app: web.Application) -> None:
    await redis.close()

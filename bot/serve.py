"""The server: our pages and the regular cleaning, from the first request to a clean stop."""

from __future__ import annotations

import asyncio
import errno
import signal
from collections.abc import Callable

from aiohttp import web

from bot.assembly import Rooms, assemble
from bot.config import Settings
from bot.purge import purge_regularly
from bot.web.app import make_app

DRAIN_SECONDS = 5.0
"""How long requests under way may take to end once we are asked to stop."""


class CannotListen(Exception):
    """L’adresse du serveur n’est pas libre ou pas utilisable."""


async def serve(
    settings: Settings,
    say: Callable[[str], None] = print,
    stop: asyncio.Event | None = None,
) -> None:
    """Serve until SIGTERM, SIGINT or ``stop``; answers under way are finished.

    Raises :class:`CannotListen`, ``DatabaseProblem``.
    """
    stop = stop or asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        async with assemble(settings) as rooms:
            await _until(stop, rooms, say)
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


async def _until(stop: asyncio.Event, rooms: Rooms, say: Callable[[str], None]) -> None:
    settings = rooms.settings
    runner = web.AppRunner(make_app(rooms), access_log=None, shutdown_timeout=DRAIN_SECONDS)
    await runner.setup()
    cleaning = asyncio.create_task(purge_regularly(rooms, stop))
    try:
        await _listen(runner, settings)
        say(f"Le robot répond sur {settings.public_url} (Ctrl-C pour arrêter).")
        await stop.wait()
        say("Arrêt : les réponses en cours se terminent.")
    finally:
        stop.set()
        await runner.cleanup()
        await cleaning


async def _listen(runner: web.AppRunner, settings: Settings) -> None:
    host, port = settings.host, settings.port
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise CannotListen(
                f"Le port {port} est déjà pris par un autre programme. Choisissez-en un autre, "
                f"par exemple : PORT={port + 1 if port < 65535 else 8081}"
            ) from None
        raise CannotListen(
            f"Impossible d’écouter sur {host}:{port} ({error.strerror}). Vérifiez HOST et PORT."
        ) from None

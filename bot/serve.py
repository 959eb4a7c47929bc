"""The server: our pages, Telegram, offers kept in step, the cleaning, and a clean stop."""

from __future__ import annotations

import asyncio
import ctypes
import errno
import gc
import signal
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import TYPE_CHECKING

from aiohttp import web

from bot import alerting
from bot.assembly import Rooms, assemble
from bot.config import BadSettings, Settings
from bot.purge import purge_regularly
from bot.supervise import keep_running, unless_stopped
from bot.sync import Keeper
from bot.web.app import make_app

if TYPE_CHECKING:
    from bot.channels.telegram.channel import Telegram

ROLES = ("web", "telegram", "alerts")
"""What a process may do; by default all of it."""

DRAIN_SECONDS = 5.0
"""How long requests under way may take to end once we are asked to stop."""

LAST_SECONDS = 1.0
"""What messages being sent get at least; then they are given back, and another process goes on."""


class CannotMeet(Exception):
    """Telegram refuse le jeton TELEGRAM_TOKEN : vérifiez-le auprès de @BotFather."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


class CannotListen(Exception):
    """L’adresse du serveur n’est pas libre ou pas utilisable."""


async def serve(
    settings: Settings,
    say: Callable[[str], None] = print,
    stop: asyncio.Event | None = None,
    only: Collection[str] = ROLES,
) -> None:
    """Serve until SIGTERM, SIGINT or ``stop``; answers under way are finished.

    ``only`` names the roles of this process; each may run in any number of them. Raises
    :class:`CannotListen`, ``BadSettings``, ``DatabaseProblem``, :class:`CannotMeet`.
    """
    if "telegram" in only and "web" not in only and settings.telegram_token is None:
        raise BadSettings("TELEGRAM_TOKEN est obligatoire avec « --only telegram »")
    stop = stop or asyncio.Event()
    _one_heap()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        async with assemble(settings) as rooms:
            gc.collect()
            gc.freeze()
            _give_back()
            await _until(stop, rooms, say, only)
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


M_ARENA_MAX = -8
"""As glibc's malloc.h names it to mallopt."""


def _one_heap() -> None:
    """Threads share one heap: each of a database's driver would have its own, and keep it."""
    with suppress(AttributeError, OSError):  # another C library has its own ways
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)


def _give_back() -> None:
    """What starting needed, and nothing needs any more, goes back to the system."""
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)


async def _until(
    stop: asyncio.Event, rooms: Rooms, say: Callable[[str], None], only: Collection[str]
) -> None:
    settings = rooms.settings
    telegram = _telegram(rooms) if "telegram" in only else None
    routes = telegram.routes() if telegram else []
    app = make_app(rooms, routes, pages="web" in only)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=DRAIN_SECONDS)
    await runner.setup()
    tasks = [
        asyncio.create_task(purge_regularly(rooms, stop)),
        asyncio.create_task(keep_running("sync", Keeper(rooms).run, stop)),
    ]
    if "alerts" in only:
        tasks.append(asyncio.create_task(alerting.run(rooms, stop)))
    if rooms.applying:
        watch = keep_running("applications", rooms.applying.run, stop)
        tasks.append(asyncio.create_task(watch))
    try:
        await _listen(runner, settings)
        if telegram and await unless_stopped(stop, telegram.start()) is False:
            raise CannotMeet
        for line in _what_runs(rooms, only, telegram):
            say(line)
        await stop.wait()
        say("Arrêt : les réponses en cours se terminent.")
    finally:
        stop.set()
        clock = asyncio.get_running_loop().time
        end = clock() + DRAIN_SECONDS
        if telegram:
            await telegram.stop_receiving()
        await runner.cleanup()
        if rooms.applying:
            await rooms.applying.drain(max(end - clock(), LAST_SECONDS))
        if telegram:
            await telegram.stop(max(end - clock(), LAST_SECONDS))
        await asyncio.wait(tasks)


def _telegram(rooms: Rooms) -> Telegram | None:
    if rooms.settings.telegram_token is None:
        return None
    from bot.channels.telegram.channel import Telegram  # slow to import

    return Telegram(rooms)


def _what_runs(rooms: Rooms, only: Collection[str], telegram: Telegram | None) -> list[str]:
    lines = []
    if "web" in only:
        lines.append(f"Le robot répond sur {rooms.settings.public_url} (Ctrl-C pour arrêter).")
    if telegram:
        how = "par webhook" if rooms.settings.telegram_mode == "webhook" else "par polling"
        name = f"@{rooms.bot_name.value}" if telegram.met else "pas encore joint"
        lines.append(f"Sur Telegram, {how} : {name}.")
    if "alerts" in only and not telegram:
        lines.append("Les alertes partent d’ici.")
    return lines


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

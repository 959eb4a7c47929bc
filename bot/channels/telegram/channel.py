"""The whole of Telegram in one process: connected, presented, fed, drained."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import structlog
from aiohttp import web
from telegram.error import BadRequest, InvalidToken

from bot.channels.telegram import NAME
from bot.channels.telegram.caller import Caller
from bot.channels.telegram.delivering import TelegramChannel
from bot.channels.telegram.files import Files
from bot.channels.telegram.gestures import Gestures
from bot.channels.telegram.intake import Intake
from bot.channels.telegram.layout import Layout
from bot.channels.telegram.polling import Polling
from bot.channels.telegram.profile import cause, check, present, register
from bot.channels.telegram.request import AiohttpRequest
from bot.channels.telegram.sender import Sender
from bot.channels.telegram.updates import Reader
from bot.channels.telegram.webhook import PATH, Webhook
from bot.supervise import keep_running, stopped_within, unless_stopped

if TYPE_CHECKING:
    from bot.assembly import Rooms
    from bot.config import Settings

CHECK_SECONDS = 300.0
"""How often the webhook's address is compared with ours."""

RETRY_SECONDS = 2.0
"""Before trying to reach Telegram again, doubled up to a minute."""

LONGEST_RETRY_SECONDS = 60.0

RECEIVING_SECONDS = 5.0
"""How long a stop waits for what is being received; past it, it is abandoned, unconfirmed."""

logger = structlog.get_logger(__name__)


class Telegram:
    """Receives and sends for one bot; ``bot_name`` is known once Telegram has told it.

    ``met``: Telegram knows us, and brings us what people write.
    """

    def __init__(self, rooms: Rooms) -> None:
        settings = rooms.settings
        if settings.telegram_token is None:
            raise ValueError("no token")
        self._rooms = rooms
        self._webhook = settings.telegram_mode == "webhook"
        self.met = False
        self.bot = caller(settings, _transport())
        self._name = _own_name(settings.telegram_token.get_secret_value())
        stream = self._name if self._webhook else None
        self._layout = Layout(rooms.voice, rooms.signer)
        self._sender = Sender(self.bot, rooms.turns, self._layout)
        self._gestures = Gestures(
            self.bot, rooms.voice, rooms.matcher, settings.public_url, rooms.turns.busy
        )
        reader = Reader(rooms.signer, rooms.understander.gazetteer, stream)
        self._intake = Intake(rooms.turns, reader, self._sender, self._gestures, stream)
        if rooms.applying:
            files = Files(self.bot, rooms.voice)
            rooms.applying.fetchers[NAME] = files.fetch
            rooms.applying.showers[NAME] = files.show
            rooms.applying.told.append(self._sender.look)
        self._tasks: list[asyncio.Task[None]] = []
        self._stop = asyncio.Event()

    def routes(self) -> list[web.RouteDef]:
        """The webhook's door, when updates come through it."""
        if not self._webhook:
            return []
        return Webhook(self._intake, self._rooms.settings.webhook_secret()).routes()

    async def start(self) -> bool:
        """Begin to receive and to send; Telegram need not answer yet.

        ``False`` when it answers that it does not know our token: nothing has begun.
        """
        receive = self._receive
        try:
            await self._meet()
        except InvalidToken:
            return False
        except Exception as error:  # noqa: BLE001 - an answer that is none counts as no answer
            _note(error)
            receive = self._receive_once_met
        self._tasks = [
            asyncio.create_task(keep_running("sending", self._sender.run, self._stop)),
            asyncio.create_task(keep_running("receiving", receive, self._stop)),
        ]
        return True

    async def stop_receiving(self) -> None:
        """Ask for no more updates; turns under way end."""
        self._stop.set()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=RECEIVING_SECONDS)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)

    async def stop(self, seconds: float = 5.0) -> None:
        """Stop receiving, send what was said, give back what could not be sent."""
        await self.stop_receiving()
        await self._sender.drain(seconds)
        await self._gestures.drain(1.0)
        await self.bot.shutdown()

    async def idle(self) -> None:
        """Wait until nothing is being sent."""
        await self._sender.idle()

    async def _meet(self) -> None:
        """Ask Telegram who we are, tell it what we are."""
        await self.bot.initialize()
        me = self.bot.bot
        self._intake.name = self._rooms.bot_name.value = me.username or ""
        self._layout.inline = bool(me.supports_inline_queries)
        try:
            await present(self.bot, self._rooms.voice)
        except Exception as error:  # noqa: BLE001 - a menu out of date is no reason to be silent
            logger.warning("not_presented", channel=NAME, error=type(error).__name__)
        if self._webhook:
            await register(self.bot, self._url, self._rooms.settings.webhook_secret())
        else:
            await self.bot.delete_webhook()
        self.met = True

    @property
    def _url(self) -> str:
        return f"{self._rooms.settings.public_url}{PATH}"

    async def _receive_once_met(self, stop: asyncio.Event) -> None:
        pause = RETRY_SECONDS
        while not await stopped_within(stop, pause):
            try:
                await unless_stopped(stop, self._meet())
            except Exception as error:  # noqa: BLE001 - as at the start
                _note(error)
                pause = min(pause * 2, LONGEST_RETRY_SECONDS)
                continue
            if self.met:
                logger.info("telegram_met", channel=NAME)
                await self._receive(stop)
            return

    async def _receive(self, stop: asyncio.Event) -> None:
        if not self._webhook:
            await Polling(self.bot, self._intake, self._rooms.locks, self._name).run(stop)
            return
        secret = self._rooms.settings.webhook_secret()
        while not await stopped_within(stop, CHECK_SECONDS):
            await unless_stopped(stop, check(self.bot, self._url, secret))


def caller(settings: Settings, request: AiohttpRequest) -> Caller:
    """The bot whose token is set. Raises ``ValueError`` without one."""
    if settings.telegram_token is None:
        raise ValueError("no token")
    api = settings.telegram_api_url
    return Caller(
        settings.telegram_token.get_secret_value(),
        base_url=f"{api}/bot",
        base_file_url=f"{api}/file/bot",
        request=request,
        get_updates_request=_transport(),
    )


@asynccontextmanager
async def outgoing(rooms: Rooms) -> AsyncIterator[TelegramChannel]:
    """For messages that answer nobody: over connections of their own, so that answers never wait
    for one, and before Telegram has told who we are."""
    request = _transport()
    bot = caller(rooms.settings, request)
    await request.initialize()
    try:
        yield TelegramChannel(bot, Layout(rooms.voice, rooms.signer))
    finally:
        await request.shutdown()


def _own_name(token: str) -> str:
    """What sets this bot apart from another on the same Redis: its number, which is no secret."""
    number, _, secret = token.partition(":")
    return f"{NAME} {number}" if secret and number.isdecimal() else NAME


def _note(error: Exception) -> None:
    """Why Telegram has not been met: each trouble under its own name, without its words."""
    if isinstance(error, InvalidToken):
        logger.error("token_refused", channel=NAME)
    elif isinstance(error, BadRequest):
        logger.error("telegram_refused", channel=NAME, state=cause(error))
    else:
        logger.warning("telegram_unreachable", channel=NAME, error=type(error).__name__)


def _transport() -> AiohttpRequest:
    """Its times add up to no more than ``sender.SEND_SECONDS``."""
    return AiohttpRequest(
        connect_timeout=1.0, write_timeout=0.5, read_timeout=3.5, pool_timeout=0.5
    )

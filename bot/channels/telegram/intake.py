"""One update, from its reading to its commit: the same for the webhook and for polling."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import structlog

from bot.channels.telegram import NAME
from bot.channels.telegram.gestures import Gestures
from bot.channels.telegram.layout import closed
from bot.channels.telegram.sender import Sender
from bot.channels.telegram.updates import Heard, Press, Reader
from bot.incoming import Incoming
from bot.log import where
from bot.turn import Turns
from storage.conversations import Stale
from storage.database import DatabaseProblem

TYPING_SECONDS = 1.0
"""An answer that takes longer is announced by « typing »."""

COME_AGAIN = (DatabaseProblem, Stale, OSError)
"""What may be over a moment later: the update is not confirmed."""

logger = structlog.get_logger(__name__)


class Intake:
    """Takes updates in: whoever delivers them may forget one once :meth:`take` has returned.

    ``stream`` names their numbering when they may overtake one another: the numbers of those that
    are no turn are told to the locks, which wait for none.
    """

    def __init__(
        self,
        turns: Turns,
        reader: Reader,
        sender: Sender,
        gestures: Gestures,
        stream: str | None = None,
    ) -> None:
        self._turns = turns
        self._stream = stream
        self._reader = reader
        self._sender = sender
        self._gestures = gestures
        self.name = ""
        """The bot's own, once Telegram has told it."""

    async def take(self, update: Mapping[str, Any]) -> None:
        """Answer an update, or ignore it for good; its replies leave after the commit.

        Raises one of :data:`COME_AGAIN` when it has to be delivered again.
        """
        heard = self._read(update)
        try:
            await self._do(heard, update)
        except COME_AGAIN:
            raise
        except Exception as error:  # noqa: BLE001 - it would fail again, and hold its chat back
            await self._apologise(heard.incoming, _noted("update_failed", error))

    async def _do(self, heard: Heard, update: Mapping[str, Any]) -> None:
        if heard.press:
            self._gestures.acknowledge(heard.press)
        if heard.group is not None:
            self._gestures.leave(heard.group, self.name)
        if heard.inline:
            self._gestures.share(heard.inline)
        if heard.left is not None:
            await self._turns.left(NAME, heard.left, int(update["update_id"]))
        if heard.incoming:
            await self._answer(heard.incoming, heard.press)
        elif self._stream:
            await self._turns.locks.arrived(self._stream, int(update["update_id"]))

    def _read(self, update: Mapping[str, Any]) -> Heard:
        try:
            return self._reader.read(update)
        except Exception as error:  # noqa: BLE001 - one that cannot be read now never will be:
            # delivered again and again, it would only keep its chat from being heard.
            return self._reader.unreadable(update, _noted("update_unreadable", error))

    async def _apologise(self, incoming: Incoming | None, reference: str) -> None:
        """Whoever wrote what could not be answered is told so, once and in their order."""
        if incoming is None:
            return
        apology = replace(
            incoming, text=None, link=None, press=None, payload=f"/unreadable {reference}"
        )
        try:
            await self._answer(apology, None)
        except COME_AGAIN:
            raise
        except Exception as error:  # noqa: BLE001 - nothing more can be done
            _noted("update_failed", error)

    async def _answer(self, incoming: Incoming, press: Press | None) -> None:
        loop = asyncio.get_running_loop()
        slow = loop.call_later(TYPING_SECONDS, self._gestures.typing, incoming.address)
        try:
            kept = await self._turns.handle(incoming)
        finally:
            slow.cancel()
        self._sender.deliver(kept.claimed, behind=kept.behind)
        if press and kept.new:
            self._close(press, incoming)

    def _close(self, press: Press, incoming: Incoming) -> None:
        if press.keyboard is None or incoming.payload is None:
            return

        def verify(data: str) -> str | None:
            return self._reader.verify(data, incoming.address)

        if keyboard := closed(dict(press.keyboard), incoming.payload, verify):
            self._gestures.close_buttons(press, keyboard)


def _noted(event: str, error: Exception) -> str:
    """What the log and the person call it."""
    reference = secrets.token_hex(3)
    logger.error(
        event, reference=reference, channel=NAME, error=type(error).__name__, where=where(error)
    )
    return reference

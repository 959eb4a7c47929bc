"""Where a process dies, before or after a call of a real method, as by kill -9."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.applying import Applying
from bot.channels.telegram import polling
from bot.channels.telegram.caller import Caller
from bot.channels.telegram.delivering import TelegramChannel
from bot.channels.telegram.gestures import Gestures
from bot.channels.telegram.intake import Intake
from bot.channels.telegram.polling import Polling
from bot.channels.telegram.sender import Sender
from bot.turn import Turns
from matching.apprentissage.client import Apprentissage
from storage import ledger_sqlite
from storage.applications import Applications
from storage.due import DueDigests
from storage.ledger import Kept, Ledger, Left
from storage.line import Line
from storage.outbox import Outbox, Waiting
from storage.pushes import Pushes
from storage.runs import Runs

KILLED = 137
WRITING_SECONDS = 0.001
"""After a statement has left for PostgreSQL: it may have taken effect, or not."""


@dataclass(frozen=True, slots=True)
class Point:
    """``name`` is in :data:`POINTS` or :data:`SPECIAL`; only what concerns ``chat`` counts.

    Who ``freezes`` there, once, goes on when told to.
    """

    name: str
    when: str
    chat: int | None = None
    freezes: bool = False


def die() -> None:
    os._exit(KILLED)


def arm(point: Point, say: Callable[..., None]) -> None:
    """This process dies there; the method is otherwise what it was."""
    if special := SPECIAL.get(point.name):
        special(point.chat)
    if point.name in POINTS:
        _surround(point, *POINTS[point.name], _end_of(point, say))


def _end_of(point: Point, say: Callable[..., None]) -> Callable[[], None]:
    frozen = False

    def freeze() -> None:
        nonlocal frozen
        if not frozen:
            frozen = True
            say(asleep=True)
            os.kill(os.getpid(), signal.SIGSTOP)

    return freeze if point.freezes else die


def _surround(
    point: Point, owner: Any, name: str, concerns: Callable[..., bool], end: Callable[[], None]
) -> None:
    method = getattr(owner, name)

    @contextmanager
    def around(arguments: tuple[Any, ...]) -> Iterator[None]:
        here = concerns(arguments, point.chat)
        if here and point.when == "before":
            end()
        yield
        if here and point.when == "after":
            end()

    def mortal(*arguments: Any, **named: Any) -> Any:
        with around(arguments):
            return method(*arguments, **named)

    async def mortal_later(*arguments: Any, **named: Any) -> Any:
        with around(arguments):
            return await method(*arguments, **named)

    setattr(owner, name, mortal_later if asyncio.iscoroutinefunction(method) else mortal)


def _arm_writing(chat: int | None) -> None:
    """While a turn of that chat is on its way into PostgreSQL."""
    fetch = Line.fetch

    async def fetch_and_die(self: Line, sql: str, *values: object) -> Any:
        if "INSERT INTO seen" in sql and f'"address":"{chat}"' in str(values[0]):
            await fetch(self, "SELECT 1 WHERE $1::boolean", True)  # the connection is there
            asyncio.get_running_loop().call_later(WRITING_SECONDS, die)
        return await fetch(self, sql, *values)

    Line.fetch = fetch_and_die  # type: ignore[method-assign]


def _arm_overtaken(chat: int | None) -> None:
    """Once updates have been asked for again, while a turn of that chat is not yet kept."""
    keep, ask = Ledger.keep, Polling._ask
    waits = False

    async def keep_waiting(self: Ledger, left: Left, now: datetime) -> Kept:
        nonlocal waits
        if left.address == str(chat):
            waits = True
            await asyncio.Event().wait()
        return await keep(self, left, now)

    async def ask_and_die(self: Polling, seconds: int) -> list[dict[str, Any]]:
        begun = waits
        updates = await ask(self, seconds)
        if begun:
            die()
        return updates

    Ledger.keep = keep_waiting  # type: ignore[method-assign]
    Polling._ask = ask_and_die  # type: ignore[method-assign]


_taken: set[int] = set()
"""The chats whose update this process has done, and not yet confirmed."""


def _note_what_is_taken(chat: int | None) -> None:
    take, deliver = Intake.take, Sender.deliver

    async def take_and_note(self: Intake, update: Any) -> None:
        await take(self, update)
        _taken.add(update["message"]["chat"]["id"])

    def deliver_to_others(
        self: Sender,
        messages: Iterable[Waiting],
        since: datetime | None = None,
        *,
        behind: bool = False,
    ) -> None:
        """Whether the answer was on its way is not what this is about: it does not leave."""
        others = [message for message in messages if message.address != str(chat)]
        deliver(self, others, since, behind=behind)

    polling.POLL_SECONDS = 0  # a question is answered at once: there is an « after »
    Intake.take = take_and_note  # type: ignore[method-assign]
    Sender.deliver = deliver_to_others  # type: ignore[method-assign]


def _calls(method: str) -> Callable[[tuple[Any, ...], int | None], bool]:
    def concerns(arguments: tuple[Any, ...], chat: int | None) -> bool:
        _, called, values = arguments[:3]
        return called == method and chat in {None, values.get("chat_id", chat)}

    return concerns


def _any(arguments: tuple[Any, ...], chat: int | None) -> bool:
    return True


def _turn_of(arguments: tuple[Any, ...], chat: int | None) -> bool:
    return chat is None or arguments[1].address == str(chat)


def _turn_written(arguments: tuple[Any, ...], chat: int | None) -> bool:
    return chat is None or arguments[1].left.address == str(chat)


def _update_of(arguments: tuple[Any, ...], chat: int | None) -> bool:
    update = arguments[1]
    part: dict[str, Any] = next((v for k, v in update.items() if k != "update_id"), {})
    found = part.get("chat") or part.get("message", {}).get("chat") or {}
    return chat in {None, found.get("id")}


def _press_of(arguments: tuple[Any, ...], chat: int | None) -> bool:
    return chat is None or bool(arguments[1].chat == chat)


def _confirms(arguments: tuple[Any, ...], chat: int | None) -> bool:
    return chat in _taken


POINTS: dict[str, tuple[Any, str, Callable[[tuple[Any, ...], int | None], bool]]] = {
    "take": (Intake, "take", _update_of),  # after: before it is acknowledged
    "keep": (Ledger, "keep", _turn_of),
    "transaction": (ledger_sqlite, "_say", _turn_written),  # between BEGIN and COMMIT
    "send": (Caller, "call", _calls("sendMessage")),
    "acknowledge": (Gestures, "acknowledge", _press_of),
    "close": (Caller, "call", _calls("editMessageReplyMarkup")),
    "settle": (Sender, "_settle", _turn_of),
    "forget": (Ledger, "forget", _any),
    "claim": (Outbox, "claim", _any),
    "ask": (Polling, "_ask", _confirms),
    "attempt": (Applying, "_attempt", _any),  # after its turn was committed
    "begin": (Applications, "begin", _any),
    "apply": (Apprentissage, "apply", _any),  # the one attempt
    "tell": (Turns, "tell", _any),
    "push claim": (Pushes, "_claim", _any),
    "push recheck": (Pushes, "recipient", _any),
    "push look": (Pushes, "go", _any),
    "push send": (TelegramChannel, "send", _any),
    "push mark": (Pushes, "sent", _any),
    "make": (DueDigests, "make", _any),
    "made": (Runs, "advance", _any),
    "finish": (Runs, "finish", _any),
}
SPECIAL: dict[str, Callable[[int | None], None]] = {
    "writing": _arm_writing,
    "overtaken": _arm_overtaken,
    "ask": _note_what_is_taken,
}

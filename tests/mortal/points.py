"""Where a process dies: before or after the n-th call of a real method, as kill -9 would."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.channels.telegram import polling
from bot.channels.telegram.caller import Caller
from bot.channels.telegram.gestures import Gestures
from bot.channels.telegram.intake import Intake
from bot.channels.telegram.polling import Polling
from bot.channels.telegram.sender import Sender
from storage import ledger_sqlite
from storage.ledger import Kept, Ledger, Left
from storage.line import Line
from storage.outbox import Outbox, Waiting

KILLED = 137
WRITING_SECONDS = 0.001
"""After a statement has left for PostgreSQL: it may have taken effect, or not."""


@dataclass(frozen=True, slots=True)
class Point:
    """``name`` is one of :data:`POINTS`; what concerns other chats than ``chat`` does not count."""

    name: str
    when: str
    chat: int | None = None
    nth: int = 1


def die() -> None:
    os._exit(KILLED)


def arm(point: Point) -> None:
    """This process dies there; the method is otherwise what it was."""
    if point.name == "writing":
        _arm_writing(point.chat)
        return
    if point.name == "overtaken":
        _arm_overtaken(point.chat)
        return
    if point.name == "ask":
        _note_what_is_taken(point.chat)
        polling.POLL_SECONDS = 0  # a question is answered at once: there is an « after »
    owner, name, concerns = POINTS[point.name]
    method = getattr(owner, name)
    calls = 0

    def counts(arguments: tuple[Any, ...]) -> bool:
        nonlocal calls
        calls += concerns(arguments, point.chat)
        return calls == point.nth and bool(concerns(arguments, point.chat))

    def mortal(*arguments: Any, **named: Any) -> Any:
        here = counts(arguments)
        if here and point.when == "before":
            die()
        result = method(*arguments, **named)
        if here:
            die()
        return result

    async def mortal_later(*arguments: Any, **named: Any) -> Any:
        here = counts(arguments)
        if here and point.when == "before":
            die()
        result = await method(*arguments, **named)
        if here:
            die()
        return result

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

    def deliver_to_others(self: Sender, messages: Iterable[Waiting], **how: Any) -> None:
        """Whether the answer was on its way is not what this is about: it does not leave."""
        deliver(self, [m for m in messages if m.address != str(chat)], **how)

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
    return chat is None or bool(arguments[1].message.chat.id == chat)


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
}

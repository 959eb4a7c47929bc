"""What the fake server knows: chats, messages, updates to come, and every call it was asked."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.bot_api.limits import ASKED_FOR
from tests.bot_api.rules import Json, Refused

BOT: Json = {
    "id": 4242,
    "is_bot": True,
    "first_name": "C’est ma chance",
    "username": "cmachance_test_bot",
    "can_join_groups": True,
    "can_read_all_group_messages": False,
    "supports_inline_queries": True,
}


@dataclass(slots=True)
class Call:
    """One call: when (seconds since 1970), what, and the HTTP status it got.

    The status is 0 when nothing was answered.
    """

    time: float
    method: str
    params: Json
    status: int = 0


@dataclass(slots=True)
class Sent:
    """A message of the bot as it stands now, edits applied; ``before`` holds what it was."""

    chat_id: int
    message_id: int
    method: str
    params: Json
    message: Json
    time: float
    before: list[Json] = field(default_factory=list)
    deleted: bool = False

    @property
    def text(self) -> str:
        """What people read: tags are gone."""
        said: str = self.message.get("text") or self.message.get("caption") or ""
        return said

    @property
    def buttons(self) -> list[Json]:
        """The inline buttons, row by row."""
        rows = self.message.get("reply_markup", {}).get("inline_keyboard", ())
        return [button for row in rows for button in row]

    @property
    def keyboard(self) -> list[Json]:
        """The buttons shown in place of the keyboard, row by row."""
        rows = self.params.get("reply_markup", {}).get("keyboard", ())
        return [{"text": b} if isinstance(b, str) else b for row in rows for b in row]

    @property
    def labels(self) -> list[str]:
        return [button["text"] for button in self.buttons + self.keyboard]


@dataclass(slots=True)
class Chat:
    """A conversation; the bot is ``away`` when it was blocked, removed or has left."""

    shape: Json
    away: bool = False
    last_message_id: int = 0

    @property
    def private(self) -> bool:
        return bool(self.shape["type"] == "private")


class World:
    """Everything but the wire.

    :param first_update: the next update's number; those after it follow.
    :param any_chat: whether the bot may write to people who never wrote to it, which the real
        server refuses.
    """

    def __init__(self, *, first_update: int = 1, any_chat: bool = False) -> None:
        self.next_update = first_update
        self.any_chat = any_chat
        self.chats: dict[int, Chat] = {}
        self.calls: list[Call] = []
        self.sent: defaultdict[int, list[Sent]] = defaultdict(list)
        self.by_id: dict[tuple[int, int], Sent] = {}
        self.violations: list[str] = []
        self.queue: dict[int, Json] = {}
        self.unwanted: list[Json] = []
        """Updates of kinds that ``allowed_updates`` left out."""
        self.allowed: frozenset[str] | None = None
        self.presses: dict[str, Json] = {}
        """Every press by its callback id."""
        self.answers: dict[str, Json] = {}
        """What `answerCallbackQuery` said, by the same id."""
        self.queries: dict[str, Json] = {}
        """Every inline query by its id."""
        self.shown: dict[str, Json] = {}
        """What `answerInlineQuery` said, by the same id."""
        self.profile: dict[str, Json] = defaultdict(dict)
        """Commands, descriptions and menu buttons: by kind, then by scope or language."""
        self.files: dict[str, bytes] = {}
        self.accepted = 0
        """Messages of the bot, all chats together."""
        self.on_push: Callable[[Json], None] | None = None
        self._callbacks = itertools.count(1)
        self._waiting: list[asyncio.Future[None]] = []

    @property
    def pending(self) -> int:
        """Updates nobody confirmed yet."""
        return len(self.queue)

    def push(self, update: Json) -> int:
        """Something happened: its number, which a repeated or forged update may bring itself."""
        number: int = update.get("update_id", self.next_update)
        self.next_update = max(self.next_update, number + 1)
        kind, content = next((k, v) for k, v in update.items() if k != "update_id")
        self._meet(content)
        full = {"update_id": number, **update}
        if not self._wanted(kind):
            self.unwanted.append(full)
            return number
        self.queue[number] = full
        if self.on_push is not None:
            self.on_push(full)
        self.changed()
        return number

    def _meet(self, content: Json) -> None:
        """Whoever speaks is somebody to answer, even in an update written by hand."""
        shape = content.get("chat") or content.get("message", {}).get("chat")
        if shape is not None:
            chat = self.chat(shape)
            number = content.get("message_id", 0)
            chat.last_message_id = max(chat.last_message_id, number)

    def chat(self, shape: Json) -> Chat:
        return self.chats.setdefault(shape["id"], Chat(shape))

    def _wanted(self, kind: str) -> bool:
        return kind in self.allowed if self.allowed else kind not in ASKED_FOR

    def callback_id(self) -> str:
        return f"{700_000_000_000 + next(self._callbacks)}"

    def confirm(self, number: int) -> None:
        """One update arrived for good."""
        self.queue.pop(number, None)
        self.changed()

    def open_chat(self, chat_id: int) -> Chat:
        """The chat to write to. Raises :class:`Refused` as the real server does."""
        chat = self.chats.get(chat_id)
        if chat is None:
            if not self.any_chat:
                raise Refused(400, "Bad Request: chat not found")
            kind = "private" if chat_id > 0 else "supergroup"
            named = {"first_name": "?"} if chat_id > 0 else {"title": "?"}
            chat = self.chats[chat_id] = Chat({"id": chat_id, "type": kind, **named})
        if chat.away:
            why = "was blocked by the user" if chat.private else "was kicked from the group chat"
            raise Refused(403, f"Forbidden: bot {why}")
        return chat

    def record(self, chat: Chat, method: str, params: Json, content: Json) -> Sent:
        """A message of the bot, accepted."""
        now = time.time()
        chat.last_message_id += 1
        message = {
            "message_id": chat.last_message_id,
            "from": BOT,
            "chat": chat.shape,
            "date": int(now),
            **content,
        }
        sent = Sent(chat.shape["id"], chat.last_message_id, method, params, message, now)
        self.sent[sent.chat_id].append(sent)
        self.by_id[sent.chat_id, sent.message_id] = sent
        self.accepted += 1
        self.changed()
        return sent

    def changed(self) -> None:
        """Something that somebody may be waiting for."""
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            for future in waiting:
                if not future.done():
                    future.set_result(None)

    async def until(self, ready: Callable[[], bool], seconds: float) -> bool:
        """Wait until it is so, asked after every change; ``False`` when time is over."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(seconds):
                while not ready():
                    future = loop.create_future()
                    self._waiting.append(future)
                    await future
        except TimeoutError:
            return ready()
        return True

    async def replies(
        self, chat_id: int, after: int = 0, n: int = 1, seconds: float = 5
    ) -> list[Sent]:
        """The bot's messages in a chat but the ``after`` first ones, once there are ``n``."""
        found = self.sent[chat_id]
        if not await self.until(lambda: len(found) >= after + n, seconds):
            said = [sent.text for sent in found[after:]]
            raise AssertionError(f"{len(said)} of {n} messages in {seconds} s: {said}")
        return found[after:]

    async def settled(self, seconds: float = 5) -> None:
        """Wait until every update is confirmed."""
        if not await self.until(lambda: not self.queue, seconds):
            raise AssertionError(f"{self.pending} updates still wait after {seconds} s")

    def peak(self, method: str = "sendMessage", seconds: float = 1.0) -> int:
        """The most calls of a method in any sliding window."""
        times = [call.time for call in self.calls if call.method == method]
        most = first = 0
        for last, moment in enumerate(times):
            while moment - times[first] >= seconds:
                first += 1
            most = max(most, last - first + 1)
        return most

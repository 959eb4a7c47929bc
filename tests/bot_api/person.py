"""Somebody with a phone: writes, presses, blocks, and reads what the bot answered."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, TypedDict

from tests.bot_api.markup import units
from tests.bot_api.methods import membership
from tests.bot_api.rules import Json
from tests.bot_api.world import BOT, Sent

if TYPE_CHECKING:
    from tests.bot_api.server import BotApi


class Traits(TypedDict, total=False):
    """What people say about themselves in their profile."""

    first_name: str
    last_name: str
    username: str
    language_code: str


class Person:
    """One person; each thing they do returns the number of the update it made."""

    def __init__(
        self,
        api: BotApi,
        user_id: int,
        *,
        first_name: str = "Lou",
        last_name: str | None = None,
        username: str | None = None,
        language_code: str | None = "fr",
    ) -> None:
        self._api = api
        self.id = user_id
        given = {
            "id": user_id, "is_bot": False, "first_name": first_name, "last_name": last_name,
            "username": username, "language_code": language_code,
        }  # fmt: skip
        self.user: Json = {name: value for name, value in given.items() if value is not None}
        named = {k: v for k, v in self.user.items() if k in {"first_name", "last_name", "username"}}
        self.home: Json = {"id": user_id, "type": "private", **named}
        self._last: Json | None = None
        self._pressed: Json | None = None
        self._read = 0

    @property
    def received(self) -> list[Sent]:
        """Everything the bot wrote to them."""
        return self._api.sent[self.id]

    def read(self) -> list[Sent]:
        """The bot's messages since the last time."""
        new = self.received[self._read :]
        self._read = len(self.received)
        return new

    async def hears(self, n: int = 1, seconds: float = 5) -> list[Sent]:
        """The same, once there are ``n``."""
        await self._api.replies(self.id, after=self._read, n=n, seconds=seconds)
        return self.read()

    @property
    def told(self) -> list[str]:
        """The little notes that answered their presses, in order; "" for a silent one."""
        own = (id for id, press in self._api.presses.items() if press["from"]["id"] == self.id)
        return [self._api.answers[id].get("text", "") for id in own if id in self._api.answers]

    async def say(self, text: str, *, chat: Json | None = None) -> int:
        """Words; those that begin by « / » are marked as a command."""
        return self._write({"text": text, **_command(text)}, chat)

    async def send(self, **content: Any) -> int:
        """Whatever a message may hold, or should not."""
        return self._write(content)

    async def start(self, payload: str = "") -> int:
        """The « start » button, or a link with a payload; whoever had blocked the bot unblocks."""
        if self._api.chat(self.home).away:
            await self.unblock()
        return await self.say(f"/start {payload}".rstrip())

    async def say_in(self, group_id: int, text: str) -> int:
        return await self.say(text, chat=self._api.chats[group_id].shape)

    async def edit(self, text: str) -> int:
        """Their last message, put otherwise."""
        assert self._last is not None, "nothing to edit"
        edited = {**self._last, "text": text, "edit_date": int(time.time())}
        return self._api.push({"edited_message": edited})

    async def location(self, latitude: float, longitude: float) -> int:
        return self._write({"location": {"latitude": latitude, "longitude": longitude}})

    async def voice(self) -> int:
        return self._write({"voice": {**_file("voice"), "duration": 3, "mime_type": "audio/ogg"}})

    async def sticker(self, emoji: str = "👍") -> int:
        shape = {"width": 512, "height": 512, "is_animated": False, "is_video": False}
        return self._write(
            {"sticker": {**_file("sticker"), **shape, "type": "regular", "emoji": emoji}}
        )

    async def photo(
        self, caption: str | None = None, content: bytes | None = None, album: str | None = None
    ) -> int:
        """A picture in two sizes; with a ``content``, the bot may ask for the larger one."""
        sizes = [{**_file("photo"), "width": 90, "height": 90}]
        if content is not None:
            large = {**_file(f"picture-{len(self._api.files) + 1}"), "file_size": len(content)}
            self._api.files[large["file_id"]] = content
            sizes.append({**large, "width": 900, "height": 1200})
        beside = {"caption": caption, "media_group_id": album}
        return self._write({"photo": sizes, **{k: v for k, v in beside.items() if v}})

    async def document(
        self,
        name: str = "cv.pdf",
        content: bytes = b"%PDF-1.4",
        mime_type: str = "application/pdf",
        caption: str | None = None,
    ) -> int:
        """A file, which the bot may ask for by `getFile`."""
        file = {**_file(f"upload-{len(self._api.files) + 1}"), "file_size": len(content)}
        self._api.files[file["file_id"]] = content
        document = {**file, "file_name": name, "mime_type": mime_type}
        return self._write({"document": document, **({"caption": caption} if caption else {})})

    async def contact(self, phone: str = "+33600000000") -> int:
        own = {"first_name": self.user["first_name"], "user_id": self.id}
        return self._write({"contact": {"phone_number": phone, **own}})

    async def press(self, label: str) -> int | str:
        """The newest button so labelled.

        A link is not pressed but returned, like what a « share » button would share; a button in
        place of the keyboard writes its label.
        """
        sent, button = self._find(label)
        for name in ("url", "switch_inline_query", "switch_inline_query_current_chat"):
            if name in button:
                return str(button[name])
        if "callback_data" in button:
            return await self.press_data(button["callback_data"], sent)
        assert not button.keys() - {"text"}, f"« {label} » asks for something: {button}"
        return await self.say(label)

    async def press_data(self, data: str, on: Sent | None = None) -> int:
        """A press holding these data, whether or not a button does."""
        sent = on or next((s for s in reversed(self.received) if not s.deleted), None)
        message = sent.message if sent else {"message_id": 1, "date": 0, "chat": self.home}
        self._pressed = {
            "from": self.user,
            "message": message,
            "chat_instance": f"{-9_000_000_000 - self.id}",
            "data": data,
        }
        return await self.press_again()

    async def press_again(self) -> int:
        """The last press once more, as an impatient phone sends it: with new numbers."""
        assert self._pressed is not None, "nothing was pressed"
        press = {"id": self._api.callback_id(), **self._pressed}
        self._api.presses[press["id"]] = press
        return self._api.push({"callback_query": press})

    async def inline(self, query: str, chat_type: str = "private") -> int:
        """« @bot query » typed in some other chat."""
        assert units(query) <= 256, "nobody can ask more"
        id = self._api.callback_id()
        asked: Json = {
            "id": id, "from": self.user, "query": query, "offset": "",
            "chat_type": chat_type,
        }  # fmt: skip
        self._api.queries[id] = asked
        return self._api.push({"inline_query": asked})

    async def shown(self, seconds: float = 5) -> list[Json]:
        """What they may choose from after their last inline query, once it was answered."""
        api = self._api
        last = [id for id, query in api.queries.items() if query["from"]["id"] == self.id][-1]
        assert await api.until(lambda: last in api.shown, seconds), "the query is not answered"
        results: list[Json] = api.shown[last]["results"]
        return results

    async def block(self) -> int:
        return self._membership("member", "kicked")

    async def unblock(self) -> int:
        return self._membership("kicked", "member")

    async def add_to_group(self, group_id: int, title: str = "Groupe") -> int:
        """The bot joins a group, which may be a new one: told twice, as Telegram does."""
        chat = self._api.chat({"id": group_id, "type": "supergroup", "title": title})
        chat.away = False
        number = self._api.push(membership(chat.shape, self.user, "left", "member"))
        chat.last_message_id += 1
        service = {"message_id": chat.last_message_id, "from": self.user, "chat": chat.shape}
        self._api.push(
            {"message": {**service, "date": int(time.time()), "new_chat_members": [BOT]}}
        )
        return number

    def _membership(self, before: str, after: str) -> int:
        self._api.chat(self.home).away = after == "kicked"
        return self._api.push(membership(self.home, self.user, before, after))

    def _write(self, content: Json, chat: Json | None = None) -> int:
        place = self._api.chat(chat or self.home)
        assert not place.away, "whoever blocked the bot cannot write to it"
        place.last_message_id += 1
        message: Json = {
            "message_id": place.last_message_id,
            "from": self.user,
            "chat": place.shape,
            "date": int(time.time()),
            **content,
        }
        self._last = message
        return self._api.push({"message": message})

    def _find(self, label: str) -> tuple[Sent, Json]:
        for sent in reversed(self.received):
            for button in sent.buttons + sent.keyboard:
                if button["text"] == label and not sent.deleted:
                    return sent, button
        shown = [sent.labels for sent in self.received[-3:]]
        raise AssertionError(f"no button « {label} »; the last ones: {shown}")


def _command(text: str) -> Json:
    if not text.startswith("/"):
        return {}
    length = len(text.split(maxsplit=1)[0])
    return {"entities": [{"type": "bot_command", "offset": 0, "length": length}]}


def _file(name: str) -> dict[str, Any]:
    return {"file_id": name, "file_unique_id": f"u{name}", "file_size": 8}

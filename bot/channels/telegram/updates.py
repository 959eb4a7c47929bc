"""An update of Telegram as something said to us: words, a press, an arrival, a position.

Read as it came, and only what we use: what lies beside it may be as strange as it likes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from bot.channels.telegram import NAME
from bot.incoming import OLD_BUTTON, Incoming, SentFile
from bot.links import Link, Signer
from matching.application.document import named_photo
from matching.model import distance_km
from nlu.gazetteer import Gazetteer

ALLOWED = (
    "message", "edited_message", "callback_query", "my_chat_member", "inline_query",
)  # fmt: skip
"""The kinds of updates we ask Telegram for; any other is acknowledged and ignored."""

MOST_CHARACTERS = 4096
"""Telegram brings no longer text."""

FAR_KM = 40.0
"""From the nearest French commune's centre: further away, a position is not in France."""

COMMANDS = {
    "offres": "/again", "changer": "/change", "aide": "/help", "help": "/help",
    "humain": "/human", "donnees": "/my_data", "supprimer": "/delete",
    "recommencer": "/restart", "": "/help",
}  # fmt: skip
"""The menu's commands and what they press; ``/start`` is an arrival."""

SAID_BY_THEMSELVES = {"offres", "changer", "aide", "help", ""}
"""What follows these says more than they do: « /offres boulanger Lens »."""

_CUT_CODE = re.compile(r"(?![A-Z]?[a-z-]+$|[0-9]{1,5}$)[A-Za-z0-9_-]{1,64}")
"""The code of a link, and neither a word nor a postcode."""

SENT = {
    "voice": "voice", "video_note": "voice", "audio": "file", "sticker": "sticker",
    "animation": "sticker", "dice": "sticker", "photo": "file", "document": "file",
    "video": "file", "contact": "contact",
}  # fmt: skip
"""What may come without words, and how the dialogue calls it; anything else is « other »."""

SERVICE = frozenset((
    "new_chat_members", "left_chat_member", "new_chat_title", "new_chat_photo",
    "delete_chat_photo", "group_chat_created", "supergroup_chat_created", "channel_chat_created",
    "message_auto_delete_timer_changed", "migrate_to_chat_id", "migrate_from_chat_id",
    "pinned_message", "successful_payment", "refunded_payment", "write_access_allowed",
    "passport_data", "proximity_alert_triggered", "boost_added", "chat_background_set",
    "forum_topic_created", "forum_topic_edited", "forum_topic_closed", "forum_topic_reopened",
    "general_forum_topic_hidden", "general_forum_topic_unhidden", "giveaway_created",
    "giveaway_completed", "checklist_tasks_done", "checklist_tasks_added", "connected_website",
    "direct_message_price_changed", "paid_message_price_changed", "gift", "unique_gift",
    "suggested_post_approved", "suggested_post_approval_failed", "suggested_post_declined",
    "suggested_post_paid", "suggested_post_refunded", "video_chat_scheduled",
    "video_chat_started", "video_chat_ended", "video_chat_participants_invited",
))  # fmt: skip
"""What Telegram itself says of a chat."""

LONGEST_REFERENCE = 500
"""Of a file, in characters; Telegram's have about a hundred."""

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Press:
    """A press to acknowledge, and where its button is."""

    id: str
    chat: int | None = None
    message: int = 0
    keyboard: Json | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """« @bot query », typed in some other chat."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Heard:
    """What one update asks of us; all empty: nothing.

    ``press`` is to be acknowledged at once; ``group`` a chat where we do not talk;
    ``left`` the address of somebody who blocked us; ``inline`` a query for an offer to share.
    """

    incoming: Incoming | None = None
    press: Press | None = None
    group: int | None = None
    left: str | None = None
    inline: Query | None = None


NOTHING = Heard()


class Reader:
    """Reads updates; ``signer`` verifies presses and links, ``gazetteer`` places positions.

    ``stream`` names the numbering of updates when they may overtake one another.
    """

    def __init__(self, signer: Signer, gazetteer: Gazetteer, stream: str | None = None) -> None:
        self._signer = signer
        self._gazetteer = gazetteer
        self._stream = stream

    def read(self, update: Json) -> Heard:
        """Raises ``TypeError`` or ``ValueError`` for what is not as Telegram says it is."""
        number = update["update_id"]
        if query := _part(update, "callback_query"):
            return self._press(number, query)
        if message := _part(update, "message"):
            return self._message(number, message)
        if message := _part(update, "edited_message"):
            return self._message(number, message, edited=True)
        if change := _part(update, "my_chat_member"):
            return _member(change)
        if query := _part(update, "inline_query"):
            return Heard(inline=Query(_words(query, "id"), _words(query, "query")))
        return NOTHING

    def unreadable(self, update: Json, reference: str) -> Heard:
        """The same of an update that cannot be read: whoever wrote it is told so.

        ``reference`` is what the log calls it.
        """
        for kind in ("message", "edited_message"):
            chat = _chat(_dict(update.get(kind)))
            if chat is not None and chat[1] == "private":
                payload = f"/unreadable {reference}"
                return Heard(self._incoming(update["update_id"], str(chat[0]), payload=payload))
        return NOTHING

    def verify(self, data: str, address: str) -> str | None:
        """The payload of one of our buttons in this chat."""
        return self._signer.verify(data, f"{NAME}:{address}")

    def _press(self, number: int, query: Json) -> Heard:
        message = _dict(query.get("message"))
        chat = _chat(message)
        if chat is None or chat[1] != "private":
            return Heard(press=Press(_words(query, "id")))
        shown = message.get("message_id")
        press = Press(
            _words(query, "id"),
            chat[0],
            shown if _is_number(shown) else 0,
            _dict(message.get("reply_markup")) or None,
        )
        address, data = str(chat[0]), _words(query, "data")
        incoming = self._incoming(
            number,
            address,
            payload=self.verify(data, address) or OLD_BUTTON,
            press=f"{press.message}:{data}",
        )
        return Heard(incoming, press=press)

    def _message(self, number: int, message: Json, *, edited: bool = False) -> Heard:
        chat = _chat(message)
        if chat is None:
            raise ValueError("chat")
        if chat[1] in {"group", "supergroup"}:
            return NOTHING if SERVICE & message.keys() else Heard(group=chat[0])
        by_bot = _dict(message.get("from")).get("is_bot") or message.get("via_bot")
        if chat[1] != "private" or by_bot:
            return NOTHING
        said = self._said(message, edited=edited)
        return Heard(self._incoming(number, str(chat[0]), **said)) if said else NOTHING

    def _said(self, message: Json, *, edited: bool) -> dict[str, Any] | None:
        album = message.get("media_group_id")
        beside: dict[str, Any] = {"album": str(album)} if album else {}
        if not edited and (files := _files(message)):
            beside["files"] = files
        if text := _words(message, "text") or _words(message, "caption"):
            return self._text(text[:MOST_CHARACTERS]) | beside | {"edited": edited}
        if edited or SERVICE & message.keys():
            return None  # a position that moves, a picture exchanged: nothing new was said
        spot = _part(_dict(message.get("venue")), "location") or _part(message, "location")
        if spot is not None:
            return {"payload": self._here(_degrees(spot, "latitude"), _degrees(spot, "longitude"))}
        kind = next((said for name, said in SENT.items() if message.get(name)), "other")
        return {"payload": f"/sent {kind}"} | beside

    def _text(self, text: str) -> dict[str, Any]:
        if not text.startswith("/"):
            return {"text": text}
        first, *rest = text[1:].split(maxsplit=1) or ("",)
        command, words = first.partition("@")[0], "".join(rest).strip()
        name = command.casefold()
        if name == "start":
            return self._arrival(words)
        if name in COMMANDS and not words:
            return {"payload": COMMANDS[name]}
        return {"text": words if name in SAID_BY_THEMSELVES else f"{command} {words}".strip()}

    def _arrival(self, said: str) -> dict[str, Any]:
        if not said:
            return {"link": Link()}
        if link := self._signer.decode(said):
            return {"link": link}
        return {"payload": "/damaged_link"} if _CUT_CODE.fullmatch(said) else {"text": said}

    def _here(self, lat: float, lon: float) -> str:
        place = self._gazetteer.nearest(lat, lon)
        near = distance_km(lat, lon, place.lat, place.lon) <= FAR_KM
        return f"/set p={place.insee}" if near else "/sent far"

    def _incoming(self, number: int, address: str, **said: Any) -> Incoming:
        return Incoming(NAME, address, str(number), order=number, stream=self._stream, **said)


def _files(message: Json) -> tuple[SentFile, ...]:
    """What may be a CV: a document, or a picture in its largest size. Only told, not fetched."""
    document, sizes = _dict(message.get("document")), message.get("photo")
    if isinstance(sizes, list) and sizes and not document:
        largest = _dict(sizes[-1])
        return _file(largest, "photo.jpg", photo=True)
    name, kind = (
        value if isinstance(value := document.get(key), str) else ""
        for key in ("file_name", "mime_type")
    )
    photo = named_photo(name, kind)
    return _file(document, name, photo=photo)


def _file(told: Json, name: str, *, photo: bool) -> tuple[SentFile, ...]:
    ref, size = told.get("file_id"), told.get("file_size")
    if not isinstance(ref, str) or not 0 < len(ref) <= LONGEST_REFERENCE:
        return ()
    return (SentFile(ref, name[-200:], size if _is_number(size) else 0, photo),)


def _dict(value: object) -> Json:
    return value if isinstance(value, Mapping) else {}


def _part(whole: Json, name: str) -> Json | None:
    """Nothing, or what has parts itself."""
    value = whole.get(name)
    if value is None or isinstance(value, Mapping):
        return value
    raise TypeError(name)


def _words(whole: Json, name: str) -> str:
    value = whole.get(name)
    if value is None or isinstance(value, str):
        return value or ""
    raise TypeError(name)


def _degrees(spot: Json, name: str) -> float:
    value = spot.get(name)
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= 180:
        return float(value)
    raise ValueError(name)


def _chat(message: Json) -> tuple[int, str] | None:
    """The number and the kind of a message's chat."""
    chat = _dict(message.get("chat"))
    id, kind = chat.get("id"), chat.get("type")
    return (id, kind) if _is_number(id) and isinstance(kind, str) else None


def _is_number(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**53


def _member(change: Json) -> Heard:
    """We were blocked, or taken into a group; coming back says nothing by itself."""
    chat = _chat(change)
    if chat is None:
        raise ValueError("chat")
    status = _words(_part(change, "new_chat_member") or {}, "status")
    present = status in {"member", "administrator", "creator", "restricted"}
    if chat[1] == "private":
        return NOTHING if present or not status else Heard(left=str(chat[0]))
    if chat[1] in {"group", "supergroup", "channel"} and present:
        return Heard(group=chat[0])
    return NOTHING

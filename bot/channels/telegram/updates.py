"""An update of Telegram as something said to us: words, a press, an arrival, a position."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from telegram import CallbackQuery, ChatMemberUpdated, InlineQuery, Message, Update

from bot.channels.telegram import NAME
from bot.links import Link, Signer
from bot.turn import OLD_BUTTON, Incoming
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
    "recommencer": "/restart",
}  # fmt: skip
"""The menu's commands and what they press; ``/start`` is an arrival."""

SENT = {
    "voice": "voice", "video_note": "voice", "audio": "file", "sticker": "sticker",
    "animation": "sticker", "dice": "sticker", "photo": "file", "document": "file",
    "video": "file", "contact": "contact",
}  # fmt: skip
"""What may come without words, and how the dialogue calls it."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What one update asks of us; all empty: nothing.

    ``press`` is the query to acknowledge at once; ``group`` a chat where we do not talk;
    ``left`` the address of somebody who blocked us; ``inline`` a query for an offer to share.
    """

    incoming: Incoming | None = None
    press: CallbackQuery | None = None
    group: int | None = None
    left: str | None = None
    inline: InlineQuery | None = None


NOTHING = Heard()


class Reader:
    """Reads updates; ``signer`` verifies presses and links, ``gazetteer`` places positions.

    ``stream`` names the numbering of updates when they may overtake one another.
    """

    def __init__(self, signer: Signer, gazetteer: Gazetteer, stream: str | None = None) -> None:
        self._signer = signer
        self._gazetteer = gazetteer
        self._stream = stream

    def read(self, update: Update) -> Heard:
        if query := update.callback_query:
            return self._press(update.update_id, query)
        if message := update.message or update.edited_message:
            return self._message(update, message)
        if change := update.my_chat_member:
            return _member(change)
        return Heard(inline=update.inline_query) if update.inline_query else NOTHING

    def verify(self, data: str, address: str) -> str | None:
        """The payload of one of our buttons in this chat."""
        return self._signer.verify(data, f"{NAME}:{address}")

    def _press(self, number: int, query: CallbackQuery) -> Heard:
        message = query.message
        chat = message.chat if message else None
        if chat is None or chat.type != "private" or not _is_number(chat.id):
            return Heard(press=query)
        address, data = str(chat.id), query.data or ""
        incoming = self._incoming(
            number,
            address,
            payload=self.verify(data, address) or OLD_BUTTON,
            press=f"{message.message_id if message else 0}:{data}",
        )
        return Heard(incoming, press=query)

    def _message(self, update: Update, message: Message) -> Heard:
        chat, author = message.chat, message.from_user
        if not _is_number(chat.id):
            return NOTHING
        if chat.type in {"group", "supergroup"}:
            return NOTHING if _is_service(message) else Heard(group=chat.id)
        if chat.type != "private" or (author and author.is_bot) or message.via_bot:
            return NOTHING
        said = self._said(message, edited=update.edited_message is not None)
        if said is None:
            return NOTHING
        return Heard(self._incoming(update.update_id, str(chat.id), **said))

    def _said(self, message: Message, *, edited: bool) -> dict[str, Any] | None:
        text = message.text or message.caption
        if text:
            return self._text(text[:MOST_CHARACTERS])
        if edited:
            return None  # a position that moves, a picture exchanged: nothing new was said
        spot = message.venue.location if message.venue else message.location
        if spot is not None:
            return {"payload": self._here(spot.latitude, spot.longitude)}
        kind = next((said for name, said in SENT.items() if getattr(message, name, None)), None)
        return {"payload": f"/sent {kind}"} if kind else None

    def _text(self, text: str) -> dict[str, Any]:
        if not text.startswith("/"):
            return {"text": text}
        command, _, rest = text[1:].partition(" ")
        name = command.partition("@")[0].casefold()
        if name == "start":
            return {"link": self._signer.decode(rest.strip()) or Link()}
        if payload := COMMANDS.get(name):
            return {"payload": payload}
        return {"text": f"{command} {rest}".strip()}

    def _here(self, lat: float, lon: float) -> str:
        place = self._gazetteer.nearest(lat, lon)
        near = distance_km(lat, lon, place.lat, place.lon) <= FAR_KM
        return f"/set p={place.insee}" if near else "/sent far"

    def _incoming(self, number: int, address: str, **said: Any) -> Incoming:
        return Incoming(NAME, address, str(number), order=number, stream=self._stream, **said)


def _is_number(chat: object) -> bool:
    """Whether this names a chat; the library takes whatever it is given."""
    return isinstance(chat, int) and not isinstance(chat, bool) and abs(chat) < 2**53


def _is_service(message: Message) -> bool:
    """What Telegram itself says in a group; our own arrival there comes as a change of ours."""
    return bool(
        message.new_chat_members
        or message.left_chat_member
        or message.group_chat_created
        or message.supergroup_chat_created
        or message.migrate_to_chat_id
        or message.migrate_from_chat_id
    )


def _member(change: ChatMemberUpdated) -> Heard:
    """We were blocked, or taken into a group; coming back says nothing by itself."""
    if not _is_number(change.chat.id):
        return NOTHING
    present = change.new_chat_member.status in {"member", "administrator", "creator", "restricted"}
    if change.chat.type == "private":
        return NOTHING if present else Heard(left=str(change.chat.id))
    if change.chat.type in {"group", "supergroup", "channel"} and present:
        return Heard(group=change.chat.id)
    return NOTHING

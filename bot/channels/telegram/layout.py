"""What a turn says as Telegram shows it: one message, its offers numbered, its buttons signed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from ipaddress import ip_address
from typing import Any
from urllib.parse import quote, urlsplit

from bot.links import PRESS_BYTES, Signer
from dialogs.reply import Button, Card, Reply, short_press
from dialogs.voice import Voice

MOST_CHARACTERS = 4096
"""Of one message, in UTF-16 units, once its tags are read."""

IN_A_ROW = 3
ROW_CHARACTERS = 36
"""What fits beside one another on a phone, where the buttons of a row are equally wide."""

Markup = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Part:
    """One message to send: HTML as Telegram knows it, the same without tags, and a keyboard.

    ``preview``: the page of its link may be shown under it.
    """

    html: str
    plain: str
    keyboard: Markup | None = None
    preview: bool = False


@dataclass(frozen=True, slots=True)
class _Block:
    """A paragraph, bare and with its tags."""

    plain: str
    html: str


class Layout:
    """Lays replies out for one bot.

    ``inline`` says whether the bot answers inline queries: its offers are then shared from within
    Telegram, otherwise by the address that opens Telegram's own list of contacts.
    """

    def __init__(self, voice: Voice, signer: Signer, *, inline: bool = False) -> None:
        self._voice = voice
        self._signer = signer
        self.inline = inline
        self._labels: dict[tuple[str, int], str] = {}

    def parts(self, replies: Sequence[Reply], address: str) -> list[Part]:
        """The messages of a turn, in order; nearly always one. Buttons go under the last.

        A second question begins another message: nobody answers two at once.
        """
        parts: list[Part] = []
        for together in _by_question(replies):
            parts += self._message(together, f"telegram:{address}")
        return parts

    def _message(self, replies: Sequence[Reply], address: str) -> list[Part]:
        several = sum(len(reply.cards) for reply in replies) > 1
        blocks: list[_Block] = []
        for reply in replies:
            blocks += map(_words, _pieces(reply.text))
            for number, card in enumerate(reply.cards, 1):
                blocks += _whole(_card(card, number if several else None))
            blocks += [block for url in _unreachable(reply) for block in map(_words, _pieces(url))]
        keyboard = self._keyboard(replies, address, several=several)
        preview = any(len(r.cards) == 1 or r.name == "utter_share" for r in replies)
        messages = _gather(blocks)
        return [
            Part(
                "\n\n".join(b.html for b in message),
                "\n\n".join(b.plain for b in message),
                keyboard if message is messages[-1] else None,
                preview,
            )
            for message in messages
        ]

    def _keyboard(self, replies: Sequence[Reply], address: str, *, several: bool) -> Markup | None:
        """The answers to the question that ends the text first, right under it; then the offers."""
        first: list[list[Markup]] = []
        then: list[list[Markup]] = []
        for reply in replies:
            for number, card in enumerate(reply.cards, 1):
                if several:
                    then.append(self._card_row(card, number, address))
                else:
                    then += self._whole_card(card, address)
            made = _rows(filter(None, (self._button(b, address) for b in reply.buttons)))
            if _asks(reply):
                first += made
            else:
                then += made
        rows = [row for row in (*first, *then) if row]
        return {"inline_keyboard": rows} if rows else None

    def _card_row(self, card: Card, number: int, address: str) -> list[Markup]:
        """What is done first with one of several offers; the rest is behind « Plus »."""
        row = []
        opener = next((b for b in card.buttons if b.url), None)
        if opener and opener.url and reachable(opener.url):
            row.append({"text": self._short("open", number), "url": opener.url})
        for verb in (
            "apply",
            "call",
            "appointment",
        ):  # one of them: three buttons fit beside one another
            press = next(
                (p for b in card.buttons if (p := b.payload or "").startswith(f"/{verb} ")), ""
            )
            if press:
                row.append(self._press(self._short(verb, number), press, address))
                break
        if card.id:  # a course has nothing more to show
            row.append(self._press(self._short("card", number), f"/card {card.id}", address))
        return row

    def _short(self, what: str, number: int) -> str:
        if (what, number) not in self._labels:
            self._labels[what, number] = self._voice.phrase(f"button_short_{what}", n=number)
        return self._labels[what, number]

    def _whole_card(self, card: Card, address: str) -> list[list[Markup]]:
        opener = next((b for b in card.buttons if b.url), None)
        url = opener.url if opener else None
        made: list[Markup | None] = []
        for button in card.buttons:
            if (button.payload or "").startswith("/share ") and url:
                made.append(self._share(button, card, url))
            else:
                made.append(self._button(button, address))
        return _rows(filter(None, made))

    def _share(self, button: Button, card: Card, url: str) -> Markup:
        if self.inline:
            return {"text": button.text, "switch_inline_query": card.id}
        said = self._voice.phrase("network_share", title=card.title)
        link = f"https://t.me/share/url?url={quote(url, safe='')}&text={quote(said, safe='')}"
        return {"text": button.text, "url": link}

    def _button(self, button: Button, address: str) -> Markup | None:
        if button.payload is not None:
            return self._press(button.text, button.payload, address)
        if button.url and reachable(button.url):
            return {"text": button.text, "url": button.url}
        return None

    def _press(self, text: str, payload: str, address: str) -> Markup:
        try:
            data = self._signer.sign(payload, address, limit=PRESS_BYTES)
        except ValueError:  # the dialogue finds again what was meant among its latest buttons
            data = self._signer.sign(short_press(payload), address, limit=PRESS_BYTES)
        return {"text": text, "callback_data": data}


def _asks(reply: Reply) -> bool:
    return reply.text.rstrip().endswith("?")


def _by_question(replies: Sequence[Reply]) -> list[list[Reply]]:
    groups: list[list[Reply]] = [[]]
    asked = False
    for reply in replies:
        asks = _asks(reply)
        if asked and asks:
            groups.append([])
        asked = asks or (asked and bool(groups[-1]))
        groups[-1].append(reply)
    return groups


_UNSEEN = re.compile(r"[\s\x00-\x1f\x7f]")
_LABEL = re.compile(r"\w(?:[\w-]{0,61}\w)?")


@lru_cache(maxsize=1024)
def reachable(url: str) -> bool:
    """Whether Telegram accepts an address under a button: the web, and a name others can find."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if parts.scheme not in {"http", "https"} or port == 0 or _UNSEEN.search(url):
        return False
    try:
        return ip_address(host).is_global
    except ValueError:  # a name
        labels = host.split(".")
        last_is_a_name = any(c.isalpha() for c in labels[-1])
        return len(labels) > 1 and last_is_a_name and all(map(_LABEL.fullmatch, labels))


def presses_only(keyboard: Markup | None) -> Markup | None:
    """The keyboard without its addresses."""
    rows = [
        [b for b in row if "url" not in b] for row in (keyboard or {}).get("inline_keyboard", ())
    ]
    kept = [row for row in rows if row]
    return {"inline_keyboard": kept} if kept else None


def _unreachable(reply: Reply) -> list[str]:
    """Addresses that no button may bear and that the text does not hold: they can be copied."""
    urls = (button.url for button in reply.buttons)
    return [url for url in urls if url and not reachable(url) and url not in reply.text]


def _words(text: str) -> _Block:
    return _Block(text, escape(text, quote=False))


def _whole(block: _Block) -> list[_Block]:
    """A block too long for one message, in pieces without their tags."""
    if units(block.plain) <= MOST_CHARACTERS:
        return [block]
    return [_words(piece) for piece in _pieces(block.plain)]


@lru_cache(maxsize=512)
def _card(card: Card, number: int | None) -> _Block:
    """The same offer is shown to many people, and several times to one."""
    title = card.title if number is None else f"{number}. {card.title}"
    note = [card.note] if card.note else []
    opener = next((b for b in card.buttons if b.url), None)
    if opener and opener.url and not reachable(opener.url):
        note.append(opener.url)  # no button may bear it, but it can still be copied
    lines = [*card.lines, *note]
    html = [f"<b>{escape(title, quote=False)}</b>", *(escape(line, quote=False) for line in lines)]
    return _Block("\n".join([title, *lines]), "\n".join(html))


def _rows(buttons: Iterable[Markup]) -> list[list[Markup]]:
    """Side by side as long as all their words can be read, at most three."""
    rows: list[list[Markup]] = []
    for button in buttons:
        row = [*rows[-1], button] if rows else [button]
        longest = max(len(b["text"]) for b in row)
        if rows and len(row) <= IN_A_ROW and longest * len(row) <= ROW_CHARACTERS:
            rows[-1].append(button)
        else:
            rows.append([button])
    return rows


def units(text: str) -> int:
    """Length as Telegram counts it."""
    return len(text.encode("utf-16-le", "replace")) // 2


def _gather(blocks: Sequence[_Block]) -> list[list[_Block]]:
    """Paragraphs put together into as few messages as they fit in."""
    messages: list[list[_Block]] = []
    length = MOST_CHARACTERS + 1
    for block in blocks:
        size = units(block.plain)
        if length + size + 2 > MOST_CHARACTERS:
            messages.append([])
            length = -2
        messages[-1].append(block)
        length += size + 2
    return messages


def _pieces(text: str) -> list[str]:
    """The paragraphs of a text, none longer than a message: cut at a line, a space, or anywhere."""
    pieces: list[str] = []
    for paragraph in filter(None, (p.strip() for p in text.split("\n\n"))):
        rest = paragraph
        while units(rest) > MOST_CHARACTERS:
            cut = MOST_CHARACTERS // 2  # as many characters as fit even if each takes two units
            at = max(rest.rfind("\n", 0, cut), rest.rfind(" ", 0, cut))
            at = at if at > 0 else cut
            pieces.append(rest[:at].rstrip())
            rest = rest[at:].lstrip()
        pieces.append(rest)
    return pieces


def closed(keyboard: Markup, pressed: str, verify: Callable[[str], str | None]) -> Markup | None:
    """The keyboard without what a press on « pas pour moi » or « déjà pris » has settled.

    ``pressed`` is the payload; ``None`` when nothing of the keyboard changes.
    """
    verb, _, id = pressed.removeprefix("/").partition(" ")
    if verb not in {"hide", "taken"}:
        return None
    settled = {f"/{other} {id}" for other in ("hide", "taken", "call", "card", "apply")}

    def stays(button: Markup) -> bool:
        return verify(button.get("callback_data") or "") not in settled

    before = keyboard.get("inline_keyboard", [])
    after = [kept for row in before if (kept := [b for b in row if stays(b)])]
    return {"inline_keyboard": after} if after != before else None

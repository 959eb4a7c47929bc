"""The chat in a terminal: typed line by line, or read from a pipe, one turn after the other."""

from __future__ import annotations

import secrets
import signal
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.text import Text

from bot.links import Link
from bot.turn import Incoming
from dialogs.reply import Button, Card, Reply

if TYPE_CHECKING:
    from bot.assembly import Rooms

NAME = "terminal"
KEPT = "local"
"""Who writes when the conversation is to be found again next time."""

Line = tuple[str, str]
"""A style for rich, and a line."""

_LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(slots=True)
class Sheet:
    """Replies laid out for a terminal, and what the keys on it press.

    Buttons are numbered (``1``), those of a card bear its number and a letter (``2a``).
    """

    lines: list[Line] = field(default_factory=list)
    keys: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, replies: Sequence[Reply]) -> Sheet:
        sheet, cards, buttons = cls(), 0, 0
        for reply in replies:
            sheet.lines += [("", plain(line)) for line in reply.text.split("\n")]
            for card in reply.cards:
                cards += 1
                sheet._card(card, cards)
            choices = []
            for button in reply.buttons:
                buttons += button.payload is not None
                choices.append(sheet._button(button, str(buttons)))
            if choices:
                sheet.lines += [("", "")] if reply.cards else []
                sheet.lines.append(("cyan", "   ".join(choices)))
            sheet.lines.append(("", ""))
        return sheet

    def _card(self, card: Card, number: int) -> None:
        self.lines += [("", ""), ("bold", f"  {number}. {plain(card.title)}")]
        note = (card.note,) if card.note else ()
        self.lines += [("", f"     {plain(line)}") for line in (*card.lines, *note)]
        pressed = [b for b in card.buttons if b.payload is not None]
        opened = [b for b in card.buttons if b.payload is None]
        self.lines += [("dim", f"     {self._button(button, '')}") for button in opened]
        if pressed:
            keys = (f"{number}{letter}" for letter in _LETTERS)
            said = (self._button(b, key) for b, key in zip(pressed, keys, strict=False))
            self.lines.append(("cyan", "     " + "   ".join(said)))

    def _button(self, button: Button, key: str) -> str:
        if button.payload is None:
            return f"{plain(button.text)} : {plain(button.url or '')}"
        self.keys[key] = button.payload
        return f"[{key}] {plain(button.text)}"


def plain(text: str) -> str:
    """Without control characters: an offer must not drive the terminal."""
    return "".join(c for c in text if unicodedata.category(c) != "Cc")


class Terminal:
    """One conversation; ``keep`` finds it again next time, otherwise it is erased at the end."""

    def __init__(self, rooms: Rooms, *, keep: bool = False, out: TextIO | None = None) -> None:
        self._rooms = rooms
        self._keep = keep
        self._address = KEPT if keep else secrets.token_hex(8)
        self._run = secrets.token_hex(8)
        self._count = 0
        self._sheet = Sheet()
        self._console = Console(file=out or sys.stdout, highlight=False, soft_wrap=True)

    async def greet(self) -> None:
        """Arrive, as when the page is opened."""
        await self._handle(self._incoming(link=Link()))

    async def say(self, line: str) -> None:
        """One line: words, or the key of a button shown last."""
        payload = self._sheet.keys.get(line.strip().casefold())
        if payload is not None:
            await self._handle(self._incoming(payload=payload))
        else:
            await self._handle(self._incoming(text=line))

    async def leave(self) -> None:
        """Nothing of the conversation stays, unless it was to be kept."""
        if self._keep:
            return
        turns = self._rooms.turns
        async with self._rooms.database.write() as tx:
            await turns.conversations.delete(tx, turns.person(NAME, self._address))

    def _incoming(
        self, text: str | None = None, payload: str | None = None, link: Link | None = None
    ) -> Incoming:
        self._count += 1
        id = f"{self._run}:{self._count}"
        return Incoming(NAME, self._address, id, text, payload, link, order=self._count)

    async def _handle(self, incoming: Incoming) -> None:
        turns = self._rooms.turns
        await turns.handle(incoming)
        waiting = await turns.waiting(NAME, self._address)
        self._sheet = Sheet.of([reply for _, reply in waiting])
        for style, line in self._sheet.lines:
            self._console.print(Text(line, style=style))
        if waiting:
            await turns.acknowledge(NAME, self._address, waiting[-1][0])


def typed() -> Iterator[str]:
    """Lines as a person types them, until Ctrl-C or the end of the input."""
    while True:
        # asyncio would only note the first Ctrl-C while we wait for the keyboard
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            sys.stdout.write("toi > ")
            sys.stdout.flush()
            line = sys.stdin.readline()
        except KeyboardInterrupt:
            line = ""
        finally:
            signal.signal(signal.SIGINT, before)
        if not line:
            sys.stdout.write("\nÀ bientôt\u202f!\n")
            return
        if line.strip():
            yield line.rstrip("\n")


def piped() -> Iterator[str]:
    """Lines of standard input, whatever their bytes."""
    for line in sys.stdin.buffer:
        yield line.decode("utf-8", "replace").rstrip("\r\n")


async def chat(rooms: Rooms, *, keep: bool = False) -> None:
    """Talk until the input ends; a person is greeted, a pipe is not."""
    terminal = Terminal(rooms, keep=keep)
    person = sys.stdin.isatty()
    try:
        if person:
            await terminal.greet()
        for line in typed() if person else piped():
            await terminal.say(line)
    finally:
        await terminal.leave()

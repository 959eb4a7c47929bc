"""The chat in a terminal: typed line by line, or read from a pipe, one turn after the other."""

from __future__ import annotations

import asyncio
import secrets
import signal
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.text import Text

from bot.applying import FileGone
from bot.incoming import Incoming, SentFile
from bot.links import Link
from dialogs.reply import Button, Card, Reply
from matching.application.document import MOST_RECEIVED, named_photo
from matching.application.refusal import Reason, Refused

if TYPE_CHECKING:
    from bot.assembly import Rooms

NAME = "terminal"
KEPT = "local"
"""Who writes when the conversation is to be found again next time."""

Line = tuple[str, str]
"""A style for rich, and a line."""

SENDING_SECONDS = 30.0
"""How long we wait to say what became of an application, before the next line is asked for."""

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


def file_named(line: str) -> SentFile | None:
    """The file whose path a line is, if there is one."""
    written = line.strip().strip("'\"")
    if not written or len(written) > 1_000:
        return None
    try:
        path = Path(written).expanduser()
        if not path.is_file():
            return None
        size = path.stat().st_size
    except (OSError, RuntimeError, ValueError):  # no such home, no path at all
        return None
    return SentFile(str(path), path.name, size, named_photo(path.name))


async def fetch(path: str) -> bytes:
    """What is in a file the person named, never more than we look at.

    Raises :class:`FileGone` and :class:`Refused`.
    """
    try:
        content = await asyncio.to_thread(_beginning, path)
    except OSError:
        raise FileGone from None
    if len(content) > MOST_RECEIVED:
        raise Refused(Reason.FILE_BIG)
    return content


def _beginning(path: str) -> bytes:
    with Path(path).open("rb") as file:
        return file.read(MOST_RECEIVED + 1)


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
        if rooms.applying:
            rooms.applying.fetchers[NAME] = fetch

    async def greet(self) -> None:
        """Arrive, as when the page is opened."""
        await self._handle(self._incoming(link=Link()))

    async def say(self, line: str) -> None:
        """One line: words, or the key of a button shown last."""
        payload = self._sheet.keys.get(line.strip().casefold())
        if payload is not None:
            await self._handle(self._incoming(payload=payload))
        else:
            await self._handle(self._incoming(text=line), file_named(line))

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

    async def _handle(self, incoming: Incoming, file: SentFile | None = None) -> None:
        turns, applying = self._rooms.turns, self._rooms.applying
        await turns.handle(replace(incoming, files=(file,)) if file else incoming)
        await self._show()
        if applying and applying.busy(turns.person(NAME, self._address)):
            await applying.idle(SENDING_SECONDS, turns.person(NAME, self._address))
            await self._show()

    async def _show(self) -> None:
        turns = self._rooms.turns
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

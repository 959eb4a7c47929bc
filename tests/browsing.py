"""A person in front of our pages, without JavaScript: reads what is shown, fills forms, presses."""

from __future__ import annotations

import logging
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, TextIO

import structlog
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer

from bot import log
from bot.assembly import Rooms
from bot.links import Signer
from bot.web.app import make_app
from nlu.understander import Understander
from tests.talk import plain, rooms_for

FETCH = {"X-Requested-With": "fetch"}
"""What the page's script says of itself."""

VOID = {"br", "hr", "img", "input", "link", "meta"}


@dataclass(slots=True)
class Page(HTMLParser):
    """What an HTML page shows and what can be done on it; complains of tags left open."""

    html: str
    tags: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    forms: dict[str, dict[str, str]] = field(default_factory=dict)
    buttons: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    _open: list[str] = field(default_factory=list)
    _form: str = ""

    def __post_init__(self) -> None:
        HTMLParser.__init__(self)
        self.feed(self.html)
        self.close()
        assert not self._open, f"left open: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.tags.append((tag, values))
        if tag not in VOID:
            self._open.append(tag)
        if tag == "form":
            self._form = values["id"]
            self.forms[self._form] = {}
        elif tag == "input" and self._form and "name" in values:
            self.forms[self._form][values["name"]] = values.get("value", "")
        elif tag == "button":
            self.buttons.append(("", {"form": self._form} | values))

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> closes nothing"
        assert self._open.pop() == tag, f"</{tag}> closes something else"
        if tag == "form":
            self._form = ""

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] not in {"title", "script", "style"}:
            self.words.append(data)
        if "button" in self._open:
            label, values = self.buttons[-1]
            self.buttons[-1] = (label + data, values)

    @property
    def text(self) -> str:
        return " ".join(plain(" ".join(self.words)).split())

    def all(self, tag: str) -> list[dict[str, str]]:
        return [values for name, values in self.tags if name == tag]

    def classes(self, name: str) -> int:
        return sum(name in values.get("class", "").split() for _, values in self.tags)

    def button(self, label: str) -> dict[str, str]:
        for text, values in self.buttons:
            if plain(text).strip() == label:
                return values
        raise AssertionError(f"no button « {label} » among {[t for t, _ in self.buttons]}")


@dataclass(slots=True)
class Person:
    """Somebody's browser, with its own cookies; ``page`` is what they see."""

    client: TestClient[Any, Any]
    page: Page = field(default_factory=lambda: Page(""))

    async def go(self, path: str) -> Page:
        return await self._see(await self.client.get(path))

    async def say(self, text: str) -> Page:
        return await self.send(self.page.forms["say"] | {"text": text})

    async def press(self, label: str) -> Page:
        button = self.page.button(label)
        own = {button["name"]: button["value"]} if "name" in button else {}
        return await self.send(self.page.forms[button["form"]] | own)

    async def send(self, fields: dict[str, str]) -> Page:
        response = await self.client.post("/chat", data=fields)
        assert len(response.history) == 1, "a form is answered by going to read"
        assert response.history[0].status == 303
        return await self._see(response)

    async def _see(self, response: ClientResponse) -> Page:
        assert response.status == 200, response.status
        self.page = Page(await response.text())
        return self.page


@contextmanager
def logging_to(stream: TextIO) -> Iterator[None]:
    """Logs as the server writes them, into ``stream``; everything as before afterwards."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    log.configure(stream)
    try:
        yield
    finally:
        structlog.reset_defaults()
        root.handlers[:] = before
        root.setLevel(level)


def nonce(person: Person, seed: str = "a", mark: str = "") -> str:
    """A nonce as a page of this person's holds it, and as the script completes it."""
    own = f"{seed}{person.client.port}".ljust(22, "0")
    return Signer(b"k" * 32, []).sign(own, "nonce") + (mark and f".{mark}")


async def fetch(person: Person, **fields: str) -> ClientResponse:
    """What the page's script sends."""
    data = {"nonce": nonce(person)} | fields
    return await person.client.post("/chat", data=data, headers=FETCH)


@asynccontextmanager
async def house(furnished: Path, folder: Path, understander: Understander) -> AsyncIterator[Rooms]:
    """The real house on a copy of a furnished database."""
    file = shutil.copy(furnished, folder / "cmachance.sqlite")
    async with rooms_for(f"sqlite+aiosqlite:///{file}", None, understander) as rooms:
        yield rooms


@asynccontextmanager
async def visit(rooms: Rooms) -> AsyncIterator[Person]:
    """A newcomer in front of the pages of these rooms."""
    async with TestClient(TestServer(make_app(rooms))) as client:
        yield Person(client)

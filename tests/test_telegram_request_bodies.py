"""Our transport sends what the library's own does: the same words, buttons and files."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from email.message import EmailMessage
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl

import pytest
from telegram import (
    Bot,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputFile,
    KeyboardButton,
    LinkPreviewOptions,
    ReplyKeyboardMarkup,
)
from telegram.request import HTTPXRequest

from bot.channels.telegram.request import AiohttpRequest
from tests.wire import Wire, says, wired

TOKEN = "1:AAF-this_must_not_be_told"
Transport = type[HTTPXRequest] | type[AiohttpRequest]


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    async with wired(Wire()) as server:
        yield server


KEYS = InlineKeyboardMarkup(
    [
        [
            InlineKeyboardButton("Oui ✅", callback_data="s:é"),
            InlineKeyboardButton("Non", "tg://a"),
        ],
        [InlineKeyboardButton("Partager", switch_inline_query="")],
    ]
)
PLACE = ReplyKeyboardMarkup([[KeyboardButton("📍 Ici", request_location=True)]])
MESSAGES: dict[str, dict[str, Any]] = {
    "plain": {"text": "Bonjour"},
    "unicode": {"text": "« Élève » : œuf à 3 € — 👩🏽‍🍳\n\u202f& <b>=+%</b>", "parse_mode": "HTML"},
    "number": {"text": "59"},
    "JSON": {"text": '{"text": [1, null]}'},
    "long": {"text": "é👋 " * 1_365},
    "keys": {"text": "?", "reply_markup": KEYS},
    "already JSON": {"text": "?", "reply_markup": KEYS.to_json()},
    "place": {"text": "?", "reply_markup": PLACE, "protect_content": True},
    "none": {"text": "?", "reply_markup": None, "message_thread_id": None},
    "preview": {"text": "?", "link_preview_options": LinkPreviewOptions(is_disabled=True)},
}


async def sent(
    transport: Transport, wire: Wire, act: Callable[[Bot], Awaitable[Any]]
) -> tuple[str, bytes]:
    async with transport() as request:
        await act(Bot(TOKEN, base_url=f"{wire.url}/bot", request=request))
    return wire.bodies[-1]


def form(kind: str, body: bytes) -> dict[str, Any]:
    """What a form or a JSON body says; values that are themselves JSON are read too."""
    if kind.startswith("application/json"):
        return {name: _meant(value) for name, value in json.loads(body).items()}
    pairs = parse_qsl(body.decode(), strict_parsing=True, keep_blank_values=True)
    return {name: _meant(value) for name, value in pairs}


def _meant(value: Any) -> Any:
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return value


@pytest.mark.parametrize("name", MESSAGES)
async def test_a_message_says_the_same(wire: Wire, name: str) -> None:
    wire.answer = says(200, {"ok": True, "result": MESSAGE})

    async def act(bot: Bot) -> None:
        await bot.send_message(5, **MESSAGES[name])

    theirs = await sent(HTTPXRequest, wire, act)
    kind, body = await sent(AiohttpRequest, wire, act)
    assert kind == "application/json"
    assert form(kind, body) == form(*theirs)
    text = json.loads(body)["text"]
    assert text == MESSAGES[name]["text"], "words stay words, even when they look like JSON"


async def test_without_parameters_there_is_no_body(wire: Wire) -> None:
    wire.answer = says(200, {"ok": True, "result": {"id": 1, "is_bot": True, "first_name": "C"}})
    for kind in (HTTPXRequest, AiohttpRequest):
        assert (await sent(kind, wire, Bot.get_me))[1] == b""


@pytest.mark.parametrize("filename", ["lettre.pdf", 'Léa "été" 👋.pdf', "a\\b\r\nc.txt"])
@pytest.mark.parametrize("handle", [False, True])
async def test_a_file_arrives_the_same(wire: Wire, filename: str, handle: bool) -> None:
    wire.answer = says(200, {"ok": True, "result": MESSAGE})
    content = b"%PDF\r\n--\x00\xff" * 1000

    async def act(bot: Bot) -> None:
        file = InputFile(BytesIO(content), filename, read_file_handle=not handle)
        await bot.send_document(5, file, caption="Voilà 👋", reply_markup=KEYS)

    theirs = parts(*await sent(HTTPXRequest, wire, act))
    ours = parts(*await sent(AiohttpRequest, wire, act))
    assert ours == theirs
    assert ("document", content) in [(name, data) for name, _, _, data in ours]
    assert _meant(next(data for name, *_, data in ours if name == "caption")) == "Voilà 👋".encode()


def parts(kind: str, body: bytes) -> list[tuple[str, str, str, bytes]]:
    """Name, file name, type and content of each part of a form, read as the RFC says."""
    head = EmailMessage()
    head["Content-Type"] = kind
    boundary = head.get_param("boundary")
    assert isinstance(boundary, str)
    first, *found, last = body.split(f"--{boundary}".encode())
    assert (first, last.strip()) == (b"", b"--")
    return sorted(_part(part) for part in found)


def _part(part: bytes) -> tuple[str, str, str, bytes]:
    header, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
    lines = dict(line.split(": ", 1) for line in header.decode().split("\r\n"))
    name, _, filename = lines["Content-Disposition"].partition("; ")[2].partition("; ")
    return (
        name.split('"')[1],
        filename,
        lines.get("Content-Type", ""),
        content.removesuffix(b"\r\n"),
    )


MESSAGE = {"message_id": 1, "date": 1, "chat": {"id": 5, "type": "private"}, "text": "x"}

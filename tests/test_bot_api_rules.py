"""Our fake Bot API refuses what the documentation does not allow, and remembers it."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from telegram import Bot

from tests.bot_api import TOKEN, BotApi, running
from tests.bot_api.markup import parse
from tests.bot_api.rules import METHODS, Refused

TIMEOUTS = {"read_timeout", "write_timeout", "connect_timeout", "pool_timeout"}
SHORTHANDS = {
    "allow_sending_without_reply", "reply_to_message_id", "disable_web_page_preview", "filename",
    "current_offset",
}  # fmt: skip
"""What the library turns into something documented."""


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with running() as server:
        await server.person(5).start()
        yield server


async def call(api: BotApi, method: str, /, **params: Any) -> Any:
    """What anybody may send, without a library in between."""
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{api.url}/bot{TOKEN}/{method}", json=params) as response,
    ):
        answer = await response.json()
        assert response.status == answer.get("error_code", 200)
        return answer


def keyboard(**button: Any) -> dict[str, Any]:
    return {"inline_keyboard": [[{"text": "Oui", **button}]]}


@pytest.mark.parametrize("method", METHODS)
def test_the_library_knows_the_same_parameters(method: str) -> None:
    name = re.sub("([A-Z])", lambda found: f"_{found[1].lower()}", method)
    theirs = set(inspect.signature(getattr(Bot, name)).parameters)
    assert set(METHODS[method]) == theirs - TIMEOUTS - SHORTHANDS - {"self", "api_kwargs"}


PRESSED = keyboard(callback_data="y")
GROUP = {"keyboard": [[{"text": "Ici", "request_location": True}]]}
ALLOWED: list[dict[str, Any]] = [
    {"text": "x" * 4096},
    {"text": "👋" * 2048},
    {"text": f"<b>{'x' * 4096}</b>", "parse_mode": "HTML"},
    {"text": "?", "reply_markup": PRESSED},
    {"text": "?", "reply_markup": json.dumps(PRESSED)},
    {"text": "?", "chat_id": "5"},
    {"text": "?", "protect_content": True, "disable_notification": "true"},
    {"text": "?", "link_preview_options": {"is_disabled": True}},
    {"text": "?", "reply_parameters": {"message_id": 1}},
    {"text": "?", "reply_markup": keyboard(callback_data="é" * 32)},
    {"text": "?", "reply_markup": keyboard(url="https://example.org/a?b")},
    {"text": "?", "reply_markup": keyboard(url="tg://user?id=5")},
    {"text": "?", "reply_markup": keyboard(switch_inline_query="")},
    {"text": "?", "reply_markup": GROUP},
    {"text": "?", "reply_markup": {"keyboard": [["Oui"]], "input_field_placeholder": "Ta ville"}},
    {"text": "?", "reply_markup": {"remove_keyboard": True}},
]
REFUSED: list[dict[str, Any]] = [
    {},
    {"text": ""},
    {"text": " \n"},
    {"text": None},
    {"text": 5},
    {"text": "x" * 4097},
    {"text": "👋" * 2048 + "x"},
    {"text": "<b></b>", "parse_mode": "HTML"},
    {"text": "<b>x", "parse_mode": "HTML"},
    {"text": "*x*", "parse_mode": "MarkdownV2"},
    {"text": "?", "silent": True},
    {"text": "?", "chat_id": "lou"},
    {"text": "?", "chat_id": 5.5},
    {"text": "?", "protect_content": 1},
    {"text": "?", "link_preview_options": {"disabled": True}},
    {"text": "?", "reply_parameters": {}},
    {"text": "?", "reply_markup": "inline"},
    {"text": "?", "reply_markup": []},
    {"text": "?", "reply_markup": {}},
    {"text": "?", "reply_markup": {**PRESSED, **GROUP}},
    {"text": "?", "reply_markup": {"inline_keyboard": [{"text": "x", "url": "http://a"}]}},
    {"text": "?", "reply_markup": {"keyboard": []}},
    {"text": "?", "reply_markup": {"remove_keyboard": False}},
    {"text": "?", "reply_markup": {"inline_keyboard": PRESSED["inline_keyboard"] * 101}},
    {"text": "?", "reply_markup": {"inline_keyboard": [PRESSED["inline_keyboard"][0] * 9]}},
    {"text": "?", "reply_markup": keyboard()},
    {"text": "?", "reply_markup": keyboard(callback_data="")},
    {"text": "?", "reply_markup": keyboard(callback_data="x" * 65)},
    {"text": "?", "reply_markup": keyboard(callback_data="é" * 33)},
    {"text": "?", "reply_markup": keyboard(callback_data="y", url="http://a")},
    {"text": "?", "reply_markup": keyboard(callback_data="y", text=" ")},
    {"text": "?", "reply_markup": keyboard(callback_data="y", colour="red")},
    {"text": "?", "reply_markup": keyboard(url="javascript:alert(1)")},
    {"text": "?", "reply_markup": keyboard(url="/offres")},
    {"text": "?", "reply_markup": keyboard(request_location=True)},
]


@pytest.mark.parametrize("params", ALLOWED, ids=range(len(ALLOWED)))
async def test_a_message_as_documented(api: BotApi, params: dict[str, Any]) -> None:
    assert (await call(api, "sendMessage", **{"chat_id": 5, **params}))["ok"]
    assert (api.violations, len(api.sent[5])) == ([], 1)


@pytest.mark.parametrize("params", REFUSED, ids=range(len(REFUSED)))
async def test_a_message_as_it_must_not_be(api: BotApi, params: dict[str, Any]) -> None:
    answer = await call(api, "sendMessage", **{"chat_id": 5, **params})
    assert answer["error_code"] == 400
    assert len(api.violations) == 1
    assert api.violations[0].startswith("sendMessage: Bad Request: ")
    assert api.sent[5] == []


OTHERS: list[tuple[str, dict[str, Any], bool]] = [
    ("answerCallbackQuery", {"callback_query_id": "1", "text": "x" * 201}, False),
    ("setMyDescription", {"description": "x" * 512}, True),
    ("setMyDescription", {"description": "x" * 513}, False),
    ("setMyDescription", {"description": "x", "language_code": "français"}, False),
    ("setMyShortDescription", {"short_description": "x" * 120}, True),
    ("setMyShortDescription", {"short_description": "x" * 121}, False),
    ("setMyCommands", {"commands": [{"command": "aide", "description": "L’aide"}]}, True),
    ("setMyCommands", {"commands": [{"command": "Aide", "description": "L’aide"}]}, False),
    ("setMyCommands", {"commands": [{"command": "aide", "description": ""}]}, False),
    ("setMyCommands", {"commands": [], "scope": {"type": "everybody"}}, False),
    ("setChatMenuButton", {"menu_button": {"type": "commands"}}, True),
    ("setChatMenuButton", {"menu_button": {"type": "pizza"}}, False),
    ("sendChatAction", {"chat_id": 5, "action": "typing"}, True),
    ("sendChatAction", {"chat_id": 5, "action": "thinking"}, False),
    ("getUpdates", {"limit": 101}, False),
    ("getUpdates", {"allowed_updates": ["messages"]}, False),
    ("setWebhook", {"url": "http://127.0.0.1:1/", "secret_token": "é"}, False),
    ("setWebhook", {"url": "http://127.0.0.1:1/", "max_connections": 0}, False),
    ("editMessageText", {"text": "x", "chat_id": 5}, False),
    ("editMessageText", {"text": "x", "chat_id": 5, "message_id": 1, "reply_markup": GROUP}, False),
    ("getMe", {"me": True}, False),
]


@pytest.mark.parametrize(("method", "params", "allowed"), OTHERS, ids=range(len(OTHERS)))
async def test_other_methods(
    api: BotApi, method: str, params: dict[str, Any], allowed: bool
) -> None:
    assert (await call(api, method, **params))["ok"] is allowed
    assert bool(api.violations) is not allowed


async def test_a_location_is_asked_in_private(api: BotApi) -> None:
    await api.person(5).add_to_group(-7)
    answer = await call(api, "sendMessage", chat_id=-7, text="?", reply_markup=GROUP)
    assert answer["description"] == "Bad Request: location can be requested in private chats only"
    assert api.violations


async def test_a_caption_is_shorter(api: BotApi) -> None:
    file = {"chat_id": 5, "document": "file-1"}
    assert (await call(api, "sendDocument", **file, caption="x" * 1024))["ok"]
    answer = await call(api, "sendDocument", **file, caption="x" * 1025)
    assert answer["description"] == "Bad Request: message caption is too long"


async def test_what_people_do_is_no_violation(api: BotApi) -> None:
    await api.person(5).block()
    assert (await call(api, "sendMessage", chat_id=5, text="x"))["error_code"] == 403
    assert (await call(api, "sendMessage", chat_id=6, text="x"))["error_code"] == 400
    assert (await call(api, "answerCallbackQuery", callback_query_id="1"))["error_code"] == 400
    assert api.violations == []


async def test_an_unknown_method_and_a_wrong_token(api: BotApi) -> None:
    assert (await call(api, "sendPigeon"))["error_code"] == 404
    assert api.violations == ["no such method: sendPigeon"]
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{api.url}/bot1:other/getMe") as response,
    ):
        told = {"ok": False, "error_code": 401, "description": "Unauthorized"}
        assert (response.status, await response.json()) == (401, told)


async def test_every_way_to_send_parameters(api: BotApi) -> None:
    params = {"chat_id": "5", "text": "Où ?", "reply_markup": json.dumps(PRESSED)}
    form = aiohttp.FormData(params)
    form.add_field("unused", b"", filename="x")
    url = f"{api.url}/bot{TOKEN}/SENDmessage"
    async with aiohttp.ClientSession() as session:
        for sent in ({"params": params}, {"data": params}, {"json": params}):
            async with session.post(url, **sent) as response:  # type: ignore[arg-type]
                assert (await response.json())["ok"]
        async with session.post(url, data=form) as response:
            assert "no parameter 'unused'" in (await response.json())["description"]
        async with session.post(url, data=b"{", headers={"Content-Type": "application/json"}) as r:
            assert (await r.json())["error_code"] == 400
    assert [(s.text, s.labels) for s in api.sent[5]] == [("Où ?", ["Oui"])] * 3


HTML = {
    "<b>a</b> <i>b</i>": ("a b", [("bold", 0, 1), ("italic", 2, 1)]),
    "👋<u>é</u>": ("👋é", [("underline", 2, 1)]),
    "<b>a<i>b</i></b>": ("ab", [("bold", 0, 2), ("italic", 1, 1)]),
    "1 &lt; 2 &amp;&#233;&#xe9;&quot;": ('1 < 2 &éé"', []),
    '<a href="http://a/?b&amp;c">x</a>': ("x", [("text_link", 0, 1)]),
    '<span class="tg-spoiler">x</span>': ("x", [("spoiler", 0, 1)]),
    "<blockquote expandable>x</blockquote>": ("x", [("expandable_blockquote", 0, 1)]),
    '<pre><code class="language-py">x</code></pre>': ("x", [("pre", 0, 1), ("code", 0, 1)]),
    "« l’été »": ("« l’été »", []),
}


@pytest.mark.parametrize("text", HTML)
def test_html_is_read(text: str) -> None:
    plain, entities = parse(text, "HTML")
    told = [(entity["type"], entity["offset"], entity["length"]) for entity in entities]
    assert (plain, told) == HTML[text]


@pytest.mark.parametrize(
    "text",
    [
        "<b>a", "a</b>", "<b>a</i>", "<b><i>a</b></i>", "<p>a</p>", "a<br>b", "<br/>", "a < b",
        "a > b", "<", "Boucher & fils", "&nbsp;", "&eacute;", "&amp", "<a>x</a>", "<a href=x>y</a>",
        '<a href="http://a?b&c">x</a>', '<b class="x">a</b>', '<span class="x">a</span>',
        "<code><b>a</b></code>", "<blockquote>a<blockquote>b</blockquote></blockquote>",
        "<!-- a -->", "<script>a</script>", "<B>a</B>", '<code class="py">a</code>',
    ],
)  # fmt: skip
def test_html_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="can't parse entities"):
        parse(text, "HTML")

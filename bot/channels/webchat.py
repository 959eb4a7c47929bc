"""The chat on our own page: plain forms, a mailbox the page pulls, and nothing changed by a GET."""

from __future__ import annotations

import re
import secrets
from hashlib import sha256
from math import ceil
from typing import TYPE_CHECKING, Any

import aiohttp_jinja2
from aiohttp import web

from bot.channels.telegram import deep_link
from bot.links import Link
from bot.turn import OLD_BUTTON, Incoming
from bot.web.guard import own_request, visitor, wants_fragment
from dialogs.reply import Reply

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.assembly import Rooms
    from storage.rates import Rate

NAME = "web"
COOKIE = "cmachance"

_TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")
_NONCE = re.compile(r"[A-Za-z0-9_-]{16,64}")

Messages = list[tuple[int, Reply]]


class WebChat:
    """The chat's pages over the rooms of the house."""

    def __init__(self, rooms: Rooms, rate: Rate) -> None:
        self._rooms = rooms
        self._rate = rate
        self._settings = rooms.settings

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/", self.home),
            web.get("/l/{code}", self.arrival),
            web.get("/chat", self.read),
            web.post("/chat", self.write),
        ]

    async def home(self, request: web.Request) -> web.Response:
        """The greeting, or where the conversation was left."""
        waiting = await self._waiting(token_of(request))
        return self._page(request, waiting or self._greeting(Link()))

    async def arrival(self, request: web.Request) -> web.Response:
        """A link somebody forwarded: what it holds, and a button that starts from there."""
        link = self._rooms.signer.decode(request.match_info["code"])
        if link is None:
            return self._page(request, self._greeting(Link()))
        code = request.match_info["code"]
        return self._page(request, self._greeting(link), code, link.has_search)

    async def read(self, request: web.Request) -> web.Response:
        """The last exchange, until the next message says that it was read."""
        waiting = await self._waiting(token_of(request), _number(request.query, "after"))
        if wants_fragment(request):
            return self._fragment(request, waiting)
        return self._page(request, waiting or self._greeting(Link()))

    async def write(self, request: web.Request) -> web.Response:
        """One message, one press or one arrival; answered by a fragment, or by going to read."""
        if not own_request(request, self._settings.public_url):
            raise web.HTTPForbidden
        token = token_of(request)
        await self._slow_down(visitor(request), token)
        form = await _form(request)
        if token is not None:
            await self._rooms.turns.acknowledge(NAME, token, _number(form, "read_up_to"))
        known = token or secrets.token_urlsafe(16)
        if "clear" not in form:
            await self._handle(form, known)
        response = await self._answer(request, known)
        self._remember(response, known)
        return response

    async def _handle(self, form: Mapping[str, Any], token: str) -> None:
        """The turns of one form: an arrival, then what was said on the page it opened."""
        said, pressed, code = (_field(form, name) for name in ("text", "press", "link"))
        speaks = said is not None or pressed is not None
        if code is not None:
            link = self._rooms.signer.decode(code) or Link()
            await self._turn(form, token, f"link {code}", link=link)
            if speaks:  # the page had greeted already: only the answer is news
                greeted = await self._waiting(token)
                await self._rooms.turns.acknowledge(NAME, token, _last(greeted))
        if pressed is not None:
            payload = self._payload(pressed, token)
            await self._turn(form, token, f"press {pressed}", payload=payload)
        elif said is not None or code is None:
            await self._turn(form, token, f"text {said}", text=said or "")

    async def _turn(self, form: Mapping[str, Any], token: str, content: str, **said: Any) -> None:
        """The same form sent twice has one id; other words on the same form (« back », then
        something else) have another."""
        nonce = _field(form, "nonce") or ""
        if not _NONCE.fullmatch(nonce):
            nonce = secrets.token_urlsafe(16)
        mark = sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        incoming = Incoming(channel=NAME, address=token, id=f"{nonce}:{mark}", **said)
        await self._rooms.turns.handle(incoming)

    async def _answer(self, request: web.Request, token: str) -> web.Response:
        if not wants_fragment(request):
            return web.Response(status=303, headers={"Location": "/chat"})
        # what was read has been acknowledged above
        return self._fragment(request, await self._waiting(token), token)

    async def _slow_down(self, address: str, token: str | None) -> None:
        """Refuses floods; a whole class behind one address, or one quick writer, is no flood."""
        wait = await self._rate.take(f"visitor {address}", per_second=10, burst=300)
        if token is not None:
            own = await self._rate.take(f"writer {token}", per_second=1, burst=30)
            wait = max(wait, own)
        if wait:
            raise web.HTTPTooManyRequests(headers={"Retry-After": str(min(60, ceil(wait)))})

    async def _waiting(self, token: str | None, after: int = 0) -> Messages:
        if token is None:
            return []
        waiting = await self._rooms.turns.waiting(NAME, token)
        return [(id, reply) for id, reply in waiting if id > after]

    def _greeting(self, link: Link) -> Messages:
        return [(0, reply) for reply in self._rooms.turns.greeting(link)]

    def _payload(self, signed: str, token: str) -> str:
        """A press of this conversation, or of a page shown before there was one."""
        verify = self._rooms.signer.verify
        return verify(signed, f"{NAME}:{token}") or verify(signed, f"{NAME}:") or OLD_BUTTON

    def _context(self, messages: Messages, token: str | None) -> dict[str, Any]:
        address = f"{NAME}:{token or ''}"
        return {
            "messages": messages,
            "sign": lambda payload: self._rooms.signer.sign(payload, address),
        }

    def _page(
        self, request: web.Request, messages: Messages, link: str = "", has_search: bool = False
    ) -> web.Response:
        bot = self._settings.telegram_bot_name
        context = self._context(messages, token_of(request)) | {
            "link": link,
            "has_search": has_search,
            "read_up_to": _last(messages),
            "started": any(id for id, _ in messages),
            "nonce": secrets.token_urlsafe(16),
            "telegram": deep_link(bot, link or None) if bot else "",
            "private": request.path != "/",
        }
        return aiohttp_jinja2.render_template("chat.html", request, context)

    def _fragment(
        self, request: web.Request, messages: Messages, token: str | None = None
    ) -> web.Response:
        context = self._context(messages, token or token_of(request))
        return aiohttp_jinja2.render_template("_messages.html", request, context)

    def _remember(self, response: web.Response, token: str) -> None:
        response.set_cookie(
            COOKIE, token, max_age=self._settings.keep_conversation_days * 86_400, path="/",
            httponly=True, samesite="Lax", secure=self._settings.secure,
        )  # fmt: skip


def token_of(request: web.Request) -> str | None:
    """Who writes, as our cookie says; ``None`` for a newcomer."""
    token = request.cookies.get(COOKIE, "")
    return token if _TOKEN.fullmatch(token) else None


async def _form(request: web.Request) -> Mapping[str, Any]:
    try:
        return await request.post()
    except (ValueError, LookupError):  # bytes that are no text, or of an unknown encoding
        raise web.HTTPBadRequest from None


def _field(form: Mapping[str, Any], name: str) -> str | None:
    """A field that is text; files sent in its place are none."""
    value = form.get(name)
    return value if isinstance(value, str) else None


def _number(form: Mapping[str, Any], name: str) -> int:
    value = _field(form, name) or ""
    return int(value) if value.isascii() and value.isdigit() and len(value) < 16 else 0


def _last(messages: Sequence[tuple[int, Reply]]) -> int:
    return max((id for id, _ in messages), default=0)

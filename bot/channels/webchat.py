"""The chat on our own page: plain forms, a mailbox the page pulls, and nothing changed by a GET."""

from __future__ import annotations

import asyncio
import re
import secrets
from hashlib import sha256
from math import ceil
from typing import TYPE_CHECKING, Any

import aiohttp_jinja2
from aiohttp import web

from bot.channels.telegram import deep_link
from bot.incoming import OLD_BUTTON, Incoming, SentFile
from bot.links import Link
from bot.turn import arrival
from bot.web.guard import own_request, visitor, wants_fragment
from bot.web.upload import UPLOAD, Uploads
from dialogs.changes import from_payload
from dialogs.conversation import SLOTS
from dialogs.reply import Reply

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.assembly import Rooms

NAME = "web"
COOKIE = "cmachance"

READ_NEWS = "/news"
"""The press that reads what came meanwhile."""

FORM = "application/x-www-form-urlencoded"
FORM_SECONDS = 15.0
"""How long a form may take to arrive."""

SENDING_SECONDS = 20.0
"""How long an answer waits to say what became of an application."""

NONCE = "nonce"
"""What our nonces are signed for; no conversation has this address."""

_TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")
_NONCE = re.compile(r"[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{8}(\.[0-9a-f]{1,32})?")

Messages = list[tuple[int, Reply]]


class WebChat:
    """The chat's pages over the rooms of the house."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._settings = rooms.settings
        self._uploads = Uploads()

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/", self.home),
            web.get("/l/{code}", self.arrival),
            web.get("/chat", self.read),
            web.get("/chat/cv", self.document),
            web.post("/chat", self.write),
        ]

    async def home(self, request: web.Request) -> web.Response:
        """The greeting, or where the conversation was left."""
        token = token_of(request)
        waiting = await self._waiting(token)
        return await self._page(request, waiting or self._greeting(Link()), token, look=True)

    async def arrival(self, request: web.Request) -> web.Response:
        """A link somebody forwarded: what it holds, and a button that starts from there."""
        code, token = request.match_info["code"], token_of(request)
        link = self._rooms.signer.decode(code)
        if link is None:
            return await self._page(request, self._greeting(Link()), token, broken=True)
        return await self._page(request, self._greeting(link), token, link=code, holds=link)

    async def read(self, request: web.Request) -> web.Response:
        """The last exchange, until the next message says that it was read."""
        token = token_of(request)
        waiting = await self._waiting(token, _number(request.query, "after"))
        if wants_fragment(request):
            return await self._fragment(request, waiting, token, look=True)
        return await self._page(request, waiting or self._greeting(Link()), token, look=True)

    async def write(self, request: web.Request) -> web.Response:
        """One message, one press or one arrival; answered by a fragment, or by going to read."""
        if not own_request(request, self._settings.public_url):
            raise web.HTTPForbidden
        token = token_of(request)
        await slow_down(self._rooms, request, token)
        if request.content_type == UPLOAD and token is not None:
            form, files = await self._uploads.read(request)
        else:
            form, files = await _form(request), ()
        if token is not None and (read := _number(form, "read_up_to")):
            await self._rooms.turns.acknowledge(NAME, token, read)
        if "clear" in form:
            return await self._go_on(request, token)
        nonce, seed = self._nonce(form)
        known = token or self._rooms.signer.token(seed)
        await self._handle(form, known, nonce, files)
        if applying := self._rooms.applying:
            await applying.idle(SENDING_SECONDS, self._rooms.turns.person(NAME, known))
        return await self._answer(request, known)

    async def document(self, request: web.Request) -> web.Response:
        """The CV made from five answers, as it would be sent, for whom it belongs to."""
        token, applying = token_of(request), self._rooms.applying
        if token is None or applying is None:
            raise web.HTTPNotFound
        await slow_down(self._rooms, request, token)
        made = await applying.made(self._rooms.turns.person(NAME, token))
        if made is None:
            raise web.HTTPNotFound
        named = {"Content-Disposition": f'inline; filename="{made.name}"'}
        return web.Response(body=made.content, content_type=made.content_type, headers=named)

    async def _handle(
        self, form: Mapping[str, Any], token: str, nonce: str, files: tuple[SentFile, ...] = ()
    ) -> None:
        """The turns of one form: an arrival, then what was said on the page it opened.

        That page had greeted already: the arrival is then quiet, only the answer is news.
        """
        said, pressed, code = (_field(form, name) for name in ("text", "press", "link"))
        speaks = said is not None or pressed is not None
        if code is not None:
            link, how = self._rooms.signer.decode(code) or Link(), "quiet" if speaks else "link"
            await self._turn(token, nonce, f"{how} {code}", link=link, quiet=speaks)
        if pressed is not None:
            payload = self._payload(pressed, token)
            marks = " ".join(file.ref for file in files)
            content = f"press {pressed} {marks}".rstrip()
            await self._turn(token, nonce, content, payload=payload, files=files)
        elif said is not None or code is None:
            await self._turn(token, nonce, f"text {said}", text=said or "")

    async def _turn(self, token: str, nonce: str, content: str, **said: Any) -> None:
        """The same form sent twice has one id; other words on the same form (« back », then
        something else) have another."""
        mark = sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        incoming = Incoming(channel=NAME, address=token, id=f"{nonce}:{mark}", **said)
        await self._rooms.turns.handle(incoming)

    def _new_nonce(self) -> str:
        return self._rooms.signer.sign(secrets.token_urlsafe(16), NONCE)

    def _nonce(self, form: Mapping[str, Any]) -> tuple[str, str]:
        """The form's nonce, and the page's, which it is or begins with.

        Only one that we made counts: whoever knows a newcomer's nonce can speak for them.
        """
        nonce = _field(form, "nonce") or ""
        seed = ".".join(nonce.split(".")[:2])
        if _NONCE.fullmatch(nonce) and self._rooms.signer.verify(seed, NONCE):
            return nonce, seed
        seed = self._new_nonce()
        return seed, seed

    async def _answer(self, request: web.Request, token: str) -> web.Response:
        """What was said, to somebody we go on knowing, or who had everything erased."""
        kept = await self._rooms.turns.kept_for(NAME, token)
        if kept is not None:
            response = await self._go_on(request, token)
            seconds = ceil(kept.total_seconds())
            response.set_cookie(COOKIE, token, max_age=seconds, **self._cookie())
            return response
        farewell = await self._waiting(token)
        show = self._fragment if wants_fragment(request) else self._page
        response = await show(request, farewell, None)
        response.del_cookie(COOKIE, **self._cookie())
        return response

    async def _go_on(self, request: web.Request, token: str | None) -> web.Response:
        if not wants_fragment(request):
            return web.Response(status=303, headers={"Location": "/chat"})
        # what was read has been acknowledged
        return await self._fragment(request, await self._waiting(token), token)

    def _cookie(self) -> Any:
        secure = self._settings.secure
        return {"path": "/", "httponly": True, "samesite": "Lax", "secure": secure}

    async def _waiting(self, token: str | None, after: int = 0) -> Messages:
        if token is None:
            return []
        waiting = await self._rooms.turns.waiting(NAME, token)
        return [(id, reply) for id, reply in waiting if id > after]

    async def _news(self, token: str) -> int:
        """How many messages that answer nobody wait to be read."""
        turns = self._rooms.turns
        return await turns.alerts.news(turns.person(NAME, token), turns.now())

    async def _device(self, token: str) -> str:
        """The key a browser subscribes with, for who keeps an alert."""
        web_push, turns = self._rooms.web_push, self._rooms.turns
        if web_push is None:
            return ""
        alerts = await turns.alerts.of(turns.person(NAME, token))
        return web_push.public_key if any(a.state != "stopped" for a in alerts) else ""

    def _greeting(self, link: Link) -> Messages:
        return [(0, reply) for reply in self._rooms.turns.greeting(link)]

    def _payload(self, signed: str, token: str) -> str:
        """A press of this conversation, or of a page shown before there was one."""
        verify = self._rooms.signer.verify
        return verify(signed, f"{NAME}:{token}") or verify(signed, f"{NAME}:") or OLD_BUTTON

    def _summary(self, link: Link | None) -> str:
        """The search a link holds, as it will be said: « Boulanger, 30 km autour de Lens »."""
        held = {k: v for k, v in arrival(link).items() if k != "origin"} if link else {}
        slots = {**SLOTS, **from_payload(held, SLOTS, self._settings.today())}
        words = self._rooms.engine.services.criteria.summary(slots)
        return words[:1].upper() + words[1:]

    async def _context(self, messages: Messages, token: str | None, look: bool) -> dict[str, Any]:
        address = f"{NAME}:{token or ''}"
        return {
            "messages": messages,
            "upload_nonce": self._new_nonce(),
            "upload_read": _last(messages),
            "news": await self._news(token) if token and look else 0,
            "device": await self._device(token) if token else "",
            "read_news": READ_NEWS,
            "sign": lambda payload: self._rooms.signer.sign(payload, address),
        }

    async def _page(
        self,
        request: web.Request,
        messages: Messages,
        token: str | None = None,
        *,
        look: bool = False,
        link: str = "",
        holds: Link | None = None,
        broken: bool = False,
    ) -> web.Response:
        bot = self._rooms.bot_name.value
        """``look``: whether something came meanwhile is said too."""
        context = await self._context(messages, token, look) | {
            "tells_devices": self._rooms.web_push is not None,
            "known": token is not None,
            "link": link,
            "has_search": holds is not None and holds.has_search,
            "summary": self._summary(holds),
            "broken": broken,
            "read_up_to": _last(messages),
            "started": any(id for id, _ in messages),
            "nonce": self._new_nonce(),
            "telegram": deep_link(bot, link or None) if bot else "",
            "private": request.path != "/",
        }
        return aiohttp_jinja2.render_template("chat.html", request, context)

    async def _fragment(
        self, request: web.Request, messages: Messages, token: str | None, *, look: bool = False
    ) -> web.Response:
        context = await self._context(messages, token, look)
        return aiohttp_jinja2.render_template("_fragment.html", request, context)


def token_of(request: web.Request) -> str | None:
    """Who writes, as our cookie says; ``None`` for a newcomer."""
    token = request.cookies.get(COOKIE, "")
    return token if _TOKEN.fullmatch(token) else None


async def slow_down(rooms: Rooms, request: web.Request, token: str | None) -> None:
    """Refuses floods; a whole class behind one address, or one quick writer, is no flood.

    The keys name nobody: they may be kept by Redis.
    """
    ask, mark = rooms.rate.ask, rooms.turns.person
    wait = 0.0
    if token is not None:
        wait = await ask(f"writer {mark(NAME, token)}", per_second=1, burst=30)
    if not wait:  # a refusal is not held against the others behind that address
        wait = await ask(f"visitor {mark('visitor', visitor(request))}", per_second=10, burst=300)
    if wait:
        raise web.HTTPTooManyRequests(headers={"Retry-After": str(ceil(wait))})


async def _form(request: web.Request) -> Mapping[str, Any]:
    """The form a browser sends: nothing of another type is read, nor for longer than it takes."""
    if request.content_type != FORM or (request.charset or "utf-8").lower() != "utf-8":
        raise web.HTTPUnsupportedMediaType
    try:
        async with asyncio.timeout(FORM_SECONDS):
            return await request.post()
    except TimeoutError:
        raise web.HTTPRequestTimeout from None
    except (ValueError, ConnectionError):  # bytes that are no text, or a visitor gone meanwhile
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

"""What goes wrong on purpose: answers, silences and cut connections."""

from __future__ import annotations

import random
import socket
import struct
from dataclasses import dataclass, field
from typing import Literal, get_args

from aiohttp import web

from tests.bot_api.rules import NOT_MODIFIED, TOO_OLD, Json, Refused

Kind = Literal[
    "429",  # too many requests, `retry_after` seconds
    "500",  # a failure told in JSON
    "502",  # a page of the proxy in front
    "garbage",  # 200, and no JSON
    "null",  # 200, and JSON that says nothing
    "list",  # 500, and JSON that is no object
    "unauthorized",  # the token was revoked
    "bad_entities",
    "bad_button",
    "bad_webhook",  # an address that Telegram will never call
    "hang",  # no answer until the client gives up; nothing is done
    "reset",  # cut before anything is done
    "accepted",  # done, then cut without an answer
    "accepted_hang",  # done, then no answer until the client gives up
    "truncated",  # done, then cut within the answer
    "blocked",
    "deactivated",
    "chat_not_found",
    "not_modified",
    "too_old",
    "migrated",  # to the chat `migrate_to`
]

_REFUSALS = {
    "500": (500, "Internal Server Error"),
    "blocked": (403, "Forbidden: bot was blocked by the user"),
    "deactivated": (403, "Forbidden: user is deactivated"),
    "chat_not_found": (400, "Bad Request: chat not found"),
    "unauthorized": (401, "Unauthorized"),
    "bad_entities": (400, "Bad Request: can't parse entities: Unsupported start tag"),
    "bad_button": (400, "Bad Request: BUTTON_URL_INVALID"),
    "bad_webhook": (400, "Bad Request: bad webhook: HTTPS url must be provided for webhook"),
    "not_modified": (400, NOT_MODIFIED),
    "too_old": (400, TOO_OLD),
}


@dataclass(slots=True)
class Fault:
    """One kind of trouble, for some calls.

    ``times`` is how often it still happens (``None``: until ``clear``), ``share`` the part of the
    calls it hits, drawn from ``seed``.
    """

    kind: Kind
    method: str | None = None
    chat: int | None = None
    times: int | None = 1
    retry_after: int = 1
    migrate_to: int = -100_1
    share: float = 1.0
    seed: int = 0
    used: int = 0
    _random: random.Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        assert self.kind in get_args(Kind), f"no such fault: {self.kind}"
        self._random = random.Random(self.seed)

    def hits(self, method: str, chat: int | None) -> bool:
        """Whether this call meets it, which is then counted."""
        if self.times == 0 or self.method not in {None, method}:
            return False
        if self.chat is not None and self.chat != chat:
            return False
        if self.share < 1 and self._random.random() >= self.share:
            return False
        self.used += 1
        if self.times is not None:
            self.times -= 1
        return True

    def clear(self) -> None:
        """It happens no more."""
        self.times = 0

    def refusal(self) -> Refused | None:
        """What is answered instead, when something is."""
        if self.kind == "429":
            wait = self.retry_after
            description = f"Too Many Requests: retry after {wait}"
            return Refused(429, description, {"retry_after": wait})
        if self.kind == "migrated":
            description = "Bad Request: group chat was upgraded to a supergroup chat"
            return Refused(400, description, {"migrate_to_chat_id": self.migrate_to})
        known = _REFUSALS.get(self.kind)
        return Refused(*known) if known else None


def page() -> web.Response:
    """What a proxy says when nobody is behind it."""
    html = "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"
    return web.Response(status=502, text=html, content_type="text/html")


def garbage() -> web.Response:
    return web.Response(body=b'{"ok": true, "resul', content_type="application/json")


def other_json(kind: str) -> web.Response:
    status, text = (200, "null") if kind == "null" else (500, "[]")
    return web.Response(status=status, text=text, content_type="application/json")


def cut(request: web.BaseRequest) -> web.Response:
    """Reset the connection: the client reads « connection reset by peer »."""
    transport = request.transport
    if transport is not None:
        raw: socket.socket = transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return web.Response()


async def truncated(request: web.BaseRequest, body: bytes) -> web.StreamResponse:
    """The beginning of an answer, and no end."""
    response = web.StreamResponse(headers={"Content-Length": str(len(body) + 1000)})
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return response


def as_json(refused: Refused) -> Json:
    more = {"parameters": refused.parameters} if refused.parameters else {}
    return {
        "ok": False,
        "error_code": refused.code,
        "description": refused.description,
        **more,
    }

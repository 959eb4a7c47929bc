"""What goes wrong on purpose: answers, silences and cut connections."""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass
from typing import Literal, get_args

from aiohttp import web

from tests.apprentissage_api.facts import KEYS, UNABLE, Problem, gateway, invalid

Kind = Literal[
    "429",  # the gateway's quota, `retry_after` seconds
    "429_bare",  # the same, without saying how long
    "500", "502", "503", "504",  # told in JSON by the gateway
    "502_page",  # a page of the proxy in front
    "413",  # the proxy in front finds the body too large
    "html",  # 200, and a page of maintenance
    "garbage",  # 200, and no JSON
    "null", "list", "empty", "wrong_types",  # 200, and JSON that is not what is documented
    "huge",  # 200, and 50 MB
    "truncated",  # done, then cut within the answer
    "redirect",  # elsewhere
    "hang",  # no answer until the client gives up; nothing is done
    "reset",  # cut before anything is done
    "done_hang",  # done, then no answer until the client gives up
    "done_reset",  # done, then cut without an answer
    "bad_header", "undecodable", "expired", "revoked",  # 401
    "forbidden",  # 403: the key may not
    "malformed",  # 400: an identifier it does not like
]  # fmt: skip

_BODIES = {
    "html": "<!doctype html><html><body>Maintenance en cours</body></html>",
    "garbage": '{"jobs": [',
    "null": "null",
    "list": "[]",
    "empty": "{}",
    "wrong_types": '{"jobs": {"a": 1}, "recruiters": "none", "warnings": 3, "data": 7, "url": 4}',
}


@dataclass(slots=True)
class Fault:
    """One kind of trouble.

    ``skip`` calls are left alone first; ``times`` is how often it still happens, ``None`` for ever.
    """

    kind: Kind
    route: str | None = None
    times: int | None = 1
    retry_after: int = 1
    skip: int = 0
    used: int = 0

    def __post_init__(self) -> None:
        assert self.kind in get_args(Kind), f"no such fault: {self.kind}"

    def hits(self, route: str) -> bool:
        """Whether this call meets it, which is then counted."""
        if self.times == 0 or self.route not in {None, route}:
            return False
        if self.skip:
            self.skip -= 1
            return False
        self.used += 1
        if self.times is not None:
            self.times -= 1
        return True

    def problem(self) -> Problem | None:
        """What the gateway answers instead, when it does."""
        if self.kind == "429":
            return gateway(429, "Quota dépassé", retry_after=str(self.retry_after))
        if self.kind == "429_bare":
            return gateway(429, "Quota dépassé")
        if self.kind in {"500", "502", "503", "504"}:
            return gateway(int(self.kind), UNABLE)
        if self.kind in KEYS:
            return gateway(401, KEYS[self.kind])
        if self.kind == "malformed":
            return invalid("params", "id", "Invalid id")
        if self.kind == "forbidden":
            return gateway(403, "Vous n'êtes pas autorisé à accéder à cette ressource")
        return None

    def body(self) -> web.Response | None:
        """What is answered without anything being done, when it is."""
        if self.kind in _BODIES:
            return web.Response(text=_BODIES[self.kind], content_type="application/json")
        if self.kind == "huge":
            filling = b'{"jobs": [], "recruiters": [], "warnings": ["' + b"a" * 50_000_000 + b'"]}'
            return web.Response(body=filling, content_type="application/json")
        if self.kind in {"413", "502_page"}:
            page = f"<html><head><title>{self.kind[:3]}</title></head><body>nginx</body></html>"
            return web.Response(status=int(self.kind[:3]), text=page, content_type="text/html")
        if self.kind == "redirect":
            return web.Response(status=302, headers={"Location": "http://127.0.0.1:9/elsewhere"})
        return None


def cut(request: web.BaseRequest) -> web.Response:
    """Reset the connection: the client reads « connection reset by peer »."""
    transport = request.transport
    if transport is not None:
        raw: socket.socket = transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return web.Response()


async def truncated(request: web.BaseRequest, body: bytes, status: int) -> web.StreamResponse:
    """The beginning of an answer, and no end."""
    response = web.StreamResponse(status=status, headers={"Content-Length": str(len(body) + 1000)})
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return response

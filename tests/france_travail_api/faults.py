"""What goes wrong on purpose, instead of the answer or within it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Literal, get_args

from aiohttp import web

from tests.bot_api.faults import cut, truncated

Kind = Literal[
    "401",  # the token is no good, though it has not ended
    "429",  # a plain text, and Retry-After
    "500",  # told in JSON
    "503",  # nobody behind the gateway
    "reset",  # the connection is cut before anything is said
    "slow",  # no answer before `seconds`
    "html",  # 200, and a page
    "truncated",  # the beginning of the answer
    "null",  # JSON that says nothing
    "list",  # JSON of another shape
    "wrong",  # the keys that are documented, none with the type that is
    "huge",  # fifty million bytes
    "no_range",  # a page that does not say of how many
]
KINDS: tuple[str, ...] = get_args(Kind)

HUGE_BYTES = 50 * 1024 * 1024

_WRONG = '{"resultats": {"0": null}, "filtresPossibles": 3, "access_token": 7, "expires_in": "x"}'


@dataclass(slots=True)
class Fault:
    """``on`` is the kind of call it hits (token, search, offer, any), once ``after`` of them have
    passed; ``times`` as often still."""

    kind: Kind
    on: str = "search"
    times: int | None = 1
    seconds: float = 30.0
    retry_after: str = "1"
    after: int = 0
    met: int = 0

    def hits(self, call: str) -> bool:
        if self.times == 0 or self.on not in {call, "any"}:
            return False
        if self.after:
            self.after -= 1
            return False
        self.met += 1
        if self.times is not None:
            self.times -= 1
        return True


async def instead(
    fault: Fault, request: web.BaseRequest, ended: asyncio.Event
) -> web.StreamResponse | None:
    """What is answered instead; ``None`` when the real answer is needed after all."""
    match fault.kind:
        case "401":
            return web.Response(status=401, headers={"WWW-Authenticate": "Bearer"})
        case "429":
            return too_many(fault.retry_after)
        case "500":
            said = '{"message": "Erreur technique. Veuillez contacter le support."}'
            return web.Response(status=500, text=said, content_type="application/json")
        case "503":
            return web.Response(status=503, text="<html>503</html>", content_type="text/html")
        case "html":
            return web.Response(text="<html>Maintenance</html>", content_type="text/html")
        case "null" | "list" | "wrong":
            said = {"null": "null", "list": "[]", "wrong": _WRONG}[fault.kind]
            return web.Response(text=said, content_type="application/json")
        case "reset":
            return cut(request)
        case "huge":
            return await _huge(request)
        case "slow":
            try:
                await asyncio.wait_for(ended.wait(), fault.seconds)
            except TimeoutError:
                return None
            return cut(request)
    return None


def too_many(retry_after: str = "1") -> web.Response:
    return web.Response(
        status=429,
        text="Too many requests",
        headers={
            "Retry-After": retry_after,
            "X-Ratelimit-Burst-Capacity-Clientidlimiter": "10",
            "X-Ratelimit-Remaining-Clientidlimiter": "0",
        },
    )


async def _huge(request: web.BaseRequest) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    piece = b" " * (1024 * 1024)
    for _ in range(HUGE_BYTES // len(piece)):
        await response.write(piece)
    return response


async def shortened(request: web.BaseRequest, response: web.Response) -> web.StreamResponse:
    body = response.body
    assert isinstance(body, bytes)
    return await truncated(request, body)

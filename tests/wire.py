"""A server whose answers are written by the test, to see what a client makes of them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from aiohttp import web

AWire = TypeVar("AWire", bound="Wire")
Answer = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class Wire:
    """A server that answers as it is told, and keeps what it was sent."""

    def __init__(self) -> None:
        self.url = ""
        self.answer: Answer = says(200, {"ok": True, "result": True})
        self.bodies: list[tuple[str, bytes]] = []
        self.arrived = asyncio.Event()
        self.connections: set[Any] = set()

    async def serve(self, request: web.BaseRequest) -> web.StreamResponse:
        self.connections.add(request.transport)
        self.bodies.append((request.headers.get("Content-Type", ""), await request.read()))
        self.arrived.set()
        return await self.answer(request)


@asynccontextmanager
async def wired(wire: AWire) -> AsyncIterator[AWire]:
    """The server for as long as the block lasts."""
    server = web.Server(wire.serve, handler_cancellation=True)
    runner = web.ServerRunner(server, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    wire.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield wire
    finally:
        await runner.cleanup()


def says(status: int, answer: Any) -> Answer:
    async def respond(request: web.BaseRequest) -> web.Response:
        text = answer if isinstance(answer, str) else json.dumps(answer)
        return web.Response(status=status, text=text, content_type="application/json")

    return respond

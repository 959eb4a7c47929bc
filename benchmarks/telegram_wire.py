"""The Telegram of the benchmark: brings updates, takes calls, as cheaply as aiohttp can.

The tests' fake API checks every call, which would cost more than what is measured. Each chat says
its next sentence once all replies to the last one have arrived.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import ClientSession, TCPConnector, web

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the header's name
_ANSWERS: dict[str, Any] = {
    "getMe": {"id": 4242, "is_bot": True, "first_name": "B", "username": "bench_bot"},
    "getMyCommands": [],
    "getMyDescription": {"description": ""},
    "getMyShortDescription": {"short_description": ""},
}


@dataclass(slots=True)
class Round:
    """What one run showed: seconds from the update to its last reply, and how long it all took."""

    waits: list[float] = field(default_factory=list)
    seconds: float = 0.0


class Wire:
    """The API and the sender of updates; ``delay`` (seconds) holds back each answer."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.delay = 0.0
        self._updates = int(time.time()) * 1000
        self._people = 0
        self._replied: dict[int, asyncio.Event] = {}
        self._missing: dict[int, int] = {}
        self._stray: dict[int, int] = {}
        self._runner: web.ServerRunner | None = None
        self._session: ClientSession | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        self._runner = web.ServerRunner(web.Server(self._answer), access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        self._session = ClientSession(connector=TCPConnector(limit=0))

    async def stop(self) -> None:
        if self._session:
            await self._session.close()
        if self._runner:
            await self._runner.cleanup()

    async def _answer(self, request: web.BaseRequest) -> web.Response:
        method = request.path.rpartition("/")[2]
        if method != "sendMessage":
            return _ok(_ANSWERS.get(method, True))
        chat = await _chat_of(request)
        if self.delay:
            await asyncio.sleep(self.delay)
        self._count(chat)
        shape = {"id": chat, "type": "private"}
        return _ok({"message_id": 1, "date": 1_795_000_000, "chat": shape, "text": "."})

    def _count(self, chat: int) -> None:
        if chat not in self._missing:
            return
        self._missing[chat] -= 1
        if self._missing[chat] <= 0:
            self._replied[chat].set()

    async def say(self, hook: str, secret: str, chat: int, text: str, replies: int) -> float:
        """One update; seconds until it was acknowledged and its last reply accepted."""
        assert self._session
        self._updates += 1
        self._missing[chat], self._replied[chat] = replies, asyncio.Event()
        person = {"id": chat, "is_bot": False, "first_name": "Lou", "language_code": "fr"}
        message = {
            "message_id": self._updates % 10**6, "date": 1_795_000_000, "from": person,
            "chat": {"id": chat, "type": "private", "first_name": "Lou"}, "text": text,
        }  # fmt: skip
        began = time.perf_counter()
        async with self._session.post(
            hook,
            json={"update_id": self._updates, "message": message},
            headers={SECRET_HEADER: secret},
        ) as answer:
            assert answer.status == 200, answer.status
        async with asyncio.timeout(60):
            await self._replied[chat].wait()
        return time.perf_counter() - began

    async def replies_to(self, hook: str, secret: str, script: Sequence[str]) -> list[int]:
        """How many messages answer each sentence of a script: counted once, alone."""
        counts = []
        self._people += 1
        chat = 1_000_000 + self._people
        for text in script:
            await self.say(hook, secret, chat, text, 1)
            await asyncio.sleep(0.5)
            counts.append(1 - self._missing[chat])
        return counts

    async def run(
        self, hook: str, secret: str, script: Sequence[tuple[str, int]], at_once: int, updates: int
    ) -> Round:
        """``at_once`` people talk, each to the end of the script, then others take their place."""
        result = Round()
        left = updates

        async def slot() -> None:
            nonlocal left
            while left > 0:
                self._people += 1
                chat = 1_000_000 + self._people
                for text, replies in script:
                    if left <= 0:
                        return
                    left -= 1
                    result.waits.append(await self.say(hook, secret, chat, text, replies))

        began = time.perf_counter()
        await asyncio.gather(*(slot() for _ in range(at_once)))
        result.seconds = time.perf_counter() - began
        return result


async def _chat_of(request: web.BaseRequest) -> int:
    if request.content_type == "application/json":
        return int(json.loads(await request.read())["chat_id"])
    return int(str((await request.post())["chat_id"]))


def _ok(result: Any) -> web.Response:
    return web.Response(
        body=json.dumps({"ok": True, "result": result}).encode(), content_type="application/json"
    )

"""The fake Bot API as a process of its own, driven from here."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from tests.bot_api.rules import Json
from tests.bot_api.server import TOKEN

ROOT = Path(__file__).parents[2]


@dataclass(slots=True)
class Remote:
    """Asks through ``/control/``; :class:`tests.bot_api.control.Control` says what."""

    url: str
    token: str
    process: asyncio.subprocess.Process
    session: aiohttp.ClientSession

    async def ask(self, action: str, **body: Any) -> Json:
        """One action. Raises :class:`AssertionError` with what the server had to say."""
        async with self.session.post(f"{self.url}/control/{action}", json=body) as response:
            assert response.status == 200, await response.text()
            answer: Json = await response.json()
            return answer

    async def push(self, updates: Sequence[Json]) -> list[int]:
        """The numbers these updates got."""
        numbers: list[int] = (await self.ask("push", updates=list(updates)))["ids"]
        return numbers

    async def do(self, person: int, act: str, **how: Any) -> Any:
        """What a :class:`Person` can do: ``await remote.do(5, "say", text="Bonjour")``."""
        answer = await self.ask("do", acts=[{"person": person, "do": act, "with": how}])
        return answer["results"][0]

    async def log(self, after: int = 0) -> Json:
        """Calls from number ``after`` on, messages by chat, violations, what waits."""
        return await self.ask("log", after=after)

    async def wait(self, *, seconds: float = 30, **until: int) -> Json:
        """Until that many messages are ``accepted`` and at most ``pending`` updates wait."""
        answer = await self.ask("wait", seconds=seconds, **until)
        assert answer["done"], f"not in {seconds} s: {answer}"
        return answer


@asynccontextmanager
async def program(*options: str, token: str = TOKEN) -> AsyncIterator[Remote]:
    """The program for as long as the block lasts, with the options of its command line.

    It ends with whoever started it, even killed.
    """
    command = [sys.executable, "-m", "tests.bot_api", "--until-eof", "--token", token, *options]
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdin
    assert process.stdout
    try:
        url = (await process.stdout.readline()).decode().strip()
        assert url, "the fake Bot API does not start"
        async with aiohttp.ClientSession() as session:
            yield Remote(url, token, process, session)
    finally:
        process.stdin.close()
        await process.wait()

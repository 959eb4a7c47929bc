"""Several processes of the service on one database, killed at random while people talk to it.

Each person asks for another distance at every turn: the distance that comes back says which turn
was answered, so that what is lost, repeated or out of order is seen from outside.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import aiohttp
from aiohttp.test_utils import unused_port

from tests.bot_api import BotApi
from tests.bot_api.person import Person

ROOT = Path(__file__).parent.parent
FIRST_KM = 5
SECRET = "chaos"
PATH = "/telegram/webhook"


class Mortal(Protocol):
    """A process of the service: it is killed, or asked to go."""

    async def kill(self) -> None: ...

    async def stop(self) -> None: ...


Begin = Callable[[Mapping[str, str], Path], Awaitable[Mortal]]
"""Starts a process with these settings, and this file for its log."""


@dataclass(frozen=True, slots=True)
class Alone:
    """A process as an operator starts it."""

    process: asyncio.subprocess.Process

    async def kill(self) -> None:
        self.process.kill()
        await self.process.wait()

    async def stop(self) -> None:
        if self.process.returncode is None:
            self.process.terminate()
        await self.process.wait()


async def alone(env: Mapping[str, str], log: Path) -> Alone:
    with log.open("ab") as out:
        return Alone(
            await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot", "serve", "--only", "telegram",
                env=env, cwd=ROOT, stdin=asyncio.subprocess.DEVNULL, stdout=out, stderr=out,
            )
        )  # fmt: skip


@dataclass(slots=True)
class Pack:
    """Processes of the service behind one webhook; one that is killed begins again at once."""

    api: BotApi
    database_url: str
    redis_url: str
    folder: Path
    ports: list[int]
    begin: Begin
    alive: dict[int, Mortal] = field(default_factory=dict)
    kills: int = 0

    async def start(self, port: int) -> None:
        env = {
            "PATH": os.environ["PATH"], "DATABASE_URL": self.database_url,
            "REDIS_URL": self.redis_url, "SECRET_KEY": "k" * 32, "PORT": str(port),
            "PUBLIC_URL": f"http://127.0.0.1:{self.ports[0]}", "TODAY": "2026-11-23",
            "TELEGRAM_TOKEN": self.api.token, "TELEGRAM_MODE": "webhook",
            "TELEGRAM_API_URL": self.api.url, "TELEGRAM_WEBHOOK_SECRET": SECRET,
        }  # fmt: skip
        self.alive[port] = await self.begin(env, self.folder / f"{port}.log")

    async def kill(self, port: int) -> None:
        """`kill -9`, and another in its place."""
        await self.alive[port].kill()
        self.kills += 1
        await self.start(port)

    async def end(self) -> None:
        await asyncio.gather(*(process.stop() for process in self.alive.values()))


@asynccontextmanager
async def pack(
    api: BotApi,
    processes: int,
    database_url: str,
    redis_url: str,
    folder: Path,
    begin: Begin = alone,
) -> AsyncIterator[Pack]:
    """Processes that answer: the first has migrated the database and put the offers in."""
    ports = [unused_port() for _ in range(processes)]
    made = Pack(api, database_url, redis_url, folder, ports, begin)
    try:
        await made.start(made.ports[0])
        await answers(api, 1)
        for port in made.ports[1:]:
            await made.start(port)
        await asyncio.gather(*(listens(port) for port in made.ports))
        hooks = [f"http://127.0.0.1:{port}{PATH}" for port in made.ports]
        api.delivery.urls = hooks
        yield made
    finally:
        await made.end()


async def listens(port: int) -> None:
    """Wait until a process serves."""
    async with aiohttp.ClientSession() as session, asyncio.timeout(60):
        while True:
            try:
                async with session.get(f"http://127.0.0.1:{port}/healthz") as response:
                    if response.status == 200:
                        return
            except aiohttp.ClientError:
                await asyncio.sleep(0.05)


async def answers(api: BotApi, number: int) -> None:
    """Wait until somebody is answered: the webhook is registered, and updates are taken."""
    person = api.person(900_000 + number)
    await person.say("bonjour")
    await person.hears(seconds=60)


@dataclass(slots=True)
class Told:
    """What one person asked and was told, as distances in km; ``waits`` are in seconds."""

    person: Person
    asked: list[int] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)

    def heard(self) -> list[int]:
        """The distances of all answers, in the order they came."""
        matches = (re.search(r"(\d+)\s*km autour", sent.text) for sent in self.person.received)
        return [int(match.group(1)) for match in matches if match]

    async def talk(self, until: float, pause: float) -> None:
        """One more distance each time the last one was answered."""
        await self.person.say("boulanger lens")
        await self.person.hears(seconds=90)
        km = FIRST_KM
        while time.monotonic() < until:
            km = FIRST_KM if km >= 199 else km + 1
            km += km == 30  # the distance of the first answer, which was not asked for
            began = time.monotonic()
            before = len(self.heard())
            await self.person.say(f"plutôt {km} km")
            self.asked.append(km)
            while km not in self.heard()[before:]:
                await self.person.hears(seconds=90)
            self.waits.append(time.monotonic() - began)
            await asyncio.sleep(pause)


@dataclass(slots=True)
class Outcome:
    """What a storm showed; ``in_flight`` is, at each kill, how many people waited."""

    kills: int
    updates: int
    lost: int
    repeated: int
    disordered: int
    in_flight: list[int]
    p50_ms: float
    p99_ms: float
    max_ms: float

    @property
    def bound(self) -> int:
        """The most that may have been repeated: what was under way at each kill."""
        return sum(self.in_flight)


async def storm(
    made: Pack,
    *,
    people: int,
    seconds: float,
    every: float = 1.0,
    pause: float = 0.2,
    seed: int = 1,
) -> tuple[Outcome, list[Told]]:
    """People talk for some seconds while a process is killed every so often."""
    chance = random.Random(seed)
    told = [Told(made.api.person(1000 + n)) for n in range(people)]
    until = time.monotonic() + seconds
    talks = [asyncio.create_task(one.talk(until, pause)) for one in told]
    in_flight: list[int] = []
    while time.monotonic() < until - every:
        await asyncio.sleep(every)
        in_flight.append(sum(1 for one in told if len(one.waits) < len(one.asked)))
        await made.kill(chance.choice(made.ports))
    await asyncio.gather(*talks)
    await made.api.settled(seconds=60)
    return judged(made, told, in_flight), told


def judged(made: Pack, told: list[Told], in_flight: list[int]) -> Outcome:
    """What was lost, repeated (once more than asked) or out of order."""
    lost = repeated = disordered = 0
    for one in told:
        heard = [km for km in one.heard() if km != 30]
        once = [km for n, km in enumerate(heard) if n == 0 or heard[n - 1] != km]
        repeated += len(heard) - len(once)
        lost += sum(1 for km in set(one.asked) if km not in once)
        disordered += once != one.asked
    waits = sorted(wait for one in told for wait in one.waits)
    return Outcome(
        made.kills, sum(len(one.asked) + 1 for one in told), lost, repeated, disordered, in_flight,
        waits[len(waits) // 2] * 1000, waits[int(len(waits) * 0.99)] * 1000, waits[-1] * 1000,
    )  # fmt: skip


async def states(database_url: str, secret: bytes, told: list[Told]) -> list[dict[str, Any]]:
    """What is kept of each person: the version, and the distance of the search."""
    import asyncpg

    from bot.keyed import Keyed
    from bot.turn import conversation_id

    ids = [conversation_id(Keyed(secret), "telegram", str(one.person.id)) for one in told]
    connection = await asyncpg.connect(database_url.replace("+asyncpg", ""))
    try:
        rows = await connection.fetch(
            "SELECT id, version, state->'slots'->>'radius_km' AS km FROM conversations "
            "WHERE id = ANY($1::text[])",
            ids,
        )
        sent = await connection.fetchval("SELECT count(*) FROM outbox WHERE state = 'sent'")
        unsettled = await connection.fetchval("SELECT count(*) FROM outbox WHERE settled IS NULL")
    finally:
        await connection.close()
    by_id = {row["id"]: row for row in rows}
    return [
        {"version": by_id[id]["version"], "km": int(by_id[id]["km"]), "sent": sent,
         "unsettled": unsettled}
        for id in ids
    ]  # fmt: skip

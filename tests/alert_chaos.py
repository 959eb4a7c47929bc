"""Processes that send alerts, killed again and again, PostgreSQL and Redis restarted meanwhile.

Each message says which alert it is of: what is lost, repeated or out of order is seen outside.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from aiohttp.test_utils import unused_port

from alerts.push import FEW
from dialogs.rhythm import Rhythm
from storage.database import Database, migrate
from tests import servers
from tests.bot_api import BotApi
from tests.mortal import Life, Nursery
from tests.pushing import by_day, found, named, rows


@dataclass(slots=True)
class Herd:
    """Processes of the role « alerts » on one database; one that is killed begins again."""

    born: Nursery
    env: dict[str, str]
    lease: float
    per_second: float | None = None
    ahead: float = 0.0
    lives: dict[int, Life] = field(default_factory=dict)
    kills: int = 0

    async def start(self, processes: int) -> None:
        await asyncio.gather(*(self._begin(unused_port()) for _ in range(processes)))
        await asyncio.gather(*(life.serves() for life in self.lives.values()))

    async def _begin(self, port: int) -> None:
        env = self.env | {"PORT": f"{port}", "PUBLIC_URL": f"http://127.0.0.1:{port}"}
        self.lives[port] = await self.born.start(
            env, lease=self.lease, only=["alerts"], hurry=self.per_second, ahead=self.ahead
        )

    async def kill(self, chance: random.Random) -> None:
        """`kill -9` one of them; another takes its place."""
        port = chance.choice(sorted(self.lives))
        if not self.lives[port].ended.done():
            await self.lives[port].kill()
            self.kills += 1
        await self._begin(port)  # or it could not start, without a database

    async def revive(self) -> None:
        """Whoever could not start while the database was away does now."""
        for port, life in list(self.lives.items()):
            if life.ended.done():
                await self._begin(port)

    async def stop(self) -> None:
        for life in self.lives.values():
            if not life.ended.done():
                await life.serves()
                await life.stop()


@asynccontextmanager
async def herd(
    born: Nursery, api: BotApi, database: str, redis: str, *, lease: float = 3.0,
    per_second: float | None = None,
) -> AsyncIterator[Herd]:  # fmt: skip
    env = {
        "DATABASE_URL": database, "REDIS_URL": redis, "SECRET_KEY": "k" * 32,
        "TELEGRAM_TOKEN": api.token, "TELEGRAM_API_URL": api.url,
    }  # fmt: skip
    made = Herd(born, env, lease, per_second)
    yield made
    await made.stop()


@dataclass(frozen=True, slots=True)
class Outcome:
    """``bound`` is the most that kills may have repeated; ``false`` messages were noted as sent,
    and never accepted; ``unsettled`` ones are still to be sent."""

    messages: int
    kills: int
    lost: int
    repeated: int
    bound: int
    disordered: int
    false: int
    unsettled: int
    seconds: float


async def fill(url: str, people: int, each: int) -> list[int]:
    """Alerts that are due at once, wherever it is day."""
    await migrate(url)
    db = Database.open(url)
    now = datetime.now(UTC)
    try:
        return await found(
            db, people, each=each, now=now, beat=Rhythm("live", zone=by_day(now)).beat()
        )
    finally:
        await db.close()


async def storm(
    made: Herd,
    api: BotApi,
    chats: list[int],
    each: int,
    *,
    kills: int,
    every: float,
    restarted: list[servers.Server] | None = None,
    seed: int = 1,
    seconds: float = 600,
) -> Outcome:
    """Kill while messages go, restart the servers in the middle, judge once all has gone.

    ``restarted`` holds the servers as they are running: whoever started them stops those.
    """
    chance, total = random.Random(seed), len(chats) * each
    clock = asyncio.get_running_loop().time
    began = clock()
    running, again = restarted or [], 0
    while made.kills < kills:
        await asyncio.sleep(every)
        await made.kill(chance)
        if again < len(running) and made.kills >= kills * (again + 1) // (len(running) + 1):
            running[again].kill()
            running[again] = await asyncio.to_thread(servers.restart, running[again])
            again += 1
    await made.revive()
    url = made.env["DATABASE_URL"]
    while await unsettled(url) and clock() < began + seconds:
        await asyncio.sleep(0.2)
        await made.revive()
    await made.stop()
    return await judged(url, api, chats, each, total, made.kills, clock() - began)


async def unsettled(url: str) -> int:
    """How many are still to be sent, those not even prepared included."""
    db = Database.open(url)
    try:
        kept = await rows(db)
        async with db.read() as tx:
            digests = (await tx.exec_driver_sql("SELECT count(*) FROM digests")).scalar_one()
        return int(digests) + sum(row.settled is None for row in kept)
    finally:
        await db.close()


async def judged(
    url: str, api: BotApi, chats: list[int], each: int, total: int, kills: int, seconds: float
) -> Outcome:
    db = Database.open(url)
    try:
        kept = await rows(db)
    finally:
        await db.close()
    lost = repeated = disordered = 0
    heard: Counter[str] = Counter()
    for chat in chats:
        names = [name for sent in api.sent[chat] if (name := named(sent.text))]
        wanted = [f"{chat} alerte {n}" for n in range(1, each + 1)]
        once = list(dict.fromkeys(names))
        lost += len(set(wanted) - set(once))
        repeated += len(names) - len(once)
        disordered += [name for name in wanted if name in once] != once
        heard.update(once)
    sent = sum(row.state == "sent" for row in kept)
    return Outcome(
        total, kills, lost, repeated, kills * FEW, disordered, max(0, sent - sum(heard.values())),
        await unsettled(url), seconds,
    )  # fmt: skip

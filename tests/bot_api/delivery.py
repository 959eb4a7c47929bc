"""How updates reach the bot: pushed to its address, or asked for by long polling."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import islice
from typing import NamedTuple

import aiohttp

from tests.bot_api.rules import Json, Refused
from tests.bot_api.world import World

_SECRET = "X-Telegram-Bot-Api-Secret-Token"


@dataclass(slots=True)
class Webhook:
    """What `setWebhook` asked."""

    url: str
    secret: str | None = None
    max_connections: int = 40
    last_error: Json = field(default_factory=dict)


class Attempt(NamedTuple):
    """One push: when it ended (seconds since 1970), which update, and the problem if any."""

    time: float
    update_id: int
    problem: str | None


def chat_of(update: Json) -> int:
    """The chat an update belongs to: those of one chat arrive one after the other."""
    content: Json = next(value for key, value in update.items() if key != "update_id")
    chat = content.get("chat") or content.get("message", {}).get("chat") or content.get("from", {})
    number: int = chat.get("id", 0)
    return number


class Delivery:
    """Pushes updates until each is answered by 2xx; kept by :class:`BotApi`.

    ``unordered`` sends all updates of a chat at once. ``urls`` takes the place of the address the
    bot gave, in turns, and ``choose`` picks one for each attempt; ``backoff`` and ``timeout``
    are seconds.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self.webhook: Webhook | None = None
        self.unordered = False
        self.urls: list[str] = []
        self.choose: Callable[[Json], str] | None = None
        self.backoff = 0.05
        self.timeout = 60.0
        self.attempts: list[Attempt] = []
        self._turn = itertools.count()
        self._chains: dict[int, deque[Json]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._slots = asyncio.Semaphore(40)
        self._session: aiohttp.ClientSession | None = None
        self._poll: asyncio.Future[None] | None = None
        world.on_push = self._accept

    def set_webhook(self, url: str, secret: str | None = None, max_connections: int = 40) -> None:
        """What waits is pushed from now on; saying the same again changes nothing."""
        hook = self.webhook
        if hook and (hook.url, hook.secret, hook.max_connections) == (url, secret, max_connections):
            return
        self.cancel()
        self.webhook = Webhook(url, secret, max_connections)
        self._slots = asyncio.Semaphore(max_connections)
        if self._poll is not None and not self._poll.done():
            self._poll.set_exception(_webhook_active())
        for update in list(self._world.queue.values()):
            self._accept(update)

    def cancel(self) -> None:
        """Push nothing any more; what waits goes on waiting."""
        self.webhook = None
        self._chains.clear()
        for task in self._tasks:
            task.cancel()
        self._tasks.clear()

    async def close(self) -> None:
        tasks = list(self._tasks)
        self.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
            self._session = None

    def info(self) -> Json:
        """`getWebhookInfo`."""
        hook = self.webhook
        shape: Json = {
            "url": hook.url if hook else "",
            "has_custom_certificate": False,
            "pending_update_count": self._world.pending,
        }
        if hook is not None:
            shape |= {"max_connections": hook.max_connections, **hook.last_error}
        if self._world.allowed:
            shape["allowed_updates"] = sorted(self._world.allowed)
        return shape

    def _accept(self, update: Json) -> None:
        if self.webhook is None:
            return
        key = update["update_id"] if self.unordered else chat_of(update)
        chain = self._chains.get(key)
        if chain is not None:
            chain.append(update)
            return
        self._chains[key] = deque([update])
        task = asyncio.get_running_loop().create_task(self._push(key, self.webhook))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _push(self, key: int, hook: Webhook) -> None:
        """Everything of one chat, in order."""
        chain = self._chains[key]
        while chain:
            update = chain[0]
            async with self._slots:
                problem = await self._attempt(hook, update)
            self.attempts.append(Attempt(time.time(), update["update_id"], problem))
            if problem is None:
                chain.popleft()
                self._world.confirm(update["update_id"])
            elif update["update_id"] not in self._world.queue:
                chain.popleft()  # dropped meanwhile
            else:
                hook.last_error = {
                    "last_error_date": int(time.time()),
                    "last_error_message": problem,
                }
                self._world.changed()
                await asyncio.sleep(self.backoff)
        if self._chains.get(key) is chain:
            del self._chains[key]

    def _url(self, hook: Webhook, update: Json) -> str:
        if self.choose is not None:
            return self.choose(update)
        return self.urls[next(self._turn) % len(self.urls)] if self.urls else hook.url

    async def _attempt(self, hook: Webhook, update: Json) -> str | None:
        """What went wrong, if anything."""
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=0, force_close=False)
            self._session = aiohttp.ClientSession(connector=connector)
        headers = {_SECRET: hook.secret} if hook.secret else {}
        limit = aiohttp.ClientTimeout(self.timeout)
        url = self._url(hook, update)
        try:
            async with self._session.post(
                url, json=update, headers=headers, timeout=limit
            ) as response:
                await response.read()
        except TimeoutError:
            return "Read timeout expired"
        except aiohttp.ClientConnectorError:
            return "Connection refused"
        except (aiohttp.ClientError, OSError):
            return "Connection reset by peer"
        if 200 <= response.status < 300:
            return None
        said = HTTPStatus(response.status).phrase
        return f"Wrong response from the webhook: {response.status} {said}"

    async def poll(self, values: Json) -> list[Json]:
        """`getUpdates`: what waits from ``offset`` on, which confirms all before it."""
        if self.webhook is not None:
            raise _webhook_active()
        if self._poll is not None and not self._poll.done():
            self._poll.set_exception(
                Refused(
                    409,
                    "Conflict: terminated by other getUpdates request; make sure that only one "
                    "bot instance is running",
                )
            )
        self._forget(values.get("offset", 0))
        if values.get("timeout") and not self._world.queue:
            await self._wait(values["timeout"])
        return list(islice(self._world.queue.values(), values.get("limit", 100)))

    def _forget(self, offset: int) -> None:
        queue = self._world.queue
        if offset < 0:
            offset = max(queue, default=0) + 1 + offset
        confirmed = [number for number in queue if number < offset]
        for number in confirmed:
            del queue[number]
        if confirmed:
            self._world.changed()

    async def _wait(self, seconds: float) -> None:
        """Until an update comes, time is over, or somebody else asks (who wins)."""
        loop = asyncio.get_running_loop()
        mine = self._poll = loop.create_future()
        news = loop.create_task(self._world.until(lambda: bool(self._world.queue), seconds))
        try:
            await asyncio.wait({mine, news}, return_when=asyncio.FIRST_COMPLETED)
            if mine.done():
                mine.result()
        finally:
            news.cancel()
            if not mine.done():
                mine.set_result(None)

    def stop_polling(self) -> None:
        """Whoever waits is answered at once."""
        if self._poll is not None and not self._poll.done():
            self._poll.set_result(None)


def _webhook_active() -> Refused:
    return Refused(
        409,
        "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to "
        "delete the webhook first",
    )

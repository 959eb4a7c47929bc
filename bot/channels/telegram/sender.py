"""From the outbox to Telegram: in order, at least once, paused and stopped as Telegram asks."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Coroutine, Iterable
from datetime import datetime, timedelta
from typing import Any

import structlog

from bot.channels.telegram import NAME
from bot.channels.telegram.caller import Caller
from bot.channels.telegram.delivering import failed, send_part
from bot.channels.telegram.layout import Layout
from bot.turn import ANSWER_LEASE, ANSWER_WINDOW, Turns
from dialogs.reply import SENT, Delivery, unbundled
from storage.database import DatabaseProblem
from storage.outbox import Waiting

SEND_SECONDS = 5.5
"""How long one call may take at most; a lease that ends sooner begins no other."""

SWEEP_SECONDS = 1.0
"""How often what nobody sends is looked for: left by a process that died, or put off."""

BEHIND_SECONDS = 0.05
"""How soon to look for a reply that was left behind an older one."""

SETTLE_AGAIN_SECONDS = 0.2
"""Before an outcome that the database did not take is told again."""

AT_ONCE = 100
"""Messages taken up by one look."""

logger = structlog.get_logger(__name__)


class Sender:
    """Sends what this process has claimed, one message after the other in each conversation."""

    def __init__(self, bot: Caller, turns: Turns, layout: Layout) -> None:
        self._bot = bot
        self._turns = turns
        self._layout = layout
        self._under_way: set[asyncio.Task[None]] = set()
        self._parts_sent: dict[int, tuple[int, datetime]] = {}
        """Of messages cut in several, whose last part is still to be sent: how many have left, and
        when the message was said."""
        self._wake = asyncio.Event()

    def deliver(
        self, messages: Iterable[Waiting], since: datetime | None = None, *, behind: bool = False
    ) -> None:
        """Send these, of one conversation, claimed at ``since`` or as they were created.

        Returns at once. ``behind``: others wait in the outbox for older ones, look for them soon.
        """
        if messages := list(messages):
            self._start(self._one_after_the_other(messages, since or messages[0].created))
        if behind:
            asyncio.get_running_loop().call_later(BEHIND_SECONDS, self._wake.set)

    def look(self) -> None:
        """Something was left for whoever sends: now rather than in a moment."""
        self._wake.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Look for what nobody sends, until ``stop`` is set."""
        stopping = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                self._wake.clear()
                full = await self._sweep() == AT_ONCE
                if not full:
                    woken = asyncio.create_task(self._wake.wait())
                    await asyncio.wait(
                        {stopping, woken},
                        timeout=SWEEP_SECONDS,
                        return_when=asyncio.FIRST_COMPLETED,
                    )
                    woken.cancel()
        finally:
            stopping.cancel()

    async def idle(self) -> None:
        """Wait until nothing is being sent."""
        while self._under_way:
            await asyncio.wait(self._under_way)

    async def drain(self, seconds: float) -> None:
        """Finish what is being sent; what is left is given back for others to send."""
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=seconds)
        for task in list(self._under_way):
            task.cancel()
        if self._under_way:
            await asyncio.wait(self._under_way)
        try:
            await self._turns.ledger.release(self._turns.now())
        except DatabaseProblem:
            logger.warning("outbox_not_released")  # the leases run out by themselves

    async def _sweep(self) -> int:
        turns, now = self._turns, self._turns.now()
        try:
            claimed = await turns.outbox.claim(
                channel=NAME,
                owner=turns.ledger.owner,
                lease=ANSWER_LEASE,
                now=now,
                limit=AT_ONCE,
            )
        except DatabaseProblem:
            logger.warning("outbox_unreachable")
            return 0
        for waiting in claimed:
            self.deliver([waiting], now)
        return len(claimed)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _one_after_the_other(self, messages: Iterable[Waiting], since: datetime) -> None:
        """As long as our lease lasts: its time runs from the claim, however late we learn of it."""
        queue = deque((message, since + ANSWER_LEASE) for message in messages)
        while queue:
            message, until = queue.popleft()
            if self._is_late(until, SEND_SECONDS):
                return  # whoever looks once the lease has run out sends it
            verdict = await self._send(message, until)
            kept = await self._settle_surely(message, verdict, until)
            if kept is None:
                return
            if verdict.wait is not None:
                for other, its_end in queue:
                    await self._settle_surely(other, Delivery("later", verdict.wait), its_end)
                return
            following, now = kept
            queue.extend((next, now + ANSWER_LEASE) for next in following)

    def _is_late(self, until: datetime, seconds: float) -> bool:
        return self._turns.now() + timedelta(seconds=seconds) > until

    async def _settle_surely(
        self, message: Waiting, verdict: Delivery, until: datetime
    ) -> tuple[list[Waiting], datetime] | None:
        """What comes next, and since when it is ours.

        ``None`` when the database does not answer before our lease ends. Each outcome that is not
        kept is a message that people get twice: we ask again.
        """
        while True:
            now = self._turns.now()
            try:
                return await self._settle(message, verdict, now), now
            except DatabaseProblem:
                if self._is_late(until, SETTLE_AGAIN_SECONDS):
                    logger.warning("outcome_not_kept")
                    return None
                await asyncio.sleep(SETTLE_AGAIN_SECONDS)

    async def _settle(self, message: Waiting, verdict: Delivery, now: datetime) -> list[Waiting]:
        turns = self._turns
        again = now + verdict.wait if verdict.wait is not None else None
        if verdict.wait is not None:
            loop = asyncio.get_running_loop()
            loop.call_later(verdict.wait.total_seconds() + 0.01, self._wake.set)
        return await turns.ledger.settle(
            message.id, message.conversation, verdict.state, now, again, lease=ANSWER_LEASE
        )

    async def _send(self, message: Waiting, until: datetime) -> Delivery:
        try:
            verdict = await self._send_parts(message, until)
        except Exception as error:  # noqa: BLE001 - it is judged
            verdict = failed(error, message.attempts, once=message.once)
        if verdict.wait is None:
            self._parts_sent.pop(message.id, None)
        return verdict

    async def _send_parts(self, message: Waiting, until: datetime) -> Delivery:
        """A message cut in several goes on where it stopped; our lease must cover each part."""
        parts = self._layout.parts(unbundled(message.body), message.address)
        done, _ = self._parts_sent.get(message.id, (0, None))
        for number in range(done, len(parts)):
            if self._is_late(until, SEND_SECONDS):
                return Delivery("later", timedelta())
            await send_part(self._bot, message.address, parts[number])
            if len(parts) > 1:
                self._parts_sent[message.id] = number + 1, message.created
                self._forget_parts()
        return SENT

    def _forget_parts(self) -> None:
        """Of what was given up, or sent by another process: the first said is the first over."""
        over = self._turns.now() - ANSWER_WINDOW
        while self._parts_sent:
            first = next(iter(self._parts_sent))
            if self._parts_sent[first][1] > over:
                return
            del self._parts_sent[first]

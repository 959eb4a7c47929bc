"""From digests that became messages to people's phones: rechecked, paced, retried, stopped."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol

import structlog

from alerts.clock import is_night, morning_after
from dialogs.reply import Channel, Delivery, Reply
from dialogs.rhythm import PARIS, ZONES, Rhythm
from matching.merging import unheard
from matching.model import Found, Offer, Search, is_open, matches, nearest_km
from storage.alerts import Alert
from storage.database import DatabaseProblem
from storage.pauses import Pauses
from storage.pushes import Claimed, Pushes, Recipient, Step
from storage.rates import Rate

LEASE = timedelta(seconds=30)
"""Longer than a message waits for its turn and then takes to be sent: past it, others may."""

SEND_SECONDS = 6.0
"""How long giving a message to a network may take."""

FEW = 8
"""Messages in flight in one process: the most that a crash repeats."""

APART = timedelta(seconds=1)
"""Between two messages to one person."""

RINGS_APART = timedelta(minutes=30)
"""A phone rings once for what comes together: each alert has a message of its own."""

LATE_SECONDS = 0.05
"""Who comes later than that to their turn waits for another: held up together, many would go at
once."""

LOOK_SECONDS = 1.0
"""How often one looks for messages to send."""

AGAIN_SECONDS = 0.2
"""Before an outcome that the database did not take is told again."""

KEEP_TELLING = timedelta(minutes=2)
"""For how long: until others send it again, or the database is back."""

MOST_TRIES = 6
AFTER_A_FAULT = timedelta(minutes=5)
"""Before what could not even be written is tried again."""

logger = structlog.get_logger(__name__)


class Store(Protocol):
    """Where offers are kept (implemented by ``storage.offers``)."""

    async def several(self, ids: Collection[str]) -> list[Offer]: ...


class Words(Protocol):
    """How a message is put (implemented by ``alerts.words``)."""

    def search(self, alert: Alert) -> Search:
        """What the alert asks of offers. Raises ``KeyError`` when it cannot be told any more."""
        ...

    def chosen(self, found: Sequence[Found]) -> list[Found]:
        """Those of one message, in its order."""
        ...

    def news(self, alert: Alert, found: Sequence[Found]) -> Reply: ...

    def follow_up(self, step: Step) -> Reply: ...

    def still_looking(self) -> Reply: ...


@dataclass(frozen=True, slots=True)
class Message:
    """What is to be sent, the offers it shows, and those it tells of: there is « tout voir »."""

    reply: Reply
    shown: tuple[str, ...] = ()
    told: tuple[str, ...] = ()


@dataclass(slots=True)
class Pusher:
    """Sends what is claimed, a few messages at a time; ``now`` returns an aware datetime.

    ``per_second`` is for the whole bot: ``rate`` is shared by all processes, and so are pauses.
    ``owner`` names this sender alone, and this run of it.
    """

    pushes: Pushes
    pauses: Pauses
    offers: Store
    channels: Mapping[str, Channel]
    words: Words
    rate: Rate
    owner: str
    now: Callable[[], datetime]
    per_second: float
    few: int = FEW
    lease: timedelta = LEASE
    told: Callable[[str], Awaitable[None]] | None = None
    """Hears of each message what became of it."""

    _under_way: dict[int, asyncio.Task[None]] = field(default_factory=dict, init=False)
    _woken: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _stop: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _one_waits: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    def wake(self) -> None:
        """There is something to send: now rather than in a moment."""
        self._woken.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Send whatever is to be sent, until ``stop`` is set; what was begun is finished."""
        await self._go_on(stop, until_idle=False)

    async def push(self, stop: asyncio.Event) -> None:
        """Send what can be sent now, then return."""
        await self._go_on(stop, until_idle=True)

    async def _go_on(self, stop: asyncio.Event, *, until_idle: bool) -> None:
        self._stop = stop
        stopping = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                self._woken.clear()
                claimed = await self._claim()
                if until_idle and not claimed and not self._under_way:
                    return
                woken = asyncio.create_task(self._woken.wait())
                await asyncio.wait(
                    {stopping, woken}, timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED
                )
                woken.cancel()
        finally:
            stopping.cancel()
            await self._drain()

    async def _claim(self) -> int:
        """Take up more once half of what may be in flight has ended."""
        room = self.few - len(self._under_way)
        if room < self.few / 2:
            return 0
        try:
            claimed = await self.pushes.claim(
                channels=self.channels, owner=self.owner, lease=self.lease, now=self.now(),
                limit=room,
            )  # fmt: skip
        except DatabaseProblem:
            logger.warning("pushes_unreachable")
            return 0
        for push in claimed:
            self._under_way[push.id] = task = asyncio.create_task(self._surely(push))
            task.add_done_callback(partial(self._ended, push.id))
        return len(claimed)

    def _ended(self, id: int, _: object) -> None:
        del self._under_way[id]
        self._woken.set()

    async def _drain(self) -> None:
        """What is being sent ends; what waited for its turn has been given back."""
        tasks = set(self._under_way.values())
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=SEND_SECONDS)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)

    async def _surely(self, push: Claimed) -> None:
        try:
            await self._send(push)
        except DatabaseProblem:
            logger.warning("push_put_off", channel=push.channel)  # until its lease runs out
        except Exception as error:  # noqa: BLE001 - it must not keep the others from going
            logger.error("push_failed", channel=push.channel, error=type(error).__name__)
            await self._fault(push)

    async def _fault(self, push: Claimed) -> None:
        again = push.attempts < MOST_TRIES
        delivery = Delivery("pending", AFTER_A_FAULT) if again else Delivery("refused")
        await self._mark(push, delivery, Message(Reply("")))

    async def _send(self, push: Claimed) -> None:
        """Recheck, write, wait for one's turn, look once more, give it to the network, mark."""
        lately = self.now() - RINGS_APART
        recipient = await self.pushes.recipient(push, self.now(), lately)
        message = await self._message(push, recipient) if recipient else None
        if recipient is None or message is None:
            await self._settle(push, "gone", "nothing to say")
            return
        now, zone = self.now(), _zone(recipient)
        if is_night(now, zone):
            await self._settle(push, "later", "night", morning_after(now, zone))
            return
        look = await self._turn(push)
        if look is None:
            await self.pushes.release([push.id], self.owner)
        elif look is False:
            await self._settle(push, "gone", "stopped")
        elif isinstance(look, datetime):
            await self._settle(push, "later", "paused", look)
        else:
            channel = self.channels[push.channel]
            delivery = await channel.send(
                recipient.address, [message.reply], attempts=push.attempts, quiet=recipient.rang
            )
            await self._mark(push, delivery, message)

    async def _message(self, push: Claimed, recipient: Recipient) -> Message | None:
        if push.kind == "follow_up":
            step = recipient.step
            return Message(self.words.follow_up(step), (step.offer,)) if step else None
        if push.kind == "notice":
            return Message(Reply(""))  # it says nothing: the browser has its own words
        if push.kind == "still_looking":
            return Message(self.words.still_looking())
        alert = recipient.alert
        if alert is None or alert.state != "on":
            return None
        found = await self._still(push, alert, recipient.known)
        if not found:
            return None
        chosen = self.words.chosen(found)
        shown, told = (tuple(one.offer.id for one in some) for some in (chosen, found))
        return Message(self.words.news(alert, chosen), shown, told)

    async def _still(self, push: Claimed, alert: Alert, known: Sequence[Offer]) -> list[Found]:
        """Offers that are open, answer the alert as it is now, and were never told, nor a copy of
        them from another source."""
        try:
            search = self.words.search(alert)
        except KeyError:
            return []
        now = self.now()
        read = await self.offers.several(push.offers)
        kept = [o for o in read if is_open(o, now) and matches(search, o, now)]
        return [Found(offer, nearest_km(search, offer)) for offer in unheard(kept, known)]

    async def _turn(self, push: Claimed) -> datetime | bool | None:
        """Wait for our turn, then look once more: see :meth:`storage.pushes.Pushes.go`.

        ``None`` when we stop first, or when what remains of the lease is too short.
        """
        while True:
            slot = await self._slot(push)
            if slot is None:
                return None
            look = await self.pushes.go(push, self.owner, self.now())
            if look is not True or time.monotonic() <= slot + LATE_SECONDS:
                return look

    async def _slot(self, push: Claimed) -> float | None:
        """When our turn was, by the clock of this machine.

        One message after the other: each process has one turn to come at most. Were more reserved,
        and then given up, all would soon wait for turns that nobody takes.
        """
        async with self._one_waits:
            if self.now() + timedelta(seconds=SEND_SECONDS) > push.until or self._stop.is_set():
                return None
            asked = time.monotonic()
            wait = await self.rate.take(f"push:{push.channel}", per_second=self.per_second)
            if wait and await self._stopped_within(wait):
                return None
            return asked + wait

    async def _stopped_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self._stop.wait()
        except TimeoutError:
            return False
        return True

    async def _mark(self, push: Claimed, delivery: Delivery, message: Message) -> None:
        """Note what became of it, for as long as it takes: each outcome that is not kept is a
        message that somebody gets twice."""
        until = self.now() + KEEP_TELLING
        while True:
            try:
                await self._note(push, delivery, message)
                return
            except DatabaseProblem:
                if self.now() > until:
                    logger.warning("outcome_not_kept", channel=push.channel)
                    return
                await asyncio.sleep(AGAIN_SECONDS)

    async def _note(self, push: Claimed, delivery: Delivery, message: Message) -> None:
        now, state = self.now(), delivery.state
        again = now + delivery.wait if delivery.wait is not None else None
        if state == "sent":
            await self.pushes.sent(
                push,
                self.owner,
                now,
                shown=message.shown,
                told=message.told,
                label=f"{push.kind} sent",
                apart=APART,
            )
            await self._tell("sent")
            return
        if delivery.everywhere and again is not None:
            await self.pauses.wait(push.channel, again)
        if state == "gone":
            await self.pushes.left(push.person, now)
        settled: Any = "gone" if state == "refused" else state
        await self._settle(push, settled, state, again)

    async def _settle(
        self, push: Claimed, state: Any, why: str, not_before: datetime | None = None
    ) -> None:
        await self.pushes.settle(
            push, self.owner, state, self.now(), label=f"{push.kind} {why}", not_before=not_before
        )
        await self._tell(why)

    async def _tell(self, what: str) -> None:
        if self.told is not None:
            await self.told(what)


def _zone(recipient: Recipient) -> str:
    if recipient.beat is not None:
        return Rhythm.of(recipient.beat).zone
    return ZONES.get(recipient.departement or "", PARIS)

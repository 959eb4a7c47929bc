"""Who reads the sources, and when: one process at a time, at night and every quarter of an hour."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, cast

import structlog

from bot.config import PARIS
from bot.log import where
from bot.supervise import stopped_within, unless_stopped
from matching.model import Unavailable
from matching.sources import EXPORT, FRANCE_TRAVAIL
from matching.sync import POLL, Beat, Report, Sync
from storage.database import DatabaseProblem
from storage.leases import Leases

if TYPE_CHECKING:
    from bot.assembly import Rooms

logger = structlog.get_logger(__name__)

REBUILT = timedelta(hours=3)
"""When the export of the day is ready, after midnight in France."""

POLL_EVERY = timedelta(minutes=15)

LOOK_SECONDS = 30.0
"""How often we look whether something is due."""

AGAIN_SECONDS = 600.0
"""Before what failed is tried again."""

DOUBTED_SECONDS = 4 * 3600.0
"""Before a list too short to be believed is asked for again: another takes hours to be made."""

LEASE = "sync"
LEASE_SECONDS = 120.0
"""Whoever dies while reading keeps the others waiting for no longer."""

Job = Callable[[Beat], Awaitable[Report]]


class Elsewhere(Exception):
    """Un autre processus est déjà en train de mettre les offres à jour."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


@asynccontextmanager
async def alone(rooms: Rooms, beat: Beat | None = None) -> AsyncIterator[Beat]:
    """No other process reads the sources meanwhile; hands out the beat that holds on to that.

    Raises :class:`Elsewhere`, also in the midst of the work once the lease was lost.
    """
    held = await Held.take(Leases(rooms.database))
    work, over = cast("asyncio.Task[object]", asyncio.current_task()), asyncio.Event()
    before = work.cancelling()

    async def hold(report: Report) -> None:
        if beat is not None:
            await beat(report)
        await held.sure()

    keeping = asyncio.create_task(held.keep(over, work.cancel))
    try:
        try:
            yield hold
        finally:
            over.set()
            await asyncio.wait({keeping})
            await held.release()
    except asyncio.CancelledError:
        if held.lost and work.uncancel() <= before:
            raise Elsewhere from None
        raise


class Held:
    """The lease, from when it was taken until it is released or lost."""

    def __init__(self, leases: Leases, token: float) -> None:
        self.lost = False
        self._leases = leases
        self._token = token
        self._lock = asyncio.Lock()

    @classmethod
    async def take(cls, leases: Leases) -> Held:
        """Raises :class:`Elsewhere`."""
        if (token := await leases.take(LEASE, LEASE_SECONDS)) is None:
            raise Elsewhere
        return cls(leases, token)

    async def keep(self, over: asyncio.Event, stop: Callable[[], object]) -> None:
        """Renew it until it is ``over``; ``stop`` the work once it is lost."""
        while not await stopped_within(over, LEASE_SECONDS / 6):
            try:
                await self._renew()
            except DatabaseProblem:  # tried again for as long as it lasts
                self.lost = self._left() <= 0
            if self.lost:
                stop()
                return

    async def sure(self) -> None:
        """Raises :class:`Elsewhere` when it was lost, also while this process slept."""
        if not self.lost and self._left() < LEASE_SECONDS / 2:
            await self._renew()
        if self.lost:
            raise Elsewhere

    async def release(self) -> None:
        await self._leases.release(LEASE, self._token)

    def _left(self) -> float:
        """The token is the moment until which it lasts."""
        return self._token - time.time()

    async def _renew(self) -> None:
        async with self._lock:
            token = await self._leases.renew(LEASE, self._token, LEASE_SECONDS)
            self.lost = token is None
            self._token = token or self._token


def daily(rooms: Rooms, *, again: bool = False, accept: bool = False) -> dict[str, Job]:
    """What is read whole, once a day, by the name under which it is kept that it was."""
    sync = Sync(rooms.offers, rooms.settings.now, rooms.crafts, accept=accept)
    jobs: dict[str, Job] = {}
    if (lba := rooms.backends.apprentissage) is not None:
        jobs[EXPORT] = partial(sync.export, lba, again=again)
    if (ft := rooms.backends.france_travail) is not None:
        jobs[FRANCE_TRAVAIL] = partial(sync.france_travail, ft)
    return jobs


async def tidy(rooms: Rooms) -> int:
    """What is in no list any more; to be done once all of them were read."""
    return await Sync(rooms.offers, rooms.settings.now, rooms.crafts).tidy()


class Keeper:
    """Keeps the offers of a running service in step; ``clock`` returns seconds."""

    def __init__(self, rooms: Rooms, clock: Callable[[], float] = time.monotonic) -> None:
        self._rooms = rooms
        self._clock = clock
        self._not_before: dict[str, float] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Until ``stop`` is set; what is under way is left as it is, and begun again elsewhere."""
        if not self._rooms.backends:
            return
        while not stop.is_set():
            await unless_stopped(stop, self.look())
            await stopped_within(stop, LOOK_SECONDS)

    async def look(self) -> list[Report]:
        """Do what is due, unless another process does."""
        if not await self._due():
            return []
        try:
            async with alone(self._rooms) as beat:
                due = await self._due()  # another may just have done it
                return [r for name, job in due.items() if (r := await self._do(name, job, beat))]
        except Elsewhere:
            return []

    async def _due(self) -> dict[str, Job]:
        now = self._rooms.settings.now()
        rebuilt = last_rebuilt(now)
        due = {n: j for n, j in daily(self._rooms).items() if await self._older(n, rebuilt)}
        ft = self._rooms.backends.france_travail
        if (
            ft is not None
            and FRANCE_TRAVAIL not in due
            and await self._older(POLL, now - POLL_EVERY)
        ):
            sync = Sync(self._rooms.offers, self._rooms.settings.now, self._rooms.crafts)
            due[POLL] = partial(sync.poll, ft)
        return {n: j for n, j in due.items() if self._clock() >= self._not_before.get(n, 0.0)}

    async def _older(self, name: str, moment: datetime) -> bool:
        read = await self._rooms.offers.read_until(name)
        return read is None or read < moment

    async def _do(self, name: str, job: Job, beat: Beat) -> Report | None:
        try:
            report = await job(beat)
        except Unavailable as failed:
            logger.warning("sync_failed", source=name, error=str(failed))
            self._not_before[name] = self._clock() + AGAIN_SECONDS
            return None
        except (Elsewhere, DatabaseProblem):
            raise
        except Exception as error:  # noqa: BLE001 - one source must not keep the others waiting
            logger.error("sync_broken", source=name, error=type(error).__name__, where=where(error))
            self._not_before[name] = self._clock() + AGAIN_SECONDS
            return None
        if report.incomplete or not report.fresh:
            logger.warning("sync_incomplete" if report.incomplete else "sync_not_yet", source=name)
            pause = DOUBTED_SECONDS if report.incomplete else AGAIN_SECONDS
            self._not_before[name] = self._clock() + pause
        for state in ("read", "new", "changed", "gone"):
            logger.info("synced", source=name, state=state, count=getattr(report, state))
        if name != POLL and await self._all_read():
            await tidy(self._rooms)
        return report

    async def _all_read(self) -> bool:
        since = last_rebuilt(self._rooms.settings.now())
        return not any([await self._older(name, since) for name in daily(self._rooms)])


def last_rebuilt(now: datetime) -> datetime:
    """The last time before ``now`` at which an export of the day was ready."""
    local = now.astimezone(PARIS)
    ready = datetime(local.year, local.month, local.day, tzinfo=PARIS) + REBUILT
    return ready if ready <= local else ready - timedelta(days=1)

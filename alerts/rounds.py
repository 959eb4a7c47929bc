"""What is to be done from time to time, done once for all processes: whichever looks first."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from alerts.clock import UNREAD_WINDOW, Tick, day_began, is_night, last_tick, window_end
from alerts.sweep import Elsewhere, Sweep
from dialogs.rhythm import Rhythm
from storage.database import DatabaseProblem
from storage.due import Due, DueDigests
from storage.follow_ups import FollowUps
from storage.leases import Leases
from storage.notices import Notices
from storage.runs import Overtaken, Run, Runs

LOOK_SECONDS = 20.0
"""How often one looks whether something is due."""

LEASE_SECONDS = 60.0
"""Whoever dies in the midst of a job keeps the others waiting for no longer."""

MOST_LIVE = 3
"""Messages a day of alerts that speak as offers come."""

AFTERWARDS = Rhythm().beat()
"""When one asks what came of a call or an application."""

Hold = Callable[[], Awaitable[None]]
"""Holds on to a job between two of its steps; raises ``Overtaken`` when another has it."""

Work = Callable[[Run, Hold], Awaitable[int]]

_KEPT_IN_MIND = 5_000

logger = structlog.get_logger(__name__)

Progress = Callable[[str, int, int], None]
"""Told of a job how much of how much is done."""


class Stopped(Exception):
    """We are to stop: what is under way is left where it stands."""


@dataclass(slots=True)
class Rounds:
    """``now`` returns an aware datetime; ``silent`` is how long nothing was heard of whoever is
    asked whether they are still looking. ``woken`` is called when there is something to send."""

    due: DueDigests
    follow_ups: FollowUps
    runs: Runs
    leases: Leases
    now: Callable[[], datetime]
    silent: timedelta
    sweep: Sweep | None = None
    notices: Notices | None = None
    woken: Callable[[], None] = lambda: None
    _owed: bool = field(default=True, init=False)
    """Whether browsers may have to be told of what an earlier look has made."""

    _done: dict[tuple[str, str], None] = field(default_factory=dict, init=False)

    async def run(self, stop: asyncio.Event) -> None:
        """Until ``stop`` is set; what is under way is left as it is, and goes on elsewhere."""
        while not stop.is_set():
            await self.look(stop)
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await stop.wait()
            except TimeoutError:
                continue

    async def look(self, stop: asyncio.Event, progress: Progress | None = None) -> int:
        """Do what is due; how many messages were made."""
        made = 0
        try:
            beats = await self.due.beats()
            await self._speak_again(beats)
            await self._sweep(stop)
            for beat in beats:
                if not stop.is_set():
                    made += await self._beat(beat, stop, progress)
            if not stop.is_set():
                made += await self._afterwards()
            if self.notices is not None and not stop.is_set() and (made or self._owed):
                self._owed = True
                made += await self.notices.make(self.now())
                self._owed = False
        except DatabaseProblem:
            logger.warning("rounds_unreachable")
        if made:
            self.woken()
        return made

    async def _speak_again(self, beats: Sequence[str]) -> None:
        """Once a day in each zone, alerts paused until then: what is new that day is for them."""
        by_zone: dict[str, list[str]] = {}
        for beat in beats:
            by_zone.setdefault(Rhythm.of(beat).zone, []).append(beat)
        for zone, theirs in by_zone.items():
            day = self.now().astimezone(ZoneInfo(zone)).date()

            async def work(_: Run, hold: Hold, theirs: Any = theirs, day: date = day) -> int:
                for beat in theirs:
                    await self.due.resume(beat, day)
                    await hold()
                return 0

            await self.once("resume", f"{day} {zone}", work)

    async def _sweep(self, stop: asyncio.Event) -> None:
        """Hold new offers against the alerts, unless another process does."""

        async def go_on(_: object) -> None:
            if stop.is_set():
                raise Stopped

        if self.sweep is not None:
            with suppress(Elsewhere, Stopped):
                await self.sweep.run(go_on)

    async def planned(self) -> list[tuple[str, int]]:
        """What would be made now, by beat; nothing is written."""
        now = self.now()
        return [
            (beat, await self.due.count(found[1], now))
            for beat in await self.due.beats()
            if (found := self._due(beat)) is not None
        ]

    def _due(self, beat: str) -> tuple[Tick, Due] | None:
        """The last time it was due, unless it is night: then the morning does it."""
        now, rhythm = self.now(), Rhythm.of(beat)
        tick = last_tick(beat, now)
        if tick is None or is_night(now, rhythm.zone):
            return None
        most = MOST_LIVE if rhythm.kind == "live" else None
        due = Due(
            beat, tick.at, window_end(beat, tick), now + UNREAD_WINDOW, most,
            day_began(now, rhythm.zone),
        )  # fmt: skip
        return tick, due

    async def _beat(self, beat: str, stop: asyncio.Event, progress: Progress | None) -> int:
        found = self._due(beat)
        if found is None:
            return 0
        tick, due = found

        async def work(run: Run, hold: Hold) -> int:
            zone = Rhythm.of(beat).zone
            await self.due.resume(beat, self.now().astimezone(ZoneInfo(zone)).date())
            made, done = 0, run.done
            for leftovers in (False, True):
                after = 0
                while True:
                    if stop.is_set():
                        raise Overtaken  # another goes on, now or when the lease is over
                    chunk = await self.due.make(due, self.now(), after, leftovers=leftovers)
                    if not chunk.last:
                        break
                    made, done, after = made + chunk.made, done + chunk.done, chunk.last
                    run = await self.runs.advance(run, done=done, written=chunk.made, reached=after)
                    if made:
                        self.woken()
                    if progress:
                        progress(beat, done, max(run.total, done))
                    await hold()
            return made

        async def total() -> int:
            return await self.due.count(due, self.now())

        return await self.once("push", tick.name, work, total)

    async def _afterwards(self) -> int:
        """Questions that follow a step, and those to people who have long been silent."""
        tick = last_tick(AFTERWARDS, self.now())

        async def work(run: Run, hold: Hold) -> int:
            asked = await self.follow_ups.ask(self.now())
            await hold()
            while made := await self.follow_ups.still_looking(self.now(), self.silent):
                asked += made
                await hold()
            while await self.follow_ups.stop_silent(self.now(), self.silent):
                await hold()
            await self.follow_ups.drop_old(self.now())
            await self.runs.advance(run, done=asked, written=asked)
            return asked

        return await self.once("follow_ups", tick.name, work) if tick else 0

    async def once(
        self, job: str, tick: str, work: Work, total: Callable[[], Awaitable[int]] | None = None
    ) -> int:
        """Do a job at one of its ticks unless it is done, or somebody is doing it; its count.

        Each step of the work can be done twice without harm: the lease only saves the trouble.
        """
        if (job, tick) in self._done:
            return 0
        name = f"{job} {tick}"
        token = await self.leases.take(name, LEASE_SECONDS)
        if token is None:
            return 0

        async def hold() -> None:
            nonlocal token
            assert token is not None  # noqa: S101 - for mypy
            token = await self.leases.renew(name, token, LEASE_SECONDS)
            if token is None:
                raise Overtaken

        count = 0
        try:
            run = await self._run(job, tick, await total() if total else 0)
            if run is not None:
                count = await work(run, hold)
                run = await self.runs.get(run.id)
                if run is not None and run.state == "building":
                    await self.runs.finish(run, self.now())
            self._keep_in_mind(job, tick)
        except Overtaken:
            logger.info("job_left", source=job)
        finally:
            if token is not None:
                await self.leases.release(name, token)
        return count

    async def _run(self, job: str, tick: str, total: int) -> Run | None:
        """The run to do, which somebody may have left in its midst; ``None``: it is over."""
        begun = await self.runs.begin(job, tick, total, self.now())
        if begun is not None:
            return begun
        return next((run for run in await self.runs.building(job) if run.tick == tick), None)

    def _keep_in_mind(self, job: str, tick: str) -> None:
        self._done[job, tick] = None
        while len(self._done) > _KEPT_IN_MIND:
            del self._done[next(iter(self._done))]

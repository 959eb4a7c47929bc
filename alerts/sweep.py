"""New offers held against every alert: a run takes them in, finds, and counts once it is whole.

Whatever dies in the middle is begun again where it stood, by whichever process comes next: an offer
is in one run, a run writes one digest for an alert, and each step of a run is written together with
how far it is.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Mapping,
    Sequence,
)
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Any, Protocol

import structlog

from alerts import index
from alerts.keys import Key, Probe, Trades, keys_of, probe
from matching.model import Offer, Search, Sketch, WantedTrade, is_open
from storage.database import Database
from storage.digests import Digests, Found
from storage.key_blocks import KeyBlocks
from storage.leases import Leases
from storage.offer_news import OfferNews
from storage.offers import Offers
from storage.runs import Overtaken, Run, Runs
from storage.searches import Saved, Searches

logger = structlog.get_logger(__name__)

JOB = "sweep"

LEASE = "alerts sweep"
LEASE_SECONDS = 120.0
"""Whoever dies while sweeping keeps the others waiting for no longer."""

SLICE = 10_000
"""Offers a run."""

TAKEN_IN = {True: 500, False: 2_500}
"""Of them a transaction, on SQLite and on PostgreSQL."""

MANY = {True: 120, False: 30}
"""Offers from which the index costs less than a question each, on SQLite and on PostgreSQL; both
grow with the alerts."""

BLOCK = 125_000
"""Numbers of alerts held in memory at a time."""

AIM_SECONDS = {True: 0.03, False: 0.5}
"""How long a transaction may last: on SQLite, nobody else writes meanwhile."""

ROWS = {True: 8_000, False: 50_000}
"""Digests a transaction, to the same end."""

Tell = Callable[["Progress"], Awaitable[None]]
"""Called again and again; what it raises stops the sweep, which goes on from there next time."""

Beat = Callable[[], Awaitable[None]]


class Elsewhere(Exception):
    """Un autre processus cherche déjà à qui annoncer les nouvelles offres."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


@dataclass(slots=True)
class Progress:
    """What a sweep has done so far: alerts whose keys were written, offers taken in, offers held
    against the alerts out of those of the runs, digests written (or, dry, that would be)."""

    keyed: int = 0
    taken_in: int = 0
    offers: int = 0
    total: int = 0
    digests: int = 0
    runs: list[int] = field(default_factory=list)
    dry: bool = False


class Expand(Protocol):
    """A kept wish as a search again."""

    def __call__(self, wish: Mapping[str, Any], /) -> Search: ...


def said(offer: Offer | Sketch) -> str:
    """What matters of an offer to alerts: when this changes it is news again."""
    matters = (offer.title, offer.rome_codes, offer.insee, offer.lat, offer.lon, offer.start,
               offer.diploma_level)  # fmt: skip
    return blake2b(repr(matters).encode(), digest_size=12).hexdigest()


class Sweep:
    """One process sweeps at a time; the others find nothing to do."""

    def __init__(
        self,
        db: Database,
        expand: Expand,
        trades: Iterable[WantedTrade],
        clock: Callable[[], datetime],
        *,
        many: int | None = None,
    ) -> None:
        """``trades`` is the whole table, ``clock`` returns an aware datetime; from ``many`` offers
        on (:data:`MANY`) a run is made in memory."""
        self._expand = expand
        self._trades = Trades(trades)
        self._clock = clock
        self._leases = Leases(db)
        self._searches, self._offers = Searches(db), Offers(db)
        self._news, self.runs = OfferNews(db), Runs(db)
        self._digests, self._blocks = Digests(db), KeyBlocks(db)
        self._many = MANY[self._digests.sqlite] if many is None else many

    async def run(self, tell: Tell | None = None, *, dry: bool = False) -> Progress:
        """Bring everything up to date: keys, then news, then each run to its end.

        ``dry`` writes nothing, and counts what would be told with the keys as they are. Raises
        :class:`Elsewhere`, :class:`storage.database.DatabaseProblem`.
        """
        progress = Progress(dry=dry)
        if dry:
            news = [offer async for page in self._fresh() for _, offer in page]
            await self._count(news, progress)
            return progress
        async with self._alone() as sure:

            async def beat() -> None:
                await sure()
                if tell is not None:
                    await tell(progress)

            try:
                await self._rekey(progress, beat)
                await self._take_in(progress, beat)
                for run in await self.runs.building(JOB):
                    progress.runs.append(run.id)
                    progress.total += run.total
                    await self._build(run, progress, beat)
            except Overtaken:
                raise Elsewhere from None
        return progress

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[Beat]:
        token = await self._leases.take(LEASE, LEASE_SECONDS)
        if token is None:
            raise Elsewhere

        async def sure() -> None:
            nonlocal token
            if token is not None and token - time.time() < LEASE_SECONDS / 2:
                token = await self._leases.renew(LEASE, token, LEASE_SECONDS)
            if token is None:
                raise Elsewhere

        try:
            yield sure
        finally:
            if token is not None:
                await self._leases.release(LEASE, token)

    async def _rekey(self, progress: Progress, beat: Beat) -> None:
        async for page in self._searches.unkeyed():
            keys = [(saved, self._keys(saved)) for saved in page]
            progress.keyed += await self._searches.rekey(keys)
            await beat()

    def _keys(self, saved: Saved) -> list[Key]:
        try:
            return keys_of(self._expand(saved.wish))
        except KeyError as missing:  # a trade that the table does not have any more
            logger.warning("alert_unreadable", search=saved.id, missing=str(missing))
            return []

    async def _fresh(self) -> AsyncIterator[list[tuple[str, Sketch]]]:
        """The open offers that are new, or say something else than when they were told, and what
        matters of them."""
        now = self._clock()
        async for page in self._news.since(await self._news.looked_at()):
            read = [(said(offer), offer, before) for offer, before in page if is_open(offer, now)]
            yield [(says, offer) for says, offer, before in read if says != before]

    async def _take_in(self, progress: Progress, beat: Beat) -> None:
        """Runs of what is new, of at most :data:`SLICE` offers each."""
        revision, run, size = await self._offers.revision(), None, TAKEN_IN[self._digests.sqlite]
        async for page in self._fresh():
            for at in range(0, len(page), size):
                some = {offer.id: says for says, offer in page[at : at + size]}
                tick, before = f"{revision} {next(iter(some))}", run.total if run else 0
                run = await self._news.take_in(run, JOB, tick, some, self._clock())
                if run is not None:
                    progress.taken_in += run.total - before
                    run = run if run.total < SLICE else None
                await beat()
        if revision > await self._news.looked_at():
            await self._news.look_on(revision)

    async def _build(self, run: Run, progress: Progress, beat: Beat) -> None:
        """Bring a run to its end, the way it was begun."""
        if run.reached or (not run.done and run.total >= self._many):
            run = await self._in_memory(run, progress, beat)
        else:
            run = await self._one_by_one(run, progress, beat)
        run = await self.runs.finish(run, self._clock())
        progress.digests += run.written
        progress.offers += run.total

    async def _one_by_one(self, run: Run, progress: Progress, beat: Beat) -> Run:
        """Some offers a statement: as many as keep the transaction short."""
        size, sqlite = 4, self._digests.sqlite
        async for last, page in self._news.of_run(run, run.done - 1):
            news = self._probes(page)
            while news or run.done <= last:
                some, news = news[:size], news[size:]
                began = time.monotonic()
                done = (some[-1].n if news else last) + 1
                run = await self._digests.probe(run, some, done=done)
                share = AIM_SECONDS[sqlite] / max(time.monotonic() - began, 1e-4)
                size = max(1, int(size * min(share, 2.0)))
                await beat()
        return run

    def _probes(self, page: Iterable[tuple[int, Sketch]]) -> list[Probe]:
        """Those of a run's offers that are still open, with their numbers."""
        now = self._clock()
        return [probe(n, offer, self._trades) for n, offer in page if is_open(offer, now)]

    async def _in_memory(self, run: Run, progress: Progress, beat: Beat) -> Run:
        """Block after block of alerts: the next is read, and the last written, meanwhile."""
        top = await self._blocks.top()
        writing: asyncio.Task[Run] | None = None
        try:
            async with aclosing(self._found(self._news_of(run), run.reached, top)) as blocks:
                async for last, found in blocks:
                    run = await writing if writing else run
                    writing = asyncio.create_task(self._write(run, found, last, top))
                    await beat()
            return await writing if writing else run
        finally:
            if writing:
                await asyncio.wait({writing})

    async def _news_of(self, run: Run) -> index.News:
        probes = [p async for _, page in self._news.of_run(run) for p in self._probes(page)]
        return await asyncio.to_thread(index.News, probes)

    async def _found(
        self, news: Awaitable[index.News], after: int, top: int
    ) -> AsyncGenerator[tuple[int, Found]]:
        """What is for the alerts from the one after ``after`` up to ``top``: block by block, the
        number it reaches and what it finds; the next one is read meanwhile."""

        def read(after: int) -> asyncio.Task[bytes]:
            return asyncio.create_task(self._blocks.read(after + 1, min(after + BLOCK, top)))

        reading = read(after) if after < top else None
        try:
            held = await news
            while reading is not None:
                packed, after = await reading, min(after + BLOCK, top)
                reading = read(after) if after < top else None
                yield after, await asyncio.to_thread(index.digests, packed, held)
        finally:
            if reading is not None:
                reading.cancel()
                await asyncio.wait({reading})

    async def _write(self, run: Run, found: Found, last: int, top: int) -> Run:
        size = ROWS[self._digests.sqlite]
        for at in range(0, max(len(found), 1), size):
            some = found.part(at, at + size)
            reached = last if at + size >= len(found) else int(some.searches[-1])
            done = run.total * min(reached, top) // max(top, 1)
            run = await self._digests.put(run, some, done=done, reached=reached)
        return run

    async def _count(self, fresh: Sequence[Sketch], progress: Progress) -> None:
        progress.total = progress.offers = len(fresh)
        probes = [probe(n, offer, self._trades) for n, offer in enumerate(fresh)]
        news = asyncio.to_thread(index.News, probes)
        async for _, found in self._found(news, 0, await self._blocks.top()):
            progress.digests += len(found)

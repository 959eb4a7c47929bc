"""The catalogue in step with its sources: what is new, what changed, what is gone."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from matching.apprentissage.export import Export
from matching.job_offer import PARIS
from matching.model import Offer
from matching.sources import EXPORT, FRANCE_TRAVAIL
from matching.store import LiveStore

POLL = "france travail, les nouvelles"
"""Up to when France Travail was asked for what is new, among what was read."""

OVERLAP = timedelta(hours=1)
"""Asked for again at each poll: some ads appear late, under an earlier date."""

WINDOW = timedelta(days=30)
"""Of dates of creation, asked for at a time: what is held in memory."""

OLDEST = timedelta(days=730)
"""No ad stays up longer."""

KEPT_GONE = timedelta(days=30)
"""How long the page of an offer says that it is gone."""

AT_LEAST = 0.5
"""Of what is open, to believe that the rest is gone; a list of fewer is taken to be incomplete."""

ALIKE = 0.9
"""Of the length of another list, to be as long."""

CONFIRMED = timedelta(hours=12)
"""Between two short lists that are as long as each other: what they say is so after all."""

_FEW = 200
"""Below that, half may well be gone."""

_AT_ONCE = 500

Beat = Callable[["Report"], Awaitable[None]]
"""Called again and again while a list is read; what it raises stops the reading."""


class DailyExport(Protocol):
    """What is asked of API apprentissage."""

    async def export(self) -> Export: ...


class Newest(Protocol):
    """What is asked of France Travail; it counts what it leaves out, since the start."""

    left_out: Counter[str]

    def new_since(
        self, moment: datetime, until: datetime | None = None
    ) -> AsyncIterator[Offer]: ...


@dataclass(slots=True)
class Report:
    """What reading a source has led to so far.

    ``read`` counts the offers for us; ``left_out`` the others, by reason in French. ``incomplete``:
    so few came that nothing was taken to be gone. ``fresh`` is false when there was no newer list.
    """

    source: str
    read: int = 0
    new: int = 0
    changed: int = 0
    gone: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    incomplete: bool = False
    fresh: bool = True


class Sync:
    """Brings a store up to what the sources hold.

    Each step can be stopped at any moment and begun again: what is written already is then found to
    be the same, and nothing is taken to be gone before a list was read to its end. ``crafts`` are
    the trade codes of the offers that are for us. ``clock`` returns an aware datetime. ``accept``:
    somebody looked, and a list is believed however short it is.
    """

    def __init__(
        self,
        store: LiveStore,
        clock: Callable[[], datetime],
        crafts: Collection[str],
        *,
        accept: bool = False,
    ) -> None:
        self._store = store
        self._clock = clock
        self._crafts = frozenset(crafts)
        self._accept = accept

    async def export(self, source: DailyExport, beat: Beat, *, again: bool = False) -> Report:
        """The whole daily export; one that was read already is only read ``again`` if wished.

        Raises :class:`matching.calling.CallFailed`; what was written until then stays.
        """
        report, began = Report(EXPORT), self._clock()
        export = await source.export()
        before = await self._store.read_until(EXPORT)
        of = export.link.updated or began
        if before is not None and int(of.timestamp()) <= before.timestamp() and not again:
            report.fresh = False
            return report
        await self._whole(report, _offers(export, report), of, beat)
        if not report.incomplete:
            await self._store.was_read(EXPORT, of)
        return report

    async def france_travail(self, source: Newest, beat: Beat) -> Report:
        """Everything France Travail has, month by month. Raises as :meth:`export` does."""
        report, began = Report(FRANCE_TRAVAIL), self._clock()
        left_out = source.left_out.copy()
        await self._whole(report, _by_month(source, began), began, beat)
        report.left_out += source.left_out - left_out
        if not report.incomplete:
            await self._store.was_read(FRANCE_TRAVAIL, began)
            await self._store.was_read(POLL, began)
        return report

    async def poll(self, source: Newest, beat: Beat) -> Report:
        """What France Travail has that is newer than at the last time."""
        report, began = Report(FRANCE_TRAVAIL), self._clock()
        since = await self._store.read_until(POLL) or began - timedelta(days=1)
        await self._write(report, _in_batches(source.new_since(since - OVERLAP)), beat)
        await self._store.was_read(POLL, began)
        return report

    async def tidy(self) -> int:
        """Once all lists of the day were read: what was only ever shown, and is in none of them, is
        gone; what is gone for long is erased. How many offers are gone."""
        today = self._clock().astimezone(PARIS).date()
        gone = await self._store.close_unseen(today, today)
        await self._store.forget_gone(today - KEPT_GONE)
        return gone

    async def _whole(
        self, report: Report, batches: AsyncIterator[list[Offer]], of: datetime, beat: Beat
    ) -> None:
        seen = await self._write(report, batches, beat)
        known = await self._store.open_from(report.source, self._clock())
        short = known > _FEW and len(seen) < known * AT_LEAST and not self._accept
        report.incomplete = short and not await self._confirmed(report.source, len(seen), of)
        if not report.incomplete:
            await beat(report)
            today = self._clock().astimezone(PARIS).date()
            report.gone = await self._store.close_missing(report.source, seen, today)
            await self._store.doubt(report.source, None)

    async def _confirmed(self, source: str, length: int, of: datetime) -> bool:
        """Whether an earlier list was as short; an empty one is only believed on somebody's word.

        ``of`` is when the list was made: the same one read twice confirms nothing.
        """
        doubted = await self._store.doubted(source)
        if doubted and length and length * ALIKE <= doubted[0] <= length / ALIKE:
            return of - doubted[1] >= CONFIRMED
        await self._store.doubt(source, (length, of))
        return False

    async def _write(
        self, report: Report, batches: AsyncIterator[list[Offer]], beat: Beat
    ) -> set[str]:
        """The ids of what was read."""
        seen: set[str] = set()
        async for batch in batches:
            ours = [offer for offer in batch if self._crafts.intersection(offer.rome_codes)]
            report.left_out["autre métier"] += len(batch) - len(ours)
            new, changed = await self._store.put(report.source, ours)
            seen.update(offer.id for offer in ours)
            report.read, report.new = len(seen), report.new + new
            report.changed += changed
            await beat(report)
        return seen


async def _offers(export: Export, report: Report) -> AsyncIterator[list[Offer]]:
    batch: list[Offer] = []
    async for piece in export.pieces():
        batch += _only_offers(piece)
        if len(batch) >= _AT_ONCE:
            yield batch
            batch = []
    report.left_out.update(export.skipped)
    yield batch


def _only_offers(piece: Iterable[object]) -> list[Offer]:
    """Companies have no date, and are only asked for where somebody looks for them."""
    return [entry for entry in piece if isinstance(entry, Offer)]


async def _by_month(source: Newest, now: datetime) -> AsyncIterator[list[Offer]]:
    """The newest month first: what is created meanwhile is for the next poll."""
    last = now
    while last > now - OLDEST:
        first = last - WINDOW
        async for batch in _in_batches(source.new_since(first, last)):
            yield batch
        last = first


async def _in_batches(offers: AsyncIterator[Offer]) -> AsyncIterator[list[Offer]]:
    batch: list[Offer] = []
    async for offer in offers:
        batch.append(offer)
        if len(batch) >= _AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch

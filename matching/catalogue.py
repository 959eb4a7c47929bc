"""Our own copy of the offers, and the answers it gives."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from matching.index import Hit, Index
from matching.job_offer import Company
from matching.model import Found, Offer, Page, Recheck, Search, is_open
from matching.store import OfferStore
from matching.ways_out import ways_out

FRESH_SECONDS = 2.0
"""For how long another process's changes to the offers may go unseen."""

_WHOLE = 2_000
"""Offers kept with all that is read of them: those shown lately."""


class Catalogue:
    """Answers searches from an offer store: the embedded default, and the copy kept of a backend.

    What decides is kept in memory and follows the store: at once what this process writes, within
    :data:`FRESH_SECONDS` what others do. What is only read comes from the store, for the few offers
    shown. ``clock`` returns an aware datetime.
    """

    def __init__(
        self, store: OfferStore, clock: Callable[[], datetime], *, fresh: float = FRESH_SECONDS
    ) -> None:
        self._store = store
        self._clock = clock
        self._fresh = fresh
        self._index = Index()
        self._checked = float("-inf")
        self._one_reader = asyncio.Lock()
        self._whole: dict[str, Offer] = {}

    async def find(
        self, search: Search, *, limit: int = 3, offset: int = 0, seen: Collection[str] = ()
    ) -> Page:
        """As :meth:`matching.model.Matcher.find` says.

        When nothing matches at all, :attr:`Page.ways_out` holds what to do instead.
        """
        hits, found = await self._page(search, limit, offset, seen)
        for catch_up in (self._look_again, self._start_again):
            if len(found) < len(hits[offset : offset + limit]):  # one closed a moment ago
                catch_up()
                hits, found = await self._page(search, limit, offset, seen)
        if not hits and not seen:
            return Page((), 0, await ways_out(self.find_all, search))
        return Page(tuple(found), len(hits))

    async def _page(
        self, search: Search, limit: int, offset: int, seen: Collection[str]
    ) -> tuple[list[Hit], list[Found]]:
        hits = await self.find_all(search)
        if seen:
            twins = self._index.twins(seen)
            hits = [hit for hit in hits if hit.offer.twin not in twins]
        return hits, await self.whole(hits[offset : offset + limit])

    async def find_all(self, search: Search) -> list[Hit]:
        """Every offer that answers a search, best first, without duplicates."""
        await self._follow()
        return self._index.find(search, self._clock())

    async def offer(self, id: str) -> Offer | None:
        """An offer that is still open, by its id."""
        offer = await self._store.get(id)
        return offer if offer and is_open(offer, self._clock()) else None

    async def recheck(self, id: str) -> Recheck:
        """There is nobody to ask: only what is closed already is known to be gone."""
        known = await self._store.get(id)
        return "gone" if known and not is_open(known, self._clock()) else "unknown"

    async def companies(self, search: Search) -> Sequence[tuple[Company, float | None]]:
        """The copy holds offers alone."""
        return ()

    async def _follow(self) -> None:
        """Take in what was written since the last look at the store, if it is time for one."""
        if self._up_to_date():
            return
        async with self._one_reader:
            if self._up_to_date():
                return
            now = time.monotonic()
            revision = await self._store.revision()
            if revision != self._index.revision:
                await self._take_in(revision)
            self._checked = now

    def _look_again(self) -> None:
        self._checked = float("-inf")

    def _start_again(self) -> None:
        """Something was written that has left no revision."""
        self._index = Index()

    def _up_to_date(self) -> bool:
        return (
            self._store.latest == self._index.revision
            and time.monotonic() - self._checked < self._fresh
        )

    async def _take_in(self, revision: int) -> None:
        """The whole store the first time, then only what was written since."""
        since = self._index.revision if self._index.revision >= 0 else None
        async for offers in self._store.sketches(since):
            self._index.update(offers)
            for offer in offers:
                self._whole.pop(offer.id, None)
        if since is not None and await self._store.erased() > since:
            self._index.keep(await self._store.open_ids())
        self._index.revision = revision

    async def whole(self, hits: Sequence[Hit]) -> list[Found]:
        """The offers as they are read; those that have just closed are left out."""
        missing = [hit.offer.id for hit in hits if hit.offer.id not in self._whole]
        read = await self._fetch(missing) if missing else {}
        whole = [(self._whole.get(hit.offer.id) or read.get(hit.offer.id), hit) for hit in hits]
        return [Found(offer, hit.distance_km) for offer, hit in whole if offer]

    async def _fetch(self, ids: Sequence[str]) -> dict[str, Offer]:
        revision = self._index.revision
        read = {o.id: o for o in await self._store.several(ids) if o.status == "open"}
        if revision == self._index.revision:  # else they may have changed meanwhile
            self._whole |= read
            for oldest in list(self._whole)[: max(0, len(self._whole) - _WHOLE)]:
                del self._whole[oldest]
        return read

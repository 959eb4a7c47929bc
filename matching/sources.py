"""One answer from API apprentissage, France Travail and our own copy together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Protocol

from matching.calling import within
from matching.catalogue import Catalogue
from matching.failures import CallFailed
from matching.job_offer import PARIS, Company
from matching.merging import best_first, merge, twin
from matching.model import (
    DEMONSTRATION,
    SEEN,
    Found,
    Offer,
    Page,
    Recheck,
    Search,
    Unavailable,
    matches,
)
from matching.store import LiveStore
from matching.ways_out import ways_out

EXPORT = "api apprentissage"
FRANCE_TRAVAIL = "france travail"
"""Where the copy has its offers from: the daily export of the one, all pages of the other."""

IMPORTED = "import"
"""What an import of a file is known as among what was read."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds: until the first source must have answered, how long the others are waited for once
    one has, until the copy answers in their place if it can, and until it proposes what it has
    further away."""

    first: float = 6.0
    others: float = 2.0
    copy: float = 2.5
    ways_out: float = 4.0


Asked = asyncio.Task[list[Offer] | None]
"""A backend that was asked; ``None``: it could not answer."""


class Live(Protocol):
    """A backend that is asked while somebody waits."""

    def knows(self, id: str) -> bool:
        """Whether it can say something about an offer."""
        ...

    def id_of(self, known_as: str) -> str | None:
        """Its own id of what is :func:`matching.model.reference`-d so, if it is one of its own."""
        ...

    async def candidates(self, search: Search) -> list[Offer]:
        """All that answers a search, maybe more. Raises :class:`Unavailable`."""
        ...

    async def offer(self, id: str) -> Offer | None:
        """As it is now, ``None``: gone. Raises :class:`Unavailable`."""
        ...


class Employers(Protocol):
    """Who knows of companies that may take an apprentice without having posted an offer."""

    async def companies(self, search: Search) -> list[tuple[Company, float | None]]: ...


class Sources:
    """Implements :class:`matching.model.Matcher` over backends and the catalogue.

    The backends are asked at the same time. When none answers, the catalogue does, and says from
    when it is; ways out are always counted in it, for each would be a call more. ``clock`` returns
    an aware datetime.
    """

    def __init__(
        self,
        live: Sequence[Live],
        catalogue: Catalogue,
        store: LiveStore,
        clock: Callable[[], datetime],
        *,
        origins: Sequence[str] = (EXPORT, FRANCE_TRAVAIL),
        employers: Employers | None = None,
        patience: Patience | None = None,
    ) -> None:
        self._live = tuple(live)
        self._catalogue = catalogue
        self._store = store
        self._clock = clock
        self._origins = tuple(origins)
        self._employers = employers
        self._patience = patience or Patience()
        self._under_way: set[Asked] = set()

    async def find(
        self, search: Search, *, limit: int = 3, offset: int = 0, seen: Collection[str] = ()
    ) -> Page:
        """As :meth:`matching.model.Matcher.find` says.

        Raises :class:`Unavailable` when no backend answers and the catalogue was never filled.
        """
        asked = self._send(search)
        await asyncio.wait(asked, timeout=self._patience.others)
        await _one_answers(asked, self._patience.copy - self._patience.others)
        if not _answers(asked) and not all(task.done() for task in asked):
            page = await self._meanwhile(search, limit, offset, seen)
            if page.total:
                return page
            more = self._patience.ways_out - self._patience.copy
            await _one_answers(asked, more if page.ways_out else None)
            if page.ways_out and not _answers(asked):
                return page
        answers = _answers(asked)
        found = await self._best(search, [offer for offers in answers for offer in offers], seen)
        if not found and len(answers) < len(self._live):
            # What is missing may be all there is: yesterday's offers are better than none.
            return await self._from_copy(search, limit, offset, seen, answered=bool(answers))
        if not found and not seen:
            return Page((), 0, await ways_out(self._catalogue.find_all, search))
        shown = found[offset : offset + limit]
        await self._store.note([f.offer for f in shown], self._today())
        return Page(tuple(shown), len(found))

    def _send(self, search: Search) -> list[Asked]:
        """Ask each backend; a late one goes on, for what it brings is remembered."""
        with within(self._patience.first):
            asked = [asyncio.create_task(_candidates(live, search)) for live in self._live]
        self._under_way.update(asked)
        for task in asked:
            task.add_done_callback(self._over)
        return asked

    def _over(self, task: Asked) -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            task.exception()  # seen, even when nobody waits any more

    async def _best(
        self, search: Search, offers: list[Offer], seen: Collection[str]
    ) -> list[Found]:
        """What answers, each job once; neither what was put aside or seen nor what is known to be
        gone."""
        now = self._clock()
        anyone = replace(search, hidden=())
        offers = [o for o in (*offers, *await self._own(search)) if matches(anyone, o, now)]
        closed = await self._store.closed([offer.id for offer in offers]) if offers else set()
        # What was shown is kept: a copy is known even where the one that was seen is not told of.
        known = await self._store.several(seen) if seen else []
        unwanted = closed | {*search.hidden, *seen}
        return best_first(search, merge(_without([*offers, *known], unwanted)).offers, now)

    async def _own(self, search: Search) -> list[Offer]:
        """What was given to the catalogue by hand: no backend knows of it."""
        hits = await self._catalogue.find_all(search)
        own = [hit for hit in hits if not _theirs(hit.offer.origin)]
        return [found.offer for found in await self._catalogue.whole(own)] if own else []

    async def _meanwhile(
        self, search: Search, limit: int, offset: int, seen: Collection[str]
    ) -> Page:
        """What the copy has, or proposes, while the backends take their time; it may be nothing."""
        with suppress(Unavailable):
            return await self._from_copy(search, limit, offset, seen, answered=False)
        return Page((), 0)

    async def _from_copy(
        self, search: Search, limit: int, offset: int, seen: Collection[str], *, answered: bool
    ) -> Page:
        as_of = await self._as_of()
        if as_of is None:
            if answered:
                return Page((), 0)
            raise Unavailable("the catalogue was never filled")
        page = await self._catalogue.find(search, limit=limit, offset=offset, seen=seen)
        # Who did answer found nothing: no need to speak of yesterday when yesterday had nothing.
        return page if answered and not page.total else replace(page, as_of=as_of)

    async def _as_of(self) -> datetime | None:
        """The day the copy surely is of: that of the source read longest ago."""
        read = [await self._store.read_until(source) for source in self._origins]
        known = [moment for moment in read if moment is not None]
        return min(known, default=None) or await self._store.read_until(IMPORTED)

    async def offer(self, id: str) -> Offer | None:
        """An offer that was shown, or that a list has brought, and is still open.

        It comes from the store: links lead to it while backends are down, and no stranger who
        tries addresses uses up what we may ask of them.
        """
        return await self._catalogue.offer(id)

    async def recheck(self, id: str) -> Recheck:
        """Ask the source of an offer, then whoever else is known to publish it.

        What its own source does not have any more is closed at once, and so are its copies that
        are gone as well; a copy that is still there stays.
        """
        known = await self._store.get(id)
        if known is None or await self._catalogue.recheck(id) == "gone":
            return "unknown" if known is None else "gone"
        others = (live.id_of(ref) for ref in known.also for live in self._live)
        ids = dict.fromkeys((id, *filter(None, others)))
        with within(self._patience.copy):
            said = dict(
                zip(ids, await asyncio.gather(*(self._still_there(i) for i in ids)), strict=True)
            )
        if said[id] == "gone":
            for gone in (i for i in ids if said[i] == "gone"):
                await self._store.close(gone)
        return said[id]

    async def _still_there(self, id: str) -> Recheck:
        source = next((live for live in self._live if live.knows(id)), None)
        if source is None:
            return "unknown"
        try:
            return "gone" if await source.offer(id) is None else "there"
        except CallFailed:
            return "unknown"

    async def companies(self, search: Search) -> Sequence[tuple[Company, float | None]]:
        """They come with the answer to a search: asking for both costs one call."""
        if self._employers is None:
            return ()
        with suppress(Unavailable), within(self._patience.others):
            return await self._employers.companies(search)
        return ()

    async def close(self) -> None:
        """Nobody waits any more for what is under way."""
        tasks = tuple(self._under_way)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _today(self) -> date:
        return self._clock().astimezone(PARIS).date()


def _answers(asked: Sequence[Asked]) -> list[list[Offer]]:
    """What those have answered that have."""
    results = [task.result() for task in asked if task.done()]
    return [offers for offers in results if offers is not None]


async def _one_answers(asked: Sequence[Asked], seconds: float | None) -> None:
    """Wait until one has answered, or none will; or so many seconds."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while not _answers(asked) and (late := [t for t in asked if not t.done()]):
                await asyncio.wait(late, return_when=asyncio.FIRST_COMPLETED)


async def _candidates(live: Live, search: Search) -> list[Offer] | None:
    try:
        return await live.candidates(search)
    except Unavailable:
        return None


def _theirs(origin: str) -> bool:
    """Whether a backend would have told of it, if it is still there; or it is invented."""
    return origin in {EXPORT, FRANCE_TRAVAIL, DEMONSTRATION} or origin.startswith(SEEN)


def _without(offers: list[Offer], unwanted: Collection[str]) -> list[Offer]:
    """Without these, and without what is the same job under another number."""
    gone = [offer for offer in offers if offer.id in unwanted]
    if not gone:
        return offers
    references = {ref for offer in gone for ref in offer.also}
    twins = {twin(offer) for offer in gone}
    return [
        offer
        for offer in offers
        if offer.id not in unwanted
        and references.isdisjoint(offer.also)
        and twin(offer) not in twins
    ]

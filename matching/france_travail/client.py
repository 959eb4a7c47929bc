"""Searches answered by France Travail, as our catalogue would answer them."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from matching.calling import Backend, CallFailed
from matching.france_travail.offer import SOURCE, OtherContract, is_number, read_offer
from matching.france_travail.pages import Pages
from matching.france_travail.query import (
    APPRENTICESHIP,
    NEWEST_FIRST,
    Ask,
    asks,
    code_lists,
    created,
    origins,
)
from matching.france_travail.token import Tokens
from matching.job_offer import BadOffer, Locate
from matching.merging import best_first
from matching.model import Found, Offer, Page, Search, reference
from matching.ports import Cache

_FIXED = (APPRENTICESHIP, NEWEST_FIRST)

_KNOWN_AS = reference(SOURCE, "").rstrip(":")

LIVE_PAGES = 4
"""Pages of 150 ads, newest first, that each series of a search may cost while somebody waits: all
France would be fifty calls, and ten a second serve everybody. The reading of the night has all."""

_AT_A_TIME = 50
"""Ads read before others have their turn: about 7 ms."""


class FranceTravail:
    """Answers searches from « Offres d'emploi v2 ».

    ``api_url`` goes up to and includes the version, ``token_url`` holds the realm. ``crafts`` are
    the trade codes of a search that names no trade, and of :meth:`new_since`; none: every
    apprenticeship. ``beside_lba``: API apprentissage is asked as well, so that its own offers are
    left out here. ``clock`` returns an aware datetime, ``seconds`` the seconds tokens age by.
    """

    def __init__(
        self,
        backend: Backend,
        *,
        api_url: str,
        token_url: str,
        client_id: str,
        client_secret: str,
        locate: Locate,
        clock: Callable[[], datetime],
        crafts: Sequence[str] = (),
        beside_lba: bool = False,
        cache: Cache | None = None,
        seconds: Callable[[], float] = time.monotonic,
        live_pages: int | None = LIVE_PAGES,
    ) -> None:
        tokens = Tokens(backend, token_url, client_id, client_secret, seconds)
        self._pages = Pages(backend, tokens, api_url, clock, cache)
        self._name = backend.name
        self._locate = locate
        self._clock = clock
        self._crafts = tuple(crafts)
        self._beside_lba = beside_lba
        self._live_pages = live_pages
        self.left_out: Counter[str] = Counter()
        """Ads that are no offers for us, by reason (in French), since the start."""

    async def find(self, search: Search, *, limit: int = 3, offset: int = 0) -> Page:
        """The offers ``offset`` to ``offset + limit`` of a search, best first.

        No ways out: each would be a search more. :func:`matching.ways_out.ways_out` finds them in
        the catalogue, or over :meth:`find_all`. Raises :class:`matching.model.Unavailable`.
        """
        found = await self.find_all(search)
        return Page(tuple(found[offset : offset + limit]), len(found))

    async def find_all(self, search: Search) -> list[Found]:
        """Every offer that answers a search, best first, without duplicates.

        Raises :class:`matching.model.Unavailable`: an answer with a page missing is none.
        """
        return best_first(search, await self.candidates(search), self._clock())

    async def candidates(self, search: Search) -> list[Offer]:
        """What France Travail answers, more than matches: to be merged with other sources.

        Of a very long answer the newest, as far as :data:`LIVE_PAGES` go.
        """
        wanted = asks(search, self._locate, self._crafts, beside_lba=self._beside_lba)
        series = [_fixed(ask) for ask in wanted]
        return await self._offers(await self._pages.all(series, most_pages=self._live_pages))

    def knows(self, id: str) -> bool:
        """Whether :meth:`offer` can say something about it."""
        source, _, number = id.partition(":")
        return source == SOURCE and is_number(number)

    def id_of(self, known_as: str) -> str | None:
        """Ours of the offer that is known as that elsewhere, if it is one of these."""
        source, _, number = known_as.partition(":")
        return f"{SOURCE}:{number}" if source == _KNOWN_AS and is_number(number) else None

    async def offer(self, id: str) -> Offer | None:
        """An offer that is still open, asked for anew; ``None`` also when it is not ours.

        ``id`` is ours: « France Travail:207QYWM ». Raises :class:`matching.model.Unavailable`.
        """
        if not self.knows(id):
            return None
        sent = await self._pages.one(id.partition(":")[2])
        try:
            return None if sent is None else read_offer(sent, self._locate)
        except OtherContract:  # it became another contract
            return None
        except BadOffer as reason:
            raise CallFailed(self._name, "shape", status=200) from reason

    async def new_since(
        self, moment: datetime, until: datetime | None = None
    ) -> AsyncIterator[Offer]:
        """What was created since ``moment`` (aware), up to now or ``until``, newest first in each
        list of trades.

        An offer that appears late under an older date is missed: ask from a little before.
        Raises :class:`matching.model.Unavailable`.
        """
        dates = created(moment, until or self._clock())
        seen: set[str] = set()
        for codes in code_lists(self._crafts):
            for origin in origins(self._beside_lba):
                ask = _fixed(Ask((*codes, *origin, *dates)))
                for offer in await self._offers(await self._pages.all([ask], fresh=True)):
                    if offer.id not in seen:
                        seen.add(offer.id)
                        yield offer

    async def _offers(self, sent: Iterable[Any]) -> list[Offer]:
        """Each offer once, without those that are none; others are let through in between."""
        offers: dict[str, Offer] = {}
        for at, ad in enumerate(sent, 1):
            try:
                offer = read_offer(ad, self._locate)
                offers.setdefault(offer.id, offer)
            except BadOffer as reason:
                self.left_out[str(reason).partition("\u00a0:")[0]] += 1
            if at % _AT_A_TIME == 0:
                await asyncio.sleep(0)
        return list(offers.values())


def _fixed(ask: Ask) -> Ask:
    return Ask((*_FIXED, *ask.params), ask.instead and (*_FIXED, *ask.instead))

"""The answers of France Travail, read page after page."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from matching.calling import Answer, Backend, CallFailed, Limit, Misread, Route
from matching.france_travail.query import Ask, Params, created, halves
from matching.france_travail.token import Tokens
from matching.ports import Cache

T = TypeVar("T")
Json = dict[str, Any]

WIDE = 150
"""Offers a page."""

LAST_START = 3_000
MOST = LAST_START + WIDE
"""Offers that can be reached in one series; more are asked for by dates of creation."""

KEPT_SECONDS = 180.0
"""How long the answer to the same question is used again: pages of one conversation."""

OLDEST = timedelta(days=730)
"""No ad stays up longer; how far back a series too long for its pages is looked for."""

# Ten a second per application, whatever is asked: one name, so one limit for all.
_ROUTE = Route("offers", limit=Limit(10, 1.0, until_answered=True), most_bytes=8 * 1024 * 1024)

_RANGE = re.compile(r"(?:offres\s+)?(?:\d+-\d+|\*)/(\d+)")
_DENIED = 401


class Refused(CallFailed):
    """A request that France Travail finds wrong (400); ``said`` is its sentence, in French."""

    def __init__(self, backend: str, said: str) -> None:
        super().__init__(backend, "invalid", status=400)
        self.said = said


@dataclass(frozen=True, slots=True)
class _Page:
    offers: list[Any]
    total: int


class Pages:
    """Calls with the token, and turns pages. ``clock`` returns an aware datetime."""

    def __init__(
        self,
        backend: Backend,
        tokens: Tokens,
        api_url: str,
        clock: Callable[[], datetime],
        cache: Cache | None,
    ) -> None:
        self._backend = backend
        self._tokens = tokens
        self._url = api_url.rstrip("/")
        self._clock = clock
        self._cache = cache

    async def all(
        self, asks: Iterable[Ask], *, fresh: bool = False, most_pages: int | None = None
    ) -> list[Any]:
        """Everything several series hold, as it was sent. Raises :class:`CallFailed`.

        ``fresh``: not from a memory of a moment ago. ``most_pages`` of each series are read, the
        first ones.
        """
        found = await together(self._series(ask, fresh, most_pages) for ask in asks)
        return [offer for offers in found for offer in offers]

    async def one(self, number: str) -> Any | None:
        """One offer as it was sent; ``None`` when it is gone, which only a 204 says.

        Raises :class:`CallFailed`.
        """

        def read(answer: Answer) -> Any | None:
            return answer.json() if answer.status == 200 else None

        return await self._ask(f"/offres/{number}", (), read, frozenset({200, 204}))

    async def _series(self, ask: Ask, fresh: bool, most_pages: int | None) -> list[Any]:
        key = f"france_travail:{json.dumps(ask.params)}"
        if self._cache and not fresh and (kept := await self._cache.get(key)) is not None:
            offers: list[Any] = json.loads(kept)
            return offers
        try:
            offers = await self._read_on(ask.params, most_pages)
        except Refused as refused:  # a commune that does not exist any more, or not yet
            if ask.instead is None or "commune" not in refused.said:
                raise
            offers = await self._read_on(ask.instead, most_pages)
        if self._cache:
            await self._cache.put(key, json.dumps(offers).encode(), KEPT_SECONDS)
        return offers

    async def _read_on(self, params: Params, most_pages: int | None) -> list[Any]:
        """A series, or its first pages."""
        if most_pages is None:
            return await self._whole(params)
        first = await self._page(params, 0)
        most = most_pages * WIDE
        if first.total > most:
            self._backend.note(_ROUTE, "cropped")
        return await self._from(first, params, most)

    async def _from(self, first: _Page, params: Params, most: int) -> list[Any]:
        """The first page and those that follow, up to so many offers."""
        starts = range(WIDE, min(first.total, most), WIDE)
        rest = await together(self._page(params, start) for start in starts)
        return [offer for page in (first, *rest) for offer in page.offers]

    async def _whole(
        self, params: Params, window: tuple[datetime, datetime] | None = None
    ) -> list[Any]:
        """All pages of a series; one too long is cut in two by its dates, again and again."""
        dated = (*params, *created(*window)) if window else params
        first = await self._page(dated, 0)
        if first.total > MOST:
            if window is None and (window := _window(params)) is None:
                now = self._clock()
                window = (now - OLDEST, now + timedelta(seconds=1))
            undated = tuple(p for p in params if not p[0].endswith("CreationDate"))
            if parts := halves(*window):
                halved = await together(self._whole(undated, part) for part in parts)
                return [offer for offers in halved for offer in offers]
        return await self._from(first, dated, MOST)

    async def _page(self, params: Params, start: int) -> _Page:
        last = start + WIDE - 1
        return await self._ask(
            "/offres/search",
            (*params, ("range", f"{start}-{last}")),
            self._read,
            frozenset({200, 204, 206, 400}),
        )

    def _read(self, answer: Answer) -> _Page:
        """206 is a page like any other, 204 an answer without offers."""
        if answer.status == 204:
            return _Page([], 0)
        if answer.status == 400:
            raise Refused(self._backend.name, _message(answer))
        said = answer.json()
        offers = said.get("resultats") if isinstance(said, Mapping) else None
        if not isinstance(offers, list):
            raise Misread
        told = _RANGE.search(answer.headers.get("Content-Range", ""))
        if told is None and answer.status == 206:
            raise Misread  # how much is missing cannot be known
        return _Page(offers, int(told[1]) if told else len(offers))

    async def _ask(
        self, path: str, params: Params, read: Callable[[Answer], T], accept: frozenset[int]
    ) -> T:
        """A call with the token; with another one when it is answered 401, once."""
        for _ in range(2):
            token = await self._tokens.get()
            answer = await self._backend.ask(
                _ROUTE, f"{self._url}{path}", _unless_denied(read),
                params=params, headers=_headers(token), accept=accept | {_DENIED},
            )  # fmt: skip
            if not isinstance(answer, _Denied):
                return answer
            self._tokens.refused(token)
        raise CallFailed(self._backend.name, "denied", status=_DENIED, sent=False)


class _Denied:
    """The token is no good any more."""


def _unless_denied(read: Callable[[Answer], T]) -> Callable[[Answer], T | _Denied]:
    return lambda answer: _Denied() if answer.status == _DENIED else read(answer)


def _headers(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", "Accept": "application/json"}


def _window(params: Params) -> tuple[datetime, datetime] | None:
    """The dates a series is asked for already."""
    given = dict(params)
    if "minCreationDate" not in given:
        return None
    return (
        datetime.fromisoformat(given["minCreationDate"]),
        datetime.fromisoformat(given["maxCreationDate"]),
    )


def _message(answer: Answer) -> str:
    try:
        said = answer.json()
    except Misread:
        return ""
    return str(said.get("message", "")) if isinstance(said, Mapping) else ""


async def together(calls: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """All at once, in their order; the first that fails stops the others."""
    tasks = [asyncio.ensure_future(call) for call in calls]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

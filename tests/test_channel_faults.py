"""Every kind of trouble in the middle of a golden conversation, on every channel.

A house a channel, a newcomer a kind: each meets backends that are asked, and fail, before the
first offers. What happens later in a conversation is tested in ``test_source_faults``.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from bot.assembly import Rooms
from bot.channels import terminal
from matching.breaker import Breaker
from matching.calling import Backend
from matching.model import Circle, Search, WantedTrade
from nlu.understander import Understander
from storage.rates import LocalRate
from tests.applying import AtThePage
from tests.browsing import visit
from tests.sourcing import FAULTS, HURRIED, Sourced
from tests.talk import Speaker, Talk, play
from tests.telegramming import TelegramTalk, fake_api, on_telegram
from tests.test_source_faults import BEFORE_THE_FIRST_OFFERS, SAINT_POL, Struck, both_for, copied

KINDS = (*FAULTS, "refused")
"""Nobody listens any more after the last one."""

ELSEWHERE = Search(
    trades=(WantedTrade("boulanger", "Boulanger", ("D1102",)),), circles=(Circle(44.0, 2.0, 10),)
)

NOT_WAITED_FOR = 60
"""Seconds a 429 asks for: longer than anybody waits."""

Arrive = Callable[[str], AbstractAsyncContextManager[Speaker]]
"""Somebody new, for one kind of trouble."""


@asynccontextmanager
async def terminals(
    both: Sourced, url: str, understander: Understander
) -> AsyncIterator[tuple[Rooms, Arrive]]:
    async with both.house(url, patience=HURRIED) as rooms:

        @asynccontextmanager
        async def arrive(kind: str) -> AsyncIterator[Speaker]:
            yield Talk(rooms, kind, terminal.NAME)

        yield rooms, arrive


@asynccontextmanager
async def pages(
    both: Sourced, url: str, understander: Understander
) -> AsyncIterator[tuple[Rooms, Arrive]]:
    async with both.house(url, patience=HURRIED) as rooms:

        @asynccontextmanager
        async def arrive(kind: str) -> AsyncIterator[Speaker]:
            async with visit(rooms) as person:
                yield AtThePage(rooms, person)

        yield rooms, arrive


@asynccontextmanager
async def telegram(
    both: Sourced, url: str, understander: Understander
) -> AsyncIterator[tuple[Rooms, Arrive]]:
    async with (
        fake_api() as api,
        on_telegram(
            api, "webhook", url, None, understander, patience=HURRIED, **both.settings()
        ) as (rooms, channel),
    ):

        @asynccontextmanager
        async def arrive(kind: str) -> AsyncIterator[Speaker]:
            yield TelegramTalk(api, rooms, channel, api.person(1001 + KINDS.index(kind)))

        yield rooms, arrive


def rested(rooms: Rooms) -> None:
    """As after a while without trouble: no breaker open, all calls of a minute left."""
    assert rooms.backends.apprentissage
    assert rooms.backends.france_travail
    backends: tuple[Backend, ...] = (
        rooms.backends.apprentissage._backend, rooms.backends.france_travail._pages._backend,
    )  # fmt: skip
    for backend in backends:
        backend.breaker = Breaker(time.monotonic)
        backend.turnstile.rate = LocalRate()
        backend.turnstile.full_until.clear()


@pytest.mark.parametrize("channel", [terminals, pages, telegram], ids=lambda c: c.__name__)
async def test_whatever_goes_wrong(
    channel: Callable[..., AbstractAsyncContextManager[tuple[Rooms, Arrive]]],
    sqlite_url: str,
    understander: Understander,
) -> None:
    async with (
        both_for(SAINT_POL, understander) as both,
        channel(both, sqlite_url, understander) as (rooms, arrive),
    ):
        both.lba.quotas.clear()
        await copied(rooms, both)
        await rooms.matcher.find(ELSEWHERE)  # what fails then is a search, not the first token
        for kind in KINDS:
            rested(rooms)
            both.recover()
            before = len(both.lba.calls), len(both.ft.calls)
            async with arrive(kind) as someone:
                struck = Struck(
                    someone, both, kind, BEFORE_THE_FIRST_OFFERS, retry_after=NOT_WAITED_FOR
                )
                await play(SAINT_POL, struck)
            assert struck.dated >= 2, kind
            assert all(reply.name != "utter_error" for reply in struck.said), kind
            asked = len(both.lba.calls) > before[0] and len(both.ft.calls) > before[1]
            assert asked == (kind != "refused"), f"{kind}: never met at the wire"

"""Documented limits hold where calls arrive, however unevenly they travel."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress
from random import Random
from typing import Any, TypeVar

import aiohttp
import pytest
from aiohttp import web

from matching.breaker import Breaker
from matching.calling import Backend, CallFailed, Limit, Route, open_session, within
from matching.limits import LATE_SECONDS, Turnstile
from storage.rates import LocalRate
from tests import apprenticing
from tests.counting import Counts
from tests.test_calling import Clock, House, hung_up, never
from tests.wire import Wire, says, wired

T = TypeVar("T")
QUICK = Route("offers", limit=Limit(4, 0.4, until_answered=True))


class Reception:
    """A server that writes down when calls arrive, and whose road is of uneven length."""

    def __init__(self, wire: Wire, session: aiohttp.ClientSession, rate: LocalRate) -> None:
        self.arrivals: list[float] = []
        self._chance = Random(3)
        never_tired = Breaker(time.monotonic, failures=1_000)
        self.backend = Backend("ft", session, rate=rate, metrics=Counts(), breaker=never_tired)
        self._url = wire.url
        wire.answer = self._receive

    async def _receive(self, request: Any) -> Any:
        self.arrivals.append(time.monotonic())
        return await says(200, [])(request)

    async def receive_late(self, request: Any) -> Any:
        """What has come in is read after a while, whoever waits or not."""
        await asyncio.sleep(self._chance.choice((0.0, 0.45)))
        return await self._receive(request)

    async def ask(self, route: Route = QUICK) -> None:
        await self.backend.ask(route, self._url, lambda answer: answer.json())

    def most_in(self, seconds: float) -> int:
        came = sorted(self.arrivals)
        return max(sum(first <= at < first + seconds for at in came) for first in came)


@asynccontextmanager
async def read_late() -> AsyncIterator[Wire]:
    """A server that goes on with what it was sent by somebody who has left."""
    wire = Wire()
    runner = web.ServerRunner(web.Server(wire.serve), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    wire.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield wire
    await runner.cleanup()


@pytest.fixture
async def reception() -> AsyncIterator[Reception]:
    chance, road = Random(5), aiohttp.TraceConfig()

    async def on_the_road(*_: Any) -> None:
        await asyncio.sleep(chance.choice((0.0, 0.0, 0.3)))

    road.on_request_start.append(on_the_road)
    async with wired(Wire()) as wire, aiohttp.ClientSession(trace_configs=[road]) as session:
        yield Reception(wire, session, LocalRate())


async def test_no_call_too_many_arrives_however_long_some_are_on_the_road(
    reception: Reception,
) -> None:
    """Four in 0.4 s are allowed, and some are 0.3 s late."""
    await asyncio.gather(*(reception.ask() for _ in range(24)))
    assert len(reception.arrivals) == 24
    assert reception.most_in(0.4) <= 4


async def test_nor_when_people_give_up_and_their_calls_are_read_later() -> None:
    async with read_late() as wire, open_session() as session:
        reception, chance = Reception(wire, session, LocalRate()), Random(7)
        wire.answer = reception.receive_late
        hasty = Route("offers", limit=Limit(1, 0.4, until_answered=True), seconds=0.5)

        async def ask() -> None:
            await asyncio.sleep(chance.uniform(0, 4))
            with suppress(CallFailed), within(chance.choice((0.05, 3.0))):
                await reception.ask(hasty)

        await asyncio.gather(*(ask() for _ in range(40)))
        assert len(reception.arrivals) >= 3
        assert reception.most_in(0.4) == 1


async def test_nearly_all_that_is_allowed_is_used_by_a_service_that_answers_at_once() -> None:
    async with wired(Wire()) as wire, open_session() as session:
        reception = Reception(wire, session, LocalRate())
        began = time.monotonic()
        await asyncio.gather(*(reception.ask() for _ in range(24)))
        assert time.monotonic() - began < 5 * 0.4 * 1.6  # five waits between six fours


async def test_a_place_is_held_until_the_call_has_ended_whatever_its_end() -> None:
    async with wired(Wire()) as wire, open_session() as session:
        house = House(wire, session)
        one = Route("offers", limit=Limit(1, 1.0, until_answered=True))
        for answer in (says(200, "<html>"), says(500, "{}"), says(200, [1])):
            wire.answer = answer
            with suppress(CallFailed):
                await house.ask(one)
        assert house.clock.slept == pytest.approx([1.0, 1.0])


@pytest.mark.parametrize("how", ["given up", "cancelled", "cut"])
async def test_a_call_that_may_arrive_later_still_holds_its_place(how: str) -> None:
    """As long as a call can last: what was given up here may only then be read over there."""
    async with wired(Wire()) as wire, open_session() as session:
        house = House(wire, session)
        one = Route("offers", method="POST", limit=Limit(1, 1.0, until_answered=True))
        wire.answer = hung_up if how == "cut" else never
        if how == "cancelled":
            asking = asyncio.create_task(house.ask(one))
            await wire.arrived.wait()
            asking.cancel()
            await asyncio.wait({asking})
        else:
            with within(0.2):
                await house.refused(one)
        wire.answer = says(200, [1])
        await house.ask(one)
        assert sum(house.clock.slept) == pytest.approx(one.late)


async def test_a_call_that_never_left_gives_its_place_back(unused_tcp_port: int) -> None:
    async with wired(Wire()) as wire, open_session() as session:
        house = House(wire, session)
        one = Route("offers", method="POST", limit=Limit(1, 1.0, until_answered=True))
        wire.url, url = f"http://127.0.0.1:{unused_tcp_port}", wire.url
        await house.refused(one)
        wire.url = url
        await house.ask(one)
        assert sum(house.clock.slept) == pytest.approx(1.0)


async def test_who_would_wait_too_long_in_the_queue_is_told_that_it_is_busy() -> None:
    async with wired(Wire()) as wire, open_session() as session:
        rate, held = LocalRate(), Route("offers", limit=Limit(1, 30.0, until_answered=True))
        reception = Reception(wire, session, rate)
        await reception.ask(held)

        async def one(seconds: float) -> str:
            with within(seconds), pytest.raises(CallFailed) as caught:
                await reception.ask(held)
            return f"{caught.value.reason} {caught.value.sent}"

        before = asyncio.create_task(reception.ask(held))  # waits, with all the time there is
        await asyncio.sleep(0)
        assert await one(0.05) == "busy False"
        before.cancel()
        await asyncio.wait({before})
        assert await one(0.05) == "busy False"
        assert len(reception.arrivals) == 1


async def test_somebody_who_waits_goes_before_what_nobody_waits_for() -> None:
    """The reading of the night asks for twenty pages at once."""
    clock, went = apprenticing.Clock(), list[str]()
    turnstile = Turnstile("ft", LocalRate(clock), clock, clock.sleep)
    one = Route("offers", limit=Limit(1, 1.0, until_answered=True))

    async def call(name: str) -> None:
        ticket = await turnstile.enter(one)
        went.append(name)
        await asyncio.sleep(0)
        await turnstile.leave(one, ticket)

    async def hurried() -> None:
        with within(60):
            await call("a person")

    nightly = [asyncio.create_task(call("a page")) for _ in range(20)]
    await asyncio.sleep(0)
    await asyncio.gather(hurried(), *nightly)
    assert len(went) == 21
    assert went.index("a person") <= 2


class Slow:
    """A count that takes its time to answer; what it gives is its own business."""

    def __init__(self, clock: Clock, *seconds: float) -> None:
        self._clock = clock
        self._seconds = iter(seconds)
        self._rate = LocalRate(clock)
        self.asked = 0

    async def ask(self, key: str, *, per_second: float, burst: int = 1) -> float:
        return await self._late(self._rate.ask(key, per_second=per_second, burst=burst))

    async def enter(
        self, key: str, *, calls: int, seconds: float, longest: float
    ) -> tuple[str, float]:
        return await self._late(
            self._rate.enter(key, calls=calls, seconds=seconds, longest=longest)
        )

    async def leave(self, ticket: str, seconds: float) -> None:
        await self._rate.leave(ticket, seconds)

    async def _late(self, given: Awaitable[T]) -> T:
        self.asked += 1
        found = await given
        self._clock.now += next(self._seconds, 0.0)
        return found


@pytest.mark.parametrize("limit", [Limit(60), Limit(10, 1.0, until_answered=True)])
async def test_a_turn_that_comes_too_late_is_given_up(limit: Limit) -> None:
    clock = Clock()
    rate = Slow(clock, LATE_SECONDS + 0.1, LATE_SECONDS + 0.1)
    turnstile = Turnstile("lba", rate, clock, clock.sleep)
    await turnstile.enter(Route("search", limit=limit))
    assert rate.asked == 3


@pytest.mark.parametrize("calls", [1, 2, 10, 60, 120])
def test_spaced_calls_stay_within_their_limit_when_some_are_as_late_as_can_be(calls: int) -> None:
    """Worked out: every turn is taken as soon as it comes, the first ones arrive last."""
    limit = Limit(calls)
    late = Route("search", limit=limit).late
    pace = limit.per_second(late)
    turns = [max(0, n - limit.at_once + 1) / pace for n in range(4 * calls + 4)]
    for first, last in zip(turns, turns[calls:], strict=False):  # one more than is allowed
        assert last > first + late + limit.seconds - 1e-6

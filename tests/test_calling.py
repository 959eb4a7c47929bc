"""What every call to a backend shares: time, limits, retries, the breaker, the errors."""

from __future__ import annotations

import asyncio
import gzip
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from typing import Any

import pytest
from aiohttp import web

from matching.breaker import Breaker
from matching.calling import Backend, CallFailed, Limit, Misread, Route, open_session, within
from matching.model import Unavailable
from matching.ports import MemoryCache
from storage.rates import LocalRate
from tests.counting import Counts
from tests.wire import Answer, Wire, says, wired

GET = Route("search")
POST = Route("apply", "POST")


class Clock:
    """A clock that moves when it is told, and when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class House:
    """A backend on the wire, with a clock of its own."""

    def __init__(self, wire: Wire, session: Any) -> None:
        self.wire = wire
        self.clock = Clock()
        self.counts = Counts()
        self.backend = Backend(
            "lba", session, rate=LocalRate(self.clock), metrics=self.counts,
            clock=self.clock, sleep=self.clock.sleep,
        )  # fmt: skip

    async def ask(self, route: Route = GET, **more: Any) -> Any:
        return await self.backend.ask(route, self.wire.url, lambda a: a.json(), **more)

    async def refused(self, route: Route = GET, **more: Any) -> CallFailed:
        with pytest.raises(CallFailed) as caught:
            await self.ask(route, **more)
        assert isinstance(caught.value, Unavailable)
        return caught.value

    @property
    def state(self) -> str:
        return self.backend.breaker.state

    @property
    def outcomes(self) -> dict[str, int]:
        return {outcome: n for (_, _, outcome), n in self.counts.calls.items()}


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with wired(Wire()) as wire, open_session() as session:
        yield House(wire, session)


def in_turn(*answers: Answer) -> Answer:
    """The first answer once, then the next; the last for ever."""
    waiting: Iterator[Answer] = iter(answers[:-1])

    async def respond(request: web.BaseRequest) -> web.StreamResponse:
        return await next(waiting, answers[-1])(request)

    return respond


async def never(request: web.BaseRequest) -> web.StreamResponse:
    await asyncio.Event().wait()
    return web.Response()


def headed(status: int, body: str = "{}", **headers: str) -> Answer:
    async def respond(request: web.BaseRequest) -> web.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=status, text=body, headers=named)

    return respond


async def cut_short(request: web.BaseRequest) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b'{"jobs": [')
    assert request.transport is not None
    request.transport.close()
    return response


async def hung_up(request: web.BaseRequest) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def test_a_good_answer_is_counted(house: House) -> None:
    house.wire.answer = says(200, {"jobs": []})
    assert await house.ask() == {"jobs": []}
    assert house.counts.calls == {("lba", "search", "ok"): 1}


@pytest.mark.parametrize("status", [502, 503, 504])
async def test_a_gateway_out_of_breath_is_asked_once_more(house: House, status: int) -> None:
    house.wire.answer = in_turn(says(status, "<html>"), says(200, [1]))
    assert await house.ask() == [1]
    assert house.outcomes == {"gateway": 1, "ok": 1}
    assert 0.05 <= house.clock.slept[0] <= 0.25


async def test_twice_is_enough(house: House) -> None:
    house.wire.answer = says(504, "{}")
    assert (await house.refused()).reason == "gateway"
    assert len(house.wire.bodies) == 2


@pytest.mark.parametrize("answer", [says(503, "{}"), hung_up, cut_short])
async def test_a_post_is_never_repeated(house: House, answer: Answer) -> None:
    house.wire.answer = answer
    assert (await house.refused(POST, data=b"{}")).sent
    assert len(house.wire.bodies) == 1


async def test_a_post_is_not_repeated_over_a_connection_that_was_kept(house: House) -> None:
    house.wire.answer = in_turn(says(200, {}), hung_up)
    await house.ask(POST, data=b"{}")
    assert (await house.refused(POST, data=b"{}")).sent
    assert len(house.wire.bodies) == 2


async def test_a_refused_connection_was_surely_not_sent(house: House) -> None:
    house.wire.url = "http://127.0.0.1:9"
    failed = await house.refused(POST, data=b"{}")
    assert (failed.reason, failed.sent) == ("connection", False)


async def test_a_broken_connection_is_tried_again(house: House) -> None:
    house.wire.answer = in_turn(hung_up, says(200, [1]))
    # aiohttp itself may open a new connection for a GET: either way the answer comes.
    assert await house.ask() == [1]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (says(200, "<html><body>Maintenance</body></html>"), "not_json"),
        (says(200, '{"jobs": ['), "not_json"),
        (says(200, "[" * 100_000), "not_json"),
        (headed(200, "é".encode("latin-1").decode("latin-1")), "not_json"),
        (cut_short, "truncated"),
        (says(500, "{}"), "failure"),
        (says(401, "{}"), "denied"),
        (says(403, "{}"), "denied"),
        (says(400, "{}"), "invalid"),
        (says(404, "{}"), "invalid"),
        (headed(302, Location="http://127.0.0.1:9/"), "invalid"),
    ],
)
async def test_each_trouble_has_its_reason(house: House, answer: Answer, reason: str) -> None:
    house.wire.answer = answer
    assert (await house.refused()).reason == reason
    assert house.outcomes == {reason: 1}


async def test_an_answer_that_grows_without_end_is_dropped(house: House) -> None:
    house.wire.answer = says(200, "[" + "1," * 100_000 + "1]")
    assert (await house.refused(Route("search", most_bytes=100_000))).reason == "too_big"


async def test_a_small_answer_that_unpacks_without_end_is_dropped(house: House) -> None:
    async def bomb(request: web.BaseRequest) -> web.Response:
        packed = gzip.compress(b"[" + b" " * 50_000_000 + b"]")
        return web.Response(body=packed, headers={"Content-Encoding": "gzip"})

    house.wire.answer = bomb
    assert (await house.refused()).reason == "too_big"


async def test_a_shape_that_is_not_documented(house: House) -> None:
    def read(_: object) -> None:
        raise Misread

    with pytest.raises(CallFailed, match="shape"):
        await house.backend.ask(GET, house.wire.url, read)


async def test_slow_is_given_up_in_time(house: House) -> None:
    house.wire.answer = never
    began = time.monotonic()
    assert (await house.refused(Route("search", seconds=0.1))).reason == "timeout"
    assert time.monotonic() - began < 1.0
    assert len(house.wire.bodies) == 1


async def test_all_calls_of_a_turn_share_its_time(house: House) -> None:
    house.wire.answer = never
    began = time.monotonic()
    with within(0.15):
        assert (await house.refused()).reason == "timeout"
        failed = await house.refused()
    assert (failed.reason, failed.sent) == ("timeout", False)
    assert time.monotonic() - began < 1.0
    assert len(house.wire.bodies) == 1


async def test_an_inner_time_cannot_lengthen_the_outer_one(house: House) -> None:
    house.wire.answer = never
    began = time.monotonic()
    with within(0.1), within(60):
        await house.refused()
    assert time.monotonic() - began < 1.0


async def test_429_is_waited_for_when_there_is_time(house: House) -> None:
    house.wire.answer = in_turn(headed(429, Retry_After="3"), says(200, [1]))
    with within(8):
        assert await house.ask() == [1]
    assert sum(house.clock.slept) == pytest.approx(3.0)


async def test_429_without_time_left_is_busy_and_remembered(house: House) -> None:
    house.wire.answer = headed(429, Retry_After="40")
    with within(8):
        failed = await house.refused()
        assert (failed.reason, failed.retry_after, failed.sent) == ("busy", 40.0, False)
        assert (await house.refused()).reason == "busy"
    assert len(house.wire.bodies) == 1
    house.clock.now += 40
    house.wire.answer = says(200, [1])
    assert await house.ask() == [1]


async def test_429_of_one_route_leaves_the_others_alone(house: House) -> None:
    house.wire.answer = in_turn(headed(429, Retry_After="40"), says(200, [1]))
    with within(8):
        await house.refused()
        assert await house.ask(Route("offer")) == [1]


async def test_a_429_whose_wait_is_a_date_still_makes_us_wait(house: House) -> None:
    house.wire.answer = in_turn(
        headed(429, Retry_After="Wed, 25 Nov 2026 10:00:00 GMT"), says(200, [1])
    )
    assert await house.ask() == [1]
    assert sum(house.clock.slept) == pytest.approx(1.0)


async def test_a_used_up_quota_is_not_run_into(house: House) -> None:
    house.wire.answer = headed(200, X_RateLimit_Remaining="0", X_RateLimit_Reset="30")
    await house.ask()
    with within(8):
        assert (await house.refused()).reason == "busy"
    assert len(house.wire.bodies) == 1


@pytest.mark.parametrize("calls", [2, 10, 30, 60, 120])
async def test_our_own_count_never_goes_beyond_the_documented_limit(
    house: House, calls: int
) -> None:
    limited, times = Route("search", limit=Limit(calls)), []
    for _ in range(calls * 3):
        await house.ask(limited)
        times.append(house.clock.now)
    for first in times:
        assert sum(first <= at < first + 60 for at in times) <= calls


async def test_a_slot_too_far_away_is_refused_without_a_call(house: House) -> None:
    limited = Route("export", limit=Limit(2))
    await house.ask(limited)
    with within(8):
        failed = await house.refused(limited)
    assert (failed.reason, failed.sent) == ("busy", False)
    assert len(house.wire.bodies) == 1


async def test_the_breaker_opens_rests_and_tries_once(house: House) -> None:
    house.wire.answer = says(500, "{}")
    for _ in range(5):
        await house.refused()
    assert house.state == "open"
    assert (await house.refused()).reason == "resting"
    assert len(house.wire.bodies) == 5
    house.clock.now += 20
    assert house.state == "half_open"
    await house.refused()
    assert (await house.refused()).reason == "resting"
    assert len(house.wire.bodies) == 6
    house.clock.now += 20
    house.wire.answer = says(200, [1])
    assert await house.ask() == [1]
    assert house.state == "closed"


async def test_only_one_call_tries_a_half_open_breaker(house: House) -> None:
    house.wire.answer = says(500, "{}")
    for _ in range(5):
        await house.refused()
    house.clock.now += 20
    house.wire.answer = says(200, [1])
    answers = await asyncio.gather(*(house.ask() for _ in range(4)), return_exceptions=True)
    assert answers.count([1]) == 1
    assert len(house.wire.bodies) == 6


async def test_a_try_that_is_cancelled_leaves_its_place(house: House) -> None:
    breaker = Breaker(house.clock, failures=1)
    breaker.failed()
    house.clock.now += 20
    assert breaker.admit()
    assert not breaker.admit()
    breaker.abandoned()
    assert breaker.admit()


async def test_refusals_do_not_open_the_breaker(house: House) -> None:
    house.wire.answer = says(400, "{}")
    for _ in range(9):
        assert (await house.refused()).reason == "invalid"
    assert house.state == "closed"


async def test_a_download_comes_in_pieces_and_is_bounded_in_time(house: House) -> None:
    house.wire.answer = says(200, "x" * 300_000)
    pieces = [p async for p in house.backend.download(Route("export"), house.wire.url)]
    assert len(pieces) > 1
    assert sum(map(len, pieces)) == 300_000


async def test_a_download_cut_short_says_so(house: House) -> None:
    house.wire.answer = cut_short
    with pytest.raises(CallFailed, match="truncated"):
        async for _ in house.backend.download(Route("export"), house.wire.url):
            pass


async def test_a_download_left_early_is_no_failure(house: House) -> None:
    house.wire.answer = says(200, "x" * 300_000)
    async with aclosing(house.backend.download(Route("export"), house.wire.url)) as pieces:
        async for _ in pieces:
            break
    assert house.outcomes == {"cancelled": 1}
    assert house.state == "closed"


async def test_the_memory_forgets_what_is_old_and_what_is_too_much() -> None:
    clock = Clock()
    cache = MemoryCache(clock, most_bytes=10)
    await cache.put("a", b"12345", 60)
    await cache.put("b", b"12345", 60)
    assert await cache.get("a") == b"12345"
    await cache.put("c", b"1", 60)
    assert await cache.get("b") is None
    assert await cache.get("a") == b"12345"
    clock.now += 60
    assert await cache.get("a") is None
    await cache.put("big", b"1" * 11, 60)
    assert await cache.get("big") is None

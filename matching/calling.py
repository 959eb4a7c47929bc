"""What every call to a backend shares: time, limits, retries, a breaker, one family of errors."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any, TypeVar

import aiohttp
from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, wait_random
from yarl import URL

from matching.breaker import Breaker
from matching.failures import TROUBLE, CallFailed, Misread, Reason
from matching.limits import Limit, Route, Turnstile, left, within
from matching.ports import Metrics, Rate

__all__ = [
    "Answer", "Backend", "CallFailed", "Limit", "Misread", "Passing", "Reason", "Route",
    "TURN_SECONDS", "left", "open_session", "within",
]  # fmt: skip

TURN_SECONDS = 7.5
"""The most a turn waits for backends, retries included."""

CONNECT_SECONDS = 2.0
SILENT_SECONDS = 30.0
"""How long a download may bring nothing."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Passing:
    """How time passes between calls: seconds from some moment, seconds since 1970, and a way to
    wait for some."""

    clock: Callable[[], float] = time.monotonic
    since_1970: Callable[[], float] = time.time
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: a status among those expected, and the whole body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Raises :class:`Misread`."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise Misread("not_json") from None


@asynccontextmanager
async def open_session(*, most_connections: int = 50) -> AsyncIterator[aiohttp.ClientSession]:
    """The one session that all backends share: no cookies, no default headers but the agent's."""
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=most_connections),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": "cmachance"},
    ) as session:
        yield session


class Backend:
    """One service we ask: every call to it goes through here.

    Redirections are not followed: a key goes nowhere else. ``clock`` returns seconds,
    ``sleep`` waits for some.
    """

    def __init__(
        self,
        name: str,
        session: aiohttp.ClientSession,
        *,
        rate: Rate,
        metrics: Metrics,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        breaker: Breaker | None = None,
    ) -> None:
        self.name = name
        self.breaker = breaker or Breaker(clock)
        self._downloads = Breaker(clock)  # they last: as a trial, nobody could search meanwhile
        self._session = session
        self.turnstile = Turnstile(name, rate, clock, sleep)
        self._metrics = metrics
        self._clock = clock

    async def ask(
        self,
        route: Route,
        url: str | URL,
        read: Callable[[Answer], T],
        *,
        params: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        data: bytes | str | Mapping[str, str] | None = None,
        accept: frozenset[int] = frozenset({200}),
    ) -> T:
        """The answer as ``read`` makes it out; ``read`` raises :class:`Misread`.

        ``accept`` holds the statuses handed to ``read``. ``data`` as a mapping is a form.
        A GET is repeated once after a broken connection, a 502, 503 or 504, and after a 429 when
        the wait fits into what is left. Raises :class:`CallFailed`.
        """

        async def attempt() -> T:
            async with self._turn(route, self.breaker):
                answer = await self._exchange(route, url, accept, params, headers, data)
                return self._read(read, answer)

        retrying = AsyncRetrying(
            sleep=self.turnstile.sleep,
            stop=stop_after_attempt(2 if route.method == "GET" else 1),
            wait=wait_random(0.05, 0.25),
            retry=retry_if_exception(_worth_repeating),
            reraise=True,
        )
        return await retrying(attempt)

    async def download(
        self, route: Route, url: str, *, headers: Mapping[str, str] | None = None
    ) -> AsyncGenerator[bytes, None]:
        """A large body piece by piece, never whole in memory. Raises :class:`CallFailed`."""
        async with self._turn(route, self._downloads):
            with self._errors():
                async with self._request(route, url, (), headers, None) as response:
                    self._check(route, response, frozenset({200}))
                    async for piece in self._pieces(response, route):
                        yield piece

    def note(self, route: Route, outcome: str) -> None:
        """Count something about an answer that is no failure."""
        self._metrics.called(self.name, route.name, outcome, 0.0)

    @asynccontextmanager
    async def _turn(self, route: Route, breaker: Breaker) -> AsyncIterator[None]:
        """A call that may be made now; counts it, and tells the breaker how it ended.

        The breaker is asked last: who waits for a slot would keep everybody from finding out
        whether the backend is well again. What was given up without an answer may still arrive:
        it keeps its place as long as a call can last.
        """
        began, outcome, admitted, ticket, under_way = self._clock(), "ok", False, "", True
        try:
            if breaker.state != "open":
                ticket = await self.turnstile.enter(route)
                admitted = breaker.admit()
            if not admitted:
                raise CallFailed(self.name, "resting", sent=False)
            yield
            under_way = False
            breaker.succeeded()
        except CallFailed as failed:
            outcome, under_way = failed.reason, failed.sent and failed.status is None
            if admitted:
                _tell(breaker, failed)
            raise
        except BaseException:  # a cancellation too: a trial nobody ends would keep all others out
            outcome = "cancelled"
            if admitted:
                breaker.abandoned()
            raise
        finally:
            self._metrics.called(self.name, route.name, outcome, self._clock() - began)
            if not under_way:
                await self.turnstile.leave(route, ticket)

    async def _exchange(
        self,
        route: Route,
        url: str | URL,
        accept: frozenset[int],
        params: Sequence[tuple[str, str]],
        headers: Mapping[str, str] | None,
        data: bytes | str | Mapping[str, str] | None,
    ) -> Answer:
        if not left():
            raise CallFailed(self.name, "timeout", sent=False)
        with self._errors():
            async with asyncio.timeout(min(route.seconds, left())):
                async with self._request(route, url, params, headers, data) as response:
                    self._check(route, response, accept)
                    body = bytearray()
                    async for piece in self._pieces(response, route):
                        body += piece
        return Answer(response.status, response.headers, bytes(body))

    def _request(self, route: Route, url: str | URL, params: Any, headers: Any, data: Any) -> Any:
        # Its own limit counts only while the body is read, not while a piece is worked on by
        # whoever asked for it: `asyncio.timeout` would cancel them.
        timeout = aiohttp.ClientTimeout(
            total=min(route.seconds, left()), sock_connect=CONNECT_SECONDS, sock_read=SILENT_SECONDS
        )
        if isinstance(data, bytes):
            data = BytesIO(data)  # sent in pieces: a CV must not hold up everybody else
        return self._session.request(
            route.method, url, params=params, headers=headers, data=data, allow_redirects=False,
            timeout=timeout,
        )  # fmt: skip

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """What goes wrong on the way, as one family."""
        try:
            yield
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise CallFailed(self.name, "connection", sent=False) from error
        except TimeoutError as error:
            raise CallFailed(self.name, "timeout") from error
        except (aiohttp.ClientError, OSError) as error:
            raise CallFailed(self.name, "connection") from error

    def _check(
        self, route: Route, response: aiohttp.ClientResponse, accept: frozenset[int]
    ) -> None:
        """Learn the limits from the headers, and let only expected statuses pass."""
        status = response.status
        wait = _told_to_wait(response)
        if wait:
            self.turnstile.full_until[route.name] = self._clock() + wait
        if status == 429 and ("Retry-After" in response.headers or status not in accept):
            raise CallFailed(self.name, "busy", status=429, retry_after=wait, sent=False)
        if status not in accept:
            denied = status in {401, 403}
            raise CallFailed(self.name, _reason(status), status=status, sent=not denied)

    async def _pieces(self, response: aiohttp.ClientResponse, route: Route) -> AsyncIterator[bytes]:
        size = 0
        try:
            async for piece in response.content.iter_chunked(64 * 1024):
                size += len(piece)
                if size > route.most_bytes:
                    raise CallFailed(self.name, "too_big", status=response.status)
                yield piece
        except aiohttp.ClientPayloadError as error:
            raise CallFailed(self.name, "truncated", status=response.status) from error

    def _read(self, read: Callable[[Answer], T], answer: Answer) -> T:
        try:
            return read(answer)
        except Misread as problem:
            raise CallFailed(self.name, problem.reason, status=answer.status) from problem


def _tell(breaker: Breaker, failed: CallFailed) -> None:
    if failed.reason in TROUBLE:
        breaker.failed()
    elif failed.status is not None:  # it is there, and answers
        breaker.succeeded()
    else:
        breaker.abandoned()


def _reason(status: int) -> Reason:
    if status in {401, 403}:
        return "denied"
    if status in {502, 503, 504}:
        return "gateway"
    return "failure" if status >= 500 else "invalid"


def _worth_repeating(error: BaseException) -> bool:
    if not isinstance(error, CallFailed) or not left():
        return False
    if error.reason == "busy":
        return error.status == 429 and error.retry_after < left()
    return error.reason in {"connection", "gateway"}


def _told_to_wait(response: aiohttp.ClientResponse) -> float:
    """Seconds before the next call, 0.0 when none was asked for; 1.0 when it cannot be read."""
    headers = response.headers
    if response.status == 429 and "Retry-After" in headers:
        return _seconds(headers["Retry-After"]) or 1.0
    if headers.get("X-RateLimit-Remaining") == "0":
        return _seconds(headers.get("X-RateLimit-Reset", ""))
    return 0.0


def _seconds(text: str) -> float:
    """A number of seconds, 0.0 when it is none (a date) or makes no sense; an hour at most."""
    try:
        return min(3600.0, max(0.0, float(text)))
    except ValueError:
        return 0.0

"""Our transport answers and fails as the library's own does, case by case, on a real wire."""

from __future__ import annotations

import asyncio
import gc
import json
import socket
import struct
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from telegram import (
    Bot,
)
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)
from telegram.request import BaseRequest, HTTPXRequest

from bot.channels.telegram.request import AiohttpRequest, NeverSent, NeverSentInTime
from tests.wire import Answer, Wire, says, wired

TOKEN = "1:AAF-this_must_not_be_told"
Transport = type[HTTPXRequest] | type[AiohttpRequest]
POOL = (
    "Pool timeout: All connections in the connection pool are occupied. Request was *not* sent "
    "to Telegram. Consider adjusting the connection pool size or the pool timeout."
)


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    async with wired(Wire()) as server:
        yield server


@pytest.fixture(params=[HTTPXRequest, AiohttpRequest])
def transport(request: pytest.FixtureRequest) -> Transport:
    """The library's own, then ours."""
    kind: Transport = request.param
    return kind


def refuses(code: int, description: str, **parameters: int) -> Answer:
    more = {"parameters": parameters} if parameters else {}
    return says(code, {"ok": False, "error_code": code, "description": description, **more})


async def hangs(request: web.BaseRequest) -> web.Response:
    await asyncio.get_running_loop().create_future()
    raise AssertionError


async def resets(request: web.BaseRequest) -> web.Response:
    assert request.transport
    raw: socket.socket = request.transport.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    request.transport.abort()
    return web.Response()


async def closes(request: web.BaseRequest) -> web.Response:
    assert request.transport
    request.transport.close()
    return web.Response()


async def stops_midway(request: web.BaseRequest) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b'{"ok": true, "re')
    return await closes(request)


async def stalls_midway(request: web.BaseRequest) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b'{"ok": true, "re')
    return await hangs(request)


async def leads_elsewhere(request: web.BaseRequest) -> web.Response:
    return web.Response(status=302, text="{}", headers={"Location": "/elsewhere"})


async def speaks_otherwise(request: web.BaseRequest) -> web.Response:
    assert request.transport
    request.transport.write(b"220 smtp.example ESMTP\r\n\r\n")
    return await closes(request)


async def ask(request: BaseRequest, url: str, **timeouts: float) -> Any:
    async with request:
        bot = Bot(TOKEN, base_url=f"{url}/bot", request=request)
        return await bot.leave_chat(5, **timeouts)  # type: ignore[arg-type]


ANSWERS: dict[str, tuple[Answer, type[TelegramError], str | None]] = {
    "400": (refuses(400, "Bad Request: chat not found"), BadRequest, "Chat not found"),
    "401": (refuses(401, "Unauthorized"), InvalidToken, "Unauthorized"),
    "403": (
        refuses(403, "Forbidden: bot was blocked by the user"),
        Forbidden,
        "Forbidden: bot was blocked by the user",
    ),
    "404": (refuses(404, "Not Found"), InvalidToken, "Not Found"),
    "409": (refuses(409, "Conflict: terminated"), Conflict, "Conflict: terminated"),
    "429": (
        refuses(429, "Too Many Requests: retry after 7", retry_after=7),
        RetryAfter,
        "Flood control exceeded. Retry in 7 seconds",
    ),
    "migrated": (
        refuses(400, "Bad Request: group chat was upgraded", migrate_to_chat_id=-1007),
        ChatMigrated,
        "Group migrated to supergroup. New chat id: -1007",
    ),
    "500": (refuses(500, "Internal Server Error"), NetworkError, "Internal Server Error"),
    "502": (
        says(502, "<html>nginx</html>"),
        NetworkError,
        "Bad Gateway (502). Parsing the server response b'<html>nginx</html>' failed",
    ),
    "302": (leads_elsewhere, NetworkError, "Found (302)"),
    "no JSON": (says(200, '{"ok": tr'), TelegramError, "Invalid server response"),
    "reset": (resets, NetworkError, None),
    "closed": (closes, NetworkError, None),
    "stopped midway": (stops_midway, NetworkError, None),
    "other protocol": (speaks_otherwise, NetworkError, None),
}


@pytest.mark.parametrize("name", ANSWERS)
async def test_errors_are_the_same(transport: Transport, wire: Wire, name: str) -> None:
    wire.answer, expected, message = ANSWERS[name]
    with pytest.raises(TelegramError) as caught:
        await ask(transport(), wire.url)
    assert type(caught.value) is expected
    assert message in {None, caught.value.message}
    assert len(wire.bodies) == 1, "nothing is sent twice by itself"
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("name", ANSWERS)
async def test_the_short_way_meets_the_same_errors(wire: Wire, name: str) -> None:
    wire.answer, expected, message = ANSWERS[name]
    async with AiohttpRequest() as request:
        with pytest.raises(TelegramError) as caught:
            await request.call(f"{wire.url}/bot{TOKEN}/sendMessage", {"chat_id": 5})
    assert type(caught.value) is expected
    assert message in {None, caught.value.message}
    assert len(wire.bodies) == 1, "nothing is sent twice by itself"
    assert TOKEN not in str(caught.value)


async def test_the_short_way_brings_the_result_as_it_came(wire: Wire) -> None:
    wire.answer = says(200, {"ok": True, "result": {"message_id": 7}})
    async with AiohttpRequest() as request:
        answer = await request.call(f"{wire.url}/sendMessage", {"chat_id": 5, "text": "Été"})
    assert answer == {"message_id": 7}
    assert [json.loads(body) for _, body in wire.bodies] == [{"chat_id": 5, "text": "Été"}]


@pytest.mark.parametrize("answer", ["[]", "null", '"ok"', '{"ok": true}', "", b"\xff\xfe"])
async def test_what_is_no_answer_is_an_error(wire: Wire, answer: str | bytes) -> None:
    async def strange(request: web.BaseRequest) -> web.Response:
        return web.Response(body=answer)

    wire.answer = strange
    async with AiohttpRequest() as request:
        with pytest.raises(TelegramError, match="Invalid server response"):
            await request.call(f"{wire.url}/sendMessage", {"chat_id": 5})


@pytest.mark.parametrize("answer", [hangs, stalls_midway])
async def test_the_short_way_is_timed_out_too(wire: Wire, answer: Answer) -> None:
    wire.answer = answer
    async with AiohttpRequest(read_timeout=60) as request, asyncio.timeout(5):
        with pytest.raises(TimedOut):
            await request.call(f"{wire.url}/getUpdates", {}, read_timeout=0.05)


@pytest.mark.parametrize("answer", [hangs, stalls_midway])
async def test_silence_is_timed_out(transport: Transport, wire: Wire, answer: Answer) -> None:
    wire.answer = answer
    async with asyncio.timeout(5):  # by that time, not by the sum of all
        with pytest.raises(TimedOut) as caught:
            await ask(transport(read_timeout=0.05), wire.url)
    assert type(caught.value) is TimedOut
    assert caught.value.message == "Timed out"


async def test_a_call_has_times_of_its_own(transport: Transport, wire: Wire) -> None:
    wire.answer = hangs
    with pytest.raises(TimedOut):
        await ask(transport(read_timeout=60), wire.url, read_timeout=0.05)


async def test_no_time_limit_is_no_time_limit(transport: Transport, wire: Wire) -> None:
    request = transport(
        read_timeout=None, write_timeout=None, connect_timeout=None, pool_timeout=None
    )
    assert request.read_timeout is None
    assert await ask(request, wire.url) is True


async def test_a_drip_ends_too(wire: Wire) -> None:
    """Each piece comes in time, the whole never does: a lease must outlive the call."""

    async def drips(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000000"})
        await response.prepare(request)
        while True:
            await response.write(b" ")
            await asyncio.sleep(0.01)

    wire.answer = drips
    request = AiohttpRequest(read_timeout=0.1, write_timeout=0.05, connect_timeout=0.05)
    async with asyncio.timeout(5):
        with pytest.raises(TimedOut):
            await ask(request, wire.url)


def closed_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


async def test_a_refused_connection(transport: Transport) -> None:
    with pytest.raises(NetworkError) as caught:
        await ask(transport(), closed_port())
    assert not isinstance(caught.value, TimedOut)
    assert TOKEN not in caught.value.message
    assert isinstance(caught.value, NeverSent) is (transport is AiohttpRequest)


async def test_nobody_takes_the_connection(transport: Transport) -> None:
    """A full queue of connections: the system answers nothing at all."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        address = server.getsockname()
        others = [socket.socket() for _ in range(4)]
        for other in others:
            other.setblocking(False)
            other.connect_ex(address)
        with pytest.raises(TimedOut) as caught:
            await ask(transport(connect_timeout=0.05), f"http://127.0.0.1:{address[1]}")
        for other in others:
            other.close()
    assert isinstance(caught.value, NeverSent) is (transport is AiohttpRequest)
    assert caught.value.message == "Timed out"
    assert caught.value.__suppress_context__ or transport is HTTPXRequest


async def test_a_pool_in_use(transport: Transport, wire: Wire) -> None:
    wire.answer = hangs
    async with transport(connection_pool_size=1, pool_timeout=0.05) as request:
        bot = Bot(TOKEN, base_url=f"{wire.url}/bot", request=request)
        first = asyncio.create_task(bot.leave_chat(5, read_timeout=60))
        await wire.arrived.wait()
        with pytest.raises(TimedOut) as caught:
            await bot.leave_chat(5)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        wire.answer = says(200, {"ok": True, "result": True})
        assert await bot.leave_chat(5), "the place was given back"
    assert caught.value.message == POOL
    assert isinstance(caught.value, NeverSentInTime) is (transport is AiohttpRequest)


async def test_calls_follow_each_other_on_one_connection(transport: Transport, wire: Wire) -> None:
    async with transport() as request:
        bot = Bot(TOKEN, base_url=f"{wire.url}/bot", request=request)
        for _ in range(5):
            await bot.leave_chat(5)
    assert len(wire.connections) == 1


async def test_a_connection_closed_meanwhile_is_not_used(transport: Transport, wire: Wire) -> None:
    async with transport() as request:
        bot = Bot(TOKEN, base_url=f"{wire.url}/bot", request=request)
        await bot.leave_chat(5)
        (connection,) = wire.connections
        connection.abort()
        for _ in range(3):
            await asyncio.sleep(0)
        assert await bot.leave_chat(5)
    assert len(wire.connections) == 2


async def test_what_may_have_arrived_is_not_sent_again(transport: Transport, wire: Wire) -> None:
    """On a connection that had served, where clients like to try once more."""
    async with transport() as request:
        bot = Bot(TOKEN, base_url=f"{wire.url}/bot", request=request)
        await bot.leave_chat(5)
        wire.answer = closes
        with pytest.raises(NetworkError) as caught:
            await bot.leave_chat(5)
    assert type(caught.value) is NetworkError
    assert (len(wire.bodies), len(wire.connections)) == (2, 1)


async def test_closed_is_closed(transport: Transport, wire: Wire) -> None:
    request = transport()
    await request.initialize()
    await request.initialize()
    await request.shutdown()
    await request.shutdown()
    with pytest.raises(RuntimeError, match="is not initialized!"):
        await request.do_request(wire.url, "POST")
    assert await ask(request, wire.url) is True, "and may be opened again"


async def test_nothing_stays_open(wire: Wire) -> None:
    """Warnings are errors here: a forgotten session would tell."""
    await ask(AiohttpRequest(), wire.url)
    gc.collect()


async def test_retrieving_a_file(transport: Transport, wire: Wire) -> None:
    async def file(request: web.BaseRequest) -> web.Response:
        assert request.method == "GET"
        return web.Response(body=b"\x00\xff" * 40_000)

    wire.answer = file
    async with transport() as request:
        assert await request.retrieve(f"{wire.url}/file") == b"\x00\xff" * 40_000

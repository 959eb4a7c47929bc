"""The chat on our page, before people and machines that mean no good, or too much of it."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from aiohttp import ClientSession, web

from bot.assembly import Rooms
from bot.channels import webchat
from bot.incoming import Incoming
from bot.web.app import make_app
from dialogs.conversation import Conversation
from storage.rates import LocalRate
from tests.browsing import FETCH, Page, Person, fetch, logging_to, nonce, visit
from tests.test_storage_rates import Clock

SEARCH = "slt jcherche boulanger vers lens dispo en septembre"


async def turns(rooms: Rooms) -> int:
    return await rooms.turns.counters.total("turns")


class TestStrangers:
    @pytest.mark.parametrize(
        "headers",
        [
            {"Origin": "https://mechant.example"},
            {"Origin": "null"},
            {"Referer": "https://mechant.example/form"},
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
            {"Origin": "http://["},
            {"Referer": "http://["},
        ],
    )
    async def test_a_form_on_another_site_is_refused(
        self, lou: Person, rooms: Rooms, headers: dict[str, str]
    ) -> None:
        response = await lou.client.post("/chat", data={"text": SEARCH}, headers=headers)
        assert response.status == 403
        assert "Demande refusée" in Page(await response.text()).text
        assert await turns(rooms) == 0

    async def test_our_own_is_not(self, lou: Person) -> None:
        here = f"http://{lou.client.host}:{lou.client.port}"
        for headers in (
            {"Origin": here, "Sec-Fetch-Site": "same-origin"},
            {"Origin": "http://127.0.0.1:8080"},
            {"Referer": f"{here}/chat"},
        ):
            response = await lou.client.post("/chat", data={"text": "bonjour"}, headers=headers)
            assert response.status == 200


class TestTooMuch:
    async def test_ten_thousand_signs_are_answered(self, lou: Person) -> None:
        response = await fetch(lou, text="🥖é" * 5000)
        assert response.status == 200
        assert Page(await response.text()).classes("message") >= 1

    async def test_a_huge_form_is_refused_in_french(self, lou: Person) -> None:
        response = await lou.client.post("/chat", data={"text": "a" * 300_000})
        assert response.status == 413
        assert "trop long pour moi" in Page(await response.text()).text
        assert (await fetch(lou, text="a" * 300_000)).status == 413

    async def test_what_is_not_compressed_as_it_says_is_refused(self, lou: Person) -> None:
        body = io.BytesIO(b"text=boulanger")
        headers = {"Content-Encoding": "gzip", "Content-Type": "application/x-www-form-urlencoded"}
        response = await lou.client.post("/chat", data=body, headers=headers)
        assert response.status == 400
        assert "Demande incomplète" in Page(await response.text()).text

    async def test_a_flood_is_slowed_down_in_french(self, lou: Person) -> None:
        await fetch(lou, text="bonjour")
        statuses = [200] + [(await fetch(lou, clear="1")).status for _ in range(34)]
        assert statuses[:30] == [200] * 30
        assert statuses[-1] == 429
        response = await fetch(lou, text="bonjour")
        assert "trop vite" in await response.text()
        assert response.headers["Retry-After"] == "1"

    async def test_what_is_refused_is_not_held_against_the_others_of_the_class(
        self, rooms: Rooms
    ) -> None:
        clock = Clock()
        still = replace(rooms, rate=LocalRate(clock))
        async with visit(still) as noisy, visit(still) as quiet:
            await fetch(noisy, text="bonjour")
            flood = [(await fetch(noisy, clear="1")).status for _ in range(400)]
            assert flood.count(429) == 370
            assert (await fetch(quiet, text="bonjour")).status == 200
            clock.now += 1.0
            assert (await fetch(noisy, clear="1")).status == 200

    async def test_the_keys_of_the_rate_name_nobody(self, lou: Person, rooms: Rooms) -> None:
        token = (await fetch(lou, text="bonjour")).cookies["cmachance"].value
        await fetch(lou, clear="1")
        assert isinstance(rooms.rate, LocalRate)
        keys = " ".join(rooms.rate._free_at)
        assert "writer" in keys
        assert token not in keys
        assert "127.0.0.1" not in keys

    async def test_a_whole_class_behind_one_address_is_no_flood(self, rooms: Rooms) -> None:
        for _ in range(40):
            async with visit(rooms) as pupil:
                assert (await fetch(pupil, clear="1")).status == 200


class TestSlowOrGone:
    """Written by hand: a browser that stops in the middle."""

    HALF = (
        b"POST /chat HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\n\r\ntext=bou"
    )

    async def test_a_form_that_never_ends_is_refused(
        self, lou: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(webchat, "FORM_SECONDS", 0.05)
        reader, writer = await asyncio.open_connection(lou.client.host, lou.client.port)
        writer.write(self.HALF)
        answer = await reader.readline()
        writer.close()
        await writer.wait_closed()
        assert b" 408 " in answer

    async def test_a_visitor_who_leaves_is_no_error(self, rooms: Rooms) -> None:
        runner = web.AppRunner(make_app(rooms), access_log=None)  # as when we serve
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        health = f"http://{host}:{port}/healthz"
        lines = io.StringIO()
        with logging_to(lines):
            async with ClientSession() as client:
                _, writer = await asyncio.open_connection(host, port)
                writer.write(self.HALF)
                await client.get(health)  # the form is being read by now
                writer.transport.abort()
                await client.get(health)
            await runner.cleanup()
        assert lines.getvalue() == ""


class TestNastyText:
    NASTY = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'>{{7*7}}"

    async def test_is_never_markup(self, lou: Person) -> None:
        for text in (self.NASTY, f"boulanger à Lens {self.NASTY}"):
            response = await fetch(lou, text=text, nonce=nonce(lou, mark=f"{len(text):x}"))
            html = await response.text()
            assert "<script" not in html
            assert "onerror=alert(1)>" not in html
            assert "49" not in Page(html).text or "7*7" not in html

    @pytest.mark.parametrize(
        "kind",
        [
            "multipart/form-data; boundary=x",
            "text/plain",
            "application/json",
            "application/x-www-form-urlencoded; charset=punycode",
            "application/x-www-form-urlencoded; charset=utf-16",
            "application/x-www-form-urlencoded; charset=nothing",
            "",
        ],
    )
    async def test_another_kind_of_form_is_refused_unread(self, lou: Person, kind: str) -> None:
        never = asyncio.Event()

        async def endless() -> AsyncIterator[bytes]:
            yield b"text=a"
            await never.wait()

        headers = FETCH | {"Content-Type": kind}
        response = await lou.client.post("/chat", data=endless(), headers=headers)
        assert response.status == 415
        assert "du texte" in await response.text()

    async def test_half_a_character_is_never_kept(self, rooms: Rooms) -> None:
        heard = rooms.turns._heard(
            Conversation("lou"), Incoming("terminal", "lou", "1", text="saint\ud800 pol\x00")
        )
        assert heard.text == "saint\ufffd pol\ufffd"

    @pytest.mark.parametrize("body", [b"\xff\xfe", b"text=%ff%fe&nonce=%00", b"{}", b"text=%ud800"])
    async def test_broken_bytes_are_answered(self, lou: Person, body: bytes) -> None:
        headers = FETCH | {"Content-Type": "application/x-www-form-urlencoded"}
        response = await lou.client.post("/chat", data=body, headers=headers)
        assert response.status in {200, 400}

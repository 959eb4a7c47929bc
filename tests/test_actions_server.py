"""The actions served over HTTP, as a Rasa server calls them."""

from __future__ import annotations

import asyncio
import inspect
import re
import socket
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import aiohttp
import pytest
import rasa_sdk

from dialogs import rules
from dialogs.conversation import SLOTS
from dialogs.engine import DOMAIN
from dialogs.forms import REQUIRED
from dialogs.server import serve
from nlu.understander import Understander
from tests.talk import rooms_for


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port: int = s.getsockname()[1]
        return port


async def _answering(port: int, serving: asyncio.Task[None]) -> None:
    """Returns once the server accepts connections; what it died of is raised."""
    while not serving.done():
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except ConnectionRefusedError:
            await asyncio.sleep(0.01)
        else:
            writer.close()
            return
    await serving


@pytest.fixture
async def webhook(furnished_sqlite_url: str, understander: Understander) -> AsyncIterator[str]:
    async with rooms_for(furnished_sqlite_url, None, understander) as rooms:
        port = free_port()
        serving = asyncio.create_task(serve(rooms.engine, host="127.0.0.1", port=port))
        try:
            await asyncio.wait_for(_answering(port, serving), 10)
            yield f"http://127.0.0.1:{port}"
        finally:
            serving.cancel()
            with suppress(asyncio.CancelledError):
                await serving


async def call(webhook: str, action: str, slots: dict[str, Any], events: Any = ()) -> Any:
    tracker = {
        "sender_id": "rasa", "slots": {**SLOTS, **slots}, "latest_message": {},
        "events": list(events),
    }  # fmt: skip
    body = {
        "next_action": action, "tracker": tracker, "domain": DOMAIN,
        "version": rasa_sdk.__version__,
    }  # fmt: skip
    timeout = aiohttp.ClientTimeout(10)
    async with (
        aiohttp.ClientSession(timeout=timeout) as session,
        session.post(f"{webhook}/webhook", json=body) as response,
    ):
        return response.status, await response.json()


async def test_the_form_and_an_action_as_rasa_calls_them(webhook: str) -> None:
    said = [
        {"event": "slot", "name": "trades", "value": "boulangère"},
        {"event": "slot", "name": "where", "value": "Lens"},
    ]
    slots = {"trades": "boulangère", "where": "Lens"}
    status, body = await call(webhook, "validate_search_form", slots, said)
    assert status == 200, body
    found = {e["name"]: e["value"] for e in body["events"]}
    assert found["trades"] == ["boulanger"]
    assert found["where"]["places"] == ["62498"]
    assert found["requested_slot"] is None

    status, body = await call(webhook, "action_show_offers", found)
    assert status == 200, body
    offers = next(r for r in body["responses"] if r["response"] == "utter_offers")
    assert len(offers["custom"]["offers"]) == 3
    counts = [r["custom"]["effect"]["name"] for r in body["responses"] if "effect" in r["custom"]]
    assert counts == ["searches"]

    status, body = await call(webhook, "action_nowhere", {})
    assert status == 404

    assert {"action_show_offers", "validate_search_form"} <= await listed(webhook)


async def listed(webhook: str) -> set[str]:
    async with (
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(10)) as session,
        session.get(f"{webhook}/actions") as response,
    ):
        return {action["name"] for action in await response.json()}


async def test_every_action_a_rule_names_is_registered(
    furnished_sqlite_url: str, understander: Understander
) -> None:
    named = set(re.findall(r'"(action_[a-z_]+)"', inspect.getsource(rules)))
    named |= {f"action_{reason}" for reason in ("employer", "customer", "housing", "insult")}
    named |= {f"action_ask_{slot}" for slot in REQUIRED}
    async with rooms_for(furnished_sqlite_url, None, understander) as rooms:
        assert named <= rooms.engine.executor.actions.keys()

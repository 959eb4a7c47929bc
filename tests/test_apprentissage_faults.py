"""API apprentissage down, slow or lying: one family of errors, in time, no wrong answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import cycle

import pytest

from matching.apprentissage.client import Apprentissage
from matching.apprentissage.routes import PATHS
from matching.calling import Backend, CallFailed, open_session, within
from matching.ports import MemoryCache
from storage.rates import LocalRate
from tests.apprenticing import BAKERS, LENS, LOCATE, Desk, at_the_desk
from tests.apprentissage_api import KEY, job


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with at_the_desk() as desk:
        desk.api.jobs.append(job())
        yield desk


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("500", "failure"),
        ("html", "not_json"),
        ("garbage", "not_json"),
        ("null", "shape"),
        ("list", "shape"),
        ("empty", "shape"),
        ("wrong_types", "shape"),
        ("huge", "too_big"),
        ("truncated", "truncated"),
        ("redirect", "invalid"),
        ("bad_header", "denied"),
        ("undecodable", "denied"),
        ("expired", "denied"),
        ("revoked", "denied"),
        ("forbidden", "denied"),
    ],
)
async def test_a_lie_is_no_answer(desk: Desk, kind: str, reason: str) -> None:
    desk.api.fault(kind)
    assert (await desk.failure()).reason == reason
    assert desk.outcomes == {("search", reason): 1}
    assert len(desk.api.calls) == 1
    assert len(await desk.titles()) == 1


@pytest.mark.parametrize("kind", ["502", "503", "504", "502_page"])
async def test_a_gateway_that_waited_in_vain_is_asked_once_more(desk: Desk, kind: str) -> None:
    desk.api.fault(kind)
    assert len(await desk.titles()) == 1
    desk.api.fault(kind, times=2)
    assert (await desk.failure(replace(BAKERS, diploma_level=3))).reason == "gateway"
    assert len(desk.api.calls) == 4


async def test_a_connection_reset_is_tried_again(desk: Desk) -> None:
    desk.api.fault("reset")
    assert len(await desk.titles()) == 1


async def test_connections_refused(desk: Desk) -> None:
    await desk.api.stop()
    failed = await desk.failure()
    assert (failed.reason, failed.sent) == ("connection", False)


async def test_silence_is_given_up_within_the_turn(desk: Desk) -> None:
    desk.api.fault("hang", times=None)
    began = time.monotonic()
    with within(0.2):
        assert (await desk.failure()).reason == "timeout"
    assert time.monotonic() - began < 1.5


async def test_without_a_key_it_is_said(desk: Desk) -> None:
    with pytest.raises(CallFailed, match="denied"):
        await desk.another(key="autre").find(BAKERS)


async def test_a_quota_used_by_others_is_respected_and_remembered(desk: Desk) -> None:
    desk.api.fault("429", retry_after=45)
    failed = await desk.failure()
    assert (failed.reason, failed.retry_after) == ("busy", 45.0)
    assert (await desk.failure()).reason == "busy"
    assert len(desk.api.calls) == 1
    desk.clock.seconds += 45
    assert len(await desk.titles()) == 1


async def test_a_quota_without_a_time_to_wait_is_not_tried_again_and_again(desk: Desk) -> None:
    desk.api.fault("429_bare", times=None)
    assert (await desk.failure()).reason == "busy"
    assert len(desk.api.calls) <= 2


async def test_several_clients_share_the_documented_limit(desk: Desk) -> None:
    """As several processes do: each with its own breaker, session and memory, one rate."""
    rate, sleep = LocalRate(desk.clock), desk.clock.sleep
    async with open_session() as other:
        clients = [
            Apprentissage(
                desk.api.url, KEY,
                Backend("apprentissage", session, rate=rate, metrics=desk.counts,
                        clock=desk.clock, sleep=sleep),
                cache=MemoryCache(desk.clock), locate=LOCATE, clock=desk.clock.now,
            )
            for session in (desk.session, other) * 2
        ]  # fmt: skip
        for n in range(40):
            moved = replace(BAKERS, circles=(replace(LENS, lat=48 + n * 0.1),))
            await asyncio.gather(*(client.find(moved) for client in clients))
    assert len(desk.api.to("search")) == 160
    assert desk.api.busiest_minute()["search"] <= 60


async def test_a_short_quota_is_waited_for(desk: Desk) -> None:
    desk.api.fault("429", retry_after=2)
    assert len(await desk.titles()) == 1
    assert sum(desk.clock.slept) == pytest.approx(2)


async def test_the_quota_of_searches_is_not_that_of_offers(desk: Desk) -> None:
    desk.api.fault("429", route="search", retry_after=45)
    await desk.failure()
    assert await desk.client.offer(f"x:{desk.api.jobs[0]['identifier']['id']}")


async def test_no_minute_holds_more_searches_than_documented(desk: Desk) -> None:
    """Two hundred different searches, as fast as they are let through."""
    for n in range(200):
        moved = replace(LENS, lat=48 + n * 0.1 % 3, lon=2 + n * 0.1)
        await desk.client.find(replace(BAKERS, circles=(moved,)))
    assert 50 <= desk.api.busiest_minute()["search"] <= 60


async def test_after_five_failures_it_is_left_in_peace(desk: Desk) -> None:
    desk.api.fault("500", times=None)
    for _ in range(5):
        await desk.failure()
    assert (await desk.failure()).reason == "resting"
    assert len(desk.api.calls) == 5
    desk.api.faults.clear()
    desk.clock.seconds += 20
    assert len(await desk.titles()) == 1


async def test_what_is_remembered_helps_while_it_is_down(desk: Desk) -> None:
    await desk.titles()
    desk.api.fault("500", times=None)
    assert len(await desk.titles()) == 1


@pytest.mark.parametrize("first", ["html", "502", "hang", "429"])
async def test_two_towns_of_which_one_fails_is_no_answer(desk: Desk, first: str) -> None:
    """Half of what was asked must not pass for the whole."""
    desk.api.fault(first, times=3 if first == "502" else 1, retry_after=99)
    both = replace(BAKERS, circles=(LENS, replace(LENS, lat=48.85, lon=2.35)))
    with within(0.5):
        await desk.failure(both)


async def test_giving_up_leaves_nobody_waiting(desk: Desk) -> None:
    desk.api.fault("hang")
    first = asyncio.create_task(desk.client.find_all(BAKERS))
    await desk.api.arrived.wait()
    second = asyncio.create_task(desk.client.find_all(BAKERS))
    await asyncio.sleep(0.01)
    first.cancel()
    assert len(await second) == 1


async def test_a_mixture_of_everything_never_raises_anything_else(desk: Desk) -> None:
    kinds = cycle(("500", "502", "504", "html", "null", "wrong_types", "truncated", "reset", "429"))
    answered = 0
    for n in range(60):
        if n % 3:
            desk.api.fault(next(kinds), retry_after=1)
        desk.clock.seconds += 25
        moved = replace(LENS, lat=LENS.lat + n * 1e-5, radius_km=30 + n)
        try:
            answered += len(await desk.client.find_all(replace(BAKERS, circles=(moved,))))
        except CallFailed:
            continue
    assert answered >= 20


# One offer


async def known(desk: Desk) -> str:
    [found] = await desk.client.find_all(BAKERS)
    return found.offer.id


async def test_an_offer_is_read_at_its_source(desk: Desk) -> None:
    id = await known(desk)
    offer = await desk.client.offer(id)
    assert offer is not None
    assert offer.id == id
    assert len(desk.api.to("offer")) == 1


@pytest.mark.parametrize("status", ["Filled", "Cancelled", "Pending"])
async def test_an_offer_that_is_no_longer_open_is_gone(desk: Desk, status: str) -> None:
    id = await known(desk)
    desk.api.jobs[0]["offer"]["status"] = status
    assert await desk.client.offer(id) is None


async def test_an_offer_that_has_expired_is_gone(desk: Desk) -> None:
    id = await known(desk)
    desk.api.jobs[0]["offer"]["publication"]["expiration"] = "2026-11-25T11:00:00.000Z"
    assert await desk.client.offer(id) is None


async def test_an_offer_that_is_not_found_is_gone(desk: Desk) -> None:
    id = await known(desk)
    desk.api.jobs.clear()
    assert await desk.client.offer(id) is None


async def test_an_offer_the_service_calls_malformed_is_not_gone(desk: Desk) -> None:
    desk.api.fault("malformed")
    with pytest.raises(CallFailed, match="invalid"):
        await desk.client.offer("x:68f0a1b2c3d4e5f601020304")


async def test_an_address_that_moved_takes_no_offer_away(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = await known(desk)
    monkeypatch.setitem(PATHS, "offer", "/job/v9/offer/")
    with pytest.raises(CallFailed, match="invalid"):
        await desk.client.offer(id)


@pytest.mark.parametrize("id", ["France Travail:207QYWM", "demonstration:12", "", "x:../../export"])
async def test_an_offer_of_elsewhere_is_not_asked_and_not_said_gone(desk: Desk, id: str) -> None:
    with pytest.raises(CallFailed, match="foreign"):
        await desk.client.offer(id)
    assert desk.api.calls == []


@pytest.mark.parametrize("kind", ["html", "null", "500", "wrong_types", "truncated", "504", "429"])
async def test_a_failure_is_not_a_gone_offer(desk: Desk, kind: str) -> None:
    """« Déjà pris » hides an offer for everyone: only a clear word counts."""
    id = await known(desk)
    desk.api.fault(kind, route="offer", times=2, retry_after=99)
    with pytest.raises(CallFailed):
        await desk.client.offer(id)


async def test_the_address_may_end_with_a_slash(desk: Desk) -> None:
    assert await desk.another(url=f"{desk.api.url}/").find_all(BAKERS)

"""France Travail down, slow, or lying; and never asked more than it allows."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from matching.calling import CallFailed, within
from matching.model import Search, Unavailable
from nlu.gazetteer import Gazetteer
from storage.rates import LocalRate
from tests.france_travail_api.ads import Ad, make_ad, make_ads
from tests.france_travailing import House, house


@pytest.fixture(scope="module")
def gazetteer() -> Gazetteer:
    return Gazetteer.load()


@pytest.fixture(scope="module")
def ads(gazetteer: Gazetteer) -> list[Ad]:
    return make_ads(gazetteer, 300)


@pytest.fixture
async def built(gazetteer: Gazetteer, ads: list[Ad]) -> AsyncIterator[House]:
    async with house(gazetteer, list(ads)) as built:
        yield built


@pytest.mark.parametrize(
    ("kind", "reason"),
    [("500", "failure"), ("html", "not_json"), ("truncated", "truncated"), ("null", "shape"),
     ("list", "shape"), ("wrong", "shape"), ("huge", "too_big"), ("401", "denied"),
     ("reset", "connection"), ("503", "gateway"), ("429", "busy")],
)  # fmt: skip
async def test_what_goes_on_is_unavailable_and_says_why(
    built: House, kind: str, reason: str
) -> None:
    built.api.fault(kind, times=None, retry_after="60")
    with within(2.0), pytest.raises(Unavailable) as caught:
        await built.client().find(built.near("Lille"))
    assert isinstance(caught.value, CallFailed)
    assert caught.value.reason == reason


@pytest.mark.parametrize("kind", ["401", "503", "reset"])
async def test_what_passes_is_not_noticed(built: House, kind: str) -> None:
    client = built.client()
    whole = await client.find(built.near("Lille"))
    built.api.fault(kind)
    assert await client.find(built.near("Lille")) == whole


async def test_a_429_is_waited_for_when_there_is_time(built: House) -> None:
    client = built.client()
    built.api.fault("429", retry_after="0.05")
    began = time.monotonic()
    page = await client.find(built.near("Lille"))
    assert page.total
    assert time.monotonic() - began >= 0.05
    assert built.outcomes["offers", "busy"] == 1


async def test_a_429_is_no_json_and_does_not_need_to_be(built: House) -> None:
    built.api.fault("429", times=None, retry_after="soon")
    with within(0.3), pytest.raises(CallFailed) as caught:
        await built.client().find(built.near("Lille"))
    assert (caught.value.reason, caught.value.status) == ("busy", 429)


async def test_silence_ends_with_the_time_of_the_turn(built: House) -> None:
    built.api.fault("slow", times=None)
    began = time.monotonic()
    with within(0.2), pytest.raises(CallFailed) as caught:
        await built.client().find(built.near("Lille"))
    assert caught.value.reason == "timeout"
    assert time.monotonic() - began < 1.5


async def test_a_page_that_does_not_say_of_how_many_is_not_believed(built: House) -> None:
    built.api.fault("no_range", times=None)
    page = await built.client().find(built.near("Lille"))
    assert page.total  # 200: they are all there
    built.api.ads = make_ads(built.gazetteer, 600)
    with pytest.raises(CallFailed) as caught:
        await built.client().find(Search())
    assert caught.value.reason == "shape"


async def test_one_ad_that_makes_no_sense_does_not_hide_the_others(built: House) -> None:
    whole = (await built.client().find(built.near("Lille"))).total
    lille = built.gazetteer.lookup("Lille")[0]
    broken: list[dict[str, Any]] = [
        {"intitule": None}, {"entreprise": "x"}, {"dateActualisation": "hier"}, {"contact": [3]},
    ]  # fmt: skip
    built.api.ads += [
        make_ad(f"999{n:04d}", lille, built.gazetteer, **keys) for n, keys in enumerate(broken)
    ]
    client = built.client()
    assert (await client.find(built.near("Lille"))).total == whole
    assert sum(client.left_out.values()) >= len(broken)


async def test_nobody_there_is_unavailable(built: House) -> None:
    client = built.client()
    await built.api.stop()
    with pytest.raises(CallFailed) as caught:
        await client.find(built.near("Lille"))
    assert caught.value.reason == "connection"


async def test_never_more_than_ten_calls_in_a_second(gazetteer: Gazetteer) -> None:
    """Measured at the double, which answers 429 beyond: nine searches at once, by one rate."""
    ads = make_ads(gazetteer, 40)
    async with house(gazetteer, ads, per_second=10.0) as built:
        rate = LocalRate()
        clients = [built.client(rate=rate) for _ in range(3)]
        await asyncio.gather(
            *(c.find(built.near(town)) for c in clients for town in ("Lille", "Lens", "Arras"))
        )
        assert len(built.api.asked("search")) == 18
        assert built.api.most_in_a_second <= 10
        assert 429 not in {call.status for call in built.api.calls}


async def test_details_count_in_the_same_ten(gazetteer: Gazetteer) -> None:
    async with house(gazetteer, make_ads(gazetteer, 10), per_second=10.0) as built:
        client = built.client(rate=LocalRate())
        await asyncio.gather(
            *(client.offer(f"France Travail:29{n:05d}") for n in range(8)),
            *(client.find(built.near("Lille")) for _ in range(3)),
        )
        assert built.api.most_in_a_second <= 10
        assert 429 not in {call.status for call in built.api.calls}


async def test_the_double_itself_refuses_the_eleventh(gazetteer: Gazetteer) -> None:
    async with house(gazetteer, [], per_second=10.0) as built:
        client = built.client()
        await asyncio.gather(
            *(client.offer(f"France Travail:29{n:05d}") for n in range(30)),
            return_exceptions=True,
        )
        assert 429 in {call.status for call in built.api.calls}
        assert built.api.violations
        built.api.violations.clear()


async def test_after_five_failures_it_is_left_in_peace(built: House) -> None:
    fault = built.api.fault("500", times=None)
    client = built.client()
    for _ in range(6):
        with pytest.raises(CallFailed):
            await client.find(built.near("Lille"))
    calls = fault.met
    with pytest.raises(CallFailed) as caught:
        await client.find(built.near("Lille"))
    assert caught.value.reason == "resting"
    assert fault.met == calls


async def test_the_double_runs_as_a_program() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.france_travail_api", "--offers", "5",
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    lines = [(await process.stdout.readline()).decode() for _ in range(2)]
    process.terminate()
    assert await process.wait() == 0
    assert [line.partition("=")[0] for line in lines] == [
        "FRANCE_TRAVAIL_API_URL", "FRANCE_TRAVAIL_TOKEN_URL",
    ]  # fmt: skip

"""The token of France Travail: asked for as documented, in time, once, and never shown."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from matching.calling import CallFailed, within
from matching.france_travail import BadCredentials
from matching.model import Unavailable
from nlu.gazetteer import Gazetteer
from tests.france_travail_api import CLIENT, SECRET
from tests.france_travail_api.ads import make_ad
from tests.france_travailing import House, house

ID = "France Travail:207QYWM"


@pytest.fixture(scope="module")
def gazetteer() -> Gazetteer:
    return Gazetteer.load()


@pytest.fixture
async def built(gazetteer: Gazetteer) -> AsyncIterator[House]:
    ads = [make_ad("207QYWM", gazetteer.lookup("Lille")[0], gazetteer)]
    async with house(gazetteer, ads) as built:
        yield built


async def test_it_is_asked_for_in_the_documented_form(built: House) -> None:
    assert await built.client().offer(ID)
    assert built.api.asked("token") == [
        {
            "realm": "/partenaire",
            "grant_type": "client_credentials",
            "client_id": CLIENT,
            "client_secret": "…",
            "scope": "api_offresdemploiv2 o2dsoffre",
        }
    ]


async def test_it_is_used_again_until_a_minute_before_its_end(built: House) -> None:
    client = built.client()
    await client.offer(ID)
    built.clock.now += 1499 - 61
    await client.offer(ID)
    assert len(built.api.tokens) == 1
    built.clock.now += 2
    await client.offer(ID)
    assert len(built.api.tokens) == 2
    assert [call.status for call in built.api.calls if call.what == "offer"] == [200] * 3


async def test_after_a_401_another_one_is_asked_for_once(built: House) -> None:
    client = built.client()
    await client.offer(ID)
    built.api.tokens.clear()  # taken back before its end
    assert await client.offer(ID)
    assert [(call.what, call.status) for call in built.api.calls[2:]] == [
        ("offer", 401), ("token", 200), ("offer", 200),
    ]  # fmt: skip


async def test_a_second_401_is_not_argued_with(built: House) -> None:
    built.api.fault("401", on="offer", times=None)
    with pytest.raises(CallFailed) as caught:
        await built.client().offer(ID)
    assert (caught.value.reason, caught.value.status) == ("denied", 401)
    assert len(built.api.asked("offer")) == 2


async def test_many_callers_wait_for_one_renewal(built: House) -> None:
    client = built.client()
    found = await asyncio.gather(*(client.offer(ID) for _ in range(40)))
    assert all(found)
    assert len(built.api.asked("token")) == 1


async def test_many_callers_denied_at_once_renew_once(built: House) -> None:
    client = built.client()
    await client.offer(ID)
    built.api.tokens.clear()
    assert all(await asyncio.gather(*(client.offer(ID) for _ in range(40))))
    assert len(built.api.asked("token")) == 2


async def test_a_late_401_of_the_old_token_does_not_cost_the_new_one(built: House) -> None:
    client = built.client()
    await client.offer(ID)
    built.api.tokens.clear()
    built.api.fault("slow", on="offer", seconds=0.15)
    late = asyncio.create_task(client.offer(ID))
    await asyncio.sleep(0.03)
    assert await client.offer(ID)
    assert await late
    assert len(built.api.asked("token")) == 2


async def test_one_caller_short_of_time_does_not_cut_short_the_others(built: House) -> None:
    built.api.fault("slow", on="token", seconds=0.2)
    client = built.client()

    async def hurried() -> None:
        with within(0.05):
            await client.offer(ID)

    first = asyncio.create_task(hurried())
    await asyncio.sleep(0)
    assert await client.offer(ID)
    with pytest.raises(CallFailed, match="timeout"):
        await first
    assert len(built.api.asked("token")) == 1


async def test_one_caller_who_gives_up_does_not_stop_the_renewal(built: House) -> None:
    built.api.fault("slow", on="token", seconds=0.1)
    client = built.client()
    first = asyncio.create_task(client.offer(ID))
    second = asyncio.create_task(client.offer(ID))
    await asyncio.sleep(0.02)
    first.cancel()
    assert await second
    assert len(built.api.asked("token")) == 1


async def test_wrong_credentials_are_said_in_plain_words(built: House) -> None:
    with pytest.raises(BadCredentials) as caught:
        await built.client(secret="wrong").offer(ID)
    assert isinstance(caught.value, Unavailable)
    assert "FRANCE_TRAVAIL_CLIENT_ID" in str(caught.value)
    assert "wrong" not in str(caught.value)


async def test_an_application_without_the_api_is_told_the_same(built: House) -> None:
    built.api.licensed = False
    with pytest.raises(BadCredentials, match="ajoutée à l’application"):
        await built.client().offer(ID)


async def test_refused_credentials_are_not_shown_again_for_a_minute(built: House) -> None:
    client = built.client()
    built.api.licensed = False
    for _ in range(5):
        with pytest.raises(BadCredentials):
            await client.offer(ID)
    assert len(built.api.asked("token")) == 1
    built.api.licensed = True
    built.clock.now += 61
    assert await client.offer(ID)


@pytest.mark.parametrize("kind", ["500", "503", "html", "null", "list", "wrong", "truncated"])
async def test_a_broken_answer_is_no_token(built: House, kind: str) -> None:
    client = built.client()
    built.api.fault(kind, on="token")
    with pytest.raises(CallFailed) as caught:
        await client.offer(ID)
    assert not isinstance(caught.value, BadCredentials)
    assert await client.offer(ID)  # nothing of it stays


async def test_a_short_loan_is_used_once_at_least(built: House) -> None:
    built.api.lifetime = 30
    client = built.client()
    assert await client.offer(ID)
    assert await client.offer(ID)
    assert len(built.api.tokens) == 1


async def test_no_error_shows_the_secret_or_the_token(built: House) -> None:
    client = built.client()
    await client.offer(ID)
    token = next(iter(built.api.tokens))
    built.api.fault("500", on="any", times=None)
    with pytest.raises(CallFailed) as caught:
        await client.offer(ID)
    told = f"{caught.value!r} {caught.value} {caught.value.__cause__!r} {client!r}"
    assert token not in told
    assert SECRET not in told

"""The contract server of API apprentissage: it judges as the real one does, also as a program."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.apprentissage_api import KEY, Api, job, running

ROOT = Path(__file__).parents[1]
BEARER = {"Authorization": f"bearer {KEY}"}


@pytest.fixture
async def api() -> AsyncIterator[Api]:
    async with running() as api:
        api.jobs += [job(), job("Boulanger", label="France Travail", address="59000 Lille")]
        yield api


async def get(api: Api, path: str, headers: dict[str, str] | None = None) -> tuple[int, Any]:
    async with (
        aiohttp.ClientSession() as session,
        session.get(api.url + path, headers=BEARER if headers is None else headers) as answer,
    ):
        return answer.status, await answer.json()


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({}, "Vous devez fournir"),
        ({"Authorization": "Basic abc"}, "doit être de la forme"),
        ({"Authorization": "Bearer autre"}, "Impossible de déchiffrer"),
    ],
)
async def test_keys(api: Api, headers: dict[str, str], said: str) -> None:
    status, body = await get(api, "/job/v1/search?romes=D1102", headers)
    assert status == 401
    assert body["name"] == "Unauthorized"
    assert said in body["message"]


async def test_a_comma_between_departements_finds_nothing(api: Api) -> None:
    status, body = await get(api, "/job/v1/search?romes=D1102&departements=59,62")
    assert (status, body["jobs"]) == (200, [])
    assert api.violations
    _, body = await get(api, "/job/v1/search?romes=D1102&departements=59&departements=62")
    assert len(body["jobs"]) == 3


async def test_departements_without_codes_take_too_long(api: Api) -> None:
    status, body = await get(api, "/job/v1/search?departements=59")
    assert (status, body["name"]) == (504, "Gateway Time-out")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("romes=boulanger", "querystring.romes: One or more ROME codes are invalid"),
        ("romes=D1102&latitude=50", "longitude is required when latitude is provided"),
        ("romes=D1102&longitude=2", "latitude is required when longitude is provided"),
        ("romes=D1102&latitude=50&longitude=2&radius=201", "querystring.radius"),
    ],
)
async def test_refusals_have_the_other_shape(api: Api, query: str, said: str) -> None:
    status, body = await get(api, f"/job/v1/search?{query}")
    assert (status, body["error"]) == (400, "Bad Request")
    assert said in body["message"]


async def test_france_travail_comes_twice_and_after_our_own(api: Api) -> None:
    _, body = await get(api, "/job/v1/search?romes=D1102")
    labels = [j["identifier"]["partner_label"] for j in body["jobs"]]
    assert labels == ["offres_emploi_lba", "France Travail", "France Travail"]


async def test_excluding_partners_needs_codes(api: Api) -> None:
    _, body = await get(api, "/job/v1/search?partners_to_exclude=France%20Travail")
    assert len(body["jobs"]) == 3
    _, body = await get(api, "/job/v1/search?romes=D1102&partners_to_exclude=France%20Travail")
    assert len(body["jobs"]) == 1


async def test_the_quota_is_told_and_kept(api: Api) -> None:
    for _ in range(2):
        assert (await get(api, "/job/v1/export"))[0] == 200
    status, body = await get(api, "/job/v1/export")
    assert (status, body["name"]) == (429, "Too Many Requests")
    assert api.violations == ["export: beyond its quota"]


async def test_offers_by_identifier(api: Api) -> None:
    id = api.jobs[0]["identifier"]["id"]
    assert (await get(api, f"/job/v1/offer/{id}"))[0] == 200
    assert (await get(api, "/job/v1/offer/ffffffffffffffffffffffff"))[0] == 404
    assert (await get(api, "/job/v1/offer/207QYWM"))[0] == 400
    assert (await get(api, "/job/v2/search"))[0] == 404


async def test_as_a_program(tmp_path: Path) -> None:
    log = tmp_path / "calls.jsonl"
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.apprentissage_api", "--until-eof", "--log", str(log),
        "--fault", "502_page", cwd=ROOT, stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert server.stdout is not None
    url = (await server.stdout.readline()).decode().strip()
    async with aiohttp.ClientSession() as session, session.get(f"{url}/job/v1/search") as answer:
        assert answer.status == 502
    await server.communicate(b"")  # its standard input ends
    assert server.returncode == 0
    [line] = log.read_text("utf-8").splitlines()
    assert json.loads(line)["route"] == "search"

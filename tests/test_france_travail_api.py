"""The double of France Travail keeps to what is documented and to what others measured."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from matching.calling import open_session
from nlu.gazetteer import Gazetteer
from tests.france_travail_api import CLIENT, SECRET, running
from tests.france_travail_api.ads import NOW, make_ad, make_ads
from tests.france_travailing import Clock

SAMPLES = Path(__file__).parent / "france_travail_api" / "samples"
ERRORS = json.loads((SAMPLES / "errors.json").read_text("utf-8"))


class Wire:
    """Calls with bare hands: (status, headers, body)."""

    def __init__(self, api: Any, session: Any, clock: Clock) -> None:
        self.api = api
        self.session = session
        self.clock = clock
        self.token = ""

    async def lend(self, **changes: str) -> tuple[int, Any]:
        form = {
            "grant_type": "client_credentials", "client_id": CLIENT, "client_secret": SECRET,
            "scope": "api_offresdemploiv2 o2dsoffre",
        } | changes  # fmt: skip
        async with self.session.post(self.api.token_url, data=form) as response:
            said = await response.json()
            self.token = said.get("access_token", "")
            return response.status, said

    async def get(self, path: str, **params: str) -> tuple[int, Any, Any]:
        headers = {"Authorization": f"Bearer {self.token}"}
        url = f"{self.api.api_url}/offres/{path}"
        async with self.session.get(url, params=params, headers=headers) as response:
            body = await response.read()
            said = json.loads(body) if body[:1] in b"{[" and body else body.decode()
            return response.status, response.headers, said

    async def ids(self, **params: str) -> list[str]:
        status, _, said = await self.get("search", **params)
        return [ad["id"] for ad in said["resultats"]] if status in {200, 206} else []


@pytest.fixture(scope="module")
def gazetteer() -> Gazetteer:
    return Gazetteer.load()


@pytest.fixture
async def wire(gazetteer: Gazetteer) -> AsyncIterator[Wire]:
    lille, lens, arras = (gazetteer.lookup(n)[0] for n in ("Lille", "Lens", "Arras"))
    roubaix = gazetteer.lookup("Roubaix")[0]  # 10.6 km from Lille
    partner = {"origine": "2", "partenaires": [{"nom": "METEOJOB", "url": "x"}]}
    ads = [
        make_ad("2LILLEA", lille, gazetteer),
        make_ad("2ROUBAI", roubaix, gazetteer),
        make_ad("2LENSCD", lens, gazetteer, natureContrat="Contrat travail", typeContrat="CDI"),
        make_ad("2ARRASP", arras, gazetteer, natureContrat="Cont. professionnalisation"),
        make_ad("7000001", lille, gazetteer, origineOffre=partner),
    ]
    clock = Clock()
    async with running(gazetteer, ads, clock=clock) as api, open_session() as session:
        built = Wire(api, session, clock)
        await built.lend()
        yield built


async def test_a_token_is_lent_as_recorded(wire: Wire) -> None:
    status, said = await wire.lend()
    assert status == 200
    assert {**said, "access_token": "x"} == {**ERRORS["token_200"], "access_token": "x"}


@pytest.mark.parametrize(
    ("changes", "error"),
    [({"client_secret": "x"}, "token_400_client"), ({"scope": "x"}, "token_400_scope"),
     ({"grant_type": "implicit_grant"}, "token_400_grant")],
)  # fmt: skip
async def test_a_token_is_refused_as_recorded(
    wire: Wire, changes: dict[str, str], error: str
) -> None:
    status, said = await wire.lend(**changes)
    assert (status, said["error"]) == (400, ERRORS[error]["error"])


async def test_a_token_ends(wire: Wire) -> None:
    assert (await wire.get("search"))[0] == 200
    wire.clock.now += 1499
    status, headers, said = await wire.get("search")
    assert (status, headers["WWW-Authenticate"], said) == (401, "Bearer", "")


async def test_a_nature_and_a_type_are_one_or_the_other(wire: Wire) -> None:
    assert await wire.ids(natureContrat="E2") == ["2LILLEA", "2ROUBAI"]
    assert await wire.ids(natureContrat="FS") == ["2ARRASP"]
    assert await wire.ids(natureContrat="E2", typeContrat="CDI") == [
        "2LILLEA", "2ROUBAI", "2LENSCD",
    ]  # fmt: skip


async def test_ten_kilometres_when_none_are_said(wire: Wire) -> None:
    assert await wire.ids(commune="59350") == ["2LILLEA"]
    assert await wire.ids(commune="59350", distance="12") == ["2LILLEA", "2ROUBAI"]
    assert await wire.ids(commune="59350", distance="0") == ["2LILLEA"]


async def test_partners_are_served_when_they_are_asked_for(wire: Wire) -> None:
    assert "7000001" not in await wire.ids()
    assert await wire.ids(origineOffre="2") == ["7000001"]
    excluded = {"partenaires": "METEOJOB", "modeSelectionPartenaires": "EXCLU"}
    assert await wire.ids(origineOffre="2", **excluded) == []


@pytest.mark.parametrize(
    ("params", "number"),
    [({"commune": "99999"}, 0), ({"commune": "13055"}, 0), ({"commune": "59000"}, 0),
     ({"departement": "99"}, 1), ({"departement": "01,02,03,04,05,06"}, 1),
     ({"natureContrat": "E9"}, 3), ({"typeContrat": "X"}, 4), ({"range": "0-150"}, 5),
     ({"range": "3001-3010"}, 6), ({"range": "0"}, 7), ({"range": "3000-3150"}, 5)],
)  # fmt: skip
async def test_wrong_parameters_are_refused_as_recorded(
    wire: Wire, params: dict[str, str], number: int
) -> None:
    status, _, said = await wire.get("search", **params)
    assert (status, said["message"]) == (400, ERRORS["search_400_messages"][number])


@pytest.mark.parametrize(
    "params",
    [{"minCreationDate": "2026-11-23T12:00:00Z"}, {"publieeDepuis": "2"}, {"sort": "3"},
     {"codeROME": ",".join(f"D{n}" for n in range(1000, 1201))}, {"codeROME": "boulanger"},
     {"minCreationDate": "2026-11-23", "maxCreationDate": "2026-11-24"}],
)  # fmt: skip
async def test_other_wrong_parameters_are_refused(wire: Wire, params: dict[str, str]) -> None:
    assert (await wire.get("search", **params))[0] == 400


async def test_a_postcode_may_be_the_code_of_another_town(wire: Wire) -> None:
    assert (await wire.get("search", commune="13001"))[0] == 204


async def test_nothing_is_204_and_says_so(wire: Wire) -> None:
    status, headers, said = await wire.get("search", codeROME="J1501")
    recorded = ERRORS["search_204"]
    assert (status, headers["Content-Range"], said) == (
        recorded["status"], recorded["headers"]["Content-Range"], recorded["body"],
    )  # fmt: skip


async def test_a_page_says_of_how_many(wire: Wire, gazetteer: Gazetteer) -> None:
    wire.api.ads = [ad for ad in make_ads(gazetteer, 2_000) if ad["origineOffre"]["origine"] == "1"]
    total = len(wire.api.ads)
    status, headers, said = await wire.get("search", range="0-149")
    assert (status, headers["Content-Range"], len(said["resultats"])) == (
        206, f"offres 0-149/{total}", 150,
    )  # fmt: skip
    assert headers["Accept-Range"] == "150"


async def test_a_detail_is_the_same_ad_or_gone_or_no_number(wire: Wire) -> None:
    assert (await wire.get("2LILLEA"))[2] == wire.api.ads[0]
    assert (await wire.get("2ZZZZZZ"))[0] == 204
    status, _, said = await wire.get("2ZZZZZZZZ")
    assert (status, said["message"]) == (400, ERRORS["detail_400_message"])


async def test_the_eleventh_call_of_a_second_is_refused_as_recorded(wire: Wire) -> None:
    answers = [await wire.get("2LILLEA") for _ in range(14)]
    status, headers, _ = next(answer for answer in answers if answer[0] != 200)
    recorded = ERRORS["search_429"]
    assert status == recorded["status"]
    assert headers["Content-Type"].startswith(recorded["content_type"])
    assert {name: headers[name] for name in recorded["headers"]} == recorded["headers"]
    wire.api.violations.clear()


async def test_a_parameter_nobody_documents_is_a_fault_of_the_client(wire: Wire) -> None:
    await wire.get("search", insee="59350")
    assert wire.api.violations == ["search: no parameter insee"]
    wire.api.violations.clear()


def test_generated_ads_have_the_keys_of_the_recorded_ones(gazetteer: Gazetteer) -> None:
    recorded = json.loads((SAMPLES / "search_206.json").read_text("utf-8"))["body"]["resultats"]
    known = {key for ad in recorded for key in ad} | {"formations"}
    ads = make_ads(gazetteer, 300)
    assert {key for ad in ads for key in ad} <= known
    assert ads == make_ads(gazetteer, 300)
    assert ads != make_ads(gazetteer, 300, seed=1)
    assert all(ad["dateCreation"] < NOW.isoformat() for ad in ads)

"""What is asked of France Travail, call by call and page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from matching.france_travail.pages import Refused
from matching.france_travail.query import asks
from matching.model import Offer, Search, Unavailable, WantedTrade
from nlu.gazetteer import Gazetteer
from nlu.meaning import Place
from tests.france_travail_api.ads import Ad, make_ads
from tests.france_travailing import BAKER, House, house, many, only

ADS = 1_500


@pytest.fixture(scope="module")
def gazetteer() -> Gazetteer:
    return Gazetteer.load()


@pytest.fixture(scope="module")
def ads(gazetteer: Gazetteer) -> list[Ad]:
    return make_ads(gazetteer, ADS)


@pytest.fixture
async def built(gazetteer: Gazetteer, ads: list[Ad]) -> AsyncIterator[House]:
    async with house(gazetteer, list(ads)) as built:
        yield built


# --- what is asked -------------------------------------------------------------------------------


async def test_apprenticeship_alone_is_asked_for_and_no_type_beside_it(built: House) -> None:
    """Both together would be one or the other: plain jobs would come in."""
    await built.client().find(built.near("Lille"))
    assert only(built.api, "natureContrat") == {"E2"}
    assert only(built.api, "typeContrat") == {None}


async def test_no_professional_contract_comes_out_even_when_sent(built: House) -> None:
    labels = {ad["natureContrat"] for ad in built.api.ads}
    assert len(labels) == 3
    offers = await built.client().candidates(built.near("Lille", 50))
    sent = {ad["id"]: ad["natureContrat"] for ad in built.api.ads}
    assert {sent[o.id.partition(":")[2]] for o in offers} == {"Contrat apprentissage"}


async def test_the_distance_is_always_said(built: House) -> None:
    """Left out, it is 10 km."""
    page = await built.client().find(built.near("Lille", 40), limit=500)
    assert any(f.distance_km and f.distance_km > 10 for f in page.offers)
    assert all(int(d or 0) >= 40 for d in only(built.api, "distance"))
    await built.client().find(built.near("Lille", 0.0))
    assert "0" not in only(built.api, "distance")


async def test_a_distance_is_a_whole_number_rounded_up(built: House) -> None:
    await built.client().find(built.near("Lille", 12.3))
    assert only(built.api, "distance") == {"18"}


async def test_a_circle_away_from_its_commune_s_middle_reaches_as_far(built: House) -> None:
    """Arles is 40 km wide: the nearest middle may be far."""
    lille, place = built.circle("Lille", 20), built.gazetteer.lookup("Lille")[0]
    moved = replace(lille, lat=lille.lat + 0.09)  # 10 km to the north
    (ask, *_) = asks(Search(circles=(moved,)), lambda *_: place, (), beside_lba=False)
    assert dict(ask.params)["commune"] == "59350"
    assert int(dict(ask.params)["distance"]) > 30


async def test_the_commune_is_an_insee_code_not_a_postcode(built: House) -> None:
    """13001 would be Aix, silently."""
    await built.client().find(built.near("Aix-en-Provence", 5))
    assert only(built.api, "commune") == {"13001"}
    await built.client().find(built.near("Lens", 5))
    assert "62498" in only(built.api, "commune")


@pytest.mark.parametrize(
    ("town", "code"), [("Paris", "75101"), ("Lyon", "69381"), ("Marseille", "13201")]
)
async def test_towns_with_arrondissements_are_asked_by_the_first(
    built: House, town: str, code: str
) -> None:
    found = await built.client().find_all(built.near(town, 10, WantedTrade("x", "", ("D1202",))))
    assert only(built.api, "commune") == {code}
    assert found


async def test_at_most_two_hundred_codes_a_call(built: House) -> None:
    codes = tuple(f"E{n:04d}" for n in range(1_000, 1_450))
    trade = WantedTrade("many", "", codes, ("D1102",))
    await built.client().find(built.near("Lille", 30, trade))
    lists = [params["codeROME"].split(",") for params in built.api.asked("search")]
    assert {len(codes) for codes in lists} == {200, 51}
    assert {code for codes in lists for code in codes} == {*codes, "D1102"}


async def test_parents_are_asked_for_too(built: House) -> None:
    roofer = WantedTrade("couvreur", "", ("F1619",), ("F1610",), ("couvr",))
    found = await built.client().find_all(Search(trades=(roofer,), france=True))
    assert found
    assert {f.offer.rome_codes for f in found} == {("F1610",)}


async def test_at_most_five_communes_a_call(built: House) -> None:
    towns = ("Lille", "Lens", "Arras", "Amiens", "Calais", "Laon", "Douai")
    circles = tuple(built.circle(town, 10) for town in towns)
    await built.client().find(Search(trades=(BAKER,), circles=circles))
    assert sorted(len(p["commune"].split(",")) for p in built.api.asked("search")) == [2, 2, 5, 5]


async def test_at_most_five_departements_a_call(built: House) -> None:
    places = ("02", "59", "60", "62", "80", "75", "2A", "974")
    found = await built.client().find_all(Search(trades=(BAKER,), departements=places))
    lists = {p["departement"] for p in built.api.asked("search")}
    assert lists == {"02,59,60,62,80", "75,2A,974"}
    assert {f.offer.departement for f in found} >= {"59", "2A"}


async def test_all_of_france_names_no_place(built: House) -> None:
    await built.client().find(Search(trades=(BAKER,)))
    for name in ("commune", "distance", "departement", "region"):
        assert only(built.api, name) == {None}


async def test_any_trade_is_any_craft(built: House) -> None:
    client = built.client(crafts=("D1102", "D1202"))
    found = await client.find_all(Search(circles=(built.circle("Lille", 20),)))
    assert only(built.api, "codeROME") == {"D1102,D1202"}
    assert {code for f in found for code in f.offer.rome_codes} == {"D1102", "D1202"}


async def test_both_origins_are_asked_for(built: House) -> None:
    """Without an origin, partners' ads are sometimes left out."""
    offers = await built.client().candidates(Search(trades=(BAKER,)))
    assert only(built.api, "origineOffre") == {"1", "2"}
    partners = [o for o in offers if o.id.startswith("France Travail:7")]
    assert 0 < len(partners) < len(offers)


async def test_la_bonne_alternance_is_left_out_when_it_is_asked_directly(built: House) -> None:
    def lba(offers: list[Offer]) -> int:
        return sum(k.startswith("labonnealternance:") for o in offers for k in o.also)

    search = Search(trades=(BAKER,))
    assert lba(await built.client().candidates(search)) > 0
    built.api.calls.clear()
    assert lba(await built.client(beside_lba=True).candidates(search)) == 0
    by_origin = {p["origineOffre"]: p for p in built.api.asked("search")}
    assert by_origin["2"]["partenaires"] == "LABONNEALTERNANCE"
    assert by_origin["2"]["modeSelectionPartenaires"] == "EXCLU"
    assert "partenaires" not in by_origin["1"]


async def test_the_diploma_is_not_asked_for(built: House) -> None:
    """Ads that name none would be lost, and they are most."""
    found = await built.client().find_all(replace(built.near("Lille", 100), diploma_level=3))
    assert {f.offer.diploma_level for f in found} == {3, None}
    assert only(built.api, "niveauFormation") == {None}


async def test_a_commune_unknown_there_is_replaced_by_its_surroundings(built: House) -> None:
    """One that was merged into another since: 400, and not an empty answer."""
    gone = Place("59999", "Neuville", "59", 50.63, 3.05)

    def locate(address: str, lat: float | None, lon: float | None, insee: str = "") -> Place | None:
        return built.gazetteer.locate(address, lat, lon) if address else gone

    client = built.client(locate=locate)
    assert await client.find_all(built.near("Lille", 20))
    searched = [call for call in built.api.calls if call.what == "search"]
    assert [call.status for call in searched].count(400) == 2
    instead = [call.params for call in searched if call.status != 400]
    assert {(p["departement"], p["inclureLimitrophes"]) for p in instead} == {("59", "true")}


async def test_another_400_is_an_error_that_says_why(built: House) -> None:
    with pytest.raises(Refused) as caught:
        await built.client(crafts=("boulanger",)).find(Search())
    assert caught.value.reason == "invalid"
    assert "codeROME" in caught.value.said


# --- pages ---------------------------------------------------------------------------------------


async def test_pages_are_turned_to_the_last(built: House) -> None:
    await many(built, 844)
    found = await built.client(live_pages=None).find_all(built.near("Lille"))
    assert len(found) == 844
    own = [p["range"] for p in built.api.asked("search") if p["origineOffre"] == "1"]
    # Those after the first are asked for together: which arrives first is not ours to say.
    assert own[0] == "0-149"
    assert sorted(own) == ["0-149", "150-299", "300-449", "450-599", "600-749", "750-899"]


@pytest.mark.parametrize("count", [0, 1, 149, 150, 151, 300])
async def test_a_full_page_is_206_as_well_and_none_204(built: House, count: int) -> None:
    await many(built, count)
    assert len(await built.client().find_all(built.near("Lille"))) == count
    own = [c for c in built.api.calls if c.params.get("origineOffre") == "1"]
    assert len(own) == max(1, -(-count // 150))
    assert {c.status for c in own} == ({204} if not count else {200} if count < 150 else {206})


async def test_beyond_3150_offers_dates_cut_the_series(built: House) -> None:
    """No page begins after 3000: the rest is reached by dates of creation."""
    await many(built, 4_000)
    found = await built.client(live_pages=None).find_all(built.near("Lille"))
    assert len(found) == 4_000
    starts = [int(p["range"].partition("-")[0]) for p in built.api.asked("search")]
    assert max(starts) <= 3_000
    assert {c.status for c in built.api.calls if c.what == "search"} <= {200, 204, 206}
    dated = [p for p in built.api.asked("search") if "minCreationDate" in p]
    assert dated
    assert all("maxCreationDate" in p for p in dated)


async def test_while_somebody_waits_only_the_newest_of_a_very_long_answer(built: House) -> None:
    await many(built, 4_000)
    found = await built.client().find_all(built.near("Lille"))
    assert {int(f.offer.id[-4:]) for f in found} == set(range(600))  # made newest first
    own = [p["range"] for p in built.api.asked("search") if p["origineOffre"] == "1"]
    assert own == ["0-149", "150-299", "300-449", "450-599"]
    assert built.outcomes["offers", "cropped"]


async def test_an_offer_shown_on_two_pages_counts_once(built: House) -> None:
    await many(built, 200)
    built.api.ads = [*built.api.ads, *built.api.ads[-30:]]
    assert len(await built.client().candidates(built.near("Lille"))) == 200


async def test_one_page_that_fails_fails_the_answer(built: House) -> None:
    await many(built, 400)
    built.api.fault("500", after=3)
    with pytest.raises(Unavailable):
        await built.client().find(built.near("Lille"))

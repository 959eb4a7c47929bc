"""Searches on API apprentissage: what is asked, and what is made of the answers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from random import Random
from typing import Any

import pytest

from matching.apprentissage.questions import Question, questions
from matching.model import Circle, Search, distance_km, matches, rank
from tests.apprenticing import BAKER, BAKERS, LENS, NOW, ROOFER, Desk, at_the_desk
from tests.apprentissage_api import job

ARRAS = (50.2910, 2.7781)
LILLE = (50.6292, 3.0586)
PARIS = (48.8566, 2.3522)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with at_the_desk() as desk:
        yield desk


# What is asked


async def test_the_key_travels_as_a_bearer(desk: Desk) -> None:
    await desk.client.find(BAKERS)
    assert desk.api.calls[0].headers["authorization"].startswith("Bearer ")


async def test_codes_of_today_and_their_parents_are_asked(desk: Desk) -> None:
    desk.api.jobs += [
        job("Couvreur", rome=["F1619"]),
        job("Couvreur zingueur", rome=["F1610"]),
        job("Installateur solaire", rome=["F1610"]),
    ]
    found = await desk.titles(Search(trades=(ROOFER,), circles=(LENS,)))
    assert sorted(found) == ["Couvreur", "Couvreur zingueur"]
    assert desk.api.calls[0].all("romes") == ["F1610,F1619"]


async def test_any_trade_still_sends_codes(desk: Desk) -> None:
    desk.api.jobs += [job(), job("Couvreur", rome=["F1619"])]
    assert len(await desk.titles(Search(circles=(LENS,)))) == 2
    assert desk.api.calls[0].all("romes") == ["D1102,F1619"]


async def test_a_malformed_code_does_not_spoil_the_call(desk: Desk) -> None:
    desk.api.jobs.append(job())
    odd = replace(BAKER, codes=("D1102", "d1102", "D11", ""))
    assert await desk.titles(replace(BAKERS, trades=(odd,)))
    assert desk.api.calls[0].all("romes") == ["D1102"]


async def test_without_a_code_nothing_is_asked(desk: Desk) -> None:
    assert await desk.titles(replace(BAKERS, trades=(replace(BAKER, codes=()),))) == []
    assert desk.api.calls == []


async def test_departements_are_repeated_never_joined(desk: Desk) -> None:
    desk.api.jobs += [job("Boulanger A"), job("Boulanger B", address="59000 Lille", at=LILLE)]
    found = await desk.titles(Search(trades=(BAKER,), departements=("59", "62")))
    assert sorted(found) == ["Boulanger A", "Boulanger B"]
    assert desk.api.calls[0].all("departements") == ["59", "62"]


async def test_corsica_by_its_two_departements(desk: Desk) -> None:
    desk.api.jobs.append(job("Boulanger", address="20000 Ajaccio", at=(41.9192, 8.7386)))
    assert await desk.titles(Search(trades=(BAKER,), departements=("2A",))) == ["Boulanger"]
    assert await desk.titles(Search(trades=(BAKER,), departements=("2B",))) == []


async def test_latitude_and_longitude_go_together_and_are_not_swapped(desk: Desk) -> None:
    await desk.client.find(BAKERS)
    call = desk.api.calls[0]
    assert abs(float(call.all("latitude")[0]) - LENS.lat) < 0.03
    assert abs(float(call.all("longitude")[0]) - LENS.lon) < 0.03


async def test_where_somebody_is_exactly_is_not_told(desk: Desk) -> None:
    nearby = replace(LENS, lat=LENS.lat + 0.003, lon=LENS.lon - 0.004)
    await desk.client.find(BAKERS)
    await desk.client.find(replace(BAKERS, circles=(nearby,)))
    assert len(desk.api.calls) == 1, "neighbours share an answer"


@pytest.mark.parametrize("km", [0, 1, 10, 30, 100, 150, 195.9, 199, 200])
def test_the_circle_asked_holds_the_one_wished(km: float) -> None:
    random = Random(km)
    for _ in range(300):
        circle = Circle(random.uniform(41, 51), random.uniform(-5, 9), km)
        [question] = questions(replace(BAKERS, circles=(circle,)), ())
        assert question.around is not None
        lat, lon, radius = question.around
        shift = distance_km(circle.lat, circle.lon, lat, lon)
        assert radius <= 200
        if radius < 200:
            assert (shift + km) * 6378.1 / 6371.0088 <= radius


async def test_beyond_what_can_be_asked_it_is_all_of_france(desk: Desk) -> None:
    desk.api.jobs += [job("Boulanger", at=PARIS, address="75001 Paris"), job("Boulanger nu",
                      at=(43.3, 5.4), address="13001 Marseille")]  # fmt: skip
    far = replace(BAKERS, circles=(replace(LENS, radius_km=250),))
    assert await desk.titles(far) == ["Boulanger"]
    assert desk.api.calls[0].all("radius") == []


async def test_an_offer_on_the_border_is_found_though_their_earth_is_larger(desk: Desk) -> None:
    # 29.99 km for us, 30.02 km for them.
    north = LENS.lat + 29.99 / 111.1950797
    desk.api.jobs.append(job("Boulanger", at=(north, LENS.lon), address="62300 Lens"))
    assert await desk.titles() == ["Boulanger"]


async def test_the_level_is_asked_and_the_unknown_one_kept(desk: Desk) -> None:
    desk.api.jobs += [job("Boulanger CAP"), job("Boulanger BP", level="4"),
                      job("Boulanger", level=None)]  # fmt: skip
    found = await desk.titles(replace(BAKERS, diploma_level=4))
    assert sorted(found) == ["Boulanger", "Boulanger BP"]
    assert desk.api.calls[0].all("target_diploma_level") == ["4"]


async def test_the_level_is_asked_of_all_of_france_too(desk: Desk) -> None:
    await desk.titles(Search(trades=(BAKER,), france=True, diploma_level=4))
    assert desk.api.calls[0].all("target_diploma_level") == ["4"]


@pytest.mark.parametrize("level", [1, 2, 8])
async def test_a_level_the_service_does_not_know_is_not_asked(desk: Desk, level: int) -> None:
    await desk.titles(replace(BAKERS, diploma_level=level))
    assert desk.api.calls[0].all("target_diploma_level") == []


async def test_two_towns_are_two_questions_and_one_answer(desk: Desk) -> None:
    desk.api.jobs += [job("Boulanger L"), job("Boulanger P", at=PARIS, address="75001 Paris")]
    both = replace(BAKERS, circles=(LENS, Circle(*PARIS, 10, "Paris")))
    assert sorted(await desk.titles(both)) == ["Boulanger L", "Boulanger P"]
    assert len(desk.api.calls) == 2


def test_the_same_question_has_the_same_key() -> None:
    turned = replace(BAKER, codes=("F1619", "D1102"))
    same = replace(BAKER, codes=("D1102", "F1619"))
    assert len({q.key() for t in (turned, same) for q in questions(Search((t,), (LENS,)), ())}) == 1


# What is made of the answers


async def test_distances_are_computed_by_us(desk: Desk) -> None:
    desk.api.jobs += [job("Boulanger", at=ARRAS, address="62000 Arras"), job()]
    found = await desk.client.find_all(BAKERS)
    assert [round(f.distance_km or 0.0) for f in found] == [0, 16]


async def test_a_page_knows_the_total(desk: Desk) -> None:
    desk.api.jobs += [job(f"Boulanger {n}") for n in range(7)]
    page = await desk.client.find(BAKERS, limit=3, offset=6)
    assert (len(page.offers), page.total, page.as_of) == (1, 7, None)


async def test_answers_obey_exactly_the_search(desk: Desk) -> None:
    """The oracle decides, whatever the service sends."""
    random = Random(5)
    desk.api.traps.closed = True
    for n in range(140):
        desk.api.jobs.append(
            job(
                random.choice(("Boulanger", "Pâtissier", "Vendeur en boulangerie", "Aide")),
                at=(LENS.lat + random.uniform(-0.6, 0.6), LENS.lon + random.uniform(-0.8, 0.8)),
                address=random.choice(("62300 Lens", "62000 Arras", "59000 Lille")),
                level=random.choice((None, "3", "4")),
                start=random.choice((None, "2027-01-04T00:00:00.000Z", "2027-09-01T00:00:00.000Z")),
                status=random.choice(("Active", "Active", "Filled", "Cancelled", "Pending")),
                types=random.choice((["Apprentissage"], ["Professionnalisation"], [])),
                delegated=random.random() < 0.2,
                expires=random.choice(("2026-11-20T00:00:00.000Z", "2027-01-01T00:00:00.000Z")),
                company=f"Maison {n}",
            )
        )
    from matching.job_offer import BadOffer, parse_job
    from tests.apprenticing import LOCATE

    offers = []
    for raw in desk.api.jobs:
        try:
            offers.append(parse_job(raw, LOCATE))
        except BadOffer:
            continue
    for search in (
        BAKERS,
        replace(BAKERS, diploma_level=3, start=date(2027, 9, 1), end=date(2027, 9, 30)),
        replace(BAKERS, excluded=("62041",), circles=(replace(LENS, radius_km=17.3),)),
        replace(BAKERS, hidden=tuple(o.id for o in offers[:20])),
        Search(trades=(BAKER,), departements=("62",)),
        Search(trades=(BAKER,), france=True),
    ):
        wished = sorted(
            (o for o in offers if matches(search, o, NOW)), key=lambda o: rank(search, o)
        )
        found = [f.offer for f in await desk.client.find_all(search)]
        assert [o.id for o in found] == [o.id for o in wished]
        assert found


async def test_france_travail_twice_is_one_offer(desk: Desk) -> None:
    desk.api.jobs.append(job("Boulanger", label="France Travail", partner_id="207QYWM"))
    assert await desk.titles() == ["Boulanger"]


async def test_twice_without_our_identifier_is_one_offer(desk: Desk) -> None:
    desk.api.traps.null_ids = True
    desk.api.jobs.append(job("Boulanger", label="France Travail", partner_id="207QYWM"))
    [found] = await desk.client.find_all(BAKERS)
    assert found.offer.id == "France Travail:207QYWM"


async def test_one_partner_number_under_two_identifiers_is_one_offer(desk: Desk) -> None:
    desk.api.jobs += [job(f"Boulanger {n}", label="Hellowork", partner_id="7") for n in (1, 2)]
    assert len(await desk.titles()) == 1


async def test_the_same_job_through_two_partners_is_one_offer(desk: Desk) -> None:
    desk.api.jobs += [
        job("Boulanger (H/F)", label="Hellowork", company="Chez Paul"),
        job("BOULANGER H/F", label="Meteojob", company="CHEZ PAUL"),
    ]
    assert len(await desk.titles()) == 1


async def test_only_apprenticeships(desk: Desk) -> None:
    desk.api.jobs += [
        job("Boulanger pro", types=["Professionnalisation"]),
        job("Boulanger rien", types=[]),
        job("Boulanger deux", types=["Professionnalisation", "Apprentissage"]),
    ]
    assert await desk.titles() == ["Boulanger deux"]


async def test_null_where_the_description_forbids_it(desk: Desk) -> None:
    desk.api.jobs.append(job(remote=None, company=None, recipient=None, phone=None, level=None))
    [found] = await desk.client.find_all(BAKERS)
    assert (found.offer.company, found.offer.apply_to, found.offer.diploma_level) == (None,) * 3


async def test_html_is_cleaned(desk: Desk) -> None:
    desk.api.traps.html = True
    desk.api.jobs.append(job("Boulanger & pâtissier"))
    [found] = await desk.client.find_all(BAKERS)
    assert found.offer.title == "Boulanger & pâtissier !".replace(" !", "\u202f!")
    assert "<" not in found.offer.description
    assert "À écrire" in found.offer.description or "A écrire" in found.offer.description


async def test_unknown_values_of_enumerations_do_no_harm(desk: Desk) -> None:
    desk.api.traps.unknown_enums = True
    desk.api.jobs.append(job("Boulanger", label="Un nouveau partenaire"))
    [found] = await desk.client.find_all(BAKERS)
    assert found.offer.source == "Un nouveau partenaire"
    assert found.offer.diploma_level is None


@pytest.mark.parametrize("trap", ["extra_keys", "missing_keys"])
async def test_fields_that_come_or_go_do_no_harm(desk: Desk, trap: str) -> None:
    setattr(desk.api.traps, trap, True)
    desk.api.jobs.append(job())
    assert len(await desk.titles()) == 1


@pytest.mark.parametrize("coordinates", [[], [0, 0], "null", [None, None], ["2.8", "50.4"]])
async def test_an_offer_without_usable_position_lies_in_its_commune(
    desk: Desk, coordinates: Any
) -> None:
    desk.api.traps.coordinates = coordinates
    desk.api.jobs.append(job("Boulanger", address="12 rue de Lens 62000 ARRAS"))
    [found] = await desk.client.find_all(BAKERS)
    assert (found.offer.city, found.offer.insee) == ("Arras", "62041")
    assert found.distance_km == pytest.approx(16, abs=3)


async def test_coordinates_the_wrong_way_round_are_turned(desk: Desk) -> None:
    desk.api.traps.coordinates = "swapped"
    desk.api.jobs.append(job("Boulanger"))
    [found] = await desk.client.find_all(BAKERS)
    assert found.distance_km == pytest.approx(0, abs=0.1)


@pytest.mark.parametrize("warnings", [None, [], [{"code": "JOB_NOT_FOUND", "message": ""}], ["?"]])
async def test_warnings_null_or_a_list(desk: Desk, warnings: Any) -> None:
    desk.api.traps.warnings = warnings
    desk.api.jobs.append(job())
    assert len(await desk.titles()) == 1


async def test_what_is_no_offer_is_left_out_without_losing_the_others(desk: Desk) -> None:
    broken = job("Boulanger sans lieu")
    broken["workplace"]["location"] = {"address": "", "geopoint": None}
    desk.api.traps.odd_jobs = (None, 3, "x", [], {}, {"offer": []}, broken)
    desk.api.jobs.append(job("Boulanger"))
    assert await desk.titles() == ["Boulanger"]


async def test_a_list_of_anything_but_offers_is_no_answer(desk: Desk) -> None:
    desk.api.traps.odd_jobs = (1, "x", None)
    assert (await desk.failure()).reason == "shape"


async def test_closed_and_expired_are_left_out(desk: Desk) -> None:
    desk.api.traps.closed = True
    desk.api.jobs += [
        job("Boulanger pris", status="Filled"),
        job("Boulanger en attente", status="Pending"),
        job("Boulanger ancien", expires="2026-11-25T11:59:59.000Z"),
    ]
    assert await desk.titles() == []


async def test_schools_in_place_of_employers_come_last(desk: Desk) -> None:
    desk.api.jobs += [
        job("Boulanger CFA", delegated=True),
        job("Boulanger école", naf="8559A"),
        job("Boulanger loin", at=ARRAS, address="62000 Arras"),
    ]
    assert (await desk.titles())[0] == "Boulanger loin"
    assert [f.offer.school for f in await desk.client.find_all(BAKERS)] == [False, True, True]


def test_questions_without_codes_do_not_exist() -> None:
    assert questions(Search(), ()) == []
    assert Question(("D1102",)).params() == [("romes", "D1102")]

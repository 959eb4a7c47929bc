"""The daily export of API apprentissage, and its training centres."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from datetime import UTC, date, datetime
from typing import Any

import pytest

from matching.apprentissage.export import Export, read_link
from matching.calling import Answer, CallFailed, Misread
from matching.job_offer import Company
from matching.model import Circle, Offer
from tests.apprenticing import LENS, Desk, at_the_desk
from tests.apprentissage_api import course, job, recruiter

ARRAS = (50.2910, 2.7781)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with at_the_desk() as desk:
        yield desk


async def read(export: Export) -> list[Offer | Company]:
    return [entry async for piece in export.pieces() for entry in piece]


@pytest.mark.parametrize("form", ["array", "object", "lines"])
@pytest.mark.parametrize("count", [0, 1, 2, 300])
async def test_an_export_in_any_form(desk: Desk, form: str, count: int) -> None:
    desk.api.export_format = form
    desk.api.jobs += [job(f"Boulanger n° {n} — é") for n in range(count)]
    if form != "lines" or count:
        desk.api.recruiters.append((recruiter("ICI"), frozenset()))
    else:
        desk.api.jobs.append(job())
    export = await desk.client.export()
    entries = await read(export)
    offers = [e.title for e in entries if isinstance(e, Offer)]
    assert sorted(offers) == sorted(j["offer"]["title"] for j in desk.api.jobs)
    assert sum(isinstance(e, Company) for e in entries) == len(desk.api.recruiters)
    assert export.link.updated == datetime(2026, 11, 25, 3, tzinfo=UTC)
    assert export.size > 0


async def test_the_key_is_not_sent_to_the_bucket(desk: Desk) -> None:
    desk.api.jobs.append(job())
    await read(await desk.client.export())
    assert "authorization" not in desk.api.to("download")[0].headers


async def test_the_signature_reaches_the_bucket_as_it_is(desk: Desk) -> None:
    desk.api.jobs.append(job())
    await read(await desk.client.export())
    assert desk.api.to("download")[0].all("X-Amz-Signature") == ["1"]


async def test_what_cannot_be_used_is_counted_by_reason(desk: Desk) -> None:
    desk.api.jobs += [
        job(types=["Professionnalisation"]),
        job(address="nulle part", at=(0, 0)),
        job(address="ailleurs", at=(0, 0)),
        job(),
    ]
    export = await desk.client.export()
    assert len(await read(export)) == 1
    assert sum(export.skipped.values()) == 3
    assert export.skipped["ce n’est pas un contrat d’apprentissage"] == 1
    assert len(export.skipped) == 2, "no address in the reasons"


async def test_an_export_cut_short_says_so_after_what_came(desk: Desk) -> None:
    desk.api.jobs += [job() for _ in range(300)]
    desk.api.fault("truncated", route="download")
    export, entries = await desk.client.export(), list[Offer | Company]()

    async def gather() -> None:
        async for piece in export.pieces():
            entries.extend(piece)

    with pytest.raises(CallFailed, match="truncated"):
        await gather()
    assert 0 < len(entries) < 300


async def test_an_export_that_ends_properly_in_the_middle_says_so(desk: Desk) -> None:
    """Whoever writes it stopped: HTTP is satisfied, JSON is not."""

    def half() -> Iterator[dict[str, Any]]:
        yield from (job() for _ in range(200))

    whole = "[" + ",".join(json.dumps(entry) for entry in half())
    desk.api.export_text = whole
    with pytest.raises(CallFailed, match="truncated"):
        await read(await desk.client.export())


@pytest.mark.parametrize(
    ("kind", "reason"), [("html", "not_json"), ("500", "failure"), ("502_page", "gateway")]
)
async def test_a_bucket_out_of_order(desk: Desk, kind: str, reason: str) -> None:
    desk.api.fault(kind, route="download", times=None)
    with pytest.raises(CallFailed, match=reason):
        await read(await desk.client.export())


async def test_garbage_between_two_offers(desk: Desk) -> None:
    desk.api.export_text = f"[{json.dumps(job())}, oups, {json.dumps(job())}]"
    with pytest.raises(CallFailed):
        await read(await desk.client.export())


async def test_an_old_link_is_refused(desk: Desk) -> None:
    desk.api.link_is_old = True
    with pytest.raises(CallFailed, match="denied"):
        await read(await desk.client.export())


@pytest.mark.parametrize("kind", ["wrong_types", "null", "html", "forbidden"])
async def test_no_link(desk: Desk, kind: str) -> None:
    desk.api.fault(kind, route="export")
    with pytest.raises(CallFailed):
        await desk.client.export()


@pytest.mark.parametrize("url", ["http://ailleurs.exemple/x", "file:///etc/passwd", "", None, 3])
def test_a_link_we_would_not_follow(url: object) -> None:
    with pytest.raises(Misread):
        read_link(Answer(200, {}, json.dumps({"url": url}).encode()), secure=True)


async def test_no_more_than_two_exports_a_minute(desk: Desk) -> None:
    for _ in range(4):
        await desk.client.export()
    assert desk.api.busiest_minute()["export"] <= 2


async def test_an_export_can_be_left(desk: Desk) -> None:
    desk.api.jobs += [job() for _ in range(300)]
    export = await desk.client.export()
    async with aclosing(export.pieces()) as pieces:
        async for _ in pieces:
            break
    assert len(await read(await desk.client.export())) == 300


# Training centres


async def test_courses_near_somebody(desk: Desk) -> None:
    desk.api.courses += [
        course("BOULANGER (CAP)", at=ARRAS, school="CFA ARRAS", phone="0321000000"),
        course("BOULANGER (CAP)", school="CFA LENS"),
        course("BOULANGER (BP)", level="4"),
        course("COIFFEUR", rome=["D1202"]),
        course("BOULANGER LOIN", at=(48.85, 2.35)),
        course("BOULANGER ARCHIVÉ", status="archivé"),
    ]
    found = await desk.client.courses(["D1102"], LENS, level=3)
    assert [(c.school, round(c.distance_km or 0)) for c in found] == [
        ("CFA LENS", 0),
        ("CFA ARRAS", 16),
    ]
    assert found[1].phone == "0321000000"
    assert found[0].starts == (date(2027, 9, 1),)
    assert (found[0].city, found[0].insee, found[0].diploma_level) == ("Lens", "62498", 3)


async def test_courses_without_a_known_school_or_a_place(desk: Desk) -> None:
    odd = course()
    odd["lieu"]["geolocalisation"]["coordinates"] = []
    empty = dict.fromkeys(course())
    desk.api.courses += [course(school=None), odd]
    desk.api.odd_courses = [None, 3, {}, empty]
    [found] = await desk.client.courses(["D1102"], LENS)
    assert found.school is None


async def test_courses_come_in_pages(desk: Desk) -> None:
    desk.api.courses += [course(school=f"CFA {n}") for n in range(1200)]
    assert len(await desk.client.courses(["D1102"], LENS)) == 1200
    assert [c.all("page_index") for c in desk.api.calls] == [["0"], ["1"]]


async def test_the_circle_of_courses_is_exact(desk: Desk) -> None:
    desk.api.courses.append(course(at=ARRAS))
    assert await desk.client.courses(["D1102"], Circle(LENS.lat, LENS.lon, 15)) == []
    assert await desk.client.courses(["D1102"], Circle(LENS.lat, LENS.lon, 16))


@pytest.mark.parametrize("kind", ["wrong_types", "null", "html", "empty", "500"])
async def test_courses_that_are_none(desk: Desk, kind: str) -> None:
    desk.api.fault(kind)
    with pytest.raises(CallFailed):
        await desk.client.courses(["D1102"], LENS)


async def test_an_appointment_with_a_centre(desk: Desk) -> None:
    desk.api.courses.append(course())
    [found] = await desk.client.courses(["D1102"], LENS)
    link = await desk.client.appointment(found.id)
    assert link is not None
    assert link.startswith("https://labonnealternance")


async def test_a_centre_that_takes_no_appointments(desk: Desk) -> None:
    assert await desk.client.appointment("inconnue") is None


@pytest.mark.parametrize("kind", ["wrong_types", "null", "html", "forbidden", "504"])
async def test_an_appointment_that_cannot_be_had(desk: Desk, kind: str) -> None:
    desk.api.fault(kind)
    with pytest.raises(CallFailed):
        await desk.client.appointment("inconnue")
    assert len(desk.api.calls) == 1

"""Applications through API apprentissage: one attempt, every refusal with its reason."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from matching.apprentissage.applying import (
    MOST_CHARACTERS,
    Application,
    Applied,
    Outcome,
    Refused,
    Unsure,
    write,
)
from matching.calling import CallFailed, within
from tests.apprenticing import Desk, at_the_desk
from tests.apprentissage_api import job, recruiter

PDF = b"%PDF-1.7\n" + b"x" * 2000
DOCX = b"PK\x03\x04" + b"x" * 2000


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with at_the_desk() as desk:
        desk.api.jobs.append(job())
        yield desk


def application(desk: Desk, **changes: object) -> Application:
    wished = Application(
        first_name="Camille",
        last_name="Martin",
        email="camille.martin@exemple.fr",
        phone="0612345678",
        attachment_name="cv.pdf",
        attachment=PDF,
        recipient=desk.api.jobs[0]["apply"]["recipient_id"],
    )
    return replace(wished, **changes)  # type: ignore[arg-type]


async def sent(desk: Desk, **changes: object) -> Outcome:
    return await desk.client.apply(application(desk, **changes))


async def test_an_application_is_accepted(desk: Desk) -> None:
    outcome = await sent(desk, message="Bonjour")
    assert isinstance(outcome, Applied)
    assert outcome.id
    assert desk.api.applications[0]["applicant_message"] == "Bonjour"


@pytest.mark.parametrize(
    ("name", "content"), [("CV.PDF", PDF), ("cv.docx", DOCX), ("mon cv.final.Docx", DOCX)]
)
async def test_files_by_name_and_content(desk: Desk, name: str, content: bytes) -> None:
    assert isinstance(await sent(desk, attachment_name=name, attachment=content), Applied)


@pytest.mark.parametrize(
    ("name", "content"),
    [("cv.pdf", DOCX), ("cv.docx", PDF), ("cv.jpg", b"\xff\xd8\xff"), ("cv.pdf", b""), ("cv", PDF)],
)
async def test_a_file_that_is_not_what_it_says_is_not_even_sent(
    desk: Desk, name: str, content: bytes
) -> None:
    assert await sent(desk, attachment_name=name, attachment=content) == Refused("bad_file")
    assert desk.api.calls == []


async def test_the_largest_file_passes_and_one_more_byte_is_refused(desk: Desk) -> None:
    prefix = len("data:application/pdf;base64,")
    largest = (MOST_CHARACTERS - prefix) // 4 * 3
    assert isinstance(await sent(desk, attachment=PDF.ljust(largest, b"x")), Applied)
    assert desk.api.calls[0].size < 5 * 1024 * 1024
    more = await sent(desk, attachment=PDF.ljust(largest + 3, b"x"))
    assert more == Refused("too_big")
    assert len(desk.api.calls) == 1


def test_the_body_holds_the_documented_keys_and_no_other() -> None:
    body = write(Application("A", "B", "a@b.fr", "0612345678", "cv.pdf", PDF, "partners_1"))
    assert isinstance(body, bytes)
    assert set(json.loads(body)) == {
        "applicant_first_name", "applicant_last_name", "applicant_email", "applicant_phone",
        "applicant_attachment_name", "applicant_attachment_content", "recipient_id",
    }  # fmt: skip
    assert json.loads(body)["applicant_attachment_content"].startswith(
        "data:application/pdf;base64,JVBERi0"
    )


@pytest.mark.parametrize("name", ["", "  ", "x" * 51])
async def test_a_name_too_long_or_missing(desk: Desk, name: str) -> None:
    assert await sent(desk, last_name=name) == Refused("bad_name")
    assert desk.api.calls == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"email": "camille"}, "bad_email"),
        ({"email": "camille@yopmail.com"}, "disposable_email"),
        ({"phone": "0899123456"}, "bad_phone"),
        ({"phone": "+33899123456"}, "bad_phone"),
        ({"phone": "12"}, "bad_phone"),
        ({"recipient": "partners_000000000000000000000000"}, "not_found"),
        ({"recipient": ""}, "not_found"),
    ],
)
async def test_each_refusal_has_its_reason(
    desk: Desk, change: dict[str, object], reason: str
) -> None:
    outcome = await sent(desk, **change)
    assert isinstance(outcome, Refused)
    assert outcome.reason == reason
    assert desk.api.applications == []


async def test_an_offer_that_was_filled_meanwhile(desk: Desk) -> None:
    desk.api.jobs[0]["offer"]["status"] = "Filled"
    assert await sent(desk) == Refused("expired")


async def test_a_company_that_left_no_address(desk: Desk) -> None:
    desk.api.no_contact.add(desk.api.jobs[0]["apply"]["recipient_id"])
    assert await sent(desk) == Refused("no_contact")


async def test_a_company_can_be_written_to_unasked(desk: Desk) -> None:
    company = recruiter()
    desk.api.recruiters.append((company, frozenset({"D1102"})))
    assert isinstance(await sent(desk, recipient=company["apply"]["recipient_id"]), Applied)


async def test_a_fourth_application_to_one_offer(desk: Desk) -> None:
    for _ in range(3):
        assert isinstance(await sent(desk), Applied)
    assert await sent(desk) == Refused("too_many_for_offer")
    assert isinstance(await sent(desk, email="autre@exemple.fr"), Applied)


async def test_too_many_for_one_company(desk: Desk) -> None:
    desk.api.quotas["apply"] = 1000
    for n in range(20):
        desk.clock.seconds += 60
        await sent(desk, email=f"c{n}@exemple.fr")
    assert await sent(desk) == Refused("too_many_for_company")


async def test_too_many_in_a_day(desk: Desk) -> None:
    email = "camille.martin@exemple.fr"
    desk.api.applications += [
        {"applicant_email": email, "recipient_id": f"{n}", "siret": f"{n}"} for n in range(100)
    ]
    assert await sent(desk) == Refused("too_many_today")


async def test_a_refusal_by_quota_of_a_candidate_does_not_close_the_route(desk: Desk) -> None:
    for _ in range(3):
        await sent(desk)
    assert await sent(desk) == Refused("too_many_for_offer")
    assert isinstance(await sent(desk, email="autre@exemple.fr"), Applied)


async def test_too_large_for_the_proxy_in_front(desk: Desk) -> None:
    desk.api.fault("413", route="apply")
    assert await sent(desk) == Refused("too_big")


@pytest.mark.parametrize(
    "kind", ["500", "502", "503", "504", "done_reset", "reset", "html", "502_page"]
)
async def test_what_became_of_it_is_unknown_and_it_is_not_repeated(desk: Desk, kind: str) -> None:
    desk.api.fault(kind, route="apply")
    outcome = await sent(desk)
    assert isinstance(outcome, Unsure), outcome
    assert len(desk.api.to("apply")) == 1


async def test_a_202_that_is_cut_short_is_still_a_202(desk: Desk) -> None:
    desk.api.fault("truncated", route="apply")
    assert await sent(desk) == Applied("")
    assert len(desk.api.applications) == 1


async def test_silence_is_unknown_too(desk: Desk) -> None:
    desk.api.fault("done_hang", route="apply")
    with within(0.2):
        assert await sent(desk) == Unsure("timeout")
    assert len(desk.api.applications) == 1
    assert len(desk.api.to("apply")) == 1


async def test_a_202_is_accepted_whatever_it_says(desk: Desk) -> None:
    from matching.apprentissage.applying import read_outcome
    from matching.calling import Answer

    for body in (b"", b"<html>", b"null", b"[]", b'{"id": null}'):
        assert read_outcome(Answer(202, {}, body)) == Applied("")


@pytest.mark.parametrize("kind", ["429", "429_bare", "expired", "forbidden"])
async def test_turned_away_at_the_door_was_surely_not_sent(desk: Desk, kind: str) -> None:
    desk.api.fault(kind, route="apply", retry_after=30)
    with pytest.raises(CallFailed) as caught:
        await sent(desk)
    assert caught.value.reason == ("busy" if "429" in kind else "denied")
    assert desk.api.applications == []
    assert len(desk.api.to("apply")) == 1


async def test_connections_refused_was_surely_not_sent(desk: Desk) -> None:
    await desk.api.stop()
    with pytest.raises(CallFailed) as caught:
        await sent(desk)
    assert not caught.value.sent


async def test_a_key_that_may_not_write(desk: Desk) -> None:
    desk.api.may_write = False
    with pytest.raises(CallFailed, match="denied"):
        await sent(desk)


async def test_no_minute_holds_more_applications_than_documented(desk: Desk) -> None:
    for n in range(30):
        await sent(desk, email=f"c{n}@exemple.fr")
    assert desk.api.busiest_minute()["apply"] <= 10


async def test_an_unknown_message_is_still_a_refusal(desk: Desk) -> None:
    from matching.apprentissage.applying import read_outcome
    from matching.calling import Answer

    said = json.dumps({"statusCode": 400, "error": "Bad Request", "message": "Nouveau motif"})
    assert read_outcome(Answer(400, {}, said.encode())) == Refused("invalid")
    said = json.dumps({"statusCode": 400, "message": 'body: Unrecognized key: "x"', "data": None})
    assert read_outcome(Answer(400, {}, said.encode())) == Refused("invalid")


async def test_nothing_of_the_person_is_in_errors_or_logs(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    desk.api.fault("forbidden", route="apply")
    with pytest.raises(CallFailed) as caught:
        await sent(desk)
    told = f"{caught.value!r} {caught.value} {caplog.text}"
    assert not [word for word in ("Camille", "Martin", "0612345678", "JVBERi0") if word in told]

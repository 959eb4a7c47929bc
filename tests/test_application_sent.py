"""What the application makes is what API apprentissage takes: type, size and details."""

from __future__ import annotations

import base64

import pytest

from matching.application.apart import Workshop
from matching.application.candidate import Candidate, email, full_name, phone
from matching.application.document import data_url
from matching.apprentissage.applying import Application, Applied
from tests.apprenticing import at_the_desk
from tests.apprentissage_api import job
from tests.cv_files import docx, heic, pdf, photo
from tests.test_application_made_cv import FIVE


def candidate() -> Candidate:
    first, last = full_name("je m'appelle Léa MARTIN")
    return Candidate(
        first, last, email("lea.martin@gmail.com").address, phone("06 12 34 56 78").e164
    )


@pytest.mark.parametrize(
    "files",
    [[pdf(2)], [docx()], [photo(), photo("blue", format="PNG")], [heic()], []],
    ids=["pdf", "docx", "two photos", "heic", "five answers"],
)
async def test_every_way_to_a_cv_is_accepted(files: list[bytes]) -> None:
    who, workshop = candidate(), Workshop()
    if files:
        cv = await workshop.cv_document(files, who.first_name, who.last_name)
    else:
        cv = await workshop.made_cv(who, FIVE)
    async with at_the_desk() as desk:
        desk.api.jobs.append(job())
        outcome = await desk.client.apply(
            Application(
                first_name=who.first_name, last_name=who.last_name, email=who.email,
                phone=who.phone, attachment_name=cv.name, attachment=cv.content,
                recipient=desk.api.jobs[0]["apply"]["recipient_id"],
            )
        )  # fmt: skip
        assert isinstance(outcome, Applied)
        (received,) = desk.api.applications
    assert received["applicant_attachment_name"].startswith("CV_Lea_Martin.")
    assert received["applicant_phone"] == "+33612345678"
    url = data_url(cv)  # the server has read its type, its first bytes and its length
    assert base64.b64decode(url.partition(",")[2]) == cv.content

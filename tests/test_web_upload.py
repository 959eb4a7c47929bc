"""The form with a CV, as strangers may send it: bounded, in memory, and answered in words."""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator, Callable
from io import BytesIO
from pathlib import Path

import aiohttp
import pytest

from nlu.understander import Understander
from tests.applying import GARAGE, AtThePage, cv, house, service
from tests.browsing import FETCH, Page, visit
from tests.talk import plain


@pytest.fixture
async def lea(
    offered: Callable[..., str], understander: Understander, tmp_path: Path
) -> AsyncIterator[AtThePage]:
    """Somebody who only has to choose a CV; nothing is sent in these tests."""
    template = offered("sqlite", "ateliers").removeprefix("sqlite+aiosqlite:///")
    url = f"sqlite+aiosqlite:///{shutil.copy(template, tmp_path / 'talk.sqlite')}"
    async with service() as api, house(url, api, understander) as rooms, visit(rooms) as person:
        await person.go("/")
        talk = AtThePage(rooms, person)
        await talk.say("carrossier à Frévent, septembre")
        await talk.send(payload=f"/apply {GARAGE}")
        for words in ("Léa Martin", "lea@exemple.fr", "06 12 34 56 78"):
            await talk.say(words)
        await talk.press("J'ai un CV")
        await talk.press("Sans mot")
        yield talk
        assert api.to("apply") == []


def form_of(lea: AtThePage, *files: tuple[str, bytes, str], **other: str) -> aiohttp.FormData:
    fields = lea.person.page.forms["upload"] | other
    form = aiohttp.FormData(fields, default_to_multipart=True)
    for name, content, kind in files:
        form.add_field("cv", BytesIO(content), filename=name, content_type=kind)
    return form


PHOTO = ("p.jpg", cv("photo1.jpg"), "image/jpeg")


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ([], "Choisis d'abord ton CV"),
        ([("", b"", "application/octet-stream")], "Choisis d'abord ton CV"),
        ([("cv.odt", b"PK", "application/octet-stream")], "ODT ne passe pas"),
        ([("cv.doc", b"\xd0", "application/msword")], "ancien format Word"),
        ([("cv.zip", b"PK", "application/zip")], "malgré son nom"),
        ([PHOTO] * 6, "Cinq photos au plus"),
        ([PHOTO] * 9, "Cinq photos au plus"),
        ([PHOTO, ("cv.pdf", b"%PDF-", "application/pdf")], "pas les deux ensemble"),
    ],
    ids=["none", "empty", "odt", "doc", "zip", "six", "nine", "mixed"],
)  # fmt: skip
async def test_what_is_wrong_is_said_and_can_be_chosen_again(
    lea: AtThePage, files: list[tuple[str, bytes, str]], sentence: str
) -> None:
    response = await lea.person.client.post("/chat", data=form_of(lea, *files))
    page = Page(await response.text())
    assert sentence in page.text
    assert "upload" in page.forms


async def test_the_page_says_how_and_names_its_field(lea: AtThePage) -> None:
    page = lea.person.page
    (field,) = [values for values in page.all("input") if values.get("type") == "file"]
    assert {"multiple", "required"} <= field.keys()
    assert field["accept"].startswith(".pdf,.docx")
    assert [label["for"] for label in page.all("label") if label["for"] == field["id"]] == ["cv"]
    assert "je ne le garde pas" in page.text
    assert len([v for v in page.all("form") if v.get("enctype") == "multipart/form-data"]) == 1


async def test_the_script_reads_it_too(lea: AtThePage) -> None:
    answer = await lea.person.client.get("/chat", headers=FETCH)
    assert 'id="upload"' in await answer.text()


@pytest.mark.parametrize(
    ("headers", "status"), [({"Sec-Fetch-Site": "cross-site"}, 403), ({"Origin": "null"}, 403)]
)
async def test_other_sites_choose_nothing(
    lea: AtThePage, headers: dict[str, str], status: int
) -> None:
    form = form_of(lea, ("cv.pdf", cv("cv.pdf"), "application/pdf"))
    response = await lea.person.client.post("/chat", data=form, headers=headers)
    assert response.status == status


async def test_a_stranger_is_not_read(lea: AtThePage) -> None:
    async with visit(lea.rooms) as stranger:
        response = await stranger.client.post("/chat", data=form_of(lea, PHOTO))
        assert response.status == 415


async def test_a_forged_press_sends_nothing(lea: AtThePage) -> None:
    pdf = ("cv.pdf", cv("cv.pdf"), "application/pdf")
    form = form_of(lea, pdf, press="/apply_send.AAAAAAAA")
    page = Page(await (await lea.person.client.post("/chat", data=form)).text())
    assert re.search("ne marche plus|trop vieux", page.text), page.text


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "multipart/form-data"),
        (b"x", "multipart/form-data; boundary=a"),
        (b"--a\r\n\r\nno name\r\n--a--\r\n", "multipart/form-data; boundary=a"),
        (
            (
                b"--a\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
                b"--b\r\n\r\nx\r\n--b--\r\n--a--"
            ),
            "multipart/form-data; boundary=a",
        ),
        (
            b'--a\r\nContent-Disposition: form-data; name="text"\r\n\r\n\xff\r\n--a--\r\n',
            "multipart/form-data; boundary=a",
        ),
        (b"--a\r\nfoo\r\n\r\nx\r\n--a--\r\n", "multipart/form-data; boundary=a"),
    ],
    ids=["no boundary", "cut", "no name", "nested", "no text", "no header"],
)
async def test_a_broken_form_is_answered_in_words(lea: AtThePage, body: bytes, kind: str) -> None:
    response = await lea.person.client.post("/chat", data=body, headers={"Content-Type": kind})
    assert response.status == 400
    assert "Je n'ai pas compris cette demande" in Page(plain(await response.text())).text


@pytest.mark.parametrize("fields", [{"text": "a" * 20_000}, {f"f{n}": "" for n in range(30)}])
async def test_fields_are_bounded(lea: AtThePage, fields: dict[str, str]) -> None:
    response = await lea.person.client.post("/chat", data=form_of(lea, **fields))
    assert response.status == 413


async def test_only_so_much_of_a_file_is_kept() -> None:
    from bot.web import upload

    class Part:
        left = 5

        async def read_chunk(self, size: int) -> bytes:
            self.left -= 1
            return b"a" * 1000 if self.left >= 0 else b""

    content, size = await upload._bounded(Part(), 1500)  # type: ignore[arg-type]
    assert (len(content), size) == (1500, 5000)

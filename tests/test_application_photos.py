"""Photos of a CV: in order, upright, light, and nothing beside the picture."""

from __future__ import annotations

import os
from io import BytesIO

import pikepdf
import pytest
from PIL import Image

from matching.application.document import MOST_OF_A_DATA_URL, PDF, data_url
from matching.application.refusal import Reason
from tests.cv_files import CANARY, everything, heic, made, pdf, photo, reason, seen


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_a_photo_becomes_a_page(format: str) -> None:
    sent = made(photo(format=format))
    assert (sent.name, sent.content_type) == ("CV_Lea_Martin.pdf", PDF)
    assert sent.content.startswith(b"%PDF-")
    (page,) = seen(sent)
    assert page.size == (596, 842)


def test_a_telephones_heic_is_a_photo() -> None:
    (page,) = seen(made(heic()))
    assert page.size == (596, 842)
    red = page.getpixel((60, 100))
    assert isinstance(red, tuple)
    assert red[0] > 200 > red[1] + 60


def test_several_photos_keep_their_order() -> None:
    colours = ["blue", "lime", "yellow"]
    pages = seen(made(*(photo(colour) for colour in colours)))
    expected = [(0, 0, 255), (0, 255, 0), (255, 255, 0)]
    middle = [page.getpixel((page.width // 2, page.height // 2)) for page in pages]
    for pixel, wanted in zip(middle, expected, strict=True):
        assert isinstance(pixel, tuple)
        assert all(abs(p - w) < 12 for p, w in zip(pixel, wanted, strict=True))


@pytest.mark.parametrize(
    ("orientation", "corner"),
    [(1, "top left"), (3, "bottom right"), (6, "top right"), (8, "bottom left")],
)
def test_photos_stand_upright(orientation: int, corner: str) -> None:
    """EXIF says how the telephone was held; the red corner turns with the sheet."""
    lying = orientation in (6, 8)
    (page,) = seen(made(photo(size=(1200, 900) if lying else (900, 1200), orientation=orientation)))
    assert page.height > page.width
    x = 40 if "left" in corner else page.width - 40
    y = 60 if "top" in corner else page.height - 60
    pixel = page.getpixel((x, y))
    assert isinstance(pixel, tuple)
    assert pixel[0] > 200
    assert pixel[1] < 60


def test_a_lying_photo_gets_a_lying_page() -> None:
    (page,) = seen(made(photo(size=(1600, 900))))
    assert page.size == (842, 596)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_place_telephone_and_author_are_gone(format: str) -> None:
    taken = photo(format=format)
    assert CANARY.encode() in taken
    content = made(taken).content
    assert CANARY.encode() not in everything(content)
    assert b"Exif" not in content
    with pikepdf.open(BytesIO(content)) as pdf:
        jpegs = [o for o in pdf.objects if isinstance(o, pikepdf.Stream) and "/Width" in o]
        (jpeg,) = jpegs
        with Image.open(BytesIO(jpeg.read_raw_bytes())) as image:
            assert not image.getexif()
            assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_photos_make_a_tagged_pdf() -> None:
    content = made(photo(), photo()).content
    with pikepdf.open(BytesIO(content)) as pdf:
        assert str(pdf.Root.Lang) == "fr"
        assert pdf.Root.MarkInfo.Marked
        whole = pdf.Root.StructTreeRoot.K
        alts = [str(figure.Alt) for figure in whole.K]
        assert alts == ["Page 1 sur 2 du CV", "Page 2 sur 2 du CV"]
        assert str(pdf.docinfo["/Title"]) == "CV de Léa Martin"
        assert "/Author" not in pdf.docinfo
        assert pdf.check_pdf_syntax() == []


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "LA", "1"])
def test_every_kind_of_picture_has_white_paper(mode: str) -> None:
    (page,) = seen(made(photo(format="PNG", mode=mode)))
    assert page.getpixel((page.width // 2, page.height // 2)) == (255, 255, 255)


def test_what_is_transparent_is_paper() -> None:
    out = BytesIO()
    Image.new("RGBA", (500, 700), (0, 0, 0, 0)).save(out, "PNG")
    (page,) = seen(made(out.getvalue()))
    assert page.getpixel((page.width // 2, page.height // 2)) == (255, 255, 255)


def test_large_photos_are_made_light() -> None:
    """Noise is what compresses worst; five sheets of it still fit."""
    noise = Image.frombytes("RGB", (2400, 3200), os.urandom(2400 * 3200 * 3))
    out = BytesIO()
    noise.save(out, "JPEG", quality=90)
    assert len(out.getvalue()) > 6_000_000
    sent = made(*[out.getvalue()] * 5)
    assert len(data_url(sent)) <= MOST_OF_A_DATA_URL


def test_pixels_that_would_fill_the_memory_are_refused() -> None:
    out = BytesIO()
    Image.new("1", (30_000, 30_000)).save(out, "PNG")
    assert len(out.getvalue()) < 200_000
    assert reason(out.getvalue()) is Reason.FILE_BOMB
    out = BytesIO()
    Image.new("1", (8_000, 8_000)).save(out, "PNG")
    assert reason(out.getvalue()) is Reason.FILE_BOMB


def test_photos_that_cannot_be_read() -> None:
    assert reason(photo(size=(200, 900))) is Reason.PHOTO_SMALL
    assert reason(photo()[:2000]) is Reason.FILE_BROKEN
    assert reason(b"\xff\xd8\xff" + os.urandom(3000)) is Reason.FILE_BROKEN
    assert reason(*[photo()] * 6) is Reason.PHOTOS_MANY
    assert reason(photo(), pdf()) is Reason.PHOTOS_MIXED
    assert reason() is Reason.FILE_EMPTY

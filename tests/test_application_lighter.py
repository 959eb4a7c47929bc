"""A scan too heavy to be sent is made lighter, and can still be read."""

from __future__ import annotations

import os
import time
from functools import cache
from io import BytesIO
from typing import Any

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name
from PIL import Image, ImageDraw

from matching.application.document import PDF, most_bytes
from matching.application.refusal import Reason
from tests.cv_files import everything, made, reason, seen

A4_AT_300, A4_AT_200 = (2480, 3508), (1654, 2339)


@cache
def sheet(
    size: tuple[int, int] = A4_AT_300, mode: str = "RGB", grain_of: float = 40
) -> Image.Image:
    """What a scanner sees: paper with its grain, and a big black square in the middle."""
    grain = (
        Image.effect_noise(size, grain_of).convert("L").point(lambda value: min(255, value + 90))
    )
    page = Image.merge("RGB", (grain, grain.transpose(Image.Transpose.FLIP_LEFT_RIGHT), grain))
    width, height = size
    middle = (width // 3, height // 3, 2 * width // 3, 2 * height // 3)
    ImageDraw.Draw(page).rectangle(middle, fill="black")
    return page.convert(mode)


def scan(*pages: Image.Image, how: str = "jpeg", **more: object) -> bytes:
    """A PDF with a picture on each page and nothing else, as scanners write it."""
    out = BytesIO()
    with pikepdf.new() as pdf:
        for page in pages:
            shot = BytesIO()
            page.save(shot, "JPEG", quality=95)
            jpeg = how == "jpeg"
            image = pdf.make_stream(
                shot.getvalue() if jpeg else page.tobytes(),
                Type=Name.XObject, Subtype=Name.Image, Width=page.width, Height=page.height,
                ColorSpace=Name.DeviceGray if page.mode == "L" else Name.DeviceRGB,
                BitsPerComponent=8, **more,
            )  # fmt: skip
            if jpeg:
                image.Filter = Name.DCTDecode
            blank = pdf.add_blank_page(page_size=(595, 842)).obj
            blank.Resources = Dictionary(XObject=Dictionary(Scan=image))
            blank.Contents = pdf.make_stream(b"q 595 0 0 842 0 0 cm /Scan Do Q")
        pdf.save(out, compress_streams=True)
    return out.getvalue()


def picture(page: pikepdf.Page) -> Any:
    return page.obj.Resources.XObject.Scan


def _dark(pixel: object) -> bool:
    return isinstance(pixel, int | float) and pixel < 100


def middle_and_corner(page: Image.Image) -> tuple[bool, bool]:
    """Whether the square is dark, and the paper light."""
    grey = page.convert("L").resize((9, 9), Image.Resampling.BOX)
    middle, corner = grey.getpixel((4, 4)), grey.getpixel((0, 0))
    return _dark(middle), not _dark(corner)


@pytest.mark.parametrize(
    ("how", "mode", "size"),
    [("jpeg", "RGB", A4_AT_300), ("jpeg", "L", A4_AT_300), ("flate", "RGB", A4_AT_200)],
)
def test_a_heavy_scan_is_sent_lighter(how: str, mode: str, size: tuple[int, int]) -> None:
    heavy = scan(sheet(size, mode), how=how)
    assert len(heavy) > most_bytes(PDF)
    sent = made(heavy)
    assert len(sent.content) <= most_bytes(PDF)
    assert [middle_and_corner(page) for page in seen(sent)] == [(True, True)]


def test_no_more_of_its_quality_is_lost_than_needs_be() -> None:
    with pikepdf.open(BytesIO(made(scan(sheet())).content)) as pdf:
        image = picture(pdf.pages[0])
        assert image.Height >= 1800


def test_a_light_one_is_left_as_it_is() -> None:
    small = sheet((620, 877))
    with pikepdf.open(BytesIO(made(scan(small)).content)) as pdf:
        image = picture(pdf.pages[0])
        assert (image.Width, image.Height) == small.size


def test_what_lies_beside_the_picture_stays() -> None:
    """Text, transparency, the profile of its colours: only the picture itself is made anew."""
    out = BytesIO()
    with pikepdf.open(BytesIO(scan(sheet()))) as pdf:
        profile = pdf.make_stream(b"a profile", N=3, Alternate=Name.DeviceRGB)
        for page in pdf.pages:
            picture(page).ColorSpace = Array([Name.ICCBased, profile])
        picture(pdf.pages[0]).SMask = pdf.make_stream(
            b"\xff" * 100, Type=Name.XObject, Subtype=Name.Image, Width=10, Height=10,
            ColorSpace=Name.DeviceGray, BitsPerComponent=8,
        )  # fmt: skip
        pdf.save(out)
    with pikepdf.open(BytesIO(made(out.getvalue()).content)) as pdf:
        image = picture(pdf.pages[0])
        assert image.Width < A4_AT_300[0]
        assert image.ColorSpace[0] == Name.ICCBased
        assert image.SMask.Width == 10
    assert b"a profile" in everything(made(out.getvalue()).content)


@pytest.mark.parametrize(
    "strange",
    [
        {"ImageMask": True},
        {"Decode": Array([1, 0, 1, 0, 1, 0])},
        {"Mask": Array([0, 9, 0, 9, 0, 9])},
        {"Width": 90_000, "Height": 90_000},
        {"Width": -3},
        {"BitsPerComponent": 16},
        {"ColorSpace": Name.Pattern},
        {"Filter": Name.JBIG2Decode},
    ],
)
def test_a_picture_that_is_not_understood_is_not_touched(strange: dict[str, object]) -> None:
    """It is too heavy still, and refused as such; nothing breaks on the way."""
    out = BytesIO()
    with pikepdf.open(BytesIO(scan(sheet()))) as pdf:
        for page in pdf.pages:
            for name, value in strange.items():
                picture(page)[f"/{name}"] = value
        pdf.save(out)
    assert reason(out.getvalue()) is Reason.FILE_BIG


def test_noise_that_is_no_picture_is_still_too_heavy() -> None:
    out = BytesIO()
    with pikepdf.open(BytesIO(scan(sheet((620, 877))))) as pdf:
        pdf.pages[0].obj.Contents = pdf.make_stream(os.urandom(3_400_000))
        pdf.save(out)
    assert reason(out.getvalue()) is Reason.FILE_BIG


def test_five_pages_take_a_few_seconds_of_processor() -> None:
    heavy = scan(*[sheet(grain_of=8)] * 5)
    assert len(heavy) > 2 * most_bytes(PDF)
    began = time.process_time()
    assert len(made(heavy).content) <= most_bytes(PDF)
    assert time.process_time() - began < 12

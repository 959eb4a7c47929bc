"""Photos of a CV as one accessible A4 PDF: in order, upright, light, and telling nothing else."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

from matching.application.refusal import Reason, Refused

if TYPE_CHECKING:
    from pikepdf import Dictionary, Pdf
    from PIL.Image import Image

A4 = (595.276, 841.89)
"""Points, upright."""

MARGIN = 14.17
"""Points: 5 mm, what a printer needs."""

MOST_PIXELS = 60_000_000
"""A telephone's photo has 12 to 50 million; decoding takes 3 bytes each."""

LEAST_PIXELS = 300
"""Under this many on the short side a page of text cannot be read."""

MOST_BYTES = 2_400_000
"""Of all photos together: below what the API takes, and light to send by mail."""

STEPS = ((2200, 82), (2200, 70), (1800, 68), (1500, 60), (1200, 55), (1000, 45))
"""(longest side in pixels, JPEG quality), tried in this order until it is light enough."""

FORMATS = ("JPEG", "PNG", "WEBP", "HEIF")


@dataclass(frozen=True, slots=True)
class Shot:
    """A photo ready for a page: JPEG bytes without metadata, size in pixels, grey or colour."""

    jpeg: bytes
    width: int
    height: int
    grey: bool


def photos_to_pdf(photos: Sequence[bytes], *, title: str) -> bytes:
    """One A4 page per photo, in the order given; a photo that lies gets a page that lies.

    The PDF is tagged, in French, with ``title``; each photo has « Page 1 sur 2 du CV » as its text.
    EXIF (place, time, telephone), profiles and comments are not in it.
    Raises :class:`Refused`: FILE_BROKEN, FILE_BOMB, PHOTO_SMALL.
    """
    images = [_upright(photo) for photo in photos]
    return _pdf(_light(images), title)


def _upright(photo: bytes) -> Image:
    """The picture as it was meant to be seen, in RGB or grey on white, at most 2200 pixels long."""
    # Imported here: Pillow and HEIF cost 10 MiB and only who sends a photo needs them.
    from pi_heif import register_heif_opener
    from PIL import Image, ImageOps

    register_heif_opener(thumbnails=False)
    try:
        with warnings.catch_warnings():
            # Pillow warns of what it repairs; bombs are refused below by their size.
            warnings.simplefilter("ignore")
            with Image.open(BytesIO(photo), formats=FORMATS) as image:
                if image.width * image.height > MOST_PIXELS:
                    raise Refused(Reason.FILE_BOMB)
                if min(image.size) < LEAST_PIXELS:
                    raise Refused(Reason.PHOTO_SMALL, least=str(LEAST_PIXELS))
                longest = STEPS[0][0]
                image.draft("RGB", (longest, longest))  # a JPEG decodes smaller, hence faster
                image.load()
                # a palette would shrink into torn letters; EXIF stays with what is converted
                full = image.convert("RGBA") if image.mode in {"1", "P", "PA"} else image
                full.thumbnail((longest, longest), Image.Resampling.LANCZOS)
                return _on_white(ImageOps.exif_transpose(full))
    except Refused:
        raise
    except Image.DecompressionBombError as error:
        raise Refused(Reason.FILE_BOMB) from error
    except Exception as error:
        # each decoder has its own kinds of exceptions for files that are broken
        raise Refused(Reason.FILE_BROKEN) from error


def _on_white(image: Image) -> Image:
    """RGB or grey; what is transparent becomes paper."""
    from PIL import Image

    if image.mode == "L":
        return image
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        paper = Image.new("RGB", rgba.size, "white")
        paper.paste(rgba, mask=rgba.getchannel("A"))
        return paper
    return image.convert("RGB")


def _light(images: Sequence[Image]) -> list[Shot]:
    """The photos at the best quality at which all together are at most :data:`MOST_BYTES`."""
    shots: list[Shot] = []
    for longest, quality in STEPS:
        shots = [_shot(image, longest, quality) for image in images]
        if sum(len(shot.jpeg) for shot in shots) <= MOST_BYTES:
            break
    return shots


def _shot(image: Image, longest: int, quality: int) -> Shot:
    from PIL import Image

    small = image.copy()
    small.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    small.info.clear()  # comments and profiles would be written again
    out = BytesIO()
    small.save(out, "JPEG", quality=quality, optimize=True, exif=b"", icc_profile=None)
    return Shot(out.getvalue(), small.width, small.height, small.mode == "L")


def _pdf(shots: Sequence[Shot], title: str) -> bytes:
    # Imported here: pikepdf costs 17 MiB and only who applies needs it.
    import pikepdf

    out = BytesIO()
    with pikepdf.new() as pdf:
        figures = []
        for number, shot in enumerate(shots, 1):
            figures.append(_page(pdf, shot, f"Page {number} sur {len(shots)} du CV"))
        _tag(pdf, figures)
        pdf.Root.Lang = "fr"
        pdf.Root.ViewerPreferences = pikepdf.Dictionary(DisplayDocTitle=True)
        with pdf.open_metadata(set_pikepdf_as_editor=False) as meta:
            meta["dc:title"] = title
            meta["dc:language"] = {"fr"}
            meta["pdfuaid:part"] = "1"
        pdf.docinfo["/Title"] = title
        pdf.save(out, deterministic_id=True)
    return out.getvalue()


def _page(pdf: Pdf, shot: Shot, alt: str) -> Dictionary:
    """Adds a page with the photo in its middle; its Figure for the structure tree."""
    from pikepdf import Array, Dictionary, Name, Page

    page_width, page_height = A4 if shot.height >= shot.width else A4[::-1]
    scale = min((page_width - 2 * MARGIN) / shot.width, (page_height - 2 * MARGIN) / shot.height)
    width, height = shot.width * scale, shot.height * scale
    x, y = (page_width - width) / 2, (page_height - height) / 2
    image = pdf.make_stream(
        shot.jpeg,
        Type=Name.XObject, Subtype=Name.Image, Width=shot.width, Height=shot.height,
        ColorSpace=Name.DeviceGray if shot.grey else Name.DeviceRGB,
        BitsPerComponent=8, Filter=Name.DCTDecode,
    )  # fmt: skip
    drawn = (
        f"/Figure <</MCID 0>> BDC q {width:.3f} 0 0 {height:.3f} {x:.3f} {y:.3f} cm /Photo Do Q EMC"
    )
    page = pdf.make_indirect(
        Dictionary(
            Type=Name.Page,
            MediaBox=Array([0, 0, page_width, page_height]),
            Resources=Dictionary(XObject=Dictionary(Photo=image)),
            Contents=pdf.make_stream(drawn.encode()),
            StructParents=len(pdf.pages),
            Tabs=Name.S,
        )
    )
    pdf.pages.append(Page(page))
    box = Array([x, y, x + width, y + height])
    return pdf.make_indirect(
        Dictionary(
            Type=Name.StructElem, S=Name.Figure, Alt=alt, Pg=pdf.pages[-1].obj, K=0,
            A=Dictionary(O=Name.Layout, BBox=box, Placement=Name.Block),
        )
    )  # fmt: skip


def _tag(pdf: Pdf, figures: Sequence[Dictionary]) -> None:
    """The structure tree: one Document with a Figure per page."""
    from pikepdf import Array, Dictionary, Name

    whole = pdf.make_indirect(
        Dictionary(Type=Name.StructElem, S=Name.Document, K=Array(list(figures)))
    )
    pages = [item for n, figure in enumerate(figures) for item in (n, Array([figure]))]
    root = pdf.make_indirect(
        Dictionary(
            Type=Name.StructTreeRoot, K=whole, ParentTree=Dictionary(Nums=Array(pages)),
            ParentTreeNextKey=len(figures),
        )
    )  # fmt: skip
    whole.P = root
    for figure in figures:
        figure.P = whole
    pdf.Root.StructTreeRoot = root
    pdf.Root.MarkInfo = Dictionary(Marked=True)

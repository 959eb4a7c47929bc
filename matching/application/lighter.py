"""A PDF whose pictures are too heavy to be sent, as scanners make them: the same pages, lighter."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import BytesIO
from typing import TYPE_CHECKING

from matching.application.photos import MOST_PIXELS, STEPS

if TYPE_CHECKING:
    from pikepdf import Object, Pdf
    from PIL.Image import Image

LEAST_BYTES = 60_000
"""A picture lighter than this is left as it is: a logo, a portrait."""


def lighter_pdf(content: bytes, most: int, save: Callable[[Pdf], bytes]) -> bytes:
    """The PDF at the best quality of :data:`matching.application.photos.STEPS` at which it is at
    most ``most`` bytes; a heavier one when none is light enough.

    Text, lines and tags stay as they are; so does a picture packed in a way that is not surely
    understood. ``save`` writes it.
    """
    import pikepdf

    lightest = content
    for longest, quality in STEPS:
        with pikepdf.open(BytesIO(content)) as pdf:
            pictures = sum(_redraw(item, longest, quality) for item in _pictures(pdf))
            if not pictures:
                return lightest
            lightest = min(lightest, save(pdf), key=len)
        if len(lightest) <= most:
            break
    return lightest


def _pictures(pdf: Pdf) -> Iterator[Object]:
    """Plain pictures of eight bits in grey or RGB, worth making lighter."""
    from pikepdf import Name, Stream

    for item in pdf.objects:
        if (
            isinstance(item, Stream)
            and item.get("/Subtype") == Name.Image
            and item.get("/BitsPerComponent") == 8
            and not any(key in item for key in ("/Decode", "/Mask", "/ImageMask"))
            and "/Matte" not in item.get("/SMask", {})
            and _channels(item.get("/ColorSpace")) is not None
            and _size(item) is not None
            and len(item.read_raw_bytes()) > LEAST_BYTES
        ):
            yield item


def _channels(space: Object | None) -> str | None:
    """Pillow's name of what the numbers of a pixel mean; ``None`` for anything unusual."""
    from pikepdf import Array, Name

    if space == Name.DeviceGray:
        return "L"
    if space == Name.DeviceRGB:
        return "RGB"
    if isinstance(space, Array) and len(space) == 2 and space[0] == Name.ICCBased:
        return {1: "L", 3: "RGB"}.get(int(space[1].get("/N", 0)))
    return None


def _size(item: Object) -> tuple[int, int] | None:
    try:
        width, height = int(item.get("/Width", 0)), int(item.get("/Height", 0))
    except (TypeError, ValueError):
        return None
    return (width, height) if width > 0 < height and width * height <= MOST_PIXELS else None


def _redraw(item: Object, longest: int, quality: int) -> bool:
    """Whether the picture is now lighter."""
    from pikepdf import Name
    from PIL import Image

    picture = _drawn(item, longest)
    if picture is None:
        return False
    picture.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    picture.info.clear()
    out = BytesIO()
    picture.save(out, "JPEG", quality=quality, optimize=True)
    if out.tell() >= len(item.read_raw_bytes()):
        return False
    item.write(out.getvalue(), filter=Name.DCTDecode)
    item.Width, item.Height = picture.size
    return True


def _drawn(item: Object, longest: int) -> Image | None:
    """The picture, ``None`` when it is not what its dictionary says."""
    from pikepdf import Name
    from PIL import Image

    mode, size = _channels(item.get("/ColorSpace")), _size(item)
    if mode is None or size is None:
        return None
    try:
        if item.get("/Filter") == Name.DCTDecode:
            picture = Image.open(BytesIO(item.read_raw_bytes()), formats=("JPEG",))
            if picture.mode != mode or picture.size != size:
                return None
            picture.draft(mode, (longest, longest))  # it decodes smaller, hence faster
            picture.load()
            return picture
        return Image.frombytes(mode, size, item.read_bytes())
    except Exception:  # noqa: BLE001 # each decoder has its own kinds of exceptions
        return None

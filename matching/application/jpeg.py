"""What a JPEG says beside its picture: place, time, telephone, comments. Taken out, losslessly."""

from __future__ import annotations

_EXIF, _COMMENT = 0xE1, 0xFE
_TELLING = frozenset({_EXIF, 0xED, _COMMENT, *range(0xE3, 0xED)})
"""EXIF and XMP (APP1), makers' own (APP3 to APP12), Photoshop's captions (APP13), comments. What
decides how the picture looks stays: JFIF (APP0), colour profile (APP2), Adobe's colours (APP14)."""

_ORIENTATION = 0x0112


def bare_jpeg(content: bytes) -> bytes:
    """The same picture, byte for byte, without the segments that tell; anything that is no JPEG,
    or is broken, comes back as it is."""
    if not content.startswith(b"\xff\xd8\xff"):
        return content
    kept, at = [content[:2]], 2
    while at + 4 <= len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        if marker == 0xDA:  # the picture itself begins
            return b"".join([*kept, content[at:]])
        end = at + 2 + int.from_bytes(content[at + 2 : at + 4], "big")
        if marker not in _TELLING:
            kept.append(content[at:end])
        at = max(end, at + 4)
    return content


def bare_upright_jpeg(content: bytes) -> bytes:
    """:func:`bare_jpeg` that still knows how the telephone was held, where programs turn it."""
    bare = bare_jpeg(content)
    held = _held(content) if bare != content else 1
    if held == 1:
        return bare
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01" + _ORIENTATION.to_bytes(2, "big")
    exif += b"\0\x03\0\0\0\x01" + held.to_bytes(2, "big") + b"\0\0\0\0\0\0"
    return bare[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + bare[2:]


def _held(content: bytes) -> int:
    """EXIF's orientation, 1 to 8; 1 is upright, or unknown."""
    # Imported here: only documents with photos need Pillow (5 MiB).
    from io import BytesIO

    from PIL import Image

    try:
        with Image.open(BytesIO(content), formats=("JPEG",)) as image:
            held = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # noqa: BLE001 # Pillow has a dozen ways to say that EXIF is broken
        return 1
    return held if isinstance(held, int) and 1 <= held <= 8 else 1

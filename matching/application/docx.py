"""A DOCX someone sends: what it must hold, what it must not, and what it must not tell."""

from __future__ import annotations

import re
import zlib
from io import BytesIO
from zipfile import ZIP_DEFLATED, BadZipFile, LargeZipFile, ZipFile, ZipInfo

from matching.application.jpeg import bare_upright_jpeg
from matching.application.refusal import Reason, Refused

MOST_PARTS = 1000
MOST_UNPACKED = 60_000_000
"""Bytes of all parts together: a CV with large pictures stays far below."""

_CONTENT_TYPES = "[Content_Types].xml"
_BODY = "word/document.xml"
_ACTS = re.compile(
    r"vbaproject|vbadata|activex|\.exe$|\.dll$|\.js$|\.vbs$|oleobject.*\.bin$", re.IGNORECASE
)
_CORE = b"""<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties"/>"""
_APP = b"""<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/extended-properties"/>"""
_CUSTOM = b"""<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/custom-properties"/>"""
_BLANK = {"docprops/core.xml": _CORE, "docprops/app.xml": _APP, "docprops/custom.xml": _CUSTOM}
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_TEMPLATE = re.compile(rb"<w:attachedTemplate\b[^>]*/>")
_TEMPLATE_LINK = re.compile(rb"<Relationship\b[^>]*/attachedTemplate\"[^>]*/>")


def clean_docx(content: bytes) -> bytes:
    """The same document without author, company, dates, template path and EXIF.

    Only well-formed packages pass: [Content_Types].xml and word/document.xml, no part twice, no
    macro, no control, nothing that unpacks beyond :data:`MOST_UNPACKED`. Nothing goes to disk.
    Raises :class:`Refused`: FILE_TYPE, FILE_BROKEN, FILE_LOCKED, FILE_MACRO, FILE_BOMB,
    FILE_NO_PAGE.
    """
    try:
        with ZipFile(BytesIO(content)) as package:
            parts = _unpacked(package)
    except Refused:
        raise
    except (BadZipFile, LargeZipFile, zlib.error, EOFError, OSError, ValueError) as error:
        raise Refused(Reason.FILE_BROKEN) from error
    except (NotImplementedError, RuntimeError, UnicodeError, OverflowError, MemoryError) as error:
        # a compression nobody uses, a password, names that are no text
        raise Refused(Reason.FILE_BROKEN) from error
    _check(parts)
    return _packed(parts)


def _unpacked(package: ZipFile) -> dict[str, bytes]:
    """Every part by its name, once the directory promises nothing bad."""
    infos = [info for info in package.infolist() if not info.is_dir()]
    names = {info.filename for info in infos}
    if _CONTENT_TYPES not in names or _BODY not in names:
        raise Refused(Reason.FILE_TYPE)
    if any(info.flag_bits & 0x1 for info in infos):
        raise Refused(Reason.FILE_LOCKED)
    if any(_ACTS.search(name) for name in names):
        raise Refused(Reason.FILE_MACRO)
    if len(names) != len(infos) or any(_is_odd(name) for name in names):
        raise Refused(Reason.FILE_BROKEN)
    if len(infos) > MOST_PARTS or sum(info.file_size for info in infos) > MOST_UNPACKED:
        raise Refused(Reason.FILE_BOMB)
    # zipfile reads no further than the size a header promises, then finds the checksum wrong.
    return {info.filename: package.read(info) for info in infos}


def _is_odd(name: str) -> bool:
    return name.startswith("/") or "\\" in name or ".." in name.split("/")


def _check(parts: dict[str, bytes]) -> None:
    types, body = parts[_CONTENT_TYPES], parts[_BODY]
    if b"macroEnabled" in types or b"vbaProject" in types or b"activeX" in types:
        raise Refused(Reason.FILE_MACRO)
    if b"wordprocessingml.document.main+xml" not in types or b"document" not in body[:20_000]:
        raise Refused(Reason.FILE_TYPE)
    texts = [data for name, data in parts.items() if name.endswith((".xml", ".rels"))]
    # No Office program writes a DTD, nor another encoding than UTF-8: both hide things.
    if any(b"<!DOCTYPE" in t or b"<!ENTITY" in t or t[:2] in _UTF_16 for t in texts):
        raise Refused(Reason.FILE_BROKEN)
    if not re.search(rb"<w:t(?: [^>]*)?>[^<]*[^<\s]|<w:drawing|<w:pict|<a:blip", body):
        raise Refused(Reason.FILE_NO_PAGE)


def _packed(parts: dict[str, bytes]) -> bytes:
    out = BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as package:
        # The content types come first, as readers that only look at the beginning expect.
        for name in sorted(parts, key=lambda name: (name != _CONTENT_TYPES, name)):
            data = _BLANK.get(name.lower(), parts[name])
            if name == "word/settings.xml":
                data = _TEMPLATE.sub(b"", data)
            elif name == "word/_rels/settings.xml.rels":
                data = _TEMPLATE_LINK.sub(b"", data)
            elif name.startswith("word/media/"):
                data = bare_upright_jpeg(data)
            # A fixed date: when the parts were made tells nothing to anybody.
            package.writestr(_stamped(name), data)
    return out.getvalue()


def _stamped(name: str) -> ZipInfo:
    info = ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    info.compress_type = ZIP_DEFLATED
    return info

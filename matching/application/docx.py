"""A DOCX someone sends: what it must hold, what it must not, and what it must not tell."""

from __future__ import annotations

import re
import zlib
from io import BytesIO
from xml.etree import ElementTree
from zipfile import ZIP_DEFLATED, BadZipFile, LargeZipFile, ZipFile, ZipInfo

from matching.application.jpeg import bare_upright_jpeg
from matching.application.refusal import Reason, Refused

MOST_PARTS = 1000
MOST_UNPACKED = 60_000_000
"""Bytes of all parts together: a CV with large pictures stays far below."""

_CONTENT_TYPES = "[Content_Types].xml"
_BODY = "word/document.xml"
_ACTS = re.compile(
    r"vbaproject|vbadata|activex|oleobject.*\.bin$|"
    r"\.(?:exe|dll|jse?|vb[es]|ws[fh]|hta|lnk|bat|cmd|com|scr|ps1|jar|msi|x?html?|mht(?:ml)?|rtf|"
    r"do[ct]m|xl[st]m|xlsb|xlam|p[po]tm|ppam)$",
    re.IGNORECASE,
)
_ACTING = ("/aFChunk", "/oleObject", "/control", "/vbaProject")
"""Ends of the types of relations to parts that act, whatever the parts are called."""

_DDE = re.compile(r"\bDDE(?:AUTO)?\b", re.IGNORECASE)
_WEB = re.compile(r"(?:https?|mailto|tel):", re.IGNORECASE)
_TEMPLATE = re.compile(rb"<(\w+:)?attachedTemplate\b[^>]*(?:/>|>\s*</\1?attachedTemplate\s*>)")
_NOWHERE = "NULL"
"""What Word itself writes for a part outside that it has lost."""

_NAMESPACE = "http://schemas.openxmlformats.org/package/2006/relationships"
_ENCODING = re.compile(rb"\s*<\?xml[^>]*?\bencoding\s*=\s*[\"']\s*([^\"'\s]*)", re.IGNORECASE)
_BOM = b"\xef\xbb\xbf"
_CORE = b"""<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties"/>"""
_APP = b"""<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/extended-properties"/>"""
_CUSTOM = b"""<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/custom-properties"/>"""
_BLANK = {"docprops/core.xml": _CORE, "docprops/app.xml": _APP, "docprops/custom.xml": _CUSTOM}


def clean_docx(content: bytes) -> bytes:
    """The same document without author, company, dates, EXIF, and all that it would fetch.

    Only well-formed packages pass: [Content_Types].xml and word/document.xml, no part twice, no
    macro, no control, no field that starts a program, nothing that unpacks beyond
    :data:`MOST_UNPACKED`. Nothing goes to disk.
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
    if len({name.lower() for name in names}) != len(infos) or any(_is_odd(name) for name in names):
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
    # By its content too: the types may call any part the document.
    texts = [
        data
        for name, data in parts.items()
        if name.lower().endswith((".xml", ".rels")) or data.lstrip(_BOM + b" \t\r\n")[:1] == b"<"
    ]
    if not all(map(_is_plain, texts)):
        raise Refused(Reason.FILE_BROKEN)
    if any(_DDE.search(_instructions(text)) for text in texts if b"nstr" in text):
        raise Refused(Reason.FILE_MACRO)
    if not re.search(rb"<w:t(?: [^>]*)?>[^<]*[^<\s]|<w:drawing|<w:pict|<a:blip", body):
        raise Refused(Reason.FILE_NO_PAGE)


def _is_plain(text: bytes) -> bool:
    """UTF-8 that says so, without a DTD: Office writes nothing else, and it hides things."""
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    bare = text.removeprefix(_BOM).lstrip()
    declared = _ENCODING.match(bare)
    return (
        bare[:1] in (b"<", b"")
        and b"\0" not in bare
        and b"<!DOCTYPE" not in bare
        and b"<!ENTITY" not in bare
        and (declared is None or declared[1].lower() in (b"utf-8", b"us-ascii"))
    )


def _parsed(text: bytes) -> ElementTree.Element:
    """Raises :class:`Refused` (FILE_BROKEN)."""
    try:
        return ElementTree.fromstring(text)  # noqa: S314 - `_is_plain`: there is no DTD
    except ElementTree.ParseError as error:
        raise Refused(Reason.FILE_BROKEN) from error


def _instructions(text: bytes) -> str:
    """What the fields of a part tell Word to do, put together again."""
    pieces, whole = [], []
    for element in _parsed(text).iter():
        if element.tag.endswith(("instrText", "}instr")):
            pieces.append("".join(element.itertext()))
        whole += [value for name, value in element.items() if name.endswith("instr")]
    return " ".join(["".join(pieces), *whole])


def _bound(text: bytes) -> bytes:
    """Relations that lead out lead to a page, when somebody clicks; nothing is fetched by itself.

    Raises :class:`Refused`: FILE_MACRO for parts that act, FILE_BROKEN.
    """
    relations = _parsed(text)
    for relation in list(relations):
        kind, target = relation.get("Type", ""), relation.get("Target", "")
        if kind.endswith("/attachedTemplate"):
            relations.remove(relation)
        elif relation.get("TargetMode", "").lower() != "external":
            if kind.endswith(_ACTING):
                raise Refused(Reason.FILE_MACRO)
        elif not (kind.endswith("/hyperlink") and _WEB.match(target.strip())):
            relation.set("Target", _NOWHERE)
    ElementTree.register_namespace("", _NAMESPACE)
    written: bytes = ElementTree.tostring(relations, "UTF-8", xml_declaration=True)
    return written


def _packed(parts: dict[str, bytes]) -> bytes:
    out = BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as package:
        # The content types come first, as readers that only look at the beginning expect.
        for name in sorted(parts, key=lambda name: (name != _CONTENT_TYPES, name)):
            data = _BLANK.get(name.lower(), parts[name])
            if name.lower().endswith(".rels"):
                data = _bound(data)
            elif b"attachedTemplate" in data:
                data = _TEMPLATE.sub(b"", data)
            elif name.lower().startswith("word/media/"):
                data = bare_upright_jpeg(data)
            # A fixed date: when the parts were made tells nothing to anybody.
            package.writestr(_stamped(name), data)
    return out.getvalue()


def _stamped(name: str) -> ZipInfo:
    info = ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    info.compress_type = ZIP_DEFLATED
    return info

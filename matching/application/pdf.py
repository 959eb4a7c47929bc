"""A PDF someone sends: opened, emptied of what is personal or acts by itself, written anew."""

from __future__ import annotations

import re
import zlib
from base64 import a85decode
from collections.abc import Iterator
from io import BytesIO
from typing import TYPE_CHECKING

from matching.application.jpeg import bare_jpeg
from matching.application.lighter import lighter_pdf
from matching.application.refusal import Reason, Refused, megabytes

if TYPE_CHECKING:
    from pikepdf import Dictionary, Object, Pdf

MOST_PAGES = 30
"""A CV has one or two; a book is a mistake."""

_ACTIVE_ROOT = ("/OpenAction", "/AcroForm", "/Collection")
_EVERYWHERE = ("/Metadata", "/PieceInfo", "/AA", "/AF", "/EF", "/JS")
_ACTIONS = ("/A", "/PA")
_ACTIVE_NAMES = ("/JavaScript", "/EmbeddedFiles")
_HARMLESS_ACTIONS = frozenset({"/URI", "/GoTo"})
_WEB = re.compile(r"(?:https?|mailto|tel):|(?![a-z][a-z0-9+.-]*:)", re.IGNORECASE)
"""An address of the web, or one without a scheme (« www.exemple.fr »)."""

_UNPRINTED = re.compile(r"[\x00-\x20\x7f]")
_MOST_INFLATED = 60_000_000
_EMBEDDED = frozenset({
    "/FileAttachment", "/RichMedia", "/Screen", "/Movie", "/Sound", "/3D", "/Widget",
})  # fmt: skip


def clean_pdf(content: bytes, most: int) -> bytes:
    """The same pages without author, dates, XMP, EXIF, scripts, forms and attached files.

    Over ``most`` bytes, their pictures are made lighter, as far as they can still be read.
    Tags, language, links and title stay: they serve who cannot see the page.
    Raises :class:`Refused`: FILE_BROKEN, FILE_LOCKED, FILE_NO_PAGE, FILE_BIG (over 30 pages),
    FILE_TYPE (no %%EOF).
    """
    # Imported here: pikepdf costs 17 MiB and only who applies needs it.
    import pikepdf

    if b"%%EOF" not in content[-2048:] and b"startxref" not in content[-4096:]:
        raise Refused(Reason.FILE_BROKEN)
    try:
        with pikepdf.open(BytesIO(content)) as pdf:
            if pdf.is_encrypted:
                raise Refused(Reason.FILE_LOCKED)
            if not pdf.pages:
                raise Refused(Reason.FILE_NO_PAGE)
            if len(pdf.pages) > MOST_PAGES:
                raise Refused(Reason.FILE_BIG, size=megabytes(len(content)), most="3")
            _clean(pdf)
            clean = _saved(pdf)
        return clean if len(clean) <= most else lighter_pdf(clean, most, _saved)
    except pikepdf.PasswordError as error:
        raise Refused(Reason.FILE_LOCKED) from error
    except Refused:
        raise
    except Exception as error:
        # qpdf meets broken files with half a dozen kinds of exceptions, RecursionError included
        raise Refused(Reason.FILE_BROKEN) from error


def _clean(pdf: Pdf) -> None:
    title = pdf.docinfo.get("/Title")
    del pdf.docinfo
    if title is not None:
        pdf.docinfo["/Title"] = title
    if "/AcroForm" in pdf.Root:  # what is written in a form becomes part of the page
        pdf.generate_appearance_streams()
        pdf.flatten_annotations()
    for key in _ACTIVE_ROOT:
        if key in pdf.Root:
            del pdf.Root[key]
    for key in _ACTIVE_NAMES:
        if key in pdf.Root.get("/Names", {}):
            del pdf.Root.Names[key]
    for item in pdf.objects:
        _clean_object(item)
    for page in pdf.pages:
        _clean_annotations(page.obj)


def _clean_object(item: Object) -> None:
    """No metadata, no action, no attached file; a JPEG keeps its picture alone."""
    from pikepdf import Name, Stream

    for part in _with_direct_parts(item):
        for key in _EVERYWHERE:
            if key in part:
                del part[key]
        for key in _ACTIONS:
            _clean_action(part, key)
    if isinstance(item, Stream) and (jpeg := _jpeg(item)) is not None:
        parms = item.get("/DecodeParms")
        item.write(bare_jpeg(jpeg), filter=Name.DCTDecode, decode_parms=_last(parms))


def _with_direct_parts(item: Object) -> Iterator[Object]:
    """Every dictionary that lies within this object, itself included: those that lie in the list
    of objects come by themselves."""
    from pikepdf import Array, Dictionary, Stream

    waiting = [item]
    while waiting:
        part = waiting.pop()
        inside: list[Object] = []
        if isinstance(part, Dictionary | Stream):
            yield part
            inside = [value for _, value in part.items()]
        elif isinstance(part, Array):
            inside = list(part)
        waiting += [
            value
            for value in inside
            if isinstance(value, Dictionary | Array) and not value.is_indirect
        ]


def _clean_action(part: Object, key: str) -> None:
    """A link leads to a page or an address of the web, and to nothing more."""
    from pikepdf import Dictionary

    action = part.get(key)
    if not isinstance(action, Dictionary) or "/S" not in action:  # a style, in a tagged document
        return
    kind, address = str(action["/S"]), _UNPRINTED.sub("", str(action.get("/URI", "")))
    if kind not in _HARMLESS_ACTIONS or (kind == "/URI" and not _WEB.match(address)):
        del part[key]
    elif "/Next" in action:
        del action["/Next"]


def _jpeg(item: Object) -> bytes | None:
    """The JPEG of a stream, out of what it is packed in besides; ``None`` when there is none, or
    it is packed as nobody does."""
    from pikepdf import Array, Name

    filters = item.get("/Filter")
    names = list(filters) if isinstance(filters, Array) else [filters]
    if names[-1:] != [Name.DCTDecode]:
        return None
    content = item.read_raw_bytes()
    for name in names[:-1]:
        if name == Name.FlateDecode:
            content = zlib.decompressobj().decompress(content, _MOST_INFLATED)
        elif name == Name.ASCII85Decode:
            content = a85decode(content.strip().removesuffix(b"~>"))
        else:
            return None
    return content


def _last(parms: Object | None) -> Dictionary | None:
    """What the last filter of a stream is told."""
    from pikepdf import Array, Dictionary

    last = list(parms)[-1] if isinstance(parms, Array) and len(parms) else parms
    return last if isinstance(last, Dictionary) else None


def _clean_annotations(page: Object) -> None:
    """What plays, or carries a file, goes; links have only harmless actions left."""
    from pikepdf import Array

    if "/Annots" not in page:
        return
    page.Annots = Array([one for one in page.Annots if str(one.get("/Subtype")) not in _EMBEDDED])


def _saved(pdf: Pdf) -> bytes:
    import pikepdf

    out = BytesIO()
    pdf.save(
        out,
        object_stream_mode=pikepdf.ObjectStreamMode.generate,
        compress_streams=True,
        deterministic_id=True,
    )
    return out.getvalue()

"""A PDF someone sends: opened, emptied of what is personal or acts by itself, written anew."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

from matching.application.jpeg import bare_jpeg
from matching.application.refusal import Reason, Refused, megabytes

if TYPE_CHECKING:
    from pikepdf import Object, Pdf

MOST_PAGES = 30
"""A CV has one or two; a book is a mistake."""

_ACTIVE_ROOT = ("/OpenAction", "/AcroForm", "/Collection")
_EVERYWHERE = ("/Metadata", "/PieceInfo", "/AA", "/AF", "/EF")
_ACTIVE_NAMES = ("/JavaScript", "/EmbeddedFiles")
_HARMLESS_ACTIONS = frozenset({"/URI", "/GoTo"})
_EMBEDDED = frozenset({
    "/FileAttachment", "/RichMedia", "/Screen", "/Movie", "/Sound", "/3D", "/Widget",
})  # fmt: skip


def clean_pdf(content: bytes) -> bytes:
    """The same pages without author, dates, XMP, EXIF, scripts, forms and attached files.

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
            return _saved(pdf)
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
    from pikepdf import Dictionary, Name, Stream

    if isinstance(item, Dictionary | Stream):
        for key in _EVERYWHERE:
            if key in item:
                del item[key]
    if isinstance(item, Stream) and item.get("/Filter") == Name.DCTDecode:
        item.write(bare_jpeg(item.read_raw_bytes()), filter=Name.DCTDecode)


def _clean_annotations(page: Object) -> None:
    """Links to pages and addresses stay; what runs, plays or carries a file goes."""
    from pikepdf import Array

    if "/Annots" not in page:
        return
    kept = []
    for annotation in list(page.Annots):
        action = annotation.get("/A")
        runs = action is not None and str(action.get("/S")) not in _HARMLESS_ACTIONS
        if runs or str(annotation.get("/Subtype")) in _EMBEDDED:
            continue
        if action is not None and "/Next" in action:
            del action["/Next"]
        kept.append(annotation)
    page.Annots = Array(kept)


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

"""CVs as people send them, made on the spot: photos, PDFs, DOCXs, and the bad ones."""

from __future__ import annotations

import base64
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

import pikepdf
import pypdfium2
import pytest
from PIL import Image, ImageDraw
from PIL.PngImagePlugin import PngInfo

from matching.application.document import Document, cv_document
from matching.application.refusal import Reason, Refused

CANARY = "Zanzibar"
"""Stands in all metadata: it must be nowhere in what is sent."""

GPS, MAKE, ORIENTATION, ARTIST, COMMENT = 0x8825, 0x010F, 0x0112, 0x013B, 0x9286

_XML = '<?xml version="1.0"?>'
_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
TYPES = (
    f'{_XML}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    f'<Override PartName="/word/document.xml" ContentType="{_MAIN}"/></Types>'
)
BODY = (
    f'{_XML}<w:document xmlns:w="{_WORD}"><w:body><w:p><w:r><w:t>Mon CV</w:t></w:r></w:p>'
    "</w:body></w:document>"
)
CORE = f"{_XML}<coreProperties><creator>{CANARY}</creator></coreProperties>"
SETTINGS = f'{_XML}<w:settings xmlns:w="{_WORD}"><w:attachedTemplate r:id="rId1"/></w:settings>'


def photo(
    color: str = "white",
    size: tuple[int, int] = (900, 1200),
    *,
    format: str = "JPEG",
    orientation: int = 1,
    mode: str = "RGB",
) -> bytes:
    """A sheet of that colour, its top left corner red, with everything a telephone adds."""
    image = Image.new("RGB", size, color)
    ImageDraw.Draw(image).rectangle((0, 0, size[0] // 4, size[1] // 4), fill="red")
    exif = Image.Exif()
    exif[ORIENTATION], exif[MAKE], exif[ARTIST] = orientation, CANARY, CANARY
    exif.get_ifd(GPS)[1] = "N"
    exif.get_ifd(GPS)[29] = CANARY
    out = BytesIO()
    if format == "PNG":
        info = PngInfo()
        info.add_text("Author", CANARY)
        image.convert(mode).save(out, format, exif=exif, pnginfo=info)
    elif format == "JPEG":
        image.convert(mode).save(out, format, exif=exif, comment=CANARY.encode())
    else:
        image.convert(mode).save(out, format, exif=exif)
    return out.getvalue()


def pdf(pages: int = 1, *, password: str | None = None, active: bool = False) -> bytes:
    """Pages with an author, XMP, a tagged root and, when asked, all that acts by itself."""
    out = BytesIO()
    with pikepdf.new() as made:
        for _ in range(pages):
            made.add_blank_page()
        with made.open_metadata(set_pikepdf_as_editor=False) as meta:
            meta["dc:creator"] = [CANARY]
        made.docinfo["/Author"], made.docinfo["/Title"] = CANARY, "Mon CV"
        made.Root.Lang, made.Root.MarkInfo = "fr", pikepdf.Dictionary(Marked=True)
        if active:
            script = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=f"app.alert('{CANARY}')")
            made.Root.OpenAction = script
            made.pages[0].obj.AA = pikepdf.Dictionary(O=script)
            made.attachments[CANARY] = CANARY.encode()
            rect = pikepdf.Array([0, 0, 9, 9])
            link = pikepdf.Dictionary(S=pikepdf.Name.URI, URI="https://example.com")
            made.pages[0].obj.Annots = pikepdf.Array([
                pikepdf.Dictionary(Subtype=pikepdf.Name.Link, Rect=rect, A=script),
                pikepdf.Dictionary(Subtype=pikepdf.Name.Link, Rect=rect, A=link),
            ])  # fmt: skip
        lock = pikepdf.Encryption(owner=password, user=password) if password else None
        made.save(out, encryption=lock)
    return out.getvalue()


def docx(parts: dict[str, str | bytes] | None = None, *, without: str = "") -> bytes:
    """A small document, with other or more parts."""
    whole: dict[str, str | bytes] = {
        "docProps/core.xml": CORE,
        "word/document.xml": BODY,
        "[Content_Types].xml": TYPES,
        "word/settings.xml": SETTINGS,
        "word/_rels/settings.xml.rels": (
            '<Relationships><Relationship Id="rId1" Type="http://x/attachedTemplate" '
            f'Target="file:///C:/{CANARY}/t.dotm" TargetMode="External"/></Relationships>'
        ),
        **(parts or {}),
    }
    out = BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as package:
        for name, data in whole.items():
            if name != without:
                package.writestr(name, data)
    return out.getvalue()


_HEIC = """
AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAZdtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAA
AAAAADRpbG9jAAAAAERAAAIAAQAAAAABuwABAAAAAAAAAVAAAgAAAAADCwABAAAAAAAAADoAAAA4aWluZgAAAAAAAgAAABVp
bmZlAgAAAAABAABodmMxAAAAABVpbmZlAgAAAQACAABFeGlmAAAAAA5waXRtAAAAAAABAAAA1mlwcnAAAAC3aXBjbwAAAHho
dmNDAQNwAAAAkAAAAAAAWvAA/P34+AAADwNgAAEAGEABDAH//wNwAAADAJAAAAMAAAMAWroCQGEAAQArQgEBA3AAAAMAkAAA
AwAAAwBaoASyAMhZbqSSmubgIaDAgAAADIAAAAMAhGIAAQAHRAHBcrBiQAAAABNjb2xybmNseAABAA0ABoAAAAAUaXNwZQAA
AAAAAAJYAAADIAAAABBwaXhpAAAAAAMICAgAAAAXaXBtYQAAAAAAAAABAAEEgQIDBAAAABppcmVmAAAAAAAAAA5jZHNjAAIA
AQABAAABkm1kYXQAAAFMKAGvUaeWTIySA8cOHDho2PkOkl//853f/5UekPsRdMbGSPwO9Uu3JKfeio/kL8Cuf2cdxekWMehU
zzACWkq3K2/zBnikw4QMkxJqpuy7AG4BqCAl6AAAAwAA+ICl2HfgBtoD+JIlgAAAAwAAAwADmpMCbCzo8AAAAwAAAwAAAwAD
2kDkpxqawl/H/6oao1x5elVXEqyRNZERJyyT5K9IcGaOhXpHENfDPuKQ6x+qbw35M8VTLfyQSYQ5hN9bH1CwAAADAAADAAAD
AAFbhwAAAwAAAwAAAwAAAwAADEgAAAMAAAMAAAMAAAMAAB6QAAADAAADAAADAAADAAO6AAADAAADAAADAAADAB3QAAADAAAD
AAADAAADAHpAAAADAAADAAADAAADAMyAAAADAAADAAADAAADAS0AAAMAAAMAAAMAAAMBRQAAAwAACfgAAAAGRXhpZgAATU0A
KgAAAAgAAgEPAAIAAAAJAAAAJgESAAMAAAABAAEAAAAAAABaYW56aWJhcgAA
"""


def heic() -> bytes:
    """A sheet like :func:`photo`, 600 x 800, as iPhones write it; our library only reads them."""
    return base64.b64decode(_HEIC)


def made(*files: bytes) -> Document:
    return cv_document(files, "Léa", "Martin")


def reason(*files: bytes) -> Reason:
    with pytest.raises(Refused) as caught:
        made(*files)
    return caught.value.reason


def outcome(file: bytes) -> Document | None:
    """The document, or nothing when it was refused for what is wrong with the file."""
    try:
        return made(file)
    except Refused as refused:
        reason = refused.reason
    assert reason.value.startswith(("file_", "photo"))
    return None


def seen(document: Document) -> list[Image.Image]:
    """The pages as a reader shows them, 72 dots an inch."""
    pdf = pypdfium2.PdfDocument(document.content)
    try:
        return [page.render(scale=1).to_pil().convert("RGB") for page in pdf]
    finally:
        pdf.close()


def everything(content: bytes) -> bytes:
    """All that a PDF or DOCX holds, unpacked, to look for what should not be there."""
    if content.startswith(b"PK"):
        with ZipFile(BytesIO(content)) as package:
            return b"\n".join(package.read(name) for name in package.namelist())
    with pikepdf.open(BytesIO(content)) as pdf:
        streams = [o for o in pdf.objects if isinstance(o, pikepdf.Stream)]
        raw = [stream.read_raw_bytes() for stream in streams]
        read = [s.read_bytes() for s in streams if s.get("/Filter") != pikepdf.Name.DCTDecode]
        return b"\n".join([*raw, *read, *(repr(o).encode() for o in pdf.objects)])

"""The document an application carries: a CV as bytes, in memory only, typed by its content."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from matching.application.candidate import ascii_letters
from matching.application.refusal import Reason, Refused, megabytes

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

MOST_OF_A_DATA_URL = 4_215_276
"""Characters that API apprentissage takes in ``applicant_attachment_content``."""

MOST_RECEIVED = 20_000_000
"""Bytes of one file we look at: what Telegram lets a bot download."""

MOST_TOGETHER = 60_000_000
"""Bytes of all photos of one CV."""

MOST_PHOTOS = 5


PHOTO_ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif")


def named_photo(name: str, content_type: str = "") -> bool:
    """Whether a file is called a photo; some browsers do not know what an iPhone's is."""
    return content_type.startswith("image/") or name.strip().lower().endswith(PHOTO_ENDINGS)


def most_bytes(content_type: str) -> int:
    """The largest content whose data URL is short enough: about 3.16 million bytes."""
    return (MOST_OF_A_DATA_URL - len(f"data:{content_type};base64,")) // 4 * 3


@dataclass(frozen=True, slots=True)
class Document:
    """A CV ready to be sent. ``name`` is made by us and ends in .pdf or .docx.

    ``content`` stays out of ``repr``, so that no log holds it by accident.
    """

    name: str
    content_type: str
    content: bytes = field(repr=False)


Kind = Literal["pdf", "docx", "photo"]


def kind(content: bytes) -> Kind:
    """What a file is, whatever it is called.

    Raises :class:`Refused`: FILE_EMPTY, FILE_TYPE, FILE_OLD_WORD, FILE_OPEN_DOCUMENT.
    """
    if not content:
        raise Refused(Reason.FILE_EMPTY)
    if b"%PDF-" in content[:1024]:
        return "pdf"
    if content.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        raise Refused(Reason.FILE_OLD_WORD)
    if content.startswith(b"PK\x03\x04"):
        if b"mimetypeapplication/vnd.oasis.opendocument" in content[:200]:
            raise Refused(Reason.FILE_OPEN_DOCUMENT)
        return "docx"
    if _is_photo(content):
        return "photo"
    raise Refused(Reason.FILE_TYPE)


def _is_photo(content: bytes) -> bool:
    """JPEG, PNG, WebP, or a HEIF brand that telephones write."""
    return (
        content.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"))
        or (content[:4] == b"RIFF" and content[8:12] == b"WEBP")
        or (
            content[4:8] == b"ftyp"
            and content[8:12] in {b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"}
        )
    )


def cv_document(files: Sequence[bytes], first_name: str, last_name: str) -> Document:
    """The CV to send, from one PDF, one DOCX, or photos of its pages in order.

    What is personal beside the CV itself (EXIF, place, author) and what acts by itself (macros,
    scripts) is gone from the result. It takes up to some seconds of processor and a few hundred
    megabytes: in service, call it through :class:`matching.application.apart.Workshop`.

    Raises :class:`Refused`, and nothing else whatever the bytes: any FILE_*, PHOTO_* or PHOTOS_*
    reason but FILE_SLOW.
    """
    kinds = _kinds(files)
    if kinds == ["pdf"]:
        from matching.application.pdf import clean_pdf

        content, content_type, ending = clean_pdf(files[0], most_bytes(PDF)), PDF, "pdf"
    elif kinds == ["docx"]:
        from matching.application.docx import clean_docx

        content, content_type, ending = clean_docx(files[0]), DOCX, "docx"
    else:
        from matching.application.photos import photos_to_pdf

        content = photos_to_pdf(files, title=title(first_name, last_name))
        content_type, ending = PDF, "pdf"
    if len(content) > most_bytes(content_type):
        most = megabytes(most_bytes(content_type))
        raise Refused(Reason.FILE_BIG, size=megabytes(len(content)), most=most)
    return Document(f"{_stem(first_name, last_name)}.{ending}", content_type, content)


def check_sizes(files: Sequence[bytes]) -> None:
    """Raises :class:`Refused`: FILE_EMPTY (no file), PHOTOS_MANY, FILE_BIG."""
    if not files:
        raise Refused(Reason.FILE_EMPTY)
    if len(files) > MOST_PHOTOS:
        raise Refused(Reason.PHOTOS_MANY, most=str(MOST_PHOTOS))
    for size, most in (
        (max(map(len, files)), MOST_RECEIVED),
        (sum(map(len, files)), MOST_TOGETHER),
    ):
        if size > most:
            raise Refused(Reason.FILE_BIG, size=megabytes(size), most=megabytes(most))


def _kinds(files: Sequence[bytes]) -> list[Kind]:
    """The kinds of the files, when together they can make one CV."""
    check_sizes(files)
    kinds = [kind(file) for file in files]
    if len(kinds) > 1 and set(kinds) != {"photo"}:
        raise Refused(Reason.PHOTOS_MIXED)
    return kinds


def title(first_name: str, last_name: str) -> str:
    """« CV de Léa Martin », « CV d’Inès Petit »: the title of the document."""
    name = f"{first_name} {last_name}".strip()
    vowel = ascii_letters(name[:1]).lower() in set("aeiouy")
    return f"CV d’{name}" if vowel else f"CV de {name}" if name else "CV"


def _stem(first_name: str, last_name: str) -> str:
    """« CV_Lea_Martin »: plain letters only, so that no name is a path or a trick."""
    words = re.findall(r"[A-Za-z]+", ascii_letters(f"{first_name} {last_name}".replace("’", " ")))
    return "_".join(["CV", *words])[:80].rstrip("_")


def document(content: bytes, first_name: str, last_name: str) -> Document:
    """A PDF of our own making (:mod:`matching.application.made_cv`) under the person's name."""
    return Document(f"{_stem(first_name, last_name)}.pdf", PDF, content)


def data_url(document: Document) -> str:
    """The document as API apprentissage wants it: « data:…;base64,… », at most 4,215,276
    characters. Raises ``ValueError`` for one that did not come from here."""
    encoded = base64.b64encode(document.content).decode()
    url = f"data:{document.content_type};base64,{encoded}"
    if len(url) > MOST_OF_A_DATA_URL:
        raise ValueError(f"{len(url)} characters")
    return url

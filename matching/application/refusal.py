"""Why a detail or a document cannot be sent, in a form the dialogue turns into a sentence."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """What is wrong; the value is the end of the sentence's name."""

    NAME_EMPTY = "name_empty"  # nothing, or no letter
    NAME_LONG = "name_long"  # more than `most` characters
    NAME_URL = "name_url"  # an address instead of a name
    NAME_HALF = "name_half"  # one word where first and last name are needed; `first` is it

    EMAIL_ODD = "email_odd"  # not an address; `suggestion` when we can guess which
    EMAIL_DISPOSABLE = "email_disposable"  # throw-away mailbox of `domain`

    PHONE_ODD = "phone_odd"  # not a number that exists
    PHONE_PREMIUM = "phone_premium"  # premium or shared cost
    PHONE_SERVICE = "phone_service"  # free, short or company number: nobody's own

    FILE_EMPTY = "file_empty"  # no byte
    FILE_TYPE = "file_type"  # neither PDF, DOCX nor a photo we can read
    FILE_OLD_WORD = "file_old_word"  # .doc of before 2007
    FILE_OPEN_DOCUMENT = "file_open_document"  # .odt
    FILE_BIG = "file_big"  # `size` megabytes where `most` are allowed
    FILE_BROKEN = "file_broken"  # the right type, and it cannot be opened
    FILE_LOCKED = "file_locked"  # protected by a password
    FILE_NO_PAGE = "file_no_page"  # a PDF or DOCX with nothing in it
    FILE_MACRO = "file_macro"  # holds a program
    FILE_BOMB = "file_bomb"  # unpacks to something enormous
    FILE_SLOW = "file_slow"  # took longer than allowed to read
    PHOTO_SMALL = "photo_small"  # fewer than `least` pixels on its short side: nobody can read it
    PHOTOS_MANY = "photos_many"  # more than `most`
    PHOTOS_MIXED = "photos_mixed"  # several files that are not all photos

    WORD_LONG = "word_long"  # `length` characters to the employer where `most` are allowed
    ANSWER_LONG = "answer_long"  # the same, of an answer a CV is made from
    CV_EMPTY = "cv_empty"  # five answers without a word


class Refused(Exception):
    """A detail or a document that cannot be sent.

    ``values`` are what the sentence quotes: numbers as they are read (« 3,2 »), never what the
    person wrote, except a ``suggestion`` to offer back.
    """

    def __init__(self, reason: Reason, **values: str) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.values = values


def megabytes(size: int) -> str:
    """Bytes as a person reads them, in megabytes of a million: « 4,2 »."""
    return f"{size / 1_000_000:.1f}".replace(".", ",")

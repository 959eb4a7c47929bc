"""An application through API apprentissage: sent once, and every refusal has its reason."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from matching.calling import Answer, Backend, CallFailed, Misread, Route

MOST_CHARACTERS = 4_215_276
"""Of the attachment as a data URL: a file of about 3 MB."""

ACCEPTED = frozenset({202, 400, 413, 429})

RefusalReason = Literal[
    "bad_file",  # neither PDF nor DOCX by name and content
    "too_big",
    "bad_name",
    "bad_email",
    "disposable_email",
    "bad_phone",  # unknown, premium or shared cost
    "not_found",  # no such offer or company any more
    "expired",
    "no_contact",  # the company left no address: call it
    "too_many_today",  # 100 a day and candidate
    "too_many_for_offer",  # 3 per offer or company and candidate
    "too_many_for_company",  # 20 a day to one company, from us
    "invalid",  # anything else about what we sent
]

_MESSAGES: dict[str, RefusalReason] = {
    "file type is not supported": "bad_file",
    "disposable email": "disposable_email",
    "job or recruiter not found": "not_found",
    "job offer has expired": "expired",
    "no contact email found": "no_contact",
    "maximum application per day": "too_many_today",
    "maximum application per offer": "too_many_for_offer",
    "maximum application per recruiter": "too_many_for_company",
}
_FIELDS: dict[str, RefusalReason] = {
    "applicant_email": "bad_email",
    "applicant_phone": "bad_phone",
    "applicant_first_name": "bad_name",
    "applicant_last_name": "bad_name",
    "applicant_attachment_name": "bad_file",
    "applicant_attachment_content": "bad_file",
    "recipient_id": "not_found",
}
_KINDS = {
    ".pdf": (b"%PDF-", "application/pdf"),
    ".docx": (
        b"PK\x03\x04",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
}
"""Ending of the name -> first bytes, MIME type."""


@dataclass(frozen=True, slots=True)
class Application:
    """What a person sends. ``recipient`` is an ``apply_to`` of an offer or a company."""

    first_name: str
    last_name: str
    email: str
    phone: str
    attachment_name: str
    attachment: bytes
    recipient: str
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Applied:
    """Accepted; the answer comes to the person by mail only. ``id`` is theirs, '' when not said."""

    id: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Surely not sent on."""

    reason: RefusalReason


@dataclass(frozen=True, slots=True)
class Unsure:
    """It may have been sent on or not: never repeat it by itself. ``reason`` is of the call."""

    reason: str


Outcome = Applied | Refused | Unsure


async def apply(
    backend: Backend, route: Route, url: str, headers: Mapping[str, str], application: Application
) -> Outcome:
    """Send it once. Raises :class:`CallFailed` when it surely has not been sent on.

    Outside a turn's :func:`matching.calling.within`: what is cut off after eight seconds may have
    arrived.
    """
    body = write(application)
    if isinstance(body, Refused):
        return body
    try:
        return await backend.ask(
            route, url, read_outcome, data=body, accept=ACCEPTED,
            headers={**headers, "Content-Type": "application/json"},
        )  # fmt: skip
    except CallFailed as failed:
        if failed.status == 202:  # the rest of the answer does not matter
            return Applied("")
        turned_away = failed.status is not None and 400 <= failed.status < 500
        if not failed.sent or turned_away:
            raise
        return Unsure(failed.reason)


def write(application: Application) -> bytes | Refused:
    """The body: these keys and no other, or what would be refused without asking."""
    content = _data_url(application.attachment_name, application.attachment)
    if content is None:
        return Refused("bad_file")
    if len(content) > MOST_CHARACTERS:
        return Refused("too_big")
    names = (application.first_name.strip(), application.last_name.strip())
    if not all(1 <= len(name) <= 50 for name in names):
        return Refused("bad_name")
    body = {
        "applicant_first_name": names[0],
        "applicant_last_name": names[1],
        "applicant_email": application.email,
        "applicant_phone": application.phone,
        "applicant_attachment_name": application.attachment_name,
        "applicant_attachment_content": content,
        "recipient_id": application.recipient,
    }
    if application.message is not None:
        body["applicant_message"] = application.message
    return json.dumps(body, ensure_ascii=False).encode()


def _data_url(name: str, content: bytes) -> str | None:
    """The service wants a data URL where its description says base64."""
    for ending, (magic, mime) in _KINDS.items():
        if name.lower().endswith(ending) and content.startswith(magic):
            return f"data:{mime};base64,{base64.b64encode(content).decode('ascii')}"
    return None


def read_outcome(answer: Answer) -> Applied | Refused:
    """202 is accepted whatever the body; a refusal is told by its message, then by its field.

    Raises :class:`Misread`.
    """
    if answer.status == 202:
        return Applied(_id(answer))
    if answer.status == 413:
        return Refused("too_big")
    said = _object(answer)
    message = str(said.get("message", "")).lower()
    for part, reason in _MESSAGES.items():
        if part in message:
            return Refused(reason)
    if answer.status == 429:
        if "error" not in said:  # the gateway's own quota, told without a time to wait
            raise Misread("busy")
        return Refused("too_many_today")
    return Refused(next((_FIELDS[f] for f in _fields(said, message) if f in _FIELDS), "invalid"))


def _id(answer: Answer) -> str:
    try:
        said = _object(answer)
    except Misread:
        return ""
    return str(said.get("id") or "")


def _object(answer: Answer) -> Mapping[str, Any]:
    said = answer.json()
    if not isinstance(said, Mapping):
        raise Misread
    return said


def _fields(said: Mapping[str, Any], message: str) -> list[str]:
    """The fields a validation error names: in its details, or as « body.applicant_phone: … »."""
    fields = [message.partition(":")[0].removeprefix("body.")]
    data = said.get("data")
    error = data.get("validationError") if isinstance(data, Mapping) else None
    issues = error.get("issues") if isinstance(error, Mapping) else None
    for issue in issues if isinstance(issues, list) else []:
        path = issue.get("path") if isinstance(issue, Mapping) else None
        fields += [str(part) for part in path] if isinstance(path, list) else []
    return fields

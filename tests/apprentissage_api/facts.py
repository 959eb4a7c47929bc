"""The facts of the description 2.17.0 that requests are held against, and the words of errors."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

Json = dict[str, Any]

LIMITS = {"search": 60, "offer": 120, "apply": 10, "export": 2, "appointment": 10}
"""Calls a minute and key, by route; none is documented for courses."""

CAP = 150
MOST_BODY = 5 * 1024 * 1024
MOST_ATTACHMENT = 4_215_276

ROME = re.compile(r"[A-Z]\d{4}")


def _between(low: float, high: float) -> Callable[[str], bool]:
    def fits(text: str) -> bool:
        try:
            return low <= float(text) <= high
        except ValueError:
            return False

    return fits


def _romes(text: str) -> bool:
    return all(ROME.fullmatch(code) for code in text.split(","))


_PLACE = {
    "latitude": _between(-90, 90),
    "longitude": _between(-180, 180),
    "radius": _between(0, 200),
}
_WHAT: dict[str, Callable[[str], bool]] = {
    "romes": _romes,
    "rncp": lambda text: re.fullmatch(r"RNCP\d{3,5}", text) is not None,
}
PARAMETERS: dict[str, dict[str, Callable[[str], bool]]] = {
    "search": {
        **_PLACE,
        **_WHAT,
        "target_diploma_level": lambda text: text in set("34567"),
        "opco": bool,
        "departements": lambda text: re.fullmatch(r"\d{2,3}|2[AB]", text) is not None,
        "partners_to_exclude": bool,
    },
    "courses": {
        **_PLACE,
        **_WHAT,
        "target_diploma_level": lambda text: text in set("12345678"),
        "page_size": _between(1, 1000),
        "page_index": _between(0, 1_000_000),
        "include_archived": lambda text: text in {"true", "false"},
    },
}
REPEATED = {"departements", "partners_to_exclude"}

APPLICATION = {
    "applicant_first_name", "applicant_last_name", "applicant_email", "applicant_phone",
    "applicant_attachment_name", "applicant_attachment_content", "recipient_id",
}  # fmt: skip
MAGIC = {
    ".pdf": ("data:application/pdf;base64,", b"%PDF-"),
    ".docx": (
        "data:application/vnd.openxmlformats-officedocument.wordprocessingml.document;base64,",
        b"PK\x03\x04",
    ),
}

KEYS = {
    "no_key": "Vous devez fournir une clé d'API valide pour accéder à cette ressource",
    "bad_header": "Le header Authorization doit être de la forme 'Bearer <token>'",
    "undecodable": "Impossible de déchiffrer la clé d'API",
    "expired": "La clé d'API a expirée",
    "revoked": "La clé d'API fournie a été révoquée",
}
UNABLE = "The server was unable to complete your request"


class Problem(Exception):
    """What is answered in place of a result."""

    def __init__(self, status: int, shape: Json, headers: dict[str, str] | None = None) -> None:
        super().__init__(shape.get("message"))
        self.status = status
        self.shape = shape
        self.headers = headers or {}


_NAMES = {
    400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found",
    413: "Payload Too Large", 429: "Too Many Requests", 500: "Internal Server Error",
    502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Time-out",
}  # fmt: skip


def gateway(status: int, message: str, **headers: str) -> Problem:
    """The gateway's own shape: `name`."""
    shape = {"statusCode": status, "name": _NAMES[status], "message": message}
    return Problem(status, shape, {n.replace("_", "-"): v for n, v in headers.items()})


def upstream(status: int, message: str, data: Json | None = None) -> Problem:
    """The shape of what stands behind it: `error`."""
    shape: Json = {"statusCode": status, "error": _NAMES[status], "message": message}
    return Problem(status, shape | ({"data": data} if data else {}))


def invalid(context: str, field: str, message: str) -> Problem:
    """A refusal by the validation of what stands behind it."""
    issue = {"code": "custom", "path": [field] if field else [], "message": message}
    error = {
        "code": "FST_ERR_VALIDATION", "issues": [issue], "name": "ZodError", "statusCode": 400,
        "validationContext": context,
    }  # fmt: skip
    where = f"{context}.{field}: " if field else f"{context}: "
    return upstream(400, where + message, {"validationError": error})

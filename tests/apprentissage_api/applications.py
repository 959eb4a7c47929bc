"""How the fake service takes applications: strictly, and with a reason for every refusal."""

from __future__ import annotations

import base64
import binascii
import json
import re

from tests.apprentissage_api.facts import (
    APPLICATION,
    MAGIC,
    MOST_ATTACHMENT,
    Json,
    invalid,
    upstream,
)
from tests.apprentissage_api.world import World

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_PHONE = re.compile(r"0[1-79]\d{8}|\+(?!338)\d{8,15}")
_DISPOSABLE = {"yopmail.com", "mailinator.com"}
_PER_OFFER, _PER_DAY, _PER_COMPANY = 3, 100, 20


def take(world: World, body: bytes) -> Json:
    """`/v2/application`: the answer to 202. What is accepted is kept without the file."""
    given = _valid(body)
    _check_file(given["applicant_attachment_name"], given["applicant_attachment_content"])
    if given["applicant_email"].rpartition("@")[2] in _DISPOSABLE:
        raise upstream(400, "Disposable email are not allowed")
    recipient = given["recipient_id"]
    entry = next((e for e in _recipients(world) if e["apply"]["recipient_id"] == recipient), None)
    if entry is None:
        raise upstream(400, "Job or recruiter not found")
    if "offer" in entry and entry["offer"]["status"] != "Active":
        raise upstream(400, "Job offer has expired")
    if recipient in world.no_contact:
        raise upstream(
            400, "Internal error: no contact email found for the corresponding ressource"
        )
    _check_quotas(world, given, entry["workplace"]["siret"])
    kept = {k: v for k, v in given.items() if k != "applicant_attachment_content"}
    world.applications.append(kept | {"siret": entry["workplace"]["siret"]})
    return {"id": f"{len(world.applications):024x}"}


def _recipients(world: World) -> list[Json]:
    return [*world.jobs, *(r for r, _ in world.recruiters)]


def _valid(body: bytes) -> Json:
    try:
        given = json.loads(body)
    except ValueError:
        raise upstream(400, "Body is not valid JSON") from None
    if unknown := sorted(given.keys() - APPLICATION - {"applicant_message"}):
        raise invalid("body", "", f'Unrecognized key: "{unknown[0]}"')
    for name in sorted(APPLICATION):
        if not isinstance(given.get(name), str) or not given[name]:
            raise invalid("body", name, "Required")
    for name in ("applicant_first_name", "applicant_last_name"):
        if len(given[name]) > 50:
            raise invalid("body", name, "String must contain at most 50 character(s)")
    if not _EMAIL.fullmatch(given["applicant_email"]):
        raise invalid("body", "applicant_email", "Invalid email")
    if not _PHONE.fullmatch(given["applicant_phone"]):
        raise invalid("body", "applicant_phone", "Numéro de téléphone invalide")
    if len(given["applicant_attachment_content"]) > MOST_ATTACHMENT:
        raise invalid("body", "applicant_attachment_content", "String is too long")
    return dict(given)


def _check_file(name: str, content: str) -> None:
    for ending, (prefix, magic) in MAGIC.items():
        if name.lower().endswith(ending) and content.startswith(prefix):
            try:
                start = base64.b64decode(content.removeprefix(prefix), validate=True)
            except binascii.Error:
                continue
            if start.startswith(magic):
                return
    raise upstream(400, "File type is not supported")


def _check_quotas(world: World, given: Json, siret: str | None) -> None:
    by_person = [a for a in world.applications if a["applicant_email"] == given["applicant_email"]]
    if len(by_person) >= _PER_DAY:
        raise upstream(429, "Maximum application per day reached")
    same = [a for a in by_person if a["recipient_id"] == given["recipient_id"]]
    if len(same) >= _PER_OFFER:
        raise upstream(429, "Maximum application per offer reached")
    if siret and sum(a["siret"] == siret for a in world.applications) >= _PER_COMPANY:
        raise upstream(429, "Maximum application per recruiter reached")

"""Messages in, meanings out: one JSON object a line, for those who measure the understander."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, get_args

from nlu.meaning import Asked
from nlu.understander import Understander

LONGEST_LINE = 65_536
"""Bytes; people write 10,000 characters at most, on bad days."""


class BadLine(Exception):
    """A line that cannot be read; the message says why, in French."""


def understand(
    lines: Iterable[bytes], understander: Understander, today: date
) -> Iterator[dict[str, Any]]:
    """One object per line, in order; ``{"error": …}`` for a bad one, which stops nothing."""
    for line in lines:
        content = line.strip()
        if not content:
            continue
        id: str | int | None = None
        try:
            id, text, context = _read(content)
            meaning = understander.read(text, asked=context, today=today)
            yield ({} if id is None else {"id": id}) | meaning.to_json()
        except BadLine as error:
            yield {"error": str(error)}


def _read(line: bytes) -> tuple[str | int | None, str, Asked | None]:
    """The id, the text, and what had been asked. Raises :class:`BadLine`."""
    if len(line) > LONGEST_LINE:
        raise BadLine(f"ligne trop longue : {len(line)} octets, {LONGEST_LINE} au plus")
    try:
        written = line.decode("utf-8")
    except UnicodeDecodeError:
        raise BadLine("la ligne n’est pas en UTF-8") from None
    if not written.startswith("{"):
        return None, written, None
    try:
        data = json.loads(written)
    except (ValueError, RecursionError) as error:
        raise BadLine(f"JSON illisible : {error}") from None
    return _fields(data)


def _fields(data: dict[str, Any]) -> tuple[str | int | None, str, Asked | None]:
    text, context, id = data.get("text"), data.get("context"), data.get("id")
    if not isinstance(text, str):
        raise BadLine("« text » manque")
    if context is not None and context not in get_args(Asked):
        raise BadLine(f"« context » inconnu : {context}")
    return (id if isinstance(id, str | int) else None), text, context

"""The body of `python -m bot understand`: one message a line in, one JSON object a line out."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, TextIO, get_args

from nlu.meaning import Asked
from nlu.understander import Understander

LONGEST_LINE = 65_536  # bytes; a message is at most 4,096 characters, whatever they are made of
_CONTEXTS = frozenset(get_args(Asked))


@dataclass(frozen=True, slots=True)
class Line:
    """One message to read; ``given`` holds the ``id``, when there was one."""

    text: str
    asked: str | None
    given: dict[str, Any]


class BadLine(ValueError):
    """A line that holds no message; says why, in French."""


def run(
    lines: Iterable[bytes | str], out: TextIO, today: date, understander: Understander | None = None
) -> int:
    """Reads every line and writes its answer at once, in order; returns the exit status, 0.

    A line that cannot be read gives ``{"error": …}`` and does not stop the rest.
    """
    understander = understander or Understander.load()
    for line in lines:
        answer = _answer(understander, line, today)
        out.write(json.dumps(answer, ensure_ascii=False) + "\n")
        out.flush()
    return 0


def _answer(understander: Understander, line: bytes | str, today: date) -> dict[str, Any]:
    try:
        read = parse(line)
    except BadLine as problem:
        return {"error": str(problem)}
    understanding = understander.read(read.text, asked=read.asked, today=today)
    return read.given | understanding.to_json()


def parse(line: bytes | str) -> Line:
    """The message of a line: JSON when it opens with ``{``, plain text otherwise."""
    text = _decoded(line).strip("\r\n")
    if not text.strip():
        raise BadLine("Cette ligne est vide : écris un message par ligne.")
    if not text.lstrip().startswith("{"):
        return Line(text, None, {})
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        raise BadLine("Cette ligne ressemble à du JSON, mais je n’arrive pas à la lire.") from None
    return _from_json(given)


def _decoded(line: bytes | str) -> str:
    size = len(line) if isinstance(line, bytes) else len(line.encode("utf-8", "surrogatepass"))
    if size > LONGEST_LINE:
        raise BadLine(f"Cette ligne est trop longue : {LONGEST_LINE // 1024} Ko au plus.")
    if isinstance(line, str):
        return line.encode("utf-8", "replace").decode()
    try:
        return line.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError:
        raise BadLine("Cette ligne n’est pas en UTF-8.") from None


def _from_json(given: Any) -> Line:
    text = given.get("text")
    if not isinstance(text, str) or not text.strip():
        raise BadLine("Il manque le champ « text », avec le message.")
    asked = given.get("context")
    if not (isinstance(asked, str) and asked in _CONTEXTS):
        asked = None  # a question we do not ask says nothing of the answer; the text still counts
    # A lone surrogate is valid JSON and no text: it could not be written out again.
    clean = text.encode("utf-8", "replace").decode()
    return Line(clean, asked, {"id": given["id"]} if given.get("id") is not None else {})

"""Logs that hold nothing personal: an allow-list of keys, people as marks, mistakes as places."""

from __future__ import annotations

import hmac
import json
import logging
import sys
import traceback
from collections.abc import MutableMapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

import structlog

KEYS = frozenset({
    "time", "level", "event", "logger", "reference", "error", "where", "route", "method", "status",
    "ms", "channel", "person", "intent", "count", "days", "port", "attempt", "state", "source",
    "reason",
})  # fmt: skip
"""What a line may say. Never what people write, their name, number, address or position."""

ROOMS = frozenset({"alerts", "bot", "dialogs", "matching", "nlu", "storage"})


def person(key: bytes, id: str) -> str:
    """A person's mark in the logs: the same for the same person, and no way back."""
    return hmac.digest(key, b"log\0" + id.encode(), "sha256").hex()[:12]


def where(error: BaseException) -> str:
    """The last places an exception went through, without its message: it may quote somebody."""
    frames = traceback.extract_tb(error.__traceback__, limit=-4)
    return " < ".join(
        f"{Path(frame.filename).name}:{frame.lineno}:{frame.name}" for frame in reversed(frames)
    )


def only_known(
    _logger: Any, _method: str, line: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Drops every key that is not in :data:`KEYS`, and every value that is not plain."""
    return {k: v for k, v in line.items() if k in KEYS and isinstance(v, str | int | float | bool)}


def placed(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """`logger.exception` says what kind of mistake and where, never the message."""
    if line.pop("exc_info", None) and (error := sys.exception()):
        line.update(error=type(error).__name__, where=where(error))
    return line


def _as_written(record: logging.LogRecord) -> bool:
    """Whether a sentence is the code's own: ours, or one whose values come apart."""
    ours = record.name.split(".")[0] in ROOMS
    return isinstance(record.msg, str) and (ours or bool(record.args))


class LibraryFormatter(logging.Formatter):
    """A library's warning as one of our lines: its sentence as written in its code, without the
    values put in it."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.msg if _as_written(record) else "library",
        }
        if record.exc_info and record.exc_info[1]:
            error = record.exc_info[1]
            line |= {"error": type(error).__name__, "where": where(error)}
        return json.dumps(line, ensure_ascii=False)


def configure(stream: TextIO | None = None) -> None:
    """One JSON object a line on standard error; libraries speak from WARNING up."""
    out = stream or sys.stderr
    handler = logging.StreamHandler(out)
    handler.setFormatter(LibraryFormatter())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            placed,
            only_known,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(out),
        cache_logger_on_first_use=False,
    )

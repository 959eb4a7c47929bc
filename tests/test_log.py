"""Logs: nothing personal in them, whoever writes them."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from bot import log
from tests.browsing import logging_to

CANARY = "Lou Durand, 06 01 02 03 04, Lens"


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    with logging_to(stream):
        yield stream


def parsed(lines: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines.getvalue().splitlines()]


def test_only_known_keys_are_written(lines: io.StringIO) -> None:
    structlog.get_logger().info("turn", channel="web", text=CANARY, phone=CANARY, ms=1.5)
    assert CANARY not in lines.getvalue()
    (line,) = parsed(lines)
    assert line.keys() == {"event", "channel", "ms", "level", "time"}


def test_values_that_are_not_plain_are_dropped(lines: io.StringIO) -> None:
    structlog.get_logger().info("turn", where={"name": CANARY}, state=[CANARY])
    assert CANARY not in lines.getvalue()


def test_a_mistake_is_a_kind_and_a_place(lines: io.StringIO) -> None:
    try:
        raise ValueError(CANARY)
    except ValueError:
        structlog.get_logger().exception("turn_failed", reference="abc123")
    (line,) = parsed(lines)
    assert line["error"] == "ValueError"
    assert line["where"].startswith("test_log.py:")
    assert line["reference"] == "abc123"
    assert CANARY not in lines.getvalue()


def test_libraries_keep_what_they_were_told_to_themselves(lines: io.StringIO) -> None:
    library = logging.getLogger("some.library")
    library.info("GET https://api.example/bot%s", "TOKEN")
    library.warning("cannot send %s", CANARY)
    library.warning(f"cannot send {CANARY}")  # as libraries do
    try:
        raise RuntimeError(CANARY)
    except RuntimeError:
        library.exception("failed")
    assert CANARY not in lines.getvalue()
    said = parsed(lines)
    assert [line["event"] for line in said] == ["cannot send %s", "library", "library"]
    assert said[-1]["error"] == "RuntimeError"


def test_our_own_rooms_may_speak_plainly(lines: io.StringIO) -> None:
    logging.getLogger("storage.redis_link").warning("redis_lost")
    assert parsed(lines)[0]["event"] == "redis_lost"


def test_a_person_is_a_mark_that_needs_the_key() -> None:
    mark = log.person(b"k" * 32, "telegram:123")
    assert len(mark) == 12
    assert mark == log.person(b"k" * 32, "telegram:123")
    assert mark != log.person(b"x" * 32, "telegram:123")
    assert mark != log.person(b"k" * 32, "telegram:124")

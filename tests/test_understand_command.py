"""The `understand` command: one line in, one object out, whatever the line is."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from nlu.command import LONGEST_LINE, run
from nlu.understander import Understander

TODAY = date(2026, 11, 23)
Read = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def read(understander: Understander) -> Read:
    """The command, its answers parsed again."""

    def answers(*lines: bytes | str) -> list[dict[str, Any]]:
        out = io.StringIO()
        assert run(lines, out, TODAY, understander) == 0
        return [json.loads(line) for line in out.getvalue().splitlines()]

    return answers


def test_json_and_plain_lines_are_answered_in_order(read: Read) -> None:
    asked = json.dumps({"id": "u1", "text": "20", "context": "ask_radius"})
    first, second, third = read(asked, "boulanger à Lens\n", b'{"text": "oui", "id": 7}\r\n')
    assert (first["id"], first["radius_km"]) == ("u1", 20)
    assert "id" not in second
    assert [p["insee"] for p in second["places"]] == ["62498"]
    assert (third["id"], third["intent"]) == (7, "affirm")


def test_an_object_holds_exactly_what_is_promised(read: Read) -> None:
    line = json.dumps({"id": "u5", "text": "cc jveu faire plombier sur amiens dispo direct"})
    (answer,) = read(line)
    assert list(answer) == [
        "id", "text", "intent", "confidence", "trades", "negated_trades", "places",
        "negated_places", "ambiguous_places", "areas", "domains", "noncraft_trades", "radius_km",
        "availability", "diploma",
    ]  # fmt: skip
    assert answer["intent"] == "search"
    assert answer["trades"][0] | {"rome": None} == {
        "label": "plombier", "rome": None, "start": 14, "end": 22,
    }  # fmt: skip
    assert "F1603" in answer["trades"][0]["rome"]
    assert set(answer["places"][0]) == {"name", "insee", "lat", "lon"}
    assert answer["availability"] == {
        "start": "2026-11-23", "end": None, "asap": True, "approx": False,
    }  # fmt: skip


@pytest.mark.parametrize(
    "bad",
    [
        '{"id": "x", "text"',
        '{"id": "x"}',
        '{"text": 12}',
        '{"text": "  "}',
        "",
        "   ",
        b"\xff\xfe bonjour",
        "a" * 100_000,
        b"{" * 50_000,
        '{"text": ' + "[" * 20_000,
    ],
)
def test_a_bad_line_does_not_stop_the_rest(read: Read, bad: bytes | str) -> None:
    before, error, after = read("bonjour", bad, "merci")
    assert (before["intent"], after["intent"]) == ("greet", "thanks")
    assert list(error) == ["error"]
    assert error["error"].endswith((".", "…"))


def test_every_line_is_flushed_as_soon_as_it_is_read() -> None:
    class Watched(io.StringIO):
        flushed = 0

        def flush(self) -> None:
            self.flushed += 1

    out = Watched()
    run(["bonjour", "{", "merci"], out, TODAY)
    assert out.flushed == 3


def test_a_lone_surrogate_can_be_written_out(read: Read) -> None:
    (answer,) = read('{"text": "lens \\ud83d"}')
    answer["text"].encode()


def test_a_message_of_4096_characters_is_never_too_long(read: Read) -> None:
    (answer,) = read(json.dumps({"text": "🥖" * 4096}, ensure_ascii=False))
    assert "error" not in answer
    assert LONGEST_LINE >= 4 * 4096


def test_a_question_we_do_not_ask_leaves_the_text(understander: Understander) -> None:
    lines = [json.dumps({"text": "lens", "context": c}) for c in ("ask_age", ["confirm"], 3)]
    out = io.StringIO()
    run(lines, out, date(2026, 11, 23), understander)
    assert [json.loads(line)["places"][0]["name"] for line in out.getvalue().splitlines()] == [
        "Lens"
    ] * 3

"""The chat in a terminal: what a pipe prints, what keys press, what is kept."""

from __future__ import annotations

import io
import os
import pty
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bot.assembly import Rooms
from bot.channels.terminal import KEPT, NAME, Sheet, Terminal
from dialogs.reply import Button, Card, Reply
from tests.talk import plain

ROOT = Path(__file__).parents[1]
SEARCH = "slt jcherche boulanger vers lens dispo en septembre"


def environment(folder: Path) -> dict[str, str]:
    own = {"TODAY": "2026-11-23", "PYTHONPATH": str(ROOT), "TERM": "dumb"}
    own["DATABASE_URL"] = f"sqlite+aiosqlite:///{folder / 'chat.sqlite'}"
    return {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **own}


@pytest.fixture
def folder(tmp_path: Path, furnished: Path) -> Path:
    """Where a chat finds its offers."""
    shutil.copy(furnished, tmp_path / "chat.sqlite")
    return tmp_path


def test_a_pipe_gets_offers_and_no_question_first(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bot", "chat"], input=f"{SEARCH}\n".encode(), cwd=folder,
        env=environment(folder), capture_output=True, check=True, timeout=100,
    )  # fmt: skip
    lines = plain(done.stdout.decode()).splitlines()
    assert lines[0].startswith("Boulanger ou boulangère, 30 km autour de Lens, septembre 2027 : ")
    cards = [line for line in lines if line.startswith(("  1. ", "  2. ", "  3. "))]
    assert len(cards) == 3
    assert all("oulang" in card for card in cards)
    assert lines.count("     Offre de démonstration") == 3
    assert "\x1b" not in done.stdout.decode()
    assert done.stderr == b""


def test_ctrl_c_at_the_keyboard_is_a_goodbye(folder: Path) -> None:
    parent, child = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "chat"], cwd=folder, env=environment(folder),
        stdin=child, stdout=child, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    os.close(child)
    try:
        seen = ""
        while "toi > " not in seen:
            seen += os.read(parent, 4096).decode("utf-8", "replace")
        assert "Je suis le robot de la CMA" in plain(seen)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
        os.close(parent)
    assert process.returncode == 0
    assert errors == b""


async def say(rooms: Rooms, *lines: str, keep: bool = False) -> str:
    out = io.StringIO()
    terminal = Terminal(rooms, keep=keep, out=out)
    for line in lines:
        await terminal.say(line)
    await terminal.leave()
    return plain(out.getvalue())


async def test_a_number_presses_a_button(rooms: Rooms) -> None:
    said = await say(rooms, SEARCH, "3")
    assert "[3] Trop loin" in said
    assert "Tu bouges comment ?" in said


async def test_a_number_and_a_letter_press_a_button_of_a_card(rooms: Rooms) -> None:
    said = await say(rooms, SEARCH, "1A")
    assert "[1a] Appeler" in said
    assert "Bonjour, je cherche un apprentissage" in said


async def test_a_number_without_a_button_is_a_message(rooms: Rooms) -> None:
    assert "Lens" in await say(rooms, "boulanger", "62300")


async def test_nothing_is_kept_unless_asked(rooms: Rooms) -> None:
    kept = rooms.turns.person(NAME, KEPT)
    await say(rooms, SEARCH)
    assert await rooms.turns.ledger.load(kept) is None
    await say(rooms, SEARCH, keep=True)
    assert await rooms.turns.ledger.load(kept) is not None
    assert "20 km autour de Lens" in await say(rooms, "plutôt 20 km", keep=True)


def test_an_offer_cannot_drive_the_terminal() -> None:
    card = Card(
        "x",
        "Boulanger\x1b[2J\x07",
        ("a\rb\nc",),
        "\x1b]0;x\x07",
        (Button("\x1b[1mOuvrir", url="u\n"),),
    )
    sheet = Sheet.of([Reply("a\x1b[31m\nb", (Button("c\x1b", "/c"),), (card,))])
    text = "".join(line for _, line in sheet.lines)
    assert not any(ord(c) < 32 for c in text)
    assert ("", "b") in sheet.lines


def test_keys_run_on_over_several_replies() -> None:
    one = Reply("1", (Button("a", "/a"), Button("page", url="https://example.org")))
    card = Card("x", "x", (), None, (Button("b", "/b"),))
    sheet = Sheet.of([one, Reply("2", (Button("c", "/c"),), (card,)), Reply("3", cards=(card,))])
    assert sheet.keys == {"1": "/a", "2": "/c", "1a": "/b", "2a": "/b"}

"""The commands: what they print, what they refuse, and how kindly."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.links import Link, Signer
from tests.browsing import logging_to
from tests.test_config import setting_names
from tests.test_terminal import environment

KEY = "k" * 40
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in an empty folder: its code, what it prints, what it complains of."""
    monkeypatch.chdir(tmp_path)
    for name in setting_names():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SECRET_KEY", KEY)

    def run(*words: str, **settings: str) -> tuple[int, str, str]:
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["bot", *words])
        code: object = 0
        with logging_to(io.StringIO()):
            try:
                main()
            except SystemExit as end:
                code = end.code
        out, err = capsys.readouterr()
        return (int(code) if isinstance(code, int) else 0), out, err

    return run


class TestLink:
    def test_is_on_our_page_and_holds_the_search(self, run: Run) -> None:
        code, out, _ = run(
            "link", "--origin", "Mission locale de Lens", "--trade", "boulangerie",
            "--place", "lens", "--radius", "20", PUBLIC_URL="https://robot.example.org",
        )  # fmt: skip
        assert code == 0
        found = re.fullmatch(r"https://robot\.example\.org/l/([\w-]{2,64})\n", out)
        assert found
        assert Signer(KEY.encode(), ["boulanger"]).decode(found[1]) == Link(
            "Mission locale de Lens", "boulanger", "62498", 20
        )

    def test_is_on_telegram_too_when_the_bot_has_a_name(self, run: Run) -> None:
        _, out, _ = run("link", "--origin", "CFA", TELEGRAM_BOT_NAME="cmachance_bot")
        page, telegram = out.split()
        assert telegram == f"https://t.me/cmachance_bot?start={page.rsplit('/', 1)[1]}"

    @pytest.mark.parametrize("name", ["qr.svg", "qr.png"])
    def test_has_a_qr_code(self, run: Run, tmp_path: Path, name: str) -> None:
        code, _, _ = run("link", "--origin", "CFA", "--qr", name)
        assert code == 0
        start = (tmp_path / name).read_bytes()[:60]
        assert b"<svg" in start or start.startswith(b"\x89PNG")

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (["--trade", "xyzzy"], "Métier non reconnu"),
            (["--place", "xyzzyville"], "Commune non reconnue"),
            (["--place", "saint-pol"], "--insee 62767"),
            (["--insee", "00000"], "Code de commune inconnu"),
            (
                ["--origin", "Wxkq Jzvf Bhgy Tnpd Rmcl Sflo Qauv Xeji 1357902468"],
                "raccourcissez-le",
            ),
            (["--qr", "qr.gif"], ".svg ou .png"),
            (["--qr", "nulle/part/qr.svg"], "Impossible d’écrire"),
            (["--radius", "500"], "200"),
        ],
    )
    def test_is_refused_kindly(self, run: Run, words: list[str], said: str) -> None:
        code, out, err = run("link", *words)
        assert code == 2
        assert said in err
        assert out == ""
        assert "Traceback" not in err

    def test_takes_a_commune_by_its_code(self, run: Run) -> None:
        _, out, _ = run("link", "--insee", "62767")
        found = Signer(KEY.encode(), []).decode(out.strip().rsplit("/", 1)[1])
        assert found == Link(place="62767")


class TestUnderstand:
    def test_answers_line_by_line_and_survives_bad_ones(
        self, run: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        typed = [
            b"slt jcherche boulanger vers lens",
            b'{"id": "u1", "text": "oui", "context": "confirm"}',
            b'{"id": "u2"}',
            b'{"id": ',
            b'{"text": "oui", "context": "nothing"}',
            b"\xff\xfe",
            b"a" * 100_000,
            b"",
            b"[" * 5000,
            b"lens",
        ]
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\n".join(typed))))
        code, out, _ = run("understand", "--today", "2026-11-23")
        found = [json.loads(line) for line in out.splitlines()]
        assert code == 0
        assert len(found) == len(typed)
        assert found[0]["trades"][0]["label"] == "boulanger"
        assert found[0]["places"][0]["insee"] == "62498"
        assert (found[1]["id"], found[1]["intent"]) == ("u1", "affirm")
        bad = [n for n, line in enumerate(found) if set(line) == {"error"}]
        assert bad == [2, 3, 5, 6, 7]
        assert found[-1]["places"]

    def test_wants_a_date(self, run: Run) -> None:
        code, _, err = run("understand", "--today", "demain")
        assert code == 2
        assert "--today" in err


class TestExplain:
    def test_shows_candidates_intents_and_result(self, run: Run) -> None:
        text = "bonjour jcherche boulanger ou patissier a bray pas lille des septembre 20 km"
        code, out, _ = run("understand", "--today", "2026-11-23", "--explain", text)
        assert code == 0
        for said in (
            "Candidats",
            "Intention",
            "Résultat",
            "Bray-Dunes",
            "exclu",
            "20 km",
            "search",
        ):
            assert said in out

    def test_takes_what_had_been_asked(self, run: Run) -> None:
        code, out, _ = run("understand", "--explain", "20", "--asked", "ask_radius")
        assert code == 0
        assert "20 km" in out

    def test_shows_the_rule(self, run: Run) -> None:
        _, out, _ = run("understand", "--explain", "[b]stop[/b] les alertes")
        assert "règle « stop »" in out
        assert "[b]stop[/b]" in out

    def test_wants_a_question_we_ask(self, run: Run) -> None:
        code, _, err = run("understand", "--explain", "lens", "--asked", "ask_age")
        assert code == 2
        assert "--asked" in err


def test_tables_are_made_and_cleaned(run: Run) -> None:
    assert run("migrate")[:2] == (0, "Base de données à jour.\n")
    code, out, _ = run("purge")
    assert code == 0
    assert out.startswith("Effacé : 0 conversations")


def test_every_sentence_is_on_one_page(run: Run, tmp_path: Path) -> None:
    code, out, _ = run("preview", "--out", "phrases.html")
    assert code == 0
    assert "phrases dans phrases.html" in out
    assert "robot de la CMA" in (tmp_path / "phrases.html").read_text("utf-8")
    assert run("preview", "--out", "nulle/part.html")[0] == 1


def test_a_bad_setting_is_said_without_a_traceback(run: Run) -> None:
    code, _, err = run("serve", PORT="beaucoup")
    assert code == 2
    assert "PORT" in err
    assert "Traceback" not in err


def test_a_lost_database_is_said_without_its_password(run: Run) -> None:
    code, _, err = run("migrate", DATABASE_URL="postgresql://lou:sesame@127.0.0.1:1/x")
    assert code == 1
    assert "base de données" in err
    assert "sesame" not in err
    assert "Traceback" not in err


def test_a_refused_write_is_said_without_a_traceback(run: Run, tmp_path: Path) -> None:
    run("migrate")
    with closing(sqlite3.connect(tmp_path / "var" / "cmachance.sqlite3")) as file:
        file.execute(
            "CREATE TRIGGER no BEFORE INSERT ON offers BEGIN SELECT RAISE(ABORT, 'x'); END"
        )
    code, _, err = run("offers", "search", "--trade", "boulanger", "--place", "lens")
    assert code == 1
    assert "refuse cette écriture" in err
    assert "Traceback" not in err


def test_a_key_that_was_damaged_is_said(run: Run, tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "secret_key").touch()
    code, _, err = run("link", "--origin", "CFA", SECRET_KEY="")
    assert code == 2
    assert "var/secret_key" in err


def test_a_port_already_taken_is_said(run: Run, furnished_sqlite_url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        code, _, err = run(
            "serve", PORT=str(taken.getsockname()[1]), DATABASE_URL=furnished_sqlite_url
        )
    assert code == 1
    assert "déjà pris" in err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_server_says_where_it_is_and_stops_when_asked(
    tmp_path: Path, furnished: Path, number: signal.Signals
) -> None:
    shutil.copy(furnished, tmp_path / "chat.sqlite")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "serve"], cwd=tmp_path, text=True,
        env=environment(tmp_path) | {"PORT": port}, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    try:
        assert process.stdout
        assert f"http://127.0.0.1:{port}" in process.stdout.readline()
        os.kill(process.pid, number)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 0
    assert "Arrêt" in out
    assert all(json.loads(line)["level"] == "info" for line in err.splitlines())
    assert (tmp_path / "var" / "secret_key").exists()

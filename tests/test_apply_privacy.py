"""Once an application has left, nothing of it is anywhere: database, Redis, disk, logs."""

from __future__ import annotations

import base64
import io
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pikepdf
import pytest
import redis
from sqlalchemy import text

from nlu.understander import Understander
from tests import applying
from tests.applying import GARAGE, AtThePage, InTelegram, service, settings
from tests.browsing import logging_to, visit
from tests.talk import plain, rooms_for
from tests.telegramming import fake_api, on_telegram

MARKER = "Zigouigoui-9f3a"
PERSONAL = ("Quatrelivres", "zephirine.4l", "612345678", MARKER)
"""Of the name, the address, the number and the CV; each is looked for in several writings."""


def marked() -> bytes:
    """A CV that says the marker where nothing compresses it."""
    out = io.BytesIO()
    with pikepdf.new() as made:
        made.add_blank_page()
        made.pages[0].Contents = made.make_stream(f"BT ({MARKER}) Tj ET".encode())
        made.save(out, compress_streams=False)
    return out.getvalue()


def writings(word: str) -> Iterator[bytes]:
    """As it is, and as base64 shows it wherever it begins."""
    plain_bytes = word.encode()
    yield plain_bytes
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + plain_bytes)
        yield encoded[4 if shift else 0 : -4]


def found_in(content: bytes, where: str) -> list[str]:
    return [f"{word} in {where}" for word in PERSONAL for w in writings(word) if w in content]


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    with logging_to(stream):
        yield stream


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where whatever is written to a temporary file lands."""
    folder = tmp_path / "disk"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


@pytest.fixture(autouse=True)
def _marked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(applying, "cv", lambda name: marked())


def on_disk(folder: Path) -> list[str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [where for path in files for where in found_in(path.read_bytes(), path.name)]


async def test_telegram_and_sqlite(
    offered: Callable[..., str], understander: Understander, tmp_path: Path, disk: Path,
    logged: io.StringIO, capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    template = offered("sqlite", "ateliers").removeprefix("sqlite+aiosqlite:///")
    url = f"sqlite+aiosqlite:///{shutil.copy(template, tmp_path / 'private.sqlite')}"
    async with (
        service() as api,
        fake_api() as there,
        on_telegram(there, "webhook", url, None, understander, **settings(api)) as house,
    ):
        talk = InTelegram(there, *house, there.person(1001))
        await _applies(talk, "Envoyer")
        assert api.applications[0]["applicant_last_name"] == "Quatrelivres"
    assert on_disk(tmp_path) == []
    out, err = capfd.readouterr()
    assert found_in(f"{logged.getvalue()}{out}{err}".encode(), "logs") == []
    assert "application_ended" in logged.getvalue()


async def test_the_page_postgresql_and_redis(
    offered: Callable[..., str], understander: Understander, tmp_path: Path, disk: Path,
    postgres_server: str, redis_url: str, logged: io.StringIO,
) -> None:  # fmt: skip
    url = offered("postgresql", "ateliers", postgres_server)
    async with (
        service() as api,
        rooms_for(url, redis_url, understander, **settings(api)) as rooms,
        visit(rooms) as person,
    ):
        await person.go("/")
        await _applies(AtThePage(rooms, person), None)
        assert len(api.applications) == 1
        async with rooms.database.read() as tx:
            names = await tx.execute(
                text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            )
            for (name,) in names.all():
                rows = await tx.execute(text(f'SELECT t::text FROM "{name}" t'))
                content = "\n".join(row for (row,) in rows).encode()
                assert found_in(content, name) == []
    with redis.Redis.from_url(redis_url) as client:
        for key in client.scan_iter():
            assert found_in(key + (client.dump(key) or b""), "redis") == []
    assert on_disk(tmp_path) == []
    assert found_in(logged.getvalue().encode(), "logs") == []


async def test_the_answers_of_a_cv_leave_no_trace_in_the_file(
    offered: Callable[..., str], understander: Understander, tmp_path: Path
) -> None:
    """They are the CV, and wait in the conversation: until then they are found, then no more."""
    template = offered("sqlite", "ateliers").removeprefix("sqlite+aiosqlite:///")
    url = f"sqlite+aiosqlite:///{shutil.copy(template, tmp_path / 'private.sqlite')}"
    async with (
        service() as api,
        rooms_for(url, None, understander, **settings(api)) as rooms,
        visit(rooms) as person,
    ):
        await person.go("/")
        talk = AtThePage(rooms, person)
        await _details(talk)
        await talk.press("En 5 questions")
        for number in range(5):
            await talk.say(f"{MARKER} {number} " + "et encore " * 80)
        await talk.say(f"Un mot avec {MARKER}")
        with closing(sqlite3.connect(tmp_path / "private.sqlite")) as other:
            other.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # as happens by itself in time
        assert {f"{word} in private.sqlite" for word in PERSONAL} <= set(on_disk(tmp_path))
        await talk.press("Envoyer")
        assert len(api.applications) == 1
    assert on_disk(tmp_path) == []


async def _details(talk: AtThePage | InTelegram) -> None:
    await talk.say("carrossier à Frévent, septembre")
    await talk.send(payload=f"/apply {GARAGE}")
    for words in ("Zéphirine Quatrelivres", "zephirine.4l@exemple.fr", "06 12 34 56 78"):
        await talk.say(words)


async def _applies(talk: AtThePage | InTelegram, button: str | None) -> None:
    await _details(talk)
    await talk.give(["cv.pdf"])
    await talk.say(f"Un mot avec {MARKER}")
    replies = await talk.press("Voir")
    assert "Quatrelivres" in replies[0].text
    replies = await (talk.press(button) if button else talk.confirm())
    assert "Envoyé" in "".join(plain(reply.text) for reply in replies)
    await talk.say("mes démarches")

"""Documents made in a process of their own: the same result, a limit of time, no secret inside."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from matching.application.apart import Workshop
from matching.application.document import MOST_RECEIVED, cv_document
from matching.application.made_cv import made_cv
from matching.application.refusal import Reason, Refused, megabytes
from tests.cv_files import docx, pdf, photo
from tests.test_application_made_cv import FIVE, LEA

ROOT = Path(__file__).parents[1]


def children() -> set[str]:
    """The processes this one has started and not yet buried."""
    lists = Path("/proc/self/task").glob("*/children")
    return {pid for file in lists for pid in file.read_text().split()}


async def test_a_child_makes_the_same_documents() -> None:
    workshop = Workshop()
    for files in ([pdf()], [docx()], [photo(), photo("blue")]):
        assert await workshop.cv_document(files, "Léa", "M") == cv_document(files, "Léa", "M")
    assert await workshop.made_cv(LEA, FIVE) == made_cv(LEA, FIVE)


async def test_a_refusal_comes_back_with_its_values() -> None:
    with pytest.raises(Refused) as caught:
        await Workshop().cv_document([photo(size=(100, 100))], "Léa", "M")
    assert caught.value.reason is Reason.PHOTO_SMALL
    assert caught.value.values == {"least": "300"}


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ([b"x"] * 6, Reason.PHOTOS_MANY),
        ([bytes(MOST_RECEIVED + 1)], Reason.FILE_BIG),
        ([bytes(MOST_RECEIVED)] * 4, Reason.FILE_BIG),
        ([], Reason.FILE_EMPTY),
    ],
)
async def test_too_much_is_refused(files: list[bytes], reason: Reason) -> None:
    with pytest.raises(Refused) as caught:
        await Workshop().cv_document(files, "Léa", "M")
    assert caught.value.reason is reason


async def test_what_takes_too_long_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck = tmp_path / "python"
    stuck.write_text("#!/bin/sh\nexec sleep 60\n")
    stuck.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(stuck))
    before = children()
    began = time.monotonic()
    with pytest.raises(Refused) as caught:
        await Workshop(seconds=0.2).cv_document([pdf()], "Léa", "M")
    assert caught.value.reason is Reason.FILE_SLOW
    assert time.monotonic() - began < 5
    assert children() <= before


async def test_giving_up_stops_the_child(monkeypatch: pytest.MonkeyPatch) -> None:
    before, start = children(), asyncio.create_subprocess_exec
    started: asyncio.Future[asyncio.subprocess.Process] = asyncio.Future()

    async def told(*command: str, **options: object) -> asyncio.subprocess.Process:
        child = await start(*command, **options)  # type: ignore[arg-type]
        started.set_result(child)
        return child

    monkeypatch.setattr(asyncio, "create_subprocess_exec", told)
    task = asyncio.create_task(Workshop().cv_document([pdf()], "Léa", "M"))
    child = await started
    assert children() > before
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert child.returncode == -signal.SIGKILL
    assert children() <= before


async def test_a_child_that_dies_over_a_file_has_found_it_broken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(Refused) as caught:
        await Workshop().cv_document([pdf()], "Léa", "M")
    assert caught.value.reason is Reason.FILE_BROKEN


async def test_only_so_many_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    running, most = 0, 0
    start = asyncio.create_subprocess_exec

    async def counted(*command: str, **options: object) -> asyncio.subprocess.Process:
        nonlocal running, most
        running += 1
        most = max(most, running)
        child = await start(*command, **options)  # type: ignore[arg-type]
        await child.wait() if child.stdin is None else None
        running -= 1
        return child

    monkeypatch.setattr(asyncio, "create_subprocess_exec", counted)
    workshop = Workshop(places=1)
    made = await asyncio.gather(*[workshop.made_cv(LEA, FIVE) for _ in range(3)])
    assert len({document.content for document in made}) == 1
    assert most == 1


def child(code: str) -> str:
    """What some Python prints once the child's limits are set."""
    command = [sys.executable, "-c", f"import matching.application.__main__ as m\n{code}"]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    return done.stdout + done.stderr


def test_the_child_can_write_no_file(tmp_path: Path) -> None:
    order = json.dumps({"sizes": [], "first_name": "", "last_name": ""}).encode()
    code = (
        "import io, sys, signal\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"sys.stdin = io.TextIOWrapper(io.BytesIO({order!r}))\n"
        "m.main()\n"
        f"open({str(tmp_path / 'cv')!r}, 'wb', buffering=0).write(b'x' * 10)\n"
    )
    said = child(code)
    assert '"refused": "file_empty"' in said
    assert "File too large" in said
    assert (tmp_path / "cv").stat().st_size == 0


async def test_the_child_gets_no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "canary")
    given: dict[str, object] = {}

    async def noted(*command: str, **options: object) -> None:
        given.update(options)
        raise FileNotFoundError

    monkeypatch.setattr(asyncio, "create_subprocess_exec", noted)
    with pytest.raises(FileNotFoundError):
        await Workshop().made_cv(LEA, FIVE)
    assert given["env"] == {}
    assert os.environ["SECRET_KEY"] == "canary"


def test_nothing_heavy_is_loaded_until_someone_applies() -> None:
    """The service imports these modules at its start: the libraries wait in the child."""
    heavy = "typst pikepdf PIL pi_heif phonenumbers email_validator disposable_email_domains"
    code = f"import sys; print([n for n in {heavy.split()!r} if n in sys.modules])"
    assert child(code) == "[]\n"


@pytest.mark.parametrize(("size", "said"), [(4_215_276, "4,2"), (0, "0,0"), (3_049_999, "3,0")])
def test_megabytes_as_people_read_them(size: int, said: str) -> None:
    assert megabytes(size) == said

"""Strangers' files are read in a process of their own, which can be stopped and knows no secret."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from matching.application.candidate import Candidate
from matching.application.document import Document, check_sizes
from matching.application.made_cv import Answers
from matching.application.refusal import Reason, Refused

ROOT = Path(__file__).parents[2]


class Workshop:
    """Makes documents in child processes: ``places`` at once, ``seconds`` each at most.

    The bytes travel through pipes and never touch the disk; the child gets no environment (no
    token, no password), may write no file, and its memory is given back when it ends.
    """

    def __init__(self, *, places: int = 2, seconds: float = 20.0) -> None:
        self._places = asyncio.Semaphore(places)
        self._seconds = seconds

    async def cv_document(
        self, files: Sequence[bytes], first_name: str, last_name: str
    ) -> Document:
        """:func:`matching.application.document.cv_document`; raises its :class:`Refused`, and
        FILE_SLOW when the time is up."""
        check_sizes(files)
        return await self._made({"first_name": first_name, "last_name": last_name}, files)

    async def made_cv(self, candidate: Candidate, answers: Answers) -> Document:
        """:func:`matching.application.made_cv.made_cv`; raises its :class:`Refused`, and FILE_SLOW
        when the time is up."""
        return await self._made({"candidate": asdict(candidate), "answers": asdict(answers)}, ())

    async def _made(self, order: dict[str, Any], files: Sequence[bytes]) -> Document:
        async with self._places:
            child = await asyncio.create_subprocess_exec(
                sys.executable, "-B", "-X", "utf8", "-m", "matching.application",
                stdin=PIPE, stdout=PIPE, stderr=DEVNULL, cwd=ROOT, env={},
            )  # fmt: skip
            try:
                async with asyncio.timeout(self._seconds):
                    answer = await _asked(child, {**order, "sizes": [*map(len, files)]}, files)
            except TimeoutError as error:
                raise Refused(Reason.FILE_SLOW) from error
            finally:
                if child.returncode is None:
                    with suppress(ProcessLookupError):
                        child.kill()
                    await child.wait()
        return _document(answer)


async def _asked(child: Process, order: dict[str, Any], files: Sequence[bytes]) -> bytes:
    """Sends the order, a line of JSON followed by the files, and reads the answer to its end.

    The files are not copied into one message: five photos would weigh twice.
    """
    if child.stdin is None or child.stdout is None:
        raise RuntimeError("a child without pipes")
    with suppress(ConnectionError):  # it died: its answer, nothing, says so
        for part in (json.dumps(order).encode() + b"\n", *files):
            if child.stdin.is_closing():  # or uvloop's RuntimeError is what tells that it died
                break
            child.stdin.write(part)
            await child.stdin.drain()
        child.stdin.close()
    return await child.stdout.read()


def _document(answer: bytes) -> Document:
    """What the child answered; a child that died over a file has found it broken."""
    head, _, content = answer.partition(b"\n")
    try:
        told = json.loads(head)
    except ValueError as error:
        raise Refused(Reason.FILE_BROKEN) from error
    if "refused" in told:
        raise Refused(Reason(told["refused"]), **told["values"])
    if len(content) != told["size"]:
        raise Refused(Reason.FILE_BROKEN)
    return Document(told["name"], told["content_type"], content)


def serve(asked: BinaryIO, answer: BinaryIO) -> None:
    """The child's side: one order in, one document or refusal out."""
    from matching.application.document import cv_document
    from matching.application.made_cv import made_cv

    order = json.loads(asked.readline())
    files = [asked.read(size) for size in order["sizes"]]
    try:
        if "candidate" in order:
            made = made_cv(Candidate(**order["candidate"]), Answers(**order["answers"]))
        else:
            made = cv_document(files, order["first_name"], order["last_name"])
    except Refused as refused:
        told: dict[str, Any] = {"refused": refused.reason.value, "values": refused.values}
        content = b""
    else:
        told = {"name": made.name, "content_type": made.content_type, "size": len(made.content)}
        content = made.content
    answer.write(json.dumps(told).encode() + b"\n" + content)
    answer.flush()

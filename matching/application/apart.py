"""Strangers' files are read in a process of their own, which can be stopped and knows no secret."""

from __future__ import annotations

import asyncio
import base64
import json
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from matching.application.candidate import Candidate
from matching.application.document import MOST_PHOTOS, MOST_RECEIVED, Document
from matching.application.made_cv import Answers
from matching.application.refusal import Reason, Refused, megabytes

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
        if len(files) > MOST_PHOTOS:
            raise Refused(Reason.PHOTOS_MANY, most=str(MOST_PHOTOS))
        if max(map(len, files), default=0) > MOST_RECEIVED:
            size, most = max(map(len, files)), megabytes(MOST_RECEIVED)
            raise Refused(Reason.FILE_BIG, size=megabytes(size), most=most)
        texts = [base64.b64encode(file).decode() for file in files]
        return await self._made({"files": texts, "first_name": first_name, "last_name": last_name})

    async def made_cv(self, candidate: Candidate, answers: Answers) -> Document:
        """:func:`matching.application.made_cv.made_cv`; raises its :class:`Refused`, and FILE_SLOW
        when the time is up."""
        return await self._made({"candidate": asdict(candidate), "answers": asdict(answers)})

    async def _made(self, order: dict[str, Any]) -> Document:
        async with self._places:
            child = await asyncio.create_subprocess_exec(
                sys.executable, "-B", "-X", "utf8", "-m", "matching.application",
                stdin=PIPE, stdout=PIPE, stderr=DEVNULL, cwd=ROOT, env={},
            )  # fmt: skip
            try:
                async with asyncio.timeout(self._seconds):
                    answer, _ = await child.communicate(json.dumps(order).encode())
            except TimeoutError as error:
                raise Refused(Reason.FILE_SLOW) from error
            finally:
                if child.returncode is None:
                    child.kill()
                    await child.wait()
        return _document(answer)


def _document(answer: bytes) -> Document:
    """What the child answered; a child that died over a file has found it broken."""
    try:
        told = json.loads(answer)
    except ValueError as error:
        raise Refused(Reason.FILE_BROKEN) from error
    if "refused" in told:
        raise Refused(Reason(told["refused"]), **told["values"])
    return Document(told["name"], told["content_type"], base64.b64decode(told["content"]))


def serve(order: dict[str, Any]) -> dict[str, Any]:
    """The child's side: one order as JSON, one document or refusal as JSON."""
    from matching.application.document import cv_document
    from matching.application.made_cv import made_cv

    try:
        if "files" in order:
            files = [base64.b64decode(text) for text in order["files"]]
            made = cv_document(files, order["first_name"], order["last_name"])
        else:
            made = made_cv(Candidate(**order["candidate"]), Answers(**order["answers"]))
    except Refused as refused:
        return {"refused": refused.reason.value, "values": refused.values}
    content = base64.b64encode(made.content).decode()
    return {"name": made.name, "content_type": made.content_type, "content": content}

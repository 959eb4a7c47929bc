"""The daily export of all offers, read while it arrives: its size does not matter."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncGenerator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

import ijson

from matching.calling import Answer, Backend, CallFailed, Misread, Route
from matching.job_offer import BadOffer, Company, Locate, parse_company, parse_job
from matching.model import Offer

_SAME_AS_SEARCH = re.compile(rb'\{\s*"(?:jobs|recruiters|warnings)"\s*:')
_ENOUGH = 64
"""Bytes that tell what a file is."""


@dataclass(frozen=True, slots=True)
class Link:
    """Where an export lies for two minutes (a signed address: no key is sent there), and of when.

    ``updated`` is aware, ``None`` when it was not said.
    """

    url: str
    updated: datetime | None


@dataclass(slots=True)
class Export:
    """One export under way: iterate over :meth:`pieces` once.

    ``skipped`` counts what was left out, by reason in French; ``size`` the bytes read so far.
    """

    link: Link
    _backend: Backend
    _route: Route
    _locate: Locate
    skipped: Counter[str] = field(default_factory=Counter)
    size: int = 0

    async def pieces(self) -> AsyncGenerator[list[Offer | Company], None]:
        """The offers and companies as they come, a few at a time.

        A file that ends too soon or is no JSON raises :class:`CallFailed` once what came before
        was given: whoever closes what is gone waits for the end.
        """
        parser: _Parser | None = None
        head = b""
        async for piece in self._backend.download(self._route, self.link.url):
            self.size += len(piece)
            if parser is None:
                head += piece
                if len(head.lstrip()) < _ENOUGH:
                    continue
                parser, piece = self._parser(head), head
            if found := self._made(parser.feed(piece)):
                yield found
            await asyncio.sleep(0)
        if parser is None:
            parser = self._parser(head)
            if found := self._made(parser.feed(head)):
                yield found
        if found := self._made(parser.end()):
            yield found

    def _parser(self, head: bytes) -> _Parser:
        start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
        if not start.startswith((b"[", b"{")):
            raise CallFailed(self._backend.name, "not_json")
        return _Parser(start, self._backend.name)

    def _made(self, entries: Iterator[object]) -> list[Offer | Company]:
        made: list[Offer | Company] = []
        for entry in entries:
            try:
                made.append(self._one(entry))
            except BadOffer as reason:
                self.skipped[str(reason).partition("\u00a0:")[0]] += 1
        return made

    def _one(self, entry: object) -> Offer | Company:
        if isinstance(entry, Mapping) and "offer" not in entry and "workplace" in entry:
            return parse_company(entry, self._locate)
        return parse_job(entry, self._locate)


class _Parser:
    """JSON read as it comes: one list, an object like a search's answer, or one object a line."""

    def __init__(self, start: bytes, backend: str) -> None:
        self._backend = backend
        self._out: list[Any] = ijson.sendable_list()
        prefixes = ["item"]
        if start.startswith(b"{"):
            same = _SAME_AS_SEARCH.match(start)
            prefixes = ["jobs.item", "recruiters.item"] if same else [""]
        self._parsers = [
            ijson.items_coro(self._out, prefix, use_float=True, multiple_values=prefix == "")
            for prefix in prefixes
        ]

    def feed(self, piece: bytes) -> Iterator[object]:
        for parser in self._parsers:
            with _json_errors(self._backend):
                parser.send(piece.removeprefix(b"\xef\xbb\xbf"))
        return self._taken()

    def end(self) -> Iterator[object]:
        for parser in self._parsers:
            with _json_errors(self._backend):
                parser.close()
        return self._taken()

    def _taken(self) -> Iterator[object]:
        found = list(self._out)
        del self._out[:]
        return iter(found)


class _json_errors:  # noqa: N801  # reads as the statement it is
    """What ijson raises, as a call that failed."""

    def __init__(self, backend: str) -> None:
        self._backend = backend

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(
        self, _kind: object, error: BaseException | None, _trace: object
    ) -> Literal[False]:
        if isinstance(error, ijson.IncompleteJSONError):
            raise CallFailed(self._backend, "truncated") from error
        if isinstance(error, ijson.JSONError | ValueError | StopIteration):
            raise CallFailed(self._backend, "not_json") from error
        return False


def read_link(answer: Answer, *, secure: bool) -> Link:
    """The address and the date. Raises :class:`Misread`, also for an address we would not follow:
    what is reached over https does not send us to http."""
    said = answer.json()
    url = said.get("url") if isinstance(said, Mapping) else None
    if not isinstance(url, str) or not url.startswith("https://" if secure else "http"):
        raise Misread
    return Link(url, _moment(said.get("lastUpdate")))


def _moment(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment and moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)

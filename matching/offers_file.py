"""Files of offers, one ``JobOfferRead`` a line, read into our store."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from matching.job_offer import BadOffer, Locate, parse_job
from matching.model import Offer
from matching.store import OfferStore

__all__ = ["BadOffer", "ImportReport", "Locate", "UnreadableFile", "import_file", "parse_job"]

_REASONS: dict[type[OSError], str] = {
    FileNotFoundError: "n’existe pas",
    IsADirectoryError: "est un dossier",
    PermissionError: "n’est pas ouvert à la lecture",
}


class UnreadableFile(Exception):
    """A file that cannot be read at all; the message says why, in French."""


Progress = Callable[[int, int], None]
"""Called now and then with the bytes read of the file, and its size."""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of a file: lines that were not blank, offers kept, lines left out and why.

    ``skipped`` holds (line number from 1, reason in French), ``expired`` counts the offers kept
    whose date had already passed, ``sources`` names where those kept come from.
    """

    total: int
    imported: int
    skipped: list[tuple[int, str]]
    expired: int = 0
    sources: frozenset[str] = frozenset()


async def import_file(
    path: Path,
    store: OfferStore,
    locate: Locate,
    *,
    now: datetime,
    source: str | None = None,
    progress: Progress | None = None,
) -> ImportReport:
    """Read a file of offers, plain or gzipped, and write the good ones in one transaction.

    Blank lines are passed over; lines that are not offers are reported and left out; a line that
    repeats an identifier replaces the one before. ``source`` names the run for the store (default:
    the file's name). Raises :class:`UnreadableFile` before anything is written.
    """
    offers: dict[str, Offer] = {}
    skipped: list[tuple[int, str]] = []
    total = 0
    for number, text in read_lines(path, progress):
        if not text.strip():
            continue
        total += 1
        try:
            offer = parse_job(_object(text), locate)
        except BadOffer as reason:
            skipped.append((number, str(reason)))
        else:
            offers[offer.id] = offer
    if offers:
        await store.replace(source or path.name, list(offers.values()))
    expired = sum(o.expires is not None and o.expires <= now for o in offers.values())
    sources = frozenset(offer.source for offer in offers.values())
    return ImportReport(total, len(offers), skipped, expired, sources)


def _object(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadOffer("la ligne n’est pas du JSON") from error


def read_lines(path: Path, progress: Progress | None = None) -> Iterator[tuple[int, str]]:
    """The numbered lines of a UTF-8 file, plain or gzipped. Raises :class:`UnreadableFile`."""
    try:
        with path.open("rb") as raw:
            yield from _lines(raw, path.stat().st_size, progress)
    except UnicodeDecodeError as error:
        raise UnreadableFile(f"{path} n’est pas en UTF-8") from error
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise UnreadableFile(f"{path}\u00a0: archive gzip abîmée") from error
    except OSError as error:
        raise UnreadableFile(f"{path} {_REASONS.get(type(error), 'ne se lit pas')}") from error


def _lines(raw: BinaryIO, size: int, progress: Progress | None) -> Iterator[tuple[int, str]]:
    zipped = raw.read(2) == b"\x1f\x8b"
    raw.seek(0)
    lines: BinaryIO = gzip.GzipFile(fileobj=raw) if zipped else raw  # type: ignore[assignment]
    for number, content in enumerate(lines, start=1):
        yield number, content.decode("utf-8-sig" if number == 1 else "utf-8")
        if progress and number % 200 == 0:
            progress(raw.tell(), size)
    if progress:
        progress(size, size)

"""Where the catalogue keeps its offers: what it asks of ``storage.offers``."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from datetime import date, datetime
from typing import Protocol

from matching.model import Offer, Sketch


class OfferStore(Protocol):
    """Where the catalogue keeps its offers (implemented by ``storage.offers``)."""

    latest: int
    """The newest revision this process has written or read."""

    async def revision(self) -> int:
        """A number that grows with every change to the offers, whichever process made it."""
        ...

    def sketches(self, since: int | None) -> AsyncIterator[Sequence[Sketch]]:
        """The open offers (``None``), or those written after a revision, closed ones included."""
        ...

    async def erased(self) -> int:
        """The newest revision at which offers were erased, which leaves nothing to be read."""
        ...

    async def open_ids(self) -> set[str]: ...

    async def several(self, ids: Collection[str]) -> list[Offer]:
        """In no particular order; those that are gone are left out."""
        ...

    async def get(self, id: str) -> Offer | None: ...

    async def close(self, id: str) -> bool: ...

    async def replace(self, source: str, offers: Sequence[Offer]) -> None:
        """Insert or update all ``offers`` in one transaction; those of others stay."""
        ...

    async def count(self) -> int: ...


class LiveStore(OfferStore, Protocol):
    """The same, kept in step with the sources (implemented by ``storage.live_offers``).

    ``origin`` names the source an offer was read from. Moments are aware.
    """

    async def closed(self, ids: Collection[str]) -> set[str]:
        """Those that were found to be gone when somebody said so."""
        ...

    async def note(self, found: Sequence[Offer], day: date) -> None:
        """Keep offers that are shown, so that they can be asked for again."""
        ...

    async def put(self, origin: str, found: Sequence[Offer]) -> tuple[int, int]:
        """Write what is new or changed, and how many of each; the rest is not touched."""
        ...

    async def close_missing(self, origin: str, kept: Collection[str], day: date) -> int:
        """What ``origin`` brought once and does not hold any more is gone; how many."""
        ...

    async def close_unseen(self, before: date, day: date) -> int:
        """The same for what was only ever shown, the last time before that day."""
        ...

    async def forget_gone(self, before: date) -> int:
        """Erase what is gone since before that day."""
        ...

    async def open_from(self, origin: str, now: datetime) -> int:
        """How many offers of ``origin`` are open and not past their date."""
        ...

    async def read_until(self, source: str) -> datetime | None:
        """Up to when a source was read, ``None``: never."""
        ...

    async def was_read(self, source: str, until: datetime) -> None: ...

    async def doubted(self, source: str) -> tuple[int, datetime] | None:
        """The list that was too short to be believed: its length, and of when it was."""
        ...

    async def doubt(self, source: str, short: tuple[int, datetime] | None) -> None:
        """Keep that, ``None``: the last one was believed."""
        ...

"""Where the catalogue keeps its offers: what it asks of ``storage.offers``."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
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

"""What the database holds once nobody writes in it any more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from storage.database import Database
from storage.schema import conversations, outbox


@dataclass(frozen=True, slots=True)
class Records:
    """Conversations and messages, as rows."""

    people: list[Any]
    messages: list[Any]

    @classmethod
    async def read(cls, url: str) -> Records:
        db = Database.open(url)
        try:
            async with db.read() as tx:
                people = (await tx.execute(select(conversations))).all()
                messages = (await tx.execute(select(outbox).order_by(outbox.c.id))).all()
        finally:
            await db.close()
        return cls(list(people), list(messages))

    def versions(self) -> dict[str, int]:
        """How many turns each address had."""
        return {person.address: person.version for person in self.people}

    def states(self) -> dict[str, list[str]]:
        """What became of each message, by address, in order."""
        found: dict[str, list[str]] = {}
        for message in self.messages:
            found.setdefault(message.address, []).append(message.state)
        return found

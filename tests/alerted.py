"""Somebody whose alerts speak: their messages arrive, or wait on the page, as the pusher leaves
them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import insert, select

from dialogs.alert_cards import chosen, news, search_of
from dialogs.reply import Reply
from storage.alerts import Alert
from storage.schema import pushes, told
from tests.talk import Talk


@dataclass(slots=True)
class AlertedTalk(Talk):
    """A person with alerts, whatever the network."""

    @property
    def person(self) -> str:
        return self.rooms.turns.person(self.channel, self.address)

    async def alert(self, n: int) -> Alert:
        return next(a for a in await self.rooms.turns.alerts.of(self.person) if a.n == n)

    async def receive(self, told: dict[str, Any], *, waits: bool) -> list[Reply]:
        """A message of an alert: ``alerte`` its number, ``offres`` how many; ``phone``: with one,
        ``toutes``: those put aside too."""
        rooms, alert = self.rooms, await self.alert(told["alerte"])
        search = search_of(rooms.engine.services, alert.wish)
        found = list((await rooms.matcher.find(search, limit=50)).offers)
        if told.get("phone"):
            found = [f for f in found if f.offer.phone]
        found = chosen(found)[: told["offres"]]
        now = rooms.settings.now()
        row = {
            "person": self.person, "channel": "web" if waits else self.channel, "kind": "alert",
            "search": alert.id, "offers": [f.offer.id for f in found],
            "state": "pending" if waits else "sent", "created": now,
            "expires": now + timedelta(days=1), "settled": None if waits else now,
        }  # fmt: skip
        async with rooms.database.write() as tx:
            await tx.execute(insert(pushes).values(**row))
        if waits:
            return []
        reply = news(rooms.engine.services, alert, found)
        self.said.append(reply)
        return [reply]


async def told_to(talk: AlertedTalk) -> set[str]:
    """The offers that are never to be told again."""
    query = select(told.c.offer).where(told.c.person == talk.person)
    async with talk.rooms.database.read() as tx:
        return set((await tx.execute(query)).scalars())


async def states(talk: AlertedTalk) -> list[str]:
    """Those of all messages, oldest first."""
    query = select(pushes.c.state).where(pushes.c.person == talk.person).order_by(pushes.c.id)
    async with talk.rooms.database.read() as tx:
        return list((await tx.execute(query)).scalars())

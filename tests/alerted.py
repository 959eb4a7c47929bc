"""Somebody whose alerts speak: their messages arrive, or wait on the page, as the pusher leaves
them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import insert, select, update

from dialogs.afterwards import follow_up, still_looking
from dialogs.alert_cards import chosen, news, search_of
from dialogs.reply import Reply
from storage.alerts import Alert
from storage.pushes import Step
from storage.schema import follow_ups, pushes, told
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
        ``toutes``: those put aside too. Or a question: what came of the ``suite``, the number of a
        step (1: the first), whether one looks ``toujours``."""
        if "alerte" not in told:
            return await self._asked(told, waits=waits)
        rooms, alert = self.rooms, await self.alert(told["alerte"])
        search = search_of(rooms.engine.services, alert.wish)
        found = list((await rooms.matcher.find(search, limit=50)).offers)
        if told.get("phone"):
            found = [f for f in found if f.offer.phone]
        found = chosen(found)[: told["offres"]]
        ids = [f.offer.id for f in found]
        await self._pushed("alert", ids, alert.id, waits=waits)
        return self._heard_of(None if waits else news(rooms.engine.services, alert, found))

    async def _asked(self, told: dict[str, Any], *, waits: bool) -> list[Reply]:
        voice = self.rooms.voice
        if "toujours" in told:
            await self._pushed("still_looking", [], None, waits=waits)
            return self._heard_of(None if waits else still_looking(voice))
        query = select(follow_ups).where(follow_ups.c.person == self.person)
        async with self.rooms.database.write() as tx:
            steps = (await tx.execute(query.order_by(follow_ups.c.done, follow_ups.c.offer))).all()
            step = steps[told["suite"] - 1]
            one = (follow_ups.c.person == self.person, follow_ups.c.offer == step.offer)
            await tx.execute(update(follow_ups).where(*one).values(state="asked"))
        await self._pushed("follow_up", [step.offer], None, waits=waits)
        asked = Step(step.offer, step.title, step.company, step.what)
        return self._heard_of(None if waits else follow_up(voice, asked))

    async def _pushed(
        self, kind: str, offers: list[str], search: int | None, *, waits: bool
    ) -> None:
        now = self.rooms.settings.now()
        row = {
            "person": self.person, "channel": "web" if waits else self.channel, "kind": kind,
            "search": search, "offers": offers, "state": "pending" if waits else "sent",
            "created": now, "expires": now + timedelta(days=1), "settled": None if waits else now,
        }  # fmt: skip
        async with self.rooms.database.write() as tx:
            await tx.execute(insert(pushes).values(**row))

    def _heard_of(self, reply: Reply | None) -> list[Reply]:
        replies = [reply] if reply else []
        self.said += replies
        return replies


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

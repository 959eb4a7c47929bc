"""People who go on talking while something breaks: what they waited for, what they were told."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from math import ceil

from tests.bot_api import BotApi, Person

TOWNS = ("Lens", "Arras", "Lille", "Amiens", "Laon", "Soissons", "Douai", "Cambrai")
IN_A_ROW = 2
"""Messages each sends before waiting for answers: their order could be lost."""

PATIENCE = 90.0


@dataclass(slots=True)
class Crowd:
    """Each asks for one town after the other; ``waits`` are (asked at, seconds) of each answer."""

    api: BotApi
    people: Sequence[Person]
    waits: list[tuple[float, float]] = field(default_factory=list)
    asked: dict[int, list[str]] = field(default_factory=dict)

    async def talk(self, meanwhile: Callable[[], Awaitable[None]]) -> None:
        """Until ``meanwhile`` is over, and everything is answered."""
        over = asyncio.Event()
        talks = [asyncio.create_task(self._talk(person, over)) for person in self.people]
        try:
            await meanwhile()
        finally:
            over.set()
            await asyncio.gather(*talks)

    async def _talk(self, person: Person, over: asyncio.Event) -> None:
        asked = self.asked[person.id] = []
        number = person.id
        while not over.is_set():
            since = time.monotonic()
            for _ in range(IN_A_ROW):
                number += 1
                asked.append(TOWNS[number % len(TOWNS)])
                await person.say(f"boulanger à {asked[-1]}")
            for n in range(IN_A_ROW - 1, -1, -1):
                wanted = len(asked) - n
                enough = partial(self._has_heard, person, wanted)
                assert await self.api.until(enough, PATIENCE), (
                    f"{person.id} waits for {asked[wanted - 1]}: {self.heard(person)}"
                )
                self.waits.append((since, time.monotonic() - since))

    def _has_heard(self, person: Person, wanted: int) -> bool:
        return len(person.received) >= wanted and len(self.heard(person)) >= wanted

    def heard(self, person: Person) -> list[str]:
        """The towns they were told about, said twice running counted once."""
        return [town for town, _ in groupby(map(_town, person.received))]

    @property
    def repeated(self) -> int:
        return sum(len(person.received) - len(self.heard(person)) for person in self.people)

    @property
    def misled(self) -> list[int]:
        """Those who lost an answer, or got them in another order."""
        return [p.id for p in self.people if self.heard(p) != self.asked[p.id]]

    def figures(self, start: float, end: float = float("inf")) -> dict[str, float]:
        """Of what was asked in that time: how many, and seconds to the answer."""
        waits = sorted(wait for asked, wait in self.waits if start <= asked < end)
        if not waits:
            return {"answers": 0}
        at = {"p50_s": 0.5, "p99_s": 0.99, "max_s": 1.0}
        found = {name: waits[ceil(len(waits) * part) - 1] for name, part in at.items()}
        return {"answers": len(waits)} | {name: round(v, 3) for name, v in found.items()}


def refused(api: BotApi) -> int:
    """Deliveries answered by 503."""
    return sum("503" in (attempt.problem or "") for attempt in api.delivery.attempts)


def _town(sent: object) -> str:
    text = str(getattr(sent, "text", ""))
    places = {town: text.find(town) for town in TOWNS if town in text}
    return min(places, key=lambda town: places[town]) if places else "?"

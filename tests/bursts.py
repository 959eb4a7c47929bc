"""People who do not wait for answers: six messages at once each, or a thousand from one of them."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass

from tests.bot_api import BotApi
from tests.bot_api.person import Person
from tests.chaos import Told

TRADES = (
    "boulanger", "coiffeur", "mécanicien auto", "plombier", "couvreur", "menuisier", "boucher",
    "pâtissier", "carreleur", "maçon",
)  # fmt: skip
TOWNS = ("Lens", "Arras", "Lille", "Amiens", "Beauvais")
DISTANCES = [30, 10, 20, 20, 50]
"""What the answers speak of, from the second message on; the first answer asks for the town."""


def messages(number: int) -> list[str]:
    """Six messages, of another search for each of fifty people."""
    trade, town = TRADES[number % 10], TOWNS[number // 10 % 5]
    return [trade, town, "plutôt 10 km", "plutôt 20 km", "septembre", "plutôt 50 km"]


def distances(person: Person) -> list[int]:
    """The distances their answers speak of, in the order they came."""
    said = (re.search(r"(\d+)\s*km (?:autour|d[e’])", sent.text) for sent in person.received)
    return [int(match.group(1)) for match in said if match]


async def burst(api: BotApi, people: int) -> list[Person]:
    """Everybody says everything at once; returns when all is answered."""
    api.delivery.unordered = True
    crowd = [api.person(2000 + n) for n in range(people)]
    for number, person in enumerate(crowd):
        for text in messages(number):
            await person.say(text)
    await api.settled(seconds=90)
    for person in crowd:
        await api.replies(person.id, n=6, seconds=30)
    api.delivery.unordered = False
    return crowd


@dataclass(slots=True)
class Flood:
    """How long the others waited (99th centile, ms), without and with the flood."""

    calm_p99_ms: float
    flood_p99_ms: float
    answered: int


async def flood(api: BotApi, *, messages: int, others: int, seconds: float) -> Flood:
    """One chat sends a thousand messages while others talk; they talked as long before."""
    calm = await _others(api, 3000, others, seconds)
    one = api.person(2999)
    for number in range(messages):
        await one.say(f"plutôt {5 + number % 150} km" if number else "boulanger lens")
    with_it = await _others(api, 4000, others, seconds)
    await api.settled(seconds=120)
    await api.replies(one.id, n=messages, seconds=60)
    return Flood(_p99(calm), _p99(with_it), len(one.received))


async def _others(api: BotApi, first: int, people: int, seconds: float) -> list[float]:
    told = [Told(api.person(first + n)) for n in range(people)]
    until = time.monotonic() + seconds
    await asyncio.gather(*(one.talk(until, 0.3) for one in told))
    return [wait for one in told for wait in one.waits]


def _p99(waits: list[float]) -> float:
    return sorted(waits)[int(len(waits) * 0.99)] * 1000

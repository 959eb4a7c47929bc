"""People with alerts, what a run has found for them, and what they get: each message has a name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Row

from alerts.clock import is_night
from bot.keyed import Keyed
from bot.turn import conversation_id
from dialogs.rhythm import PARIS, ZONES, Rhythm
from matching.model import Offer
from storage.database import Database
from storage.live_offers import LiveOffers
from storage.schema import conversations, digests, pushes, run_offers, runs, searches

KEY = b"k" * 32
NOON = datetime(2026, 11, 23, 17, 30, tzinfo=UTC)
"""Half past six in the evening in France: an alert of half past five has just been due."""

WISH: Mapping[str, Any] = {
    "trades": ["boulanger"], "where": {"places": ["62498"], "areas": []}, "radius_km": 30,
    "availability": None, "diploma": None, "excluded": None,
}  # fmt: skip
FIRST_CHAT = 50_000


def by_day(now: datetime) -> str:
    """A zone in which it is day, whenever the tests run."""
    return next(zone for zone in (PARIS, *ZONES.values()) if not is_night(now, zone))


def offer(n: int, **other: Any) -> Offer:
    """A baker's near Lens, each at another company."""
    values: dict[str, Any] = {
        "id": f"test:{n}", "source": "Test", "title": f"Apprenti boulanger {n}",
        "company": f"Fournil {n}", "city": "Lens", "postcode": "62300", "insee": "62498",
        "lat": 50.4322, "lon": 2.8333, "rome_codes": ("D1102",), "url": f"https://exemple.fr/{n}",
        "published": NOON - timedelta(hours=n),
    }  # fmt: skip
    return Offer(**values | other)


def person(chat: int, channel: str = "telegram") -> str:
    return conversation_id(Keyed(KEY), channel, str(chat))


async def found(
    db: Database,
    people: int,
    *,
    each: int = 1,
    beat: str | None = None,
    now: datetime = NOON,
    first: int = FIRST_CHAT,
    channel: str = "telegram",
    together: bool = False,
) -> list[int]:
    """Chats with so many alerts each, and a run that is ready for all of them.

    Alert ``n`` has found offer ``n`` alone; ``together``: all of ``each`` offers, of one alert.
    """
    beat = beat or Rhythm(zone=PARIS).beat()
    offers = [offer(n) for n in range(1, each + 1)]
    await LiveOffers(db).put("test", offers)
    chats = list(range(first, first + people))
    asked = now - timedelta(days=1)
    async with db.write() as tx:
        kept = [
            {
                "id": person(chat, channel), "channel": channel, "state": {}, "version": 1,
                "address": str(chat) if channel == "telegram" else "", "updated": asked,
                "expires": now + timedelta(days=365),
            }
            for chat in chats
        ]  # fmt: skip
        alerts = [
            {
                "person": person(chat, channel), "n": n, "name": f"{chat} alerte {n}",
                "wish": dict(WISH), "beat": beat, "state": "on", "created": asked,
                "changed": asked, "keyed": True,
            }
            for chat in chats
            for n in range(1, 2 if together else each + 1)
        ]  # fmt: skip
        for rows, table in ((kept, conversations), (alerts, searches)):
            for at in range(0, len(rows), 1_000):
                await tx.execute(insert(table), rows[at : at + 1_000])
    await ready(db, [o.id for o in offers], now=now, first=first, together=together)
    return chats


async def ready(
    db: Database, offers: Sequence[str], *, now: datetime = NOON, first: int = 0,
    tick: str | None = None, together: bool = True,
) -> int:  # fmt: skip
    """One more run: each offer for every alert, or the nth for the nth of each person."""
    async with db.write() as tx:
        tick = tick or f"{now.isoformat()} {first}"
        row = insert(runs).values(job="sweep", tick=tick, state="ready", started=now)
        run = int((await tx.execute(row.returning(runs.c.id))).scalar_one())
        rows = [{"run": run, "n": n, "offer": id} for n, id in enumerate(offers)]
        await tx.execute(insert(run_offers), rows)
        mine = select(searches.c.id, searches.c.n).where(searches.c.state == "on")
        if first:
            mine = mine.where(searches.c.name.like("% alerte %"), _from(first))
        all_ = " ".join(map(str, range(len(offers))))
        made = [
            {"search": id, "run": run, "offers": all_ if together else str(n - 1)}
            for id, n in await tx.execute(mine)
        ]
        for at in range(0, len(made), 1_000):
            await tx.execute(insert(digests), made[at : at + 1_000])
    return run


def _from(first: int) -> Any:
    return searches.c.name >= f"{first} "


def named(text: str) -> str | None:
    """« 50000 alerte 2 », as the message says which alert it is of."""
    match = re.search(r"\d+ alerte \d+", text)
    return match.group() if match else None


async def rows(db: Database, **where: Any) -> list[Row[Any]]:
    """Messages as they are kept, oldest first."""
    query = select(pushes).order_by(pushes.c.id).filter_by(**where)
    async with db.read() as tx:
        return list(await tx.execute(query))


async def set_alert(db: Database, chat: int, n: int = 1, **values: Any) -> None:
    one = update(searches).where(searches.c.person == person(chat), searches.c.n == n)
    async with db.write() as tx:
        await tx.execute(one.values(**values))

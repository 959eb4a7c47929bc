"""Builds every room once and closes them all; nothing else constructs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta

from bot.applying import Applying
from bot.config import Settings
from bot.links import Signer
from bot.recent import Recent
from bot.turn import Turns
from dialogs import counsellors
from dialogs.actions.base import Services
from dialogs.criteria import Criteria
from dialogs.engine import Engine
from dialogs.voice import Voice
from matching.application.apart import Workshop
from matching.apprentissage.client import Apprentissage
from matching.calling import Backend, open_session
from matching.catalogue import Catalogue
from matching.demonstration import refresh_demonstration
from matching.ports import Counts, MemoryCache
from nlu.understander import Understander
from storage.applications import Applications
from storage.database import Database, DatabaseProblem
from storage.locks import LocalLocks, Locks
from storage.offers import Offers
from storage.rates import DatabaseRate, LocalRate, Rate, RedisRate
from storage.redis_locks import RedisLocks


@dataclass(slots=True)
class BotName:
    """The bot's name on Telegram: as it was set, or as Telegram tells it later."""

    value: str


@dataclass(frozen=True, slots=True)
class Rooms:
    """Everything a channel or a command may use."""

    settings: Settings
    database: Database
    offers: Offers
    catalogue: Catalogue
    understander: Understander
    voice: Voice
    engine: Engine
    turns: Turns
    locks: Locks
    rate: Rate
    signer: Signer
    bot_name: BotName
    applying: Applying | None = None


@asynccontextmanager
async def assemble(
    settings: Settings, understander: Understander | None = None
) -> AsyncIterator[Rooms]:
    """The whole house, migrated and furnished.

    A catalogue without real offers gets the demonstration set; an ``understander`` already loaded
    is used as it is, for it keeps nothing. Raises ``DatabaseProblem`` when the database cannot be
    reached.
    """
    async with AsyncExitStack() as stack:
        database = Database.open(settings.database_url)
        stack.push_async_callback(database.close)
        await database.migrate()
        offers = Offers(database)
        understander = understander or Understander.load()
        await _furnish(offers, understander, settings)
        locks, rate = await _shared(settings, database, stack)
        catalogue = Catalogue(offers, settings.now)
        voice = Voice.load()
        table, gazetteer = understander.table, understander.gazetteer
        client = await _client(settings, rate, understander, stack)
        engine = Engine(
            Services(
                matcher=catalogue,
                table=table,
                gazetteer=gazetteer,
                voice=voice,
                criteria=Criteria(table, gazetteer, voice),
                counsellors=counsellors.load(),
                today=settings.today,
                public_url=settings.public_url,
                keep_days=settings.keep_conversation_days,
                now=settings.now,
                applications=Applications(database) if client else None,
            )
        )
        turns = Turns(
            database=database, locks=locks, understander=understander, engine=engine, voice=voice,
            key=settings.key(), now=settings.now, today=settings.today,
            keep=timedelta(days=settings.keep_conversation_days),
            recent=None if settings.redis_url else Recent(),
        )  # fmt: skip
        stack.push_async_callback(_leave_unsent, turns)
        applying = Applying(turns, client, Workshop(), settings.key()) if client else None
        if applying:
            turns.afterwards = applying
            stack.push_async_callback(applying.drain, 0)
        signer = Signer(settings.key(), (trade.id for trade in table))
        yield Rooms(
            settings, database, offers, catalogue, understander, voice, engine, turns, locks,
            rate, signer, BotName(settings.telegram_bot_name or ""), applying,
        )  # fmt: skip


async def _client(
    settings: Settings, rate: Rate, understander: Understander, stack: AsyncExitStack
) -> Apprentissage | None:
    """API apprentissage, when there is a key to it."""
    if settings.apprentissage_api_key is None:
        return None
    session = await stack.enter_async_context(open_session())
    return Apprentissage(
        settings.apprentissage_api_url,
        settings.apprentissage_api_key.get_secret_value(),
        Backend("apprentissage", session, rate=rate, metrics=Counts()),
        cache=MemoryCache(),
        locate=understander.gazetteer.locate,
        clock=settings.now,
    )


async def _leave_unsent(turns: Turns) -> None:
    """What a clean stop leaves unsent is for the next process, at once."""
    with suppress(DatabaseProblem):  # without a database, its leases run out
        await turns.ledger.release(turns.now())


async def _furnish(offers: Offers, understander: Understander, settings: Settings) -> None:
    """Offers to show when no backend is set and none were imported: invented, and marked so."""
    await refresh_demonstration(offers, understander.gazetteer.locate, settings.today())


async def _shared(
    settings: Settings, database: Database, stack: AsyncExitStack
) -> tuple[Locks, Rate]:
    """In process, or through Redis when several processes serve together."""
    if settings.redis_url is None:
        return LocalLocks(), LocalRate()
    locks = RedisLocks(settings.redis_url)
    stack.push_async_callback(locks.close)
    rate = RedisRate(settings.redis_url, DatabaseRate(database))
    stack.push_async_callback(rate.close)
    return locks, rate

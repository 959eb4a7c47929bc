"""Builds every room once and closes them all; nothing else constructs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from bot import alerting as alerts
from bot.alerting import Alerting
from bot.applying import Applying
from bot.config import BadSettings, Settings
from bot.keeping import Keep
from bot.links import Signer, search_link
from bot.meter import Meter
from bot.recent import Recent
from bot.turn import Turns
from dialogs import counsellors
from dialogs.criteria import Criteria
from dialogs.engine import Engine
from dialogs.services import Services
from dialogs.voice import Voice
from matching.application.apart import Workshop
from matching.calling import Backend, Passing, open_session
from matching.catalogue import Catalogue
from matching.demonstration import refresh_demonstration
from matching.job_offer import Locate
from matching.model import DEMONSTRATION, SEEN, Matcher
from matching.ports import Cache, MemoryCache
from matching.ports import Rate as CallRate
from matching.sources import EXPORT, FRANCE_TRAVAIL, Patience, Sources
from nlu.understander import Understander
from storage.alerts import Alerts
from storage.applications import Applications
from storage.browsers import Browsers
from storage.database import Database, DatabaseProblem
from storage.live_offers import LiveOffers
from storage.locks import LocalLocks, Locks
from storage.rates import DatabaseRate, LocalRate, Rate

if TYPE_CHECKING:
    from bot.web_push import WebPush
    from matching.apprentissage.client import Apprentissage
    from matching.france_travail import FranceTravail


@dataclass(slots=True)
class BotName:
    """The bot's name on Telegram: as it was set, or as Telegram tells it later."""

    value: str


@dataclass(frozen=True, slots=True)
class Backends:
    """Those that are set; without any, the catalogue answers alone."""

    apprentissage: Apprentissage | None = None
    france_travail: FranceTravail | None = None

    def __bool__(self) -> bool:
        return bool(self.apprentissage or self.france_travail)


@dataclass(frozen=True, slots=True)
class Rooms:
    """Everything a channel or a command may use; ``crafts`` are the ROME codes of all trades."""

    settings: Settings
    database: Database
    offers: LiveOffers
    catalogue: Catalogue
    backends: Backends
    matcher: Matcher
    crafts: tuple[str, ...]
    understander: Understander
    voice: Voice
    engine: Engine
    turns: Turns
    locks: Locks
    rate: Rate
    signer: Signer
    bot_name: BotName
    alerting: Alerting
    applying: Applying | None = None
    web_push: WebPush | None = None


@asynccontextmanager
async def assemble(
    settings: Settings,
    understander: Understander | None = None,
    patience: Patience | None = None,
    *,
    aside: bool = False,
    passing: Passing | None = None,
) -> AsyncIterator[Rooms]:
    """The whole house, migrated and furnished.

    A catalogue without real offers gets the demonstration set; an ``understander`` already loaded
    is used as it is, for it keeps nothing; ``patience`` is with the backends, and ``passing`` the
    time their limits are kept by. ``aside``: for a command beside the service, in a shell that need
    not know which backends the service reads.
    Raises ``DatabaseProblem`` when the database cannot be reached.
    """
    async with AsyncExitStack() as stack:
        database = Database.open(settings.database_url)
        stack.push_async_callback(database.close)
        await database.migrate()
        offers = LiveOffers(database)
        understander = understander or Understander.load()
        await _furnish(offers, understander, settings, aside=aside)
        locks, rate = await _shared(settings, database, stack)
        catalogue = Catalogue(offers, settings.now)
        voice = Voice.load()
        table = understander.table
        crafts = tuple(sorted({code for t in table for code in (*t.rome, *t.parents)}))
        backends = await _backends(
            settings, database, understander, crafts, passing or Passing(), stack
        )
        matcher = _matcher(backends, catalogue, offers, settings, patience, stack)
        signer = Signer(settings.key(), (trade.id for trade in table))
        services = _services(settings, understander, voice, matcher, database, backends, signer)
        engine = Engine(services)
        turns = Turns(
            database=database, locks=locks, understander=understander, engine=engine, voice=voice,
            key=settings.key(), now=settings.now, today=settings.today,
            keep=_keep(settings), recent=None if settings.redis_url else Recent(),
        )  # fmt: skip
        stack.push_async_callback(_leave_unsent, turns)
        applying = _applying(backends, turns, settings, stack)
        yield Rooms(
            settings, database, offers, catalogue, backends, matcher, crafts, understander, voice,
            engine, turns, locks, rate, signer, BotName(settings.telegram_bot_name or ""),
            alerts.build(settings, database, offers, services),
            applying, await _web_push(settings, database, stack),
        )  # fmt: skip


def _services(
    settings: Settings,
    understander: Understander,
    voice: Voice,
    matcher: Matcher,
    database: Database,
    backends: Backends,
    signer: Signer,
) -> Services:
    """What the dialogue is given."""
    table, gazetteer = understander.table, understander.gazetteer
    return Services(
        matcher=matcher,
        table=table,
        gazetteer=gazetteer,
        voice=voice,
        criteria=Criteria(table, gazetteer, voice),
        counsellors=counsellors.load(),
        today=settings.today,
        public_url=settings.public_url,
        keep=_keep(settings).of,
        minimum_age=settings.minimum_age,
        alerts=Alerts(database),
        link=partial(search_link, signer, settings.public_url),
        now=settings.now,
        applications=Applications(database) if backends.apprentissage else None,
        courses=backends.apprentissage,
    )


def _keep(settings: Settings) -> Keep:
    """How long one keeps what people leave here."""
    return Keep(
        timedelta(days=settings.keep_conversation_days),
        timedelta(days=settings.keep_person_days),
        settings.minimum_age,
    )


def _applying(
    backends: Backends, turns: Turns, settings: Settings, stack: AsyncExitStack
) -> Applying | None:
    """Who sends applications, where a backend takes them."""
    if backends.apprentissage is None:
        return None
    applying = Applying(turns, backends.apprentissage, Workshop(), settings.key())
    turns.afterwards = applying
    stack.push_async_callback(applying.drain, 0)
    return applying


async def _web_push(
    settings: Settings, database: Database, stack: AsyncExitStack
) -> WebPush | None:
    """Who tells browsers that something waits, where there is a key for it."""
    key = settings.web_push_private_key
    if key is None:
        return None
    from bot.web_push import WebPush

    session = await stack.enter_async_context(open_session())
    meter = Meter()
    stack.callback(meter.tell)
    try:
        return WebPush(
            key.get_secret_value(), settings.web_push_contact or "", Browsers(database),
            lambda name: Backend(name, session, rate=LocalRate(), metrics=meter),
        )  # fmt: skip
    except ValueError:
        raise BadSettings("WEB_PUSH_PRIVATE_KEY : ce n’est pas une clé P-256") from None


async def _leave_unsent(turns: Turns) -> None:
    """What a clean stop leaves unsent is for the next process, at once."""
    with suppress(DatabaseProblem):  # without a database, its leases run out
        await turns.ledger.release(turns.now())


async def _retire(offers: LiveOffers, settings: Settings) -> None:
    """What a backend brought that is set no more leaves: nobody would ever say that it is gone."""
    origins = read_from(settings)
    off = {EXPORT, FRANCE_TRAVAIL} - {*origins} | (set() if origins else {SEEN})
    await offers.retire(off, settings.today())


async def _furnish(
    offers: LiveOffers, understander: Understander, settings: Settings, *, aside: bool
) -> None:
    """Offers to show when no backend is set and none were imported: invented, and marked so.

    Beside real ones they would mislead.
    """
    if not aside:
        await _retire(offers, settings)
    if settings.has_backends:
        await offers.replace(DEMONSTRATION, [])
        return
    await refresh_demonstration(offers, understander.gazetteer.locate, settings.today())


def read_from(settings: Settings) -> tuple[str, ...]:
    """The sources whose backend is set."""
    return tuple(
        origin
        for origin, secret in (
            (EXPORT, settings.apprentissage_api_key),
            (FRANCE_TRAVAIL, settings.france_travail_client_secret),
        )
        if secret is not None
    )


def _matcher(
    backends: Backends,
    catalogue: Catalogue,
    offers: LiveOffers,
    settings: Settings,
    patience: Patience | None,
    stack: AsyncExitStack,
) -> Matcher:
    live = [b for b in (backends.apprentissage, backends.france_travail) if b is not None]
    if not live:
        return catalogue
    sources = Sources(
        live, catalogue, offers, settings.now, origins=read_from(settings),
        employers=backends.apprentissage, patience=patience,
    )  # fmt: skip
    stack.push_async_callback(sources.close)
    return sources


async def _backends(
    settings: Settings,
    database: Database,
    understander: Understander,
    crafts: tuple[str, ...],
    passing: Passing,
    stack: AsyncExitStack,
) -> Backends:
    """The clients of the backends that are set, over one session and one meter."""
    if not settings.has_backends:
        return Backends()
    session = await stack.enter_async_context(open_session())
    meter = Meter()
    stack.callback(meter.tell)
    # Commands call them beside the service: without Redis, the database counts for all of them.
    counted = DatabaseRate(database, passing.since_1970)
    shared: CallRate = counted
    if settings.redis_url:
        from storage.redis_rates import RedisRate

        shared = through_redis = RedisRate(settings.redis_url, counted, spent=True)
        stack.push_async_callback(through_redis.close)
    cache = await _cache(settings, stack)

    def backend(name: str) -> Backend:
        return Backend(
            name, session, rate=shared, metrics=meter, clock=passing.clock, sleep=passing.sleep
        )

    locate = understander.gazetteer.locate
    return Backends(
        _apprentissage(settings, backend, cache, locate, crafts),
        _france_travail(settings, backend, cache, locate, crafts),
    )


def _apprentissage(
    settings: Settings,
    backend: Callable[[str], Backend],
    cache: Cache,
    locate: Locate,
    crafts: tuple[str, ...],
) -> Apprentissage | None:
    if settings.apprentissage_api_key is None:
        return None
    from matching.apprentissage.client import Apprentissage

    return Apprentissage(
        settings.apprentissage_api_url, settings.apprentissage_api_key.get_secret_value(),
        backend("apprentissage"), cache=cache, locate=locate, clock=settings.now,
        any_codes=crafts,
    )  # fmt: skip


def _france_travail(
    settings: Settings,
    backend: Callable[[str], Backend],
    cache: Cache,
    locate: Locate,
    crafts: tuple[str, ...],
) -> FranceTravail | None:
    secret = settings.france_travail_client_secret
    if secret is None:
        return None
    from matching.france_travail import FranceTravail

    return FranceTravail(
        backend("france_travail"), api_url=settings.france_travail_api_url or "",
        token_url=settings.france_travail_token_url or "",
        client_id=settings.france_travail_client_id or "",
        client_secret=secret.get_secret_value(), locate=locate, clock=settings.now,
        crafts=crafts, beside_lba=settings.apprentissage_api_key is not None, cache=cache,
    )  # fmt: skip


async def _cache(settings: Settings, stack: AsyncExitStack) -> Cache:
    """A few minutes of answers, shared through Redis when several processes serve together."""
    if settings.redis_url is None:
        return MemoryCache()
    from storage.answers import RedisCache

    cache = RedisCache(settings.redis_url)
    stack.push_async_callback(cache.close)
    return cache


async def _shared(
    settings: Settings, database: Database, stack: AsyncExitStack
) -> tuple[Locks, Rate]:
    """In process, or through Redis when several processes serve together."""
    if settings.redis_url is None:
        return LocalLocks(), LocalRate()
    from storage.redis_locks import RedisLocks  # Redis's client is 9 MiB: for who has one
    from storage.redis_rates import RedisRate

    locks = RedisLocks(settings.redis_url)
    stack.push_async_callback(locks.close)
    rate = RedisRate(settings.redis_url, DatabaseRate(database))
    stack.push_async_callback(rate.close)
    return locks, rate

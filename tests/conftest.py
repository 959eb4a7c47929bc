"""Fixtures shared by every test: fresh databases, an empty Redis.

The servers are those of ``TEST_DATABASE_URL`` (its user may create databases) and
``TEST_REDIS_URL`` (its databases are emptied), or started here once a run, and shared by all
workers. Without a server the tests that need one fail; none is skipped.
"""

from __future__ import annotations

import asyncio
import gc
import itertools
import os
import shutil
from collections.abc import AsyncIterator, Callable, Coroutine, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import hypothesis
import pytest
import redis
import uvloop

from tests import emptying, servers

if TYPE_CHECKING:
    from bot.assembly import Rooms
    from nlu.understander import Understander
    from tests.browsing import Person

# The same examples at every run: a change is judged by what it changes. New ones are searched for
# with `HYPOTHESIS_PROFILE=search make test`, and what they find becomes an @example.
hypothesis.settings.register_profile("same", derandomize=True, deadline=None)
hypothesis.settings.register_profile("search", deadline=None)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

_TEMPLATE = "CMACHANCE_TEST_TEMPLATE"
"""The environment variable that hands workers the name of the database others are copied from."""
_TEMPLATE_LOCK = 20_270_901
_started: dict[str, servers.Server] = {}
_numbers = itertools.count(1)

Spares = list[tuple[str, str, ExitStack]]
"""Databases that tests have left, empty again: address, shape, and what drops it."""


def pytest_configure(config: pytest.Config) -> None:
    """With several workers, the run that starts them starts the servers, and hands them on."""
    if hasattr(config, "workerinput"):
        return
    os.environ[_TEMPLATE] = f"cmachance_template_{os.getpid()}"
    if getattr(config.option, "tx", None) and not config.option.collectonly:
        with suppress(servers.ServerMissing):  # the fixtures meet it again, and say it
            _server("TEST_DATABASE_URL", servers.start_postgres)
            _server("TEST_REDIS_URL", servers.start_redis)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection() -> Generator[None, object, object]:
    """All that collecting makes stays until the end: looking through it for garbage, then and at
    every test, took an eighth of the run."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Everything runs in the loop that serves in production."""
    return {"uvloop": uvloop.new_event_loop}


def pytest_unconfigure(config: pytest.Config) -> None:
    """Nothing stays: neither our servers, nor our template on a server that was lent to us."""
    if not hasattr(config, "workerinput") and "TEST_DATABASE_URL" in os.environ.keys() - _started:
        drop = f"DROP DATABASE IF EXISTS {os.environ[_TEMPLATE]} WITH (FORCE)"
        with suppress(OSError, asyncpg.PostgresError):  # unreachable: the fixtures said so
            _run(_administer(os.environ["TEST_DATABASE_URL"], drop))
    while _started:
        variable, server = _started.popitem()
        del os.environ[variable]
        server.stop()


def _server(variable: str, start: Callable[[], servers.Server]) -> str:
    """The address of a server: workers inherit it through the environment."""
    if variable not in os.environ:
        _started[variable] = start()
        os.environ[variable] = _started[variable].url
    return os.environ[variable]


def _run(work: Coroutine[Any, Any, object]) -> None:
    """Run to the end, in a loop of its own, whether or not the test has one already."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()


def _named(url: str, database: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


async def _administer(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def _make_template(url: str) -> None:
    """The database every other one is copied from: the first worker migrates it, others wait."""
    from storage.database import migrate

    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        await connection.execute(f"SELECT pg_advisory_lock({_TEMPLATE_LOCK})")
        name = os.environ[_TEMPLATE]
        known = "SELECT 1 FROM pg_database WHERE datname = $1"
        if not await connection.fetchval(known, name):
            draft = f"{name}_draft"
            await connection.execute(f"DROP DATABASE IF EXISTS {draft} WITH (FORCE)")
            await connection.execute(f"CREATE DATABASE {draft}")
            await migrate(_named(url, draft))
            await connection.execute(f"ALTER DATABASE {draft} RENAME TO {name}")
    finally:
        await connection.close()


@contextmanager
def _database(url: str, template: str = "template0") -> Iterator[str]:
    name = f"cmachance_test_{os.getpid()}_{next(_numbers)}"
    _run(_administer(url, f"CREATE DATABASE {name} TEMPLATE {template}"))
    try:
        yield _named(url, name)
    finally:
        _run(_administer(url, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture(scope="session")
def postgres_server() -> str:
    """Address of the PostgreSQL database from which others are created."""
    return _server("TEST_DATABASE_URL", servers.start_postgres)


@pytest.fixture(scope="session")
def _postgres_template(postgres_server: str) -> str:
    _run(_make_template(postgres_server))
    return os.environ[_TEMPLATE]


@pytest.fixture
def empty_postgres_url(postgres_server: str) -> Iterator[str]:
    """A PostgreSQL database of this test alone, without any table."""
    with _database(postgres_server) as url:
        yield url


@pytest.fixture(scope="session")
def _postgres_spares() -> Iterator[Spares]:
    spares: Spares = []
    yield spares
    for *_, dropping in spares:
        dropping.close()


@pytest.fixture
def postgres_url(
    postgres_server: str,
    _postgres_template: str,
    _postgres_spares: Spares,
) -> Iterator[str]:
    """A PostgreSQL database of this test alone, migrated and empty.

    To make one costs the server ten times as much as to empty one that was used.
    """
    if _postgres_spares:
        url, shape, dropping = _postgres_spares.pop()
    else:
        dropping = ExitStack()
        url = dropping.enter_context(_database(postgres_server, _postgres_template))
        shape = emptying.shape(url)
    try:
        yield url
        if emptying.emptied(url, shape):
            _postgres_spares.append((url, shape, dropping.pop_all()))
    finally:
        dropping.close()


@pytest.fixture
def empty_sqlite_url(tmp_path: Path) -> str:
    """A SQLite file of this test alone, not yet there."""
    return f"sqlite+aiosqlite:///{tmp_path / 'empty.sqlite'}"


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from storage.database import migrate

    file = tmp_path_factory.mktemp("template") / "template.sqlite"
    _run(migrate(f"sqlite+aiosqlite:///{file}"))
    return file


@pytest.fixture
def sqlite_url(tmp_path: Path, _sqlite_template: Path) -> str:
    """A SQLite file of this test alone, migrated and empty."""
    file = shutil.copy(_sqlite_template, tmp_path / "cmachance.sqlite")
    return f"sqlite+aiosqlite:///{file}"


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The test runs twice: on SQLite and on PostgreSQL, migrated and empty."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture(params=["sqlite", "postgres"])
def empty_database_url(request: pytest.FixtureRequest) -> str:
    """The same, without any table."""
    url: str = request.getfixturevalue(f"empty_{request.param}_url")
    return url


@pytest.fixture(scope="session")
def shared_redis_url(worker_id: str) -> str:
    """A Redis database of this worker alone, as the tests before have left it."""
    server = _server("TEST_REDIS_URL", servers.start_redis)
    number = 0 if worker_id == "master" else int(worker_id.removeprefix("gw"))
    return f"{server}{'&' if '?' in server else '?'}db={number}"


@pytest.fixture
def redis_url(shared_redis_url: str) -> Iterator[str]:
    """The same, emptied before and after."""
    with redis.Redis.from_url(shared_redis_url) as client:
        client.flushdb()
        yield shared_redis_url
        client.flushdb()


@pytest.fixture
def own_redis() -> Iterator[servers.Server]:
    """A Redis server of this test alone, to be killed and started again."""
    server = servers.start_redis()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def understander() -> Understander:
    """The real one, loaded once a worker: it keeps nothing between two messages."""
    from nlu.understander import Understander

    return Understander.load()


@pytest.fixture(scope="session")
def furnished(offered: Callable[[str, str], str]) -> Path:
    """A SQLite file with the demonstration offers; each house works on a copy of it."""
    return Path(offered("sqlite", "demonstration").removeprefix("sqlite+aiosqlite:///"))


@pytest.fixture(scope="session")
def offered(
    tmp_path_factory: pytest.TempPathFactory, understander: Understander
) -> Iterator[Callable[[str, str], str]]:
    """Database address by kind and offers; each is furnished once per worker."""
    from tests.offered import furnish

    made: dict[tuple[str, str], str] = {}
    folder = tmp_path_factory.mktemp("offered")
    with ExitStack() as stack:

        def get(kind: str, offers: str, postgres_server: str = "") -> str:
            if (kind, offers) not in made:
                if kind == "sqlite":
                    url = f"sqlite+aiosqlite:///{folder / offers}.sqlite"
                else:
                    url = stack.enter_context(_database(postgres_server))
                _run(furnish(url, offers, understander))
                made[kind, offers] = url
            return made[kind, offers]

        yield get


@pytest.fixture(scope="session")
def warm() -> Iterator[Path]:
    """The process whose forks are killed; started once a worker."""
    from tests import mortal

    with mortal.warm() as door:
        yield door


@pytest.fixture
def furnished_sqlite_url(furnished: Path, tmp_path: Path) -> str:
    """A SQLite file of this test alone, with the demonstration offers."""
    return f"sqlite+aiosqlite:///{shutil.copy(furnished, tmp_path / 'furnished.sqlite')}"


@pytest.fixture
def furnished_postgres_url(postgres_server: str, offered: Callable[..., str]) -> Iterator[str]:
    """A PostgreSQL database of this test alone, with the demonstration offers."""
    template = offered("postgres", "demonstration", postgres_server)
    with _database(postgres_server, urlsplit(template).path[1:]) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def furnished_url(request: pytest.FixtureRequest) -> str:
    """Both, one after the other, or the one that a test asks for."""
    url: str = request.getfixturevalue(f"furnished_{request.param}_url")
    return url


@pytest.fixture
def few_sqlite_url(tmp_path: Path, offered: Callable[[str, str], str]) -> str:
    """A SQLite file of this test alone, with five offers: what alerts go through is soon read."""
    template = offered("sqlite", "saint-pol").removeprefix("sqlite+aiosqlite:///")
    return f"sqlite+aiosqlite:///{shutil.copy(template, tmp_path / 'few.sqlite')}"


@pytest.fixture
def few_postgres_url(postgres_server: str, offered: Callable[..., str]) -> Iterator[str]:
    """The same in PostgreSQL."""
    template = offered("postgres", "saint-pol", postgres_server)
    with _database(postgres_server, urlsplit(template).path[1:]) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def few_url(request: pytest.FixtureRequest) -> str:
    """Both, one after the other, or the one that a test asks for."""
    url: str = request.getfixturevalue(f"few_{request.param}_url")
    return url


@pytest.fixture
async def rooms(
    furnished: Path, tmp_path: Path, understander: Understander
) -> AsyncIterator[Rooms]:
    """The real house, on SQLite."""
    from tests.browsing import house

    async with house(furnished, tmp_path, understander) as built:
        yield built


@pytest.fixture
async def lou(rooms: Rooms) -> AsyncIterator[Person]:
    """Somebody at our page."""
    from tests.browsing import visit

    async with visit(rooms) as person:
        yield person


@pytest.fixture
async def sam(rooms: Rooms) -> AsyncIterator[Person]:
    """Somebody else at our page."""
    from tests.browsing import visit

    async with visit(rooms) as person:
        yield person

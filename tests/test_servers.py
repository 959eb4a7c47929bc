"""The servers of the tests: each source starts, and nothing survives a killed run."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest
import redis

from tests import servers

_FINDERS = [
    pytest.param(servers.postgres_in_wheel, id="wheel"),
    pytest.param(lambda: servers.postgres_on_path() or servers.postgres_in_wheel(), id="path"),
]
_REDIS_FINDERS = [
    pytest.param(servers.redis_in_wheel, id="wheel"),
    pytest.param(lambda: servers.redis_on_path() or servers.redis_in_wheel(), id="path"),
]


@pytest.mark.parametrize("find", _FINDERS)
async def test_a_postgres_starts_answers_and_goes(find: Callable[[], Path | None]) -> None:
    programs = find()
    assert programs is not None
    server = servers.start_postgres(programs)
    try:
        connection = await asyncpg.connect(server.url.replace("+asyncpg", ""))
        assert await connection.fetchval("SELECT 6 * 7") == 42
        assert await connection.fetchval("SHOW data_directory") == str(server.folder / "data")
        await connection.close()
    finally:
        server.stop()
    assert server.process.poll() is not None
    assert not server.folder.exists()


@pytest.mark.parametrize("find", _REDIS_FINDERS)
def test_a_redis_starts_answers_and_goes(find: Callable[[], Path | None]) -> None:
    program = find()
    assert program is not None
    server = servers.start_redis(program)
    try:
        with redis.Redis.from_url(f"{server.url}?db=63") as client:
            assert client.set("a", "1")
            assert client.get("a") == b"1"
    finally:
        server.stop()
    assert not server.folder.exists()


def test_a_killed_redis_comes_back_at_the_same_address(own_redis: servers.Server) -> None:
    own_redis.kill()
    with redis.Redis.from_url(own_redis.url) as client, pytest.raises(redis.ConnectionError):
        client.ping()
    again = servers.restart(own_redis)
    try:
        with redis.Redis.from_url(own_redis.url) as client:
            assert client.ping()
    finally:
        again.stop()


def test_a_program_that_does_not_start_is_said(tmp_path: Path) -> None:
    program = tmp_path / "redis-server"
    program.write_text("#!/bin/sh\necho no memory for me\nexit 1\n")
    program.chmod(0o755)
    with pytest.raises(servers.ServerMissing, match="no memory for me"):
        servers.start_redis(program)


def test_without_any_program_the_message_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("redis_on_path", "redis_in_wheel", "postgres_on_path", "postgres_in_wheel"):
        monkeypatch.setattr(servers, name, lambda: None)
    with pytest.raises(servers.ServerMissing, match="TEST_REDIS_URL"):
        servers.start_redis()
    with pytest.raises(servers.ServerMissing, match="TEST_DATABASE_URL"):
        servers.start_postgres()


_RUN = """
import signal
from tests import servers
signal.signal(signal.SIGQUIT, signal.SIG_IGN)  # as a shell does behind a « & »
for server in (servers.start_postgres(), servers.start_redis()):
    print(server.process.pid, server.guard.pid, server.folder, flush=True)
input()
"""


def test_nothing_survives_a_run_that_is_killed() -> None:
    root = Path(__file__).parents[1]
    run = subprocess.Popen(
        [sys.executable, "-c", _RUN],
        cwd=root,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with run:
        assert run.stdout is not None
        found = [run.stdout.readline().split() for _ in range(2)]
        watched = [os.pidfd_open(int(pid)) for pids in found for pid in pids[:2]]
        run.kill()
    for descriptor in watched:
        assert select.select([descriptor], [], [], 20)[0], "a server or its guard is still there"
        os.close(descriptor)
    assert not any(Path(folder).exists() for _, _, folder in found)


def test_two_databases_of_a_test_do_not_meet(empty_postgres_url: str, redis_url: str) -> None:
    assert "cmachance_test_" in empty_postgres_url
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0

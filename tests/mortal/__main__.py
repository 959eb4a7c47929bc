"""The warm process: everything is imported and read once, each life is a fork of it."""

from __future__ import annotations

import gc
import json
import os
import selectors
import signal
import socket
import sys
import traceback
from importlib import import_module
from typing import Any, NoReturn

import uvloop

from bot import log, serve
from bot.config import Settings
from dialogs import counsellors
from dialogs.voice import Voice
from nlu.understander import Understander
from tests.mortal.changes import change

WANTED = (
    "aiosqlite", "bot.channels.telegram.channel", "disposable_email_domains", "email_validator",
    "phonenumbers.data.region_FR", "storage.deeds_postgresql", "storage.ledger_postgresql",
)  # fmt: skip
"""What a life would import by itself: once here, not in each of them."""


class Family:
    """The lives started for one test; they end with its connection."""

    def __init__(self, line: socket.socket, understander: Understander) -> None:
        self._line = line
        self._understander = understander
        self._pids: dict[int, int] = {}

    def say(self, **what: Any) -> None:
        """One line; short enough to come in one piece from any process."""
        self._line.send(json.dumps(what).encode() + b"\n")

    def serve(self) -> None:
        """Start a life for each line, tell of each that ended, until the connection ends."""
        with selectors.DefaultSelector() as events:
            for end in (0, self._line.fileno()):
                events.register(end, selectors.EVENT_READ)
            rest = b""
            while True:
                for key, _ in events.select():
                    if key.fd in self._pids:
                        self._bury(events, key.fd)
                        continue
                    if key.fd == 0 or not (read := self._line.recv(1 << 16)):
                        self._end()
                        return
                    *orders, rest = (rest + read).split(b"\n")
                    for order in orders:
                        self._start(events, json.loads(order))

    def _start(self, events: selectors.BaseSelector, order: dict[str, Any]) -> None:
        pid = os.fork()
        if not pid:
            self._live(order)
        fd = os.pidfd_open(pid)
        self._pids[fd] = pid
        events.register(fd, selectors.EVENT_READ)
        self.say(born=pid)

    def _bury(self, events: selectors.BaseSelector, fd: int) -> None:
        pid = self._pids.pop(fd)
        _, status = os.waitpid(pid, 0)
        events.unregister(fd)
        os.close(fd)
        self.say(pid=pid, ended=os.waitstatus_to_exitcode(status))

    def _end(self) -> None:
        for pid in self._pids.values():
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)

    def _live(self, order: dict[str, Any]) -> NoReturn:
        """One life: `python -m bot serve` with these settings, its log in a file."""
        pid, code = os.getpid(), 1

        def say(**what: Any) -> None:
            self.say(pid=pid, **what)

        try:
            os.dup2(os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), 2)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.environ.clear()
            os.environ.update(order["env"])
            change(order, self._understander, say)
            log.configure(sys.stderr)
            roles = order["only"] or serve.ROLES
            uvloop.run(serve.serve(Settings.load(), lambda line: say(said=line), only=roles))
            code = 0
        except Exception:  # noqa: BLE001 - told, then nothing more goes on in this process
            traceback.print_exc()
        finally:
            os._exit(code)


def main() -> None:
    """Listen at the path given; end with the standard input."""
    for name in WANTED:
        import_module(name)
    understander = Understander.load()
    Voice.load()
    counsellors.load()
    gc.collect()
    gc.freeze()  # a life looks for garbage in what it made itself
    with socket.socket(socket.AF_UNIX) as door, selectors.DefaultSelector() as events:
        door.bind(sys.argv[1])
        door.listen()
        events.register(0, selectors.EVENT_READ)
        events.register(door, selectors.EVENT_READ)
        os.write(1, b"warm\n")
        while all(key.fd != 0 for key, _ in events.select()):
            line, _ = door.accept()
            with line:
                Family(line, understander).serve()


if __name__ == "__main__":
    main()

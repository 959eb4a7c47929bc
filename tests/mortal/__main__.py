"""The warm process: everything is imported and read once, each life is a fork of it."""

from __future__ import annotations

import json
import os
import selectors
import signal
import sys
from datetime import timedelta
from typing import Any, NoReturn

import uvloop

import bot.channels.telegram.channel  # noqa: F401 - imported here once, not in each life
from bot import log, serve
from bot.channels.telegram.sender import Sender
from bot.config import Settings
from nlu.understander import Understander
from storage.ledger import Ledger
from storage.outbox import Waiting
from tests.mortal.points import Point, arm


def say(**what: Any) -> None:
    """One line to whoever started us; short enough to come in one piece from any process."""
    os.write(1, json.dumps(what).encode() + b"\n")


def live(order: dict[str, Any], understander: Understander) -> NoReturn:
    """One life: `python -m bot serve` with these settings, its log in a file."""
    code = 1
    try:
        errors = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(errors, 2)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.environ.clear()
        os.environ.update(order["env"])
        _change(order, understander)
        log.configure(sys.stderr)
        pid = os.getpid()
        uvloop.run(serve.serve(Settings.load(), lambda line: say(pid=pid, said=line)))
        code = 0
    finally:
        os._exit(code)


def _change(order: dict[str, Any], understander: Understander) -> None:
    """The clock ahead, where to die, and what need not be read again."""
    ahead, now = timedelta(seconds=order["ahead"]), Settings.now
    Settings.now = lambda self: now(self) + ahead  # type: ignore[method-assign]
    Understander.load = classmethod(lambda cls: understander)  # type: ignore[method-assign, assignment]
    _tell()
    if order["point"]:
        arm(Point(**order["point"]))


def _tell() -> None:
    """Say under which name messages are claimed here, and of each when it is settled."""
    begin, settle, pid = Ledger.__init__, Sender._settle, os.getpid()

    def begin_and_tell(self: Ledger, db: Any, owner: str) -> None:
        begin(self, db, owner)
        say(pid=pid, owner=owner)

    async def settle_and_tell(self: Sender, message: Waiting, verdict: Any) -> list[Waiting]:
        following = await settle(self, message, verdict)
        say(pid=pid, settled=message.address)
        return following

    Ledger.__init__ = begin_and_tell  # type: ignore[method-assign]
    Sender._settle = settle_and_tell  # type: ignore[method-assign]


def main() -> None:
    understander = Understander.load()
    say(warm=True)
    lives: dict[int, int] = {}
    with selectors.DefaultSelector() as events:
        events.register(0, selectors.EVENT_READ)
        rest = b""
        while True:
            for key, _ in events.select():
                if key.fd != 0:
                    _buried(events, key.fd, lives.pop(key.fd))
                    continue
                if not (read := os.read(0, 1 << 16)):
                    for pid in lives.values():
                        os.kill(pid, signal.SIGKILL)
                    return
                *orders, rest = (rest + read).split(b"\n")
                for order in orders:
                    pid = os.fork()
                    if not pid:
                        live(json.loads(order), understander)
                    fd = os.pidfd_open(pid)
                    lives[fd] = pid
                    events.register(fd, selectors.EVENT_READ)
                    say(born=pid)


def _buried(events: selectors.BaseSelector, fd: int, pid: int) -> None:
    _, status = os.waitpid(pid, 0)
    events.unregister(fd)
    os.close(fd)
    say(pid=pid, ended=os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main()

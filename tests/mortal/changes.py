"""What is different in a life: its clock, its leases, where it dies, what it tells of itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from alerts import push
from alerts.push import Pusher
from bot import turn
from bot.alerting import Alerting
from bot.channels.telegram import sender
from bot.channels.telegram.sender import Sender
from bot.config import Settings
from dialogs.reply import Delivery
from nlu.understander import Understander
from storage import redis_locks
from storage.ledger import Ledger
from storage.outbox import Waiting
from storage.redis_locks import Delays
from tests.mortal.points import Point, arm


def change(order: dict[str, Any], understander: Understander, say: Callable[..., None]) -> None:
    """Of the real methods only what surrounds them changes."""
    ahead, now = timedelta(seconds=order["ahead"]), Settings.now
    Settings.now = lambda self: now(self) + ahead  # type: ignore[method-assign]
    Understander.load = classmethod(lambda cls: understander)  # type: ignore[method-assign, assignment]
    if order["lease"]:
        _hurry(order["lease"])
    _push(order["hurry"], order["lease"])
    _tell(say)
    if order["point"]:
        arm(Point(**order["point"]), say)


def _hurry(lease: float) -> None:
    """Whoever dies is replaced sooner than in production."""
    for module in (turn, sender):
        module.ANSWER_LEASE = timedelta(seconds=lease)  # type: ignore[attr-defined]
    sender.SEND_SECONDS = lease * 0.55
    sender.SWEEP_SECONDS = lease / 10
    shared = partial(Delays, lease=lease, beat=lease / 10, alive=lease / 2)
    redis_locks.Delays = shared  # type: ignore[misc, assignment]


def _push(per_second: float | None, lease: float | None) -> None:
    """How fast alerts go, and how soon another takes up those of who died."""
    pusher = Alerting.pusher

    def hurried(self: Alerting, *given: Any, **named: Any) -> Pusher:
        made = pusher(self, *given, **named)
        made.per_second = per_second or made.per_second
        made.lease = timedelta(seconds=lease) if lease else made.lease
        return made

    Alerting.pusher = hurried  # type: ignore[method-assign]
    if lease:
        push.SEND_SECONDS, push.LOOK_SECONDS = lease * 0.55, lease / 10
    if per_second:
        push.APART = timedelta()


def _tell(say: Callable[..., None]) -> None:
    """Under which name messages are claimed here, and of each when it is settled."""
    begin, settle = Ledger.__init__, Sender._settle

    def begin_and_tell(self: Ledger, db: Any, owner: str) -> None:
        begin(self, db, owner)
        say(owner=owner)

    async def settle_and_tell(
        self: Sender, message: Waiting, verdict: Delivery, now: datetime
    ) -> list[Waiting]:
        following = await settle(self, message, verdict, now)
        say(settled=message.address)
        return following

    Ledger.__init__ = begin_and_tell  # type: ignore[method-assign]
    Sender._settle = settle_and_tell  # type: ignore[method-assign]

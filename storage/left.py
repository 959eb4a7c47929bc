"""What a turn leaves behind, in the form the databases take."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal, Protocol

from storage.conversations import Stored
from storage.database import Refused
from storage.deeds import Deed, Sum, summed
from storage.outbox import State, Waiting

PRESS_AGAIN = timedelta(seconds=10)
"""The same press within this time, with nothing in between, counts once."""


Ended = Literal["sent", "refused", "unknown"]
"""How an application ends: see :data:`storage.schema.applications`."""


@dataclass(frozen=True, slots=True)
class Decided:
    """An application the person has decided on: it is ``sending`` from now on.

    One that was sent already, or may have been, stays as it is.
    """

    offer: str
    recruiter: str


@dataclass(frozen=True, slots=True)
class Settled:
    """How the application to an offer ended, and why."""

    offer: str
    state: Ended
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Left:
    """What a turn leaves behind.

    ``update`` is the key that says it was done. ``version`` is the one loaded, 0 for a new
    conversation, which is kept until ``kept_until``. ``state`` is ``None`` to erase it, all that
    was still to be sent in it, and what was noted of its applications, its alerts and what came of
    them. ``once``: the replies are never sent again after a lease ran out. ``press`` is the key of
    a button press: the same as the conversation's last turn, within :data:`PRESS_AGAIN`, counts
    once. ``lease``: the replies are this owner's at once, to be sent; ``None`` leaves them to
    whoever comes and reads. A reply may say under « order » which number its update had: see
    :meth:`storage.ledger.Ledger.forget`. ``deeds`` are those of :mod:`storage.deeds`.
    """

    update: str
    conversation: str
    version: int
    channel: str
    address: str
    state: dict[str, Any] | None
    replies: Sequence[dict[str, Any]]
    expires: datetime
    kept_until: datetime
    counts: Collection[tuple[str, str]]
    day: date
    once: bool = False
    press: str | None = None
    lease: timedelta | None = None
    decided: Decided | None = None
    settled: Settled | None = None
    deeds: Sequence[Deed] = ()


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of it.

    Not ``new``: done before, or the same press; nothing but the mark was kept. ``claimed`` are the
    replies to send now, in order. ``behind``: they were left pending, because older ones of this
    conversation are not settled.
    """

    new: bool
    claimed: list[Waiting]
    behind: bool


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn as it is written: its values and, in JSON, the state, the replies and the rest.

    ``press`` is the mark it leaves, its press with the version of the conversation it leads to;
    ``pressed`` the one that the same press left, if it led to the version this one was made on.
    ``deeds``: none, for most.
    """

    left: Left
    now: datetime
    state: str | None
    bodies: tuple[str, ...]
    rest: str
    press: str | None
    pressed: str | None
    deeds: Sum | None

    def keys(self) -> set[str]:
        left = self.left
        marks = (left.update, left.press) if left.press else (left.update,)
        return {f"c{left.conversation}", *(f"m{mark}" for mark in marks)}

    def kept(self, ids: Sequence[int], *, claimed: bool) -> Kept:
        """The outcome of a turn that was new; ``ids`` are those of its replies."""
        left = self.left
        if not claimed:
            return Kept(True, [], left.lease is not None and bool(self.bodies))
        to_send = [
            Waiting(id, left.conversation, left.channel, left.address, body, 1, self.now, left.once)
            for id, body in zip(ids, left.replies, strict=True)
        ]
        return Kept(True, to_send, False)


@dataclass(frozen=True, slots=True)
class Mark:
    """What became of a message; without ``id``, only what comes next in it is looked for."""

    id: int | None
    conversation: str
    state: State
    now: datetime
    not_before: datetime | None
    lease: timedelta

    def keys(self) -> set[str]:
        return {self.conversation}


class Books(Protocol):
    """How one kind of database answers batches; each call of a batch has its own keys."""

    async def load(self, ids: list[str]) -> Sequence[Stored | None]: ...
    async def keep(self, turns: list[Turn]) -> Sequence[Kept | Exception]: ...
    async def settle(self, marks: list[Mark]) -> Sequence[list[Waiting]]: ...
    async def close(self) -> None: ...


def prepared(left: Left, now: datetime) -> Turn:
    """Raises :class:`Refused` for what no database takes: it never reaches the others' batch."""
    press = pressed = None
    if left.press:
        press = f"{left.press}:{0 if left.state is None else left.version + 1}"
        pressed = f"{left.press}:{left.version}"
    deeds = summed(left.deeds) if left.deeds else None
    rest = {
        "key": left.update,
        "press": press,
        "same_press": pressed,
        "conversation": left.conversation,
        "version": left.version,
        "channel": left.channel,
        "address": left.address,
        "expires": aware(left.expires).isoformat(),
        "now": aware(now).isoformat(),
        "counts": [*sorted(left.counts), *(deeds.counts if deeds else ())],
        "day": left.day.isoformat(),
        "once": left.once,
        "kept_until": aware(left.kept_until).isoformat(),
        "lease": left.lease and left.lease.total_seconds(),
        "decided": left.decided and asdict(left.decided),
        "ended": left.settled and asdict(left.settled),
    }
    if deeds:
        rest["deeds"] = deeds.to_json()
    state = None if left.state is None else written(left.state)
    bodies = tuple(map(written, left.replies))
    return Turn(left, now, state, bodies, written(rest), press, pressed, deeds)


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode

_ZERO = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


def written(value: object) -> str:
    """JSON that both databases take, or :class:`Refused`."""
    try:
        text = _encode(value)
        text.encode()
    except ValueError:  # not a number, half a character
        raise Refused("une valeur n’est pas du bon type.") from None
    if "\\u0000" in text and _ZERO.search(text):
        raise Refused("une valeur n’est pas du bon type.")
    return text


def aware(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("a moment needs its time zone")
    return value

"""What somebody sends us, whatever the network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.links import Link

OLD_BUTTON = "/expired"
"""The payload of a press whose signature does not hold: answered kindly, changes nothing."""


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file somebody sent: ``ref`` is where its channel finds it again, or its ``content`` is
    here. Neither is ever written anywhere by us, nor told by ``repr``."""

    ref: str = field(repr=False)
    name: str = field(repr=False)
    size: int
    photo: bool
    content: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Incoming:
    """What someone sent: exactly one of ``text``, ``payload``, ``link`` and ``told``.

    ``address`` is who, on that channel; ``id`` is the update's, unique for that address: the same
    one twice is answered once. ``order`` sorts waiting updates of one person (lower first).
    A ``payload`` was verified by the channel; one that failed is ``OLD_BUTTON``. What is said to a
    ``quiet`` one is not kept: the page had said it. ``press`` is what a press has in common with
    the same one a second later, where the network gives each press a new ``id``. ``stream`` names
    the numbering ``order`` belongs to, where updates may overtake one another on their way.
    ``files`` came with it, several perhaps as one ``album``. ``told`` is nobody's message: it is
    what became of their application. ``edited``: their last message, put otherwise.
    """

    channel: str
    address: str
    id: str
    text: str | None = None
    payload: str | None = None
    link: Link | None = None
    order: int = 0
    quiet: bool = False
    press: str | None = None
    stream: str | None = None
    files: tuple[SentFile, ...] = ()
    album: str | None = None
    told: Mapping[str, str] | None = None
    edited: bool = False

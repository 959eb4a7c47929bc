"""What one turn hears, and what is to be done about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from nlu.meaning import Understanding

Slots = Mapping[str, Any]
Event = dict[str, Any]

SURE = 0.6
"""Below this a guess without a value does nothing: asking again is kinder than acting on it."""


def slot(name: str, value: Any) -> Event:
    return {"event": "slot", "name": name, "value": value}


Way = Literal["sent", "chosen", "path"]
"""How a file comes: sent as a message, chosen on the page that confirms, named by its path."""


@dataclass(frozen=True, slots=True)
class FileSeen:
    """A file that came, without its content: where the channel finds it again, and what it says of
    itself."""

    ref: str
    name: str
    size: int
    photo: bool


@dataclass(frozen=True, slots=True)
class Heard:
    """One turn's input: a text and its reading, or a button's payload, or an arrival.

    ``arrival`` holds the search of a link, as ``/set`` arguments, and its ``origin``. ``files``
    came with it, of one ``album`` perhaps; ``way`` is how files come on that channel. ``told`` is
    what became of an application (``offer``, ``state``, ``reason``), told by nobody but us.
    ``edited``: a text that takes the place of the last one. ``reads``: nothing is brought to people
    there, they come and read.
    """

    text: str | None = None
    understanding: Understanding | None = None
    payload: str | None = None
    arrival: Mapping[str, str] | None = None
    files: tuple[FileSeen, ...] = ()
    album: str | None = None
    way: Way = "sent"
    told: Mapping[str, str] | None = None
    edited: bool = False
    reads: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """``candidates`` are slot values for the search form to validate; ``events`` happen next.

    With ``form`` the form decides what to ask or show, before ``actions``. ``argument`` is what an
    action works on (an offer's id, a topic, a field of trades). ``given`` are slot values for the
    form of an application to validate.
    """

    actions: tuple[str, ...] = ()
    events: tuple[Event, ...] = ()
    candidates: Mapping[str, Any] | None = None
    form: bool = False
    argument: str | None = None
    given: Mapping[str, Any] | None = None


def form(candidates: Mapping[str, Any], *before: str, argument: str | None = None) -> Plan:
    """Fill the search form; ``before`` are actions that speak first."""
    return Plan(before, candidates=candidates, form=True, argument=argument)

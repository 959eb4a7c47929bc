"""What a turn hears, and what it plans: the words that rules and their neighbours share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nlu.meaning import Understanding

Slots = Mapping[str, Any]
Event = dict[str, Any]


def slot(name: str, value: Any) -> Event:
    return {"event": "slot", "name": name, "value": value}


@dataclass(frozen=True, slots=True)
class Heard:
    """One turn's input: a text and its reading, or a button's payload, or an arrival.

    ``arrival`` holds the search of a link, as ``/set`` arguments, and its ``origin``.
    """

    text: str | None = None
    understanding: Understanding | None = None
    payload: str | None = None
    arrival: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """``candidates`` are slot values for the search form to validate; ``events`` happen
    next.

    With ``form`` the form decides what to ask or show, before ``actions``. ``argument`` is what an
    action works on (an offer's id, a topic, a field of trades).
    """

    actions: tuple[str, ...] = ()
    events: tuple[Event, ...] = ()
    candidates: Mapping[str, Any] | None = None
    form: bool = False
    argument: str | None = None


def form(candidates: Mapping[str, Any], *before: str, argument: str | None = None) -> Plan:
    """Fill the search form; ``before`` are actions that speak first."""
    return Plan(before, candidates=candidates, form=True, argument=argument)

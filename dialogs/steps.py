"""What a person did about offers: looked, called, wrote; and which one they mean."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from dialogs.plans import Event, slot

KEPT = 15
"""So that a conversation stays small."""

RANKS = ("looked", "called", "gone", "refused", "sending", "unknown", "sent")
"""What counts more, last: who looks again at an offer after writing to it has still written."""

SMALL = ("looked", "called")

Slots = Mapping[str, Any]


def step_of(slots: Slots, id: str) -> dict[str, Any] | None:
    return next((step for step in slots["steps"] or () if step["id"] == id), None)


def noted(slots: Slots, id: str, offer: Mapping[str, Any], what: str, today: date) -> list[Event]:
    """One more step about an offer, in place of a smaller one."""
    before = step_of(slots, id) or {}
    if before and what in SMALL and RANKS.index(before["what"]) > RANKS.index(what):
        return []
    step = {
        "id": id,
        "title": offer.get("title") or before.get("title", ""),
        "company": offer.get("company") or before.get("company", ""),
        "what": what,
        "day": today.isoformat(),
    }
    others = [step for step in slots["steps"] or () if step["id"] != id]
    return [slot("steps", [*others, step][-KEPT:])]


def which(slots: Slots) -> str | None:
    """The offer that is meant when none is named: the one looked at, or the only one shown."""
    ids = (slots["shown"] or {}).get("ids", [])
    if slots["looked"] and (slots["looked"] in ids or not ids):
        return str(slots["looked"])
    return str(ids[0]) if len(ids) == 1 else None

"""What a person did about offers: looked, called, wrote; and which one they mean."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from dialogs.plans import Event, slot

KEPT = 15
"""So that a conversation stays small."""

RANKS = ("looked", "called", "gone", "refused", "sending", "unknown", "sent")
"""What counts more, last: who looks again at an offer after writing to it has still written."""

SMALL = ("looked", "called")

Slots = Mapping[str, Any]


ASKED_AFTER = {
    "called": timedelta(days=4), "sent": timedelta(days=8), "unknown": timedelta(days=8),
}  # fmt: skip
"""How long after a call, and after an application (arrived, or perhaps), one asks what came of
it."""


ASKED_ABOUT = timedelta(days=90)
"""How long after that day a question about it may still be the last thing we said."""


def step_of(slots: Slots, id: str) -> dict[str, Any] | None:
    return next((step for step in slots["steps"] or () if step["id"] == id), None)


def noted(
    slots: Slots,
    id: str,
    offer: Mapping[str, Any],
    what: str,
    today: date,
    due: date | None = None,
) -> list[Event]:
    """One more step about an offer, in place of a smaller one; ``due``: when one asks about it."""
    before = step_of(slots, id) or {}
    if before and what in SMALL and RANKS.index(before["what"]) > RANKS.index(what):
        return []
    step = {
        **before,
        "id": id,
        "title": offer.get("title") or before.get("title", ""),
        "company": offer.get("company") or before.get("company", ""),
        "what": what,
        "day": today.isoformat(),
    }
    if due is not None and "answer" not in before:
        step["due"] = due.isoformat()
    others = [step for step in slots["steps"] or () if step["id"] != id]
    return [slot("steps", _few([*others, step]))]


def _few(steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What was only looked at is forgotten first."""
    while len(steps) > KEPT:
        looked = (n for n, step in enumerate(steps) if step["what"] == "looked")
        del steps[next(looked, 0)]
    return steps


def answered(slots: Slots, id: str, answer: str) -> list[Event]:
    """What came of that step, beside what was ``told`` of it before."""
    steps = [
        s | {"answer": answer, "told": sorted({*s.get("told", ()), answer})} if s["id"] == id else s
        for s in slots["steps"]
    ]
    return [slot("steps", steps)]


def on_screen(slots: Slots) -> list[str]:
    """The offers said last, in their places on the screen, those put aside since among them."""
    shown = slots["shown"] or {}
    return list(shown.get("screen") or shown.get("ids", ()))


def followed(slots: Slots) -> list[dict[str, Any]]:
    """The steps of which one asks, or has asked, what came of them; oldest first."""
    return [step for step in slots["steps"] or () if "due" in step]


def hopeful(slots: Slots) -> list[dict[str, Any]]:
    """The steps that had an answer, and may still end in a contract."""
    return [step for step in followed(slots) if step.get("answer") in ("yes", "interview")]


def waits_for(slots: Slots, id: str) -> dict[str, Any] | None:
    """The step about that offer of which nothing was answered yet."""
    return next((s for s in followed(slots) if s["id"] == id and "answer" not in s), None)


def hears_from_us(slots: Slots, today: date) -> bool:
    """Whether we may have written since they wrote last."""
    since = (today - ASKED_ABOUT).isoformat()
    asked = (s["due"] > since and "answer" not in s for s in followed(slots))
    return bool(slots["alerts"]) or any(asked)


def pushed_by(slots: Slots) -> int | None:
    """The number of the alert whose message is what is being looked at."""
    return (slots["shown"] or {}).get("alert")


def which(slots: Slots) -> str | None:
    """The offer that is meant when none is named: the one looked at, or the only one shown."""
    ids = (slots["shown"] or {}).get("ids", [])
    if slots["looked"] and (slots["looked"] in ids or not ids):
        return str(slots["looked"])
    return str(ids[0]) if len(ids) == 1 else None

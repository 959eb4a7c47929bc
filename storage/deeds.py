"""What a turn does to alerts and to what follows them, summed up before it is written.

A *deed* is a JSON object; ``do`` says which one, the rest is its own:

- ``keep_alert`` (``n``, ``name``, ``wish``, ``beat``, ``state``, ``until``): that alert is so;
  once it is ``stopped``, what was still to be sent of it goes;
- ``drop_alert`` (``n``): it goes, with what was still to be sent of it, the last one with the
  browsers that were told;
- ``stop_alerts``, ``pause_alerts`` (``until``, a date or none), ``resume_alerts``: all of them;
- ``tell`` (``offers``): offers never to be told again;
- ``read_pushes`` (``ids``): messages read where people come and read;
- ``follow`` (``offer``, ``title``, ``company``, ``what``, ``done``, ``due``): a step to ask about;
- ``followed`` (``offer``, ``answer``): what came of it;
- ``count_on`` (``name``, ``label``, ``day``): one more, counted on another day than today;
- ``forget``: nothing is left of what was kept for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Deed = Mapping[str, Any]

_ALL: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "stop_alerts": ("stopped", ("on", "paused")),
    "pause_alerts": ("paused", ("on", "paused")),
    "resume_alerts": ("on", ("paused", "stopped")),
}
"""What all alerts become, and from which states."""


@dataclass(slots=True)
class Sum:
    """Deeds of one person, each row touched once: databases promise no order within a statement.

    ``keep``, ``follow`` and ``followed`` are keyed by what they are about; ``every`` is what the
    other alerts become (``state``, ``until``, ``of`` which states); ``hush``: nothing of an alert
    that waits is sent any more.
    """

    keep: dict[int, dict[str, Any]] = field(default_factory=dict)
    drop: set[int] = field(default_factory=set)
    every: dict[str, Any] | None = None
    hush: bool = False
    tell: dict[str, None] = field(default_factory=dict)
    read: set[int] = field(default_factory=set)
    follow: dict[str, dict[str, Any]] = field(default_factory=dict)
    followed: dict[str, str] = field(default_factory=dict)
    counts: list[tuple[str, str, str]] = field(default_factory=list)
    forget: bool = False

    def to_json(self) -> dict[str, Any]:
        """All of it but the counts, which are written with the others."""
        return {
            "keep": list(self.keep.values()),
            "drop": sorted(self.drop),
            "every": self.every,
            "hush": self.hush,
            "tell": list(self.tell),
            "read": sorted(self.read),
            "follow": list(self.follow.values()),
            "followed": [{"offer": o, "answer": a} for o, a in self.followed.items()],
            "forget": self.forget,
        }


def summed(deeds: Iterable[Deed]) -> Sum:
    """Raises ``ValueError`` for a deed that does not exist."""
    total = Sum()
    for deed in deeds:
        _add(total, deed["do"], deed)
    return total


def _add(total: Sum, do: str, deed: Deed) -> None:
    match do:
        case "keep_alert" | "drop_alert" | "stop_alerts" | "pause_alerts" | "resume_alerts":
            _alert(total, do, deed)
        case "tell":
            total.tell |= dict.fromkeys(deed["offers"])
        case "read_pushes":
            total.read |= set(deed["ids"])
        case "follow":
            names = ("offer", "title", "company", "what", "done", "due")
            total.follow[deed["offer"]] = {name: deed[name] for name in names} | {"answer": None}
        case "followed":
            _answered(total, deed["offer"], deed["answer"])
        case "count_on":
            total.counts.append((deed["name"], deed["label"], deed["day"]))
        case "forget":
            total.forget = True
        case _:
            raise ValueError(f"no such deed: {do}")


def _alert(total: Sum, do: str, deed: Deed) -> None:
    if do == "keep_alert":
        names = ("n", "name", "wish", "beat", "state", "until")
        total.keep[deed["n"]] = {name: deed.get(name) for name in names}
    elif do == "drop_alert":
        total.keep.pop(deed["n"], None)
        total.drop.add(deed["n"])
    else:
        state, of = _ALL[do]
        become = {"state": state, "until": deed.get("until")}
        total.every = {**become, "of": list(of)}
        total.hush = total.hush or do == "stop_alerts"
        for alert in total.keep.values():
            if alert["state"] in of:
                alert |= become


def _answered(total: Sum, offer: str, answer: str) -> None:
    if offer in total.follow:
        total.follow[offer]["answer"] = answer
    else:
        total.followed[offer] = answer

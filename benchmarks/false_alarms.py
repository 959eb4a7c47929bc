"""Everyday talk in which a trade or a place is found all the same."""

from __future__ import annotations

from datetime import date
from typing import Any

from rich.console import Console

from nlu.understander import Understander

Json = dict[str, Any]


def false_alarms(lines: list[str], today: date) -> dict[str, list[tuple[str, str]]]:
    """The lines of everyday talk in which a trade, or a place, was found, and what it was."""
    understander = Understander.load()
    found: dict[str, list[tuple[str, str]]] = {"trades": [], "places": []}
    for line in lines:
        got = understander.read(line, today=today).to_json()
        for name, hits in found.items():
            one: list[Json] = [*got[name], *got[f"negated_{name}"]]
            if one:
                hits.append((line, ", ".join(x.get("label") or x["name"] for x in one)))
    return found


def show_alarms(console: Console, lines: list[str], today: date) -> dict[str, Any]:
    """Prints the false alarms among ``lines``; the share of lines with one, in all and by slot."""
    found = false_alarms(lines, today)
    for name, alarms in found.items():
        for line, what in alarms:
            console.print(f"{name:12} {line!r}\n             got    {what}", markup=False)
    alarmed = {line for alarms in found.values() for line, _ in alarms}
    shares = {"false_alarms": alarmed, **{f"false_{n}": a for n, a in found.items()}}
    return {name: round(len(what) / max(len(lines), 1), 4) for name, what in shares.items()}

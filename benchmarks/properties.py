"""What must hold of all communes, all trade titles and every day of five years: nothing left out.

    python benchmarks/properties.py [--stride N] [--json]

The tests read a sample; this reads everything, then measures how the cost of one message grows with
its length. It fails when something is wrong. ``--stride`` reads one in N.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.table import Table

from nlu.understander import Understander
from tests.properties import Outcome, anything, communes, days, duckling_days, titles

MOST_GROWTH = 2.6
MOST_MS = 20.0
_SHOWN = 40


def properties(understander: Understander) -> tuple[Callable[[int], Outcome], ...]:
    return (
        lambda stride: communes.found_by_name(understander, stride),
        lambda stride: communes.not_inside_words(understander, stride),
        lambda stride: communes.ordinary_words(understander, stride),
        lambda stride: titles.found_by_title(understander, stride),
        lambda stride: titles.not_inside_words(understander, stride),
        days.dates,
        duckling_days.agreement,
    )


def checked(understander: Understander, console: Console, stride: int) -> list[dict[str, Any]]:
    """Each property, with its exceptions counted and what is wrong written out."""
    table = Table("property", "read", "exceptions", "wrong", "CPU s")
    rows = []
    for check in properties(understander):
        start = time.process_time()
        outcome = check(stride)
        seconds = round(time.process_time() - start, 1)
        known, wrong = outcome.known.total(), len(outcome.wrong)
        table.add_row(outcome.name, f"{outcome.checked:,}", str(known), str(wrong), str(seconds))
        rows.append(
            {"property": outcome.name, "read": outcome.checked, "wrong": wrong, "cpu_s": seconds}
            | {"exceptions": dict(outcome.known)}
        )
        for reason, times in outcome.known.most_common():
            console.print(f"  {times:6} {reason}", markup=False, highlight=False, soft_wrap=True)
        for line in outcome.wrong[:_SHOWN]:
            console.print(f"  wrong: {line}", markup=False, highlight=False, soft_wrap=True)
    console.print(table)
    return rows


def grown(understander: Understander, console: Console) -> list[dict[str, Any]]:
    """CPU of one message of each adversarial shape, at 2,048 and at 4,096 characters."""
    table = Table("4,096 characters of", "2,048: ms", "4,096: ms", "ratio")
    rows = []
    for shape in anything.SHAPES:
        half, whole = anything.growth(understander, shape, MOST_GROWTH)
        table.add_row(shape, f"{half:.2f}", f"{whole:.2f}", f"{whole / half:.2f}")
        rows.append({"shape": shape, "half_ms": half, "ms": whole, "ratio": whole / half})
    console.print(table)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--stride", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    console, understander = Console(), Understander.load()
    held = checked(understander, console, options.stride)
    costs = grown(understander, console)
    if options.json:
        print(json.dumps({"properties": held, "growth": costs}))
    slow = [row for row in costs if row["ratio"] > MOST_GROWTH or row["ms"] > MOST_MS]
    sys.exit(any(row["wrong"] for row in held) or bool(slow))


if __name__ == "__main__":
    main()

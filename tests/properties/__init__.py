"""What must hold of every commune, title, day and text: the suite samples, a benchmark runs all."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Outcome:
    """What one property showed: how many readings, which exceptions applied, what was wrong."""

    name: str
    checked: int = 0
    known: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def note(self, text: str, verdict: str | bool, got: object = "") -> None:
        """``True`` is right, a sentence names the exception that applies, ``False`` is wrong."""
        self.checked += 1
        if isinstance(verdict, str):
            self.known[verdict] += 1
        elif not verdict:
            self.wrong.append(f"{text!r} -> {got}")

"""A meter for tests and benchmarks."""

from __future__ import annotations

from collections import Counter, defaultdict


class Counts:
    """A meter of this process alone: attempts by (backend, route, outcome), and their seconds."""

    def __init__(self) -> None:
        self.calls: Counter[tuple[str, str, str]] = Counter()
        self.seconds: dict[tuple[str, str, str], float] = defaultdict(float)

    def called(self, backend: str, route: str, outcome: str, seconds: float) -> None:
        self.calls[backend, route, outcome] += 1
        self.seconds[backend, route, outcome] += seconds

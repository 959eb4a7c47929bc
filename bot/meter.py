"""Counts calls to the backends, and says the counts in the logs now and then."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable

import structlog

EVERY_SECONDS = 60.0
"""How often counts are written, as long as there are calls."""

logger = structlog.get_logger(__name__)


class Meter:
    """Implements :class:`matching.ports.Metrics`: one line a minute for each kind of outcome.

    ``source`` is the backend, ``state`` the outcome, ``ms`` the mean. What has failed for the first
    time in that minute is said at once. ``clock`` returns seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since = clock()
        self._calls: Counter[tuple[str, str, str]] = Counter()
        self._seconds: defaultdict[tuple[str, str, str], float] = defaultdict(float)

    def called(self, backend: str, route: str, outcome: str, seconds: float) -> None:
        kind = backend, route, outcome
        if outcome not in {"ok", "cancelled"} and kind not in self._calls:
            logger.warning("backend_trouble", source=backend, route=route, state=outcome)
        self._calls[kind] += 1
        self._seconds[kind] += seconds
        if self._clock() - self._since >= EVERY_SECONDS:
            self.tell()

    def tell(self) -> None:
        """Write the counts since the last time, and begin anew."""
        for (backend, route, outcome), count in sorted(self._calls.items()):
            ms = round(1000 * self._seconds[backend, route, outcome] / count)
            logger.info(
                "backend_calls", source=backend, route=route, state=outcome, count=count, ms=ms
            )
        self._calls.clear()
        self._seconds.clear()
        self._since = self._clock()

"""A breaker: a backend that keeps failing is left in peace for a while, then tried once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

State = Literal["closed", "open", "half_open"]

FAILURES = 5
"""In a row, before nothing is asked any more."""

REST_SECONDS = 20.0


class Breaker:
    """Closed: everything passes. Open: nothing does. Half open: one call finds out.

    Whoever was admitted says how it ended: :meth:`succeeded`, :meth:`failed`, or
    :meth:`abandoned` when nothing was learnt. ``clock`` returns seconds.
    """

    def __init__(
        self, clock: Callable[[], float], *, failures: int = FAILURES, rest: float = REST_SECONDS
    ) -> None:
        self._clock = clock
        self._most = failures
        self._rest = rest
        self._failures = 0
        self._opened: float | None = None
        self._trying = False

    @property
    def state(self) -> State:
        if self._opened is None:
            return "closed"
        return "half_open" if self._clock() - self._opened >= self._rest else "open"

    def admit(self) -> bool:
        """Whether a call may be made now."""
        state = self.state
        if state == "half_open" and not self._trying:
            self._trying = True
            return True
        return state == "closed"

    def succeeded(self) -> None:
        if self.state != "open":  # a late answer to an old call proves nothing
            self._opened, self._failures, self._trying = None, 0, False

    def failed(self) -> None:
        self._failures += 1
        if self._failures >= self._most and self.state != "open":
            self._opened, self._trying = self._clock(), False

    def abandoned(self) -> None:
        self._trying = False

"""How a call to a backend can fail: one family of errors, each with a reason for metrics."""

from __future__ import annotations

from typing import Literal

from matching.model import Unavailable

Reason = Literal[
    "busy",  # beyond the documented limit: by our own count, or a 429
    "resting",  # the breaker is open
    "connection",  # refused, cut, unknown host
    "timeout",
    "gateway",  # 502, 503, 504
    "failure",  # another 5xx
    "denied",  # 401, 403: the key
    "invalid",  # another status than those expected
    "truncated",  # the answer stops in the middle
    "too_big",
    "not_json",  # a page in place of JSON, or broken JSON
    "shape",  # JSON that is not what is documented
    "foreign",  # it cannot be asked of this backend
]

TROUBLE = frozenset(
    {"connection", "timeout", "gateway", "failure", "truncated", "too_big", "not_json", "shape"}
)
"""What tells the breaker that the backend is unwell."""


class CallFailed(Unavailable):
    """A backend gave no usable answer.

    ``status`` is that of HTTP when there was one, ``retry_after`` seconds. ``sent`` is false when
    the backend has surely not acted on the request: it never left, or was turned away at the door.
    """

    def __init__(
        self,
        backend: str,
        reason: Reason,
        *,
        status: int | None = None,
        retry_after: float = 0.0,
        sent: bool = True,
    ) -> None:
        super().__init__(f"{backend}: {reason}{f' ({status})' if status else ''}")
        self.backend = backend
        self.reason = reason
        self.status = status
        self.retry_after = retry_after
        self.sent = sent


class Misread(Exception):
    """A ``read`` function could not make anything of an answer; becomes a :class:`CallFailed`."""

    def __init__(self, reason: Reason = "shape") -> None:
        super().__init__(reason)
        self.reason = reason

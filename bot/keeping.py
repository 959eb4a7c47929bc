"""How long one keeps what somebody leaves here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

YOUNG = timedelta(days=1)
"""For who is too young to keep an alert."""


@dataclass(frozen=True, slots=True)
class Keep:
    """How long a conversation is kept without a word; ``person``: with an alert.

    ``minimum_age``: from which age alerts are kept, in years.
    """

    conversation: timedelta
    person: timedelta
    minimum_age: int

    def of(self, slots: Mapping[str, Any]) -> timedelta:
        """``slots`` are those of a :class:`dialogs.conversation.Conversation`."""
        if slots["alerts"]:
            return self.person
        young = slots["age"] is not None and int(slots["age"]) < self.minimum_age
        return YOUNG if young else self.conversation

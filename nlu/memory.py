"""What was read of our own words, remembered: names of communes, words of our sentences.

What only people write is never put there: it may be their name.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import TypeVar

MOST = 20_000

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Memory(dict[Key, Value]):
    """A dictionary that begins anew once it holds :data:`MOST` entries."""

    def keep(self, key: Key, value: Value) -> Value:
        """Remembers ``value``, and gives it back."""
        if len(self) >= MOST:
            self.clear()
        self[key] = value
        return value

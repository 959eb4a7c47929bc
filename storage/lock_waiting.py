"""Who waits for a shared lock in this process, and which of them asks Redis again."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field


@dataclass(slots=True, eq=False)
class Claim:
    """Somebody who waits, then holds. ``token`` sorts by arrival."""

    key: str
    order: int
    token: str
    process: str
    keys: tuple[str, ...]
    called: asyncio.Event = field(default_factory=asyncio.Event)
    known: bool = False
    """Redis has its place in the queue."""
    renew_at: float = 0.0

    def line(self) -> tuple[int, str]:
        return self.order, self.token


class WaitingRoom:
    """Who waits in this process."""

    def __init__(self) -> None:
        self._all: dict[str, Claim] = {}
        self._by_key: dict[str, dict[str, Claim]] = {}

    def __len__(self) -> int:
        return len(self._all)

    def __contains__(self, key: str) -> bool:
        return key in self._by_key

    def enter(self, claim: Claim) -> None:
        self._all[claim.token] = claim
        self._by_key.setdefault(claim.key, {})[claim.token] = claim

    def leave(self, claim: Claim) -> None:
        if self._all.pop(claim.token, None):
            others = self._by_key[claim.key]
            del others[claim.token]
            if not others:
                del self._by_key[claim.key]

    def call(self, token: str) -> None:
        if claim := self._all.get(token):
            claim.called.set()

    def call_first(self, key: str) -> None:
        if others := self._by_key.get(key):
            min(others.values(), key=Claim.line).called.set()

    def call_first_of_each(self) -> None:
        """The only ones to ask again: whoever waits behind them waits for them."""
        for key in self._by_key:
            self.call_first(key)

    def call_everybody(self) -> None:
        for claim in self._all.values():
            claim.called.set()

    def forgotten(self, key: str) -> None:
        """Redis no longer knows who waits for the key: all of them enter the queue again."""
        for claim in self._by_key.get(key, {}).values():
            claim.known = False
            claim.called.set()

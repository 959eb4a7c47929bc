"""Conversations kept a moment ago, so that a process that is alone need not read them again."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from datetime import datetime, timedelta

from dialogs.conversation import Conversation

FOR = timedelta(minutes=5)
"""People who answer at all answer within minutes."""

MOST = 2_000
"""About 4 MB."""


class Recent:
    """The latest snapshots as they were committed.

    What it tells may be out of date when another process writes to the same database: the version
    fence then refuses the turn, which is redone on what the database holds.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[datetime, Conversation]] = OrderedDict()

    def take(self, id: str, now: datetime) -> Conversation | None:
        """A conversation, once: whoever takes it puts back what it has become."""
        at, conversation = self._kept.pop(id, (now, None))
        return conversation if now - at < FOR else None

    def put(self, conversation: Conversation, now: datetime) -> None:
        """The conversation whose next version was committed at ``now``."""
        saved = replace(conversation, version=conversation.version + 1)
        self._kept[conversation.id] = (now, saved)
        if len(self._kept) > MOST:
            self._kept.popitem(last=False)
        self.purge(now)

    def purge(self, now: datetime) -> None:
        """Forget those whose time is over: nobody's stays because nobody else came."""
        while self._kept:
            id, (at, _) = next(iter(self._kept.items()))
            if now - at < FOR:
                return
            del self._kept[id]

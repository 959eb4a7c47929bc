"""One message: lock, load, understand, answer, and commit it all at once."""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import structlog

from bot import log
from bot.links import Link
from dialogs.actions.talking import arrival_name
from dialogs.conversation import Conversation
from dialogs.engine import Engine, Outcome, asked_of
from dialogs.reply import Reply
from dialogs.rules import Heard
from dialogs.voice import Voice
from nlu.understander import Understander
from storage.conversations import Conversations, Stale
from storage.counters import Counters
from storage.database import Database, Transaction
from storage.locks import Locks
from storage.outbox import Outbox
from storage.seen import Seen

logger = structlog.get_logger(__name__)

WEB_WINDOW = timedelta(hours=23)
"""How long an unread answer waits for the page: 24 hours once the hourly cleaning has passed."""

PUSHED = frozenset({"telegram"})
"""The networks we write to by ourselves: only their addresses are kept. Elsewhere people come and
read, and the address is the key to their conversation: nobody needs it twice."""

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")

TRIES = 3
"""A turn is redone when another process saved the conversation meanwhile."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """What someone sent: exactly one of ``text``, ``payload`` and ``link``.

    ``address`` is who, on that channel; ``id`` is the update's, unique for that address: the same
    one twice is answered once. ``order`` sorts waiting updates of one person (lower first).
    A ``payload`` was verified by the channel; one that failed is ``OLD_BUTTON``. What is said to a
    ``quiet`` one is not kept: the page had said it.
    """

    channel: str
    address: str
    id: str
    text: str | None = None
    payload: str | None = None
    link: Link | None = None
    order: int = 0
    quiet: bool = False


OLD_BUTTON = "/expired"
"""The payload of a press whose signature does not hold: answered kindly, changes nothing."""


class Turns:
    """Answers incoming messages; every door of the house leads here."""

    def __init__(
        self,
        *,
        database: Database,
        locks: Locks,
        understander: Understander,
        engine: Engine,
        voice: Voice,
        key: bytes,
        now: Callable[[], datetime],
        today: Callable[[], date],
        keep: timedelta,
    ) -> None:
        self.database = database
        self.conversations = Conversations(database)
        self.seen = Seen(database)
        self.outbox = Outbox(database)
        self.counters = Counters(database)
        self.locks = locks
        self.understander = understander
        self.engine = engine
        self.voice = voice
        self._key = key
        self.now = now
        self.today = today
        self.keep = keep

    def person(self, channel: str, address: str) -> str:
        """The conversation's id: an address cannot be read from it, nor guessed without the key."""
        message = f"conversation\0{channel}\0{address}".encode()
        return hmac.digest(self._key, message, "sha256").hex()[:32]

    def _update(self, incoming: Incoming) -> str:
        message = f"update\0{incoming.channel}\0{incoming.address}\0{incoming.id}".encode()
        return hmac.digest(self._key, message, "sha256").hex()[:32]

    async def handle(self, incoming: Incoming) -> bool:
        """Answer once: state, effects, replies and counters are committed together.

        ``False`` when it had been answered before: nothing has changed. Raises what storage raises;
        an error of the dialogue becomes an apology with a reference.
        """
        person = self.person(incoming.channel, incoming.address)
        update = self._update(incoming)
        async with self.locks.hold(person, incoming.order):
            for _ in range(TRIES - 1):
                try:
                    return await self._once(incoming, person, update)
                except Stale:
                    continue
            return await self._once(incoming, person, update)

    async def _once(self, incoming: Incoming, person: str, update: str) -> bool:
        conversation = await self._load(person)
        outcome = await self._answer(conversation, incoming)
        async with self.database.write() as tx:
            now = self.now()
            if not await self.seen.add(tx, update, now):
                return False  # came again: nothing of this answer is kept
            await self._keep(tx, outcome, incoming, now)
        return True

    async def _load(self, person: str) -> Conversation:
        """Where the conversation was left; anew when it is too old, even before it is erased."""
        stored = await self.conversations.load(person)
        if stored is None:
            return Conversation(person)
        if stored.updated < self.now() - self.keep:
            return Conversation(person, version=stored.version)
        return Conversation.from_json(stored.id, stored.version, stored.state)

    async def _answer(self, conversation: Conversation, incoming: Incoming) -> Outcome:
        """The dialogue's outcome; when it fails, the conversation stays as it was."""
        try:
            return await self.engine.turn(conversation, self._heard(conversation, incoming))
        except Exception:
            # The one place where any error is caught: the person gets an apology and keeps what
            # they gave, the log gets the traceback, both get the reference.
            reference = secrets.token_hex(3)
            logger.exception(
                "turn_failed", reference=reference, channel=incoming.channel,
                person=log.person(self._key, conversation.id),
            )  # fmt: skip
            said = self.voice.say("utter_error", {"reference": reference})
            return Outcome(conversation, [said], [{"type": "count", "name": "errors"}])

    def _heard(self, conversation: Conversation, incoming: Incoming) -> Heard:
        if incoming.link is not None:
            return Heard(arrival=arrival(incoming.link))
        if incoming.payload is not None:
            return Heard(payload=incoming.payload)
        text = _UNSTORABLE.sub("\ufffd", incoming.text or "")
        read = self.understander.read(text, asked=asked_of(conversation), today=self.today())
        return Heard(text=text, understanding=read)

    async def _keep(
        self, tx: Transaction, outcome: Outcome, incoming: Incoming, now: datetime
    ) -> None:
        conversation = outcome.conversation
        address = incoming.address if incoming.channel in PUSHED else ""
        if any(effect["type"] == "delete_me" for effect in outcome.effects):
            await self.conversations.delete(tx, conversation.id)
        else:
            await self.conversations.save(
                tx,
                conversation.id,
                channel=incoming.channel,
                address=address,
                state=conversation.to_json(),
                version=conversation.version,
                now=now,
            )
        await self.outbox.add(
            tx,
            conversation=conversation.id,
            channel=incoming.channel,
            address=address,
            bodies=[] if incoming.quiet else [reply.to_json() for reply in outcome.replies],
            now=now,
            expires=now + WEB_WINDOW,
        )
        await self._count(tx, outcome.effects, incoming.channel)

    async def _count(
        self, tx: Transaction, effects: Sequence[Mapping[str, Any]], channel: str
    ) -> None:
        """What happened, without whom."""
        counts = {("turns", channel)}
        counts |= {
            (str(e["name"]), str(e.get("label", ""))) for e in effects if e["type"] == "count"
        }
        await self.counters.add(tx, self.today(), counts)

    async def knows(self, channel: str, address: str) -> bool:
        """Whether anything is kept of a conversation: no longer after « supprime tout »."""
        return await self.conversations.load(self.person(channel, address)) is not None

    async def waiting(self, channel: str, address: str) -> list[tuple[int, Reply]]:
        """Replies not yet read, oldest first, each with the number that acknowledges it."""
        unread = await self.outbox.unread(self.person(channel, address), self.now())
        return [(w.id, Reply.from_json(w.body)) for w in unread]

    async def acknowledge(self, channel: str, address: str, up_to: int) -> None:
        """The replies up to this number were read: their text is erased."""
        async with self.database.write() as tx:
            await self.outbox.acknowledge(tx, self.person(channel, address), up_to, self.now())

    def greeting(self, link: Link) -> list[Reply]:
        """What an arrival would be told first, without anything being kept."""
        name = arrival_name(link.origin, link.has_search)
        return [self.voice.say(name, {"origin": link.origin})]


def arrival(link: Link) -> dict[str, str]:
    """A link as the arguments of a ``/set`` button, and its origin."""
    found = {"origin": link.origin, "t": link.trade, "p": link.place}
    radius = {"r": str(link.radius_km)} if link.radius_km else {}
    return {k: v for k, v in found.items() if v} | radius

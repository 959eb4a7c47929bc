"""One message: lock, load, understand, answer, and commit it all at once."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, Protocol

import structlog

from bot import log
from bot.incoming import Incoming
from bot.keeping import Keep
from bot.keyed import Keyed
from bot.links import Link
from bot.pace import Pace
from bot.recent import Recent
from dialogs.actions.talking import arrival_name
from dialogs.alert_cards import caught_up
from dialogs.conversation import Conversation
from dialogs.engine import Engine, Outcome, asked_of
from dialogs.plans import FileSeen, Heard, Way, slot
from dialogs.reply import Reply, bundled
from dialogs.steps import hears_from_us
from dialogs.voice import Voice
from matching.calling import TURN_SECONDS, within
from nlu.understander import Understander
from storage.alerts import READ, Alerts
from storage.applications import Applications
from storage.conversations import Conversations, Stale
from storage.counters import Counters
from storage.database import Database, DatabaseProblem
from storage.ledger import Kept, Ledger, Left
from storage.left import Decided, Settled
from storage.locks import Locks
from storage.outbox import Outbox
from storage.seen import Seen

logger = structlog.get_logger(__name__)

ANSWER_WINDOW = timedelta(minutes=15)
"""An answer pushed later than that would only surprise."""

ANSWER_LEASE = timedelta(seconds=10)
"""Longer than the time limit of a send: past it, others may send in our place."""

WEB_WINDOW = timedelta(hours=23)
"""How long an unread answer waits for the page: 24 hours once the hourly cleaning has passed."""

PUSHED = frozenset({"telegram"})
"""The networks we write to by ourselves: only their addresses are kept. Elsewhere people come and
read, and the address is the key to their conversation: nobody needs it twice."""

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")

WAYS: Mapping[str, Way] = {"web": "chosen", "terminal": "path"}
"""How a file comes where it is not simply sent."""

AT_A_TIME = 8
"""Turns begun in one round of the event loop: enough to go to the database together."""

TRIES = 3
"""A turn is redone when another process saved the conversation meanwhile."""


class Afterwards(Protocol):
    """Whoever does what a turn has decided, once it is committed; called, it returns at once."""

    def send(self, incoming: Incoming, person: str, offer: str, decided: datetime) -> None: ...

    def view(self, incoming: Incoming, person: str) -> None: ...


def conversation_id(key: Keyed, channel: str, address: str) -> str:
    """What a person is known by in the database: see :meth:`Turns.person`."""
    return key.digest(f"conversation\0{channel}\0{address}".encode())[:16].hex()


class Turns:
    """Answers incoming messages; every door of the house leads here.

    ``recent`` is for a process that is alone: see :class:`bot.recent.Recent`.
    """

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
        keep: Keep,
        recent: Recent | None = None,
    ) -> None:
        self.database = database
        self.ledger = Ledger(database, secrets.token_hex(8))
        self.conversations = Conversations(database)
        self.seen = Seen(database)
        self.outbox = Outbox(database)
        self.counters = Counters(database)
        self.applications = Applications(database)
        self.alerts = Alerts(database)
        self.afterwards: Afterwards | None = None
        self.locks = locks
        self.understander = understander
        self.engine = engine
        self.voice = voice
        self._key = key
        self._keyed = Keyed(key)
        self.now = now
        self.today = today
        self.keep = keep
        self._recent = recent
        self._pace = Pace(AT_A_TIME)

    def person(self, channel: str, address: str) -> str:
        """The conversation's id: an address cannot be read from it, nor guessed without the key."""
        return conversation_id(self._keyed, channel, address)

    def _mark(self, kind: str, channel: str, address: str, id: str) -> str:
        return self._keyed.digest(f"{kind}\0{channel}\0{address}\0{id}".encode())[:16].hex()

    async def handle(self, incoming: Incoming) -> Kept:
        """Answer once: state, effects, replies and counters are committed together.

        Not ``new`` when it had been answered before: nothing has changed. Where we write to people
        by ourselves, the replies ``claimed`` are the caller's to send. Raises what storage raises;
        an error of the dialogue becomes an apology with a reference.
        """
        person = self.person(incoming.channel, incoming.address)
        async with self.locks.hold(person, incoming.order, sequence=incoming.stream):
            await self._pace.turn()
            with within(TURN_SECONDS):
                return await self._surely(incoming, person)

    async def tell(self, person: str, incoming: Incoming) -> Kept:
        """A turn that nobody began: what became of something they asked for.

        What it says waits in the outbox, for the channel to take or the page to read.
        """
        async with self.locks.hold(person, 0):
            return await self._surely(incoming, person)

    async def left(self, channel: str, address: str, order: int) -> None:
        """Somebody wants no more of our messages: what was still to be sent is dropped, once, and
        their alerts stop.

        ``order`` is the update's number: who has had an answer to a later one came back since.
        """
        person = self.person(channel, address)
        key = self._mark("update", channel, address, str(order))
        async with self.locks.hold(person, order):
            await self.ledger.forget(person, key, order, self.now())

    async def _surely(self, incoming: Incoming, person: str) -> Kept:
        for _ in range(TRIES - 1):
            try:
                return await self._once(incoming, person)
            except Stale:
                continue
        return await self._once(incoming, person)

    async def _once(self, incoming: Incoming, person: str) -> Kept:
        known = self._recent.take(person, self.now()) if self._recent else None
        conversation, anew = (known, False) if known else await self._load(person)
        if incoming.told is None and hears_from_us(conversation.slots, self.today()):
            conversation = await self._caught_up(conversation)
        outcome = await self._answer(conversation, incoming)
        if anew:
            outcome.effects.insert(0, {"type": "deed", "do": "forget"})
        latest = max(outcome.conversation.order, incoming.order)
        outcome.conversation = replace(outcome.conversation, order=latest)
        now = self.now()
        left = self._left(outcome, incoming, now)
        kept = await self.ledger.keep(left, now)
        if self._recent and kept.new and left.state is not None:
            self._recent.put(outcome.conversation, now)
        if kept.new:
            self._go_on(incoming, person, left, outcome, now)
        return kept

    def _go_on(
        self, incoming: Incoming, person: str, left: Left, outcome: Outcome, now: datetime
    ) -> None:
        if self.afterwards is None:
            return
        if left.decided is not None:
            self.afterwards.send(incoming, person, left.decided.offer, now)
        if any(effect["type"] == "view" for effect in outcome.effects):
            self.afterwards.view(incoming, person)

    async def _load(self, person: str) -> tuple[Conversation, bool]:
        """Where the conversation was left; anew (``True``) when its time is over, for it may not be
        erased yet, nor its alerts."""
        stored = await self.ledger.load(person)
        if stored is None:
            return Conversation(person), False
        if stored.expires < self.now():
            return Conversation(person, version=stored.version), True
        try:
            return Conversation.from_json(stored.id, stored.version, stored.state), False
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            # It would be as unreadable the next time: nobody must stay without an answer.
            logger.error(
                "conversation_unreadable", error=type(error).__name__,
                person=log.person(self._key, person),
            )  # fmt: skip
            return Conversation(person, version=stored.version), False

    async def _caught_up(self, conversation: Conversation) -> Conversation:
        """With what we have told this person by ourselves since they wrote last; and without alerts
        that were all stopped meanwhile, because nothing could be delivered."""
        for push in await self.alerts.since(conversation.id, conversation.slots["pushed"]):
            conversation = caught_up(conversation, push, self.voice)
        if not conversation.slots["alerts"]:
            return conversation
        speak = any(a.state != "stopped" for a in await self.alerts.of(conversation.id))
        return conversation if speak else conversation.after([slot("alerts", False)])

    async def _answer(self, conversation: Conversation, incoming: Incoming) -> Outcome:
        """The dialogue's outcome; when it fails, the conversation stays as it was."""
        try:
            return await self.engine.turn(conversation, self._heard(conversation, incoming))
        except DatabaseProblem:
            raise  # it may be back a moment later: whoever brought the message brings it again
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
        if incoming.told is not None:
            return Heard(told=incoming.told)
        if incoming.link is not None:
            return Heard(arrival=arrival(incoming.link))
        beside: dict[str, Any] = {
            "reads": incoming.channel in READ,
            "way": WAYS.get(incoming.channel, "sent"),
            "files": tuple(
                FileSeen(f.ref, _UNSTORABLE.sub("\ufffd", f.name), f.size, f.photo)
                for f in incoming.files
            ),
            "album": incoming.album and self._mark("album", incoming.channel, "", incoming.album),
        }
        if incoming.payload is not None:
            return Heard(payload=incoming.payload, **beside)
        text = _UNSTORABLE.sub("\ufffd", incoming.text or "")
        read = self.understander.read(text, asked=asked_of(conversation), today=self.today())
        return Heard(text=text, understanding=read, edited=incoming.edited, **beside)

    def _left(self, outcome: Outcome, incoming: Incoming, now: datetime) -> Left:
        conversation = outcome.conversation
        pushed = incoming.channel in PUSHED
        leaving = any(effect["type"] == "delete_me" for effect in outcome.effects)
        channel, address, press = incoming.channel, incoming.address, incoming.press
        return Left(
            update=self._mark("update", channel, address, incoming.id),
            conversation=conversation.id,
            version=conversation.version,
            channel=channel,
            address=address if pushed else "",
            state=None if leaving else conversation.to_json(),
            replies=[]
            if incoming.quiet
            else _bodies(outcome.replies, incoming.order, pushed=pushed),
            expires=now + (ANSWER_WINDOW if pushed else WEB_WINDOW),
            counts=_counts(outcome.effects, channel),
            day=self.today(),
            kept_until=now + self.keep.of(conversation.slots),
            once=leaving,
            press=None if press is None else self._mark("press", channel, address, press),
            lease=ANSWER_LEASE if pushed and incoming.told is None else None,
            deeds=_deeds(outcome),
            **_application(outcome.effects),
        )

    def busy(self, channel: str, address: str) -> bool:
        """Whether something this person sent is being answered in this process."""
        return self.locks.wanted(self.person(channel, address))

    def forget_recent(self) -> None:
        """What is kept in memory goes with its time, as what is stored does."""
        if self._recent:
            self._recent.purge(self.now())

    async def kept_for(self, channel: str, address: str) -> timedelta | None:
        """How long a conversation is kept from now on, unless it goes on; ``None`` when nothing
        is: after « supprime tout »."""
        stored = await self.ledger.load(self.person(channel, address))
        return None if stored is None else max(stored.expires - self.now(), timedelta(0))

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


def _bodies(replies: Sequence[Reply], order: int, *, pushed: bool) -> list[dict[str, Any]]:
    """What goes into the outbox: one message a turn where we push, one a reply where people read.

    A phone that rings three times for one answer is a nuisance, and three messages are three times
    the ways to fail.
    """
    if pushed:
        return [bundled(replies, order=order)] if replies else []
    return [reply.to_json() for reply in replies]


def _application(effects: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What the ledger notes of an application, with everything else the turn leaves."""
    found: dict[str, Any] = {}
    for effect in effects:
        if effect["type"] == "apply":
            found["decided"] = Decided(effect["offer"], effect["recruiter"])
        elif effect["type"] == "applied":
            found["settled"] = Settled(effect["offer"], effect["state"], effect["reason"])
    return found


def _deeds(outcome: Outcome) -> list[dict[str, Any]]:
    """What the dialogue has decided about alerts, in order."""
    deeds = (effect for effect in outcome.effects if effect["type"] == "deed")
    return [{k: v for k, v in deed.items() if k != "type"} for deed in deeds]


def _counts(effects: Sequence[Mapping[str, Any]], channel: str) -> set[tuple[str, str]]:
    """What happened, without whom."""
    counted = (effect for effect in effects if effect["type"] == "count")
    return {("turns", channel), *((str(e["name"]), str(e.get("label", ""))) for e in counted)}


def arrival(link: Link) -> dict[str, str]:
    """A link as the arguments of a ``/set`` button, and its origin."""
    found = {"origin": link.origin, "t": link.trade, "p": link.place}
    radius = {"r": str(link.radius_km)} if link.radius_km else {}
    return {k: v for k, v in found.items() if v} | radius

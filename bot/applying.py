"""What follows a turn that decided to apply: the document, the one attempt, and its outcome."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextvars import Context
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog

from bot import log
from bot.incoming import Incoming
from bot.supervise import stopped_within
from bot.turn import Turns
from dialogs.conversation import Conversation
from matching.application.apart import Workshop
from matching.application.candidate import Candidate
from matching.application.document import Document
from matching.application.made_cv import Answers
from matching.application.refusal import Refused as CannotMake
from matching.apprentissage.applying import Application, Applied, Outcome, Refused
from matching.calling import CallFailed, within
from storage.conversations import Stale
from storage.database import DatabaseProblem
from storage.left import Ended

DOCUMENT_SECONDS = 150.0
"""How long fetching the files and making the document may take, before anything has left."""

ATTEMPT_SECONDS = 90.0
"""How long the attempt may take, the wait for its turn included; the call itself has 15 s."""

GIVEN_UP = timedelta(seconds=DOCUMENT_SECONDS + ATTEMPT_SECONDS + 60)
"""Past this, whoever was to send an application is dead: it is told so to the person."""

SWEEP_SECONDS = 30.0
TELL_AGAIN_SECONDS = 1.0
AT_ONCE = 4

logger = structlog.get_logger(__name__)


class Client(Protocol):
    """Who passes applications on (:class:`matching.apprentissage.client.Apprentissage`)."""

    async def apply(self, application: Application) -> Outcome: ...


class FileGone(Exception):
    """A file that was sent can no longer be had."""


Fetch = Callable[[str], Awaitable[bytes]]
"""The content of a file by its reference, of bounded size and in bounded time; raises
:class:`FileGone`, or :class:`matching.application.refusal.Refused`."""

Show = Callable[[str, Document], Awaitable[None]]
"""Sends a document to the person at an address."""


@dataclass(frozen=True, slots=True)
class End:
    """What became of an application, as the dialogue says it."""

    state: Ended
    reason: str


class Applying:
    """Makes the one attempt for each application decided on, and tells what became of it.

    ``fetchers`` and ``showers`` are the channels', by name; ``told`` is called when something waits
    in the outbox. Nothing personal is kept here: it is
    read from the conversation, where the turn of the outcome erases it.
    """

    def __init__(self, turns: Turns, client: Client, workshop: Workshop, key: bytes) -> None:
        self.turns = turns
        self._client = client
        self._workshop = workshop
        self._key = key
        self.fetchers: dict[str, Fetch] = {}
        self.showers: dict[str, Show] = {}
        self.told: list[Callable[[], None]] = []
        self._busy: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._views: set[asyncio.Task[None]] = set()
        self._places = asyncio.Semaphore(AT_ONCE)

    def send(self, incoming: Incoming, person: str, offer: str, decided: datetime) -> None:
        key = (person, offer)
        # In a context of its own: the turn's time limit is not the attempt's.
        work = self._send(incoming, person, offer, decided)
        task = asyncio.create_task(work, context=Context())
        self._busy[key] = task
        task.add_done_callback(lambda done: self._forget(key, done))

    def view(self, incoming: Incoming, person: str) -> None:
        if incoming.channel in self.showers:
            task = asyncio.create_task(self._view(incoming, person), context=Context())
            self._views.add(task)
            task.add_done_callback(self._views.discard)

    def busy(self, person: str) -> bool:
        """Whether something of that person is being sent."""
        return any(who == person for who, _ in self._busy)

    async def idle(self, seconds: float | None = None, person: str | None = None) -> None:
        """Wait until nothing is being sent (for that person), ``seconds`` at most."""
        tasks = [t for (who, _), t in self._busy.items() if person in {None, who}]
        if person is None:
            tasks += self._views
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)

    async def drain(self, seconds: float) -> None:
        """Before a stop: what does not end in time is told by whoever looks for it later."""
        await self.idle(seconds)
        late = [*self._busy.values(), *self._views]
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)

    async def run(self, stop: asyncio.Event) -> None:
        """Tell people about what a process that died has left behind, until ``stop`` is set."""
        while True:
            await self.sweep()
            if await stopped_within(stop, SWEEP_SECONDS):
                return

    async def sweep(self) -> int:
        """Give up what nobody ends; how many. Never sends anything."""
        turns, before = self.turns, self.turns.now() - GIVEN_UP
        found = await turns.applications.abandoned(before, before, besides=self._busy.keys())
        for one in found:
            end = End("unknown", "died") if one.begun else End("refused", "stopped")
            incoming = Incoming(one.channel, one.address, "")
            await self._tell(incoming, one.person, one.offer, one.created, end)
        return len(found)

    def _forget(self, key: tuple[str, str], task: asyncio.Task[None]) -> None:
        if self._busy.get(key) is task:
            del self._busy[key]

    async def _send(self, incoming: Incoming, person: str, offer: str, decided: datetime) -> None:
        async with self._places:
            try:
                end = await self._attempt(incoming, person, offer)
            except DatabaseProblem as error:
                self._note("application_put_off", person, error)
                return  # whoever looks later tells what is known
            except Exception as error:  # noqa: BLE001 - the person must be told, whatever it was
                self._note("application_failed", person, error)
                end = End("unknown", "error")
            if end is not None:
                await self._tell_surely(incoming, person, offer, decided, end)

    async def _attempt(self, incoming: Incoming, person: str, offer: str) -> End | None:
        """The outcome; ``None`` when somebody else has begun, or it is no longer wanted."""
        slots = await self._slots(person)
        if slots is None or (slots["apply_offer"] or {}).get("id") != offer:
            return None
        try:
            async with asyncio.timeout(DOCUMENT_SECONDS):
                document = await self._document(incoming, slots)
        except CannotMake as refused:
            return End("refused", refused.reason.value)
        except (FileGone, TimeoutError):
            return End("refused", "file_gone")
        except Exception as error:  # noqa: BLE001 - nothing has left, and the person must be told
            self._note("document_not_made", person, error)
            return End("refused", "file_broken")
        turns = self.turns
        if not await turns.applications.begin(person, offer, turns.now()):
            return None
        return await self._once(application(slots, document))

    async def _once(self, sent: Application) -> End:
        """The attempt, which is never made again."""
        try:
            with within(ATTEMPT_SECONDS):
                outcome = await self._client.apply(sent)
        except CallFailed as failed:
            logger.warning("application_not_sent", reason=failed.reason)
            return End("refused", "denied" if failed.reason in {"denied", "invalid"} else "busy")
        match outcome:
            case Applied():
                return End("sent", "")
            case Refused(reason):
                return End("refused", reason)
        logger.warning("application_unsure", reason=outcome.reason)
        return End("unknown", outcome.reason)

    async def _slots(self, person: str) -> Mapping[str, Any] | None:
        stored = await self.turns.ledger.load(person)
        if stored is None:
            return None
        return Conversation.from_json(stored.id, stored.version, stored.state).slots

    async def _document(self, incoming: Incoming, slots: Mapping[str, Any]) -> Document:
        """Raises what the workshop and the channel's ``fetch`` raise."""
        cv, (first, last) = slots["apply_cv"], slots["apply_name"]
        if "answers" in cv:
            who = Candidate(first, last, slots["apply_email"], slots["apply_phone"])
            return await self._workshop.made_cv(who, Answers(*cv["answers"]))
        contents = [f.content for f in incoming.files if f.content is not None]
        if not contents:
            contents = await self._fetched(incoming.channel, cv.get("files", ()))
        return await self._workshop.cv_document(contents, first, last)

    async def _fetched(self, channel: str, files: Sequence[Mapping[str, Any]]) -> list[bytes]:
        fetch = self.fetchers.get(channel)
        if fetch is None or not files:
            raise FileGone
        return [await fetch(file["ref"]) for file in files]

    async def _view(self, incoming: Incoming, person: str) -> None:
        try:
            slots = await self._slots(person)
            if slots and slots["apply_cv"] and slots["apply_name"]:
                async with self._places, asyncio.timeout(DOCUMENT_SECONDS):
                    document = await self._document(incoming, slots)
                await self.showers[incoming.channel](incoming.address, document)
        except Exception as error:  # noqa: BLE001 - the details were shown, sending says what is wrong
            self._note("document_not_shown", person, error)

    async def made(self, person: str) -> Document | None:
        """The CV made from five answers as it would be sent; ``None`` when there is none."""
        slots = await self._slots(person)
        if not slots or "answers" not in (slots["apply_cv"] or {}) or not slots["apply_name"]:
            return None
        return await self._document(Incoming("", "", ""), slots)

    async def _tell_surely(
        self, incoming: Incoming, person: str, offer: str, decided: datetime, end: End
    ) -> None:
        """As long as the database does not take it: the outcome is worth the wait."""
        until = self.turns.now() + GIVEN_UP
        while True:
            try:
                return await self._tell(incoming, person, offer, decided, end)
            except (DatabaseProblem, Stale) as error:
                self._note("application_not_told", person, error)
                if self.turns.now() > until:
                    return None
                await asyncio.sleep(TELL_AGAIN_SECONDS)

    async def _tell(
        self, incoming: Incoming, person: str, offer: str, decided: datetime, end: End
    ) -> None:
        if await self.turns.ledger.load(person) is None:
            return  # they had everything erased meanwhile: nothing is left to tell them
        told = {"offer": offer, "state": end.state, "reason": end.reason}
        id = f"applied {offer} {decided.isoformat()}"
        logger.info("application_ended", state=end.state, reason=end.reason)
        incoming = Incoming(incoming.channel, incoming.address, id, told=told)
        await self.turns.tell(person, incoming)
        for look in self.told:
            look()

    def _note(self, event: str, person: str, error: Exception) -> None:
        logger.error(
            event, error=type(error).__name__, where=log.where(error),
            person=log.person(self._key, person),
        )  # fmt: skip


def application(slots: Mapping[str, Any], document: Document) -> Application:
    """What is passed on: these details and no other."""
    first, last = slots["apply_name"]
    return Application(
        first_name=first,
        last_name=last,
        email=slots["apply_email"],
        phone=slots["apply_phone"],
        attachment_name=document.name,
        attachment=document.content,
        recipient=slots["apply_offer"]["to"],
        message=slots["apply_word"] or None,
    )

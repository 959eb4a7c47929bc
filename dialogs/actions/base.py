"""What every action is given, and the few gestures they share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Protocol

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from dialogs.criteria import Criteria
from dialogs.french import typeset
from dialogs.voice import Voice
from matching.model import DEMONSTRATION, Circle, Matcher, Offer
from nlu.gazetteer import Gazetteer
from nlu.trade_table import TradeTable

BUTTON_LENGTH = 24


class Application(Protocol):
    """How an application stands: « sending », « sent », « refused » or « unknown »."""

    @property
    def offer(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def created(self) -> datetime: ...


class Applications(Protocol):
    """What was sent by whom, a conversation's id: asked before anything is promised."""

    async def of(self, person: str) -> Sequence[Application]: ...

    async def beyond(self, person: str, recruiter: str, now: datetime) -> str | None:
        """The limit that one more would pass: the end of a sentence's name."""
        ...


class Course(Protocol):
    """A course by apprenticeship; ``distance_km`` is from where it was asked for."""

    @property
    def id(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def school(self) -> str | None: ...
    @property
    def city(self) -> str: ...
    @property
    def diploma_level(self) -> int | None: ...
    @property
    def phone(self) -> str | None: ...
    @property
    def url(self) -> str | None: ...
    @property
    def starts(self) -> Sequence[date]: ...
    @property
    def distance_km(self) -> float | None: ...


class Courses(Protocol):
    """Who knows where trades are taught. Both may raise :class:`matching.model.Unavailable`."""

    async def courses(
        self, codes: Sequence[str], circle: Circle, *, level: int | None = None
    ) -> Sequence[Course]:
        """Those inside a circle, nearest first."""
        ...

    async def appointment(self, course_id: str) -> str | None:
        """The page to make an appointment with who teaches it, if there is one."""
        ...


@dataclass(frozen=True, slots=True)
class Services:
    """What actions may use; ``counsellors`` maps a département to its counsellor's data, a
    conversation is erased after ``keep_days`` without a word. Without ``applications`` nothing can
    be sent from here, only called or written to on a page; without ``courses`` nobody here knows
    where trades are taught."""

    matcher: Matcher
    table: TradeTable
    gazetteer: Gazetteer
    voice: Voice
    criteria: Criteria
    counsellors: Mapping[str, Mapping[str, str | None]]
    today: Callable[[], date]
    public_url: str
    keep_days: int
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    applications: Applications | None = None
    courses: Courses | None = None

    def takes(self, offer: Offer) -> bool:
        """Whether one can apply to an offer right here."""
        return bool(self.applications and offer.apply_to) and offer.source != DEMONSTRATION


def place_label(name: str, departement: str) -> str:
    """« St-Pol-sur-Ternoise (62) »: cut, if it must be, before what tells it apart."""
    end = f" ({departement})"
    if len(name + end) > BUTTON_LENGTH:
        name = name.replace("Sainte-", "Ste-").replace("Saint-", "St-")
    if len(name + end) > BUTTON_LENGTH:
        name = name[: BUTTON_LENGTH - len(end) - 1].rstrip(" ,-") + "…"
    return name + end


def button(title: str, payload: str) -> dict[str, str]:
    """A button as rasa writes it, its title cut to 24 characters in the least ugly way."""
    title = typeset(title)
    if len(title) > BUTTON_LENGTH:
        title = title[: BUTTON_LENGTH - 1].rstrip(" ,-") + "…"
    return {"title": title, "payload": payload}


def effect(dispatcher: CollectingDispatcher, type: str, **values: Any) -> None:
    """Something the turn applies in its transaction: ``count`` (name, label), ``delete_me``."""
    dispatcher.utter_message(json_message={"effect": {"type": type, **values}})


def argument(tracker: Tracker) -> str | None:
    """What the button or the reading told this action to work on."""
    return next(tracker.get_latest_entity_values("argument"), None)


class Say(Action):
    """An action that says one sentence, remembers what it asked, and maybe hands over."""

    def __init__(
        self,
        name: str,
        response: str,
        *,
        asked: str | None = None,
        pending: Sequence[str] | None = None,
        then: str | None = None,
        count: str | None = None,
    ) -> None:
        self._name = name
        self.response = response
        self.asked = asked
        self.pending = pending
        self.then = then
        self.count = count

    def name(self) -> str:
        return self._name

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        dispatcher.utter_message(response=self.response)
        if self.count:
            effect(dispatcher, "count", name=self.count)
        events: list[EventType] = []
        if self.asked:
            events.append(SlotSet("asked", self.asked))
        if self.pending:
            events.append(SlotSet("pending", list(self.pending)))
        if self.then:
            events.append(FollowupAction(self.then))
        return events

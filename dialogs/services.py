"""What every action is given; what is stored elsewhere stands behind small ports."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Protocol

from dialogs.criteria import Criteria
from dialogs.voice import Voice
from matching.model import DEMONSTRATION, Circle, Matcher, Offer
from nlu.gazetteer import Gazetteer
from nlu.trade_table import TradeTable


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


class Alert(Protocol):
    """An alert of a person's: ``n`` is what their buttons call it, ``wish`` the slots of its
    search, ``beat`` a :class:`dialogs.rhythm.Rhythm` as text; « on », « paused » (``until`` the
    day it speaks again), « stopped »."""

    @property
    def n(self) -> int: ...
    @property
    def name(self) -> str | None: ...
    @property
    def wish(self) -> Mapping[str, Any]: ...
    @property
    def beat(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def until(self) -> date | None: ...


class Push(Protocol):
    """A message of an alert: offers by their ids, and the alert it is of (``n`` and ``wish`` are
    ``None`` once that is gone)."""

    @property
    def id(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def offers(self) -> Sequence[str]: ...
    @property
    def n(self) -> int | None: ...
    @property
    def wish(self) -> Mapping[str, Any] | None: ...


class Alerts(Protocol):
    """The alerts of a person, a conversation's id; what a turn makes of them are its effects."""

    async def of(self, person: str) -> Sequence[Alert]:
        """All of them, in the order of their numbers."""
        ...

    async def unread(self, person: str) -> Sequence[Push]:
        """Messages that wait for their person to come and read them, oldest first."""
        ...

    async def heard_of(self, person: str, ids: Collection[str]) -> Sequence[Offer]:
        """What they were told of that may be a copy of one of these offers."""
        ...

    async def devices(self, person: str) -> int:
        """How many of their browsers are told when something waits."""
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
    """What actions may use.

    ``counsellors`` maps a département to its counsellor's data; a conversation is erased after
    ``keep`` of its slots without a word. No alert is kept below ``minimum_age``, in years; ``link``
    gives the address that holds a search by itself, from its slots, or ``None`` for one no link can
    hold. Without ``applications`` nothing can be sent from here, only called or written to on a
    page; without ``courses`` nobody here knows where trades are taught.
    """

    matcher: Matcher
    table: TradeTable
    gazetteer: Gazetteer
    voice: Voice
    criteria: Criteria
    counsellors: Mapping[str, Mapping[str, str | None]]
    today: Callable[[], date]
    public_url: str
    keep: Callable[[Mapping[str, Any]], timedelta]
    minimum_age: int
    alerts: Alerts
    link: Callable[[Mapping[str, Any]], str | None]
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    applications: Applications | None = None
    courses: Courses | None = None

    def takes(self, offer: Offer) -> bool:
        """Whether one can apply to an offer right here."""
        return bool(self.applications and offer.apply_to) and offer.source != DEMONSTRATION

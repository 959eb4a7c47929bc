"""The client of API apprentissage: searches, offers, companies, applications, export, courses."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import quote
from weakref import WeakValueDictionary

from matching.apprentissage.answers import Answered, dump, load, parse_search, read_search
from matching.apprentissage.applying import Application, Outcome, apply
from matching.apprentissage.courses import (
    MOST_PAGES,
    Course,
    CoursePage,
    course_params,
    inside,
    read_appointment,
    read_courses,
)
from matching.apprentissage.export import Export, read_link
from matching.apprentissage.questions import Question, questions
from matching.apprentissage.routes import (
    APPLY,
    APPOINTMENT,
    COURSES,
    DOWNLOAD,
    EXPORT,
    OFFER,
    PATHS,
    SEARCH,
)
from matching.calling import TURN_SECONDS, Answer, Backend, CallFailed, Misread, Route, left, within
from matching.job_offer import BadOffer, Company, Locate, parse_job
from matching.merging import best_first
from matching.model import (
    Circle,
    Found,
    Offer,
    Page,
    Search,
    is_open,
    matches,
    nearest_km,
)
from matching.ports import Cache

MOST_QUESTIONS = 12
"""Calls one search may cost, cropped answers cut in two included."""

HALVES_SECONDS = 4.0
"""Of the turn, for what was cropped: an answer that is good enough should not wait longer."""

FRESH_SECONDS = 180.0
FRESH_IF_PARTIAL_SECONDS = 20.0

T = TypeVar("T")

_NUMBER = re.compile(r"[0-9a-f]{24}")
_NOT_FOUND = "Aucune offre d'emploi trouvée"


class Apprentissage:
    """Answers searches from API apprentissage.

    ``url`` is the base address up to and including ``/api``. ``any_codes`` are the ROME codes that
    stand for « any trade ». ``clock`` returns an aware datetime. Every method may raise
    :class:`matching.calling.CallFailed`.
    """

    def __init__(
        self,
        url: str,
        key: str,
        backend: Backend,
        *,
        cache: Cache,
        locate: Locate,
        clock: Callable[[], datetime],
        any_codes: Collection[str] = (),
    ) -> None:
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {key}", "Accept": "application/json"}
        self._backend = backend
        self._cache = cache
        self._locate = locate
        self._clock = clock
        self._any_codes = tuple(any_codes)
        self._asking: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def find(self, search: Search, *, limit: int = 3, offset: int = 0) -> Page:
        """The offers ``offset`` to ``offset + limit`` of a search, best first.

        ``ways_out`` stays empty: working them out takes more questions than the service allows.
        """
        found = await self.find_all(search)
        return Page(tuple(found[offset : offset + limit]), len(found))

    async def find_all(self, search: Search) -> list[Found]:
        """Every offer that answers a search, best first, the first of each group of copies."""
        return best_first(search, await self.candidates(search), self._clock())

    async def candidates(self, search: Search) -> list[Offer]:
        """What the service answers, more than matches: to be merged with other sources."""
        offers: dict[object, Offer] = {}
        for answered in await self._ask_all(search):
            for offer in answered.offers:
                offers.setdefault(offer.id.rpartition(":")[2], offer)
        return list(offers.values())

    async def companies(self, search: Search) -> list[tuple[Company, float | None]]:
        """Companies to write to unasked, nearest first, with their distance in km.

        They come with the answer to :meth:`find`: asking for both costs one call.
        """
        companies = {c.id: c for a in await self._ask_all(search) for c in a.companies}
        placed = replace(search, trades=())
        found = [
            (company, nearest_km(search, offer))
            for company, offer in ((c, _as_offer(c)) for c in companies.values())
            if matches(placed, offer, self._clock())
        ]
        return sorted(found, key=lambda pair: (pair[1] or 0.0, pair[0].id))

    def knows(self, id: str) -> bool:
        """Whether :meth:`offer` can say something about it."""
        return _NUMBER.fullmatch(id.rpartition(":")[2]) is not None

    def id_of(self, known_as: str) -> str | None:
        """Offers are not found by their partners' numbers here."""
        return None

    async def offer(self, id: str) -> Offer | None:
        """An offer as it is now, never from memory; ``None`` when it is gone, filled or expired.

        Only the documented sentence says that it is gone: a 404 may also be an address that moved.
        An ``id`` that is not of this service raises :class:`CallFailed` (« foreign »): nothing can
        be said about it.
        """
        number = id.rpartition(":")[2]
        if not self.knows(id):
            raise CallFailed(self._backend.name, "foreign", sent=False)
        with within(TURN_SECONDS):
            return await self._ask(
                OFFER, self._read_offer, below=quote(number), accept=frozenset({200, 404})
            )

    def _read_offer(self, answer: Answer) -> Offer | None:
        job = answer.json()
        if not isinstance(job, dict):
            raise Misread
        if answer.status == 404:
            if str(job.get("message", "")).startswith(_NOT_FOUND):
                return None
            raise Misread("invalid")
        try:
            offer = parse_job(job, self._locate)
        except BadOffer:
            raise Misread from None
        return offer if is_open(offer, self._clock()) else None

    async def apply(self, application: Application) -> Outcome:
        """Send an application, once; see :mod:`matching.apprentissage.applying`."""
        return await apply(
            self._backend, APPLY, self._url + PATHS[APPLY.name], self._headers, application
        )

    async def export(self) -> Export:
        """All offers and companies as of this morning, to be read at once."""
        secure = self._url.startswith("https://")
        link = await self._ask(EXPORT, lambda answer: read_link(answer, secure=secure))
        return Export(link, self._backend, DOWNLOAD, self._locate)

    async def courses(
        self, codes: Sequence[str], circle: Circle, *, level: int | None = None
    ) -> list[Course]:
        """Courses for some ROME codes inside a circle, nearest first."""
        wished = replace(Search(), circles=(circle,), diploma_level=level)
        found: list[Course] = []
        with within(TURN_SECONDS):
            for question in questions(wished, codes):
                found += await self._all_pages(question)
        return inside(found, circle)

    async def _all_pages(self, question: Question) -> list[Course]:
        found, page, pages = list[Course](), 0, 1
        while page < min(pages, MOST_PAGES):
            params = course_params(question, page)
            answered: CoursePage = await self._ask(COURSES, read_courses, params=params)
            found += answered.courses
            page, pages = page + 1, answered.pages
        return found

    async def appointment(self, course_id: str) -> str | None:
        """The page to make an appointment with the centre of a :class:`Course`, if it takes any."""
        body = json.dumps({"cle_ministere_educatif": course_id}).encode()
        with within(TURN_SECONDS):
            return await self._ask(
                APPOINTMENT, read_appointment, data=body, accept=frozenset({200, 404})
            )

    async def _ask_all(self, search: Search) -> list[Answered]:
        """The answers that hold every offer of a search, as far as :data:`MOST_QUESTIONS` go.

        The first questions must all be answered; a half that is not is done without.
        """
        with within(TURN_SECONDS):
            asked = questions(search, self._any_codes)
            answers = _all_or_raise(
                await asyncio.gather(*map(self._answer, asked), return_exceptions=True)
            )
            waiting, room = _cut(asked, answers), MOST_QUESTIONS - len(asked)
            with within(HALVES_SECONDS):
                while waiting and room > 0:
                    batch, waiting = waiting[:room], waiting[room:]
                    room -= len(batch)
                    halves = await asyncio.gather(*map(self._try, batch))
                    answers += halves
                    waiting += _cut(batch, halves)
        if waiting:
            self._backend.note(SEARCH, "cropped")
        return answers

    async def _try(self, question: Question) -> Answered:
        with suppress(CallFailed):
            return await self._answer(question)
        return Answered(())

    async def _answer(self, question: Question) -> Answered:
        """From memory, or asked once for all who want it at this moment."""
        key = f"apprentissage:1:{question.key()}"
        if (known := await self._remembered(key)) is not None:
            return known
        lock = self._asking.setdefault(key, asyncio.Lock())
        try:
            async with asyncio.timeout(left()):
                await lock.acquire()
        except TimeoutError:
            raise CallFailed(self._backend.name, "timeout", sent=False) from None
        try:
            return await self._remembered(key) or await self._fetch(question, key)
        finally:
            lock.release()

    async def _remembered(self, key: str) -> Answered | None:
        kept = await self._cache.get(key)
        return None if kept is None else load(kept)

    async def _fetch(self, question: Question, key: str) -> Answered:
        found = await self._ask(SEARCH, read_search, params=question.params())
        answered = await parse_search(found, self._locate)
        seconds = FRESH_IF_PARTIAL_SECONDS if answered.partial else FRESH_SECONDS
        await self._cache.put(key, dump(answered), seconds)
        return answered

    async def _ask(self, route: Route, read: Callable[[Answer], T], **more: Any) -> T:
        url = self._url + PATHS[route.name] + more.pop("below", "")
        headers = self._headers
        if "data" in more:
            headers = {**headers, "Content-Type": "application/json"}
        return await self._backend.ask(route, url, read, headers=headers, **more)


def _all_or_raise(answers: Sequence[Answered | BaseException]) -> list[Answered]:
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer
    return [answer for answer in answers if isinstance(answer, Answered)]


def _cut(asked: Sequence[Question], answers: Sequence[Answered]) -> list[Question]:
    """The halves of the questions whose answer was cropped."""
    return [
        half
        for question, answered in zip(asked, answers, strict=True)
        if answered.cropped
        for half in question.halves(answered.offers) or ()
    ]


def _as_offer(company: Company) -> Offer:
    """What the conditions on the place look at."""
    return Offer(
        id=company.id, source="", title="", company=company.name, city=company.city,
        postcode=company.postcode, insee=company.insee, lat=company.lat, lon=company.lon,
        rome_codes=(), url=company.url,
    )  # fmt: skip

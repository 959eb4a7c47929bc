"""What is looked for, what is offered, and when the one fits the other."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from math import asin, cos, radians, sin, sqrt
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from matching.job_offer import Company

EARTH_KM = 6371.0088
"""Mean radius of the Earth (IUGG)."""

START_SLACK = timedelta(days=92)
"""A course may begin up to three months after the contract (code du travail, L6222-12)."""

DEMONSTRATION = "demonstration"
"""The source of offers that are invented, so that the product can be tried without a backend."""

SEEN = "seen:"
"""How the origin of an offer begins that a source told of in an answer, and no list of its own yet;
the day follows."""


class Unavailable(Exception):
    """The backend does not answer for now; nothing can be said about the offers."""


@dataclass(frozen=True, slots=True)
class WantedTrade:
    """A trade as a search carries it, expanded from the trade table.

    ``codes`` are its own ROME 4 codes, ``parents`` the codes older offers still bear for it.
    ``title_stems`` are folded beginnings of words that name it in a title (« couvr », « toit »),
    ``rival_stems`` those of the other trades that share its codes or parents.
    """

    id: str
    label: str
    codes: tuple[str, ...]
    parents: tuple[str, ...] = ()
    title_stems: tuple[str, ...] = ()
    rival_stems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Circle:
    """A disc on the sphere: centre in degrees, radius in km, border included."""

    lat: float
    lon: float
    radius_km: float
    name: str = ""


@dataclass(frozen=True, slots=True)
class Search:
    """What a person looks for.

    The place is any of ``circles``, ``departements`` and ``france``; no place at all is France.
    ``excluded`` holds INSEE codes of communes not wanted. No trade at all is any trade.
    ``start``/``end`` bound the wished first day (``None``: unknown / open).
    ``diploma_level`` is 3 (CAP) to 7; among the offers of that level those that name ``diploma``
    come first. ``neighbours`` are proposed when nothing is found.
    ``hidden`` are ids of offers the person does not want to see again.
    """

    trades: tuple[WantedTrade, ...] = ()
    circles: tuple[Circle, ...] = ()
    departements: tuple[str, ...] = ()
    france: bool = False
    excluded: tuple[str, ...] = ()
    start: date | None = None
    end: date | None = None
    diploma_level: int | None = None
    diploma: str | None = None
    neighbours: tuple[WantedTrade, ...] = ()
    hidden: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Offer:
    """An apprenticeship offer, whatever its source.

    ``id`` is unique in our catalogue (``source:identifier``). Position in degrees, ``insee`` the
    commune it lies in. ``start`` is the first day, ``published``/``expires`` are aware datetimes
    in UTC. ``status`` other than ``open`` is never shown. ``school`` marks a training centre that
    posts in place of an employer. ``updated`` is when its source last changed it (aware, UTC).
    ``also`` holds the :func:`reference` of the job at every partner known to publish it.
    """

    id: str
    source: str
    title: str
    company: str | None
    city: str
    postcode: str
    insee: str
    lat: float
    lon: float
    rome_codes: tuple[str, ...]
    url: str
    published: datetime | None = None
    expires: datetime | None = None
    start: date | None = None
    phone: str | None = None
    apply_to: str | None = None
    diploma_level: int | None = None
    diploma: str | None = None
    description: str = ""
    duration_months: int | None = None
    status: Literal["open", "closed"] = "open"
    school: bool = False
    updated: datetime | None = None
    also: tuple[str, ...] = ()

    @property
    def departement(self) -> str:
        """« 62 », « 2A », « 974 », from the INSEE code."""
        return self.insee[:3] if self.insee.startswith(("97", "98")) else self.insee[:2]


@dataclass(slots=True)
class Sketch:
    """An offer as an index keeps it: what decides whether it matches, where it ranks and whether
    it was shown already, without what is only read; ``twin`` stands for :func:`twin_key`."""

    id: str
    title: str
    city: str
    insee: str
    departement: str
    lat: float
    lon: float
    rome_codes: tuple[str, ...]
    published: datetime | None
    expires: datetime | None
    start: date | None
    diploma_level: int | None
    diploma: str | None
    school: bool
    twin: int
    status: Literal["open", "closed"] = "open"
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """An offer in an answer: ``distance_km`` to the nearest circle, ``None`` without circles."""

    offer: Offer
    distance_km: float | None


@dataclass(frozen=True, slots=True)
class WayOut:
    """Something to do when nothing was found, that truly returns ``count`` offers.

    ``kind``: ``radius`` (``value`` = km), ``dates`` (any date), ``diploma`` (any level), ``trade``
    (``value`` = id of a neighbouring trade), ``excluded`` (with the communes that were refused),
    ``france`` (everywhere), ``any_trade`` (any craft at ``value`` km, or everywhere when
    ``None``). ``search`` is the search it stands for; ``towns`` the towns of its best offers,
    nearest first; distances in km, ``None`` without circles.
    """

    kind: Literal["radius", "dates", "diploma", "trade", "excluded", "france", "any_trade"]
    value: int | str | None
    search: Search
    count: int
    towns: tuple[str, ...] = ()
    nearest_km: float | None = None
    farthest_km: float | None = None
    label: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the offers a search finds: ``total`` counts them all.

    ``ways_out`` is empty unless ``total`` is 0. ``as_of`` is set when the answer comes from a copy
    because the backend is down.
    """

    offers: tuple[Found, ...]
    total: int
    ways_out: tuple[WayOut, ...] = ()
    as_of: datetime | None = None


Recheck = Literal["gone", "there", "unknown"]
"""What the source of an offer says of it when it is asked anew; « unknown »: it does not say."""


class Matcher(Protocol):
    """Whoever answers people: our catalogue alone, or the backends together with it."""

    async def find(
        self, search: Search, *, limit: int = 3, offset: int = 0, seen: Collection[str] = ()
    ) -> Page:
        """The best, without those ``seen`` (ids) and their copies; raises :class:`Unavailable`."""
        ...

    async def offer(self, id: str) -> Offer | None: ...

    async def recheck(self, id: str) -> Recheck:
        """Ask the source anew; an offer that is gone is from now on shown to nobody."""
        ...

    async def companies(self, search: Search) -> Sequence[tuple[Company, float | None]]:
        """Companies to write to unasked, nearest first, with their distance in km."""
        ...


def distance_km(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Great-circle distance in km (haversine); arguments in degrees."""
    dlat, dlon = radians(lat2 - lat1), radians(lon2 - lon1)
    h = sin(dlat / 2) ** 2 + cos(radians(lat1)) * cos(radians(lat2)) * sin(dlon / 2) ** 2
    return 2 * EARTH_KM * asin(min(1.0, sqrt(h)))


def title_words(title: str) -> tuple[str, ...]:
    """The folded words of a title: « Pâtissier (H/F) » -> ('patissier', 'h', 'f')."""
    ascii_title = unicodedata.normalize("NFKD", title.replace("œ", "oe"))
    return tuple(re.findall(r"[a-z0-9]+", ascii_title.encode("ascii", "ignore").decode().lower()))


@lru_cache(maxsize=16_384)
def _spaced_title(title: str) -> str:
    return " " + " ".join(title_words(title))


def _names(stems: Sequence[str], others: Sequence[str], spaced_title: str) -> bool:
    """Whether some word, or some words in a row (« faux plafond »), begin with one of ``stems``.

    Where one of ``others`` says more (« motocult » for « moto »), the word is theirs.
    """
    for stem in stems:
        at = spaced_title.find(f" {stem}")
        while at >= 0:
            if not any(
                len(other) > len(stem) and spaced_title.startswith(other, at + 1)
                for other in others
            ):
                return True
            at = spaced_title.find(f" {stem}", at + 1)
    return False


def reference(partner: str, number: str) -> str:
    """How a partner's offer is known whichever source tells of it, spelling aside.

    (« France Travail », « 207QYWM ») -> « francetravail:207QYWM »; no space is left in it.
    """
    return f"{''.join(title_words(partner))}:{''.join(number.split())}"


def twin_key(
    title: str, place: str, company: str | None, description: str
) -> tuple[str | tuple[str, ...], ...]:
    """What two copies of one job have in common, whichever sources they came through.

    Folded title, postcode and company; where the company is not said, the description stands for
    it: two salons that both look for an « apprenti coiffeur » in one town are two jobs.
    """
    who = title_words(company) if company else ("", *title_words(description))
    return (title_words(title), place, who)


def trade_fit(trade: WantedTrade, offer: Offer | Sketch) -> int | None:
    """How well an offer fits a trade: 0 its title names it, 1 only its code does, ``None`` not at
    all.

    ROME 4 kept the codes of version 3 and narrowed them, and live offers mix both: a code shared
    with other trades counts only when the title does not name one of those instead.
    """
    own = any(code in offer.rome_codes for code in trade.codes)
    if not own and not any(code in offer.rome_codes for code in trade.parents):
        return None
    title = _spaced_title(offer.title)
    named = _names(trade.title_stems, trade.rival_stems, title)
    if named:
        return 0
    if own and not _names(trade.rival_stems, trade.title_stems, title):
        return 1
    return None


def fit(search: Search, offer: Offer | Sketch) -> int | None:
    """The best :func:`trade_fit` over the trades of a search; 0 when any trade will do."""
    if not search.trades:
        return 0
    fits = [f for trade in search.trades if (f := trade_fit(trade, offer)) is not None]
    return min(fits, default=None)


def nearest_km(search: Search, offer: Offer | Sketch) -> float | None:
    """Distance in km to the nearest centre of the search, ``None`` without circles."""
    return min(
        (distance_km(c.lat, c.lon, offer.lat, offer.lon) for c in search.circles), default=None
    )


def is_open(offer: Offer | Sketch, now: datetime) -> bool:
    """Open and not expired at ``now`` (aware)."""
    return offer.status == "open" and (offer.expires is None or offer.expires > now)


class Conditions:
    """All that a search asks besides the trade, ready to be held against many offers."""

    def __init__(self, search: Search, now: datetime) -> None:
        """``now`` is an aware datetime."""
        self._now = now
        self._hidden = frozenset(search.hidden)
        self._excluded = frozenset(search.excluded)
        self._level = search.diploma_level
        self._first = search.start and search.start - START_SLACK
        self._last = search.end + START_SLACK if search.start and search.end else None
        self._anywhere = search.france or not (search.circles or search.departements)
        self._departements = frozenset(search.departements)
        self._circles = search.circles

    def hold(self, offer: Offer | Sketch) -> bool:
        """Open, wanted, of the level, at the date: everything but the place."""
        return (
            is_open(offer, self._now)
            and offer.id not in self._hidden
            and (self._level is None or offer.diploma_level in (None, self._level))
            and (
                offer.start is None
                or self._first is None
                or (self._first <= offer.start and (not self._last or offer.start <= self._last))
            )
        )

    def place(self, offer: Offer | Sketch) -> tuple[bool, float | None]:
        """Whether it lies where it is wished, and the distance of :func:`nearest_km`."""
        inside = self._anywhere or offer.departement in self._departements
        nearest = None
        for circle in self._circles:
            km = distance_km(circle.lat, circle.lon, offer.lat, offer.lon)
            inside = inside or km <= circle.radius_km
            nearest = km if nearest is None or km < nearest else nearest
        return inside and offer.insee not in self._excluded, nearest


def matches(search: Search, offer: Offer | Sketch, now: datetime) -> bool:
    """Whether an offer answers a search: the oracle of every index and every SQL statement.

    ``now`` is an aware datetime.
    """
    conditions = Conditions(search, now)
    return conditions.hold(offer) and conditions.place(offer)[0] and fit(search, offer) is not None


def start_gap_months(search: Search, offer: Offer | Sketch) -> int:
    """Months between the wished start and the offer's, 0 inside the wish; unknown counts 4.

    An open wish (« dès que possible ») is nearest on its first day.
    """
    if search.start is None:
        return 0
    if offer.start is None:
        return 4
    last = search.end or search.start
    if offer.start < search.start:
        days = (search.start - offer.start).days
    elif offer.start > last:
        days = (offer.start - last).days
    else:
        return 0
    return -(-days // 31)


Rank = tuple[bool, int, bool, int, float, float, str]


def rank(search: Search, offer: Offer | Sketch) -> Rank:
    """Sort key of an answer: schools last, trade fit, the very diploma, nearest start, distance,
    freshness."""
    return ranked(search, offer, fit(search, offer), nearest_km(search, offer))


def ranked(search: Search, offer: Offer | Sketch, fitness: int | None, km: float | None) -> Rank:
    """:func:`rank` where the :func:`fit` and the distance are known already."""
    return (
        offer.school,
        9 if fitness is None else fitness,
        search.diploma is not None and search.diploma not in (offer.diploma or ""),
        start_gap_months(search, offer),
        km or 0.0,
        -offer.published.timestamp() if offer.published else 0.0,
        offer.id,
    )

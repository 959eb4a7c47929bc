"""The questions a search becomes: never too narrow, shared between neighbours, cut when cropped."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import ceil

from matching.model import Circle, Offer, Search, WantedTrade

CELL_DEGREES = 0.05
"""Centres are rounded to it: people a few streets apart share an answer, and where exactly they
are stays with us."""

_CELL_KM = 4.0
"""No point of a cell lies further from its centre, wherever on Earth."""

_THEIR_KM = 1.0015
"""Their sphere is larger than ours (6378.1 km of radius): their distances are too."""

WIDEST_KM = 200

_ROME = re.compile(r"[A-Z]\d{4}")
_LEVELS = range(3, 8)

DEPARTEMENTS = tuple(
    [f"{n:02}" for n in range(1, 96) if n != 20] + ["2A", "2B"]
    + ["971", "972", "973", "974", "975", "976", "977", "978", "986", "987", "988"]
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Question:
    """One call of the search route.

    ``codes`` are sorted ROME codes, at least one: without, the service runs into its own time
    limit. ``around`` is (latitude, longitude, km), ``None`` for all of France; ``departements``
    narrow it further.
    """

    codes: tuple[str, ...]
    around: tuple[float, float, int] | None = None
    departements: tuple[str, ...] = ()
    level: int | None = None

    def params(self) -> list[tuple[str, str]]:
        """The query: ``departements`` repeated, for « 59,62 » would find nothing."""
        params = [("romes", ",".join(self.codes))]
        if self.around is not None:
            lat, lon, km = self.around
            params += [("latitude", f"{lat:.4f}"), ("longitude", f"{lon:.4f}"), ("radius", f"{km}")]
        params += [("departements", departement) for departement in self.departements]
        if self.level is not None:
            params.append(("target_diploma_level", str(self.level)))
        return params

    def key(self) -> str:
        """The same for the same question."""
        return "&".join(f"{name}={value}" for name, value in self.params())

    def halves(self, seen: Iterable[Offer]) -> tuple[Question, Question] | None:
        """Two questions that together ask the same, ``None`` when it cannot be cut any more.

        By code first, then by département, such that each half gets about as many of the offers
        ``seen`` in the cropped answer.
        """
        if len(self.codes) > 1:
            middle = len(self.codes) // 2
            return (
                replace(self, codes=self.codes[:middle]),
                replace(self, codes=self.codes[middle:]),
            )
        all_of_them = self.departements or DEPARTEMENTS
        if len(all_of_them) < 2:
            return None
        left, right = _balanced(all_of_them, Counter(offer.departement for offer in seen))
        return replace(self, departements=left), replace(self, departements=right)


def _balanced(
    departements: Sequence[str], counts: Counter[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    by_count = sorted(departements, key=lambda d: (-counts[d], d))
    half = sum(counts[d] for d in departements) / 2
    if not half:
        middle = len(by_count) // 2
        return tuple(by_count[:middle]), tuple(by_count[middle:])
    left = [by_count[0]]
    for departement in by_count[1:-1]:
        if not counts[departement] or sum(counts[d] for d in (*left, departement)) > half:
            break
        left.append(departement)
    return tuple(left), tuple(d for d in by_count if d not in left)


def questions(search: Search, any_codes: Iterable[str]) -> list[Question]:
    """What to ask so that every offer of a search is among the answers.

    One question for each circle, one for the départements, or one for France; ``any_codes`` stand
    for « any trade ». A département is theirs by postcode and ours by commune: a few border
    communes may be missed.
    """
    codes = _codes(search.trades, any_codes)
    if not codes:
        return []
    level = search.diploma_level if search.diploma_level in _LEVELS else None
    everywhere = search.france or not (search.circles or search.departements)
    if everywhere or any(circle.radius_km > WIDEST_KM for circle in search.circles):
        return [Question(codes, level=level)]
    asked = [Question(codes, _around(circle), level=level) for circle in search.circles]
    if search.departements:
        departements = tuple(sorted(set(search.departements)))
        asked.append(Question(codes, departements=departements, level=level))
    return list(dict.fromkeys(asked))


def _codes(trades: Sequence[WantedTrade], any_codes: Iterable[str]) -> tuple[str, ...]:
    """Own codes and parents, for live offers bear both; one malformed code spoils a whole call."""
    wanted = {c for t in trades for c in (*t.codes, *t.parents)} if trades else set(any_codes)
    return tuple(sorted(code for code in wanted if _ROME.fullmatch(code)))


def _around(circle: Circle) -> tuple[float, float, int]:
    """A circle around the centre of a cell that holds the whole wished one, if there is one."""
    km = ceil(circle.radius_km * _THEIR_KM + _CELL_KM)
    if km <= WIDEST_KM:
        return _cell(circle.lat), _cell(circle.lon), km
    km = min(WIDEST_KM, ceil(circle.radius_km * _THEIR_KM))
    return round(circle.lat, 4), round(circle.lon, 4), km


def _cell(degrees: float) -> float:
    return round(round(degrees / CELL_DEGREES) * CELL_DEGREES, 4) + 0.0

"""The least an apprentice earns: « au moins … brut par mois », by age, year and branch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_FLOOR, Decimal
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import yaml

DATA = Path(__file__).parent / "data" / "pay.yml"


class Job(Protocol):
    """What we need of an offer: its trades and where it lies."""

    @property
    def rome_codes(self) -> tuple[str, ...]: ...
    @property
    def departement(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Source:
    """Where a figure was read, and the day it was last checked there."""

    name: str
    url: str
    checked: date


@dataclass(frozen=True, slots=True)
class Floor:
    """The least an employer may pay.

    ``euros`` gross a month for 35 hours, rounded down to the euro so that « au moins » stays true;
    ``share`` in percent of the SMIC; ``age`` the lowest age it holds for (0: under 18) and ``year``
    of the contract, 1 to 3. ``branch`` is ``None`` where the law alone applies. ``presumed``: the
    branch was guessed from the trade, the employer named none.
    """

    euros: int
    share: int
    age: int
    year: int
    branch: str | None
    presumed: bool
    source: Source
    smic: Source


def pay_floor(
    job: Job,
    on: date,
    *,
    age: int | None = None,
    year: int = 1,
    idcc: int | None = None,
    naf: str | None = None,
) -> Floor | None:
    """The floor for a job whose contract runs on the day ``on``, the higher of law and branch.

    Without ``age`` it is the floor of the youngest, true for everyone; of an age group give the
    lowest (« 18–29 » -> 18). ``year`` beyond 3 counts as 3. ``idcc`` (number of the collective
    agreement), else ``naf`` (activity, « 43.31Z » or « 4331Z »), else the first trade decides the
    branch. ``None`` where the national SMIC does not apply (Mayotte, the Pacific), and before the
    first known one.
    """
    table = _table()
    smic = max((s for s in table.smic if s.since <= on), key=lambda s: s.since, default=None)
    if smic is None or job.departement in table.elsewhere:
        return None
    branch, presumed = table.branch(job.rome_codes, idcc, naf)
    year = min(max(year, 1), 3)
    legal = table.law.share(age or 0, year)
    scale, (lowest, share) = table.law, legal
    if branch is not None and (higher := branch.share(age or 0, year))[1] > share:
        scale, (lowest, share) = branch, higher
    return Floor(
        euros=int((smic.monthly * share / 100).to_integral_value(ROUND_FLOOR)),
        share=share,
        age=lowest,
        year=year,
        branch=None if scale is table.law else scale.name,
        presumed=presumed and scale is not table.law,
        source=scale.source,
        smic=smic.source,
    )


@dataclass(frozen=True, slots=True)
class _Smic:
    since: date
    monthly: Decimal
    source: Source


@dataclass(frozen=True, slots=True)
class _Scale:
    """Shares by age, of the law or of a branch, and who the branch is."""

    name: str
    source: Source
    ages: tuple[tuple[int, tuple[int, ...]], ...]
    idcc: frozenset[int] = frozenset()
    naf: tuple[str, ...] = ()
    rome: frozenset[str] = frozenset()

    def share(self, age: int, year: int) -> tuple[int, int]:
        """(lowest age of the group, percent)."""
        lowest, shares = max(group for group in self.ages if group[0] <= max(age, 0))
        return lowest, shares[year - 1]


@dataclass(frozen=True, slots=True)
class _Table:
    smic: tuple[_Smic, ...]
    elsewhere: frozenset[str]
    law: _Scale
    branches: tuple[_Scale, ...]

    def branch(
        self, rome: Sequence[str], idcc: int | None, naf: str | None
    ) -> tuple[_Scale | None, bool]:
        """The branch and whether it is only presumed: what the employer says goes first."""
        for branch in self.branches:
            if idcc is not None:
                if idcc in branch.idcc:
                    return branch, False
            elif naf:
                if naf.replace(".", "").startswith(branch.naf):
                    return branch, False
            elif rome and rome[0] in branch.rome:
                return branch, True
        return None, False


@cache
def _table() -> _Table:
    raw = yaml.load(DATA.read_text("utf-8"), yaml.CSafeLoader)
    return _Table(
        smic=tuple(_Smic(r["since"], Decimal(r["monthly"]), _source(r)) for r in raw["smic"]),
        elsewhere=frozenset(raw["elsewhere"]),
        law=_scale(raw["law"]),
        branches=tuple(_scale(branch) for branch in raw["branches"]),
    )


def _scale(raw: dict[str, Any]) -> _Scale:
    return _Scale(
        name=raw["name"],
        source=_source(raw),
        ages=tuple((group["from"], tuple(group["shares"])) for group in raw["ages"]),
        idcc=frozenset(raw.get("idcc", ())),
        naf=tuple(raw.get("naf", ())),
        rome=frozenset(raw.get("rome", ())),
    )


def _source(raw: dict[str, Any]) -> Source:
    return Source(raw["source"], raw["url"], raw["checked"])

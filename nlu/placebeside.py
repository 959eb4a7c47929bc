"""« Marly à côté de Valenciennes »: the town only says which place is meant."""

from __future__ import annotations

from math import cos, hypot, radians

from nlu.gazetteer import Gazetteer
from nlu.naming import Named, Naming
from nlu.placesentence import Mention, Sentence

_NEAR_KM = 15
_DEGREE_KM = 111.2
_BESIDE = frozenset({"a cote de", "cote de", "a cote d", "a cote", "pres de", "pres d", "proche de",
                     "proche d", "pas loin de", "pas loin d", "vers", "juste a cote de",
                     "juste a cote d", "du cote de", "du cote d"})  # fmt: skip


def beside(g: Gazetteer, naming: Naming, s: Sentence, mentions: list[Mention]) -> list[Mention]:
    """Without the larger town a place is said to be near; of several of a name, the one there."""
    kept: list[Mention] = []
    for mention in mentions:
        before = kept[-1] if kept else None
        if before is not None and mention.named.resolved and _says_where(s, before, mention):
            there = _there(g, naming, s, before, mention.named.rows[0])
            if there is not None:
                kept[-1] = there
                continue
        kept.append(mention)
    return kept


def _says_where(s: Sentence, before: Mention, mention: Mention) -> bool:
    if mention.first - before.last > 5 or s.forms[before.last + 1 : mention.first] == []:
        return False
    return " ".join(s.forms[before.last + 1 : mention.first]) in _BESIDE


def _there(g: Gazetteer, naming: Naming, s: Sentence, before: Mention, town: int) -> Mention | None:
    """The place named before, as it is near ``town`` and smaller; ``None`` when it is not."""
    rows = before.named.rows
    if len(rows) > 1:
        key = " ".join(s.forms[before.first : before.last + 1])
        rows = (*rows, *g.rows_named(key), *g.rows_beginning(key))
    people = g.population[town]
    near = {r: _km(g, r, town) for r in rows if g.population[r] < people}
    near = {r: km for r, km in near.items() if km <= _NEAR_KM}
    first, *others = sorted(near, key=near.__getitem__) or (town,)
    if first == town:
        return None
    alone = all(near[first] * 2 <= near[other] for other in others)
    chosen = (first,) if alone else naming.rule_of_ten(near)
    return Mention(before.first, before.last, Named(chosen, before.named.exact), before.weight)


def _km(g: Gazetteer, one: int, other: int) -> float:
    north = g.lat(one) - g.lat(other)
    east = (g.lon(one) - g.lon(other)) * cos(radians(g.lat(one)))
    return hypot(north, east) * _DEGREE_KM

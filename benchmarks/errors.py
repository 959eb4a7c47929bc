"""What was read wrong, by slot and by kind of error: how many of each, then every message."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.understanding import (
    JUDGES,
    accepted_starts,
    completed,
    judge,
    same_area,
    same_place,
    same_trade,
)

Json = dict[str, Any]
Same = Callable[[Json, Json], bool]
Error = tuple[str, str, Json, Json]
"""Slot, kind, wanted, got."""

MISSED, INVENTED, OTHER = "missed", "invented", "wrong value"
NEGATION, REFUSAL_MISSED, REFUSAL_INVENTED = (
    "wrong negation", "refusal missed", "refusal invented",
)  # fmt: skip
ASKED, RESOLVED, CANDIDATES = (
    "ambiguous instead of resolved", "resolved instead of ambiguous", "wrong candidates",
)  # fmt: skip
AREA_MISSED, AREA_INVENTED = "area missed", "area invented"
START, END, ASAP = "wrong start", "wrong end", "wrong « at once »"
# Never reached unless a judge and the kinds disagree: better shown than lost.
UNKNOWN = "other"


def errors(wanted: list[Json], got: list[Json]) -> list[Error]:
    """Everything read wrong, sorted; a message counts once for each kind of error in a slot."""
    found = [
        (slot, kind, w, g)
        for w, g in zip(wanted, got, strict=True)
        for slot, right in judge(w, g).items()
        if not right
        for kind in kinds(slot, completed(w), g)
    ]
    counts = tally(found)
    return sorted(found, key=lambda e: (list(JUDGES).index(e[0]), -counts[e[0], e[1]], e[1]))


def tally(found: list[Error]) -> dict[tuple[str, str], int]:
    counts: dict[tuple[str, str], int] = defaultdict(int)
    for slot, kind, *_ in found:
        counts[slot, kind] += 1
    return counts


def kinds(slot: str, wanted: Json, got: Json) -> list[str]:
    """The kinds of error in one slot of one message, each once; at least one."""
    return list(dict.fromkeys(_KINDS[slot](wanted, got))) or [UNKNOWN]


def _intent(wanted: Json, got: Json) -> Iterator[str]:
    nothing = "out_of_scope"
    if got.get("intent") == nothing:
        yield MISSED
    else:
        yield INVENTED if wanted["intent"] == nothing else OTHER


def _trades(wanted: Json, got: Json) -> Iterator[str]:
    yield from _listed(
        wanted["trades"], got["trades"], wanted.get("negated_trades") or [],
        got["negated_trades"], same_trade,
    )  # fmt: skip


def _places(wanted: Json, got: Json) -> Iterator[str]:
    optional = wanted.get("optional_places", [])
    expected = [p for p in wanted["places"] if p["name"] not in optional]
    found = [p for p in got["places"] if p["name"] not in optional]
    to_ask, asked = wanted.get("ambiguous_places") or [], got["ambiguous_places"]
    for place in expected:
        if not _any(place, found, same_place) and _any(place, _candidates(asked), same_place):
            yield ASKED
            asked = [a for a in asked if not _any(place, a["candidates"], same_place)]
            expected = [p for p in expected if p is not place]
    for place in found:
        if not any(same_place(p, place) for p in expected) and any(
            same_place(c, place) for c in _candidates(to_ask)
        ):
            yield RESOLVED
            found = [p for p in found if p is not place]
            to_ask = [a for a in to_ask if not any(same_place(c, place) for c in a["candidates"])]
    yield from _listed(
        expected, found, wanted.get("negated_places") or [], got["negated_places"], same_place
    )
    if len(to_ask) == len(asked):
        if to_ask and not {ASKED, RESOLVED, MISSED, INVENTED, OTHER} & {
            *_listed(expected, found, [], [], same_place)
        }:
            yield CANDIDATES
    else:
        yield MISSED if len(to_ask) > len(asked) else INVENTED
    yield from _areas(wanted, got)


def _areas(wanted: Json, got: Json) -> Iterator[str]:
    if wanted.get("areas") is None:
        return
    if any(not _any(area, got["areas"], same_area) for area in wanted["areas"]):
        yield AREA_MISSED
    if any(not any(same_area(w, area) for w in wanted["areas"]) for area in got["areas"]):
        yield AREA_INVENTED


def _listed(
    wanted: list[Json], got: list[Json], refused: list[Json], got_refused: list[Json], same: Same
) -> Iterator[str]:
    """What is wrong with values and refusals: those on the wrong side, then each side apart."""
    turned = [w for w in wanted if _any(w, got_refused, same)]
    turned += [r for r in refused if _any(r, got, same) and not _any(r, got_refused, same)]
    if turned:
        yield NEGATION
    aside = [g for g in (*got, *got_refused) if any(same(t, g) for t in turned)]
    sides = (
        (wanted, got, (MISSED, INVENTED, OTHER)),
        (refused, got_refused, (REFUSAL_MISSED, REFUSAL_INVENTED, OTHER)),
    )
    for expected, found, (missed, invented, other) in sides:
        lacking = [w for w in expected if w not in turned and not _any(w, found, same)]
        extra = [g for g in found if g not in aside and not any(same(w, g) for w in expected)]
        if lacking and extra:
            yield other
        elif lacking:
            yield missed
        elif extra:
            yield invented


def _any(wanted: Json, found: Iterable[Json], same: Same) -> bool:
    return any(same(wanted, one) for one in found)


def _candidates(ambiguous: list[Json]) -> list[Json]:
    return [candidate for one in ambiguous for candidate in one["candidates"]]


def _one(name: str) -> Callable[[Json, Json], Iterator[str]]:
    def kinds_of_one(wanted: Json, got: Json) -> Iterator[str]:
        if got[name] is None:
            yield MISSED
        else:
            yield INVENTED if wanted[name] is None else OTHER

    return kinds_of_one


def _availability(wanted: Json, got: Json) -> Iterator[str]:
    expected, found = wanted["availability"], got["availability"]
    if expected is None or found is None:
        yield MISSED if found is None else INVENTED
        return
    if found["start"] not in accepted_starts(wanted):
        yield START
    if "end" in expected and found["end"] != expected["end"]:
        yield END
    if bool(expected.get("asap")) != found["asap"]:
        yield ASAP


_KINDS: dict[str, Callable[[Json, Json], Iterator[str]]] = {
    "intent": _intent,
    "trades": _trades,
    "places": _places,
    "radius": _one("radius_km"),
    "availability": _availability,
    "diploma": _one("diploma"),
}


def shown(slot: str, line: Json) -> str:
    """One slot of a message, wanted or got, on one line."""
    if slot == "intent":
        return f"{line.get('intent')} {line.get('reason') or ''}{line.get('confidence') or ''}"
    if slot == "places":
        named = [p["name"] for p in line.get("places", ())]
        without = [f"-{p['name']}" for p in line.get("negated_places", ())]
        asked = [
            "?" + "/".join(c["name"] for c in a["candidates"][:3])
            for a in line.get("ambiguous_places") or ()
        ]
        areas = [f"({a.get('code') or a['name']})" for a in line.get("areas") or ()]
        return ", ".join(named + without + asked + areas) or "–"
    if slot == "trades":
        named = [f"{t['label']} {'/'.join(t['rome'])}" for t in line.get("trades", ())]
        return ", ".join(named + [f"-{t['label']}" for t in line.get("negated_trades", ())]) or "–"
    return str(line.get("radius_km" if slot == "radius" else slot))


def show_errors(console: Console, wanted: list[Json], got: list[Json]) -> None:
    """The counts first, then the messages, under their slot and kind."""
    found = errors(wanted, got)
    table = Table("slot", "kind", "messages")
    for (slot, kind), count in tally(found).items():
        table.add_row(slot, kind, str(count))
    console.print(table)
    for (slot, kind), ones in groupby(found, key=lambda error: error[:2]):
        console.print(f"\n{slot}: {kind}", style="bold", markup=False)
        for _, _, w, g in ones:
            where = f" [{w['context']}]" if w.get("context") else ""
            console.print(
                f"  {w.get('id', '')}{where} {w['text'][:110]!r}\n"
                f"      wanted {shown(slot, w)}\n      got    {shown(slot, g)}",
                markup=False,
                highlight=False,
                soft_wrap=True,
            )

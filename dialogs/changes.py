"""What a message or a button changes in the search: values in, slot values out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

from matching.model import distance_km
from nlu.meaning import Area, Place, Understanding

SEARCH_SLOTS = ("trades", "where", "excluded", "radius_km", "availability", "diploma", "travel")

TRAVEL_KM = {"foot": 10, "scooter": 20, "transit": 30, "car": 50}
"""The radius each way of getting about stands for, as the crow flies. Ours, for want of a measure:
half an hour or so of travelling, more by train or by car."""

MAX_RADIUS_KM = 200
"""The widest circle the backends accept."""

TELLING = ("give_info", "correct", "search")
"""Intents under which « on m’emmène » tells how far one can go, without having been asked."""

Slots = Mapping[str, Any]


def unique(items: Iterable[Any]) -> list[Any]:
    return list(dict.fromkeys(items))


def from_message(u: Understanding, slots: Slots) -> dict[str, Any]:
    """The slots a message changes, with their new values; those it leaves alone are absent."""
    asked_travel = u.travel is not None and slots["asked"] == "ask_travel"
    # « à vélo » is an answer there, not a trade
    found: dict[str, Any] = {} if asked_travel else _trades(u, slots)
    found |= _where(u, slots)
    if u.radius_km is not None:
        found["radius_km"] = min(max(u.radius_km, 1), MAX_RADIUS_KM)
    if u.availability:
        found["availability"] = {
            "start": u.availability.start.isoformat(),
            "end": u.availability.end.isoformat() if u.availability.end else None,
            "asap": u.availability.asap,
        }
    if u.diploma:
        found["diploma"] = u.diploma.split("|")[0]
    unasked = not found and slots["where"] and u.intent in TELLING
    if u.travel and (asked_travel or unasked):
        # A radius that is said counts more than one supposed.
        return (_travel_said(u.travel, slots) if asked_travel else travel(u.travel)) | found
    return found


def _travel_said(how: str, slots: Slots) -> dict[str, Any]:
    """What the button of that way of getting about would do."""
    for _, payload in slots["choices"] or ():
        if payload.startswith(f"/set v={how} r="):
            return {"travel": how, "radius_km": int(payload.rpartition("=")[2])}
    return travel(how)


def travel(how: str, below: int | None = None) -> dict[str, Any]:
    """The way of getting about and its radius; ``below`` a radius that was too far already."""
    return {"travel": how, "radius_km": min(TRAVEL_KM[how], closer(below) if below else 200)}


def closer(radius_km: int) -> int:
    """The next smaller of the radii people think in."""
    return max((r for r in (5, 10, 15, 20, 30, 50, 100) if r < radius_km), default=radius_km)


def farther(radius_km: int) -> int:
    """The next step further around."""
    steps = (10, 20, 30, 40, 60, 100, MAX_RADIUS_KM)
    return next((r for r in steps if r > radius_km), MAX_RADIUS_KM)


def _trades(u: Understanding, slots: Slots) -> dict[str, Any]:
    named = [t.id for t in u.trades]
    refused = {t.id for t in u.negated_trades}
    current = slots["trades"] or []
    if named:
        kept = current if u.adds else []
        return {"trades": [id for id in unique([*kept, *named]) if id not in refused]}
    if refused & set(current):
        return {"trades": [id for id in current if id not in refused] or None}
    return {}


def _where(u: Understanding, slots: Slots) -> dict[str, Any]:
    current = slots["where"] or {"places": [], "areas": []}
    named = [p.insee for p in u.places]
    areas = [_area(a) for a in u.areas if not _qualifies(a, u.places)]
    refused = [p.insee for p in u.negated_places]
    found: dict[str, Any] = {}
    if named or areas:
        kept = current if u.adds else {"places": [], "areas": []}
        found["where"] = {
            "places": unique([*kept["places"], *named]),
            "areas": [*(a for a in kept["areas"] if _stays(a, areas, u.places)), *areas],
        }
    elif any(insee in current["places"] for insee in refused):
        left = [insee for insee in current["places"] if insee not in refused]
        found["where"] = {**current, "places": left} if left or current["areas"] else None
    excluded = [*(slots["excluded"] or ()), *(r for r in refused if r not in current["places"])]
    if set(excluded) != set(slots["excluded"] or ()) or set(named) & set(excluded):
        found["excluded"] = [e for e in unique(excluded) if e not in named] or None
    return found


def _stays(kept: Slots, areas: Iterable[Slots], places: Sequence[Place]) -> bool:
    """Whether an area is still searched once more is named: « toute la région », then « et vers
    Saint-Omer », means that one would rather be near Saint-Omer."""
    return kept not in areas and not (places and all(_lies_in(p, kept) for p in places))


def _lies_in(place: Place, area: Slots) -> bool:
    if area.get("radius_km"):
        radius: float = area["radius_km"]
        return distance_km(place.lat, place.lon, area["lat"], area["lon"]) <= radius
    return area["type"] == "pays" or place.departement in area.get("departements", ())


def _area(area: Area) -> dict[str, Any]:
    kept = ("type", "code", "name", "departements", "lat", "lon", "radius_km")
    return {
        k: list(v) if isinstance(v, tuple) else v
        for k, v in asdict(area).items()
        if k in kept and v not in (None, ())
    }


def _qualifies(area: Area, places: Sequence[Place]) -> bool:
    """« Lens, c’est dans le 62 »: the département says which Lens, it is not searched."""
    return any(p.departement in area.departements for p in places)


FRANCE = {"type": "pays", "code": "FR", "name": "France"}


def from_payload(arguments: Mapping[str, str], slots: Slots, today: date) -> dict[str, Any]:
    """The slots a ``/set`` button changes: ``t`` trades (comma list, ``*`` any), ``p`` place,
    ``q`` one more place (none: those there are will do),
    ``r`` radius, ``s`` start (``asap``, ``any``, ``2027-09``), ``d`` diploma, ``v`` travel,
    ``f`` France, ``x`` lifts what was excluded. Presses set values, so a second one is harmless.

    Raises ``ValueError`` or ``KeyError`` for arguments we never wrote.
    """
    found: dict[str, Any] = {}
    for key, value in arguments.items():
        match key:
            case "t":
                found["trades"] = [] if value == "*" else value.split(",")
            case "p":
                found["where"] = {"places": value.split(","), "areas": []}
            case "q":
                kept = slots["where"] or {"places": [], "areas": []}
                towns = [*kept["places"], *filter(None, value.split(","))]
                found["where"] = {**kept, "places": unique(towns)}
            case "f":
                found["where"] = {"places": [], "areas": [FRANCE]}
            case "r":
                found["radius_km"] = min(max(int(value), 1), MAX_RADIUS_KM)
            case "s":
                found["availability"] = _start(value, today)
            case "d":
                found["diploma"] = value.replace("_", " ")
            case "v":
                found |= travel(value)
            case "x":
                found["excluded"] = None
            case _:
                raise KeyError(key)
    return found


def _start(value: str, today: date) -> dict[str, Any]:
    if value == "any":
        return {"any": True}
    if value == "asap":
        return {"start": today.isoformat(), "end": None, "asap": True}
    first = date.fromisoformat(f"{value}-01")
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return {"start": first.isoformat(), "end": last.isoformat(), "asap": False}


def looked_for(slots: Slots) -> Slots:
    """The slots with the search of what is being looked at: that of an alert which has spoken."""
    wish = (slots["shown"] or {}).get("wish")
    return slots if wish is None else {**slots, **dict.fromkeys(SEARCH_SLOTS), **wish}


def differs(found: Mapping[str, Any], slots: Slots) -> bool:
    """Whether anything of the search really changes."""
    return any(slots[k] != v for k, v in found.items() if k in SEARCH_SLOTS)

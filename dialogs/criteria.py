"""From slots to a search, and from a search to words: « boulanger, 30 km autour de Lens »."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from typing import Any

from dialogs.french import MONTHS, day, join, of
from dialogs.regions import within
from dialogs.voice import Voice
from matching.model import Circle, Search, WantedTrade
from nlu.gazetteer import Gazetteer
from nlu.trade_table import Trade, TradeTable

DEFAULT_RADIUS_KM = 30
"""The radius of the original service: both sides alerted within 30 km."""

MOST_NAMED = 3
"""Trades, or towns, that are still named one by one in a line."""

LEVELS = {
    "CAP": 3, "CS": 3, "BP": 4, "BTM": 4, "BM": 4, "Bac pro": 4, "BTS": 5,
}  # fmt: skip
"""Diploma to European level, as the national register (RNCP) classes them; a Titre professionnel
exists at several levels, so it filters nothing."""


def wanted(trade: Trade) -> WantedTrade:
    """A trade of the table as a search carries it."""
    return WantedTrade(
        trade.id, trade.label, trade.rome, trade.parents, trade.title_stems, trade.rival_stems
    )


class Criteria:
    """The search that a conversation's slots hold, as a :class:`Search` and as French."""

    def __init__(self, table: TradeTable, gazetteer: Gazetteer, voice: Voice) -> None:
        self.table = table
        self.gazetteer = gazetteer
        self.voice = voice
        self._wanted = {trade.id: wanted(trade) for trade in table}
        self._town = lru_cache(maxsize=1024)(gazetteer.by_insee)

    def search(self, slots: Mapping[str, Any]) -> Search:
        """The search of complete slots (``trades`` and ``where`` set)."""
        trades = tuple(self.table.get(id) for id in slots["trades"] or ())
        availability = slots["availability"] or {}
        where = slots["where"] or {}
        return Search(
            trades=tuple(self._wanted[t.id] for t in trades),
            circles=self._circles(slots),
            departements=tuple(
                dict.fromkeys(
                    d
                    for area in where.get("areas", ())
                    if area["type"] != "pays"
                    for d in area.get("departements", ())
                )
            ),
            france=any(area["type"] == "pays" for area in where.get("areas", ())),
            excluded=tuple(slots["excluded"] or ()),
            start=_date(availability.get("start")),
            end=_date(availability.get("end")),
            diploma_level=LEVELS.get(slots["diploma"] or ""),
            diploma=slots["diploma"] if slots["diploma"] in LEVELS else None,
            neighbours=self._neighbours(trades),
            hidden=tuple(slots["hidden"] or ()),
        )

    def _circles(self, slots: Mapping[str, Any]) -> tuple[Circle, ...]:
        where, radius = slots["where"] or {}, slots["radius_km"] or DEFAULT_RADIUS_KM
        places = filter(None, map(self._town, where.get("places", ())))
        towns = [Circle(p.lat, p.lon, radius, p.name) for p in places]
        zones = [
            Circle(a["lat"], a["lon"], max(a["radius_km"], slots["radius_km"] or 0), a["name"])
            for a in where.get("areas", ())
            if a.get("radius_km")
        ]
        return (*towns, *zones)

    def _neighbours(self, trades: Iterable[Trade]) -> tuple[WantedTrade, ...]:
        chosen = {t.id for t in trades}
        ids = dict.fromkeys(n for t in trades for n in t.neighbours if n not in chosen)
        return tuple(self._wanted[id] for id in ids)

    def summary(self, slots: Mapping[str, Any]) -> str:
        """What was understood, in one line without a capital: trade, place, start, diploma."""
        parts = [self.trades(slots), self.where(slots), self.start(slots)]
        if (slots["diploma"] or "any") != "any":
            parts.append(slots["diploma"])
        return ", ".join(filter(None, parts))

    def trades(self, slots: Mapping[str, Any]) -> str:
        """« boulanger ou boulangère », « couvreur ou couvreuse, charpentier ou charpentière »."""
        ids = slots["trades"]
        if not ids:
            return "" if ids is None else self.voice.phrase("part_any_trade")
        if len(ids) > MOST_NAMED:
            return self.voice.phrase("part_trades", n=len(ids))
        return ", ".join(self.table.get(id).both for id in ids)

    def where(self, slots: Mapping[str, Any]) -> str:
        """« 30 km autour de Lens », « dans le Ternois », « sans Lille »."""
        where = slots["where"] or {}
        towns = [p.name for p in map(self._town, where.get("places", ())) if p]
        parts = []
        if towns:
            radius = slots["radius_km"] or DEFAULT_RADIUS_KM
            around = join([of(t) for t in towns], "et")
            if len(towns) > MOST_NAMED:
                around = self.voice.phrase("part_towns", n=len(towns))
            parts.append(self.voice.fact("part_around", km=radius, towns=around))
        parts += [within(a["name"]) for a in where.get("areas", ())]
        line = join(parts, "et")
        refused = [p.name for p in map(self._town, slots["excluded"] or ()) if p]
        if refused:
            line += ", " if line else ""
            line += self.voice.phrase("part_without", towns=refused)
        return line.strip()

    def start(self, slots: Mapping[str, Any]) -> str:
        """« septembre 2027 », « dès que possible », « à partir du 5 janvier 2027 »."""
        availability = slots["availability"] or {}
        start, end = _date(availability.get("start")), _date(availability.get("end"))
        if start is None:
            return ""
        if availability.get("asap"):
            return self.voice.phrase("part_asap")
        if end is None:
            return self.voice.phrase("part_from", day=day(start))
        if start.day == 1 and (start.year, start.month) == (end.year, end.month) and end.day > 27:
            return f"{MONTHS[start.month - 1]} {start.year}"
        first = day(start)
        if (start.year, start.month) == (end.year, end.month):
            first = first.split()[0]
        elif start.year == end.year:
            first = first.rsplit(maxsplit=1)[0]
        return self.voice.phrase("part_between", start=first, end=day(end))

    def towns_within(self, slots: Mapping[str, Any]) -> str:
        """Where the search stands, after « rien »: « à moins de 30 km », « dans le Nord »."""
        where = slots["where"] or {}
        if towns := where.get("places"):
            around = self.voice.phrase("part_within", km=slots["radius_km"] or DEFAULT_RADIUS_KM)
            place = self.gazetteer.by_insee(towns[0])
            return f"{around} {of(place.name)}" if place and len(towns) == 1 else around
        return join([within(a["name"]) for a in where.get("areas", ())], "ni")


def _date(value: str | None) -> date | None:
    return date.fromisoformat(value) if value else None

"""Searches for tests: drawn at random, or as the demonstration set answers them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from random import Random

from matching.model import Circle, Offer, Search, Sketch, WantedTrade, matches, rank, twin_key
from nlu.gazetteer import Gazetteer
from nlu.trade_table import Trade, TradeTable

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
DEPARTEMENTS = ("02", "59", "60", "62", "80", "75", "974", "2A")


def wanted(trade: Trade) -> WantedTrade:
    return WantedTrade(
        trade.id, trade.label, trade.rome, trade.parents, trade.title_stems, trade.rival_stems
    )


def brute_force(search: Search, offers: Iterable[Offer]) -> list[Offer]:
    """The answer as the model defines it: all that matches, ranked, the first of each job."""
    found = sorted((o for o in offers if matches(search, o, NOW)), key=lambda o: rank(search, o))
    best: dict[object, Offer] = {}
    for offer in found:
        best.setdefault(twin(offer), offer)
    return list(best.values())


def twin(offer: Offer) -> object:
    place = offer.postcode or offer.insee
    return twin_key(offer.title, place, offer.company, offer.description)


def sketch(offer: Offer) -> Sketch:
    names = [f.name for f in fields(Sketch) if f.name not in {"twin", "origin"}]
    return Sketch(**{name: getattr(offer, name) for name in names}, twin=hash(twin(offer)))


class Searches:
    """Draws searches as people make them: a trade or two, a town, and sometimes conditions."""

    def __init__(self, table: TradeTable, gazetteer: Gazetteer, offers: Sequence[str]) -> None:
        self._table = table
        self._trades = list(table)
        self._offers = offers
        self._rows = [row for row in range(len(gazetteer)) if gazetteer.home(row)]
        self._gazetteer = gazetteer

    def of(
        self, trade: str, place: str, radius_km: float = 30, *, september: bool = False
    ) -> Search:
        """« boulanger », « Lens », 30 km, in September or whenever."""
        return Search(
            trades=(wanted(self._table.get(trade)),),
            circles=(self._circle(self._gazetteer.lookup(place)[0].insee, radius_km),),
            neighbours=self._neighbours(self._table.get(trade)),
            start=date(2027, 9, 1) if september else None,
            end=date(2027, 9, 30) if september else None,
        )

    def draw(self, random: Random) -> Search:
        trades = random.sample(self._trades, random.choice((0, 1, 1, 1, 1, 1, 2)))
        start, end = self._dates(random)
        return Search(
            trades=tuple(wanted(t) for t in trades),
            circles=self._circles(random),
            departements=tuple(random.sample(DEPARTEMENTS, random.choice((0, 0, 0, 1)))),
            france=random.random() < 0.03,
            excluded=self._communes(random) if random.random() < 0.2 else (),
            start=start,
            end=end,
            diploma_level=random.choice((None, None, 3, 4, 5, 7)),
            neighbours=tuple(n for t in trades for n in self._neighbours(t)),
            hidden=tuple(random.sample(self._offers, 5)) if random.random() < 0.2 else (),
        )

    def _neighbours(self, trade: Trade) -> tuple[WantedTrade, ...]:
        return tuple(wanted(self._table.get(id)) for id in trade.neighbours)

    def _circle(self, insee: str, radius_km: float) -> Circle:
        place = self._gazetteer.by_insee(insee)
        assert place is not None
        return Circle(place.lat, place.lon, radius_km, place.name)

    def _circles(self, random: Random) -> tuple[Circle, ...]:
        communes = random.choices(self._rows, k=random.choice((0, 1, 1, 1, 1, 2)))
        radius = random.choice((3, 5, 10, 10, 20, 30, 30, 50))
        circles = [self._circle(self._gazetteer.insee(row), radius) for row in communes]
        if random.random() < 0.05:
            circles.append(Circle(-17.53, -149.57, 200, "Papeete"))
        return tuple(circles)

    def _communes(self, random: Random) -> tuple[str, ...]:
        return tuple(self._gazetteer.insee(row) for row in random.choices(self._rows, k=2))

    def _dates(self, random: Random) -> tuple[date | None, date | None]:
        if random.random() < 0.4:
            return None, None
        start = NOW.date() + timedelta(random.randint(0, 900))
        return start, random.choice((None, start + timedelta(29)))

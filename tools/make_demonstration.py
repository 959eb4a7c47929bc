"""Make the demonstration set: invented offers over Hauts-de-France, dates as offsets from today.

    python -m tools.make_demonstration          writes matching/data/demonstration.jsonl.gz

Every offer is drawn from a generator of its own, seeded by the trade and a number: changing one
trade of the table leaves the offers of the others as they are. Companies are made of syllables,
telephone numbers are among those Arcep keeps for fiction (01 99 00, 03 53 01), and addresses lead
nowhere (``.invalid``, RFC 2606).
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from math import cos, radians
from pathlib import Path
from random import Random
from typing import Any

from matching.model import DEMONSTRATION, Offer, WantedTrade, distance_km, trade_fit
from nlu.gazetteer import Gazetteer
from nlu.meaning import Place
from nlu.trade_table import Trade, TradeTable
from tools.demonstration_words import (
    BUSINESSES,
    DESCRIPTIONS,
    DIPLOMAS,
    ENDINGS,
    EVERYWHERE,
    LEAST,
    MONTHS,
    OFFERS,
    RHYTHMS,
    STREETS,
    SYLLABLES,
    TITLES,
    WORDS,
)

TARGET = Path(__file__).parent.parent / "matching" / "data" / "demonstration.jsonl.gz"

Job = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Desert:
    """A circle kept free of some trades, so that the ways out of an empty answer can be shown.

    ``codes``: ROME codes no offer drawn there may bear, nor have as a parent.
    """

    insee: str
    km: float
    codes: frozenset[str]


DESERTS = (
    Desert("62767", 42, frozenset({"I1606"})),  # no car body repair around Saint-Pol-sur-Ternoise
    Desert("62767", 32, frozenset({"I1604"})),  # and no car mechanics but those below
)

PLACED = (
    ("I1604", "62194", 9),
    ("I1604", "62457", 9),
    ("I1606", "62041", 9),
    ("I1606", "62041", 9),
    ("I1606", "62498", 9),
)
"""Offers put by hand (ROME code, commune, month of the start): the conversation in the README."""


class Maker:
    """Draws offers; everything it needs to know of France and of trades is in two tables."""

    def __init__(self, gazetteer: Gazetteer, table: TradeTable) -> None:
        self._gazetteer = gazetteer
        self._table = table
        self._towns = [
            gazetteer.place(row)
            for row in range(len(gazetteer))
            if gazetteer.home(row) and not gazetteer.is_part(row) and gazetteer.population[row]
        ]
        # Shops are spread more evenly than people.
        self._weights = list(accumulate(t.population**0.8 for t in self._towns))

    def jobs(self) -> Iterator[Job]:
        """The offers of the whole set, trade by trade."""
        trades = list(self._table)
        for trade in trades:
            wanted = OFFERS.get(trade.rome[0], LEAST) if _first(trade, trades) else LEAST
            for number in range(wanted):
                yield self._drawn(trade, number)
        for number, (code, insee, month) in enumerate(PLACED):
            trade = next(t for t in trades if t.rome[0] == code)
            town = self._gazetteer.by_insee(insee)
            assert town is not None
            random = Random(f"placed {number}")
            yield self._job(random, trade, f"{trade.id}-p{number}", town, month)

    def _drawn(self, trade: Trade, number: int) -> Job:
        random = Random(f"{trade.id} {number}")
        town = self._town(random, trade)
        month = random.choices([m for m, _ in MONTHS], [weight for _, weight in MONTHS])[0]
        return self._job(random, trade, f"{trade.id}-{number}", _about(random, town), month)

    def _town(self, random: Random, trade: Trade) -> Place:
        while True:
            town = random.choices(self._towns, cum_weights=self._weights)[0]
            if not any(self._inside(desert, town, trade) for desert in DESERTS):
                return town

    def _inside(self, desert: Desert, town: Place, trade: Trade) -> bool:
        centre = self._gazetteer.by_insee(desert.insee)
        assert centre is not None
        return bool(desert.codes & {*trade.rome, *trade.parents}) and (
            distance_km(centre.lat, centre.lon, town.lat, town.lon) <= desert.km
        )

    def _job(
        self, random: Random, trade: Trade, id: str, town: Place, month: int | str | None
    ) -> Job:
        title, codes = _named(random, trade)
        diploma = _diploma(random, trade)
        return {
            "identifier": {"id": id, "partner_label": DEMONSTRATION, "partner_job_id": id},
            "workplace": self._workplace(random, trade, town),
            "apply": {
                "url": f"https://exemple.invalid/offre/{id}",
                "phone": _phone(random),
                "recipient_id": None,
            },
            "contract": {
                "start": _start(random, month),
                "duration": _months(random, diploma),
                "type": ["Apprentissage"],
                "remote": None,
            },
            "offer": {
                "title": title,
                "rome_codes": codes,
                "description": _description(random, trade),
                "target_diploma": diploma,
                "desired_skills": [],
                "to_be_acquired_skills": [],
                "access_conditions": [],
                "publication": {
                    "creation": {"days": -random.randint(1, 40)},
                    "expiration": {"days": random.randint(60, 90)},
                },
                "opening_count": 1,
                "status": "Active",
            },
            "is_delegated": random.random() < 0.04,
        }

    def _workplace(self, random: Random, trade: Trade, town: Place) -> Job:
        name = _company(random, trade)
        postcode = self._gazetteer.postcodes(town.insee)[0]
        street = f"{random.randint(1, 90)} {random.choice(STREETS)}"
        return {
            "siret": None,
            "brand": None,
            "legal_name": name,
            "website": None,
            "name": name,
            "description": None,
            "size": random.choice(["1-2", "3-5", "3-5", "6-9", "10-19", None]),
            "location": {
                "address": f"{street} {postcode} {town.name}",
                "geopoint": {
                    "type": "Point",
                    "coordinates": [round(town.lon, 4), round(town.lat, 4)],
                },
            },
            "domain": {"idcc": None, "opco": None, "naf": None},
        }


def _first(trade: Trade, trades: Sequence[Trade]) -> bool:
    """The trade that gives its code its name; the others that share it are less common."""
    return next(t for t in trades if t.rome[0] == trade.rome[0]) is trade


def _about(random: Random, town: Place) -> Place:
    """A place of the same name within a kilometre of its centre."""
    dlat, dlon = random.uniform(-0.006, 0.006), random.uniform(-0.006, 0.006)
    return replace(town, lat=town.lat + dlat, lon=town.lon + dlon / cos(radians(town.lat)))


def _named(random: Random, trade: Trade) -> tuple[str, list[str]]:
    """A title and the codes an offer would bear: mostly the trade's own, sometimes the parent's.

    The parent's alone is kept only where the title names the trade, as in live offers; what comes
    out is always an offer that the trade finds.
    """
    own, parents = trade.rome[0], [p for p in trade.parents if p not in trade.rome]
    choices = [[own]] * 6 + [[p] for p in parents] * 3 + [[own, p] for p in parents]
    man, woman = trade.label, trade.feminine
    forms = EVERYWHERE if man == woman else TITLES
    for _ in range(40):
        form, codes = random.choice(forms), random.choice(choices)
        title = form.format(m=man, f=woman, M=_capital(man), F=_capital(woman))
        if _finds(trade, title, codes):
            return title, codes
    raise ValueError(f"no title of {trade.id} finds it: {trade.label}, {trade.title_stems}")


def _finds(trade: Trade, title: str, codes: Sequence[str]) -> bool:
    wanted = WantedTrade(
        trade.id, trade.label, trade.rome, trade.parents, trade.title_stems, trade.rival_stems
    )
    offer = Offer("", "", title, None, "", "", "", 0, 0, tuple(codes), "")
    return trade_fit(wanted, offer) is not None


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _by_code(table: dict[str, Any], code: str) -> Any:
    """The entry of the longest prefix of a ROME code: « F16 » for F1601; « » is for all."""
    return next(table[code[:n]] for n in range(5, -1, -1) if code[:n] in table)


def _company(random: Random, trade: Trade) -> str:
    """« Boulangerie Wacquerlin », « Le Fournil de Mirabrune »: invented, and sounding like it."""
    surname = random.choice(SYLLABLES) + random.choice(ENDINGS)
    pattern = random.choice(_by_code(BUSINESSES, trade.rome[0]))
    return str(pattern.format(name=surname, word=random.choice(WORDS)))


def _phone(random: Random) -> str | None:
    if random.random() < 0.2:
        return None
    return f"{random.choice(('019900', '035301'))}{random.randint(0, 9999):04d}"


def _start(random: Random, month: int | str | None) -> Job | None:
    """Offsets that ``matching.demonstration`` turns into a date."""
    if month is None:
        return None
    if month == "soon":
        return {"days": random.randint(5, 45)}
    return {"month": month, "day": random.choice((1, 1, 1, 2, 6, 15))}


def _diploma(random: Random, trade: Trade) -> Job | None:
    if random.random() < 0.12:
        return None
    level, label = random.choice(_by_code(DIPLOMAS, trade.rome[0]))
    return {"european": level, "label": label}


def _months(random: Random, diploma: Job | None) -> int | None:
    usual = {"CS": 12, "Bac pro": 36}.get(diploma["label"] if diploma else "", 24)
    return random.choice((usual, usual, usual, 12, None))


def _description(random: Random, trade: Trade) -> str:
    text = random.choice(_by_code(DESCRIPTIONS, trade.rome[0]))
    return f"{text}{random.choice(RHYTHMS)} Offre de démonstration\u00a0: elle est inventée."


def lines() -> Iterator[str]:
    """The lines of the file, one offer each."""
    for job in Maker(Gazetteer.load(), TradeTable.load()).jobs():
        yield json.dumps(job, ensure_ascii=False, separators=(",", ":"))


def main() -> None:
    content = "".join(line + "\n" for line in lines())
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_bytes(gzip.compress(content.encode(), mtime=0))
    print(f"{content.count(chr(10))} offers, {TARGET.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()

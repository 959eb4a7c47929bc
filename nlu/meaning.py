"""What a message means: the values every reader of this room produces."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

Intent = Literal[
    "search", "give_info", "correct", "affirm", "deny", "greet", "help", "stop_alerts",
    "resume_alerts", "pause_alerts", "delete_data", "export_data", "human", "question",
    "restart", "thanks", "out_of_scope",
]  # fmt: skip

Asked = Literal[
    "ask_trade", "ask_place", "ask_radius", "ask_availability", "ask_diploma", "confirm",
    "show_offers",
]  # fmt: skip

Travel = Literal["foot", "scooter", "transit", "car"]


@dataclass(frozen=True, slots=True)
class TradeMention:
    """A craft trade named in a message.

    ``id`` is the key of the trade table, ``rome`` the ROME 4 codes it is searched with (own code
    first, never the parents), ``start``/``end`` the span in the original text, in characters.
    """

    id: str
    label: str
    rome: tuple[str, ...]
    start: int
    end: int

    def to_json(self) -> dict[str, Any]:
        return {"label": self.label, "rome": list(self.rome), "start": self.start, "end": self.end}


@dataclass(frozen=True, slots=True)
class Place:
    """A commune (or part-commune, or arrondissement), by its INSEE code; position in degrees.

    ``guessed``: so badly spelt that it is better to ask than to search there.
    """

    insee: str
    name: str
    departement: str
    lat: float
    lon: float
    population: int = 0
    start: int = 0
    end: int = 0
    guessed: bool = False

    def to_json(self) -> dict[str, Any]:
        return {"name": self.name, "insee": self.insee, "lat": self.lat, "lon": self.lon}


@dataclass(frozen=True, slots=True)
class AmbiguousPlace:
    """A name several communes bear; ``candidates`` are likeliest first, at least two."""

    text: str
    candidates: tuple[Place, ...]

    def to_json(self) -> dict[str, Any]:
        return {
            "text": self.text,
            "candidates": [
                {"name": c.name, "insee": c.insee, "departement": c.departement}
                for c in self.candidates
            ],
        }


@dataclass(frozen=True, slots=True)
class Area:
    """A département, a region, France, or a named zone (Audomarois, bassin minier).

    ``departements`` are the ones searched; a zone smaller than a département has a circle instead:
    ``lat``, ``lon`` in degrees and ``radius_km``.
    """

    type: Literal["departement", "region", "pays", "zone"]
    code: str | None
    name: str
    departements: tuple[str, ...] = ()
    lat: float | None = None
    lon: float | None = None
    radius_km: float | None = None
    start: int = 0
    end: int = 0

    def to_json(self) -> dict[str, Any]:
        head = {"type": self.type}
        return (head | {"code": self.code} if self.code else head) | {"name": self.name}


@dataclass(frozen=True, slots=True)
class Availability:
    """When the person can start: first day included, last day included or open."""

    start: date
    end: date | None = None
    asap: bool = False
    approx: bool = False

    def to_json(self) -> dict[str, Any]:
        return {
            "start": self.start.isoformat(),
            "end": self.end.isoformat() if self.end else None,
            "asap": self.asap,
            "approx": self.approx,
        }


@dataclass(frozen=True, slots=True)
class NoncraftTrade:
    """A common trade outside the crafts (nurse, salesperson), recognised so that it can be said."""

    label: str
    rome: tuple[str, ...] = ()
    start: int = 0
    end: int = 0

    def to_json(self) -> dict[str, Any]:
        return {"label": self.label, "rome": list(self.rome)}


@dataclass(frozen=True, slots=True)
class Understanding:
    """Everything read in one message.

    ``confidence`` is between 0 and 1. ``reason`` says more of an ``out_of_scope`` (``employer``,
    ``insult``, ``customer``, ``housing``, ``noise``) or of a ``human`` (``distress``,
    ``violence``, ``wages``). ``domains`` are wide fields (``bois``, ``bâtiment``, ``beauté``…).
    ``language`` is the ISO 639 code of a greeting or request that is not in French.
    ``travel`` is how the person gets about, when the message says so.
    ``adds`` is true when the values come on top of those already given (« aussi », « et »).
    """

    text: str
    intent: Intent
    confidence: float
    reason: str | None = None
    trades: tuple[TradeMention, ...] = ()
    negated_trades: tuple[TradeMention, ...] = ()
    places: tuple[Place, ...] = ()
    negated_places: tuple[Place, ...] = ()
    ambiguous_places: tuple[AmbiguousPlace, ...] = ()
    areas: tuple[Area, ...] = ()
    domains: tuple[str, ...] = ()
    noncraft_trades: tuple[NoncraftTrade, ...] = ()
    radius_km: int | None = None
    availability: Availability | None = None
    diploma: str | None = None
    language: str = "fr"
    travel: Travel | None = None
    adds: bool = False

    def to_json(self) -> dict[str, Any]:
        """The `understand` command's object, without its ``id``."""
        found: dict[str, Any] = {
            "text": self.text,
            "intent": self.intent,
            "confidence": round(self.confidence, 3),
            "trades": [t.to_json() for t in self.trades],
            "negated_trades": [t.to_json() for t in self.negated_trades],
            "places": [p.to_json() for p in self.places],
            "negated_places": [p.to_json() for p in self.negated_places],
            "ambiguous_places": [a.to_json() for a in self.ambiguous_places],
            "areas": [a.to_json() for a in self.areas],
            "domains": list(self.domains),
            "noncraft_trades": [t.to_json() for t in self.noncraft_trades],
            "radius_km": self.radius_km,
            "availability": self.availability.to_json() if self.availability else None,
            "diploma": self.diploma,
        }
        return found | {"reason": self.reason} if self.reason else found

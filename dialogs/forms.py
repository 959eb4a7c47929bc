"""The search form: which values are accepted, and what is still missing before offers are shown."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.forms import REQUESTED_SLOT, FormValidationAction
from rasa_sdk.types import DomainDict

from dialogs.changes import MAX_RADIUS_KM
from nlu.gazetteer import Gazetteer
from nlu.trade_table import TradeTable

FORM = "search_form"
REQUIRED = ("trades", "where")
"""Asked before the first offers; everything else is stated, or asked under them."""
OPTIONAL = ("excluded", "radius_km", "availability", "diploma", "travel")

DIPLOMAS = ("CAP", "CS", "BP", "BTM", "BM", "Bac pro", "BTS", "Titre professionnel", "any")


class MappedForm(FormValidationAction):
    """A form whose candidates are at the end of the events already: whoever calls has mapped them.

    The engine's rules do, or a Rasa server.
    """

    async def get_extraction_events(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        return []


class ValidateSearchForm(MappedForm):
    """Accepts the candidates the engine (or a Rasa server) puts at the end of the events."""

    def __init__(self, table: TradeTable, gazetteer: Gazetteer) -> None:
        self.table = table
        self.gazetteer = gazetteer

    def name(self) -> str:
        return f"validate_{FORM}"

    async def required_slots(
        self,
        domain_slots: list[str],
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: DomainDict,
    ) -> list[str]:
        """All slots that are validated; :meth:`next_requested_slot` says which are asked."""
        return [*REQUIRED, *OPTIONAL]

    async def next_requested_slot(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> EventType:
        missing = (name for name in REQUIRED if tracker.slots.get(name) is None)
        return SlotSet(REQUESTED_SLOT, next(missing, None))

    def validate_trades(self, value: Any, *_: object) -> dict[str, Any]:
        """Ids of the table, or names as a Rasa server extracts them; unknown ones are dropped."""
        if value is None or value == []:
            return {"trades": value}
        names = [value] if isinstance(value, str) else value
        found = [t.id for name in names if (t := self._trade(str(name))) is not None]
        return {"trades": list(dict.fromkeys(found)) or None}

    def _trade(self, name: str) -> Any:
        try:
            return self.table.get(name)
        except KeyError:
            return self.table.find(name)

    def validate_where(self, value: Any, *_: object) -> dict[str, Any]:
        """Known communes and areas; a bare name is looked up, as a Rasa server sends it."""
        if isinstance(value, str):
            value = {"places": [p.insee for p in self.gazetteer.lookup(value)[:1]], "areas": []}
        if not isinstance(value, dict):
            return {"where": None}
        places = [p for p in value.get("places", ()) if self.gazetteer.by_insee(p)]
        areas = list(value.get("areas", ()))
        return {"where": {"places": places, "areas": areas} if places or areas else None}

    def validate_excluded(self, value: Any, *_: object) -> dict[str, Any]:
        return {"excluded": [p for p in value or () if self.gazetteer.by_insee(p)] or None}

    def validate_radius_km(self, value: Any, *_: object) -> dict[str, Any]:
        return {"radius_km": None if value is None else min(max(int(value), 1), MAX_RADIUS_KM)}

    def validate_availability(self, value: Any, *_: object) -> dict[str, Any]:
        return {"availability": value if isinstance(value, dict) else None}

    def validate_diploma(self, value: Any, *_: object) -> dict[str, Any]:
        return {"diploma": value if value in DIPLOMAS else None}

    def validate_travel(self, value: Any, *_: object) -> dict[str, Any]:
        return {"travel": value}

"""The questions: trade, place, which place, how you get about, when, which diploma."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from dialogs.actions.base import Say, argument, button, effect, place_label
from dialogs.changes import TRAVEL_KM, travel
from dialogs.criteria import DEFAULT_RADIUS_KM
from dialogs.french import MONTHS, capital
from dialogs.services import Services


def next_september(today: date) -> tuple[str, str]:
    """Label and ``/set`` value of the next school year: (« Septembre 2027 », « 2027-09 »)."""
    year = today.year + (today.month >= 9)
    return f"{capital(MONTHS[8])} {year}", f"{year}-09"


class AskTrades(Action):
    """« Quel métier ? », with what is already known of the place."""

    def __init__(self, services: Services) -> None:
        self.services = services

    def name(self) -> str:
        return "action_ask_trades"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        where = self.services.criteria.where(tracker.slots)
        if tracker.slots["trades"] is not None:
            dispatcher.utter_message(response="utter_which_other_trade")
        elif where:
            dispatcher.utter_message(response="utter_ask_trade_there", where=where)
        else:
            dispatcher.utter_message(response="utter_ask_trade")
        return [SlotSet("asked", "ask_trade")]


class AskWhere(Action):
    """« C’est où ? », with the trade just understood."""

    def __init__(self, services: Services) -> None:
        self.services = services

    def name(self) -> str:
        return "action_ask_where"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        if tracker.slots["where"]:
            dispatcher.utter_message(response="utter_which_other_place")
        else:
            trades = self.services.criteria.trades(tracker.slots)
            new = trades and not tracker.slots["searched"]
            name = "utter_ask_place_for" if new else "utter_ask_place"
            dispatcher.utter_message(response=name, trades=trades)
        return [SlotSet("asked", "ask_place")]


class UnreadRefusal(Action):
    """« Sauf Aire »: which town of that name is not known, and nothing is dropped silently."""

    def name(self) -> str:
        return "action_unread_refusal"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        name = _title(argument(tracker) or "")
        dispatcher.utter_message(response="utter_unread_refusal", name=name)
        return []


class DroppedTrade(Action):
    """« Pas coiffeuse »: noted, and which one then; or the search of another trade goes on."""

    def __init__(self, services: Services) -> None:
        self.services = services

    def name(self) -> str:
        return "action_dropped_trade"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        trade = self.services.table.get(argument(tracker) or "").craft
        if tracker.slots["trades"]:
            dispatcher.utter_message(response="utter_refused_trade", trade=trade)
            return [FollowupAction("action_resume")]
        dispatcher.utter_message(response="utter_dropped_trade", trade=trade)
        return [SlotSet("asked", "ask_trade")]


class AskWhichPlace(Action):
    """« Quel Saint-Pol ? », one button a commune, with its département."""

    def __init__(self, services: Services) -> None:
        self.services = services

    def name(self) -> str:
        return "action_ask_which_place"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        candidates = tracker.slots["candidates"]
        places = [p for c in candidates["places"] if (p := self.services.gazetteer.by_insee(c))]
        beside = candidates.get("beside") and tracker.slots["where"]
        key = "q" if beside else "p"
        buttons = [
            button(place_label(p.name, p.departement), f"/set {key}={p.insee}") for p in places
        ]
        if beside:
            return self._beside(dispatcher, tracker, buttons)
        name = "utter_ask_which_place"
        if len({p.name for p in places}) == 1:
            name = "utter_ask_which_departement"
        text = places[0].name if name.endswith("departement") else _title(candidates["text"])
        dispatcher.utter_message(response=name, name=text, buttons=buttons)
        return [SlotSet("asked", "ask_which_place")]

    def _beside(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, buttons: list[dict[str, str]]
    ) -> list[EventType]:
        """The town that is known is kept, and said to be; the other one is asked for."""
        name = _title(tracker.slots["candidates"]["text"])
        none = button(self.services.voice.phrase("button_without_town", town=name), "/set q=")
        dispatcher.utter_message(
            response="utter_ask_which_beside",
            where=self.services.criteria.where(tracker.slots),
            name=name,
            buttons=[*buttons, none],
        )
        return [SlotSet("asked", "ask_which_place")]


class ConfirmPlace(Action):
    """« Tu veux dire Béthune (62) ? », for a name so misspelt that it may be another's."""

    def __init__(self, services: Services) -> None:
        self.services = services

    def name(self) -> str:
        return "action_confirm_place"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        (code,) = tracker.slots["candidates"]["places"]
        place = self.services.gazetteer.by_insee(code)
        if place is None:
            return [FollowupAction("action_ask_where")]
        voice, yes = self.services.voice, f"/set p={code}"
        buttons = [
            button(voice.phrase("button_yes_that_one"), yes),
            button(voice.phrase("button_another_town"), "/place"),
        ]
        name = f"{place.name} ({place.departement})"
        dispatcher.utter_message(response="utter_confirm_place", place=name, buttons=buttons)
        return [SlotSet("asked", "confirm_place"), SlotSet("pending", [yes, "/place"])]


def _title(text: str) -> str:
    """« st pol » as people write a town: « Saint-Pol »."""
    words = text.replace("-", " ").split()
    full = {"st": "Saint", "ste": "Sainte"}
    return "-".join(full.get(w.lower(), capital(w)) for w in words)


class AskAvailability(Action):
    """« Tu commences quand ? », under the first cards."""

    def __init__(self, services: Services) -> None:
        self.services = services

    def name(self) -> str:
        return "action_ask_availability"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        label, value = next_september(self.services.today())
        voice = self.services.voice
        buttons = [
            button(voice.phrase("button_asap"), "/set s=asap"),
            button(label, f"/set s={value}"),
            button(voice.phrase("button_later"), "/later"),
        ]
        dispatcher.utter_message(response="utter_ask_availability", buttons=buttons)
        return [SlotSet("asked", "ask_availability")]


class AskTravel(Action):
    """« Tu bouges comment ? »; after « trop loin » no answer leads as far as it was."""

    def __init__(self, services: Services) -> None:
        self.services = services

    def name(self) -> str:
        return "action_ask_travel"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        closer = argument(tracker) == "closer"
        below = (tracker.slots["radius_km"] or DEFAULT_RADIUS_KM) if closer else None
        buttons = [
            button(
                self.services.voice.phrase(f"button_travel_{how}"),
                f"/set v={how} r={travel(how, below)['radius_km']}",
            )
            for how in TRAVEL_KM
        ]
        name = "utter_ask_travel" if closer else "utter_ask_distance"
        dispatcher.utter_message(response=name, buttons=buttons)
        if closer:
            effect(dispatcher, "count", name="too_far")
        return [SlotSet("asked", "ask_travel")]


class NotedTravel(Action):
    """« OK, 20 km. »"""

    def name(self) -> str:
        return "action_noted_travel"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        dispatcher.utter_message(response="utter_noted_radius", km=tracker.slots["radius_km"])
        return []


class Later(Action):
    """No date wished: every date is kept (the form has set it)."""

    def name(self) -> str:
        return "action_later"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        dispatcher.utter_message(response="utter_any_date")
        return [SlotSet("asked", "show_offers")]


def build(services: Services) -> Sequence[Action]:
    return (
        AskTrades(services),
        AskWhere(services),
        AskWhichPlace(services),
        DroppedTrade(services),
        UnreadRefusal(),
        Say("action_abroad", "utter_abroad", asked="ask_place"),
        Say("action_dropped_place", "utter_dropped_place", asked="ask_place"),
        ConfirmPlace(services),
        AskAvailability(services),
        NotedTravel(),
        Later(),
        AskTravel(services),
        Say("action_ask_diploma", "utter_ask_diploma", asked="ask_diploma"),
        Say("action_help_place", "utter_help_place", asked="ask_place"),
        Say("action_change", "utter_change", asked="show_offers"),
    )

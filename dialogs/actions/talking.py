"""Manners, data, humans, questions, and what to say when nothing was understood."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from dialogs.actions.base import Say, Services, argument, effect


class Arrival(Action):
    """The first words: who speaks, what it does, one question; or the search of a link."""

    def __init__(self, services: Services, *, with_search: bool) -> None:
        self.services = services
        self.with_search = with_search

    def name(self) -> str:
        return "action_arrival_with_search" if self.with_search else "action_arrival"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        origin = tracker.slots["origin"]
        response = "utter_arrival_with_search" if self.with_search else "utter_arrival"
        if self.with_search and origin:
            response = "utter_arrival_from"
        dispatcher.utter_message(response=response, origin=origin)
        effect(dispatcher, "count", name="arrivals", label=origin or "")
        return [] if self.with_search else [SlotSet("asked", "ask_trade")]


class Greet(Action):
    """A greeting gets one back, in its own language the first time."""

    def __init__(self, services: Services) -> None:
        self.services = services

    def name(self) -> str:
        return "action_greet"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        foreign = f"utter_greet_{argument(tracker)}"
        if foreign in self.services.voice.sentences:
            dispatcher.utter_message(response=foreign)
        elif tracker.slots["welcomed"]:
            dispatcher.utter_message(response="utter_greet_again")
            return [FollowupAction("action_resume")]
        else:
            dispatcher.utter_message(response="utter_arrival")
        return [SlotSet("asked", "ask_trade")]


class Thanks(Action):
    """« De rien », with a next step when a search stands."""

    def name(self) -> str:
        return "action_thanks"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        searched = bool(tracker.slots["shown"])
        dispatcher.utter_message(response="utter_thanks" if searched else "utter_thanks_early")
        return []


class Resume(Action):
    """After an interruption: the question that was open, or the offers being looked at."""

    def name(self) -> str:
        return "action_resume"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        slots = tracker.slots
        if slots["shown"]:
            dispatcher.utter_message(response="utter_resume_offers")
        elif slots["candidates"] and slots["where"] is None:
            return [FollowupAction("action_ask_which_place")]
        elif slots["trades"] is not None:
            dispatcher.utter_message(response="utter_resume_place")
            return [SlotSet("asked", "ask_place")]
        else:
            dispatcher.utter_message(response="utter_resume_trade")
            return [SlotSet("asked", "ask_trade")]
        return []


class GoOn(Action):
    """A yes to nothing in particular: the next offers, or what is still missing."""

    def name(self) -> str:
        return "action_go_on"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        return [FollowupAction("action_page" if tracker.slots["shown"] else "action_resume")]


class Answer(Action):
    """A question on apprenticeship: a short answer, its source and the date it was checked."""

    def __init__(self, services: Services) -> None:
        self.services = services

    def name(self) -> str:
        return "action_answer"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        topic = argument(tracker)
        dispatcher.utter_message(response=f"utter_answer_{topic}")
        effect(dispatcher, "count", name="questions", label=topic)
        return []


class Human(Action):
    """The counsellor of the département, from the table the CMA edits; nothing is invented."""

    def __init__(self, services: Services) -> None:
        self.services = services

    def name(self) -> str:
        return "action_human"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        counsellor = self._counsellor(tracker.slots)
        known = bool(counsellor and counsellor.get("phone"))
        dispatcher.utter_message(
            response="utter_human" if known else "utter_human_unknown", **(counsellor or {})
        )
        effect(dispatcher, "count", name="human")
        return []

    def _counsellor(self, slots: Mapping[str, Any]) -> Mapping[str, str | None] | None:
        where = slots["where"] or {}
        places = [self.services.gazetteer.by_insee(i) for i in where.get("places", ())]
        departements = [p.departement for p in places if p]
        departements += [d for a in where.get("areas", ()) for d in a.get("departements", ())]
        found = (self.services.counsellors.get(d) for d in departements)
        return next((c for c in found if c), None)


class Fallback(Action):
    """Not understood: once with an example of what is missing, twice with buttons and a human."""

    def name(self) -> str:
        return "action_fallback"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        slots = tracker.slots
        effect(dispatcher, "count", name="fallbacks")
        if slots["fallbacks"] >= 1:
            dispatcher.utter_message(response="utter_fallback_human")
            return [SlotSet("fallbacks", 0), SlotSet("asked", "ask_trade")]
        missing = "trade" if slots["trades"] is None else "place"
        name = "offers" if slots["where"] and missing == "place" else missing
        dispatcher.utter_message(response=f"utter_fallback_{name}")
        asked = {"trade": "ask_trade", "place": "ask_place", "offers": "show_offers"}[name]
        return [SlotSet("fallbacks", 1), SlotSet("asked", asked)]


class MyData(Action):
    """« Que gardes-tu sur moi ? »: everything that is kept, in words."""

    def __init__(self, services: Services) -> None:
        self.services = services

    def name(self) -> str:
        return "action_my_data"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        slots = tracker.slots
        summary = self.services.criteria.summary(slots)
        name = "utter_my_data" if summary else "utter_my_data_empty"
        dispatcher.utter_message(response=name, summary=summary)
        extras = {"hidden": len(slots["hidden"] or ()), "origin": slots["origin"]}
        if any(extras.values()):
            dispatcher.utter_message(response="utter_my_data_more", **extras)
        return []


class Delete(Action):
    """Everything is erased at once, this conversation included."""

    def name(self) -> str:
        return "action_delete"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        dispatcher.utter_message(response="utter_deleted")
        effect(dispatcher, "delete_me")
        return []


class Restart(Action):
    """The search is forgotten; the manners are not."""

    def name(self) -> str:
        return "action_restart"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        dispatcher.utter_message(response="utter_restart")
        return [{"event": "reset_slots"}, SlotSet("asked", "ask_trade")]


def build(services: Services) -> Sequence[Action]:
    resume = "action_resume"
    return (
        Arrival(services, with_search=False),
        Arrival(services, with_search=True),
        Greet(services),
        Thanks(),
        Resume(),
        GoOn(),
        Answer(services),
        Human(services),
        Fallback(),
        MyData(services),
        Delete(),
        Restart(),
        Say("action_help", "utter_help"),
        Say("action_keep", "utter_keep"),
        Say("action_distress", "utter_distress", count="distress"),
        Say(
            "action_confirm_delete",
            "utter_confirm_delete",
            asked="confirm",
            pending=("/delete_yes", "/delete_no"),
        ),
        Say("action_cancel", "utter_cancelled", then=resume),
        Say("action_no_alerts", "utter_no_alerts"),
        Say("action_alerts_later", "utter_alerts_later"),
        Say("action_employer", "utter_employer", count="employers"),
        Say("action_customer", "utter_customer"),
        Say("action_housing", "utter_housing", then=resume),
        Say("action_insult", "utter_insult", then=resume),
        Say("action_empty", "utter_empty"),
        Say("action_old_button", "utter_old_button", then=resume),
    )

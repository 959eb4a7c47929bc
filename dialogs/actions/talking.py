"""Manners, data, humans, questions, and what to say when nothing was understood."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from dialogs.actions.alert_list import lines
from dialogs.actions.base import Say, argument, effect
from dialogs.actions.looking_over import details
from dialogs.apply_form import applying
from dialogs.care import CARE_TURNS
from dialogs.services import Services


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
        dispatcher.utter_message(response=arrival_name(origin, self.with_search), origin=origin)
        effect(dispatcher, "count", name="arrivals", label=origin or "")
        return [] if self.with_search else [SlotSet("asked", "ask_trade")]


def arrival_name(origin: str | None, with_search: bool) -> str:
    """The first sentence, by what the link held."""
    if not with_search:
        return "utter_arrival"
    return "utter_arrival_from" if origin else "utter_arrival_with_search"


class Greet(Action):
    """A greeting gets one back, in its own language; then what was under way goes on."""

    def __init__(self, services: Services) -> None:
        self.services = services

    def name(self) -> str:
        return "action_greet"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        foreign = f"utter_greet_{argument(tracker)}"
        first = "utter_greet_again" if tracker.slots["welcomed"] else "utter_arrival"
        known = foreign in self.services.voice.sentences
        dispatcher.utter_message(response=foreign if known else first)
        if not tracker.slots["welcomed"]:
            return [SlotSet("asked", "ask_trade")]
        begun = _begun(tracker.slots)
        return [FollowupAction("action_resume")] if begun or not known else []


def _begun(slots: Mapping[str, Any]) -> bool:
    """Whether there is something to come back to."""
    return slots["trades"] is not None or bool(slots["where"]) or applying(slots)


class Thanks(Action):
    """« De rien », with a next step when a search stands."""

    def name(self) -> str:
        return "action_thanks"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        searched = complete(tracker.slots)
        dispatcher.utter_message(response="utter_thanks" if searched else "utter_thanks_early")
        return []


def complete(slots: Mapping[str, Any]) -> bool:
    """Whether there is a search to come back to, found or not."""
    return slots["trades"] is not None and bool(slots["where"])


class Resume(Action):
    """After an interruption: the question that was open, or the offers being looked at."""

    def name(self) -> str:
        return "action_resume"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        slots = tracker.slots
        if applying(slots):
            return [FollowupAction("action_apply_resume")]
        if slots["candidates"]:
            return [FollowupAction("action_ask_which_place")]
        if complete(slots):
            found = slots["shown"] or not slots["searched"]
            name = "utter_resume_offers" if found else "utter_resume_nothing"
            dispatcher.utter_message(response=name)
            return [SlotSet("asked", "show_offers"), SlotSet("pending", ["/again", "/change"])]
        name = "trade" if slots["trades"] is None else "place"
        dispatcher.utter_message(response=f"utter_resume_{name}")
        return [SlotSet("asked", f"ask_{name}")]


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
        who = ", ".join(filter(None, map((counsellor or {}).get, ("name", "structure"))))
        dispatcher.utter_message(
            response="utter_human" if known else "utter_human_unknown",
            who=who,
            phone=(counsellor or {}).get("phone"),
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


class Distress(Say):
    """The numbers that help, and a way of staying near for the next turns."""

    def __init__(self) -> None:
        super().__init__("action_distress", "utter_distress", count="distress", then="action_stay")

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        events = await super().run(dispatcher, tracker, domain)
        return [SlotSet("care", CARE_TURNS), *events]


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
            return [SlotSet("fallbacks", 0), SlotSet("pending", ["/human", "/help"])]
        if slots["candidates"]:
            dispatcher.utter_message(response="utter_fallback_which")
            return [SlotSet("fallbacks", 1), FollowupAction("action_ask_which_place")]
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
        hidden, origin = len(slots["hidden"] or ()), slots["origin"]
        given = details(slots, self.services) if slots["apply_offer"] else []
        steps = len(slots["steps"] or ())
        alerts, age = await self.services.alerts.of(tracker.sender_id), slots["age"]
        devices = await self.services.alerts.devices(tracker.sender_id)
        nothing = not (summary or hidden or origin or given or steps or alerts or age or devices)
        if nothing:
            dispatcher.utter_message(response="utter_my_data_empty")
        if summary:
            dispatcher.utter_message(response="utter_my_data", summary=summary)
        if alerts:
            said = lines(self.services, alerts)
            dispatcher.utter_message(response="utter_my_data_alerts", n=len(alerts), lines=said)
        if age:
            said = self.services.voice.phrase(f"part_age_{age}")
            dispatcher.utter_message(response="utter_my_data_age", age=said)
        if devices:
            dispatcher.utter_message(response="utter_my_data_devices", n=devices)
        if hidden:
            dispatcher.utter_message(response="utter_my_data_hidden", n=hidden)
        if origin:
            dispatcher.utter_message(response="utter_my_data_origin", origin=origin)
        if steps:
            dispatcher.utter_message(response="utter_my_data_steps", n=steps)
        if given:
            said = ", ".join(given)
            dispatcher.utter_message(response="utter_my_data_application", details=said)
        return []


class Delete(Action):
    """Everything is erased at once, this conversation included."""

    def name(self) -> str:
        return "action_delete"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        dispatcher.utter_message(response="utter_deleted", json_message={"clear_screen": True})
        effect(dispatcher, "delete_me")
        return []


class ClearScreen(Action):
    """« Efface l’écran »: the page forgets what it shows, the search stays."""

    def name(self) -> str:
        return "action_clear_screen"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        dispatcher.utter_message(
            response="utter_screen_cleared", json_message={"clear_screen": True}
        )
        return [FollowupAction("action_resume")]


SENT: Mapping[str, str] = {
    "voice": "utter_sent_voice", "sticker": "utter_sent_sticker", "file": "utter_sent_file",
    "contact": "utter_sent_contact", "far": "utter_sent_far", "other": "utter_sent_other",
}  # fmt: skip
"""What may come instead of words, and what is said to it."""


class Sent(Action):
    """A voice message, a picture, a position abroad: one kind sentence, then what was under way."""

    def name(self) -> str:
        return "action_sent"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        dispatcher.utter_message(response=SENT.get(argument(tracker) or "", "utter_empty"))
        begun = _begun(tracker.slots)
        return [FollowupAction("action_resume")] if begun else [SlotSet("asked", "ask_trade")]


class Unreadable(Action):
    """What came and could not be read: the reference is the log's."""

    def name(self) -> str:
        return "action_unreadable"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        dispatcher.utter_message(response="utter_error", reference=argument(tracker))
        effect(dispatcher, "count", name="errors")
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
        Sent(),
        Unreadable(),
        Say("action_damaged_link", "utter_damaged_link"),
        Say("action_help", "utter_help"),
        Say("action_keep", "utter_keep"),
        Distress(),
        Say("action_stay_near", "utter_stay_near"),
        Say("action_stay", "utter_after_distress"),
        Say("action_courage", "utter_courage"),
        ClearScreen(),
        Say(
            "action_confirm_delete",
            "utter_confirm_delete",
            asked="confirm",
            pending=("/delete_yes", "/delete_no"),
        ),
        Say("action_cancel", "utter_cancelled", then=resume),
        Say("action_employer", "utter_employer", count="employers"),
        Say("action_customer", "utter_customer"),
        Say("action_housing", "utter_housing", then=resume),
        Say("action_insult", "utter_insult", then=resume),
        Say("action_empty", "utter_empty"),
        Say("action_old_button", "utter_old_button", then=resume),
    )

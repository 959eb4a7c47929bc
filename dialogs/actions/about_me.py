"""Answers to what people say of themselves: what one may do at that age, from that class."""

from __future__ import annotations

from collections.abc import Sequence

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from dialogs.actions.alerting import Age, too_young
from dialogs.actions.base import argument, button
from dialogs.ages import band
from dialogs.services import Services


class MyAge(Action):
    """« G 17 ans », unasked: remembered, and what it allows; too young for an alert that is kept or
    wanted, that comes first."""

    def __init__(self, services: Services) -> None:
        self.services = services

    def name(self) -> str:
        return "action_my_age"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        years = int(argument(tracker) or 0)
        age, slots = band(years), tracker.slots
        if too_young(self.services, {"age": age}) and (slots["alerts"] or slots["alert_due"]):
            return await Age(self.services).run(dispatcher, tracker, domain)
        dispatcher.utter_message(response=f"utter_my_age_{age}", years=years)
        return [SlotSet("age", age), FollowupAction("action_resume")]


class MyClass(Action):
    """« Je suis en 3e »: when apprenticeship begins, and what can be done until then."""

    def __init__(self, services: Services) -> None:
        self.services = services

    def name(self) -> str:
        return "action_my_class"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        near = button(self.services.voice.phrase("button_courses"), "/courses")
        dispatcher.utter_message(
            response=f"utter_my_class_{argument(tracker)}",
            buttons=[near] if self.services.courses and tracker.slots["where"] else [],
        )
        return [FollowupAction("action_resume")]


def build(services: Services) -> Sequence[Action]:
    return (MyAge(services), MyClass(services))

"""Beside the details of an application: why they are asked for, looking them over, leaving."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActiveLoop, EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from dialogs.actions.applying import InApplication, company_of, forgotten, way_of
from dialogs.actions.base import button
from dialogs.apply_form import FIELDS, missing
from dialogs.french import in_pairs
from dialogs.services import Services

Slots = Mapping[str, Any]


class Why(InApplication):
    """« Pourquoi tu veux mon nom ? »: who gets it, and that it does not stay."""

    def name(self) -> str:
        return "action_apply_why"

    async def go_on(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        company = company_of(tracker.slots, self.services)
        dispatcher.utter_message(response="utter_apply_why", company=company)
        return [FollowupAction("action_apply_resume")]


class Without(InApplication):
    """« J’ai pas de mail »: how to do without, or get one; the application waits."""

    def name(self) -> str:
        return "action_apply_none"

    async def go_on(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        slots = tracker.slots
        if missing(slots) == "apply_phone":
            dispatcher.utter_message(response="utter_apply_no_phone")
            return []
        offer, say = slots["apply_offer"], self.services.voice.phrase
        calls = [button(say("button_call_them"), f"/call {offer['id']}")] if offer["phone"] else []
        dispatcher.utter_message(response="utter_apply_no_email", buttons=calls)
        return []


class Wait(InApplication):
    """« Attends, je cherche mon mail »: nothing is lost meanwhile."""

    def name(self) -> str:
        return "action_apply_wait"

    async def go_on(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        dispatcher.utter_message(response="utter_apply_wait")
        return [SlotSet("asked", "apply")]


class Back(InApplication):
    """« Retour »: the question before, asked again; the answers of a CV one by one."""

    def name(self) -> str:
        return "action_apply_back"

    async def go_on(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        resume = FollowupAction("action_apply_resume")
        slots, hint = tracker.slots, SlotSet("apply_hint", None)
        if (making := slots["apply_making"]) is not None:
            return [SlotSet("apply_making", making[:-1] if making else None), resume]
        asked = missing(slots)
        before = FIELDS[: FIELDS.index(asked)] if asked else FIELDS
        if not before:
            return [hint, resume]
        answers = (slots["apply_cv"] or {}).get("answers") if before[-1] == "apply_cv" else None
        making = answers[:-1] if answers else None
        return [hint, SlotSet(before[-1], None), SlotSet("apply_making", making), resume]


class View(InApplication):
    """« Voir »: every detail as it will be received; the document follows where it can."""

    def name(self) -> str:
        return "action_apply_view"

    async def go_on(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        slots = tracker.slots
        if missing(slots):
            return [FollowupAction("action_apply_resume")]
        lines = "\n".join(details(slots, self.services))
        say = self.services.voice.phrase
        choices = [("button_send", "/apply_send"), ("button_fix", "/apply_fix")]
        chosen = bool(slots["apply_cv"].get("chosen"))
        page = []
        if way_of(tracker) == "chosen" and not chosen:
            page = [{"title": say("button_view_cv"), "url": f"{self.services.public_url}/chat/cv"}]
        dispatcher.utter_message(
            response="utter_apply_view",
            details=lines,
            company=company_of(slots, self.services),
            buttons=[
                *page,
                *(button(say(name), press) for name, press in choices[int(chosen) :]),
            ],
            json_message={"upload": "/apply_send"} if chosen else {},
        )
        if not chosen:
            dispatcher.utter_message(json_message={"effect": {"type": "view"}})
        pending = None if chosen else ["/apply_send", "/apply_fix"]
        return [SlotSet("asked", "confirm"), SlotSet("pending", pending)]


def details(slots: Slots, services: Services) -> list[str]:
    """What was given so far, a line each."""
    say, cv = services.voice.phrase, slots["apply_cv"] or {}
    lines = []
    if slots["apply_name"]:
        lines.append(" ".join(slots["apply_name"]))
    if slots["apply_email"]:
        lines.append(slots["apply_email"])
    if slots["apply_phone"]:
        lines.append(in_pairs(slots["apply_phone"]))
    if "files" in cv:
        lines.append(say("part_cv_files", n=len(cv["files"])))
    elif "answers" in cv or slots["apply_making"] is not None:
        lines.append(say("part_cv_made"))
    elif "chosen" in cv:
        lines.append(say("part_cv_chosen"))
    if slots["apply_word"]:
        lines.append(f"« {slots['apply_word']} »")
    return lines


class Leave(Action):
    """« Annule »: all of it is forgotten. Another search: it waits, and that is said."""

    def __init__(self, services: Services, *, cancel: bool) -> None:
        self.services = services
        self.cancel = cancel

    def name(self) -> str:
        return "action_apply_cancel" if self.cancel else "action_apply_leave"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        slots = tracker.slots
        if not slots["apply_offer"] or slots["apply_state"] == "sending":
            return [FollowupAction("action_resume")]
        company = company_of(slots, self.services)
        if self.cancel:
            dispatcher.utter_message(response="utter_apply_cancelled")
            return [*forgotten(), SlotSet("asked", "show_offers")]
        dispatcher.utter_message(response="utter_apply_paused", company=company)
        return [ActiveLoop(None), SlotSet("apply_state", "paused")]


def build(services: Services) -> Sequence[Action]:
    return (
        Why(services),
        Without(services),
        Wait(services),
        Back(services),
        View(services),
        Leave(services, cancel=True),
        Leave(services, cancel=False),
    )

"""The one attempt, what became of it, and what a person did about the offers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from dialogs.actions.applying import InApplication, company_of, forgotten, may_apply
from dialogs.actions.base import button, effect
from dialogs.actions.following import done
from dialogs.afterwards import came
from dialogs.apply_form import check_files, missing, refuse
from dialogs.french import day
from dialogs.services import Services
from dialogs.steps import ASKED_AFTER, hopeful, noted, step_of
from matching.application.refusal import Refused

Slots = Mapping[str, Any]

STEPS_SAID = 5

SAME = {
    "bad_name": "name_empty", "bad_email": "email_odd", "disposable_email": "email_disposable",
    "bad_phone": "phone_odd", "bad_file": "file_type", "too_big": "file_big",
}  # fmt: skip
"""Refusals of the service that are also ours: one sentence for both."""

AGAIN = {
    "name": "apply_name", "email": "apply_email", "phone": "apply_phone", "file": "apply_cv",
    "photo": "apply_cv", "photos": "apply_cv", "cv": "apply_cv",
}  # fmt: skip
"""Which detail a refusal is about, by the beginning of its name: it is asked again."""

LATER = frozenset({"busy", "stopped"})
"""Nothing has left and nothing is wrong with it: it may be sent again as it is."""


class Send(InApplication):
    """« Envoyer »: said once, with everything there and within the limits."""

    def name(self) -> str:
        return "action_apply_send"

    async def go_on(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        slots, offer = tracker.slots, tracker.slots["apply_offer"]
        if missing(slots):
            return [FollowupAction("action_apply_resume")]
        if "chosen" in slots["apply_cv"] and not self._chosen(dispatcher, tracker):
            return [FollowupAction("action_apply_summary")]
        if not await may_apply(dispatcher, self.services, tracker.sender_id, offer):
            return forgotten()
        dispatcher.utter_message(
            response="utter_apply_sending", company=company_of(slots, self.services)
        )
        effect(dispatcher, "apply", offer=offer["id"], recruiter=offer["recruiter"])
        return [
            SlotSet("apply_state", "sending"),
            SlotSet("asked", "show_offers"),
            *noted(slots, offer["id"], offer, "sending", self.services.today()),
        ]

    def _chosen(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> bool:
        """Whether the page has sent a CV that looks like one."""
        files = tracker.latest_message["metadata"]["files"]
        if not files:
            dispatcher.utter_message(response="utter_apply_choose")
            return False
        try:
            check_files(files)
        except Refused as refused:
            refuse(dispatcher, refused)
            return False
        return True


class Outcome(Action):
    """Sent, refused with what to do, or unknown, said as such."""

    def __init__(self, services: Services) -> None:
        self.services = services

    def name(self) -> str:
        return "action_apply_outcome"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        slots, told = tracker.slots, tracker.latest_message["metadata"]["told"]
        state, reason = told["state"], told["reason"]
        reason = SAME.get(reason, reason)
        effect(dispatcher, "applied", offer=told["offer"], state=state, reason=told["reason"])
        effect(dispatcher, "count", name="applications", label=state)
        ours = slots["apply_state"] == "sending" and slots["apply_offer"]["id"] == told["offer"]
        known = slots["apply_offer"] if ours else step_of(slots, told["offer"])
        company = (known or {}).get("company") or self.services.voice.phrase("part_the_company")
        what = "gone" if state == "refused" and self._is_over(reason) else state
        if what in ASKED_AFTER:
            events = done(dispatcher, self.services, slots, told["offer"], known or {}, what)
        else:
            events = noted(slots, told["offer"], known or {}, what, self.services.today())
        if state == "refused":
            return [*events, *self._refused(dispatcher, slots, reason, company, bool(ours))]
        self._say(dispatcher, state, company, (known or {}).get("phone"))
        return [*events, *(forgotten() if ours else ()), SlotSet("asked", "show_offers")]

    def _say(
        self, dispatcher: CollectingDispatcher, state: str, company: str, phone: str | None
    ) -> None:
        if state == "sent":
            dispatcher.utter_message(response="utter_apply_sent", company=company)
        elif phone:
            dispatcher.utter_message(response="utter_apply_unknown", company=company, phone=phone)
        else:
            dispatcher.utter_message(response="utter_apply_unknown_no_phone", company=company)

    def _is_over(self, reason: str) -> bool:
        return reason not in LATER and reason.partition("_")[0] not in AGAIN

    def _refused(
        self,
        dispatcher: CollectingDispatcher,
        slots: Slots,
        reason: str,
        company: str,
        ours: bool,
    ) -> list[EventType]:
        """What can be corrected is asked again; what cannot, leads to the phone or the offers."""
        field = AGAIN.get(reason.partition("_")[0])
        offer = slots["apply_offer"] or {}
        say = self.services.voice.phrase
        buttons = []
        if reason in LATER and ours:
            buttons = [button(say("button_retry"), "/apply_send")]
        elif field is None and offer.get("phone"):
            buttons = [button(say("button_call_them"), f"/call {offer['id']}")]
        dispatcher.utter_message(
            response=f"utter_refused_{reason}", company=company, buttons=buttons
        )
        if not ours:
            return []
        if reason in LATER:
            return [SlotSet("apply_state", None), SlotSet("pending", ["/apply_send", "/apply_fix"])]
        if field is None:
            return [*forgotten(), SlotSet("asked", "show_offers")]
        again = [SlotSet("apply_state", None), SlotSet("asked", "apply")]
        if field == "apply_cv" and "chosen" in slots["apply_cv"]:
            return [*again, FollowupAction("action_apply_summary")]
        return [*again, SlotSet(field, None), SlotSet("requested_slot", field)]


class Steps(Action):
    """« Mes démarches »: what was looked at, called, sent, the latest first."""

    def __init__(self, services: Services) -> None:
        self.services = services

    def name(self) -> str:
        return "action_steps"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        say, steps = self.services.voice.phrase, tracker.slots["steps"] or []
        if not steps:
            dispatcher.utter_message(response="utter_no_steps")
            return []
        lines = [self._line(step) for step in reversed(steps[-STEPS_SAID:])]
        ends = hopeful(tracker.slots)
        signed = say("button_came_signed")
        buttons = [button(signed, came("signed", s["id"])) for s in ends] if len(ends) == 1 else []
        dispatcher.utter_message(
            response="utter_steps", lines="\n".join(lines), n=len(steps), buttons=buttons
        )
        return []

    def _line(self, step: Mapping[str, Any]) -> str:
        """What was done, and what came of it."""
        say = self.services.voice.phrase
        line = say(
            f"step_{step['what']}",
            what=step["company"] or step["title"] or say("part_the_company"),
            day=day(date.fromisoformat(step["day"])),
        )
        if "answer" not in step:
            return line
        return say("step_answered", line=line, answer=say(f"part_came_{step['answer']}"))


def build(services: Services) -> Sequence[Action]:
    return (Send(services), Outcome(services), Steps(services))

"""Applying here: one detail at a time, corrected at any time, until it is ready to be sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActiveLoop, EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from dialogs.actions.base import argument, button
from dialogs.actions.one_offer import say_contact
from dialogs.apply_form import APPLICATION_FORM, FIELDS, QUESTIONS, applying, missing
from dialogs.cards import COMPANY_LENGTH, SAID_LENGTH, cut, offer_url
from dialogs.conversation import APPLICATION
from dialogs.french import day
from dialogs.services import Services
from dialogs.steps import which
from matching.model import Offer, Unavailable
from nlu.text import fold

Slots = Mapping[str, Any]

NOT_AGAIN = {
    "sent": "utter_apply_sent_already",
    "sending": "utter_apply_sending_already",
    "unknown": "utter_apply_unknown_already",
}
"""What is said to a second application to the same offer."""


def company_of(slots: Slots, services: Services) -> str:
    """Who receives it, as the beginning of a sentence."""
    offer = slots["apply_offer"] or {}
    return str(offer.get("company") or services.voice.phrase("part_the_company"))


def way_of(tracker: Tracker) -> str:
    """How files come on this channel: « sent », « chosen » or « path »."""
    return str((tracker.latest_message.get("metadata") or {}).get("way", "sent"))


def forgotten() -> list[EventType]:
    """Events after which nothing of an application is left."""
    return [ActiveLoop(None), *(SlotSet(name, None) for name in APPLICATION)]


def recruiter_mark(offer: Offer) -> str:
    """The same for all offers of a company; "" when it is not known."""
    if not offer.company:
        return ""
    return blake2b(f"{fold(offer.company)}\0{offer.postcode}".encode(), digest_size=10).hexdigest()


class InApplication(Action):
    """What only makes sense in the middle of an application: else its button is an old one."""

    def __init__(self, services: Services) -> None:
        self.services = services

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        if not applying(tracker.slots):
            return [FollowupAction("action_old_button")]
        return await self.go_on(dispatcher, tracker)

    async def go_on(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        """What :meth:`run` does then."""
        raise NotImplementedError  # abstract: `Action` has a metaclass of its own


async def may_apply(
    dispatcher: CollectingDispatcher,
    services: Services,
    person: str,
    offer: Mapping[str, Any],
) -> bool:
    """Whether nothing was sent there yet and no limit is reached; what is in the way is said.

    ``offer`` has ``id``, ``title`` and ``recruiter``.
    """
    if services.applications is None:
        return False
    for before in await services.applications.of(person):
        if before.offer == offer["id"] and before.state in NOT_AGAIN:
            said, since = NOT_AGAIN[before.state], day(before.created.date())
            dispatcher.utter_message(response=said, title=offer["title"], day=since)
            return False
    limit = await services.applications.beyond(person, offer["recruiter"], services.now())
    if limit:
        dispatcher.utter_message(response=f"utter_refused_{limit}")
    return not limit


@dataclass(frozen=True, slots=True)
class _Wanted:
    """An offer to apply to, or what was said instead."""

    offer: Offer | None
    events: Sequence[EventType] = ()


class Start(Action):
    """« Postuler ici », « on écrit »: the form begins, or what is possible instead."""

    def __init__(self, services: Services) -> None:
        self.services = services

    def name(self) -> str:
        return "action_apply"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        slots = tracker.slots
        id = argument(tracker) or which(slots)
        if id is None:
            return [FollowupAction("action_which_apply")]
        if slots["apply_state"] == "sending":
            title = slots["apply_offer"]["title"]
            dispatcher.utter_message(response="utter_apply_sending_already", title=title)
            return []
        wanted = await self._wanted(dispatcher, tracker, id)
        if wanted.offer is None:
            return list(wanted.events)
        offer = wanted.offer
        kept = {
            "id": offer.id,
            "to": offer.apply_to,
            "title": cut(offer.title, SAID_LENGTH),
            "company": cut(offer.company or "", COMPANY_LENGTH),
            "phone": offer.phone,
            "url": offer_url(offer, self.services.public_url),
            "recruiter": recruiter_mark(offer),
        }
        if not await may_apply(dispatcher, self.services, tracker.sender_id, kept):
            return []
        name = "utter_apply_again" if slots["apply_name"] else "utter_apply_begin"
        dispatcher.utter_message(response=name, title=kept["title"])
        same = (slots["apply_offer"] or {}).get("id") == offer.id
        word = slots["apply_word"] if same else None  # it was written to somebody else
        return [
            SlotSet("apply_word", word),
            SlotSet("apply_offer", kept),
            SlotSet("apply_state", None),
            SlotSet("looked", offer.id),
            ActiveLoop(APPLICATION_FORM),
            FollowupAction("action_apply_resume"),
        ]

    async def _wanted(self, dispatcher: CollectingDispatcher, tracker: Tracker, id: str) -> _Wanted:
        services = self.services
        try:
            offer = await services.matcher.offer(id)
        except Unavailable:
            dispatcher.utter_message(response="utter_unavailable")
            return _Wanted(None)
        if offer is None or offer.status != "open":
            dispatcher.utter_message(response="utter_offer_gone")
            return _Wanted(None, [SlotSet("pending", ["/again", "/change"])])
        if services.applications is None or not services.takes(offer):
            return _Wanted(None, say_contact(dispatcher, services, tracker.slots, offer))
        return _Wanted(offer)


class Resume(Action):
    """The detail that is missing, or all of them to look over."""

    def __init__(self, services: Services) -> None:
        self.services = services

    def name(self) -> str:
        return "action_apply_resume"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        slots = tracker.slots
        if not slots["apply_offer"] or slots["apply_state"] == "sending":
            return [FollowupAction("action_resume")]
        events: list[EventType] = [SlotSet("asked", "apply"), SlotSet("apply_state", None)]
        suggested = (slots["apply_hint"] or {}).get("suggested")
        field = missing(slots)
        if field == "apply_email" and suggested:
            dispatcher.utter_message(response="utter_apply_suggestion", suggestion=suggested)
            return [*events, SlotSet("pending", ["/apply_suggested", "/apply_typed"])]
        if field is None:
            return [*events, FollowupAction("action_apply_summary")]
        if field == "apply_making":
            name = f"utter_cv_{QUESTIONS[len(slots['apply_making'])]}"
        elif field == "apply_cv":
            name = f"utter_ask_apply_cv_{way_of(tracker)}"
        else:
            name = f"utter_ask_{field}"
        dispatcher.utter_message(response=name, company=company_of(slots, self.services))
        return [*events, SlotSet("requested_slot", field)]


class Summary(Action):
    """« Garage X recevra : nom, mail, numéro, CV. Rien ne part sans toi. »"""

    def __init__(self, services: Services) -> None:
        self.services = services

    def name(self) -> str:
        return "action_apply_summary"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        slots = tracker.slots
        chosen = bool((slots["apply_cv"] or {}).get("chosen"))
        name = "utter_apply_summary_chosen" if chosen else "utter_apply_summary"
        what = "part_details_and_word" if slots["apply_word"] else "part_details"
        dispatcher.utter_message(
            response=name,
            company=company_of(slots, self.services),
            details=self.services.voice.phrase(what),
            json_message={"upload": "/apply_send"} if chosen else {},
        )
        pending = None if chosen else ["/apply_send", "/apply_fix"]
        return [SlotSet("asked", "confirm"), SlotSet("pending", pending)]


class Make(InApplication):
    """« On le fait en 5 questions »."""

    def name(self) -> str:
        return "action_apply_make"

    async def go_on(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        making = tracker.slots["apply_making"] or []
        return [SlotSet("apply_making", making), FollowupAction("action_apply_resume")]


class Own(InApplication):
    """« J’ai un CV »: how to give it here."""

    def name(self) -> str:
        return "action_apply_own"

    async def go_on(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        if way_of(tracker) == "chosen":
            return [
                SlotSet("apply_cv", {"chosen": True}),
                SlotSet("apply_making", None),
                FollowupAction("action_apply_resume"),
            ]
        dispatcher.utter_message(response=f"utter_give_cv_{way_of(tracker)}")
        return [SlotSet("apply_making", None)]


class Set(InApplication):
    """A detail given by a button: no word for the employer, the address we suggested."""

    def __init__(self, services: Services, button: str) -> None:
        super().__init__(services)
        self.button = button

    def name(self) -> str:
        return f"action_apply_{self.button}"

    async def go_on(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        slots = tracker.slots
        events: list[EventType] = []
        hint = slots["apply_hint"] or {}
        if self.button == "no_word":
            events.append(SlotSet("apply_word", ""))
        elif "suggested" in hint:
            address = hint["suggested" if self.button == "suggested" else "typed"]
            events += [SlotSet("apply_email", address), SlotSet("apply_hint", None)]
        return [*events, FollowupAction("action_apply_resume")]


class Fix(InApplication):
    """« Corriger »: what, then it is asked again."""

    def name(self) -> str:
        return "action_apply_fix"

    async def go_on(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        field = f"apply_{argument(tracker)}"
        if field in FIELDS:
            hints = [SlotSet("apply_hint", None), SlotSet("apply_making", None)]
            return [SlotSet(field, None), *hints, FollowupAction("action_apply_resume")]
        say = self.services.voice.phrase
        buttons = [button(say(f"button_{f}"), f"/apply_change {f[6:]}") for f in FIELDS]
        dispatcher.utter_message(response="utter_apply_fix", buttons=buttons)
        return [SlotSet("asked", "apply")]


def build(services: Services) -> Sequence[Action]:
    return (
        Start(services),
        Resume(services),
        Summary(services),
        Make(services),
        Own(services),
        *(Set(services, button) for button in ("no_word", "suggested", "typed")),
        Fix(services),
    )

"""What was done about an offer, asked about some days later, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from dialogs.actions.base import argument, button, effect
from dialogs.afterwards import came
from dialogs.cohort import Reached, reached
from dialogs.french import day
from dialogs.services import Services
from dialogs.steps import ASKED_AFTER, answered, followed, noted
from matching.model import Offer, Unavailable

Slots = Mapping[str, Any]

STOPPED = "stopped"
"""What is kept in place of an answer once nobody is to ask any more."""


def count_cohort(
    dispatcher: CollectingDispatcher, slots: Slots, what: Reached, today: date
) -> list[EventType]:
    """One more in the figures of the day this person's cohort began, each thing once."""
    cohort, counts = reached(slots["cohort"], what, today)
    for name, when in counts:
        effect(dispatcher, "deed", do="count_on", name=name, label="", day=when)
    return [SlotSet("cohort", cohort)] if counts else []


def done(
    dispatcher: CollectingDispatcher,
    services: Services,
    slots: Slots,
    id: str,
    offer: Mapping[str, Any],
    what: str,
) -> list[EventType]:
    """A call or an application is noted, and will be asked about: ``called``, ``sent``, or
    ``unknown`` when it may have arrived.

    ``offer`` has ``title`` and ``company``, cut to be said.
    """
    now, today = services.now(), services.today()
    step = noted(slots, id, offer, what, today, due=today + ASKED_AFTER[what])
    if step:
        effect(
            dispatcher, "deed", do="follow", offer=id, title=offer.get("title") or "",
            company=offer.get("company") or "", what="called" if what == "called" else "sent",
            done=now.isoformat(),
            due=(now + ASKED_AFTER[what]).isoformat(),
        )  # fmt: skip
    reach: Reached = "called" if what == "called" else "applied"
    return [*step, *count_cohort(dispatcher, slots, reach, today)]


def unasked(dispatcher: CollectingDispatcher, slots: Slots) -> None:
    """« Stop » is for questions too: those of which nothing was answered are put no more."""
    for step in followed(slots):
        if "answer" not in step:
            effect(dispatcher, "deed", do="followed", offer=step["id"], answer=STOPPED)


def congratulate(
    dispatcher: CollectingDispatcher, slots: Slots, without_alerts: str
) -> list[EventType]:
    """Congratulations; alerts have done their work."""
    if not slots["alerts"]:
        dispatcher.utter_message(response=without_alerts)
        return []
    dispatcher.utter_message(response="utter_came_signed_alerts")
    return [SlotSet("pending", ["/alerts_stop", "/still_looking"])]


class Bravo(Action):
    """« J’ai trouvé un patron »: nothing is signed yet, as far as we know."""

    def name(self) -> str:
        return "action_bravo"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        effect(dispatcher, "count", name="found")
        return congratulate(dispatcher, tracker.slots, "utter_bravo")


class Came(Action):
    """« Oui », « Entretien », « Contrat signé », « Rien »: kept, each counted once per offer, and
    what to do next. Without an offer, that one has signed."""

    def __init__(self, services: Services) -> None:
        self.services = services

    def name(self) -> str:
        return "action_came"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        slots = tracker.slots
        answer, _, rest = (argument(tracker) or "").partition(" ")
        id, _, how = rest.partition(" ")
        step = next((s for s in followed(slots) if s["id"] == id), None)
        if step is None and id:
            return [FollowupAction("action_old_button")]
        events: list[EventType] = [SlotSet("asked", "show_offers"), SlotSet("follow", None)]
        if step is not None:
            effect(dispatcher, "deed", do="followed", offer=id, answer=answer)
            if answer not in step.get("told", ()):
                effect(dispatcher, "count", name="came", label=answer)
            events += [*answered(slots, id, answer), SlotSet("looked", id)]
        if answer == "signed":
            events += count_cohort(dispatcher, slots, "signed", self.services.today())
            return [*events, *congratulate(dispatcher, slots, "utter_came_signed")]
        assert step is not None  # noqa: S101 - for mypy
        if how == "taken":
            signed = button(self.services.voice.phrase("button_came_signed"), came("signed", id))
            dispatcher.utter_message(response="utter_came_taken", buttons=[signed])
            return events
        await self._next(dispatcher, step, answer)
        return events

    async def _next(
        self, dispatcher: CollectingDispatcher, step: Mapping[str, Any], answer: str
    ) -> None:
        """What to prepare, or how to ask again."""
        say, id = self.services.voice.phrase, step["id"]
        later = {"yes": ("interview", "signed", "refused"), "interview": ("signed",)}
        buttons = [
            button(say(f"button_came_{then}"), came(then, id)) for then in later.get(answer, ())
        ]
        name = f"utter_came_{answer}"
        if answer == "nothing":
            name = "utter_chase_called" if step["what"] == "called" else "utter_chase_sent"
            offer = await self._offer(id)
            if offer is not None and offer.phone:
                buttons = [button(say("button_i_call"), f"/call {id}")]
        if answer in ("nothing", "refused"):
            buttons.append(button(say("button_again"), "/again"))
        elif answer == "interview":
            buttons.append(button(say("button_steps"), "/steps"))
        dispatcher.utter_message(
            response=name,
            day=day(date.fromisoformat(step["day"])),
            buttons=buttons,
        )

    async def _offer(self, id: str) -> Offer | None:
        """As long as one can still apply to it."""
        try:
            offer = await self.services.matcher.offer(id)
        except Unavailable:
            return None
        return offer if offer is not None and offer.status == "open" else None


class NoNeed(Action):
    """« J’ai plus besoin »: alerts go on until that is said."""

    def name(self) -> str:
        return "action_no_need"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        dispatcher.utter_message(response="utter_no_need")
        return [SlotSet("pending", ["/alerts_stop", "/still_looking"])]


class StillLooking(Action):
    """« Oui, je cherche »: alerts go on."""

    def name(self) -> str:
        return "action_still_looking"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        if not tracker.slots["alerts"]:
            return [FollowupAction("action_old_button")]
        dispatcher.utter_message(response="utter_still_looking_yes")
        effect(dispatcher, "count", name="still_looking")
        return [SlotSet("asked", "show_offers")]


def build(services: Services) -> Sequence[Action]:
    return (Came(services), Bravo(), NoNeed(), StillLooking())

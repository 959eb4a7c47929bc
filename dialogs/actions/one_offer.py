"""What is done with one offer: looked at, put aside, called, shared."""

from __future__ import annotations

from collections.abc import Sequence

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from dialogs.actions.base import Services, argument, button, effect
from dialogs.cards import facts, offer_url
from matching.model import DEMONSTRATION, Found, Offer, Unavailable, nearest_km

HIDDEN_KEPT = 100
"""So that a conversation stays small."""


class Hide(Action):
    """« Pas pour moi », « déjà pris »: this offer is not shown to this person again."""

    def __init__(self, services: Services, *, taken: bool) -> None:
        self.services = services
        self.taken = taken

    def name(self) -> str:
        return "action_taken" if self.taken else "action_hide"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        id = argument(tracker) or ""
        hidden = [*(h for h in tracker.slots["hidden"] or () if h != id), id][-HIDDEN_KEPT:]
        dispatcher.utter_message(response="utter_taken" if self.taken else "utter_hidden")
        effect(dispatcher, "count", name="taken" if self.taken else "not_for_me")
        events = [SlotSet("hidden", hidden), SlotSet("asked", "show_offers")]
        shown = tracker.slots["shown"]
        if shown and id in shown["ids"]:
            left = {
                **shown,
                "ids": [i for i in shown["ids"] if i != id],
                "total": shown["total"] - 1,
            }
            events.append(SlotSet("shown", left))
        return events


class WhichOffer(Action):
    """« Pas pour moi », written: which one, unless there is only one."""

    def __init__(self, services: Services, *, taken: bool) -> None:
        self.services = services
        self.verb = "taken" if taken else "hide"

    def name(self) -> str:
        return f"action_which_{self.verb}"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        ids = (tracker.slots["shown"] or {}).get("ids", [])
        if not ids:
            return [FollowupAction("action_resume")]
        voice = self.services.voice
        buttons = [
            button(voice.phrase("button_nth", number=n, nth="1re" if n == 1 else f"{n}e"),
                   f"/{self.verb} {id}")
            for n, id in enumerate(ids, 1)
        ]  # fmt: skip
        dispatcher.utter_message(response="utter_which_offer", buttons=buttons)
        return []


class Contact(Action):
    """The phone number with words to say, or the page where one applies; or the link to share."""

    def __init__(self, services: Services, *, share: bool) -> None:
        self.services = services
        self.share = share

    def name(self) -> str:
        return "action_share" if self.share else "action_call"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        try:
            offer = await self.services.matcher.offer(argument(tracker) or "")
        except Unavailable:
            dispatcher.utter_message(response="utter_unavailable")
            return []
        if offer is None or offer.status != "open":
            dispatcher.utter_message(response="utter_offer_gone")
            return [SlotSet("pending", ["/again", "/change"])]
        url = offer_url(offer, self.services.public_url)
        opener = {"title": self.services.voice.phrase("button_open"), "url": url}
        dispatcher.utter_message(
            response=self._sentence(offer, url),
            title=offer.title,
            phone=offer.phone,
            url=url,
            buttons=[opener] if url else [],
        )
        effect(dispatcher, "count", name="shared" if self.share else "contacts")
        return [SlotSet("asked", "show_offers")]

    def _sentence(self, offer: Offer, url: str) -> str:
        if self.share:
            return "utter_share" if url else "utter_share_nothing"
        if not offer.phone:
            return "utter_no_phone"
        return "utter_call_demonstration" if offer.source == DEMONSTRATION else "utter_call"


class OneCard(Action):
    """One offer of the list by itself, with everything that can be done about it."""

    def __init__(self, services: Services) -> None:
        self.services = services

    def name(self) -> str:
        return "action_card"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        try:
            offer = await self.services.matcher.offer(argument(tracker) or "")
        except Unavailable:
            dispatcher.utter_message(response="utter_unavailable")
            return []
        if offer is None:
            dispatcher.utter_message(response="utter_offer_gone")
            return [SlotSet("pending", ["/again", "/change"])]
        far = nearest_km(self.services.criteria.search(tracker.slots), offer)
        card = facts(Found(offer, far), self.services.public_url)
        dispatcher.utter_message(response="utter_one_offer", json_message={"offers": [card]})
        return [SlotSet("asked", "show_offers")]


def build(services: Services) -> Sequence[Action]:
    return (
        OneCard(services),
        Hide(services, taken=False),
        Hide(services, taken=True),
        WhichOffer(services, taken=False),
        WhichOffer(services, taken=True),
        Contact(services, share=False),
        Contact(services, share=True),
    )

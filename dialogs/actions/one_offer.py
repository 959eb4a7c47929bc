"""What is done with one offer: looked at, put aside, called, shared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from dialogs.actions.base import Services, argument, button, effect
from dialogs.cards import SAID_LENGTH, cut, facts, offer_url
from matching.model import DEMONSTRATION, Found, Offer, Recheck, Unavailable, nearest_km

HIDDEN_KEPT = 100
"""So that a conversation stays small."""


TAKEN: dict[Recheck, str] = {
    "gone": "utter_taken_gone", "there": "utter_taken_there", "unknown": "utter_taken",
}  # fmt: skip

Shown = dict[str, Any]


class Hide(Action):
    """« Pas pour moi », « déjà pris »: this offer is not shown to this person again.

    What is said to be taken is asked for anew at its source; when it is gone, nobody sees it again.
    """

    def __init__(self, services: Services, *, taken: bool) -> None:
        self.services = services
        self.taken = taken

    def name(self) -> str:
        return "action_taken" if self.taken else "action_hide"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        slots, id = tracker.slots, argument(tracker) or ""
        hidden = [*(h for h in slots["hidden"] or () if h != id), id][-HIDDEN_KEPT:]
        left = _without(slots["shown"], id)
        said = TAKEN[await self.services.matcher.recheck(id)] if self.taken else "utter_hidden"
        dispatcher.utter_message(response=said, buttons=self._then(left))
        effect(dispatcher, "count", name="taken" if self.taken else "not_for_me")
        events = [
            SlotSet("hidden", hidden),
            SlotSet("asked", "show_offers"),
            SlotSet("shown", left),
        ]
        # Once the last one is put aside, the search itself says what else there is.
        return [*events, FollowupAction("action_show_offers")] if _empty(left) else events

    def _then(self, left: Shown | None) -> list[dict[str, str]]:
        """Only what leads somewhere: the next offers, or those still on the screen."""
        if _empty(left):
            return []
        say = self.services.voice.phrase
        more = left is not None and left["total"] > left["offset"] + len(left["ids"])
        first = ("button_next", "/more") if more else ("button_again", "/again")
        return [button(say(name), press) for name, press in (first, ("button_change", "/change"))]


def _without(shown: Shown | None, id: str) -> Shown | None:
    if not shown or id not in shown["ids"]:
        return shown
    ids = [other for other in shown["ids"] if other != id]
    return {**shown, "ids": ids, "total": shown["total"] - 1}


def _empty(shown: Shown | None) -> bool:
    return shown is not None and shown["total"] < 1


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
        again = button(self.services.voice.phrase("button_again"), "/again")
        dispatcher.utter_message(
            response=self._sentence(offer, url),
            title=cut(offer.title, SAID_LENGTH),
            phone=offer.phone,
            url=url,
            buttons=[opener] if url else [again],
        )
        effect(dispatcher, "count", name="shared" if self.share else "contacts")
        return [SlotSet("asked", "show_offers")]

    def _sentence(self, offer: Offer, url: str) -> str:
        if self.share:
            return "utter_share" if url else "utter_share_nothing"
        if not offer.phone:
            return "utter_no_phone" if url else "utter_no_contact"
        return "utter_call_demonstration" if offer.source == DEMONSTRATION else "utter_call"


ONE_OFFER = {
    (True, True): "utter_one_offer",
    (True, False): "utter_one_offer_phone",
    (False, True): "utter_one_offer_page",
    (False, False): "utter_one_offer_alone",
}
"""What is said over an offer, by whether it has a number and a page."""


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
        card = facts(Found(offer, far), self.services.public_url, tracker.slots["where"])
        name = ONE_OFFER[bool(card["phone"]), bool(card["url"])]
        dispatcher.utter_message(response=name, json_message={"offers": [card]})
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

"""What is done with one offer: looked at, put aside, called, shared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from dialogs.actions.base import argument, button, effect
from dialogs.actions.following import done
from dialogs.afterwards import asked, came
from dialogs.cards import COMPANY_LENGTH, SAID_LENGTH, cut, facts, offer_url
from dialogs.changes import looked_for
from dialogs.services import Services
from dialogs.steps import noted, on_screen, which
from matching.model import DEMONSTRATION, Found, Offer, Recheck, Unavailable, nearest_km
from nlu.text import fold

HIDDEN_KEPT = 100
"""So that a conversation stays small."""


TAKEN: dict[Recheck, str] = {
    "gone": "utter_taken_gone", "there": "utter_taken_there", "unknown": "utter_taken",
}  # fmt: skip

ASKED_OF_ONE = ("hide", "taken", "apply", "call", "called", "card", "check")
"""What is done to one offer of several, once it is said to which."""

THERE: dict[Recheck, str] = {"there": "utter_still_there", "unknown": "utter_perhaps_there"}

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
        if slots["alerts"] or slots["alert_last"]:  # those that are stopped may speak again
            effect(dispatcher, "deed", do="tell", offers=[id])
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
        if left and "alert" in left:
            rest = (
                ("button_alert_all", f"/alert_all {left['alert']}"),
                ("button_alerts", "/alerts"),
            )
            return [button(say(name), press) for name, press in rest]
        more = left is not None and left["total"] > len(left["before"]) + len(left["ids"])
        first = ("button_next", "/more") if more else ("button_again", "/again")
        return [button(say(name), press) for name, press in (first, ("button_change", "/change"))]


def _without(shown: Shown | None, id: str) -> Shown | None:
    if not shown or id not in (*shown["before"], *shown["ids"]):
        return shown
    pages = {page: [one for one in shown[page] if one != id] for page in ("before", "ids")}
    screen = shown.get("screen") or shown["ids"]  # « la 3e » is still the third one seen
    return {**shown, **pages, "screen": screen, "total": shown["total"] - 1}


def _empty(shown: Shown | None) -> bool:
    """Whether nothing is left of a list; of an alert's message, one goes back to nothing."""
    return shown is not None and shown["total"] < 1 and "alert" not in shown


class Called(Action):
    """« J’ai appelé »: noted, and what they said is asked at once."""

    def __init__(self, services: Services) -> None:
        self.services = services

    def name(self) -> str:
        return "action_called"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        id = argument(tracker) or ""
        try:
            offer = await self.services.matcher.offer(id)
        except Unavailable:
            dispatcher.utter_message(response="utter_unavailable")
            return []
        if offer is None or offer.source == DEMONSTRATION:
            dispatcher.utter_message(response="utter_called")
            return [SlotSet("asked", "show_offers"), SlotSet("looked", id)]
        seen = {
            "title": cut(offer.title, SAID_LENGTH),
            "company": cut(offer.company or "", COMPANY_LENGTH),
        }
        events = done(dispatcher, self.services, tracker.slots, id, seen, "called")
        say = self.services.voice.phrase
        choices = [
            button(say(f"button_came_{a}"), came(a, id))
            for a in ("interview", "refused", "nothing")
        ]
        dispatcher.utter_message(response="utter_called_what", buttons=choices)
        return [*events, *(SlotSet(e["name"], e["value"]) for e in asked(id))]


class Pick(Action):
    """« Celle de Frévent »: the one of the list whose town or company that is, else which one."""

    def __init__(self, services: Services) -> None:
        self.services = services

    def name(self) -> str:
        return "action_pick"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        words = [w[:6] for w in fold(argument(tracker) or "").split() if len(w) > 2]
        try:
            shown = [await self.services.matcher.offer(i) for i in tracker.slots["shown"]["ids"]]
        except Unavailable:
            dispatcher.utter_message(response="utter_unavailable")
            return []
        meant = [
            o.id
            for o in shown
            if o is not None
            and all(w in fold(f"{o.company or ''} {o.city} {o.title}") for w in words)
        ]
        if len(meant) != 1:
            return [FollowupAction("action_which_card")]
        return await show_one(dispatcher, self.services, tracker.slots, meant[0])


class StillThere(Action):
    """« C’est pris ? »: asked for anew at its source; it stays in the list unless it is gone."""

    def __init__(self, services: Services) -> None:
        self.services = services

    def name(self) -> str:
        return "action_check"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        id, say = argument(tracker) or "", self.services.voice.phrase
        found = await self.services.matcher.recheck(id)
        if found == "gone":
            return [FollowupAction("action_taken")]
        choices = [button(say("button_show_one"), f"/card {id}")]
        dispatcher.utter_message(response=THERE[found], buttons=choices)
        return [SlotSet("asked", "show_offers"), SlotSet("looked", id)]


class WhichOffer(Action):
    """« Pas pour moi », « je veux postuler », written: which one, unless there is only one."""

    def __init__(self, services: Services, verb: str) -> None:
        self.services = services
        self.verb = verb

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
            for n, id in enumerate(on_screen(tracker.slots), 1)
            if id in ids
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
        if not self.share:
            return say_contact(dispatcher, self.services, tracker.slots, offer)
        url = offer_url(offer, self.services.public_url)
        again = button(self.services.voice.phrase("button_again"), "/again")
        dispatcher.utter_message(
            response="utter_share" if url else "utter_share_nothing",
            title=cut(offer.title, SAID_LENGTH),
            url=url,
            buttons=[_opener(self.services, url)] if url else [again],
        )
        effect(dispatcher, "count", name="shared")
        return [SlotSet("asked", "show_offers")]


def say_contact(
    dispatcher: CollectingDispatcher, services: Services, slots: Mapping[str, Any], offer: Offer
) -> list[EventType]:
    """How to reach who published an offer: the number and what to say, its page, and writing."""
    url, say = offer_url(offer, services.public_url), services.voice.phrase
    buttons = [_opener(services, url)] if url else []
    if services.takes(offer):
        buttons.insert(0, button(say("button_write"), f"/apply {offer.id}"))
    if not offer.phone:
        name = "utter_no_phone" if url else "utter_no_contact"
    else:
        name = "utter_call_demonstration" if offer.source == DEMONSTRATION else "utter_call"
    title = cut(offer.title, SAID_LENGTH)
    dispatcher.utter_message(
        response=name,
        title=title,
        phone=offer.phone,
        craft=craft_of(services, slots),
        url=url,
        buttons=buttons or [button(say("button_again"), "/again")],
    )
    effect(dispatcher, "count", name="contacts")
    seen = {"title": title, "company": cut(offer.company or "", COMPANY_LENGTH)}
    events = [SlotSet("asked", "show_offers"), SlotSet("looked", offer.id)]
    if offer.phone and offer.source != DEMONSTRATION:
        return [*events, *done(dispatcher, services, slots, offer.id, seen, "called")]
    what = "called" if offer.phone else "looked"
    return [*events, *noted(slots, offer.id, seen, what, services.today())]


def craft_of(services: Services, slots: Mapping[str, Any]) -> str:
    """« en carrosserie » after « un apprentissage », with its space; nothing for several trades."""
    trades = list(looked_for(slots)["trades"] or ())
    if len(trades) != 1:
        return ""
    return " " + services.voice.phrase("part_in_trade", trade=services.table.get(trades[0]).craft)


def _opener(services: Services, url: str) -> dict[str, str]:
    return {"title": services.voice.phrase("button_open"), "url": url}


class Shy(Action):
    """« J’ose pas appeler »: the words to say, or writing instead."""

    def __init__(self, services: Services) -> None:
        self.services = services

    def name(self) -> str:
        return "action_shy"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        slots, services = tracker.slots, self.services
        id, craft = which(slots), craft_of(services, tracker.slots)
        offer = None
        if id is not None:
            try:
                offer = await services.matcher.offer(id)
            except Unavailable:
                offer = None
        if offer is None or offer.status != "open":
            dispatcher.utter_message(response="utter_shy_words", craft=craft)
            return [FollowupAction("action_resume")] if id or not slots["shown"] else []
        say, buttons = services.voice.phrase, []
        if offer.phone:
            buttons.append(button(say("button_i_call"), f"/call {offer.id}"))
        url = offer_url(offer, services.public_url)
        takes = services.takes(offer)
        if takes:
            buttons.append(button(say("button_write"), f"/apply {offer.id}"))
        elif url:
            buttons.append(_opener(services, url))
        dispatcher.utter_message(
            response="utter_shy" if takes or url else "utter_shy_words",
            craft=craft,
            buttons=buttons,
        )
        return [SlotSet("asked", "show_offers"), SlotSet("looked", offer.id)]


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
        id = argument(tracker) or ""
        return await show_one(dispatcher, self.services, tracker.slots, id)


async def show_one(
    dispatcher: CollectingDispatcher, services: Services, slots: Mapping[str, Any], id: str
) -> list[EventType]:
    """One offer with everything that can be done about it."""
    try:
        offer = await services.matcher.offer(id)
    except Unavailable:
        dispatcher.utter_message(response="utter_unavailable")
        return []
    if offer is None:
        dispatcher.utter_message(response="utter_offer_gone")
        return [SlotSet("pending", ["/again", "/change"])]
    asked = looked_for(slots)
    far = nearest_km(services.criteria.search(asked), offer)
    card = facts(
        Found(offer, far),
        services.public_url,
        asked["where"],
        apply=services.takes(offer),
        detail=True,
    )
    name = ONE_OFFER[bool(card["phone"]), bool(card["url"])]
    dispatcher.utter_message(response=name, json_message={"offers": [card]})
    return [
        SlotSet("asked", "show_offers"),
        SlotSet("looked", offer.id),
        *noted(slots, offer.id, card, "looked", services.today()),
    ]


def build(services: Services) -> Sequence[Action]:
    return (
        OneCard(services),
        Hide(services, taken=False),
        Hide(services, taken=True),
        *(WhichOffer(services, v) for v in ASKED_OF_ONE),
        StillThere(services),
        Called(services),
        Pick(services),
        Shy(services),
        Contact(services, share=False),
        Contact(services, share=True),
    )

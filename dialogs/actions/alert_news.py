"""What came while nobody was there, read where people come and read: offers, then a question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from dialogs.actions.alert_list import AboutAlerts
from dialogs.actions.base import button, effect
from dialogs.afterwards import asked, asked_whether_looking, sentence
from dialogs.afterwards import buttons as follow_buttons
from dialogs.alert_cards import buttons, cards, chosen, each_once, pushed, still, title
from dialogs.services import Alert, Push, Services
from dialogs.steps import waits_for
from matching.merging import unheard
from matching.model import Offer, Unavailable

MOST_TOLD = 3
"""Alerts whose news are read at once: the others wait for « la suite »."""

Slots = Mapping[str, Any]


class News(AboutAlerts):
    """What came while nobody was there, read on a page: each offer asked for anew."""

    def name(self) -> str:
        return "action_news"

    async def speak(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, alerts: Sequence[Alert]
    ) -> list[EventType]:
        waiting = await self.services.alerts.unread(tracker.sender_id)
        by_alert: dict[int, list[Push]] = {}
        questions, dead = [], []
        for push in waiting:
            if push.n is not None and push.kind == "alert":
                by_alert.setdefault(push.n, []).append(push)
            elif push.kind == "alert":
                dead.append(push.id)
            else:
                questions.append(push)
        events: list[EventType] = []
        heard: list[Offer] = []
        for n, pushes in list(by_alert.items())[:MOST_TOLD]:
            alert = next(a for a in alerts if a.n == n)
            told = await self._read(dispatcher, tracker, alert, pushes, heard)
            if told is None:
                return events
            events = told or events
        if dead:
            effect(dispatcher, "deed", do="read_pushes", ids=dead)
        if len(by_alert) <= MOST_TOLD:
            events += self._questions(dispatcher, tracker.slots, questions)
        if not events:
            dispatcher.utter_message(response="utter_news_none")
        if waiting:  # the last of what was said here is what an answer is about
            events.append(
                SlotSet("pushed", max(tracker.slots["pushed"], *(push.id for push in waiting)))
            )
        if len(by_alert) > MOST_TOLD:
            dispatcher.utter_message(response="utter_news_left")
            events.append(SlotSet("pending", ["/news", "/resume"]))
        return events

    async def _read(
        self,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        alert: Alert,
        pushes: Sequence[Push],
        heard: list[Offer],
    ) -> list[EventType] | None:
        """What is being looked at then; ``None`` when the offers cannot be reached. ``heard`` grows
        by what was read."""
        hidden = set(tracker.slots["hidden"] or ())
        ids = list(dict.fromkeys(id for p in pushes for id in p.offers if id not in hidden))
        known = [*heard, *await self.services.alerts.heard_of(tracker.sender_id, ids)]
        try:
            news = await still(self.services, alert.wish, ids)
        except Unavailable:
            dispatcher.utter_message(response="utter_unavailable")
            return None
        effect(dispatcher, "deed", do="read_pushes", ids=[push.id for push in pushes])
        fresh = unheard([one.offer for one in news], known)
        found = chosen(each_once([one for one in news if one.offer in fresh]))
        heard += fresh
        if not found:
            return []
        # What is closed by now was told to nobody, and is news if it comes back changed.
        effect(dispatcher, "deed", do="tell", offers=[offer.id for offer in fresh])
        shown = [f.offer.id for f in found]
        then = buttons(self.services.voice, alert.n, shown)
        dispatcher.utter_message(
            response="utter_news",
            title=title(self.services, alert),
            n=len(found),
            buttons=[button(b.text, b.payload or "") for b in then],
            json_message={"offers": cards(self.services, alert, found)},
        )
        effect(dispatcher, "count", name="news_read")
        return [SlotSet(e["name"], e["value"]) for e in pushed(shown, alert.n, alert.wish)]

    def _questions(
        self, dispatcher: CollectingDispatcher, slots: Slots, waiting: Sequence[Push]
    ) -> list[EventType]:
        """One of what is asked by ourselves: the others wait for its answer."""
        voice = self.services.voice
        for push in waiting:
            effect(dispatcher, "deed", do="read_pushes", ids=[push.id])
            step = waits_for(slots, push.offers[0]) if push.offers else None
            if push.kind == "still_looking" and slots["alerts"]:
                dispatcher.utter_message(response="utter_still_looking")
                return [SlotSet(e["name"], e["value"]) for e in asked_whether_looking()]
            if push.kind == "follow_up" and step is not None:
                dispatcher.utter_message(
                    response=sentence(step["company"]),
                    company=step["company"],
                    title=step["title"],
                    buttons=[
                        button(b.text, b.payload or "") for b in follow_buttons(voice, step["id"])
                    ],
                )
                return [SlotSet(e["name"], e["value"]) for e in asked(step["id"])]
        return []


def build(services: Services) -> Sequence[Action]:
    return (News(services),)

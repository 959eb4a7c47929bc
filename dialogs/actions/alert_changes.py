"""Alerts changed: their search in words, how often they speak, what they are called."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from dialogs.actions.alert_list import LINE_LENGTH, AboutAlerts, AboutOne, lines, stand
from dialogs.actions.alerting import Kept, changed, how, keep, whole, wish_of, zone
from dialogs.actions.base import argument, button
from dialogs.alert_cards import title, whole_title
from dialogs.cards import cut
from dialogs.rhythm import DAWN, DUSK, Rhythm, beat_after, minute_of
from dialogs.services import Alert, Services

NAME_LENGTH = 40

Slots = Mapping[str, Any]


class Edit(AboutOne):
    """« Modifier »: its search stands, is changed in words, and is kept when that is said."""

    def name(self) -> str:
        return "action_alert_edit"

    def one(
        self, dispatcher: CollectingDispatcher, slots: Slots, alert: Alert, rest: str
    ) -> list[EventType]:
        say = self.services.voice.phrase
        of_search = [
            button(say(f"button_edit_{name}"), f"/{name}")
            for name in ("trade", "place", "distance", "when")
        ]
        beat = button(say("button_alert_beat"), f"/alert_rhythm {alert.n}")
        called = cut(title(self.services, alert), LINE_LENGTH)
        dispatcher.utter_message(
            response="utter_alert_edit", n=alert.n, title=called, buttons=[*of_search, beat]
        )
        return [*stand(alert, slots), SlotSet("asked", None), SlotSet("alert_edit", alert.n)]


class AskChange(AboutAlerts):
    """After the offers of a changed search: is it the alert's from now on?"""

    def name(self) -> str:
        return "action_alert_change"

    async def speak(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, alerts: Sequence[Alert]
    ) -> list[EventType]:
        slots = tracker.slots
        alert = next((a for a in alerts if a.n == slots["alert_edit"]), None)
        if alert is None or wish_of(slots) == dict(alert.wish):
            return [] if alert else [SlotSet("alert_edit", None)]
        say, n = self.services.voice.phrase, alert.n
        choices = (
            ("button_alert_keep", f"/alert_keep {n}"), ("button_alert_more", "/alert_me"),
            ("button_alert_leave", "/alert_leave"),
        )  # fmt: skip
        dispatcher.utter_message(
            response="utter_alert_keep_change",
            n=n,
            buttons=[button(say(name), payload) for name, payload in choices],
        )
        return [SlotSet("pending", [f"/alert_keep {n}", "/alert_leave"])]


class KeepChange(AboutOne):
    """« Garder le changement »; a press that comes later finds nothing to keep."""

    def name(self) -> str:
        return "action_alert_keep"

    def one(
        self, dispatcher: CollectingDispatcher, slots: Slots, alert: Alert, rest: str
    ) -> list[EventType]:
        if slots["alert_edit"] != alert.n or not whole(slots):
            return [FollowupAction("action_old_button")]
        wish = wish_of(slots)
        beat = replace(Rhythm.of(alert.beat), zone=zone(self.services, wish)).beat()
        after = changed(alert, wish=wish, beat=beat)
        keep(dispatcher, after)
        say_changed(dispatcher, self.services, after)
        return [SlotSet("alert_edit", None), SlotSet("alerts", True)]


def say_changed(dispatcher: CollectingDispatcher, services: Services, alert: Kept) -> None:
    dispatcher.utter_message(
        response="utter_alert_changed",
        title=whole_title(services, alert),
        how=how(services, alert),
        buttons=[button(services.voice.phrase("button_alerts"), "/alerts")],
    )


class Leave(Action):
    """The alert stays as it was; the search stands."""

    def name(self) -> str:
        return "action_alert_leave"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        dispatcher.utter_message(response="utter_alert_unchanged")
        return [SlotSet("alert_edit", None), SlotSet("asked", "show_offers")]


class AskBeat(AboutOne):
    """« Le rythme »: every day, as offers come, every week, or an hour in words."""

    def name(self) -> str:
        return "action_alert_rhythm"

    def one(
        self, dispatcher: CollectingDispatcher, slots: Slots, alert: Alert, rest: str
    ) -> list[EventType]:
        say = self.services.voice.phrase
        choices = [
            button(say(f"button_beat_{kind}"), f"/alert_beat {alert.n} {kind}")
            for kind in ("daily", "live", "weekly")
        ]
        dispatcher.utter_message(response="utter_ask_alert_beat", buttons=choices)
        return [SlotSet("asked", "show_offers")]


class SetBeat(AboutAlerts):
    """The rhythm, or the hour alone, of one alert; in words, of the one being spoken of, else all.

    The argument is « 2 weekly », « * weekly 2 16:00 », « * hour 18:00 »: number, kind, weekday
    (0 is Monday), hour.
    """

    def name(self) -> str:
        return "action_alert_beat"

    async def speak(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, alerts: Sequence[Alert]
    ) -> list[EventType]:
        n, kind, *rest = (argument(tracker) or "* daily").split()
        which = n if n != "*" else str(tracker.slots["alert_at"])
        meant = [a for a in alerts if str(a.n) == which] or (list(alerts) if n == "*" else [])
        if not meant:
            return self.none(dispatcher, tracker.slots)
        said = " ".join([kind, *rest])
        minute = minute_of(said)
        if minute is not None and not DAWN <= minute < DUSK:
            dispatcher.utter_message(response="utter_alert_night")
            return []
        after = [changed(a, beat=beat_after(a.beat, said)) for a in meant]
        for alert in after:
            keep(dispatcher, alert)
        if len(after) == 1:
            say_changed(dispatcher, self.services, after[0])
            return [SlotSet("asked", "show_offers"), SlotSet("alert_at", after[0].n)]
        said = lines(self.services, after)
        dispatcher.utter_message(response="utter_alerts_list", lines=said)
        return [SlotSet("asked", "show_offers")]


class AskName(AboutOne):
    """« Lui donner un nom »: the next words are it."""

    def name(self) -> str:
        return "action_alert_name"

    def one(
        self, dispatcher: CollectingDispatcher, slots: Slots, alert: Alert, rest: str
    ) -> list[EventType]:
        if rest:
            return named(dispatcher, alert, rest)
        dispatcher.utter_message(response="utter_ask_alert_name", n=alert.n)
        return [SlotSet("asked", "alert_name")]


class Name(AboutAlerts):
    """The name, for the alert being spoken of, or the only one."""

    def name(self) -> str:
        return "action_alert_named"

    async def speak(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, alerts: Sequence[Alert]
    ) -> list[EventType]:
        at = tracker.slots["alert_at"]
        alert = next((a for a in alerts if a.n == at), alerts[0] if len(alerts) == 1 else None)
        if alert is None:
            return [FollowupAction("action_alerts")]
        return named(dispatcher, alert, argument(tracker) or "")


def named(dispatcher: CollectingDispatcher, alert: Alert, words: str) -> list[EventType]:
    called = cut(re.sub(r"\s+", " ", words).strip(" «»\"'.!"), NAME_LENGTH)
    if not called:
        dispatcher.utter_message(response="utter_ask_alert_name", n=alert.n)
        return [SlotSet("asked", "alert_name"), SlotSet("alert_at", alert.n)]
    keep(dispatcher, changed(alert, name=called))
    dispatcher.utter_message(response="utter_alert_named", name=called)
    return [SlotSet("asked", "show_offers"), SlotSet("alert_at", alert.n)]


def build(services: Services) -> Sequence[Action]:
    kinds = (Edit, AskChange, KeepChange, AskBeat, SetBeat, AskName, Name)
    return (*(kind(services) for kind in kinds), Leave())

"""Alerts already kept, as they are seen: listed, one by one, with all of their offers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from dialogs.actions.alerting import how, whole
from dialogs.actions.base import argument, button, reads
from dialogs.alert_cards import WISH, slots_of, title, whole_title
from dialogs.cards import cut
from dialogs.french import capital
from dialogs.services import Alert, Services

LINE_LENGTH = 90

Slots = Mapping[str, Any]


class AboutAlerts(Action):
    """What acts on the alerts a person has; ``speak`` gets them, in the order of their numbers."""

    def __init__(self, services: Services) -> None:
        self.services = services

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        alerts = await self.services.alerts.of(tracker.sender_id)
        return await self.speak(dispatcher, tracker, alerts)

    async def speak(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, alerts: Sequence[Alert]
    ) -> list[EventType]:
        """What :meth:`run` does then."""
        raise NotImplementedError  # abstract: `Action` has a metaclass of its own

    def called(self, alert: Alert) -> str:
        return cut(title(self.services, alert), LINE_LENGTH)

    def none(self, dispatcher: CollectingDispatcher, slots: Slots) -> list[EventType]:
        """There is none: how to have one."""
        me = button(self.services.voice.phrase("button_alert_me"), "/alert_me")
        offered = [me] if whole(slots) else []
        dispatcher.utter_message(response="utter_alerts_none", buttons=offered)
        return [SlotSet("alerts", False)]


class AboutOne(AboutAlerts):
    """What acts on one alert, by its number, else on the one being spoken of; a number that is gone
    is an old button."""

    async def speak(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, alerts: Sequence[Alert]
    ) -> list[EventType]:
        spoken_of = str(tracker.slots["alert_at"] or "")
        n, _, rest = (argument(tracker) or spoken_of).partition(" ")
        alert = next((a for a in alerts if str(a.n) == n), None)
        if alert is None:
            listed = button(self.services.voice.phrase("button_alerts"), "/alerts")
            dispatcher.utter_message(response="utter_alert_gone", buttons=[listed])
            return []
        at = SlotSet("alert_at", alert.n)
        return [at, *self.one(dispatcher, tracker.slots, alert, rest)]

    def one(
        self, dispatcher: CollectingDispatcher, slots: Slots, alert: Alert, rest: str
    ) -> list[EventType]:
        """What is done with it; ``rest`` is what the button says besides."""
        raise NotImplementedError  # abstract: `Action` has a metaclass of its own


class List(AboutAlerts):
    """« Mes alertes »: one by one, or the only one."""

    def name(self) -> str:
        return "action_alerts"

    async def speak(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, alerts: Sequence[Alert]
    ) -> list[EventType]:
        if not alerts:
            return self.none(dispatcher, tracker.slots)
        if len(alerts) == 1:
            return see(dispatcher, self.services, alerts[0])
        say = self.services.voice.phrase
        choices = [button(say("button_alert_n", n=a.n), f"/alert {a.n}") for a in alerts]
        if any(a.state != "stopped" for a in alerts):
            choices.append(button(say("button_alerts_stop"), "/alerts_stop"))
        said = lines(self.services, alerts)
        dispatcher.utter_message(response="utter_alerts_list", lines=said, buttons=choices)
        return [SlotSet("asked", "show_offers"), SlotSet("alert_at", None)]


class Silence(AboutAlerts):
    """« J’ai rien reçu »: when one is told, then what there is."""

    def name(self) -> str:
        return "action_alert_silence"

    async def speak(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, alerts: Sequence[Alert]
    ) -> list[EventType]:
        if any(alert.state == "on" for alert in alerts):
            here = reads(tracker)
            name = "utter_alerts_silence_here" if here else "utter_alerts_silence"
            dispatcher.utter_message(response=name)
        return [FollowupAction("action_alerts")]


def lines(services: Services, alerts: Sequence[Alert]) -> str:
    """One line an alert: « 1. Coiffeur ou coiffeuse, 30 km autour de Lille : en pause »."""
    said = (
        services.voice.phrase(
            "part_alert_line",
            n=alert.n,
            title=cut(title(services, alert), LINE_LENGTH),
            how=how(services, alert),
        )
        for alert in alerts
    )
    return "\n".join(said)


def see(dispatcher: CollectingDispatcher, services: Services, alert: Alert) -> list[EventType]:
    """One alert, and all that can be done with it."""
    say, n = services.voice.phrase, alert.n
    speaks = alert.state == "on"
    turn = ("button_alert_pause", "alert_pause") if speaks else ("button_alert_resume", "alert_on")
    choices = [
        button(say(name), f"/{verb} {n}")
        for name, verb in (
            ("button_alert_offers", "alert_all"), ("button_alert_edit", "alert_edit"),
            ("button_alert_beat", "alert_rhythm"), ("button_alert_name", "alert_name"), turn,
            ("button_alert_drop", "alert_drop"),
        )
    ]  # fmt: skip
    dispatcher.utter_message(
        response="utter_alert_one", n=n, title=whole_title(services, alert),
        how=capital(how(services, alert)), buttons=choices,
    )  # fmt: skip
    return [SlotSet("asked", "show_offers"), SlotSet("alert_at", n)]


class See(AboutOne):
    """One alert of the list."""

    def name(self) -> str:
        return "action_alert"

    def one(
        self, dispatcher: CollectingDispatcher, slots: Slots, alert: Alert, rest: str
    ) -> list[EventType]:
        return see(dispatcher, self.services, alert)


def stand(alert: Alert, slots: Slots) -> list[EventType]:
    """Its search is the one that stands from now on."""
    search = slots_of(alert.wish)
    return [
        *(SlotSet(name, search[name]) for name in WISH),
        SlotSet("travel", None),
        SlotSet("shown", None),
        SlotSet("searched", False),
        SlotSet("revision", slots["revision"] + 1),
    ]


class All(AboutOne):
    """« Tout voir »: every offer of its search, as any other search."""

    def name(self) -> str:
        return "action_alert_all"

    def one(
        self, dispatcher: CollectingDispatcher, slots: Slots, alert: Alert, rest: str
    ) -> list[EventType]:
        return [*stand(alert, slots), FollowupAction("action_show_offers")]


def build(services: Services) -> Sequence[Action]:
    return (List(services), See(services), Silence(services), All(services))

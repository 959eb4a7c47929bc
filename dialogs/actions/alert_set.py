"""« Élargis l’alerte à 50 km »: the change is the alert’s at once, or one asks which alert."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from dialogs.actions.alert_changes import say_changed
from dialogs.actions.alert_list import AboutAlerts, lines, stand
from dialogs.actions.alerting import Kept, changed, keep, wish_of, zone
from dialogs.actions.base import argument, button
from dialogs.alert_cards import slots_of, whole_title
from dialogs.changes import closer, farther, unique
from dialogs.criteria import DEFAULT_RADIUS_KM
from dialogs.rhythm import Rhythm
from dialogs.services import Alert, Services
from nlu.text import fold

Change = Mapping[str, Any]


class Set(AboutAlerts):
    """The argument is a change with the number of its alert, or, once « laquelle ? » was asked, the
    number alone."""

    def name(self) -> str:
        return "action_alert_set"

    async def speak(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, alerts: Sequence[Alert]
    ) -> list[EventType]:
        slots, said = tracker.slots, json.loads(argument(tracker) or "{}")
        change = {**(slots["alert_change"] or {}), "n": said} if isinstance(said, int) else said
        if not alerts:
            return self.none(dispatcher, slots)
        if "set" not in change:
            return [FollowupAction("action_old_button")]
        if not isinstance(said, int) and change["n"] is None:
            change = {**change, "n": self._only(alerts, slots)}
        meant = [a for a in alerts if str(change["n"] or "") in ("*", str(a.n))]
        if not meant:
            meant, change = _named(alerts, change)
        if not meant and (called := change["called"]):
            names = {a.n: fold(whole_title(self.services, a)) for a in alerts}
            fits = [a for a in alerts if called[:5] in names[a.n]]
            meant = fits if len(fits) == 1 else []
        if not meant:
            return self._which(dispatcher, alerts, change)
        done = [SlotSet("alert_change", None), SlotSet("alert_edit", None)]
        if change["ask"] or not change["set"]:
            return [*done, *_asked(slots, meant[0], change["ask"])]
        return [*done, *self._change(dispatcher, meant, change)]

    def _only(self, alerts: Sequence[Alert], slots: Mapping[str, Any]) -> int | None:
        """The only one there is, or the one on the screen."""
        if len(alerts) == 1:
            return alerts[0].n
        seen = [p for _, p in slots["choices"] or () if p.startswith("/alert_edit ")]
        return int(seen[0].removeprefix("/alert_edit ")) if len(seen) == 1 else None

    def _which(
        self, dispatcher: CollectingDispatcher, alerts: Sequence[Alert], change: Change
    ) -> list[EventType]:
        say = self.services.voice.phrase
        choices = [button(say("button_alert_n", n=a.n), f"/alert_set {a.n}") for a in alerts]
        said = lines(self.services, alerts)
        dispatcher.utter_message(response="utter_alerts_list_which", lines=said, buttons=choices)
        return [SlotSet("alert_change", {**change, "n": None}), SlotSet("asked", "show_offers")]

    def _change(
        self, dispatcher: CollectingDispatcher, meant: Sequence[Alert], change: Change
    ) -> list[EventType]:
        after = [_after(self.services, alert, change) for alert in meant]
        for alert in after:
            keep(dispatcher, alert)
        if len(after) > 1:
            said = lines(self.services, after)
            dispatcher.utter_message(response="utter_alerts_list", lines=said)
            return [SlotSet("asked", "show_offers")]
        if after[0].wish == dict(meant[0].wish):
            listed = [button(self.services.voice.phrase("button_alerts"), "/alerts")]
            title = whole_title(self.services, after[0])
            dispatcher.utter_message(response="utter_alert_same", title=title, buttons=listed)
        else:
            say_changed(dispatcher, self.services, after[0])
        return [SlotSet("asked", "show_offers"), SlotSet("alert_at", after[0].n)]


def _named(alerts: Sequence[Alert], change: Change) -> tuple[list[Alert], Change]:
    """« L’alerte coiffure à 50 km »: a trade or a place of one alert says which, and is no change
    of it."""
    values = dict(change["set"])
    trades, places = set(values.get("trades") or ()), set(_places(values))
    fits = [
        a
        for a in alerts
        if trades & set(a.wish.get("trades") or ()) or places & set(_places(a.wish))
    ]
    if len(fits) != 1 or change["adds"]:
        return [], change
    wish = fits[0].wish
    if trades and not (left := trades - set(wish.get("trades") or ())):
        del values["trades"]
    elif trades:
        values["trades"] = [id for id in values["trades"] if id in left]
    if places and places <= set(_places(wish)):
        del values["where"]
    return fits, {**change, "set": values}


def _places(values: Mapping[str, Any]) -> list[str]:
    return list((values.get("where") or {}).get("places", ()))


def _after(services: Services, alert: Alert, change: Change) -> Kept:
    """The alert once the change is made."""
    before, values = slots_of(alert.wish), dict(change["set"])
    radius = before["radius_km"] or DEFAULT_RADIUS_KM
    steps = {"wider": farther(radius), "closer": closer(radius)}
    if (said := values.get("radius_km")) in steps:
        values["radius_km"] = steps[said]
    if change["adds"] and values.get("trades"):
        values["trades"] = unique([*(before["trades"] or ()), *values["trades"]])
    if change["adds"] and values.get("where") and before["where"]:
        both = {k: [*before["where"][k], *values["where"][k]] for k in ("places", "areas")}
        values["where"] = {**both, "places": unique(both["places"])}
    wish = wish_of({**before, **values})
    beat = replace(Rhythm.of(alert.beat), zone=zone(services, wish)).beat()
    return changed(alert, wish=wish, beat=beat)


def _asked(slots: Mapping[str, Any], alert: Alert, what: str | None) -> list[EventType]:
    """The alert’s search stands, and what is to change of it is asked for."""
    at = [SlotSet("alert_at", alert.n)]
    if what is None:
        return [*at, *stand(alert, slots), SlotSet("alert_edit", alert.n)]
    ask = FollowupAction(f"action_ask_{what}")
    return [*at, *stand(alert, slots), SlotSet("alert_edit", alert.n), ask]


def build(services: Services) -> Sequence[Action]:
    return (Set(services),)

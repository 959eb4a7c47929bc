"""Alerts that fall silent: paused until a day, stopped at once, deleted; and that speak again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from dialogs.actions.alert_list import AboutAlerts
from dialogs.actions.alerting import changed, how, keep
from dialogs.actions.base import argument, button, effect
from dialogs.actions.following import unasked
from dialogs.alert_cards import title
from dialogs.apply_form import applying
from dialogs.plans import Slots
from dialogs.services import Alert, Services
from nlu.moments import plus_months
from nlu.text import fold

_POLITE = ("stp", "svp", "merci", "maintenant", "tout", "suite", "moi", "please", "aussi")


class Quiet(AboutAlerts):
    """What acts on one alert by its number, or on all of them: « 2 … », « * … »."""

    async def speak(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, alerts: Sequence[Alert]
    ) -> list[EventType]:
        n, _, rest = (argument(tracker) or "*").partition(" ")
        if not alerts and n in ("*", "?"):
            return self.nothing(dispatcher, tracker.slots)
        meant = [a for a in alerts if n in ("*", str(a.n))]
        if n == "?":
            meant, rest = self.that_one(alerts, rest), ""
            if not meant:
                return [FollowupAction("action_alerts")]
        if not meant:
            listed = button(self.services.voice.phrase("button_alerts"), "/alerts")
            dispatcher.utter_message(response="utter_alert_gone", buttons=[listed])
            return []
        every = len(meant) == len(alerts)
        others = any(a.state != "stopped" for a in alerts if a not in meant)
        return self.quiet(dispatcher, meant, rest, every=every, others=others)

    def that_one(self, alerts: Sequence[Alert], words: str) -> list[Alert]:
        """« Mon alerte », « l’alerte coiffure »: the only one, or the only one called so; none when
        that does not tell which, or tells of one that there is not."""
        said = [word[:5] for word in words.split() if len(word) > 2 and word not in _POLITE]
        if len(alerts) == 1 and not said:
            return list(alerts)
        names = {a.n: fold(f"{a.name or ''} {title(self.services, a)}") for a in alerts}
        fits = [a for a in alerts if said and all(word in names[a.n] for word in said)]
        return fits if len(fits) == 1 else []

    def nothing(self, dispatcher: CollectingDispatcher, slots: Slots) -> list[EventType]:
        """What is said when there is no alert at all."""
        dispatcher.utter_message(response="utter_no_alerts")
        resume = [] if applying(slots) else [FollowupAction("action_resume")]  # it does by itself
        return [SlotSet("alerts", False), *resume]

    def quiet(
        self,
        dispatcher: CollectingDispatcher,
        meant: Sequence[Alert],
        rest: str,
        *,
        every: bool,
        others: bool,
    ) -> list[EventType]:
        """What is done; ``every``: all there are, ``others``: some that are not meant speak."""
        raise NotImplementedError  # abstract: `Action` has a metaclass of its own


class Pause(Quiet):
    """« Pause »: at once, until a day when one is said; else the days are offered."""

    def name(self) -> str:
        return "action_alert_pause"

    def quiet(
        self,
        dispatcher: CollectingDispatcher,
        meant: Sequence[Alert],
        rest: str,
        *,
        every: bool,
        others: bool,
    ) -> list[EventType]:
        services, today = self.services, self.services.today()
        until = date.fromisoformat(rest) if rest else None
        if until is not None and until <= today:
            return [FollowupAction("action_old_button")]
        day = until and until.isoformat()
        one = meant[0]
        paused = changed(one, state="paused", until=until)
        if every and len(meant) > 1:
            effect(dispatcher, "deed", do="pause_alerts", until=day)
        else:
            keep(dispatcher, paused)
        which = "alert" if len(meant) == 1 else "alerts"
        name = f"utter_{which}_paused_until" if until else f"utter_{which}_paused"
        n = str(one.n) if len(meant) == 1 else "*"
        values = {"how": how(services, paused), "title": title(services, one)}
        dispatcher.utter_message(response=name, **values, buttons=self._days(n, dated=bool(until)))
        return [SlotSet("alerts", True), SlotSet("asked", "show_offers")]

    def _days(self, n: str, *, dated: bool) -> list[dict[str, str]]:
        say, today = self.services.voice.phrase, self.services.today()
        days = {
            "button_week": today + timedelta(days=7),
            "button_weeks": today + timedelta(days=14),
            "button_month": plus_months(today, 1),
        }
        choices = [
            button(say(name), f"/alert_pause {n} {when.isoformat()}") for name, when in days.items()
        ]
        resume = button(say("button_alert_resume"), f"/alert_on {n}")
        return [resume] if dated else [*choices, resume]


class Stop(Quiet):
    """« Stop »: nothing is sent any more, not even what was about to be; all of it, in doubt."""

    def name(self) -> str:
        return "action_alert_stop"

    async def speak(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, alerts: Sequence[Alert]
    ) -> list[EventType]:
        if not alerts:  # who has some is asked nothing as long as none of them speaks
            unasked(dispatcher, tracker.slots)
        return await super().speak(dispatcher, tracker, alerts)

    def that_one(self, alerts: Sequence[Alert], words: str) -> list[Alert]:
        return super().that_one(alerts, words) or list(alerts)

    def quiet(
        self,
        dispatcher: CollectingDispatcher,
        meant: Sequence[Alert],
        rest: str,
        *,
        every: bool,
        others: bool,
    ) -> list[EventType]:
        say, one = self.services.voice.phrase, meant[0]
        effect(dispatcher, "count", name="alerts_stopped")
        if not others:
            effect(dispatcher, "deed", do="stop_alerts")
            resume = button(say("button_alert_resume"), "/alert_on *")
            listed = button(say("button_alerts"), "/alerts")
            dispatcher.utter_message(response="utter_alerts_stopped", buttons=[resume, listed])
        else:
            keep(dispatcher, changed(one, state="stopped", until=None))
            resume = button(say("button_alert_resume"), f"/alert_on {one.n}")
            every_one = button(say("button_alerts_stop"), "/alerts_stop")
            dispatcher.utter_message(
                response="utter_alert_stopped", n=one.n, title=title(self.services, one),
                buttons=[resume, every_one],
            )  # fmt: skip
        due = SlotSet("alert_due", False)
        return [SlotSet("alerts", others), due, SlotSet("asked", "show_offers")]


class Resume(Quiet):
    """« Reprendre »: one, or all of them."""

    def name(self) -> str:
        return "action_alert_on"

    def quiet(
        self,
        dispatcher: CollectingDispatcher,
        meant: Sequence[Alert],
        rest: str,
        *,
        every: bool,
        others: bool,
    ) -> list[EventType]:
        listed = button(self.services.voice.phrase("button_alerts"), "/alerts")
        if len(meant) > 1:
            effect(dispatcher, "deed", do="resume_alerts")
            dispatcher.utter_message(response="utter_alerts_resumed", buttons=[listed])
        else:
            speaking = changed(meant[0], state="on", until=None)
            keep(dispatcher, speaking)
            dispatcher.utter_message(
                response="utter_alert_resumed",
                title=title(self.services, speaking),
                how=how(self.services, speaking),
                buttons=[listed],
            )
        return [SlotSet("alerts", True), SlotSet("asked", "show_offers")]


class Drop(Quiet):
    """« Supprimer »: it is gone, with what it was about to say."""

    def name(self) -> str:
        return "action_alert_drop"

    def quiet(
        self,
        dispatcher: CollectingDispatcher,
        meant: Sequence[Alert],
        rest: str,
        *,
        every: bool,
        others: bool,
    ) -> list[EventType]:
        for alert in meant:
            effect(dispatcher, "deed", do="drop_alert", n=alert.n)
        buttons = [] if every else [button(self.services.voice.phrase("button_alerts"), "/alerts")]
        dispatcher.utter_message(
            response="utter_alert_dropped", title=title(self.services, meant[0]), buttons=buttons
        )
        gone = [SlotSet("alert_at", None), SlotSet("alert_edit", None)]
        return [SlotSet("alerts", others), *gone, SlotSet("asked", "show_offers")]


def build(services: Services) -> Sequence[Action]:
    return (Pause(services), Stop(services), Resume(services), Drop(services))

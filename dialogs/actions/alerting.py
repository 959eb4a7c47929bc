"""Keeping a search as an alert: one tap, the age once, and what is said to who is too young."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from dialogs.actions.base import argument, button, effect, reads
from dialogs.actions.following import count_cohort
from dialogs.ages import band
from dialogs.alert_cards import WISH, summary, title
from dialogs.french import WIDE, day
from dialogs.rhythm import DAWN, DUSK, Rhythm, beat_after, minute_of, zone_of
from dialogs.services import Alert, Services

Slots = Mapping[str, Any]

MOST_ALERTS = 10

WEEKDAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")


def wish_of(slots: Slots) -> dict[str, Any]:
    """What an alert keeps of the search that stands: any date is no date, any diploma none."""
    wish = {name: slots[name] for name in WISH if slots[name] is not None}
    if (wish.get("availability") or {}).get("any"):
        del wish["availability"]
    if wish.get("diploma") == "any":
        del wish["diploma"]
    return wish


def whole(slots: Slots) -> bool:
    """Whether there is a search to keep."""
    return slots["trades"] is not None and bool(slots["where"])


def too_young(services: Services, slots: Slots) -> bool:
    return slots["age"] is not None and int(slots["age"]) < services.minimum_age


def zone(services: Services, wish: Mapping[str, Any]) -> str:
    """The time of where a search is."""
    where = wish.get("where") or {}
    places = map(services.gazetteer.by_insee, where.get("places", ()))
    departements = [p.departement for p in places if p]
    departements += [d for a in where.get("areas", ()) for d in a.get("departements", ())]
    return zone_of(departements)


def hour(rhythm: Rhythm) -> str:
    """« 17 h 30 », « 18 h »."""
    hours, minutes = divmod(rhythm.minute, 60)
    return f"{hours}{WIDE}h" + (f"{WIDE}{minutes:02}" if minutes else "")


def often(services: Services, beat: str) -> str:
    """« chaque jour à 17 h 30 », « le mercredi à 18 h », « dès que ça sort »."""
    rhythm = Rhythm.of(beat)
    return services.voice.phrase(
        f"part_beat_{rhythm.kind}", hour=hour(rhythm), weekday=WEEKDAYS[rhythm.weekday]
    )


def how(services: Services, alert: Alert) -> str:
    """When it speaks, or that it does not."""
    if alert.state == "paused" and alert.until and alert.until > services.today():
        return services.voice.phrase("part_alert_paused_until", day=day(alert.until))
    if alert.state == "on" or (alert.state == "paused" and alert.until):
        return often(services, alert.beat)
    return services.voice.phrase(f"part_alert_{alert.state}")


@dataclass(frozen=True, slots=True)
class Kept:
    """An alert as it will be once the turn is over."""

    n: int
    name: str | None
    wish: Mapping[str, Any]
    beat: str
    state: str = "on"
    until: date | None = None


def changed(alert: Alert, **values: Any) -> Kept:
    """The alert with these values in place of its own."""
    kept = Kept(alert.n, alert.name, alert.wish, alert.beat, alert.state, alert.until)
    return replace(kept, **values)


def keep(dispatcher: CollectingDispatcher, alert: Kept) -> None:
    """The turn writes this alert."""
    row = asdict(alert) | {"until": alert.until and alert.until.isoformat()}
    effect(dispatcher, "deed", do="keep_alert", **row)


def unheard(dispatcher: CollectingDispatcher, slots: Slots) -> None:
    """What was put aside before the first alert is not told by it either."""
    if slots["hidden"]:
        effect(dispatcher, "deed", do="tell", offers=list(slots["hidden"]))


class AlertMe(Action):
    """« Me prévenir »: the search is kept, once it is whole and the age is known."""

    def __init__(self, services: Services) -> None:
        self.services = services

    def name(self) -> str:
        return "action_alert_me"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        slots = tracker.slots
        if not whole(slots):
            dispatcher.utter_message(response="utter_alert_needs")
            ask = "action_ask_trades" if slots["trades"] is None else "action_ask_where"
            return [SlotSet("alert_due", "search"), FollowupAction(ask)]
        if slots["age"] is None:
            return [SlotSet("alert_due", "age"), FollowupAction("action_ask_age")]
        if too_young(self.services, slots):
            return [SlotSet("alert_due", False), FollowupAction("action_too_young")]
        alerts = await self.services.alerts.of(tracker.sender_id)
        promise = await self._promise(tracker)
        return self._keep(dispatcher, slots, alerts, promise)

    async def _promise(self, tracker: Tracker) -> str:
        """What is said of an alert that is kept, by what becomes of what it finds."""
        if not reads(tracker):
            return "utter_alert_kept"
        devices = await self.services.alerts.devices(tracker.sender_id)
        return "utter_alert_kept_device" if devices else "utter_alert_kept_here"

    def _keep(
        self,
        dispatcher: CollectingDispatcher,
        slots: Slots,
        alerts: Sequence[Alert],
        promise: str,
    ) -> list[EventType]:
        services, wish = self.services, wish_of(slots)
        say, done = (
            services.voice.phrase,
            [
                SlotSet("alert_due", False),
                SlotSet("alert_edit", None),
                SlotSet("alert_beat", None),
            ],
        )
        listed = button(say("button_alerts"), "/alerts")
        same = next((a for a in alerts if dict(a.wish) == wish), None)
        if same is None and len(alerts) >= MOST_ALERTS:
            dispatcher.utter_message(response="utter_alert_full", n=len(alerts), buttons=[listed])
            return done
        if same is not None:
            if same.state != "on":
                speaking = changed(same, state="on", until=None)
                keep(dispatcher, speaking)
                dispatcher.utter_message(
                    response="utter_alert_resumed", title=title(services, speaking),
                    how=how(services, speaking), buttons=[listed],
                )  # fmt: skip
                return [*done, *_spoken_of(same.n)]
            n, name, beat = same.n, "utter_alert_known", same.beat
        else:
            n = _next_number(slots["alert_last"], {a.n for a in alerts})
            done.append(SlotSet("alert_last", n))
            name, beat = promise, first_beat(zone(services, wish), slots["alert_beat"])
            keep(dispatcher, Kept(n, None, wish, beat))
            effect(dispatcher, "count", name="alerts_kept")
            done += count_cohort(dispatcher, slots, "alert", services.today())
            unheard(dispatcher, slots)
        daily = Rhythm.of(beat).kind == "daily"
        when = (
            say("part_when_daily", hour=hour(Rhythm.of(beat))) if daily else often(services, beat)
        )
        dispatcher.utter_message(
            response=name, summary=summary(services, wish), when=when,
            buttons=[listed, button(say("button_alert_beat"), f"/alert_rhythm {n}")],
        )  # fmt: skip
        return [*done, *_spoken_of(n)]


def first_beat(zone: str, said: str | None) -> str:
    """The rhythm of a new alert, with what was ``said`` of it; an hour of the night is not kept."""
    usual = Rhythm(zone=zone).beat()
    if said is None:
        return usual
    minute = minute_of(said)
    by_night = minute is not None and not DAWN <= minute < DUSK
    day = " ".join(word for word in said.split() if ":" not in word) if by_night else said
    return beat_after(usual, day)


def _spoken_of(n: int) -> list[EventType]:
    return [SlotSet("asked", "show_offers"), SlotSet("alert_at", n), SlotSet("alerts", True)]


def _next_number(last: int, taken: Collection[int]) -> int:
    """The one longest out of use, of those that are free."""
    ahead = ((last + step) % MOST_ALERTS + 1 for step in range(MOST_ALERTS))
    return next(n for n in ahead if n not in taken)


class AskAge(Action):
    """« Tu as quel âge ? », once."""

    def name(self) -> str:
        return "action_ask_age"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        dispatcher.utter_message(response="utter_ask_age")
        return [SlotSet("asked", "ask_age"), SlotSet("pending", ["/alert_age", "/alert_no"])]


class WhyAge(Action):
    """What the age is for, then the question again."""

    def __init__(self, services: Services) -> None:
        self.services = services

    def name(self) -> str:
        return "action_why_age"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        dispatcher.utter_message(response="utter_why_age", age=self.services.minimum_age)
        return [FollowupAction("action_ask_age")]


class Age(Action):
    """The age is known: the search that waits for it is kept, or never."""

    def __init__(self, services: Services) -> None:
        self.services = services

    def name(self) -> str:
        return "action_age"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        years = int(argument(tracker) or 0)
        age = band(years)
        events: list[EventType] = [SlotSet("age", age)]
        if too_young(self.services, {"age": age}):
            for alert in await self.services.alerts.of(tracker.sender_id):
                effect(dispatcher, "deed", do="drop_alert", n=alert.n)
            gone = [SlotSet("alerts", False), SlotSet("alert_due", False)]
            return [*events, *gone, FollowupAction("action_too_young")]
        if tracker.slots["alert_due"]:
            return [*events, FollowupAction("action_alert_me")]
        dispatcher.utter_message(response="utter_age_noted")
        return [*events, FollowupAction("action_resume")]


class TooYoung(Action):
    """Nothing is kept: why, and a link that holds the search by itself."""

    def __init__(self, services: Services) -> None:
        self.services = services

    def name(self) -> str:
        return "action_too_young"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        url = self.services.link(wish_of(tracker.slots))
        name = "utter_too_young" if url else "utter_too_young_here"
        dispatcher.utter_message(response=name, url=url, age=self.services.minimum_age)
        effect(dispatcher, "count", name="too_young")
        return [SlotSet("asked", "show_offers")]


class NoAlert(Action):
    """« Non »: not now, and it is not asked for again by itself."""

    def name(self) -> str:
        return "action_no_alert"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        dispatcher.utter_message(response="utter_alert_no")
        unsaid = [SlotSet("alert_due", False), SlotSet("alert_beat", None)]
        return [*unsaid, SlotSet("asked", "show_offers")]


class OfferAlert(Action):
    """« Je te préviens s’il y a du nouveau ? »"""

    def name(self) -> str:
        return "action_offer_alert"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        dispatcher.utter_message(response="utter_offer_alert")
        return [SlotSet("asked", "show_offers"), SlotSet("pending", ["/alert_me", "/alert_no"])]


def build(services: Services) -> Sequence[Action]:
    return (
        AlertMe(services), AskAge(), WhyAge(services), Age(services), TooYoung(services),
        NoAlert(), OfferAlert(),
    )  # fmt: skip

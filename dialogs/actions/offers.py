"""Showing offers, the next ones, and ways out when there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from dialogs.actions.alerting import too_young, wish_of
from dialogs.actions.base import BUTTON_LENGTH, argument, button, effect
from dialogs.cards import cut, facts
from dialogs.french import capital, day, join
from dialogs.services import Services
from matching.job_offer import PARIS
from matching.model import Page, Search, Unavailable, WayOut

PAGE = 3
"""Cards at a time."""

MOST_WORDS = 165
"""Characters for what was wished and the ways out, so that the whole stays below 240."""

WHEN_ASKED_MOST = 2
"""Someone who does not answer « tu commences quand ? » twice does not want to."""

WORTH_A_DIPLOMA = 6
"""Offers below this number are read without asking for a diploma."""

MOST_COMPANIES = 3
COMPANY_LENGTH = 40

FARTHER = ("radius", "trade", "any_trade")
"""The ways out whose distance is worth saying."""

Slots = Mapping[str, Any]


class OffersAction(Action):
    """What showing pages of offers shares."""

    def __init__(self, services: Services) -> None:
        self.services = services

    async def find(
        self, dispatcher: CollectingDispatcher, slots: Slots, before: Sequence[str] = ()
    ) -> Page | None:
        """The page after those ids, or ``None`` once it was said that the offers cannot be
        reached."""
        search = self.services.criteria.search(slots)
        try:
            return await self.services.matcher.find(search, limit=PAGE, seen=before)
        except Unavailable:
            dispatcher.utter_message(response="utter_unavailable")
            effect(dispatcher, "count", name="unavailable")
            return None

    def show(
        self,
        dispatcher: CollectingDispatcher,
        page: Page,
        slots: Slots,
        name: str,
        before: Sequence[str] = (),
    ) -> list[EventType]:
        """The cards, « voir la suite » when there is one; what is shown is remembered."""
        voice, url, shown = self.services.voice, self.services.public_url, len(page.offers)
        offset, left = len(before), page.total - shown
        total = offset + page.total
        buttons = []
        if left > 0:
            title = voice.phrase("button_more", n=left)
            buttons.append(button(title, f"/page {offset + shown} {slots['revision']}"))
        dispatcher.utter_message(
            response=name,
            buttons=buttons,
            json_message={
                "offers": [
                    facts(f, url, slots["where"], apply=self.services.takes(f.offer))
                    for f in page.offers
                ]
            },
            summary=self.services.criteria.summary(slots),
            n=total,
            first=offset + 1,
            last=offset + shown,
        )
        self.date(dispatcher, page)
        ids = [f.offer.id for f in page.offers]
        return [SlotSet("shown", {"before": [*before], "total": total, "ids": ids})]

    async def worth_an_alert(self, tracker: Tracker) -> bool:
        """Whether one could be kept of the search that stands, and none is."""
        slots = tracker.slots
        if too_young(self.services, slots):
            return False
        if not slots["alerts"]:
            return True
        alerts = await self.services.alerts.of(tracker.sender_id)
        return all(dict(alert.wish) != wish_of(slots) for alert in alerts)

    async def alert_button(self, tracker: Tracker) -> list[dict[str, str]]:
        """« Me prévenir », where it would do something."""
        return [self.alert_me()] if await self.worth_an_alert(tracker) else []

    def alert_me(self) -> dict[str, str]:
        return button(self.services.voice.phrase("button_alert_me"), "/alert_me")

    def date(self, dispatcher: CollectingDispatcher, page: Page) -> None:
        """When the answer is that of a copy, from when it is."""
        if page.as_of:
            of = day(page.as_of.astimezone(PARIS).date())
            dispatcher.utter_message(response="utter_as_of", day=of)


class ShowOffers(OffersAction):
    """The first line says what was understood; then three cards, or counted ways out."""

    def name(self) -> str:
        return "action_show_offers"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        slots = tracker.slots
        page = await self.find(dispatcher, slots)
        if page is None:
            return []
        effect(dispatcher, "count", name="searches", label="found" if page.total else "empty")
        if page.total == 0:
            alert = await self.worth_an_alert(tracker)
            events = self._nothing(dispatcher, slots, page.ways_out, alert=alert)
            self.date(dispatcher, page)
            if page.as_of is None:  # else whoever knows of them does not answer
                await self._unasked(dispatcher, slots)
            events += _of_an_alert(slots)
            if (
                alert
                and not (slots["alert_due"] or slots["alert_edit"])
                and (slots["travel"] or not page.ways_out)
            ):
                events.append(FollowupAction("action_offer_alert"))
            return [*events, SlotSet("searched", True)]
        events = self.show(dispatcher, page, slots, "utter_offers")
        events += [SlotSet("searched", True), SlotSet("asked", "show_offers")]
        if due := _of_an_alert(slots):
            return [*events, *due]
        return [*events, *await self._question(dispatcher, tracker, page)]

    async def _question(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, page: Page
    ) -> list[EventType]:
        """One question under the first cards, if one is left; else what can be written."""
        slots = tracker.slots
        if slots["availability"] is None and slots["when_asked"] < WHEN_ASKED_MOST:
            again = SlotSet("when_asked", slots["when_asked"] + 1)
            return [again, FollowupAction("action_ask_availability")]
        levels = {f.offer.diploma_level for f in page.offers} - {None}
        if not (slots["diploma"] or slots["diploma_asked"]) and (
            page.total >= WORTH_A_DIPLOMA and len(levels) > 1
        ):
            return [SlotSet("diploma_asked", True), FollowupAction("action_ask_diploma")]
        name = "utter_after_one_offer" if page.total == 1 else "utter_after_offers"
        dispatcher.utter_message(response=name, buttons=await self.alert_button(tracker))
        return []

    def _nothing(
        self,
        dispatcher: CollectingDispatcher,
        slots: Slots,
        ways: Sequence[WayOut],
        *,
        alert: bool,
    ) -> list[EventType]:
        criteria, voice = self.services.criteria, self.services.voice
        events: list[EventType] = [SlotSet("asked", "show_offers"), SlotSet("shown", None)]
        what = ", ".join(filter(None, (criteria.trades(slots), criteria.start(slots))))
        values = {"what": what, "within": criteria.towns_within(slots)}
        search = criteria.search(slots)
        near = (
            [button(voice.phrase("button_courses"), "/courses")]
            if self.services.courses and search.circles
            else []
        )
        if not ways:
            me = [*near, *([self.alert_me()] if alert else [])]
            dispatcher.utter_message(response="utter_nothing_at_all", buttons=me, **values)
            return events
        ordered = sorted(_worth_saying(ways), key=lambda w: _unwelcome(w, slots))
        texts = [self.describe(w, search) for w in ordered]
        while len(texts) > 1 and len(what) + sum(map(len, texts)) > MOST_WORDS:
            texts.pop()
        buttons = [
            button(self.label(w), payload(w, search))
            for w in ordered[: len(texts)]
        ]  # fmt: skip
        buttons += [*near, *([self.alert_me()] if alert else [])]
        buttons.append(button(voice.phrase("button_change"), "/change"))
        dispatcher.utter_message(
            response="utter_nothing", ways=join(texts, "et"), buttons=buttons, **values
        )
        yes = payload(ordered[0], search) if len(texts) == 1 else "/which_way"
        return [*events, SlotSet("pending", [yes, "/change"])]

    async def _unasked(self, dispatcher: CollectingDispatcher, slots: Slots) -> None:
        """Companies that may take somebody without having said so."""
        search = self.services.criteria.search(slots)
        found = [c for c, _ in await self.services.matcher.companies(search)][:MOST_COMPANIES]
        if not found:
            return
        names = [f"{cut(capital(c.name), COMPANY_LENGTH)} ({c.city})" for c in found]
        buttons = [{"title": cut(capital(c.name), BUTTON_LENGTH), "url": c.url} for c in found]
        dispatcher.utter_message(
            response="utter_companies", companies=join(names, "et"),
            buttons=[button for button in buttons if button["url"]],
        )  # fmt: skip

    def describe(self, way: WayOut, search: Search) -> str:
        """« 3 offres vers Arras et Lens (32–34 km) », and every condition it lifts besides."""
        voice = self.services.voice
        said = voice.phrase(
            f"way_{way.kind}", n=way.count, towns=list(way.towns), trade=self._trade(way)
        )
        lifted = {
            "dates": search.start is not None and way.search.start is None,
            "diploma": search.diploma_level is not None and way.search.diploma_level is None,
            "excluded": bool(search.excluded) and not way.search.excluded,
        }
        notes = [voice.phrase(f"part_{k}") for k, v in lifted.items() if v and k != way.kind]
        if way.kind in FARTHER and (far := self._range(way)):
            notes.insert(0, far)
        return f"{said} ({', '.join(notes)})" if notes else said

    def label(self, way: WayOut) -> str:
        """« Arras et Lens »."""
        voice = self.services.voice
        label = voice.phrase(
            f"button_way_{way.kind}", towns=list(way.towns), trade=capital(self._trade(way))
        )
        if len(label) > BUTTON_LENGTH and way.kind == "radius":
            return voice.phrase("button_way_radius_far", km=way.value)
        return label

    def _range(self, way: WayOut) -> str:
        """« 32–34 km », « à moins de 14 km », nothing where no distance is known."""
        if way.nearest_km is None or way.farthest_km is None:
            return ""
        near, far = round(way.nearest_km), round(way.farthest_km)
        if near == 0:
            return self.services.voice.phrase("part_within", km=max(ceil(way.farthest_km), 1))
        return self.services.voice.phrase("part_km", km=far if near == far else f"{near}–{far}")

    def _trade(self, way: WayOut) -> str:
        return self.services.table.get(str(way.value)).craft if way.kind == "trade" else ""


def _of_an_alert(slots: Slots) -> list[EventType]:
    """What is under way with an alert, and goes on once the offers are shown."""
    if slots["alert_due"] == "search":
        return [FollowupAction("action_alert_me")]
    return [FollowupAction("action_alert_change")] if slots["alert_edit"] else []


def _worth_saying(ways: Sequence[WayOut]) -> list[WayOut]:
    """« Partout en France » says nothing more to someone who is told of the next towns."""
    nearer = any(way.kind == "radius" for way in ways)
    return [way for way in ways if not (nearer and way.kind == "france")]


def _unwelcome(way: WayOut, slots: Slots) -> bool:
    """Further away comes last for someone who just said that it is too far."""
    return bool(slots["travel"]) and way.kind in ("radius", "france")


def payload(way: WayOut, search: Search) -> str:
    """The button that turns ``search`` into the way's own, and nothing else."""
    to, changes = way.search, []
    if [t.id for t in to.trades] != [t.id for t in search.trades]:
        changes.append(f"t={','.join(t.id for t in to.trades) or '*'}")
    if search.start is not None and to.start is None:
        changes.append("s=any")
    if search.diploma_level is not None and to.diploma_level is None:
        changes.append("d=any")
    if search.excluded and not to.excluded:
        changes.append("x=1")
    if (search.circles or search.departements) and not (to.circles or to.departements):
        changes.append("f=1")
    elif to.circles and to.circles != search.circles:
        changes.append(f"r={round(min(c.radius_km for c in to.circles))}")
    return "/set " + " ".join(changes)


class NextPage(OffersAction):
    """The next three; a button of an older list shows the list that stands now."""

    def name(self) -> str:
        return "action_page"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        slots = tracker.slots
        shown = slots["shown"]
        if not shown:
            return [FollowupAction("action_resume")]
        if "alert" in shown:  # of a message: there is more in the alert's own list
            return [FollowupAction("action_alert_all")]
        before = [*shown["before"], *shown["ids"]]
        if (pressed := argument(tracker)) is not None:
            wanted, revision = (int(n) for n in pressed.split())
            # A button of an earlier page shows again what came after it.
            before = before[:wanted]
            if revision != slots["revision"]:
                dispatcher.utter_message(response="utter_old_list")
                return [FollowupAction("action_show_offers")]
        page = await self.find(dispatcher, slots, before)
        if page is None:
            return []
        if not page.offers:
            me = await self.alert_button(tracker)
            dispatcher.utter_message(response="utter_no_more", n=len(before), buttons=me)
            return [SlotSet("asked", "show_offers"), SlotSet("pending", ["/wider", "/change"])]
        name = "utter_more_offers" if len(page.offers) > 1 else "utter_last_offer"
        events = self.show(dispatcher, page, slots, name, before)
        return [*events, SlotSet("asked", "show_offers")]


class WhichWay(Action):
    """« Oui » to several ways out: which one, with the same buttons again."""

    def name(self) -> str:
        return "action_which_way"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        choices = tracker.slots["choices"] or ()
        buttons = [button(label, press) for label, press in choices]
        dispatcher.utter_message(response="utter_which_way", buttons=buttons)
        return [SlotSet("asked", "show_offers"), SlotSet("pending", ["/which_way", "/change"])]


def build(services: Services) -> Sequence[Action]:
    return (ShowOffers(services), NextPage(services), WhichWay())

"""The few gestures that actions share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from dialogs.french import typeset

BUTTON_LENGTH = 24


def place_label(name: str, departement: str) -> str:
    """« St-Pol-sur-Ternoise (62) »: cut, if it must be, before what tells it apart."""
    end = f" ({departement})"
    if len(name + end) > BUTTON_LENGTH:
        name = name.replace("Sainte-", "Ste-").replace("Saint-", "St-")
    if len(name + end) > BUTTON_LENGTH:
        name = name[: BUTTON_LENGTH - len(end) - 1].rstrip(" ,-") + "…"
    return name + end


def button(title: str, payload: str) -> dict[str, str]:
    """A button as rasa writes it, its title cut to 24 characters in the least ugly way."""
    title = typeset(title)
    if len(title) > BUTTON_LENGTH:
        title = title[: BUTTON_LENGTH - 1].rstrip(" ,-") + "…"
    return {"title": title, "payload": payload}


def effect(dispatcher: CollectingDispatcher, type: str, **values: Any) -> None:
    """Something the turn applies in its transaction: ``count`` (name, label), ``delete_me``,
    ``deed`` (``do`` and its values, see :mod:`storage.deeds`)."""
    dispatcher.utter_message(json_message={"effect": {"type": type, **values}})


def reads(tracker: Tracker) -> bool:
    """Whether nothing is brought to this person: they come and read."""
    return bool(tracker.latest_message.get("metadata", {}).get("reads"))


def argument(tracker: Tracker) -> str | None:
    """What the button or the reading told this action to work on."""
    return next(tracker.get_latest_entity_values("argument"), None)


class Say(Action):
    """An action that says one sentence, remembers what it asked, and maybe hands over."""

    def __init__(
        self,
        name: str,
        response: str,
        *,
        asked: str | None = None,
        pending: Sequence[str] | None = None,
        then: str | None = None,
        count: str | None = None,
    ) -> None:
        self._name = name
        self.response = response
        self.asked = asked
        self.pending = pending
        self.then = then
        self.count = count

    def name(self) -> str:
        return self._name

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        dispatcher.utter_message(response=self.response)
        if self.count:
            effect(dispatcher, "count", name=self.count)
        events: list[EventType] = []
        if self.asked:
            events.append(SlotSet("asked", self.asked))
        if self.pending:
            events.append(SlotSet("pending", list(self.pending)))
        if self.then:
            events.append(FollowupAction(self.then))
        return events

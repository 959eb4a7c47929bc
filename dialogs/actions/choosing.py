"""Broad wishes: trades to choose from, by likings and by fields; trades outside the crafts."""

from __future__ import annotations

from collections.abc import Sequence

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from dialogs.actions.base import argument, button
from dialogs.french import capital
from dialogs.services import Services
from nlu.trade_table import Trade, TradeTable

MOST_TRADES = 7
"""More choices than that are not read on a phone."""


class SuggestLikings(Action):
    """« Je sais pas »: what do you like doing?"""

    def __init__(self, services: Services) -> None:
        self.services = services

    def name(self) -> str:
        return "action_suggest_likings"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        likings = self.services.table.likings
        buttons = [button(capital(liking), f"/liking {liking}") for liking in likings]
        buttons.append(button(self.services.voice.phrase("button_any_trade"), "/set t=*"))
        dispatcher.utter_message(response="utter_suggest_likings", buttons=buttons)
        return [SlotSet("asked", "ask_trade")]


def _trade_buttons(trades: Sequence[Trade]) -> list[dict[str, str]]:
    """By the craft and not by who does it: « Boulangerie » has no gender to choose."""
    return [button(capital(t.craft), f"/set t={t.id}") for t in trades[:MOST_TRADES]]


def young_first(table: TradeTable, trades: Sequence[Trade]) -> Sequence[Trade]:
    """What young people choose comes first: those the likings name, in the table’s order."""
    liked = {id for ids in table.liked_first.values() for id in ids}
    return sorted(trades, key=lambda trade: trade.id not in liked)


class ChooseTrade(Action):
    """The trades of a liking, or of a wide field such as wood."""

    def __init__(self, services: Services, *, by_liking: bool) -> None:
        self.services = services
        self.by_liking = by_liking

    def name(self) -> str:
        return "action_choose_by_liking" if self.by_liking else "action_choose_in_domain"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        field = argument(tracker) or ""
        table = self.services.table
        kinds = table.likings if self.by_liking else table.domains
        trades: Sequence[Trade] = kinds.get(field, ())
        if not self.by_liking:
            trades = young_first(table, trades)
        name = "utter_choose_trade" if trades else "utter_ask_trade"
        dispatcher.utter_message(
            response=name, field=capital(field), buttons=_trade_buttons(trades)
        )
        return [SlotSet("asked", "ask_trade")]


class Noncraft(Action):
    """A trade outside the crafts is said to be so, with where to look."""

    def name(self) -> str:
        return "action_noncraft"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        dispatcher.utter_message(response="utter_noncraft", trade=capital(argument(tracker) or ""))
        return [SlotSet("asked", "ask_trade"), SlotSet("pending", ["/dont_know", "/trade"])]


def build(services: Services) -> Sequence[Action]:
    return (
        SuggestLikings(services),
        ChooseTrade(services, by_liking=True),
        ChooseTrade(services, by_liking=False),
        Noncraft(),
    )

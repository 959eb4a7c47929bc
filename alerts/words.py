"""How a message is put: the dialogue's words, for whom the dialogue did not begin with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dialogs import afterwards, alert_cards
from dialogs.reply import Reply
from dialogs.services import Services
from matching.model import Found, Search
from storage.alerts import Alert
from storage.pushes import Step


@dataclass(frozen=True, slots=True)
class AlertWords:
    """Implements :class:`alerts.push.Words`."""

    services: Services

    def search(self, alert: Alert) -> Search:
        return alert_cards.search_of(self.services, alert.wish)

    def chosen(self, found: Sequence[Found]) -> list[Found]:
        return alert_cards.chosen(alert_cards.each_once(found))

    def news(self, alert: Alert, found: Sequence[Found]) -> Reply:
        return alert_cards.news(self.services, alert, found)

    def follow_up(self, step: Step) -> Reply:
        return afterwards.follow_up(self.services.voice, step)

    def still_looking(self) -> Reply:
        return afterwards.still_looking(self.services.voice)

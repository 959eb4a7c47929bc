"""How a message is put: the dialogue's words, for whom the dialogue did not begin with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dialogs import afterwards, alert_cards
from dialogs.reply import Reply
from dialogs.services import Services
from matching.model import Found, Search, twin_key
from storage.alerts import Alert
from storage.pushes import Step


@dataclass(frozen=True, slots=True)
class AlertWords:
    """Implements :class:`alerts.push.Words`."""

    services: Services

    def search(self, alert: Alert) -> Search:
        return alert_cards.search_of(self.services, alert.wish)

    def chosen(self, found: Sequence[Found]) -> list[Found]:
        """Two copies of one job, of two sources, are one."""
        jobs: dict[object, Found] = {}
        for one in found:
            o = one.offer
            jobs.setdefault(twin_key(o.title, o.postcode, o.company, o.description), one)
        return alert_cards.chosen(list(jobs.values()))

    def news(self, alert: Alert, found: Sequence[Found]) -> Reply:
        return alert_cards.news(self.services, alert, found)

    def follow_up(self, step: Step) -> Reply:
        return afterwards.follow_up(self.services.voice, step)

    def still_looking(self) -> Reply:
        return afterwards.still_looking(self.services.voice)

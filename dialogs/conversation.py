"""The snapshot kept between two turns: slots, form, version; about 2 KB of JSON, no transcript."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

SLOTS: Mapping[str, Any] = {
    # the search
    "trades": None,  # ids of the trade table; [] is any craft
    "where": None,  # {"places": [INSEE codes], "areas": [nlu.meaning.Area as dict]}
    "excluded": None,  # INSEE codes of communes refused
    "radius_km": None,  # None: the default, stated and not asked
    "availability": None,  # {"start", "end", "asap"} or {"any": true}
    "diploma": None,  # a diploma's name, or "any"
    "travel": None,  # foot, scooter, transit, car
    # the form
    "requested_slot": None,
    # what the bot asked last, in the understander's words, and the choices it gave
    "asked": None,
    "choices": None,  # [[label, payload]] of the buttons said last: typing a label presses it
    "candidates": None,  # {"text", "places"}: an ambiguous name and the communes that bear it
    "pending": None,  # [payload of a yes, payload of a no]
    # the answer being looked at
    "shown": None,  # {"before": ids of the pages before, "total", "ids", "screen": ids as seen}
    "revision": 0,  # grows with every change of the search: marks the buttons of an old list
    "hidden": None,  # ids of offers « pas pour moi », « déjà pris »
    "courses": None,  # [{"mark", "id", "school", "phone"}]: the courses shown last
    # an application: erased once it is sent or given up
    "apply_offer": None,  # {"id", "to", "title", "company", "phone", "url", "recruiter"}
    "apply_name": None,  # [first, last]
    "apply_email": None,
    "apply_phone": None,  # +33612345678
    "apply_cv": None,  # {"files": [{"ref", "name", "size", "photo"}]}, {"answers"} or {"chosen"}
    "apply_word": None,  # a few words to the employer, "" for none
    "apply_making": None,  # the answers a CV is being made from
    "apply_hint": None,  # what is to be confirmed or completed: {"first"}, {"suggested", "typed"}
    "apply_state": None,  # "sending" while the one attempt is under way
    "album": None,  # the pictures sent together last
    # what was done
    "looked": None,  # the id of the offer last looked at by itself
    "steps": None,  # [{"id", "title", "company", "what", "day"}], oldest first; and of those asked
    # about {"due"}, then {"answer", "told": answers given so far}
    "follow": None,  # the id of the offer one has asked about last: what came of it?
    # alerts, which have a table of their own
    "alerts": False,  # whether one speaks, now or after a pause
    "age": None,  # asked once, before the first is kept: 14 (or less), 15, 16, 18, 30 (or more)
    "alert_beat": None,  # the rhythm said with that wish, as dialogs.beat_rules reads it
    "alert_due": False,  # an alert is wanted and waits, for the rest of the "search" or the "age"
    "alert_last": 0,  # the number given last: another's old buttons must not reach the next one
    "alert_at": None,  # the number of the alert being spoken of
    "alert_edit": None,  # the number of the alert being changed, whose search stands meanwhile
    "alert_change": None,  # what is to change in an alert, until it is said in which
    "pushed": 0,  # the number of the last message of an alert the conversation knows of
    "cohort": None,  # {"day", "signed", "acted"}: the day of the first alert or application
    # manners
    "welcomed": False,
    "fallbacks": 0,
    "said": None,  # fingerprints of the latest sentences, so as not to repeat one
    "searched": False,  # whether a search was answered already, with offers or without
    "care": 0,  # turns left in which the numbers that help are said again
    "when_asked": 0,  # how often the start was asked: an ignored question is not nagged about
    "diploma_asked": False,
    "origin": None,  # the structure whose link was opened
}
"""Every slot with the value it starts with."""

APPLICATION = (
    "apply_offer", "apply_name", "apply_email", "apply_phone", "apply_cv", "apply_word",
    "apply_making", "apply_hint", "apply_state",
)  # fmt: skip
"""What an application is made of, and what is forgotten with it."""

KEPT_ON_RESTART = (
    "welcomed", "origin", "said", "hidden", "revision", "steps", "follow", "alerts", "age",
    "alert_at",
    "alert_last",
    "pushed", "cohort",
)  # fmt: skip
"""« On recommence » forgets the search, not the manners."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """One person's conversation on one channel.

    ``slots`` holds every name of :data:`SLOTS`; ``form`` is the active form or ``None``;
    ``version`` is the one loaded from storage (0: new); ``order`` the highest number of an update
    that was answered, where updates have one.
    """

    id: str
    slots: Mapping[str, Any] = field(default_factory=lambda: dict(SLOTS))
    form: str | None = None
    version: int = 0
    order: int = 0

    def after(self, events: Iterable[Mapping[str, Any]]) -> Conversation:
        """The conversation once these rasa events happened; the only way it changes.

        Raises ``ValueError`` for an event or a slot that does not exist.
        """
        slots, form = dict(self.slots), self.form
        for event in events:
            match event["event"]:
                case "slot":
                    if event["name"] not in SLOTS:
                        raise ValueError(f"no such slot: {event['name']}")
                    slots[event["name"]] = event["value"]
                case "active_loop":
                    form = event["name"]
                case "reset_slots":
                    slots = {k: slots[k] if k in KEPT_ON_RESTART else v for k, v in SLOTS.items()}
                    form = None
                case other:
                    raise ValueError(f"no such event: {other}")
        return Conversation(self.id, slots, form, self.version, self.order)

    def to_json(self) -> dict[str, Any]:
        """Slots that differ from their start, the form and the order; see :meth:`from_json`."""
        kept = {"slots": {k: v for k, v in self.slots.items() if v != SLOTS[k]}, "form": self.form}
        return kept | ({"order": self.order} if self.order else {})

    @classmethod
    def from_json(cls, id: str, version: int, data: Mapping[str, Any]) -> Conversation:
        """Slots an older version of the product kept and this one does not know are dropped."""
        known = {k: v for k, v in data["slots"].items() if k in SLOTS}
        return cls(id, {**SLOTS, **known}, data["form"], version, data.get("order", 0))

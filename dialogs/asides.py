"""What is said in passing and deserves an answer, whether or not a search comes with it."""

from __future__ import annotations

import json
import re
from datetime import date

from dialogs.changes import from_message
from dialogs.plans import Plan, Slots, form
from nlu.meaning import Intent, Understanding
from nlu.questions import read_topic
from nlu.text import fold

_TOLD = frozenset(("disability", "no_luck", "leaving_school", "cma"))
"""Topics that need no question mark."""

_ELSEWHERE: frozenset[Intent] = frozenset(
    {"human", "delete_data", "export_data", "restart", "stop_alerts", "pause_alerts"}
)
_THANKS = re.compile(r"^\W*(?:merci|mrc|thx)\b.*\?", re.DOTALL)
_ABROAD = re.compile(r"\b(?:tournai|mouscron|courtrai|ypres|charleroi|belgique|bruxelles)\b")


def in_passing(u: Understanding, slots: Slots, today: date) -> Plan | None:
    """The answer first, then the search if there is one, or what was under way."""
    if u.intent in _ELSEWHERE or (u.intent == "out_of_scope" and u.reason != "noise"):
        return None
    folded, found, topic = fold(u.text[:300]), from_message(u, slots), read_topic(u.text)
    if _ABROAD.search(folded) and not ("where" in found or u.ambiguous_places):
        return Plan(("action_abroad",), candidates=found or None)
    if _THANKS.search(folded) and topic:
        return Plan(("action_answer", "action_resume"), argument=topic)
    if topic not in _TOLD:
        return None
    if {"trades", "where"} & found.keys():
        return None if topic == "cma" else form(found, "action_answer", argument=topic)
    if u.ambiguous_places or u.domains or u.noncraft_trades:
        return None
    return Plan(("action_answer", "action_resume"), argument=topic)


def training_centres(u: Understanding, slots: Slots) -> Plan:
    """Training centres: the search stays as it is, once there is one; what is missing is taken."""
    found = from_message(u, slots)
    named = {name: value for name, value in found.items() if name in {"trades", "where"}}
    missing = {name: value for name, value in named.items() if not slots[name]}
    return Plan(("action_courses",), candidates=missing or None, argument=json.dumps(named))

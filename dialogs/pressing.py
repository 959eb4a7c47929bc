"""What a button does, from its payload and where we stand."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from datetime import date

from dialogs import after_rules, alert_rules
from dialogs.changes import farther, from_payload
from dialogs.criteria import DEFAULT_RADIUS_KM
from dialogs.plans import Plan, Slots, form
from dialogs.reply import meant
from dialogs.steps import pushed_by
from dialogs.typed import latest_payloads

_PAGE = re.compile(r"\d{1,5} \d{1,9}")
"""Offset and revision of the list."""

LATER = Plan(("action_later",), candidates={"availability": {"any": True}})

APPLICATION = (
    "make", "own", "no_word", "send", "view", "cancel", "suggested", "typed", "resume", "fix",
)  # fmt: skip
"""Buttons of an application; what they do while there is none, the actions say."""

BUTTONS: Mapping[str, Plan] = {
    "resume": Plan(("action_resume",)),
    "dont_know": Plan(("action_suggest_likings",)),
    "keep": Plan(("action_keep",)),
    "help": Plan(("action_help",)),
    "human": Plan(("action_human",)),
    "restart": Plan(("action_restart",)),
    "again": Plan(form=True, candidates={}),
    "change": Plan(("action_change",)),
    "trade": Plan(("action_ask_trades",)),
    "place": Plan(("action_ask_where",)),
    "which_way": Plan(("action_which_way",)),
    "far": Plan(("action_ask_travel",), argument="closer"),
    "distance": Plan(("action_ask_travel",)),
    "when": Plan(("action_ask_availability",)),
    "later": LATER,
    "more": Plan(("action_page",)),
    "delete": Plan(("action_confirm_delete",)),
    "delete_yes": Plan(("action_delete",)),
    "delete_no": Plan(("action_cancel",)),
    "my_data": Plan(("action_my_data",)),
    "steps": Plan(("action_steps",)),
    "courses": Plan(("action_courses",)),
    **{f"apply_{name}": Plan((f"action_apply_{name}",)) for name in APPLICATION},
    "damaged_link": Plan(("action_damaged_link", "action_arrival")),
}
"""Buttons that carry no value, and a link of which only a part arrived."""

WITH_ARGUMENT: Mapping[str, str] = {
    "page": "action_page", "hide": "action_hide", "taken": "action_taken", "call": "action_call",
    "share": "action_share", "card": "action_card", "sent": "action_sent",
    "liking": "action_choose_by_liking", "domain": "action_choose_in_domain",
    "unreadable": "action_unreadable", "apply": "action_apply", "apply_change": "action_apply_fix",
    "appointment": "action_appointment", "check": "action_check",
    "called": "action_called",
}  # fmt: skip
"""Buttons whose value an action works on."""


def pressed(payload: str, slots: Slots, today: date) -> Plan:
    """The plan of a button; a payload we never wrote is an old button, kindly."""
    if payload.startswith("/~"):
        payload = meant(
            payload, [*latest_payloads(slots, WITH_ARGUMENT), *after_rules.payloads(slots)]
        )
    name, _, rest = payload.removeprefix("/").partition(" ")
    found = alert_rules.pressed(name, rest) or after_rules.pressed(name, rest)
    if found is not None:
        return found
    if name == "again" and (n := pushed_by(slots)):
        return Plan(("action_alert_all",), argument=str(n))
    if name in BUTTONS:
        return BUTTONS[name]
    if name == "page" and not _PAGE.fullmatch(rest):
        return Plan(("action_old_button",))
    if name in WITH_ARGUMENT and rest:
        return Plan((WITH_ARGUMENT[name],), argument=rest)
    if name == "wider":
        return wider(slots)
    if name == "set" and rest:
        try:
            values = from_payload(dict(a.split("=", 1) for a in shlex.split(rest)), slots, today)
        except (KeyError, ValueError):
            return Plan(("action_old_button",))
        return form(values, *(("action_noted_travel",) if "travel" in values else ()))
    return Plan(("action_old_button",))


def wider(slots: Slots) -> Plan:
    """The same search, one step further around."""
    return form({"radius_km": farther(slots["radius_km"] or DEFAULT_RADIUS_KM)})

"""What happens next: from what was heard and where we stand, to events and actions."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from dialogs import about_rules, after_rules, alert_rules, edit_rules, offer_rules, one_alert_rules
from dialogs.asides import in_passing, training_centres
from dialogs.care import stays_near
from dialogs.changes import FRANCE, SEARCH_SLOTS, differs, from_message, from_payload, travel
from dialogs.dropped import what_is_dropped
from dialogs.plans import SURE, Event, Heard, Plan, Slots, form, slot
from dialogs.pressing import BUTTONS, LATER, pressed, wider
from dialogs.spoken import Spoken, asks_for_internship, only_shy, read_number, read_spoken
from dialogs.steps import on_screen
from dialogs.typed import label_typed, label_words, typed_words
from nlu.meaning import Place, Understanding
from nlu.questions import read_topic
from nlu.remarks import Remark, read_remark
from nlu.text import fold

MOST_CANDIDATES = 6
"""More buttons than that are no longer read."""

CERTAIN = 0.9
IRREVERSIBLE = ("/delete_yes", "/apply_send")
"""What only a plain yes may do, never one that was guessed (« mouais », « ok attends »)."""

OF_ONE = frozenset(("/hide", "/taken", "/apply", "/call", "/called", "/card", "/check"))
"""What buttons do to one offer, after « laquelle ? »."""

SHORT = 2
"""Words in a no that only means « I do not know when »."""

FALLBACK = Plan(("action_fallback",))


def plan(heard: Heard, slots: Slots, today: date) -> Plan:
    """The plan of one turn."""
    if heard.arrival is not None:
        return _arrival(heard.arrival, slots, today)
    if heard.payload is not None:
        return pressed(heard.payload, slots, today)
    if heard.understanding is None or not (heard.text or "").strip():
        return Plan(("action_empty",))
    return _said(heard.understanding, slots, today)


def _arrival(arrival: Mapping[str, str], slots: Slots, today: date) -> Plan:
    origin = arrival.get("origin")
    events = (slot("origin", origin),) if origin else ()
    found = from_payload({k: v for k, v in arrival.items() if k != "origin"}, slots, today)
    if not found:
        return Plan(("action_arrival",), events)
    # The search of the link alone: nothing is left of an older one.
    fresh = dict.fromkeys(SEARCH_SLOTS) | found
    return Plan(("action_arrival_with_search",), events, fresh, form=True)


def _said(u: Understanding, slots: Slots, today: date) -> Plan:
    for rule in (
        _safety, one_alert_rules.said, alert_rules.stops, typed_button, after_rules.said,
        edit_rules.said, about_rules.said, alert_rules.said, offer_rules.said, in_passing,
        _spoken, _numbered, answer_to_pending, _data, _aside,
    ):  # fmt: skip
        if (found := rule(u, slots, today)) is not None:
            return found
    search = offer_rules.stands(u, slots)
    found = _searched(u, {**slots, **search}, today)
    found = offer_rules.of_the_alert(found, search, slots)
    if u.intent != "resume_alerts":
        return found
    return replace(found, events=(*found.events, slot("alert_due", "search")))  # once it is whole


def _safety(u: Understanding, slots: Slots, today: date) -> Plan | None:
    """Before everything, and before what a button of the same words would do."""
    if u.intent == "human" and not slots["care"] and only_shy(u.text):
        return _SPOKEN["shy"]  # « g peur de téléphoner » to an employer, not of somebody
    if u.intent != "human":
        return Plan(("action_stay_near",)) if stays_near(u, slots) else None
    danger = u.reason in ("distress", "violence")
    if not danger and (after_rules.said(u, slots, today) or offer_rules.calls(u, slots)):
        return None  # « j’ai signé mon contrat », « appeler » are no call for help
    return Plan(("action_distress",) if danger else ("action_human",))


def typed_button(u: Understanding, slots: Slots, today: date) -> Plan | None:
    """Typing a button's words presses it; after « lequel ? » one telling word is enough."""
    typed = typed_words(u.text)
    words = set(typed.replace("-", " ").split())
    choices = slots["choices"] or []
    if not words:
        return None
    for label, payload in choices:
        if label_typed(label) == typed:
            return pressed(payload, slots, today)
    which_offer = _which_offer(choices) and not from_message(u, slots)
    if slots["asked"] != "ask_which_place" and not which_offer:
        return None
    remark = read_remark(u.text)
    number = int(typed) if typed.isdigit() else (remark and remark.number) or 0
    if which_offer:  # by their places on the screen: one of them may have been put aside
        meant = on_screen(slots)[number - 1 : number] if number else []
        return next(
            (pressed(p, slots, today) for _, p in choices if p.split(" ")[1:] == meant), None
        )
    if 1 <= number <= len(choices):
        return pressed(choices[number - 1][1], slots, today)
    fits = [p for label, p in choices if words <= label_words(label)]
    return pressed(fits[0], slots, today) if len(fits) == 1 else None


def _which_offer(choices: Sequence[Sequence[str]]) -> bool:
    """Whether one has just asked « laquelle ? »: all buttons do the same, each to an offer."""
    verbs = {payload.partition(" ")[0] for _, payload in choices}
    return len(choices) > 1 and len(verbs) == 1 and verbs <= OF_ONE


_SPOKEN: Mapping[Spoken, Plan] = {
    "clear_screen": Plan(("action_clear_screen",)),
    "bravo": Plan(("action_bravo",)),
    "courage": Plan(("action_courage", "action_resume")),
    "when": BUTTONS["when"],
    "distance": BUTTONS["distance"],
    "not_for_me": Plan(("action_which_hide",)),
    "taken": Plan(("action_which_taken",)),
    "shy": Plan(("action_shy",)),
    "steps": BUTTONS["steps"],
    "application": BUTTONS["apply_resume"],
}
"""What is said in so many words, and touches no search."""

_OF_ONE: Mapping[Spoken, str] = {"not_for_me": "action_hide", "taken": "action_taken"}
"""What needs no « laquelle ? » when one offer alone is shown."""


def _spoken(u: Understanding, slots: Slots, today: date) -> Plan | None:
    spoken = read_spoken(u.text)
    ids = (slots["shown"] or {}).get("ids", ())
    if spoken is not None and spoken in _OF_ONE and len(ids) == 1:
        return Plan((_OF_ONE[spoken],), argument=ids[0])
    if spoken is None or spoken in _SPOKEN:
        return _SPOKEN[spoken] if spoken else None
    if spoken == "courses":
        return training_centres(u, slots)
    if spoken == "back":
        whole = slots["trades"] is not None and bool(slots["where"])
        return pressed("/again", slots, today) if whole else Plan(("action_resume",))
    if spoken == "apply":
        nth = read_remark(u.text)
        which = _nth(u, slots, nth).argument if nth and nth.kind == "nth" else None
        return Plan(("action_apply",), argument=which)
    found = from_message(u, slots)
    if u.ambiguous_places or u.noncraft_trades or u.domains:
        return None
    if spoken in ("counsellor", "parent"):
        return None if found else Plan(("action_answer",), argument=spoken)
    if spoken == "no_idea":
        ideas = replace(BUTTONS["dont_know"], candidates=found or None)
        return None if found.get("trades") else ideas
    if not asks_for_internship(u.text):
        return None
    if {"trades", "where"} & found.keys():
        return form(found, "action_answer", argument="internship")
    return Plan(("action_answer", "action_resume"), argument="internship")


def _numbered(u: Understanding, slots: Slots, today: date) -> Plan | None:
    """« 2 », « 2eme » under the cards or the ways out, and nothing else that it could mean."""
    number = read_number(u.text)
    if number is None or from_message(u, slots):
        return None
    if slots["shown"]:
        return _nth(u, slots, Remark("nth", number))
    meant = [payload for _, payload in slots["choices"] or ()][number - 1 : number]
    return pressed(meant[0], slots, today) if meant and meant[0].startswith("/set ") else None


def answer_to_pending(u: Understanding, slots: Slots, today: date) -> Plan | None:
    """A yes or a no to what was proposed."""
    if not slots["pending"] or u.intent not in ("affirm", "deny") or from_message(u, slots):
        return None
    yes, no = slots["pending"]
    if u.intent == "affirm" and u.confidence < (CERTAIN if yes in IRREVERSIBLE else SURE):
        return None
    return pressed(yes if u.intent == "affirm" else no, slots, today)


_GO_ON = re.compile(r"^(?:(?:ok|bon|allez|on|tu|c'?est bon) )*repren(?:ds?|ons|d on)[ !.]*$")
"""« On reprend »: what stands goes on, and nothing is lost by it."""


def _data(u: Understanding, slots: Slots, today: date) -> Plan | None:
    actions = {
        "delete_data": "action_confirm_delete", "export_data": "action_my_data",
        "restart": "action_restart",
    }  # fmt: skip
    if u.intent == "restart" and _GO_ON.match(fold(u.text[:200])):
        return Plan(("action_resume",))
    return Plan((actions[u.intent],)) if u.intent in actions else None


def _aside(u: Understanding, slots: Slots, today: date) -> Plan | None:
    """What is answered without touching the search, which then goes on."""
    if u.intent == "out_of_scope":
        if u.reason in ("employer", "customer", "housing", "insult"):
            return Plan((f"action_{u.reason}",))
        return None if read_remark(u.text) else _not_understood(u)
    if u.intent == "question":
        topic, remark = read_topic(u.text), read_remark(u.text)
        if topic == "cfa_find":
            return training_centres(u, slots)
        if topic is None and from_message(u, slots):
            return None
        if remark and remark.kind == "more" and topic is None:
            return None
        if remark and remark.kind == "too_far" and topic in (None, "transport", "distance"):
            return None
        return Plan(("action_answer", "action_resume"), argument=topic or "unknown")
    if from_message(u, slots) or u.ambiguous_places or u.domains or u.noncraft_trades:
        return None
    if u.intent in ("greet", "help", "thanks") and not (
        u.confidence < SURE and read_remark(u.text)
    ):
        return Plan((f"action_{u.intent}",), argument=u.language)
    return None


def _not_understood(u: Understanding) -> Plan:
    """A topic's word is enough: « je suis dyslexique » asks something without asking it."""
    if topic := read_topic(u.text):
        return Plan(("action_answer", "action_resume"), argument=topic)
    return FALLBACK


def _searched(u: Understanding, slots: Slots, today: date) -> Plan:
    """A search, a value, a correction, or a word about the offers shown."""
    found, remark = from_message(u, slots), read_remark(u.text)
    moves = {"where", "radius_km"} & found.keys()
    if remark and remark.kind == "too_far" and not (moves or u.ambiguous_places):
        if u.travel and u.travel != "car":
            return form({**found, **travel(u.travel)}, "action_noted_travel")
        return Plan(("action_ask_travel",), candidates=found or None, argument="closer")
    if u.ambiguous_places:
        name, beside = u.ambiguous_places[0], "where" in found or (u.adds and bool(slots["where"]))
        events = _candidates(name.text, name.candidates[:MOST_CANDIDATES], beside=beside)
        return Plan(("action_ask_which_place",), events, found or None)
    if "where" in found and len(u.places) == 1 and u.places[0].guessed and not u.areas:
        rest = {name: value for name, value in found.items() if name != "where"}
        return Plan(("action_confirm_place",), _candidates("", u.places), rest or None)
    if u.noncraft_trades and "trades" not in found:
        trade = u.noncraft_trades[0]
        said = u.text[trade.start : trade.end] or trade.label  # in their words, and their gender
        return Plan(("action_noncraft",), candidates=found or None, argument=said)
    if u.domains and "trades" not in found:
        return Plan(("action_choose_in_domain",), candidates=found or None, argument=u.domains[0])
    if dropped := what_is_dropped(u, found):
        return dropped
    if remark and remark.kind == "nth" and found.keys() <= {"availability"}:
        # « le premier », « le 2 » under a list: an offer of it sooner than a day of this month.
        meant = _nth(u, slots, remark)
        if meant is not FALLBACK or not found:
            return meant
    if found:
        before = ("action_noted_travel",) if differs(found, slots) and "travel" in found else ()
        return form(found, *before)
    return _REMARKS[remark.kind](u, slots, remark) if remark else _bare(u, slots, today)


def _candidates(text: str, places: Sequence[Place], beside: bool = False) -> tuple[Event, ...]:
    """The communes a name may mean, for the action that asks; ``beside`` towns already known."""
    named = {"text": text, "places": [p.insee for p in places], "beside": beside}
    return (slot("candidates", named),)


def _bare(u: Understanding, slots: Slots, today: date) -> Plan:
    """Yes, no, « je cherche un apprentissage », nothing that can be read."""
    if u.intent in ("affirm", "deny") and u.confidence < SURE:
        return _not_understood(u)
    if u.intent == "affirm" and "merci" in fold(u.text):
        return Plan(("action_thanks",))
    asked_when = slots["asked"] == "ask_availability"
    if u.intent == "affirm":
        shown = offer_rules.agreed(slots) or Plan(("action_go_on",))
        return BUTTONS["when"] if asked_when else shown
    if u.intent == "deny":
        if asked_when and len(u.text.split()) <= SHORT:
            return LATER
        return Plan(("action_change",))
    if u.intent in ("search", "correct"):
        return Plan(("action_change",)) if slots["shown"] else form({})
    return _not_understood(u)


def _dont_know(u: Understanding, slots: Slots, remark: Remark) -> Plan:
    match slots["asked"]:
        case "ask_which_place":
            return Plan(("action_ask_which_place",))
        case "ask_place":
            return Plan(("action_help_place",))
        case "ask_availability":
            return LATER
        case "ask_travel" | "ask_radius":
            return form({})
        case "ask_diploma":
            return form({"diploma": "any"})
    return Plan(("action_suggest_likings",))


def _any(u: Understanding, slots: Slots, remark: Remark) -> Plan:
    match slots["asked"]:
        case "ask_availability":
            return LATER
        case "ask_diploma":
            return form({"diploma": "any"})
        case "ask_trade":
            return Plan(("action_suggest_likings",))
        case "ask_place":
            return Plan(("action_help_place",))
    if (slots["availability"] or {}).get("start"):
        return form({"availability": {"any": True}})
    return Plan(("action_go_on",))


def _next_page(u: Understanding, slots: Slots, remark: Remark) -> Plan:
    return Plan(("action_page",)) if slots["shown"] else form({})


def _nth(u: Understanding, slots: Slots, remark: Remark) -> Plan:
    ids = on_screen(slots)
    number = len(ids) if remark.number == 0 else remark.number or 1
    if number > len(ids):
        number -= len((slots["shown"] or {}).get("before", ()))  # « la 5e », counted from the first
    if 1 <= number <= len(ids):
        return Plan(("action_call",), argument=ids[number - 1])
    return FALLBACK


_REMARKS: Mapping[str, Callable[[Understanding, Slots, Remark], Plan]] = {
    "too_far": lambda u, slots, remark: Plan(("action_ask_travel",)),
    "more": _next_page,
    "seen": _next_page,
    "wider": lambda u, slots, remark: wider(slots),
    "dont_know": _dont_know,
    "any": _any,
    "anywhere": lambda u, slots, remark: form({"where": {"places": [], "areas": [FRANCE]}}),
    "other_trade": lambda u, slots, remark: Plan(("action_ask_trades",)),
    "other_place": lambda u, slots, remark: Plan(("action_ask_where",)),
    "nth": _nth,
}

"""What is to change in an alert, said in one breath: « élargis l’alerte à 50 km »."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from dialogs.alert_rules import ONE
from dialogs.changes import MAX_RADIUS_KM, from_message
from dialogs.conversation import SLOTS
from dialogs.plans import Plan, Slots
from dialogs.typed import typed_words
from nlu.meaning import Understanding
from nlu.text import fold

_ALERT = re.compile(
    rf"\b(?:l'? ?|la |mon |ma |cette |ton |(?P<all>(?:toutes )?(?:mes|les|tes) ))alertes?\b"
    rf"(?: (?:numero |n° ?)?(?P<n>{ONE})\b(?! ?(?:km|kilo|h\b)))?|"
    rf"\balertes? (?:numero |n° ?)?(?P<only>{ONE})\b(?! ?(?:km|kilo|h\b))"
)
"""One that there is: « une alerte » is another one to keep."""

_OF_LIST = re.compile(rf"\bl[ae] (?P<n>{ONE})\b(?! ?(?:km|kilo|h\b))(?P<only>)(?P<all>)")

_CHANGE = re.compile(
    r"\b(?:chang\w*|modif\w*|elarg\w*|agrandi\w*|augment\w*|redui\w*|diminu\w*|restrein\w*|"
    r"rac+ourci\w*|passe\w*|mets?|mettre|met|regl\w*|rajout\w*|ajout\w*|remplac\w*|corrig\w*|"
    r"limit\w*|etends?|etendre|baisse\w*)\b"
)
_CALLED = re.compile(r"\balertes? (?:de |du |d'? ?)?(?!pour\b|dans\b|avec\b|trop\b)([a-z]{4,})")
"""« L’alerte coiffure »."""

_FOR_IT = re.compile(
    r"\b(?:pour|dans|sur|de|a) (?:l'? ?|mon |ma |cette |mes |les )alertes?\b|^mon |"
    r"\balertes? (?:c'? ?(?:est )?|est |sera )pour\b"
)
_KM = re.compile(r"\b(\d{1,3}) ?(?:km|kilo\w*|bornes?)\b")
_WIDER = re.compile(r"\b(?:elarg\w*|agrandi\w*|augment\w*|etend\w*|plus (?:loin|large|grand))")
_CLOSER = re.compile(r"\b(?:redui\w*|diminu\w*|restrein\w*|rac+ourci\w*|baisse\w*|plus pres)")
_ASPECTS = (
    ("travel", re.compile(r"\b(?:rayon|distance|km|kilometres?|perimetre|trop loin)\b")),
    ("where", re.compile(r"\b(?:ville|lieu|endroit|adresse|coin|secteur)\b")),
    ("trades", re.compile(r"\b(?:metier|job|boulot|taf)\b")),
    ("availability", re.compile(r"\b(?:date|debut|quand|rentree)\b")),
)
"""What is asked for when no value is said, by the end of the action that asks."""
_OTHERWISE = frozenset(
    ("stop_alerts", "pause_alerts", "delete_data", "export_data", "human", "question", "thanks")
)


def said(u: Understanding, slots: Slots, today: date) -> Plan | None:
    """The change and which alert it is of; or which one, once that was asked."""
    if (n := _which(u.text, slots)) is not None:
        return Plan(("action_alert_set",), argument=n)
    folded = fold(u.text[:200]).replace("’", "'").strip(" .!?")
    alert = _ALERT.search(folded) or _listed(folded, slots)
    if alert is None or u.intent in _OTHERWISE or not (slots["alerts"] or slots["alert_last"]):
        return None
    if not (_CHANGE.search(folded) or _FOR_IT.search(folded) or _KM.search(folded)):
        return None
    values = _values(u, folded)
    ask = None if values else next((a for a, look in _ASPECTS if look.search(folded)), None)
    if not (values or ask):
        return None
    called = _CALLED.search(folded)
    change: dict[str, Any] = {
        "set": values, "adds": u.adds, "ask": ask, "called": called and called[1]
    }  # fmt: skip
    n = alert["n"] or alert["only"] or ("*" if alert["all"] and values else None)
    return Plan(("action_alert_set",), argument=json.dumps({**change, "n": n}))


def _listed(folded: str, slots: Slots) -> re.Match[str] | None:
    """« Change la 3 pour 50 km », right under the list of alerts."""
    one = _OF_LIST.search(folded)
    choices = [payload for _, payload in slots["choices"] or ()]
    return one if one and f"/alert {one['n']}" in choices else None


def _values(u: Understanding, folded: str) -> Mapping[str, Any]:
    """What is said of a search, whatever search stands; a step wider or closer as such."""
    found = from_message(u, SLOTS)
    if (km := _KM.search(folded)) and 1 <= int(km[1]) <= MAX_RADIUS_KM:
        found["radius_km"] = int(km[1])
    if "radius_km" not in found and _WIDER.search(folded):
        found["radius_km"] = "wider"
    if "radius_km" not in found and _CLOSER.search(folded):
        found["radius_km"] = "closer"
    found.pop("travel", None)
    return found


def _which(text: str, slots: Slots) -> str | None:
    """« La 2 », once « laquelle de tes alertes ? » was asked."""
    typed = typed_words(text).removeprefix("la ").removeprefix("l'").removeprefix("alerte ")
    choices = [payload for _, payload in slots["choices"] or ()]
    return typed if slots["alert_change"] and f"/alert_set {typed}" in choices else None

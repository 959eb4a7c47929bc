"""What is said of one alert by its trade or its number: « stop la coiffure », « renomme la 2 »."""

from __future__ import annotations

import re
from datetime import date

from dialogs.alert_rules import ONE
from dialogs.plans import Plan, Slots
from nlu.meaning import Understanding
from nlu.text import fold

_QUIET = (
    ("action_alert_stop", re.compile(
        r"^(?:ok |bon |stp )*stop(?:pe[rz]?)? (?:pour )?(?:la |le |les |l')?"
        r"(?P<name>[a-z' -]{4,30})$")),
    ("action_alert_pause", re.compile(
        r"^(?:ok |bon |stp )*(?:(?:mets?|mettre|met) en )?pause (?:pour |sur )?(?:la |le |les |l')?"
        r"(?P<name>[a-z' -]{4,30})$")),
    ("action_alert_pause", re.compile(
        r"^(?:ok |bon |stp )*(?:mets?|mettre|met) (?:la |le |les |l')?(?P<name>[a-z' -]{4,30}?) "
        r"en pause$")),
)  # fmt: skip
"""Only that one is silenced: who says « stop » to one trade still waits for the others."""
_MANY = re.compile(r"\b(?:tout|toutes?|alertes?|messages?|notifs?|notifications?)\b")

_RENAME = re.compile(
    r"^(?:tu peux |stp )*(?:re)(?:nomme|appelle|baptise)[rz]?[ -]"
    rf"(?:l[ae] |l'alerte |alerte )(?P<n>{ONE}) (?:en |: ?)?(?P<name>\S.*)$",
    re.IGNORECASE,
)
_GIVE_NAME = re.compile(
    r"^(?:tu peux |stp )*(?:donne|mets?)[ -]lui (?:le |comme |pour )?nom (?:de |d')?"
    r"(?P<name>\S.*)$",
    re.IGNORECASE,
)


def said(u: Understanding, slots: Slots, today: date) -> Plan | None:
    """Of no meaning to who has no alert."""
    if not slots["alerts"]:
        return None
    text = u.text[:200].strip()
    if called := _RENAME.match(text):
        return Plan(("action_alert_name",), argument=f"{called['n']} {called['name'].strip()}")
    if called := _GIVE_NAME.match(text):
        return Plan(("action_alert_named",), argument=called["name"].strip())
    if not (u.trades or u.negated_trades):
        return None
    folded = fold(text).replace("’", "'").strip(" .!?")
    for action, look in _QUIET:
        if (meant := look.match(folded)) and not _MANY.search(folded):
            return Plan((action,), argument=f"? {meant['name'].strip()}")
    return None

"""What people say of themselves and nothing else: their age, their class at school."""

from __future__ import annotations

import re
from datetime import date

from dialogs.ages import read_age
from dialogs.changes import from_message
from dialogs.plans import Plan, Slots
from nlu.meaning import Understanding
from nlu.text import fold

_HELLO = (
    r"(?:(?:slt|salut|bjr|bonjour|bonsoir|cc|coucou|wesh|moi|et|en fait|enfaite|ok|oui|alors|bah|"
    r"ben|non|nan|mais|oups|pardon|desole|je suis?|j'? ?suis?|chuis?|j'?ai|"
    r"j ai|g|c'?est|c|mon age|j'?aurai|je vais avoir|je viens d'avoir|bientot|presque)"
    r"(?:[ ,:]+|(?=\d)))*"  # each word ends: « cccc » is « c » and « cc » in a million ways
)
_THEN = (
    r"(?: (?:et demi|stp|svp|moi|mtn|maintenant|la|lol|mdr|et toi|aujourd'?hui|bientot|"
    r"en fait|enfaite?|en vrai|finalement|pardon|desolee?|seulement))*"
)
_AGE = re.compile(rf"^{_HELLO}(?P<years>[1-9]\d) ?(?:ans?|piges?|balais){_THEN}$")
_CLASS = re.compile(
    rf"^{_HELLO}(?:(?:encore|actuellement|en ce moment|a la rentree|je passe|j'?entre|je rentre|"
    r"eleve|toujours) ?)*(?P<in>en |au |la )?(?:classe de )?"
    r"(?:(?P<middle>6e(?:me)?|5e(?:me)?|4e(?:me)?|sixieme|cinquieme|quatrieme|college|collegien(?:ne)?)|"
    r"(?P<third>3 ?e(?:me)?|troisieme|3ieme|3em)|"
    r"(?P<high>2n?de|seconde|1 ?ere|premiere|terminale|term|tle|lycee|lyceen(?:ne)?))"
    r"(?P<kind> (?:prepa[ -]?(?:metiers?|pro)|segpa|pro(?:fessionnelle)?|generale?|techno\w*|ulis|"
    rf"st\w{{1,3}}|bac pro.{{0,20}}|au (?:college|lycee)|de college))*{_THEN}$"
)
_OF_ME = re.compile(
    r"\b(?:suis|sui|j'?suis|jsuis|jsui|chuis?|passe|j'?entre|rentre|eleve|en|au|college|lycee)\b"
)


def said(u: Understanding, slots: Slots, today: date) -> Plan | None:
    """The answer to it; their age is remembered, for it is asked once."""
    folded = fold(u.text[:200]).replace("’", "'").strip(" .!?")
    if slots["asked"] == "ask_age" or slots["alert_due"] == "age":
        return None  # an answer: see dialogs.alert_rules
    if u.text.rstrip().endswith("?") or from_message(u, slots).keys() - {"availability"}:
        return None
    if age := _AGE.match(folded):
        years = read_age(folded) or int(age["years"])
        return Plan(("action_my_age",), argument=str(years))
    school = _CLASS.match(folded)
    if school is None or (school["in"] or "").strip() == "la":
        return None
    if not _OF_ME.search(folded) and (slots["shown"] or not school["third"]):
        return None  # « 3e stp » is an offer of the list
    level = next(name for name in ("middle", "third", "high") if school[name])
    return Plan(("action_my_class",), argument=level)

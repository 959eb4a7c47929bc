"""What is said under offers: show them, where is it, is it taken; and under those of an alert."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from dialogs.changes import SEARCH_SLOTS, from_message, looked_for
from dialogs.plans import Plan, Slots, slot
from dialogs.pressing import pressed
from dialogs.steps import on_screen, pushed_by, which
from nlu.meaning import Understanding
from nlu.questions import read_topic
from nlu.remarks import Remark, read_remark
from nlu.text import fold

_ONE = r"(?:l[ae] )?(?:\d\w{0,3}|premiere?|deuxieme|seconde?|troisieme|derniere?)"
_SHOW = re.compile(
    r"^(?:(?:ok|oui|ouais|bon|allez|aller|vas[ -]?y|vazy|go|d'?accord|dac|ah|bah|et|alors|stp|svp|"
    r"tu|je|j'?|peux|veux|veut|voudrais|aimerais)[ ,]*)*"
    r"(?:(?:re)?(?:montre|vois|voir|affiche|envoie|balance|regarde)[rz]?|fais[ -]voir|"
    r"(?:toutes )?(?:(?:les|la) )?(?:offres|annonces|liste|nouvelles)|toutes)"
    r"(?:[ -](?:moi|les|la|le|tout|toutes?|ca|sa|offres?|annonces?|nouvelles?|liste|des|ces|mes|"
    r"stp|svp|alors|vite|toi))*$"
)
_WHERE = re.compile(
    r"^(?:et |mais |ok )*(?:(?:c'? ?(?:est )?|elle (?:est )?|ca se trouve |sa se trouve )"
    r"(?:ou|dans quelle ville|quelle ville|quelle adresse)|ou (?:ca|sa|c'?est|est[ -]ce|se trouve)|"
    r"quelle (?:ville|adresse)|(?:c'? ?(?:est )?)?(?:quoi |koi )?l'?adresse|adresse|"
    r"(?:c'? ?(?:est )?|et )?qui(?: c'? ?est)?(?: (?:le patron|l'entreprise))?$|"
    r"(?:c'? ?(?:est )?)?(?:quoi |koi |quel(?:le)? )(?:comme |l'? ?)?(?:entreprise|boite|"
    r"boulangerie|garage|salon|patron))\b"
    rf"(?: (?:ca|sa|exactement|situee?|stp|svp|c'?est|{_ONE}))*$"
)
_ABOUT_IT = re.compile(
    r"^(?:et |mais )*(?:c'? ?(?:est )?)(?:qui|quelle (?:boite|entreprise)|quel patron|pour quand|"
    r"quand|a combien de (?:km|kilometres?|minutes)|loin de combien)$|"
    r"^(?:et )?(?:a )?(?:quelle distance|combien de km)$"
)
"""What its card tells."""
_NOT_THAT = re.compile(
    r"^(?:non |nan |nn |mais |bof )*(?:(?:je |j)(?:ne |n')?(?:veux?|aime) pas|pas) "
    r"(?:de )?(?:celle|celui|cette|ca|sa)(?:[ -](?:la|ci|offre|annonce))*$|"
    r"^(?:non |nan |nn |bof )*(?:(?:elle |ca |sa )?(?:ne )?m'? ?interesse pas|"
    r"(?:elle |ca |sa )?(?:ne )?me plait pas|(?:je suis )?pas interessee?)$"
)
_OTHERS = re.compile(r"^(?:et |non |nan )*(?:une|un|des|d'?)? ?autres?(?: stp| svp)*$")
_CALLED = re.compile(
    r"^(?:c'? ?(?:est )?bon |ok |oui |ca y est |deja )*(?:j'?ai|j ai|g|je l'?ai|je les ai) "
    r"(?:deja |bien |enfin )?(?:ap+el+e[er]?s?|telephone[er]?)"
    r"(?: (?:hier|ce matin|deja|aujourd'?hui))*$"
)
_THE_ONE = re.compile(
    r"^(?:et |ok |oui |non |nan )*(?:celle|celui|l'offre|l'annonce)(?:[ -]la)? "
    r"(?:de |du |d'|des |a |au |aux |chez )(?:la |l'|le )?(?P<words>[a-z' -]{3,40})$"
)
_STILL_THERE = re.compile(
    r"^(?:et |mais )*(?:ils?|elles?|on) (?:recrute|cherche|prend|embauche)\w* "
    r"(?P<hiring>encore|toujours|tjrs?)(?: quelqu'un)?$|"
    r"^(?:et |mais )*(?:(?:c'?(?: ?est)?|elle(?: est)?|l'offre est|est[ -]elle|la place est) )?"
    r"(?:(?P<still>encore|toujours|tjrs?) )?(?:deja )?"
    r"(?:pris|prise|pourvue?|(?P<free>dispo|disponible|libre|d'actualite|valable))"
    rf"(?: (?:ou pas|stp|svp|encore|{_ONE}))*$"
)
"""« C’est pris ? », and not « c’est pris. »: a question mark tells them apart, or « encore »."""
_CALL = re.compile(
    r"^(?:(?:ok|oui|bon|alors|je|j'?|vais|veux|voudrais|peux|comment|on)[ ,]*)*"
    r"(?:l'|les? )?appell?e[rz]?(?:[ -]les?)?(?: (?:stp|svp))*$|"
    r"^(?:(?:et|c'?(?: ?est)?|quoi|koi|donne|moi|je|veux|il faut|t'? ?(?:as|a)|tu as|vous avez|"
    r"(?:il )?y ?a|ou est)[ -]+)*(?:le |leur |un |du |son )?"
    rf"(?:num(?:ero)?s?|tel(?:ephone)?)(?: (?:stp|svp|de|du|tel(?:ephone)?|patron|{_ONE}))*$"
)
_LIKED = re.compile(
    r"^(?:(?:oui|ok|ouais|ah|trop|bien|grave|mais|franchement)[ ,]*)*"
    r"(?:(?:ca|sa|elle|celle[ -](?:la|ci)) m'? ?(?:interes+e|plait)|"
    r"(?:je suis |chui |j?suis )?interes+ee?s?|interes+ant\w*|je (?:la|prends|veux) "
    r"?(?:veux|prends|celle[ -](?:la|ci)))(?: (?:grave|bien|trop|carrement))*$"
)
_LA = re.compile(r"\b(?:l[ae]|celle?|l'?offre|numero|n°) ?([1-9])\b(?! ?(?:km|h\b|ans?\b|fois))")
"""« La 3, c’est pas pour moi »: what stands after it does not say, here, that it is an offer."""
_DONE_TO_ONE = (
    ("taken", re.compile(r"\b(?:est|c'?est|c|deja|etait)(?: deja)? (?:pris|prise|pourvue?)\b")),
    ("hide", re.compile(
        r"\b(?:pas pour moi|(?:plai[ts]|plais|interes+e?|tente|veux|veut|ve|aime|convient|va) "
        r"(?:pas|po)|bof|nulle?|supprime[rz]?|enleve[rz]?|retire[rz]?|cache[rz]?|vire[rz]?|"
        r"efface[rz]?|non merci)\b")),
    ("share", re.compile(
        r"\b(?:partage[rz]?|transfere[rz]?|liens?|"
        r"envoi[ez]?[rz]? .{0,20}\ba (?:ma|mon|mes|une?)\b)")),
    ("card", re.compile(
        r"\b(?:ouvre|ouvrir|montre|voir|affiche|details?|infos?|commence quand|"
        r"c'? ?(?:est )?(?:quoi|koi|quand|ou)\b|quel(?:le)? (?:diplome|niveau|ville|entreprise))")),
    ("call", re.compile(r"\bm'? ?interess?e(?! pas)|\bme plai[ts](?! pas)")),
)  # fmt: skip
"""What is said of an offer that is named by its number, and the action it asks for."""
_OF_SEARCH = frozenset((
    "action_ask_travel", "action_ask_trades", "action_ask_where", "action_ask_availability",
    "action_ask_which_place", "action_confirm_place",
))  # fmt: skip
"""What is asked so that the search changes."""


def said(u: Understanding, slots: Slots, today: date) -> Plan | None:
    """A word about the offers on the screen, or on the phone since an alert has spoken."""
    folded = _folded(u)
    if _SHOW.match(folded):
        return _show(slots, today)
    found = from_message(u, slots)
    ids = (slots["shown"] or {}).get("ids", ())
    if ids and _OTHERS.match(folded):
        return _all_of(slots) if pushed_by(slots) else Plan(("action_page",))
    if ids and (one := _THE_ONE.match(folded)):
        return Plan(("action_pick",), argument=one["words"])
    nth = read_remark(u.text)
    if nth is None or nth.kind != "nth":
        nth = None
    if pushed_by(slots) and nth and not _id(slots, nth) and found.keys() <= {"availability"}:
        return _all_of(slots)  # « la 2 », of one that was told alone: the others are behind it
    if not ids or found.keys() - {"availability"}:
        return None
    if verb := _verb(u, folded, nth):
        return _of_one(slots, nth, verb)
    return _named(u, folded, slots, nth)


def _named(u: Understanding, folded: str, slots: Slots, nth: Remark | None) -> Plan | None:
    """« La 2e est déjà prise », « partage la 3 »: the one that is named, not a call to it."""
    if nth is None:
        if (number := _LA.search(folded)) is None:
            return None
        nth = Remark("nth", int(number[1]))
    verb = next((verb for verb, look in _DONE_TO_ONE if look.search(folded)), None)
    if verb == "taken" and u.text.rstrip().endswith("?"):
        verb = "check"
    id = _id(slots, nth)
    if verb in ("hide", "taken") and id is None:
        return Plan((f"action_which_{verb}",))
    return Plan((f"action_{verb}",), argument=id) if verb and id else None


def agreed(slots: Slots) -> Plan | None:
    """« Ok », « cool », to the message of an alert: its offer again, or all of them."""
    if not pushed_by(slots):
        return None
    ids = (slots["shown"] or {}).get("ids", ())
    return _of_one(slots, None, "card") if len(ids) == 1 else _all_of(slots)


def calls(u: Understanding, slots: Slots) -> bool:
    """« Appeler », « j’ai appelé », under offers: no call for a counsellor."""
    folded = _folded(u)
    said = _CALL.match(folded) or _CALLED.match(folded)
    return bool(said and (slots["shown"] or {}).get("ids"))


def _folded(u: Understanding) -> str:
    return fold(u.text[:200]).replace("’", "'").strip(" .!?")


def _verb(u: Understanding, folded: str, nth: Remark | None) -> str | None:
    """What is to be done about one of them."""
    if _CALL.match(folded):
        return "call"
    asks = u.text.rstrip().endswith("?")
    if (still := _STILL_THERE.match(folded)) and (
        asks or still["still"] or still["free"] or still["hiring"]
    ):
        return "check"
    if _CALLED.match(folded):
        return "called"
    if _NOT_THAT.match(folded):
        return "hide"
    if _WHERE.match(folded) or _LIKED.match(folded) or _ABOUT_IT.match(folded):
        return "card"
    return "card" if nth and read_topic(u.text) == "pay" else None


def _of_one(slots: Slots, nth: Remark | None, verb: str) -> Plan:
    id = _id(slots, nth) if nth else which(slots)
    return Plan((f"action_{verb}",), argument=id) if id else Plan((f"action_which_{verb}",))


def _id(slots: Slots, nth: Remark) -> str | None:
    ids = on_screen(slots)
    number = len(ids) if nth.number == 0 else nth.number or 1
    if number > len(ids):  # « la 5e », counted from the first page
        number -= len((slots["shown"] or {}).get("before", ()))
    return str(ids[number - 1]) if 1 <= number <= len(ids) else None


def _show(slots: Slots, today: date) -> Plan | None:
    """What was proposed, else all of the alert that has spoken last, else the list that stands."""
    yes = (slots["pending"] or ("",))[0]
    if yes.startswith(("/again", "/set ", "/which_way", "/news")):
        return pressed(yes, slots, today)
    if pushed_by(slots):
        return _all_of(slots)
    whole = slots["trades"] is not None and bool(slots["where"])
    return pressed("/again", slots, today) if whole else None


def _all_of(slots: Slots) -> Plan:
    return Plan(("action_alert_all",), argument=str(pushed_by(slots)))


def stands(u: Understanding, slots: Slots) -> Mapping[str, Any]:
    """The search that words are about: that of the alert that has spoken last, unless they name
    another one; nothing when it is the one that stands."""
    if not pushed_by(slots) or {"trades", "where"} <= from_message(u, slots).keys():
        return {}
    asked = looked_for(slots)
    return {name: asked[name] for name in SEARCH_SLOTS}


def of_the_alert(plan: Plan, search: Mapping[str, Any], slots: Slots) -> Plan:
    """The plan for a search that becomes that of the alert, and the alert's own if it changes."""
    touches = plan.form or plan.candidates is not None or _OF_SEARCH.intersection(plan.actions)
    if not search or not touches:
        return plan
    edit = slot("alert_edit", pushed_by(slots))
    if plan.candidates is not None:
        found = {**search, **plan.candidates}
        return replace(plan, candidates=found, events=(*plan.events, edit))
    return replace(plan, events=(*(slot(k, v) for k, v in search.items()), *plan.events, edit))

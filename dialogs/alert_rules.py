"""What is said and pressed about alerts: kept, listed, named, changed, paused, stopped."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from dialogs.ages import read_age, said_anew
from dialogs.beat_rules import asks_for_beat, read_beat
from dialogs.changes import differs, from_message
from dialogs.plans import Plan, Slots, slot
from nlu.datewords import DateWords
from nlu.meaning import Understanding
from nlu.moments import moments, plus_months
from nlu.text import fold

BUTTONS: Mapping[str, Plan] = {
    "alert_me": Plan(("action_alert_me",)),
    "alert_no": Plan(("action_no_alert",)),
    "alert_age": Plan(("action_ask_age",)),
    "alert_leave": Plan(("action_alert_leave",)),
    "alerts": Plan(("action_alerts",)),
    "alerts_stop": Plan(("action_alert_stop",), argument="*"),
    "news": Plan(("action_news",)),
    "not_for_me": Plan(("action_which_hide",)),
}
"""Buttons that carry no value."""

MOST_DAYS = 3
"""Days that are offered after « pause »; a push has one « pause » among its buttons."""

ONE = r"(?:10|[1-9])"
"""What the person’s buttons call an alert."""

_DAY = r"\d{4}-\d\d-\d\d"
_CARRYING: Mapping[str, tuple[str, str]] = {
    "age": ("action_age", r"\d{1,3}"),
    "alert": ("action_alert", ONE),
    "alert_all": ("action_alert_all", ONE),
    "alert_edit": ("action_alert_edit", ONE),
    "alert_keep": ("action_alert_keep", ONE),
    "alert_rhythm": ("action_alert_rhythm", ONE),
    "alert_name": ("action_alert_name", ONE),
    "alert_drop": ("action_alert_drop", ONE),
    "alert_set": ("action_alert_set", ONE),
    "alert_stop": ("action_alert_stop", ONE),
    "alert_on": ("action_alert_on", rf"{ONE}|\*"),
    "alert_pause": ("action_alert_pause", rf"(?:{ONE}|\*)(?: {_DAY})?"),
    "alert_beat": ("action_alert_beat", rf"{ONE} (?:daily|live|weekly)"),
}
"""Buttons that carry the number of an alert (« * »: all), and what it may look like."""

_PRESSES = {name: (action, re.compile(look)) for name, (action, look) in _CARRYING.items()}

_LIST = re.compile(
    r"^(?:(?:voir|montre[rz]?(?:[ -]moi)?|affiche|liste[rz]?|c'?(?:est)? quoi|quelles sont|"
    r"(?:je )?(?:veux|peux) voir|ou sont|gere[rz]?)(?: moi)? )?(?:toutes? )?"
    r"(?:la )?(?:liste de )?(?:mes|mon) "
    r"(?:alertes?|notifs?|notifications?)"
    r"(?: (?:stp|svp|merci|deja|c'? ?(?:est )?(?:pour )?quoi))*$|"
    r"^(?:j'?ai )?(?:combien|cb|cmb) (?:j'?ai )?(?:d'? ?)alertes?(?: (?:j'?ai|ai[ -]je|en cours))?$"
)
_SILENT = re.compile(
    r"\b(?:rien|pas|po|jamais|aucun) (?:encore )?(?:recu|eu)"
    r"(?: (?:de |d')?(?:messages?|alertes?|notifs?|nouvelles?))?(?: encore| pour l'instant)?$|"
    r"^(?:elles? |ca |sa )?(?:marche|fonctionne)\w* (?:encore |bien |toujours )?"
    r"(?:mon|mes|l'|les) ?alertes?$|"
    r"^(?:mon|mes|l'|les) ?alertes? (?:marche|fonctionne)\w*(?: encore| bien| toujours)?$|"
    r"^c'? ?(?:est )?(?:quoi|koi) (?:l'? ?)?(?:heure|horaire)s?(?: des? (?:mes |l')?alertes?)?$|"
    r"\balertes? (?:ne )?(?:marche\w*|fonctionne\w*) (?:pas|po|plus)\b|"
    r"^(?:tu|vous) (?:m'? ?ecri\w*|m'? ?envoi\w*|me previen\w*) quand$|"
    r"^(?:a |vers )?quell?e? heures? (?:tu|vous) (?:m'? ?(?:ecri|envoi)\w*|me previen\w*)"
)
"""Where is my message? Of no meaning to who has no alert."""
_HOW = re.compile(
    r"^(?:dis moi |explique )?(?:comment|koment|coment) (?:ca )?(?:marche|fonctionne)\w*,? "
    r"(?:les |mes |une |tes |l')?(?:alertes?|notifs?|notifications?)$|"
    r"^(?:comment|koment|coment) (?:je |on |tu )?(?:(?:les |l'|te |me )?"
    r"(?:stop\w*|arr?et\w*|recoi\w*|desactiv\w*|previen\w*))(?: (?:les |l'|mes )?alertes?)?$|"
    r"^(?:je (?:les? |la )?recoi\w*|tu me previen\w*) (?:ca |sa )?comment$"
)
_NEWS = re.compile(r"^(?:(?:il )?y ?a |ya |t'?as |tu as |alors )?(?:du|quoi de) (?:nouveau|neuf)$")
_PAUSE = re.compile(r"\ben (?:pause|veille|attente)\b|\bpause\b")
_NUMBER = re.compile(rf"\b(?:alertes?|numero|n°|la|le) ?(?:numero |n° ?)?({ONE})\b(?! ?(?:h|km))")
_EDIT = re.compile(
    r"^(?:je (?:veux|voudrais|peux) )?(?:change[rz]?|modifi\w*|corrige[rz]?|edite[rz]?) "
    r"(?:(?:le metier|la ville|la distance|la date|le lieu) (?:de |d'|pour |dans |sur ))?"
    r"(?:mon |l'|une |cette |ton |mes )?alertes?\b"
)
_IT = re.compile(
    r"^(?:oui |ok |vas y )*(?:sup+rim\w*|eff?ac\w*|vire\w*|enleve\w*|retire\w*)"
    r"(?:[ -](?:la|le|ca|sa|stp|svp))*$"
)
"""Of the alert on the screen; of everything, where none is."""
_GLUED = re.compile(r"\b([ld])['e]? ?(alertes?)\b")
"""« lalerte », « l alerte »."""
_DROP = re.compile(r"\b(?:sup+rim\w*|efface\w*|enleve\w*|retire\w*|vire\w*)\b")
_THAT_ONE = re.compile(r"\b(?:mon|l'|cette|ton) ?alerte\b(?: (?:de |du |pour |en |a )?(.+))?$")
_ASKS = r"^(?:(?:je veux|j'?veux|stp|svp|tu peux|peux tu|vas y|ok|bon) )*"
_ALL_OF_THEM = re.compile(
    rf"{_ASKS}(?:sup+rim\w*|eff?ac\w*) (?:moi )?(?:toutes? )?(?:mes|les) alertes"
    r"(?: (?:stp|svp|merci))*$"
)
"""Those alone, not « supprime tout »; they can be taken up again, so that nothing is asked."""
_QUIET_ONE = re.compile(
    rf"{_ASKS}(?:sup+rim\w*|eff?ac\w*|enleve\w*|retire\w*|vire\w*|arr?et\w*|stop|coupe\w*|"
    r"desactive\w*) (?:moi )?(?:l'|mon |cette |ton )alerte\b"
)
_OFF = re.compile(
    r"^(?:c'?est )?(?:fini\w*|termine\w*|off|marre|mute) (?:avec |de )?(?:les |mes |tes |l')?"
    r"(?:alertes?|notifs?)$|^(?:alertes?|notifs?) off$"
)
_OFF_ALONE = re.compile(r"^(?:desactive\w*|mute|off)(?: (?:tout|stp|svp))*$")
_OF_LIST = re.compile(
    rf"{_ASKS}(?:(?P<verb>(?!l[ae] |alerte |mets? )\w+) )?(?:mets? )?(?:l[ae] |l'|alerte )?"
    rf"(?:(?P<n>{ONE})(?: ?(?:e|eme|ere|er))?|"
    r"(?P<nth>premiere?|deuxieme|seconde|troisieme|derniere))"
    r"(?: alerte)?(?P<rest> en (?:pause|veille))?$"
)
"""« La 2 », « supprime la 2 », « la dernière », under the list of alerts."""
_NTH = {"premier": 0, "premiere": 0, "deuxieme": 1, "seconde": 1, "troisieme": 2, "derniere": -1}
_OF_LIST_NAMED = re.compile(
    rf"{_ASKS}(?P<verb>\w+) (?:moi )?(?:celle|l[ae]|l'alerte) ?(?:de |du |d'|pour |en |a |au )"
    r"(?P<name>(?!pause\b|veille\b)[a-z' -]{3,30}?)(?P<rest> en (?:pause|veille))?$"
)
"""« Supprime celle de Cambrai »."""
_TAKEN_UP = re.compile(
    r"^(?:non |nan |bon |ok )*(?:reprend\w*|recommence\w*|remet\w*|redemarre\w*)\b"
)
_HOW_LONG = re.compile(r"\b(?:combien|jusqu'? ?a quand|dure(?:e|nt)?|quand|fini\w*)\b")
_VERBS = (
    (re.compile(r"sup+rim|eff?ac|enlev|retir|vir"), "action_alert_drop"),
    (re.compile(r"arr?et|stop|coupe|desactiv"), "action_alert_stop"),
    (re.compile(r"pause"), "action_alert_pause"),
    (re.compile(r"repren|relanc|reactiv"), "action_alert_on"),
    (re.compile(r"modif|change|corrige|edit"), "action_alert_edit"),
    (re.compile(r"voir|montr|affich|$"), "action_alert"),
)
_BY_NAME = ("action_alert_drop", "action_alert_stop", "action_alert_pause", "action_alert_on")
_ON_AGAIN = re.compile(
    r"^(?:(?:ok|bon|c'? ?(?:est )?bon|allez|on|tu peux|non|nan|nn|no|euh|attends?|finalement|"
    r"en fait|enfaite|maintenant) )*"
    r"(?:reprend\w*|recommenc\w*|revien\w*|remet\w*|relanc\w*|re ?activ\w*|rallum\w*|"
    r"redemarr\w*|continue\w*)"
    r"(?: (?:les?|la|tout|en (?:route|marche)|stp|svp|moi|ca|sa|maintenant))*$"
)
"""Under « En pause » or « C’est arrêté » it is of the alerts, and not of the search."""
_SEE = re.compile(rf"^(?:voir |montre )?(?:l')?alerte (?:numero |n° ?)?({ONE})$")
_NAME = re.compile(
    r"^(?:re)?(?:nomme[rz]?|appelle[rz]?|baptise[rz]?)[ -](?:mon |l'|cette |la )?"
    rf"(?:alerte(?: (?P<n>{ONE}))? ?:? ?)(?P<name>.+)$",
    re.IGNORECASE,
)
_RENAME = re.compile(
    r"^(?:re)?(?:nomme[rz]?|appelle[rz]?|baptise[rz]?)[ -]l[ae] (?P<name>\S.{0,60})$", re.IGNORECASE
)
"""« Renomme-la garage », of the alert on the screen."""
_KEEP = re.compile(
    r"^(?:oui |ok |vas y )*(?:garde|enregistre|sauvegarde)[rz]?"
    r"(?:[ -](?:la|le|les|ca|sa|moi|tout|(?:cette |ma |la )recherche))*$"
)
_KEEP_CHANGE = re.compile(
    r"^(?:oui |ok )?(?:je )?(?:garde[rz]?|enregistre[rz]?|valide[rz]?|sauvegarde[rz]?) "
    r"(?:le |ce |les |mon |mes )?(?:changements?|modifs?|modifications?)$"
)
_WHY = re.compile(
    r"\b(?:pourquoi|pk|pq|prk|pkoi|a quoi (?:ca|sa) sert|ca te regarde|regarde pas|tes affaires)\b"
)
_NO_NAME = re.compile(r"^(?:annule\w*|laisse(?: tomber)?|rien|aucun|pas de nom|retour|tant pis)$")
_AGAIN = re.compile(
    r"^(?:re|start|redem|reab)|\b(?:re(?:met|prend|lanc|activ|commenc|abon)\w*|start)"
)
_TIMES = re.compile(
    r"\b(?:(?P<count>\d{1,2}|une?|deux|trois|quatre|cinq|six) )(?P<unit>jours?|semaines?|mois)\b"
)
_SMALL = {"un": 1, "une": 1, "deux": 2, "trois": 3, "quatre": 4, "cinq": 5, "six": 6}


def pressed(name: str, rest: str) -> Plan | None:
    """The plan of a button about alerts; ``None`` for any other."""
    if name in BUTTONS:
        return BUTTONS[name]
    if name not in _PRESSES:
        return None
    action, look = _PRESSES[name]
    if not look.fullmatch(rest) or not _dated(rest):
        return Plan(("action_old_button",))
    return Plan((action,), argument=rest)


def _dated(rest: str) -> bool:
    """Whether the day that a button holds, if any, is one of a calendar."""
    _, _, day = rest.partition(" ")
    try:
        return not re.fullmatch(_DAY, day) or bool(date.fromisoformat(day))
    except ValueError:
        return False


def stops(u: Understanding, slots: Slots, today: date) -> Plan | None:
    """« Stop », before what a button of the same words would do: it always means all of them."""
    folded = _folded(u)
    if _ALL_OF_THEM.match(folded):
        return Plan(("action_alert_stop",), argument="*")
    if _OFF.match(folded) or (slots["alerts"] and _OFF_ALONE.match(folded)):
        return Plan(("action_alert_stop",), argument="*")
    if u.intent != "stop_alerts" and not _QUIET_ONE.match(folded):
        return None
    action = "action_alert_drop" if _DROP.search(folded) else "action_alert_stop"
    if (number := _NUMBER.search(folded)) is not None:
        return Plan((action,), argument=number[1])
    if (one := _THAT_ONE.search(folded)) is not None:
        return Plan((action,), argument=f"? {one[1] or ''}".strip())
    return Plan(("action_alert_stop",), argument="*")


def said(u: Understanding, slots: Slots, today: date) -> Plan | None:
    """What is said about alerts in so many words, or as an answer."""
    folded = _folded(u)
    waits = slots["asked"] == "ask_age" or slots["alert_due"] == "age"
    if waits and (found := _about_age(u, folded, slots)) is not None:
        return found
    if (years := said_anew(folded, slots["age"])) is not None:
        return Plan(("action_age",), argument=years)
    one = (
        _about_one(u, folded, slots)
        or _on_screen(u, folded, slots)
        or _of_list(folded, slots, today)
        or _until(u, folded, slots, today)
    )
    if one is not None:
        return one
    if slots["asked"] == "alert_name" and u.intent not in ("human", "delete_data"):
        if u.intent == "deny" or _NO_NAME.match(folded):
            return BUTTONS["alert_leave"]
        if not u.text.rstrip().endswith("?"):
            return Plan(("action_alert_named",), argument=u.text.strip()[:80])
    return _rhythm(folded, slots) or _intended(u, folded, slots, today)


def _on_screen(u: Understanding, folded: str, slots: Slots) -> Plan | None:
    """What the buttons said last do, put otherwise."""
    choices = [payload for _, payload in slots["choices"] or ()]
    shown = next((p for p in choices if p.startswith("/alert_name ")), None)
    if shown and (called := _RENAME.match(u.text[:200].strip())):
        n = shown.removeprefix("/alert_name ")
        return Plan(("action_alert_name",), argument=f"{n} {called['name'].strip()}")
    return BUTTONS["alert_me"] if "/alert_me" in choices and _KEEP.match(folded) else None


def _of_list(folded: str, slots: Slots, today: date) -> Plan | None:
    """What is said right under the alerts, of one of them or of those that are silent."""
    choices = [payload for _, payload in slots["choices"] or ()]
    silent = next((payload for payload in choices if payload.startswith("/alert_on ")), None)
    if silent is not None and _ON_AGAIN.match(folded):
        return pressed("alert_on", silent.removeprefix("/alert_on "))
    if _IT.match(folded) and (drops := [p for p in choices if p.startswith("/alert_drop ")]):
        return pressed("alert_drop", drops[0].removeprefix("/alert_drop "))
    if silent is not None and _TAKEN_UP.match(folded) and (until := read_until(folded, today)):
        n = silent.removeprefix("/alert_on ")
        return Plan(("action_alert_pause",), argument=f"{n} {until}")
    return _of_one_listed(folded, [p.split(" ")[1] for p in choices if p.startswith("/alert ")])


def _of_one_listed(folded: str, listed: Sequence[str]) -> Plan | None:
    """What is said of one of the alerts that were just listed, by their numbers."""
    one = _OF_LIST.match(folded) or _OF_LIST_NAMED.match(folded)
    if one is None or not listed:
        return None
    verb = "pause" if one["rest"] else one["verb"] or ""
    action = next((action for look, action in _VERBS if look.match(verb)), None)
    parts = one.groupdict()
    if action is None or (parts.get("name") and action not in _BY_NAME):
        return None
    if parts.get("name"):
        return Plan((action,), argument=f"? {parts['name']}")
    place = _NTH.get(parts["nth"] or "")
    n = parts["n"] or (listed[place] if place is not None and place < len(listed) else None)
    return Plan((action,), argument=n) if n in listed else None


def _until(u: Understanding, folded: str, slots: Slots, today: date) -> Plan | None:
    """« Jusqu’à Noël », right after « je recommence quand ? »: the day it ends."""
    days = [p for _, p in slots["choices"] or () if p.startswith("/alert_pause ")]
    if len(days) < MOST_DAYS or from_message(u, slots).keys() - {"availability"}:
        return None
    until = read_until(folded, today)
    n = days[0].split(" ")[1]
    return Plan(("action_alert_pause",), argument=f"{n} {until}") if until else None


def _about_one(u: Understanding, folded: str, slots: Slots) -> Plan | None:
    """« Mes alertes », « l’alerte 2 », « nomme mon alerte … », « modifie l’alerte 2 »."""
    if _LIST.match(folded):
        return BUTTONS["alerts"]
    if slots["alerts"] and "pause" in folded and _HOW_LONG.search(folded):
        return BUTTONS["alerts"]
    if _HOW.match(folded):
        return Plan(("action_answer", "action_resume"), argument="alerts")
    if slots["alerts"] and _SILENT.search(folded):
        return Plan(("action_alert_silence",))
    if slots["alerts"] and asks_for_beat(folded):
        at = slots["alert_at"]
        return Plan(("action_alert_rhythm",), argument=str(at)) if at else BUTTONS["alerts"]
    if slots["alerts"] and _NEWS.match(folded):
        return BUTTONS["news"]
    if (see := _SEE.match(folded)) is not None:
        return Plan(("action_alert",), argument=see[1])
    if (called := _NAME.match(u.text[:200].strip())) is not None:
        name = called["name"].strip()
        if called["n"]:
            return Plan(("action_alert_name",), argument=f"{called['n']} {name}")
        return Plan(("action_alert_named",), argument=name)
    if _EDIT.match(folded):
        number = _NUMBER.search(folded)
        n = number[1] if number else slots["alert_at"]
        return Plan(("action_alert_edit",), argument=str(n)) if n else BUTTONS["alerts"]
    if slots["alert_edit"] and _KEEP_CHANGE.match(folded):
        return Plan(("action_alert_keep",), argument=str(slots["alert_edit"]))
    return None


def _folded(u: Understanding) -> str:
    said = fold(u.text[:200]).replace("’", "'").strip(" .!?")
    return _GLUED.sub(r"\1'\2", said)


_UNREAD = ("affirm", "give_info", "correct")
"""Intents that, without a value, answer « tu as quel âge ? » in a way that cannot be read."""


def _about_age(u: Understanding, folded: str, slots: Slots) -> Plan | None:
    if (years := read_age(folded)) is not None:
        return Plan(("action_age",), argument=str(years))
    if slots["asked"] != "ask_age":
        return None
    if ("age" in folded.split() and _WHY.search(folded)) or _WHY.match(folded):
        return Plan(("action_why_age",))
    if u.intent == "deny":
        return BUTTONS["alert_no"]
    unread = (u.intent == "out_of_scope" and u.reason in (None, "noise")) or u.intent in _UNREAD
    return BUTTONS["alert_age"] if unread and not from_message(u, slots) else None


def _rhythm(folded: str, slots: Slots) -> Plan | None:
    """How often and at what hour, and nothing else; of no meaning to who has no alert."""
    if not slots["alerts"]:
        return None
    number = _NUMBER.search(folded) if "alerte" in folded else None
    beat = read_beat(_NUMBER.sub(" ", folded) if number else folded)
    n = number[1] if number else "*"
    return Plan(("action_alert_beat",), argument=f"{n} {beat}") if beat else None


def _intended(u: Understanding, folded: str, slots: Slots, today: date) -> Plan | None:
    number = _NUMBER.search(folded)
    n = number[1] if number else "*"
    if u.intent == "pause_alerts" or (number and "alerte" in folded and _PAUSE.search(folded)):
        until = read_until(folded, today)
        dated = until is not None and until > today
        return Plan(("action_alert_pause",), argument=f"{n} {until}" if dated else n)
    if u.intent != "resume_alerts":
        return None
    found = from_message(replace(u, adds=False), slots)  # « aussi »: another alert, not more of it
    if beat := read_beat(folded):  # « préviens-moi le mardi à 8 h »: no day to begin on
        return Plan(("action_alert_me",), (slot("alert_beat", beat),))
    if _AGAIN.search(folded) and not found:
        return Plan(("action_alert_on",), argument=n)
    if u.ambiguous_places or u.noncraft_trades or u.domains:
        return None
    # What was found for another search says nothing of this one.
    fresh = (slot("searched", False),) if found and differs(found, slots) else ()
    return Plan(("action_alert_me",), fresh, candidates=found or None)


def read_until(folded: str, today: date) -> date | None:
    """The day a pause ends: « jusqu’au 5 janvier », « 2 semaines », « un mois »; always to come."""
    if "jusqu" not in folded and (times := _TIMES.search(folded)) is not None:
        count = _SMALL.get(times["count"]) or int(times["count"])
        if times["unit"] == "mois":
            return plus_months(today, count)
        return today + timedelta(days=count * (7 if times["unit"].startswith("semaine") else 1))
    for moment in moments(DateWords.of(folded, asked_when=True)):
        days = moment.on(today)
        if days is None:
            continue
        after = days.end + timedelta(days=1) if days.end else days.start
        ends = "jusqu" not in folded or re.search(r"\bfin\b", folded)
        if (day := after if ends else days.start) > today:
            return day
    return None

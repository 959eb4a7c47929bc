"""What happens next while an application is being filled in; everything else is the search's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import date
from typing import Any

from dialogs import rules
from dialogs.apply_form import QUESTIONS, applying, missing
from dialogs.plans import Heard, Plan, Slots
from nlu.meaning import Understanding
from nlu.questions import read_topic
from nlu.remarks import read_remark
from nlu.text import fold

RESUMING = frozenset((
    "action_insult", "action_housing", "action_cancel", "action_old_button",
    "action_clear_screen", "action_sent", "action_greet", "action_resume",
))  # fmt: skip
"""Actions that come back by themselves to what was being done."""

ASIDE = RESUMING | frozenset((
    "action_answer", "action_human", "action_thanks", "action_help", "action_keep",
    "action_my_data", "action_employer", "action_customer", "action_empty", "action_courage",
    "action_bravo", "action_card", "action_share", "action_hide", "action_taken", "action_check",
    "action_steps",
    "action_unreadable", "action_page", "action_alerts", "action_alert",
    "action_alert_stop", "action_alert_pause", "action_alert_on", "action_alert_beat",
    "action_alert_drop", "action_alert_set", "action_no_alert", "action_news", "action_courses",
    "action_appointment", "action_my_class", "action_came", "action_still_looking",
))  # fmt: skip
"""Actions in the middle of an application, after which it goes on where it was."""

STANDING = frozenset((
    "action_confirm_delete", "action_delete", "action_distress", "action_shy", "action_call",
    "action_which_hide", "action_which_taken", "action_which_call", "action_which_card",
    "action_which_check", "action_which_called", "action_called", "action_pick",
))  # fmt: skip
"""Actions after which the application waits: they ask or say something that must stand alone."""

DANGERS = ("distress", "violence")
REACHED = ("apply_email", "apply_phone")
"""How the employer answers: who has none is told what to do."""

AT_ANY_TIME = ("human", "delete_data", "export_data")
CERTAIN = 0.9
IN_SO_MANY_WORDS = 0.99
"""Where anything may be written, a guess is not enough."""
MOST_NAMES = 5
"""Words of a first and a last name, beside an address or a number."""

_NOT_AT_ALL = (
    r"(?:non |bon |ok |bah |en fait |enfaite |finalement )*"
    r"(?:je |j )?(?:ne |n')?(?:postule|candidate) (?:pas|plus|po)[ .!]*$"
)
_CANCEL = re.compile(
    rf"^{_NOT_AT_ALL}|"
    r"^(?:non |bon |ok )?(?:annul(?:e[rz]?|ation)|laisse tomber|j'?arrete|stop|abandonne[rz]?|"
    r"je (?:ne )?(?:veux|postule) plus(?: postuler)?|quitte[rz]?|tant pis|on arrete)\b.{0,30}$"
)
_ALERTS = re.compile(r"\b(?:alertes?|notif\w*|messages?)\b")
_CANCEL_ALONE = re.compile(
    rf"^{_NOT_AT_ALL}|^(?:annul(?:e[rz]?|ation)|stop|laisse tomber|on arrete)[ .!]*$"
)
"""Where anything may be written: « j’arrête l’école en juin » is an answer."""
_BACK = re.compile(
    r"^(?:non |attends? |oups )*(?:retour|(?:je |on )?(?:reviens?|revient|retourne)(?: en arriere)|"
    r"en arriere|(?:la )?question (?:d'avant|precedente)|precedente?|"
    r"(?:je (?:veux|voudrais|peux) )?revenir en arriere)[ .!?]*$"
)
_WRONG = re.compile(
    r"\b(?:trompee?|plantee?|erreur|faute|fausse?|faux|mauvaise?|change[rz]?|corrige[rz]?|"
    r"modifie[rz]?|refaire|rectifie[rz]?|pas (?:le|la) (?:bon|bonne))\b"
)
_WAIT = re.compile(
    r"^(?:attend[sz]?|attendez|une? (?:sec\w*|minute|instant)|(?:2|deux) ?(?:s|sec\w*|min\w*)|"
    r"je (?:reviens|cherche|regarde)|j'?arrive)\b(?!.*\?).{0,40}$"
)
_WHY = re.compile(
    r"^(?:mais |et )?(?:pourquoi|pk|pq|pkoi|prk|a quoi (?:ca|sa) sert|"
    r"c'?est (?:oblige|obligatoire)|"
    r"(?:tu|vous) (?:vas|allez) (?:en )?faire quoi|je (?:veux|prefere) pas)\b.{0,60}$"
)
_NONE = re.compile(
    r"\b(?:j'?(?:en )?ai|y'?a|possede|gen) ?(?:pas|po|plus|aucun)\b|"
    r"^(?:pas|aucune?) (?:de |d')?\w+$"
)
_NOTHING = re.compile(
    r"^(?:non(?: merci)?|nan|rien(?: du tout)?|aucune?|passe[rz]?|suivante?|pas de mot|"
    r"sans|j'?en ai pas|j'?ai pas|pas d'?experience|je (?:ne )?sais pas|jsp|/)[ .!]*$"
)
_ASKS = re.compile(r"\b(?:combien|cmb|comment|koment|koi|quoi|kwa|pourquoi|est[ -]ce|faut|quand)\b")
_DONE = re.compile(
    r"^(?:voir|(?:re)?voir le cv|envoye[rz]?|envoie|envoi|valide[rz]?|c'? ?(?:est )?(?:tout|bon)|"
    r"termine[rz]?|(?:j'?ai )?fini)[ .!]*$"
)
_A_WORD = re.compile(
    r"^(?:(?:oui|ouais|ok|okay|vas[ -]?y|d'accord|dac|je veux bien|(?:ajouter |ecrire )?un mot|go|"
    r"yes|si|stp|pourquoi pas)[ ,]*)+[ .!]*$"
)
_FIX = re.compile(
    r"^(?:non )?(?:corrige[rz]?|modifie[rz]?|change[rz]?)(?: (?:le|la|mon|ma) \w+)?[ .!]*$"
)
"""What is said of the application, where words for the employer were asked for."""
_MAKE = re.compile(
    r"\b(?:5|cinq) ?questions?\b|\bon le fait\b|"
    r"\b(?:pas|po|sans|aucun)(?: encore)? (?:de |d')?cv\b|"
    r"\bfai(?:s|t|re)[ -](?:le|moi|un|mon)\b"
)
_OWN = re.compile(
    r"\bj'?ai (?:un|mon|deja) (?:\w+ )?cv\b|\b(?:pdf|docx?|photos?|fichier|document)\b|^mon cv$"
)
_NAMED = re.compile(
    r"\b(?:je m'? ?appelle|mon (?:pre)?nom(?: et (?:mon )?nom)?(?: de famille)?"
    r"(?: c'? ?est| est)?)\b[ :,]*(?P<name>.+)$",
    re.IGNORECASE,
)
_SEARCHING = re.compile(
    r"\b(?:cherche|trouve|finalement|plutot|montre|offres?|apprentissages?|autre (?:metier|ville))"
)
_AT = re.compile(r"@|\barobase\b")
_DIGITS = re.compile(r"(?:\d[\s.\-/()\u202f\u00a0]*){8,}")


def plan(heard: Heard, slots: Slots, today: date) -> Plan:
    """The plan of one turn; that of :mod:`dialogs.rules` when no application is being filled in."""
    if heard.told is not None:
        return Plan(("action_apply_outcome",))
    if not applying(slots):
        return rules.plan(heard, slots, today)
    if heard.files and heard.way != "chosen":  # those come with the confirmation
        return Plan(given={"apply_cv": {"files": [asdict(file) for file in heard.files]}})
    if heard.payload is None and heard.arrival is None and heard.understanding is not None:
        found = _said(heard, heard.understanding, slots, today)
    else:
        found = rules.plan(heard, slots, today)
    return _around(found)


def _around(found: Plan) -> Plan:
    """What an action of the rest of the dialogue means for the application."""
    first = found.actions[0] if found.actions else ""
    if first == "action_fallback":  # what was asked, once more
        return Plan(("action_apply_resume",))
    if found.given is not None or first.startswith("action_apply") or first in STANDING:
        return found
    if first in ASIDE and not found.form:
        actions = tuple(a for a in found.actions if a != "action_resume")
        resumes = bool(RESUMING & {*actions})
        return replace(found, actions=(*actions, *(() if resumes else ("action_apply_resume",))))
    return replace(found, actions=("action_apply_leave", *found.actions))


def _said(heard: Heard, u: Understanding, slots: Slots, today: date) -> Plan:
    text, folded = u.text.strip(), fold(u.text.strip()).replace("’", "'")
    asked = missing(slots)
    free = asked in {"apply_making", "apply_word"}
    if not text or _anywhere(u, folded):
        return rules.plan(heard, slots, today)
    if (pressed := rules.typed_button(u, slots, today)) is not None:
        return pressed
    if (not free or _AT.search(folded)) and (given := _details(text, folded, asked)):
        return Plan(given=given)
    again = _put_otherwise(asked, text, slots) if heard.edited else None
    if (aside := again or _hesitation(folded, slots, asked, free=free)) is not None:
        return aside
    if (_CANCEL_ALONE if free else _CANCEL).match(folded):
        return Plan(("action_apply_cancel",))
    if _lacks(asked, folded):
        return Plan(("action_apply_none",))
    if (found := _meant(u, slots, today, asked, folded)) is not None:
        return found
    if _is_question(u, asked) or (u.intent in AT_ANY_TIME and _is_sure(u, free=free)):
        return rules.plan(heard, slots, today)
    if asked is not None and free:
        return _written(asked, text, folded, slots)
    if u.reason == "insult" or _is_search(u, folded):
        return rules.plan(heard, slots, today)
    if asked is not None and _WHY.match(folded):
        return Plan(("action_apply_why",))
    return _answer(asked, heard, u, slots, today)


def _anywhere(u: Understanding, folded: str) -> bool:
    """What is never an answer: danger, « stop aux alertes »."""
    danger = u.intent == "human" and u.reason in DANGERS
    return danger or (u.intent == "stop_alerts" and bool(_ALERTS.search(folded)))


def _meant(
    u: Understanding, slots: Slots, today: date, asked: str | None, folded: str
) -> Plan | None:
    """Which detail to correct, once all are there; or a yes or a no to what was proposed."""
    fixed = _correction(folded) if asked is None else None
    if fixed is not None and fixed.argument:
        return fixed
    return rules.answer_to_pending(u, slots, today)


def _put_otherwise(asked: str | None, text: str, slots: Slots) -> Plan | None:
    """An edited text is the answer given last, once more: what says of itself what it is (an
    address, a number) was read before."""
    if asked == "apply_making":
        before = slots["apply_making"]
        return Plan(given={"apply_making": [*before[:-1], text]}) if before else None
    if asked == "apply_email" and not slots["apply_hint"]:
        return Plan(given={"apply_name": text})
    return Plan(given={"apply_word": text}) if asked is None and slots["apply_word"] else None


def _hesitation(folded: str, slots: Slots, asked: str | None, *, free: bool) -> Plan | None:
    """« Retour »; « je me suis trompée de mail », while another is asked for; « attends »."""
    if _BACK.match(folded):
        return Plan(("action_apply_back",))
    if asked is None or free:
        return None
    field = _field_named(folded) if _WRONG.search(folded) else None
    if field and slots[field] is not None:
        return Plan(("action_apply_fix",), argument=field.removeprefix("apply_"))
    return Plan(("action_apply_wait",)) if _WAIT.match(folded) else None


def _is_sure(u: Understanding, *, free: bool) -> bool:
    return u.confidence >= (IN_SO_MANY_WORDS if free else CERTAIN)


def _lacks(asked: str | None, folded: str) -> bool:
    """« J’ai pas de téléphone », where one was asked for."""
    return asked in REACHED and bool(_NONE.search(folded))


def _is_question(u: Understanding, asked: str | None) -> bool:
    """Where a mail or a number is due, a question needs no question mark; nor does one that
    begins or ends as such where a name is."""
    spoken = asked == "apply_name" and bool(_ASKS.search(fold(u.text)))
    plain = "?" in u.text or asked in REACHED or spoken
    return plain and u.intent == "question" and read_topic(u.text) is not None


def _is_search(u: Understanding, folded: str) -> bool:
    """Another search, and not a name that is also a trade or a town."""
    named = bool(u.trades or u.domains or u.noncraft_trades)
    placed = bool(u.places or u.areas or u.ambiguous_places)
    meant = bool(_SEARCHING.search(folded))
    return (named and placed) or (meant and (named or placed or u.intent in {"search", "restart"}))


def _written(asked: str, text: str, folded: str, slots: Slots) -> Plan:
    """The next answer of a CV, or the word that goes with it: anything may be written there, but
    for the names of buttons that come later or a bare yes."""
    if asked == "apply_word" and _A_WORD.match(folded):
        return Plan(("action_apply_resume",))
    if asked == "apply_word" and _FIX.match(folded):
        return _correction(folded) or Plan(("action_apply_resume",))
    words = "" if _NOTHING.match(folded) or _DONE.match(folded) else text
    if asked == "apply_word":
        return Plan(given={"apply_word": words})
    return Plan(given={"apply_making": [*slots["apply_making"], words][: len(QUESTIONS)]})


def _details(text: str, folded: str, asked: str | None) -> dict[str, Any]:
    """What the words say of themselves: an address, a number, « je m’appelle … »."""
    given: dict[str, Any] = {}
    if _AT.search(folded):
        given["apply_email"] = text
    if _DIGITS.search(re.sub(r"\S*@\S*", " ", text)):
        given["apply_phone"] = text
    rest = re.sub(r"\S*@\S*|[\d+().,;:/]+|\b(?:mail|mon|tel|num(?:ero)?|et|c'?est)\b", " ", text)
    if given and asked == "apply_name" and 2 <= len(rest.split()) <= MOST_NAMES:
        given["apply_name"] = rest
    if not given and (named := _NAMED.search(text)) and asked != "apply_name":
        given["apply_name"] = named["name"]
    return given


def _answer(asked: str | None, heard: Heard, u: Understanding, slots: Slots, today: date) -> Plan:
    """The answer to what was asked, by its place alone."""
    folded = fold(u.text).replace("’", "'")
    if asked == "apply_cv":
        if _MAKE.search(folded):
            return Plan(("action_apply_make",))
        return Plan(("action_apply_own",) if _OWN.search(folded) else ("action_apply_resume",))
    short = len(u.text.split()) <= 2  # « salut moi c’est Léa Martin » is a name
    if asked in REACHED and u.intent == "deny":
        return Plan(("action_apply_none",))
    if asked == "apply_name" and short and (u.intent == "deny" or read_remark(u.text)):
        return Plan(("action_apply_why",))
    if short and u.intent in {"greet", "help", "thanks", "affirm", "restart"}:
        found = rules.plan(heard, slots, today)
        aside = bool(found.actions) and (found.actions[0] in ASIDE or u.intent == "restart")
        return found if aside else Plan(("action_apply_resume",))
    if asked is None:
        return _correction(folded) or rules.plan(heard, slots, today)
    return Plan(given={asked: u.text})


def _field_named(folded: str) -> str | None:
    """Which detail is spoken of."""
    words: Mapping[str, str] = {
        "apply_email": r"\b(?:mail|email|e-mail|adresse)\b", "apply_word": r"\bmots?\b",
        "apply_phone": r"\b(?:tel|telephone|numero|portable)\b", "apply_cv": r"\bcv\b",
        "apply_name": r"\b(?:pre)?nom\b",
    }  # fmt: skip
    return next((field for field, pattern in words.items() if re.search(pattern, folded)), None)


def _correction(folded: str) -> Plan | None:
    """« Non, change mon mail », once everything was given."""
    if field := _field_named(folded):
        return Plan(("action_apply_fix",), argument=field.removeprefix("apply_"))
    if re.match(r"^(?:non|nan|corrige|change|modifie|attend)", folded):
        return Plan(("action_apply_fix",))
    return None

"""When the person can start, as a message says it."""

# ruff: noqa: E501 (a pattern is read on one line)

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from typing import NamedTuple

from nlu.datewords import DateWords
from nlu.meaning import Availability
from nlu.moments import Days, Moment, may_speak_of_time, moments
from nlu.text import Message

_LONGEST = 4_096
_SEASON = 100  # days, beyond which two months named together are no one period


class AvailabilityReading(NamedTuple):
    """The availability, and the spans (characters) of the text that speak of time."""

    availability: Availability | None = None
    spans: tuple[tuple[int, int], ...] = ()


_NOTHING = AvailabilityReading()
_SMALL = r"(?:(?:en|a|au|le|pour|de|du|des|d|dans|la|cette|ce|l|'|des|mois|encore|vers|est|c|sur|trop) )*$"
_FROM = re.compile(
    r"(?:(?:pas|rien|jamais|plus|non)(?: \w+){0,2} avant|a partir|a compter|a ?partir|apartir|des|"
    r"commenc\w+) (?:la |le |les |du |de |d ' |des |mois |l ' |en |ma |mon )*$"
)
_AFTER = re.compile(
    r"(?:apres|lendemain|passe|une fois|a la fin|a l issue|fin)(?: que j ' ai| avoir| mes| mon| ma| le| la| les| "
    r"des| de| du| l '| d '| passe| fini| eu| ecrit)* $"
)
_UNTIL = re.compile(
    r"(?:jusqu a|jusqu au|jusqu en|jusqu ' ?(?:a|au|en)|jusqu a ce que|au plus tard|jusqu)"
    r"(?: la| le| les| fin| l '| en| au| a| du| mois| de)* $"
)
_BEFORE = re.compile(
    r"(?<!pas )(?:avant|d ' ici|d ici|dici)(?: la| le| les| l '| fin| de| du| mois| a)* $"
)
_NOT = re.compile(
    rf"\b(?:pas|plus|jamais|ni|sauf|annule)(?: (?:dispo|libre|possible|disponib\w*|pouvoir))? {_SMALL}"
)
# What makes a date something else than a start: a birth, a move, a pause, the past.
_ELSEWHERE = re.compile(
    r"\b(?:nee?|naissance|anniv\w*|an (?:en|le|au|dans|a|l ' )|demenag\w*|pause|depuis|bouge sur|"
    r"inscri\w+|permis|rdv|rendez|entretien|passe(?:rai)? (?:mon|le)|j ' ai (?:fini|eu|arrete|commence|quitte)|"
    r"jai (?:fini|eu|arrete|commence|quitte)|offre (?:du|de)|publiee?|poste(?:e)? (?:le|en)|"
    r"alertes?|previen\w*|relance\w*|rappel\w*|stop\w*|reprend\w*|"
    r"tranquille|silence|voeux?|parcoursup|concours|majeure?|fete\w* (?:mes|son)|arrive en france|conge\w*|salon|portes?|forum|bapteme|mariage)"
    r"(?: \S+){0,4} $"
)
# « j'ai cours jusqu'en juin »: free only afterwards.
_BUSY = re.compile(
    r"\b(?:ai (?:des )?cours|jai cours|(?:pas|plus) (?:dispo|libre)|occupee?|absente?|"
    r"suis (?:encore )?(?:en (?:cours|cdd|stage|contrat|interim|arret|formation|terminale|classe)|au "
    r"(?:lycee|college)|a l ' ecole|a l ecole|pris|prise|malade))(?: \S+){0,3} jusqu"
)
# « maintenant » as in « j'habite à Escaudain maintenant », « je fais quoi maintenant ? ».
_STILL = re.compile(
    r"\b(?:j ' habite|jhabite|habite|vis|demenag\w*|(?:j ' ?suis|suis|jsuis|jsui|sui|chui) (?:a|sur|vers))"
    r" (?:(?!dispo|libre|pret|cherche)\w+ ){1,4}$|\benfin (?:le |un )?(?:cs|cap|bp|bac pro|bts) $|\b(?:quoi|serieux|serieusement|comment|ou) $"
)
_STILL_AFTER = re.compile(
    r"^ (?:c|cest|c ' est|c est) (?!bon|ok|ou|quand|que|pour|possible)|^ ,? ?(?:je |j ' ?)?(?:jsuis|jsui|suis|sui|chui|habite|jhabite|vis) (?:a|sur|vers)\b"
)
_FROM_THEN = re.compile(r"\b(?:a partir de (?:la|ce|cette)|des ce|apres)\b")
# Who goes to school counts years from September.
_PUPIL = re.compile(
    r"\b(?:terminale|lycee\w*|lyceen\w*|colleg\w*|eleve|(?:en|de) [1-4] (?:e|eme|nde|ere)?)\b"
)
_BARE_TIME = re.compile(r"^(?:environ |genre )?(?:une?|[0-9]{1,3}) (?:jour|semaine|mois|an)$")
_CUE = re.compile(
    r"\b(?:dispo|libre|commenc\w*|demarr\w*|debut\w*|pour|a partir|partir|cherche|jcherche|pret)\b"
)
_PAST = re.compile(r"^ (?:dernier|passe|passee|derniere)\b")
# « dès que j'ai fini le brevet », « quand j'ai eu mon bac ».
_ONCE_PASSED = re.compile(
    r"\b(?:des que|quand|une fois que|lorsque|apres que) j ?(?:' ?)?(?:ai|aurai|aurais) (?:fini|eu|passe|termine) "
    r"(?:\S+ ){0,3}$"
)
_RECURRING = re.compile(r"(?:\b(?:tous les|chaque|mon|mes|les|que le|le|toutes les|tout les) )$")
_EXAM_BEFORE = re.compile(
    r"\b(?:apres|fini\w*|termine\w*|une fois|passe|resultats?|obten\w*|fin)\b[^,;.]{0,25}$"
)
_LINK = re.compile(r"^ ?(?:a|au|a la|-|jusqu a|jusqu au|jusqu en|jusqu ' ?(?:a|au|en)|et|ou|/|puis|,|et jusqu(?: ')?(?: \w+)?|et le|a l '|au plus tard|jusqu)?"
                   r"(?: (?:la|le|les|en|a|l '|du|de|fin|des|au))* ?$")  # fmt: skip
_FROM_TO = re.compile(
    r"(?:\b(?:du|de|d '|des|entre|depuis|partir d[eu]|partir d ') ?)(?:le |la |l ' )?$"
)
_CORRECTION = re.compile(
    r"\b(?:plutot|non|nan|finalement|enfaite|en fait|enfin|mais|pardon|oups|sinon|mort|mets?)\b"
)


def read_availability(message: Message, today: date, asked: str | None) -> AvailabilityReading:
    """Reads a start (and an end) reckoned from ``today``; nothing for birthdays, pauses, the past."""
    if len(message.text) > _LONGEST:
        message = Message.of(message.text[:_LONGEST])
    asked_when = asked == "ask_availability"
    if not asked_when and not may_speak_of_time(message.forms):
        return _NOTHING
    words = DateWords.of(message.text, asked_when)
    found = moments(words)
    if not found:
        return _without_date(words, today, asked_when)
    spans = tuple(words.span(m.start, m.end) for m in found)
    days = _chosen(starts(found, words.line, asked_when), words.line, today)
    if days is None:
        return AvailabilityReading(None, spans)
    return AvailabilityReading(Availability(days.start, days.end, days.asap, days.approx), spans)


def starts(found: list[Moment], line: str, asked_when: bool) -> list[Moment]:
    """Those of ``found`` that say when somebody can start; no birthdays, pauses or habits."""
    kept = [m for m in found if _is_a_start(m, line, asked_when)]
    return _without_weekdays_that_recur(kept, found, line)


def _without_date(words: DateWords, today: date, asked_when: bool) -> AvailabilityReading:
    """As an answer, « dispo », « direct », « peu importe » mean now, and « 15 jours » in so many."""
    if asked_when and _BARE_TIME.match(words.line):
        found = read_availability(Message.of(f"dans {words.line}"), today, None)
        return AvailabilityReading(found.availability, (words.span(0, len(words.line)),))
    if not asked_when or {"pas", "plus", "jamais", "quand"} & words.tokens:
        return AvailabilityReading()
    if {"dispo", "direct", "directement", "vite", "rapidement", "urgent", "now", "libre",
        "libres"} & words.tokens or "peu importe" in words.line:  # fmt: skip
        days = Availability(today, None, asap=True)
        return AvailabilityReading(days, (words.span(0, len(words.line)),))
    return AvailabilityReading()


def _is_a_start(moment: Moment, line: str, asked_when: bool) -> bool:
    before, after = line[: moment.start], line[moment.end :]
    near = before[-60:]
    if _PAST.match(after) or (moment.kind == "exams" and not _EXAM_BEFORE.search(near)):
        return False
    if (
        moment.kind == "now"
        and moment.match[0].endswith("maintenant")
        and (_STILL.search(near) or _STILL_AFTER.search(after))
    ):
        return False
    if moment.kind == "day" and "confond" in before:
        return False  # « j'ai confondu Lens avec Liévin, c'est le deuxième »
    if _FROM_THEN.search(after[:40]) and moment.kind == "day":
        return True
    if _FROM.search(near) or (_UNTIL.search(near) and not _ELSEWHERE.search(near)):
        return True
    if moment.kind == "exams" and _ONCE_PASSED.search(near):
        return True
    if _NOT.search(near) and moment.kind != "exams":
        return False
    if (
        moment.kind == "year"
        and not asked_when
        and "part" in moment.match.groupdict()
        and moment.match[0][:2] == "20"
    ):
        return bool(_CUE.search(near))
    if moment.kind == "holidays" and re.search(r"\b(?:pause|stop|arret\w*|tranquille)\b", line):
        return False
    elsewhere = _ELSEWHERE.search(near)
    return elsewhere is None or bool(_CUE.search(elsewhere.group()))


def _without_weekdays_that_recur(
    kept: list[Moment], found: list[Moment], line: str
) -> list[Moment]:
    """« le mercredi », « samedi et dimanche », « du lundi au vendredi » recur."""
    weekdays = [m for m in found if m.kind == "weekday"]
    several = len(weekdays) > 1 and len({m.match["w"] for m in weekdays}) > 1
    return [m for m in kept if not _recurs(m, several, line)]


def _recurs(moment: Moment, several: bool, line: str) -> bool:
    if moment.kind != "weekday" or "prochain" in moment.match[0]:
        return False
    before = line[: moment.start]
    if several:
        return not _CORRECTION.search(line)
    return bool(_RECURRING.search(before)) and not _FROM.search(before)


def _chosen(kept: list[Moment], line: str, today: date) -> Days | None:
    """One period out of all that was said: a range, the corrected one, or the first."""
    related = ((moment, _related(moment, line, today)) for moment in kept)
    read = [(moment, days) for moment, days in related if days is not None]
    if not read:
        return None
    (first, a), (second, b) = (read + read)[:2]
    told = first.kind == "year" and second.kind in {"month", "day"} and a.end is not None
    if told and second.start - first.end < 12 and a.start <= b.start <= (a.end or a.start):
        return b  # « l'année prochaine en septembre »
    for (first, a), (second, b) in pairwise(read):
        between = line[first.end : second.start]
        if joined := _joined(first, a, second, b, between, line, today):
            return joined
        if _CORRECTION.search(between):
            read[0] = (second, b)
    return read[0][1]


def _joined(
    first: Moment, a: Days, second: Moment, b: Days, between: str, line: str, today: date
) -> Days | None:
    """« de janvier à juin », « maintenant jusqu'à juin », « janvier ou février »."""
    if not _LINK.match(between):
        return None
    until = "jusqu" in between or "tard" in between
    ranged = until or bool(re.match(r"^ (?:a|au|a la|a l '|-|et)\b| -", between))
    ranged = ranged and (
        until or "-" in between or bool(_FROM_TO.search(line[: first.start] + _head(first)))
    )
    months = first.kind == second.kind == "month"
    if not ranged and not (months and re.match(r"^ (?:et|ou|/|,|-)?", between)):
        return None
    if months and not ranged and re.match(r"^ (?:et|ou|/|,) ", between):
        # Of two months far apart both count: from the one to come to the other's end.
        wide = Days(min(a.start, b.start), max(a.end or a.start, b.end or b.start), approx=True)
        if ((wide.end or wide.start) - wide.start).days > _SEASON:
            return wide
    later = second.on(a.start) or b
    end = later.end or later.start
    if end < a.start:
        return None
    if months and not ranged and (end - a.start).days > _SEASON:
        return None
    return replace(a, end=end)


def _head(moment: Moment) -> str:
    """The little word the expression itself began with: « du 5 janvier » holds its « du »."""
    word = moment.match[0].split(" ")[0]
    return f"{word} " if word in {"du", "de", "entre", "des", "d"} else ""


def _related(moment: Moment, line: str, today: date) -> Days | None:
    """The days as « dès », « après », « jusqu'à », « avant » bend them."""
    days = moment.on(today)
    if days is None:
        return None
    near = line[: moment.start][-60:]
    head = moment.match[0]
    if moment.kind == "exams":
        return Days(days.start, approx=True)
    if moment.kind == "year" and days.start.month == 1 and days.end and _PUPIL.search(line):
        return Days(days.start.replace(month=9), approx=True)
    if _FROM.search(near) or _FROM.search(near + _head(moment)):
        return Days(days.start, asap=days.asap, approx=days.approx)
    if _UNTIL.search(near) or (head.startswith("au ") and _UNTIL.search(near + "au ")):
        last = days.end or days.start
        return Days(last + timedelta(days=1)) if _BUSY.search(near) else Days(today, last)
    if moment.kind == "in":
        return Days(days.start, approx=days.approx)
    if _AFTER.search(near) and moment.kind not in {"now", "in"}:
        return _after(moment, days)
    if before := _BEFORE.search(near):
        return _up_to(days, today, "ici" in before[0], "fin" in head or "fin" in before[0])
    return days


def _up_to(days: Days, today: date, within: bool, whole: bool) -> Days:
    """« d'ici janvier » then; « d'ici la fin de l'année » until then; « avant Noël » the day before."""
    if whole:
        return Days(today, days.end or days.start)
    if within:
        return Days(days.start, approx=days.approx)
    return Days(today, max(today, days.start - timedelta(days=1)))


def _after(moment: Moment, days: Days) -> Days:
    """« après Noël » is the 26th, « après les vacances » the day after, « après la rentrée » then."""
    if moment.kind in {"start", "season"} and days.end is None:
        return days
    return Days((days.end or days.start) + timedelta(days=1), approx=days.approx)

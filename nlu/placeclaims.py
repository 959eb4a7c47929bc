"""Words that hold a place's name and are none: fixed phrases, and the names of streets."""

from __future__ import annotations

import re
from collections.abc import Iterable

from nlu import placewords as pw
from nlu.keys import LINKS
from nlu.placesentence import Mention, Sentence

_POSTCODE = re.compile(r"[0-9]{5}[a-z]*")


class Traps:
    """Claims the words of fixed phrases (« croix rouge ») and of streets: none is a place."""

    def __init__(self, phrases: Iterable[str]) -> None:
        self._by_head: dict[str, list[list[str]]] = {}
        for words in (phrase.split() for phrase in phrases):
            self._by_head.setdefault(words[0], []).append(words)
        self._any = frozenset(self._by_head) | pw.STREETS | pw.NUMBER_WORDS

    def claim(self, sentence: Sentence) -> None:
        forms = sentence.forms
        if self._any.isdisjoint(forms):
            return
        for i, form in enumerate(forms):
            if form not in self._any:
                continue
            if form in self._by_head:
                for trap in self._by_head[form]:
                    if forms[i : i + len(trap)] == trap:
                        sentence.claim(i, i + len(trap) - 1)
            elif form in pw.STREETS:
                _claim_street(sentence, i)
            elif form in pw.NUMBER_WORDS and not pw.COUNTED.isdisjoint(forms[i + 1 : i + 2]):
                sentence.claim(i, i)


_TOWN_OF = r"(?:de|d|du|a|au)(?: (?:la|le|l))?$"
_SCHOOL = re.compile(
    r"\b(?:cfa|college|lycee|mfr|ecole|internat|mission locale|prepa metiers?|segpa|afpa|epide|pjj"
    r"|cio|france travail|pole emploi|club"
    r"|(?:apres|fini|eu) (?:mon |un |le )?(?:cap|bac|bts|bp|bep)"
    r"|eu (?:un |mon |des )?(?:entretiens?|rdv)"
    r"|3e|3eme|troisieme|seconde|2nde|terminale|fait (?:un |mon |des |deja )*stages?|mon stage)"
    r"(?: (?!(?:et|je|j|jhabite|habite|cherche|jcherche|mais|pour)\b)\w+){0,8}? ?"
    rf"\b{_TOWN_OF}"
)
# « lycée Gambetta Arras »: the town follows the school's own name.
_NAMED_SCHOOL = re.compile(r"\b(?:college|lycee|ecole)(?: (?!(?:et|je|j|mais|pour)\b)\w+){1,2}$")
_NEAR_SCHOOL = re.compile(r"\b(?:pres|proche|cote|autour|loin)(?: \w+){0,6}$")
# « mon cousin bosse à Marseille », « j'ai déménagé de Lille », « j'habitais à Lens ».
_SOMEBODY_ELSES = re.compile(
    r"\b(?:cousine?|(?:beau )?frere|soeur|pere|mere|daron(?:ne)?|oncle|tante|tonton|pote|copain|"
    r"copine|papa|maman|papi|papy|mamie|grand (?:mere|pere)|parents|amie?|voisine?)"
    r"(?: \w+)? (?:bosse\w*|travaill\w+|taf\w*|habit\w+|vit|vivent|est|"
    r"(?:tient|tiennent|gere|ont|a) (?:une?|son|sa|leur) \w+)(?: \w+)?"
    r"(?:(?<=habite)|(?<=habitent)| (?:a|sur|vers|de|en))(?: (?:la|le|l))?$"
    r"|\bnee? (?:a|au)(?: (?:la|le|l))?$|\bdemenage (?:de|d)$"
    r"|\b(?:habit|(?<!c )et)(?:ais|ait)(?: (?:a|sur|vers))?(?: (?:la|le|l))?$"
    # « mon bus passe par Carvin », « en vacances à Wissant », « je suis en stage à Douchy ».
    r"|\b(?:pass\w+ (?:par|devant)|travers\w+)(?: (?:la|le|l))?$"
    r"|\b(?:s arret\w+|arret\w*) (?:a|sur|au)(?: (?:la|le|l))?$"
    r"|\b(?:vacances|week ?end|match|concert|mariage|soiree|anniv\w*|fete|en stage)"
    r" (?:a|sur|vers|au)(?: (?:la|le|l))?$"
)
_NOTHING_THERE = re.compile(
    r"(?:il )?(?:n )?(?:y a|ya) rien\b"
    r"|(?:il|elle|ils) (?:me? )?(?:repond|rappel)\w* (?:pas|jamais)\b"
)
_WINDOW = 14  # words before a town that may say whose it is


def elsewhere(s: Sentence, mentions: list[Mention]) -> list[Mention]:
    """« collège X à Bruay, j'habite Béthune »: the school's town is no wish beside another."""
    ends = [-1, *(m.last for m in mentions)]  # each clause begins after the town before
    before = [_before(s, m, end + 1) for m, end in zip(mentions, ends, strict=False)]
    wished = [m for m, b in zip(mentions, before, strict=True) if not _somewhere_else(s, m, b)]
    if wished or s.asked or s.about_work:
        return wished or mentions
    return [m for m, b in zip(mentions, before, strict=True) if not _SOMEBODY_ELSES.search(b)]


def _somewhere_else(s: Sentence, m: Mention, before: str) -> bool:
    after = s.forms[m.last + 1 : m.last + 5]
    if after and _NOTHING_THERE.match(" ".join(after)):
        return True
    if not before:
        return False
    if _SOMEBODY_ELSES.search(before):
        return True
    named = _NAMED_SCHOOL.search(before) and not any(s.claimed[max(0, m.first - 2) : m.first])
    return bool(_SCHOOL.search(before) or named) and not _NEAR_SCHOOL.search(before)


def _before(s: Sentence, m: Mention, first: int) -> str:
    """The words of the clause before the name, so far as they may say whose town it is."""
    start = m.first
    while (
        start > first and m.first - start < _WINDOW and not (start < m.first and s.cut(start - 1))
    ):
        start -= 1
    return " ".join(s.forms[start : m.first])


# « Lens a gagné », « Madeleine chante », « Lens il m'a bloqué »: a team, a person.
_ACTS = re.compile(
    r"(?:a|ont|va|vont) (?:encore )?(?:gagn|perdu|marque|batt|jou|like|egalis|pris \d)\w*"
    r"|(?:joue|jouent|gagne|mene|perd|chante|danse)\b|(?:il|elle) m a\b"
    r"|t as (?!des|du|un|une|quoi|rien)\w+"
)
_GAMES = frozenset("match maillot supporter supporters fan fans rc".split())
_PLAYED = re.compile(r"\b(?:match|maillot|supporters?|fan)(?: (?:de|du|d|des))?$|\brc$")


def without_teams(s: Sentence, mentions: list[Mention]) -> list[Mention]:
    """Leaves out the names of persons who do something, and of football teams."""
    teams: list[int] = []
    for i, m in enumerate(mentions):
        versus = i - 1 in teams and s.forms[mentions[i - 1].last + 1 : m.first] in ([], ["contre"])
        if versus or _acts(s, m):
            teams.append(i)
    return [m for i, m in enumerate(mentions) if i not in teams]


def _acts(s: Sentence, m: Mention) -> bool:
    if m.first == 0:
        after = " ".join(s.forms[m.last + 1 : m.last + 5])
        return not s.cut(m.last) and _ACTS.match(after) is not None
    before = s.forms[max(0, m.first - 2) : m.first]
    return not _GAMES.isdisjoint(before) and _PLAYED.search(" ".join(before)) is not None


def _claim_street(sentence: Sentence, at: int) -> None:
    """« 12 rue de lille a lomme »: the street's name is no place, nor is « rue du plombier »."""
    forms = sentence.forms
    numbered = (at > 0 and forms[at - 1][:1].isdigit()) or forms[at - 1 : at] in (
        [["bis"]],
        ["ter"],
    )
    if forms[at] in pw.NUMBERED_STREETS and not numbered:
        return
    end = at + 1
    while end < len(forms) and end <= at + 6 and not sentence.cut(end - 1):
        if forms[end] in pw.AFTER_STREET or _POSTCODE.fullmatch(forms[end]):
            break
        end += 1
    linked = at + 1 < len(forms) and forms[at + 1] in {"de", "du", "des", "d"}
    if not linked and not numbered:
        return
    last = end - 1
    named = [form for form in forms[at + 1 : end] if form not in LINKS]
    if end == len(forms) and len(named) > 1:
        last -= 1  # « 3 rue jaures lens »: the last word may be the town
    sentence.claim(at, last)

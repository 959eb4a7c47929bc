"""What people say of an answer, by exact words: too far, next, I don't know, the second one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from nlu.text import fold

Kind = Literal[
    "too_far", "more", "wider", "dont_know", "any", "anywhere", "nth", "seen", "other_trade",
    "other_place",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Remark:
    """``kind``, and for ``nth`` which offer of the list is meant (1 is the first, 0 the last)."""

    kind: Kind
    number: int | None = None


_ORDINALS = {
    "premier": 1, "premiere": 1, "deuxieme": 2, "second": 2, "seconde": 2, "troisieme": 3,
    "quatrieme": 4, "cinquieme": 5, "sixieme": 6, "septieme": 7, "huitieme": 8, "neuvieme": 9,
}  # fmt: skip

_MONTHS = "janv|fev|mars|avril|mai|juin|juil|aout|sept|oct|nov|dec"
# « la 3e année », « la 4e fois », « le 1er mars », « la 3e prépa-métiers » are no offers.
_NTH = re.compile(
    rf"\b(?:l[ae]|celle?)\s*(?:numero |n ?)?(?:({'|'.join(_ORDINALS)})|"
    rf"([1-9]) ?(?:ere?|re|nde?|ie?me|e|eme)|([1-9])(?=\s*(?:$|[!?.,]|stp|svp|m'|me |"
    rf"il |elle |est |a l'air)))\b"
    rf"(?! (?:annee|fois|classe|arrond|prepa|segpa|pro\b|du mois|{_MONTHS}))|"
    r"\b(?:offre|numero) ?([1-9])\b"
)
_LAST = re.compile(
    r"\bl[ae] derni(?:er|ere)(?= ?(?:$|[!?.,]|stp|svp|m'|me |offre|annonce|de la liste|elle |il ))"
)

# A wider circle is asked for before « loin » is taken for a complaint.
_KINDS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    (
        "other_trade",
        re.compile(
            r"\b(?:autres?|change[rz]?(?: de)?|chang(?:e|er) (?:le|de)) "
            r"(?:metiers?|jobs?|tafs?|boulots?)\b"
        ),
    ),
    (
        "other_place",
        re.compile(
            r"\b(?:autres?|change[rz]?(?: de)?|chang(?:e|er) (?:la|de)) "
            r"(?:villes?|coins?|endroits?|lieux?|secteurs?)\b|\bailleurs\b"
        ),
    ),
    (
        "anywhere",
        re.compile(r"\b(?:n'?importe|peu importe|m'en fous) (?:d')?ou\b|\bpartout\b"),
    ),
    (
        "wider",
        re.compile(
            r"\b(?:plus loin|elargi[sr]?|plus large|agrandi[sr]?|plus grand rayon)\b"
            r"(?<!pas plus loin)"
        ),
    ),
    (
        "too_far",
        re.compile(
            r"\btro[px]? ?loin|\bc(?:'| )?est loin\b|\bc loin\b|\bloin de chez (?:moi|nous)|"
            r"\bplus (?:pres|proche)\b|\bpas plus loin\b|"
            r"\b(?:pas|ni|sans)(?: encore)?(?: le| de)? (?:permis|voiture|vehicule)\b|"
            r"\bpeux? pas (?:y aller|me deplacer|bouger)|\bcomment (?:j'?)?y (?:vais|aller)"
        ),
    ),
    (
        "more",
        re.compile(
            r"\bsuivant|\b(?:rien|quoi|koi|kwa) d'? ?(?:autres?|otres?)\b|\bautre chose\b|"
            r"\bla suite\b|\bd?'?autres? (?:offres?|annonces?|resultats?|propositions?)|"
            r"\b(?:en|ya|y a|t'?en as?|vous en avez) (?:d'|pas d')?autres?\b|"
            r"^\W*(?:et )?encore\b(?: (?:stp|svp|s'il \w+ plait))?\W*$|"
            r"(?<!pas )\bencore (?:une?|des|d'|plus|[2-9]|deux|trois|quelques)\b"
            r"(?! (?:fois|an|mois))|"
            r"\b(?:montre|voir|veux|propose|envoie|donne)[a-z]*"
            r"(?:[ -](?:moi|m'en|en|nous))? encore\b|"
            r"\bt(?:'?as?|u as|u n'as) (?:rien )?que (?:ca|sa|cela)\b|"
            r"\bvoir plus\b|\bplus d'offres?\b|\bnext\b|^\s*(?:plus|d'?autres?|"
            r"autres?)\s*[?!.]*\s*$"
        ),
    ),
    (
        "seen",
        re.compile(
            r"\bdeja (?:vue?s?|fait|postule|appele|contacte)|\bles memes\b|"
            r"\btoujours pareil"
        ),
    ),
    (
        "dont_know",
        re.compile(
            r"\b(?:sais|sai|c|ses|ché|che|chai|jsais|jsai) (?:pas|po)\b|\bsaispas\b|\bjsp\b|"
            r"\bchepa|"
            r"\bchaipa|\bjc pas\b|\baucune? idee|\bpas (?:d'|d)?idee|\bj'?hesite|\bidk\b|\bnsp\b|"
            r"\bpas encore (?:decide|choisi|d'idee)|\b(?:donne|donnez)[ -]moi des idees"
        ),
    ),
    (
        "any",
        re.compile(
            r"\bpeu ?importe|\bn'?importe|\bnimporte|\bm'en (?:fous|fiche|bat)|\bmen (?:fous|"
            r"fiche)|\bsans date\b|\btoutes? les? dates?\b|"
            r"\bbalec|\bosef\b|\begal\b|\btous? me va|\bles? deux\b|\bquand (?:vous|"
            r"tu) (?:voulez|veux)"
        ),
    ),
)  # fmt: skip


def read_remark(text: str) -> Remark | None:
    """The first kind found, or ``None``; arbitrary text never raises, cost is linear."""
    folded = fold(text[:300]).replace("’", "'")
    if found := _NTH.search(folded):
        word, *digits = found.groups()
        return Remark("nth", _ORDINALS[word] if word else int(next(filter(None, digits))))
    if _LAST.search(folded):
        return Remark("nth", 0)
    for kind, pattern in _KINDS:
        if pattern.search(folded):
            return Remark(kind)
    return None

"""The words of dates, whatever their spelling, as tokens that remember where they stood."""

# ruff: noqa: E501 (a pattern is read on one line)

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

from rapidfuzz.distance import OSA

from nlu.text import fold, in_place

MONTHS = {
    name: number
    for number, name in enumerate(
        ("janvier", "fevrier", "mars", "avril", "mai", "juin", "juillet", "aout", "septembre",
         "octobre", "novembre", "decembre"), start=1)
}  # fmt: skip
WEEKDAYS = {
    name: number
    for number, name in enumerate(
        ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
    )
}
_SMALL = {"un": 1, "deux": 2, "trois": 3, "quatre": 4, "cinq": 5, "six": 6, "sept": 7, "huit": 8,
          "neuf": 9}  # fmt: skip
_NUMBERS = {
    **{word: str(n) for word, n in _SMALL.items() if word not in {"un", "sept"}},
    "dix": "10", "onze": "11", "douze": "12", "treize": "13", "quatorze": "14", "quinze": "15",
    "seize": "16", "vingt": "20", "trente": "30", "premier": "1", "premiers": "1", "premiere": "1",
    "deuxieme": "2", "seconde": "2", "troisieme": "3", "quatrieme": "4", "derniere": "dernier",
}  # fmt: skip
_VARIANTS = {
    "janvier": "janvieux janv1er janvyer janv janvie jenvier janviers january stycznia yanvier",
    "fevrier": "fevrie fevrir fev fevr fevries fevriers february fevrie",
    "mars": "march",
    "avril": "avr avrile april avrils",
    "juin": "jun juins june juiin",
    "juillet": "juil juill july juillets juilet juyet jui",
    "aout": "aou out august aoute aouts",
    "septembre": "spt sep setp septembr september setembre septenbre setptembre",
    "octobre": "oct octobr october",
    "novembre": "nov novembr november",
    "decembre": "dec decembr december desembre",
    "lundi": "lundy monday lundis",
    "mardi": "mardy tuesday mardis",
    "mercredi": "mecredi mercredis wednesday merkredi mercedi",
    "jeudi": "jeudis thursday jedi",
    "vendredi": "vandredi vendredis friday vendredy vendreddi",
    "samedi": "samdi samedis saturday",
    "dimanche": "dimanches sunday dimenche",
    "demain": "2main 2m1 dem1 deum1 demin 2min dmain tomorrow",
    "apresdemain": "apres2main",
    "aujourd hui": "ajd auj aujourdhui aujourdui today ojd ojourdhui aujd",
    "maintenant": "desuite toutdesuite mintenan mintenant mintnan mtn mnt mtnt maintenan now maintnant maintenent mnten",
    "suite": "suitte swite suit sweet",
    "tout": "tt tte toute tou",
    "dans": "ds dan dns in",
    "semaine": "smaines smene senaine semainne semaines semene smaine weeks week semain",
    "mois": "moi month months",
    "an": "ans annee annees year",
    "jour": "jours j jrs day days jour",
    "prochain": "prochaine pro proch prochene next prochin procaine prochains prochaines pr0chain",
    "rentree": "rentrer rentre rantre rantree rentrees rentres rantrer",
    "vacances": "vacance vac vacs vacanse vacanses holidays vakance vakances",
    "noel": "noell noele noels xmas",
    "paques": "paque pake pak",
    "ete": "summer etes",
    "quand": "qd kan kand quan",
    "vous": "vs vou",
    "jusqu a": "jusqua juska jusquo until jusqe jusque jsk",
    "jusqu au": "jusquau juskau",
    "jusqu en": "jusquen jusken",
    "apres": "apere aprs apre apr",
    "avant": "avt avan",
    "veux": "ve veu",
    "voulez": "voule",
    "debut": "debus dbt debu debt debuts",
    "dernier": "derniers",
    "immediat": "immediately immediate immediatement immediats imediat imediatement immediatemen",
    "dispo": "disponible disponibles dispos disponibilite dispso disponnible available",
    "weekend": "we wk weekends wkend",
    "etes": "etes",
    "partir": "partire parti",
    "possible": "possibl posible",
    "directement": "directement direktement dirrectement",
    "brevet": "breve brevai dnb brevets",
    "examens": "exam exams examen epreuves exams",
    "2quinzaine": "quinzaine",
    "printemps": "printan printant printemp printamps printem printent printps",
    "automne": "autone automn",
    "pas": "pa po",
    "plus": "plu pu",
    "milieu": "millieu",
    "vite": "vit",
}  # fmt: skip
_SPELLINGS = {v: word for word, variants in _VARIANTS.items() for v in variants.split()}
_SPELLINGS |= _NUMBERS
_SPELLINGS["quinzaine"] = "quinzaine"
_SPELLINGS.pop("etes", None)
_LONG_MONTHS = tuple(m for m in MONTHS if len(m) > 5)
_FIRST = frozenset(m[0] for m in _LONG_MONTHS)
_TOKEN = re.compile(
    r"(?:tou?te?|tte?|tt) (?:2|de|d) ?(?:suite|suit|swite|swit)\b|2 suite\b|2main|2m1|2min(?![a-z])|dem1|deum1|apres2main|week[ -]?end\w*|apres[ -]demain|apres[ -]2main"
    r"|(?:vingt|trente)[ -](?:et[ -])?(?:un|deux|trois|quatre|cinq|six|sept|huit|neuf)\b"
    r"|[0-9]+|[a-z]+|[^\sa-z0-9]"
)


_AMBIGUOUS = frozenset("moi out jui jun in we wk parti sem jedi avr ve".split())


def words_for(tokens: frozenset[str]) -> frozenset[str]:
    """The folded words, in all their spellings, that may become one of ``tokens`` or a number,
    where no date was asked for."""
    spelled = {
        spelling
        for spelling, word in _SPELLINGS.items()
        if not tokens.isdisjoint(word.split(" ")) or word.isdigit()
    }
    spelled -= _AMBIGUOUS | {"j"}  # « 15 j » has its digits
    return frozenset(tokens | spelled | {"sept", "week", "suite", "suit", "swite", "swit"})


def folded_in_place(text: str) -> tuple[str, list[int] | None]:
    """The folded text, and for each of its characters the original one's index (None: the same)."""
    folded = fold(text)
    if in_place(text, folded):
        return folded, None
    out: list[str] = []
    origin: list[int] = []
    for index, char in enumerate(text):
        piece = fold(char)
        out.append(piece)
        origin.extend([index] * len(piece))
    return "".join(out), origin


@dataclass(frozen=True, slots=True)
class DateWords:
    """Tokens in one spelling, joined by one space into ``line``; ``spans`` are those of the text."""

    line: str
    starts: list[int]
    spans: list[tuple[int, int]]
    tokens: frozenset[str]

    @classmethod
    def of(cls, text: str, asked_when: bool) -> DateWords:
        folded, origin = folded_in_place(text)
        words: list[str] = []
        spans: list[tuple[int, int]] = []
        written: list[str] = []
        for match in _TOKEN.finditer(folded):
            written.append(match.group())
            start, end = match.span()
            spans.append((start, end) if origin is None else _original(start, end, origin))
        for word, following in zip(written, [*written[1:], ""], strict=False):
            if word == "j" and (not words or not words[-1].isdigit()):
                words.append("j")  # « j'ai », not « 15 j »
            else:
                words.append(_one_spelling(word, following, asked_when))
        starts, at = [], 0
        for word in words:
            starts.append(at)
            at += len(word) + 1
        line = " ".join(words)
        return cls(line, starts, spans, frozenset(line.split(" ")))

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The span in the original text of ``line[start:end]``."""
        first = bisect_right(self.starts, start) - 1
        last = bisect_right(self.starts, max(start, end - 1)) - 1
        return self.spans[first][0], self.spans[last][1]


def _original(start: int, end: int, origin: list[int]) -> tuple[int, int]:
    return origin[start], origin[end - 1] + 1


def _one_spelling(word: str, following: str, asked_when: bool) -> str:
    # One word of letters is never several, nor a sign; but for « week » and « sept ».
    if not word.isalpha() or word[0] == "w" or word == "sept":
        special = _special(word, following)
        if special is not None:
            return special
    known = _SPELLINGS.get(word)
    if known is not None:
        return _unless_word(word, known, asked_when)
    return _month_like(word) if len(word) > 5 and word[0] in _FIRST else word


def _special(word: str, following: str) -> str | None:
    if word.startswith(("week", "apres-", "apres ")):
        return "weekend" if word[0] == "w" and "end" in word else _after_tomorrow(word)
    if word.endswith(("suite", "suit", "swite", "swit")) and " " in word:
        return "tout suite"
    if word == "sept":
        return "7" if following[:4] in {"jour", "sema", "mois", "ans", "h"} else "septembre"
    if word.startswith(("vingt", "trente")) and any(c in word for c in " -"):
        return _compound(word)
    if word in {"’", "`", "´"}:
        return "'"
    return "-" if word in {"–", "—", "−"} else None


def _after_tomorrow(token: str) -> str:
    return "apresdemain" if token.startswith("apres") else "semaine"


def _compound(token: str) -> str:
    """« vingt-deux » -> « 22 »."""
    tens, unit = re.split(r"[ -](?:et[ -])?", token)[:2]
    return str({"vingt": 20, "trente": 30}[tens] + _SMALL[unit])


def _unless_word(token: str, known: str, asked_when: bool) -> str:
    """« moi », « out », « pro » and « suit » are words of their own unless a date was asked for."""
    return known if token not in _AMBIGUOUS or asked_when else token


# « La Ferrière » is a commune, near « février » as it is.
_NO_MONTHS = frozenset({"ferriere", "ferrieres"})


def like_a_month(word: str) -> bool:
    """Whether it is taken for a month: « novenbre »."""
    return len(word) > 5 and word[0] in _FIRST and _month_like(word) in MONTHS


def _month_like(token: str) -> str:
    if token in MONTHS or token in _NO_MONTHS:
        return token
    for month in _LONG_MONTHS:
        limit = 1 if min(len(token), len(month)) < 8 else 2  # « ferriere » is not « février »
        if month[0] == token[0] and OSA.distance(token, month, score_cutoff=limit) <= limit:
            return month
    return token

"""How far somebody will go, in kilometres, and what with."""

# ruff: noqa: E501 (a pattern is read on one line)

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from nlu.alternatives import sorted_out
from nlu.meaning import Travel
from nlu.text import Message, fold

_UNIT = r"(?:km|kms|kilometres?|kilometre|kilos?|kil|bornes?|borne|kmh|k)\b"
_NUMBER = r"([0-9]{1,4})(?:[.,][0-9]+)?"
_RANGE = re.compile(rf"{_NUMBER}\s*(?:-|a|et|ou|/|–|—|jusqu'?a|voire?)\s*{_NUMBER}\s*{_UNIT}")
# « 25 km voire 30 »
_GOING_UP = re.compile(rf"{_NUMBER}\s*{_UNIT}\s*(?:voire?|ou|a|-|jusqu'?a)\s*{_NUMBER}(?![0-9/:])")
_DISTANCE = re.compile(rf"(?<![0-9,.]){_NUMBER}\s*{_UNIT}")
_BARE_RANGE = re.compile(
    rf"(?<![0-9]){_NUMBER}\s*(?:-|a|et|ou|/|–|—|jusqu'?a|voire?)\s*{_NUMBER}(?![0-9])"
)
_BARE = re.compile(rf"(?<![0-9/:.,]){_NUMBER}(?![0-9/:])")
# After these units, a number is a time, an age, a price: no distance.
_OTHER_UNIT = re.compile(
    r"\s*(?:[kq]u?ar[dt]?s? d|ans?|cc\b|cm3|fois|jrs|h\b|heures?|min|mn|minutes?|mois|jours?|euros?|€|e\b|%|semaines?|eme|er\b|cm\b)"
)
_UNITS = {
    "zero": 0, "un": 1, "une": 1, "deux": 2, "trois": 3, "quatre": 4, "cinq": 5, "six": 6,
    "sept": 7, "huit": 8, "neuf": 9, "dix": 10, "onze": 11, "douze": 12, "treize": 13,
    "quatorze": 14, "quinze": 15, "seize": 16, "vingt": 20, "vint": 20, "trente": 30,
    "trentaine": 30, "quarante": 40, "quarantaine": 40, "cinquante": 50, "cinquantaine": 50,
    "soixante": 60, "soixantaine": 60, "quinzaine": 15, "dizaine": 10, "vingtaine": 20,
    "cent": 100, "centaine": 100,
    "kinze": 15, "trante": 30, "karante": 40, "carante": 40, "cinkante": 50, "cincante": 50,
    "soissante": 60,
}  # fmt: skip
_PLURAL = re.compile(r"\b(vingt|cent)s\b")
_QUINZAINE = re.compile(r"\bk(?=in[sz]aine)")
_ABOUT = re.compile(
    r"\b(?:une? )?(dizaine|quinzaine|vingtaine|trentaine|quarantaine|cinquantaine|soixantaine|"
    r"centaine)(?: de)?\b"
)
_WORDS = re.compile(rf"\b(?:{'|'.join(_UNITS)})(?:[ -](?:et )?(?:{'|'.join(_UNITS)}))*\b")
# « j'habite à 5 km de Lens » says where, not how far.
_HOME = re.compile(
    rf"\b(?:j'? ?habite|situee?|je suis|jsuis|j'? ?suis|chui) a (?:environ )?{_NUMBER}\s*{_UNIT} (?:de|du|d')"
)
# « pas 59 km »: said to be wrong; « pas plus de 20 km » is a distance.
_DENIED = re.compile(rf"\bpas (?:a |les )?{_NUMBER}\s*{_UNIT}(?! (?:max|de plus|autour))")
# « rayon 20 », « périmètre de 30 ».
_AROUND = re.compile(
    rf"\b(?:rayon|perimetre)s? (?:max\w* |de |a |d'|d |: ?|en |jusqu'?a )*{_NUMBER}(?![0-9/:h])"
)
# « remplace 10 km par 35 », « j'ai mis 30 km mais c'est 13 », « 50 c'était trop, 25 ».
_INSTEAD = re.compile(
    rf"{_NUMBER}\s*(?:{_UNIT})?[^0-9]{{0,12}}?\b(?:par|mais|plutot|mets?|non|en fait|finalement|trop|"
    rf"pas assez|vers|a)\b[^0-9]{{0,12}}?{_NUMBER}(?![0-9/:]|\s*{_UNIT})"
)
_MENDS = re.compile(
    r"\b(?:remplac|chang|passe|mis\b|dit\b|mais c|trop|pas assez|augment|monte|baiss|descend)"
)
_LARGEST = 1_000
_DIGIT = re.compile(r"[0-9]")
_SIGN = re.compile("k|born|rayon|perimetre|trop|pas assez|tro |loin")
# « trop loin, mets 10 », of an offer that was shown.
_TOO_FAR = re.compile(
    r"\bloin\b[^0-9]{0,12}?\b(?:mets?|mettez|max\w*|plutot|limite|disons)(?: a| moi| en| plutot)* ([0-9]{1,3})"
    r"(?:$| ?(?:max\w*|svp|stp|pas plus|plutot)\b)"
)
# « 50 km c'est abusé, 18 maxi »: the last counts.
_TOO_MUCH = re.compile(
    rf"{_NUMBER}\s*{_UNIT}[^0-9]{{0,12}}?\b(?:abuse\w*|enorme|beaucoup|mort|exagere|chaud|non|nan|bcp)\b[^0-9]{{1,16}}?"
    r"([0-9]{1,3})(?: max\w*| ?km| bornes| pas plus|$)"
)


def _value(words: str) -> int:
    """« vingt-cinq » -> 25, « quatre-vingts » -> 80, « soixante-dix » -> 70, « deux cents » -> 200."""
    total = 0
    for word in re.split(r"[ -]", words):
        value = _UNITS.get(word)
        if value is None:
            continue
        multiplies = (value == 100 and 1 < total < 10) or (value == 20 and total == 4)
        total = total * value if multiplies else total + value
    return total


def in_figures(folded: str) -> str:
    """Numbers in words become figures: « vingt bornes » -> « 20 bornes »."""
    text = _PLURAL.sub(r"\1", folded)
    text = _QUINZAINE.sub("qu", text)
    text = _ABOUT.sub(r"\1", text)
    return _WORDS.sub(_figure, text)


def _figure(match: re.Match[str]) -> str:
    """« un peu » and « une voiture » keep their article."""
    words = match.group()
    return words if words in {"un", "une", "zero"} else str(_value(words))


def read_radius(message: Message, asked: str | None) -> int | None:
    """The distance in km, the upper bound of a range; a bare number only after the question."""
    folded = message.folded
    if asked != "ask_radius" and not _may_hold_a_distance(folded):
        return None
    text = in_figures(folded)
    if not _DIGIT.search(text):
        return None
    text = _DENIED.sub(" ", _HOME.sub(" ", text))
    mended = _mended(text, asked)
    if mended is None:
        mended = _measured(text)
    return _bare(text) if mended is None and asked == "ask_radius" else mended


def _mended(text: str, asked: str | None) -> int | None:
    """What takes the place of a distance that was too far, or not far enough."""
    if _MENDS.search(text) and (instead := _instead(text)):
        return instead
    if asked == "show_offers" and (far := _TOO_FAR.search(text)):
        return _sensible(int(far[1]))
    much = _TOO_MUCH.search(text)
    return _sensible(int(much[2])) if much else None


def _measured(text: str) -> int | None:
    """The distance that says it is one."""
    for match in _GOING_UP.finditer(text):
        if not _OTHER_UNIT.match(text, match.end()):
            return _sensible(_bound(match))
    for pattern in (_RANGE, _DISTANCE):
        if values := [_bound(match) for match in pattern.finditer(text)]:
            return _sensible(values[-1])
    for match in _AROUND.finditer(text):
        if not _OTHER_UNIT.match(text, match.end()):
            return _sensible(_bound(match))
    return None


def distances(message: Message) -> Iterator[tuple[str, str, int]]:
    """Every number that may be one, for the workbench: how it is written, its words, its km.

    A « range », a « distance », from « home », or « bare »; what is none is not left out.
    """
    text = in_figures(fold(message.text))
    written = (("home", _HOME), ("range", _RANGE), ("distance", _DISTANCE), ("bare", _BARE))
    for name, pattern in written:
        for match in pattern.finditer(text):
            yield name, match.group(), _bound(match)
        text = pattern.sub(" ", text)


def _may_hold_a_distance(folded: str) -> bool:
    return _SIGN.search(folded) is not None


def _instead(text: str) -> int | None:
    """The second number of a correction, when it has no other unit."""
    for match in _INSTEAD.finditer(text):
        if not _OTHER_UNIT.match(text, match.end()) and not _OTHER_UNIT.match(text, match.end(1)):
            return _sensible(int(match[2]))
    return None


def _bound(match: re.Match[str]) -> int:
    return max(int(value) for value in match.groups())


def _bare(text: str) -> int | None:
    """« 30 », « 5-10 », « maximum 20 » as an answer; « 1h » and « 16 ans » are none."""
    for pattern in (_BARE_RANGE, _BARE):
        for match in pattern.finditer(text):
            if not _OTHER_UNIT.match(text, match.end()) and len(re.findall(r"[0-9]+", text)) <= 3:
                return _sensible(_bound(match))
    return None


def _sensible(distance: int) -> int | None:
    return distance if 0 < distance <= _LARGEST else None


_MEANS = (
    r"(?:scoot\w*|scout+er|mob|mobylette|meule|cyclo\w*|moto|quad|voiture|bagnole|caisse|permis|"
    r"vehicule|bus|train|ter|metro|tram\w*|transports?|navette|velo|vtt|trottinette|trott|pieds?|"
    r"m'? ?emmen\w+|me depos\w+|covoit\w*)\b"
)
# « pas le permis », « je peux pas prendre le bus », « non pas en bus ».
_REFUSED = re.compile(
    r"\b(?:pas|po|aucune?|sans|ni|plus|jamais|peur)\s+"
    r"(?:(?:encore|trop|vraiment|y|aller|venir|avoir|etre|prendre|prends|prend|utiliser|conduire|"
    r"de|du|des|le|la|les|en|a|au|mon|ma|un|une|comme|eu|pu|me)\s+|[dl]'\s*)*"
    rf"{_MEANS}(?:\s+(?:de\s+)?conduire)?"
)
# What is to come, or befell: « je passe mon permis en mai », « j'ai raté mon train ».
_TOLD = re.compile(
    r"\b(?:ca|sa) marche\b|\ben train d(?:e\b|')|\barrets? de \w+"
    r"|\b(?:quand|des que|si) (?:j'?|je )?(?:aurai\w*|ai|passe\w*) (?:mon |le )?permis"
    r"|\b(?:passe|passer|passerai|prepare|revise|attends?|rate|louper?|loupe) "
    r"(?:mon |le |du )?permis(?! (?:et|donc))"
    r"|\b(?:rate|louper?|loupe|manque|perdu|attends?|descends|sors) (?:mon |le |un |du |ma )?"
    rf"{_MEANS}"
    rf"|\b(?:je suis|j'?suis|chui|sui|suis|etais) (?:\w+ )?dans (?:le |un |mon |la |ma ){_MEANS}"
)
_WAYS: tuple[tuple[Travel, str], ...] = (
    ("scooter", (r"scoot\w*|scout+er|mob|mobylette|meule|cyclo\w*|bsr|125|50 ?cc|booster|moto|"
                r"voiturette|voiture sans permis|vsp|quad")),
    ("car", (r"voiture|bagnole|caisse|permis|vehicule|vehiculee?|motorisee?|"
            r"(?:m'?|me |nous )(?:emmen\w+|depos\w+|conduit|conduire|amen\w+)|emmen\w+|covoit\w*")),
    ("transit", r"bus|train|ter|metro|tram\w*|transports?|car scolaire|navette"),
    ("foot", r"pieds?|marche|marchant|velo|vtt|bicyclette|trottinette|trotinette|trott"),
)  # fmt: skip
_TRAVEL = [(way, re.compile(rf"\b(?:{words})\b")) for way, words in _WAYS]
_WAYS_BEGIN = frozenset(
    "scoo scou mob moby meul cycl bsr 125 50 50cc boos moto voit vsp quad bagn cais perm vehi m me "
    "mame mcon mdep memm nous emme covo bus trai ter metr tram tran car nave pied marc velo vtt "
    "bicy trot".split()
)
_ANY_WAY = re.compile(rf"\b(?:{sorted_out(words for _, words in _WAYS)})\b")


def read_travel(
    message: Message, trades: Iterable[tuple[int, int]] = (), asked: str | None = None
) -> Travel | None:
    """How the person gets about; neither what is refused or told of, nor ``trades`` (spans), but
    « scoot » alone answers « tu bouges comment ? » (``asked``) and names no trade there."""
    text = message.text
    # Taking words out, below, brings none in.
    if _WAYS_BEGIN.isdisjoint(message.heads) or not _ANY_WAY.search(message.folded):
        return None
    for start, end in trades:
        if asked == "ask_radius" and _ANY_WAY.fullmatch(fold(text[start:end])):
            continue
        text = text[:start] + " " * (end - start) + text[end:]
    text = _REFUSED.sub(" ", _TOLD.sub(" ", fold(text)))
    for travel, pattern in _TRAVEL:
        if pattern.search(text):
            return travel
    return None

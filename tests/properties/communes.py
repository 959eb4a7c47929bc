"""Every commune of France is found by its own name, and by nothing that only holds its letters."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path

import yaml
from rapidfuzz.distance import OSA

import nlu
from nlu.datewords import MONTHS
from nlu.gazetteer import HOME, Gazetteer
from nlu.keys import LINKS, name_key
from nlu.meaning import Place, Understanding
from nlu.placewords import STREETS
from nlu.schoolyear import FEASTS
from nlu.text import fold
from nlu.understander import Understander
from tests.properties import Outcome

TODAY = date(2026, 11, 23)
_DATA = Path(nlu.__file__).with_name("data")
_VIOLENCE = frozenset({"violes", "violles", "viols"})
_TYPED = frozenset({"dan", "sant"})
_GLUE = "xzwk"  # four letters, one more than the typing errors ever forgiven
_SURE = 4_000


def _to(name: str) -> str:
    """« à Lens », « au Quesnoy », « aux Attaques »."""
    if name.startswith("Les "):
        return "aux " + name[4:]
    return "au " + name[3:] if name.startswith("Le ") else "à " + name


ANSWERS: dict[str, Callable[[str], str]] = {
    "as written": str,
    "without accents": fold,
    "without hyphens": lambda name: re.sub("[-'’]", " ", name),
    "in capitals": str.upper,
}
"""Ways to write a name as the answer to « où ? »."""

SENTENCES: dict[str, Callable[[str], str]] = {
    "after « à »": _to,
    "after « vers »": lambda name: f"vers {name}",
    "after « sur »": lambda name: f"sur {name}",
    "in a sentence": lambda name: f"je cherche un apprentissage {_to(name)}",
    "in a sentence, in capitals": lambda name: f"JE CHERCHE UN APPRENTISSAGE {_to(name)}".upper(),
    "in a sentence, bare": lambda name: re.sub(
        "[-'’]", " ", fold(f"je cherche un apprentissage {_to(name)}")
    ),
}
"""Ways to write it unasked."""


def found_by_name(understander: Understander, stride: int = 1, start: int = 0) -> Outcome:
    """Each commune in every way above: given, asked about, or a namesake that comes before it."""
    outcome = Outcome("communes, found")
    gazetteer = understander.gazetteer
    for row in range(start, len(gazetteer), stride):
        place = gazetteer.place(row)
        name = place.name.split(" (")[0]  # « Castillon (Canton d'Arthez) »: nobody writes that
        for ways, asked in ((ANSWERS, "ask_place"), (SENTENCES, None)):
            for write in ways.values():
                read = understander.read(write(name), asked=asked, today=TODAY)
                verdict = given_or_asked(place, name, read) or _exception(
                    gazetteer, place, name, read, asked
                )
                outcome.note(write(name), verdict, _shown(read))
    return outcome


def _exception(
    gazetteer: Gazetteer, place: Place, name: str, read: Understanding, asked: str | None
) -> bool | str:
    """Why the commune need not be found, in a sentence; ``False`` if it should be."""
    if len(read.places) == 1 and _a_typing_error_of(gazetteer, place, read.places[0]):
        return "a village elsewhere yields to a town of the region that is written or sounds alike"
    if "(" in place.name:
        return "known only with the precision nobody writes: Bors (Canton de…)"
    if read.areas:
        return "named as a département or a region: in La Marne, one says Marne for the area"
    if set(name_key(name).split(" ")) & STREETS:
        return "a street's word: La Chaussée-d'Ivry"
    if read.trades or read.domains or read.noncraft_trades:
        return "a trade's word too: Les Forges"
    words = [word for word in name_key(name).split(" ") if word not in LINKS] or [name_key(name)]
    if len(words) == 1 and (_nearly_a_month(words[0]) or words[0] in FEASTS):
        return "a month or a feast by its name, or nearly: Mars, Juillé, Toussaint"
    if other := _other_sense(words, asked):
        return other
    ordinary = all(word in common_words() or len(word) < 3 for word in words)
    if ordinary and place.departement not in HOME:
        return "ordinary words, elsewhere than in the region"
    if ordinary and not asked and (place.population < 1_000 or words == ["rue"]):
        return "ordinary words of the region, unasked: Long, Rue"
    return False


def _other_sense(words: list[str], asked: str | None) -> str | None:
    """What the words of a name say to whoever does not know it."""
    if words[0] == "ronde" and not asked:
        return "« à la ronde », as in « à 20 km à la ronde »"
    if words == ["sos"] or _VIOLENCE.intersection(words):
        return "a call for help: Viols-le-Fort"
    if words[0] == "poce":
        return "« pause », by ear: Pocé-les-Bois"
    if _TYPED.intersection(words):
        return "a word as it is typed on a phone: « dan », « sant » for « dans », « saint »"
    return None


def _nearly_a_month(word: str) -> bool:
    return any(word[0] == month[0] and OSA.distance(word, month) <= 2 for month in MONTHS)


def given_or_asked(place: Place, name: str, read: Understanding) -> bool:
    """It, alone; or among the candidates; or those that bear the name or one that goes on so.

    Of namesakes the region's comes first, then the most populated.
    """
    if read.negated_places:
        return False
    asks = read.ambiguous_places
    if len(read.places) == 1 and not asks:
        return read.places[0].insee == place.insee or _comes_first(place, name, read.places[0])
    if read.places or len(asks) != 1:
        return False
    candidates = asks[0].candidates
    listed = any(candidate.insee == place.insee for candidate in candidates)
    listed = listed or any(_namesake(name, c) and _before(c, place) for c in candidates)
    return listed or all(_bears(name, c) and _before(c, place) for c in candidates[:1])


def _namesake(name: str, other: Place) -> bool:
    return name_key(other.name) == name_key(name)


def _bears(name: str, other: Place) -> bool:
    """Whether the name of ``other`` is that, or begins with it."""
    return (name_key(other.name) + " ").startswith(name_key(name) + " ")


def _before(other: Place, place: Place) -> bool:
    if (other.departement in HOME) != (place.departement in HOME):
        return other.departement in HOME
    return other.population >= place.population or place.population < _SURE


def _comes_first(place: Place, name: str, other: Place) -> bool:
    return _bears(name, other) and _before(other, place)


def _a_typing_error_of(gazetteer: Gazetteer, place: Place, town: Place) -> bool:
    """« Lods », a village, may well be Loos: ten times its people, in the region.

    A village of the region whose name only begins so (Magny-la-Fosse) is what Masny replaces.
    """
    rows = gazetteer.rows_beginning(name_key(place.name))
    begun = [gazetteer.population[row] for row in rows if gazetteer.home(row)]
    near = town.departement in HOME and place.departement not in HOME
    smaller = min([place.population, *begun])
    return near and place.population < _SURE and town.population >= 10 * smaller


@cache
def common_words() -> frozenset[str]:
    """Words of French, and those that the table of places says to be more than towns."""
    table = yaml.safe_load((_DATA / "places.yml").read_text("utf-8"))
    words = set((_DATA / "words.txt").read_text("utf-8").split())
    return frozenset((words | set(table["common"])) - set(table["towns"]))


def _shown(read: Understanding) -> str:
    asks = [[c.name for c in a.candidates] for a in read.ambiguous_places]
    named = [p.name for p in read.places], [a.name for a in read.areas]
    return f"{read.intent} {named} {asks} {read.availability or ''}"


def not_inside_words(understander: Understander, stride: int = 1, start: int = 0) -> Outcome:
    """A name glued to letters before or after is no place, even after « à »."""
    outcome = Outcome("communes, not inside other words")
    gazetteer = understander.gazetteer
    for row in range(start, len(gazetteer), stride):
        joined = gazetteer.keys[row].replace(" ", "")
        for word in (_GLUE + joined, joined + _GLUE, _GLUE + joined + _GLUE):
            read = understander.read(f"je cherche un apprentissage à {word}", today=TODAY)
            outcome.note(word, not (read.places or read.ambiguous_places), _shown(read))
    return outcome


def ordinary_words(understander: Understander, stride: int = 1, start: int = 0) -> Outcome:
    """« mon long », « mon bus est cool »: an ordinary word is a commune only where it may be."""
    outcome = Outcome("communes, ordinary words")
    gazetteer = understander.gazetteer
    for row in range(start, len(gazetteer), stride):
        key = gazetteer.keys[row]
        if " " in key or key not in common_words():
            continue
        for text in (f"mon {key} est trop cool", f"je veux un {key} comme le tien"):
            read = understander.read(text, today=TODAY)
            outcome.note(text, not (read.places or read.ambiguous_places), _shown(read))
    return outcome

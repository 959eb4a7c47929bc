"""Départements, regions, France and named zones in a message."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Any, Self

import yaml
from rapidfuzz import process
from rapidfuzz.distance import OSA

from nlu.gazetteer import HOME
from nlu.keys import SAME, name_key, name_word, sound
from nlu.meaning import Area
from nlu.placewords import REFUSING

# « nord », « somme », « manche »: names that are also words want « dans le », « du » … before them.
_BEFORE = frozenset({"le", "la", "l", "les", "du", "en"})
_PREPOSITIONS = REFUSING | {"dans", "ds", "sur", "de", "d", "du", "en", "vers", "partout", "cote",
                            "a", "tout", "toute", "pour", "departement", "coin", "secteur",
                            "ajoute", "rajoute", "mets", "met"}  # fmt: skip
_INSIDE = frozenset({"dans", "ds", "sur", "tout"})
_INSTEAD = frozenset({"plutot", "finalement", "non", "nan", "mais", "fait", "enfaite", "prefere",
                      "mieux"})  # fmt: skip
_AROUND = _BEFORE | _PREPOSITIONS
_AROUND |= {"et", "ou", "c", "est", "mon", "je", "jsuis", "suis", "plutot", "euh", "bah", "oui"}
_HOME_NAMES = frozenset({"nord", "oise", "somme", "aisne"})
_AROUND |= _HOME_NAMES
_HOME_WORDS = [[name] for name in sorted(_HOME_NAMES)]
_HERE = "la region"  # without a name, the one we serve
_AFTER_HERE = REFUSING | {"mais", "svp", "stp", "merci", "dispo", "je", "j", "meme"}
_LINKED = frozenset({"et", "ou", "le", "la", "l", "dans", "ds", "ni", "en"})
_GOING_ON = frozenset({"sauf", "pas", "dispo", "pour", "a", "des", "svp", "stp", "urgent"})
_DEPARTEMENT = frozenset({"departement", "dept", "dep", "dpt", "dpts", "departements"})
# What may stand around a number that answers « où ? »: « 60 ou 80 les deux ».
_ANSWERING = frozenset({"le", "la", "les", "et", "ou", "dans", "ds", "du", "sur", "c", "est", "mon",
                        "tout", "deux", "bah", "euh", "oui", "plutot", "partout", "ca", "va",
                        "peu", "importe"})  # fmt: skip
_LONGEST_ANSWER = 40  # words
_OF_THERE = frozenset({"suis", "sui", "chui", "viens", "ville", "villes", "coin", "partout"})
_UNITS = frozenset({"km", "kms", "kilometre", "kilometres", "borne", "bornes", "ans", "an", "min",
                    "mn", "minutes", "h", "heures", "euros", "euro", "e", "cm", "jours", "jour",
                    "mois", "kil", "kilo", "kilos", "pourcent", "eme", "m", "kg",
                    "semaines"})  # fmt: skip


@dataclass(frozen=True, slots=True)
class FoundArea:
    """Areas of one phrase (a former region gives several), and its words ``first``..``last``."""

    areas: tuple[Area, ...]
    first: int
    last: int
    number: bool = False
    guessed: bool = False  # by its sound: only where the word is not a commune's


@dataclass(frozen=True, slots=True)
class _Phrase:
    words: tuple[str, ...]
    areas: tuple[Area, ...]
    free: bool  # understood wherever it stands, without « dans le » before it

    long_zone: bool = False  # a zone of several words

    def nearly(self, forms: Sequence[str]) -> bool:
        """Whether at most one letter is wrong in each long word: « bassin minié »."""
        return len(forms) == len(self.words) and all(
            form == word or (len(word) > 4 and OSA.distance(form, word, score_cutoff=1) <= 1)
            for form, word in zip(forms, self.words, strict=True)
        )


class Areas:
    """The table of areas, and its reader."""

    def __init__(self, table: dict[str, Any]) -> None:
        self.departements = dict(_departements(table["departements"]))
        self._phrases: dict[str, list[_Phrase]] = {}
        self._zones_heard: dict[str, tuple[str, Area]] = {}
        self._zone_heads: set[str] = set()
        self._zone_names_of: dict[str, Area] = {}
        self._zone_names: list[str] = []
        self._answers = {name_key(phrase) for phrase in table["france_answers"]}
        self._fill(table)
        for phrases in self._phrases.values():
            phrases.sort(key=lambda phrase: -len(phrase.words))
        self._seconds = {first: self._after(first) for first in self._phrases}

    @classmethod
    def load(cls) -> Self:
        text = (files("nlu") / "data" / "areas.yml").read_text("utf-8")
        return cls(yaml.load(text, yaml.CSafeLoader))

    def _fill(self, table: dict[str, Any]) -> None:
        for code, area in self.departements.items():
            if code != "75":  # the town answers for Paris
                key = name_key(area.name)
                self._add(key, (area,), free=" " in key)
                if key[0] in "aeiouhy" and len(key) > 3 and " " not in key:
                    self._add(f"l{key}", (area,), free=False)  # « dans loise »
        for name, codes in table["other_names"].items():
            areas = tuple(self.departements[code] for code in codes)
            # « pas calais » may well be a refusal
            self._add(name, areas, free=len(name) > 4 and name != "pas calais")
        for code, (name, inside, *aliases) in table["regions"].items():
            region = Area("region", code, name, tuple(inside.split()))
            for alias in aliases:
                self._add(alias, (region,), free=len(alias) > 4 and alias != _HERE)
        everywhere = (Area("pays", "FR", "France"),)
        for phrase in [*table["france"], *table["france_answers"]]:
            self._add(name_key(phrase), everywhere, free=phrase in table["france"])
        for name, lat, lon, radius, *aliases in table["zones"]:
            zone = Area("zone", None, name, (), lat, lon, float(radius))
            for alias in aliases:
                self._add(name_key(alias), (zone,), free=len(alias) > 4)
                self._add_zone_heard(alias, zone)

    def _after(self, first: str) -> frozenset[str]:
        """The words one of which must follow ``first`` in the name of an area; none if ``first``
        may be one alone, be misspelt, or be followed by a misspelt word."""
        phrases = self._phrases[first]
        spelt = len(first) > 4 and first[:2] in self._zone_heads
        if spelt or any(len(phrase.words) == 1 or phrase.long_zone for phrase in phrases):
            return frozenset()
        return frozenset([phrase.words[1] for phrase in phrases])

    def _add_zone_heard(self, alias: str, zone: Area) -> None:
        """« tierache », « laudomarois »: one long word, by its sound."""
        if len(alias) > 4 and " " not in alias:
            for spelling in (alias, f"l{alias}") if alias[0] in "aeiouh" else (alias,):
                self._zones_heard[sound(spelling)] = (spelling, zone)
                self._zone_heads.add(spelling[:2])
            self._zone_names_of[alias] = zone
            self._zone_names = list(self._zone_names_of)

    def _misspelt_zone(self, form: str) -> tuple[Area, ...]:
        if len(form) < 5 or form[:2] not in self._zone_heads:
            return ()
        spelling, zone = self._zones_heard.get(sound(form), ("", None))
        most = 3 if len(form) > 7 else 2  # « boulonné »
        if zone and OSA.distance(form, spelling, score_cutoff=most) <= most:
            return (zone,)
        if len(form) < 8:
            return ()
        near = process.extractOne(form, self._zone_names, scorer=OSA.distance, score_cutoff=1)
        return (self._zone_names_of[near[0]],) if near else ()

    def all(self) -> tuple[Area, ...]:
        """Every area there is, once."""
        phrases = (phrase for group in self._phrases.values() for phrase in group)
        named = (area for phrase in phrases for area in phrase.areas)
        return tuple(dict.fromkeys((*self.departements.values(), *named)))

    def _add(self, key: str, areas: tuple[Area, ...], free: bool) -> None:
        words = tuple(key.split())
        long_zone = len(words) > 1 and areas[0].type == "zone"
        self._phrases.setdefault(words[0], []).append(_Phrase(words, areas, free, long_zone))

    def read(
        self,
        forms: Sequence[str],
        asked: str | None,
        free_at: Callable[[int], bool],
        cut: Callable[[int], bool] = lambda i: False,
        known: Callable[[str], bool] = lambda form: False,
    ) -> Iterator[FoundArea]:
        """Areas in order; ``forms`` are canonical words, ``free_at(i)`` says i is not claimed,
        ``cut(i)`` that punctuation follows i; ``known`` words are no misspelt zones."""
        before = 0
        for at, form in enumerate(forms):
            seconds = self._seconds.get(form)
            if seconds is None:
                begins = form[0].isdigit()
            else:
                begins = not seconds or not seconds.isdisjoint(forms[at + 1 : at + 2])
            if not begins and not (len(form) > 4 and form[:2] in self._zone_heads):
                continue
            if at < before or not free_at(at):
                continue
            found = None
            if begins:
                found = self._at(forms, at, asked) or self._in_a_list(forms, at, before)
                found = found or self._after_trade(forms, at, free_at)
                found = found or self._before_trade(forms, at, asked, free_at)
                found = found or self._between_cuts(forms, at, cut)
            elif not known(form) and (zone := self._misspelt_zone(form)):
                found = FoundArea(zone, at, at, guessed=True)
            if found:
                yield found
                before = found.last + 1

    def _at(self, forms: Sequence[str], at: int, asked: str | None) -> FoundArea | None:
        if forms[at][:1].isdigit():
            return self._number(forms, at, asked)
        for phrase in self._phrases.get(forms[at], ()):
            size = len(phrase.words)
            said = tuple(forms[at : at + size])
            if (said == phrase.words or (phrase.long_zone and phrase.nearly(said))) and (
                phrase.free or self._introduced(forms, at, size, asked)
            ):
                return FoundArea(phrase.areas, at, at + size - 1)
        zone = self._misspelt_zone(forms[at])
        return FoundArea(zone, at, at, guessed=True) if zone else None

    def _between_cuts(
        self, forms: Sequence[str], at: int, cut: Callable[[int], bool]
    ) -> FoundArea | None:
        """« Breteuil (Oise) », « apprendre à souder. Oise. »."""
        if not at or not cut(at - 1):
            return None
        found = self._of_the_region(forms, at)
        ends = found and (found.last + 1 == len(forms) or cut(found.last))
        return found if ends else None

    def _in_a_list(self, forms: Sequence[str], at: int, before: int) -> FoundArea | None:
        """« dans le 59 et le 62 », « le Nord et la Somme »: ``before`` follows the last area."""
        if not before:
            return None
        link = forms[before:at]
        if not {"et", "ou"}.intersection(link) or not _LINKED.issuperset(link):
            return None
        following = forms[at + 1] if at + 1 < len(forms) else ""
        code = self.named_by_number(forms[at], following)
        if code:
            return FoundArea((self.departements[code],), at, at, True) if code in HOME else None
        return self._of_the_region(forms, at)

    def _after_trade(
        self, forms: Sequence[str], at: int, free_at: Callable[[int], bool]
    ) -> FoundArea | None:
        """« coiffeur mel », « coiffure nord sauf lille »: right after words already spoken for."""
        if not at or free_at(at - 1):
            return None
        found = self._of_the_region(forms, at)
        ends = found and (found.last + 1 == len(forms) or forms[found.last + 1] in _GOING_ON)
        return found if ends else None

    def _before_trade(
        self, forms: Sequence[str], at: int, asked: str | None, free_at: Callable[[int], bool]
    ) -> FoundArea | None:
        """« 62 plombier »: a département of the region, and nothing else that is free."""
        if at or len(forms) < 2 or forms[0] not in HOME or asked == "ask_radius":
            return None
        if any(free_at(i) for i in range(1, len(forms))):
            return None
        return FoundArea((self.departements[forms[0]],), 0, 0, number=True)

    def _of_the_region(self, forms: Sequence[str], at: int) -> FoundArea | None:
        for phrase in self._phrases.get(forms[at], ()):
            last = at + len(phrase.words) - 1
            if phrase.words[0] == "la" or tuple(forms[at : last + 1]) != phrase.words:
                continue
            if all(a.type == "zone" or HOME.issuperset(a.departements) for a in phrase.areas):
                return FoundArea(phrase.areas, at, last)
        return None

    def _introduced(self, forms: Sequence[str], at: int, size: int, asked: str | None) -> bool:
        """« dans le nord », « en gironde », or « nord » as the answer to « où ? »."""
        alone = all(form in _AROUND for form in forms[:at])
        said = " ".join(forms[at : at + size])
        if said == _HERE:
            whole = at > 0 and forms[at - 1] in {"toute", "tout"}
            ends = at + size == len(forms) or forms[at + size] in _AFTER_HERE
            return ends and ((asked == "ask_place" and alone) or whole)
        if asked == "show_offers" and len(forms) <= size + 2 and said not in self._answers:
            return at + size == len(forms) and alone
        most = 7 if said in _HOME_NAMES else 5
        if asked == "ask_place" and len(forms) <= size + most and alone:
            return True
        if said in _HOME_NAMES and _beside_another(forms[at + size : at + size + 5]):
            return True
        if said in self._answers:
            return False
        if at == 0 or forms[at - 1] not in _BEFORE:
            return at > 0 and forms[at - 1] in {"dans", "ds", "departement", "dept", "sauf"}
        if forms[at - 1] in {"en", "du"}:
            return at + size == len(forms) or forms[at + size] not in {"de", "du", "des"}
        listed = asked == "ask_place" and forms[at - 2] in {"et", "ou"}
        listed = listed or (said in _HOME_NAMES and forms[at - 2] in _INSTEAD)
        return at > 1 and (listed or forms[at - 2] in _PREPOSITIONS)

    def _number(self, forms: Sequence[str], at: int, asked: str | None) -> FoundArea | None:
        area = self.departements.get(forms[at].upper())
        if area is None or (at + 1 < len(forms) and forms[at + 1] in _UNITS):
            return None
        before = forms[at - 1] if at else ""
        named = before in _DEPARTEMENT or self._said_to_be_one(forms[at + 1 : at + 4])
        inside = before in {"le", "l"} and at > 1 and forms[at - 2] in _INSIDE
        # « plutôt le 62 »; up to 31 it may be a day.
        instead = before == "le" and at > 1 and forms[at - 2] in _INSTEAD and forms[at] > "31"
        instead = instead and asked not in {"ask_radius", "ask_availability"}
        # « pas le 59, le 62 »
        refused = list(forms[max(0, at - 4) : at - 2]) == ["pas", "le"] and forms[at - 2] in HOME
        instead = instead or (refused and before == "le" and forms[at] in HOME)
        from_there = before == "du" and at > 1 and forms[at - 2] in _OF_THERE
        alone = asked != "ask_radius" and self._closing(forms, at)
        alone = alone or (asked not in {"ask_radius", "ask_availability"} and _paired(forms, at))
        if named or inside or instead or from_there or alone or self._answer(forms, asked):
            return FoundArea((area,), at, at, number=True)
        return None

    def _said_to_be_one(self, following: Sequence[str]) -> bool:
        """« le 59, le département »."""
        return any(
            form in _DEPARTEMENT and {"le", "en", "c", "est"}.issuperset(following[:i])
            for i, form in enumerate(following)
            if i
        )

    def _closing(self, forms: Sequence[str], at: int) -> bool:
        """« coiffeuse 62 »: a département of the region ends the message, after a long word."""
        if at == 0 or at + 1 != len(forms) or forms[at] not in HOME:
            return False
        return len(forms[at - 1]) > 4 and forms[at - 1].isalpha()

    def _answer(self, forms: Sequence[str], asked: str | None) -> bool:
        """« 59 », « le 62 et le 59 »: numbers, and next to nothing besides."""
        if asked not in {"ask_place", "show_offers"} or len(forms) > _LONGEST_ANSWER:
            return False
        if asked == "show_offers" and HOME.isdisjoint(forms):
            return False
        return all(f.upper() in self.departements or f in _ANSWERING for f in forms)

    def named(self, form: str) -> bool:
        """Whether one word is an area's name, wherever it stands."""
        return any(phrase.words == (form,) for phrase in self._phrases.get(form, ()))

    def named_by_number(self, form: str, following: str) -> str | None:
        """The département of « 60 » in « clermont 60 », unless « 60 km » or « 60 ans »."""
        code = form.upper()
        return code if code in self.departements and following not in _UNITS else None


def _beside_another(following: Sequence[str]) -> bool:
    """« oise ou aisne », « nord ou pas de calais »."""
    said = [form for form in following if form not in _BEFORE]
    if said[:1] not in (["et"], ["ou"]):
        return False
    return said[1:2] == ["pdc"] or said[1:4] == ["pas", "de", "calais"] or said[1:2] in _HOME_WORDS


def _paired(forms: Sequence[str], at: int) -> bool:
    """« apprentissage 59 ou 62 »: two départements of the region."""
    said = [*forms[at : at + 4], "", ""]
    return HOME.issuperset({said[0], said[2]}) and said[1] in {"et", "ou"} and said[3] not in _UNITS


def spanned(areas: tuple[Area, ...], start: int, end: int) -> tuple[Area, ...]:
    """The same areas, with where they stand in the text."""
    return tuple(replace(area, start=start, end=end) for area in areas)


def _departements(lines: str) -> Iterator[tuple[str, Area]]:
    for entry in lines.replace("\n", "|").split("|"):
        if entry.strip():
            code, _, name = entry.strip().partition(" ")
            yield code, Area("departement", code, name, (code,))


def canonical(form: str) -> str:
    """The word of a message as names are compared: « st », « gd » -> « grand »."""
    if form[0] == "s" and 3 < len(form) < 7 and form not in _NO_SAINTS:
        return "st" if OSA.distance(form, "saint", score_cutoff=1) <= 1 else name_word(form)
    return _CANONICAL.get(form, form)


def canonicals(forms: Iterable[str]) -> list[str]:
    """The same of each of ``forms``."""
    return [canonical(form) if form[0] == "s" else _CANONICAL.get(form, form) for form in forms]


# One letter away from « saint », and words of their own.
_NO_SAINTS = frozenset({"sainte", "saints", "sains", "sait", "saine", "suint", "sante"})
_SHORT = {"gd": "grand", "gde": "grande", "pt": "petit", "pte": "petite", "vx": "vieux",
          "nd": "notre dame", "cht": "chateau", "s": "sur", "ss": "sous",
          "dan": "dans", "ds": "dans", "dns": "dans", "coter": "cote", "tt": "tout",
          "tte": "toute", "sof": "sauf", "sauff": "sauf", "pa": "pas", "po": "pas", "pu": "plus",
          "plu": "plus", "tro": "trop", "pluto": "plutot", "nn": "non", "nor": "nord", "dla": "la",
          "somm": "somme"}  # fmt: skip
_CANONICAL = SAME | _SHORT | {"cedex": "cedex"}  # a word of a message is never empty

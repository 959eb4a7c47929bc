"""The communes a message names, wants, or rules out; and those that must be asked about."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import replace
from importlib.resources import files
from itertools import islice
from typing import NamedTuple

import yaml

from nlu import placewords as pw
from nlu.areas import Areas, FoundArea, canonicals
from nlu.gazetteer import HOME, Gazetteer
from nlu.keys import LINKS
from nlu.meaning import AmbiguousPlace, Area, Place
from nlu.naming import Naming
from nlu.placebeside import beside
from nlu.placechoice import area_values, located, ruled_out, wanted
from nlu.placeclaims import Traps, elsewhere, without_teams
from nlu.placefinder import PlaceFinder
from nlu.placesentence import Mention, Sentence
from nlu.text import Message, Word

_LONG = 10  # letters
_SAID_AT_ONCE = 16  # words of an answer
_MOST_WORDS = 400  # beyond these, a message does not say where one looks for work


class PlaceReading(NamedTuple):
    """What a message says of places, each in the order of the text, with its span."""

    places: tuple[Place, ...] = ()
    negated_places: tuple[Place, ...] = ()
    ambiguous_places: tuple[AmbiguousPlace, ...] = ()
    areas: tuple[Area, ...] = ()

    @property
    def spans(self) -> list[tuple[int, int]]:
        """Where each of them stands, in characters."""
        where: list[Place | Area] = [*self.places, *self.negated_places, *self.areas]
        if self.ambiguous_places:
            where += [ambiguous.candidates[0] for ambiguous in self.ambiguous_places]
        return [(place.start, place.end) for place in where]


_NOTHING = PlaceReading()


class PlaceReader:
    """Reads places; holds the names, the areas and the words that are no places."""

    def __init__(self, gazetteer: Gazetteer, ours: Container[str] = frozenset()) -> None:
        """``ours`` are words that may be remembered, besides those of names."""
        data = files("nlu") / "data"
        table = yaml.load((data / "places.yml").read_text("utf-8"), yaml.CSafeLoader)
        self._g = gazetteer
        self.naming = self._naming = Naming(gazetteer, table["nicknames"], ours)
        self._areas = Areas.load()
        words = set((data / "words.txt").read_text("utf-8").split())
        self._common = frozenset((words | set(table["common"])) - set(table["towns"]))
        self._finder = PlaceFinder(gazetteer, self._naming, self._areas, self._common)
        self._traps = Traps(table["traps"])

    def read(
        self, message: Message, asked: str | None, taken: Sequence[tuple[int, int]] = ()
    ) -> PlaceReading:
        """Places of a message; ``taken`` are spans (characters) trades and dates have claimed."""
        sentence = self._prepare(message, asked, taken)
        self._traps.claim(sentence)
        areas = list(
            self._areas.read(
                sentence.forms,
                asked,
                lambda i: not sentence.claimed[i],
                sentence.cut,
                self._known,
            )
        )
        areas = [area for area in areas if self._is_meant(sentence, area)]
        for area in areas:
            if not area.number:
                sentence.claim(area.first, area.last)
                sentence.inside[area.first] = frozenset(
                    d for one in area.areas for d in one.departements
                )
        departements = frozenset(d for f in areas for a in f.areas for d in a.departements)
        mentions = self._finder.mentions(sentence, departements)
        if not mentions and not areas:
            return _NOTHING
        mentions = elsewhere(sentence, without_teams(sentence, mentions))
        mentions = beside(self._g, self._naming, sentence, mentions)
        areas = [area for area in areas if not located(self._g, sentence, mentions, area)]
        return self._reading(sentence, wanted(self._g, sentence, mentions), areas)

    def heard(self, message: Message) -> list[tuple[int, int]]:
        """Parts of an answer to « où ? » that sound like a commune: « ferier la grande »."""
        words = [*islice(message.words, _SAID_AT_ONCE)]
        spans: list[tuple[int, int]] = []
        start = 0
        for i, word in enumerate(words):
            parts = i + 1 < len(words) and words[i + 1].form not in pw.LISTING
            if parts and not set(message.between(i, i + 1)) & set(",;/+.\n"):
                continue
            if word.form not in pw.LISTING:
                spans += self._heard(words[start : i + 1])
            start = i + 1
        return spans

    def _heard(self, words: Sequence[Word]) -> list[tuple[int, int]]:
        while words and (words[0].form in pw.SMALL or words[0].form in pw.CUES):
            words = words[1:]
        forms = canonicals([word.form for word in words])
        known = len(forms) > 5 or all(form in self._common or form in LINKS for form in forms)
        if known or not (self._naming.heard(forms) or self._nearly(" ".join(forms))):
            return []
        return [(words[0].start, words[-1].end)]

    def _nearly(self, name: str) -> bool:
        """« granviliers »: a long name of the region, two letters of it wrong at most."""
        named = self._naming.misspelt(name, 2) if len(name) >= _LONG else None
        return named is not None and self._g.home(named.rows[0])

    def _prepare(
        self, message: Message, asked: str | None, taken: Sequence[tuple[int, int]]
    ) -> Sentence:
        forms = canonicals(message.forms[:_MOST_WORDS])
        claimed = [False] * len(forms)
        for start, end in taken:
            for i in message.within(start, end):
                if i < len(forms):
                    claimed[i] = True
        return Sentence(message, asked, forms, claimed)

    def _is_meant(self, sentence: Sentence, area: FoundArea) -> bool:
        """Whether it is no part of a commune's name, nor such a name itself."""
        if self._in_a_name(sentence, area) or self._rather_a_village(sentence, area):
            return False
        return not (area.guessed and self._known(sentence.forms[area.first]))

    def _in_a_name(self, sentence: Sentence, area: FoundArea) -> bool:
        """« crépy en valois », « somme-yèvre »: the area belongs to a commune's name."""
        return self._naming.within_a_name(
            sentence.forms, area.first, area.last
        ) or self._in_a_misspelt_name(sentence, area)

    def _rather_a_village(self, sentence: Sentence, area: FoundArea) -> bool:
        """« creuse » alone is the village of the Somme, « dans la creuse » the département."""
        if area.first or area.last or area.number or len(area.areas) != 1:
            return False
        rows = self._g.rows_named(sentence.forms[0])
        return area.areas[0].code not in HOME and any(self._g.home(row) for row in rows)

    def _known(self, form: str) -> bool:
        return form in self._naming.longest or form in self._common

    def _in_a_misspelt_name(self, sentence: Sentence, area: FoundArea) -> bool:
        """« crepi en valois », « le cato cambresi », « sain polle sur ternoiz »."""
        if area.number or not area.first or area.first != area.last:
            return False
        linked = sentence.forms[area.first - 1] in {"en", "sur"}
        for first in range(area.first - 1 - linked, max(-1, area.first - 4), -1):
            words = sentence.forms[first : area.last + 1]
            if words[0] in pw.SMALL or sentence.cut(first):
                return False
            if (linked or area.guessed) and self._naming.heard(words):
                return True
            if linked and self._naming.misspelt(" ".join(words), 2) is not None:
                return True
        return False

    def _reading(
        self, s: Sentence, mentions: list[Mention], areas: list[FoundArea]
    ) -> PlaceReading:
        places: list[Place] = []
        negated: list[Place] = []
        ambiguous: list[AmbiguousPlace] = []
        for mention, refused in zip(mentions, ruled_out(s, mentions), strict=True):
            self._put(s, mention, negated if refused else places, None if refused else ambiguous)
        kept = self._distinct(places, negated)
        return PlaceReading(
            kept, self._not_wanted(negated, kept), tuple(ambiguous),
            area_values(s, areas),
        )  # fmt: skip

    def _put(
        self, s: Sentence, m: Mention, places: list[Place], asks: list[AmbiguousPlace] | None
    ) -> None:
        start, end = s.message.starts[m.first], s.message.ends[m.last]
        if m.named.resolved:
            place = self._g.place(m.named.rows[0], start, end)
            places.append(replace(place, guessed=True) if m.named.errors > 1 else place)
        elif asks is not None:
            candidates = tuple(self._g.place(row, start, end) for row in m.named.rows)
            asks.append(AmbiguousPlace(s.message.text[start:end], candidates))

    def _not_wanted(self, negated: list[Place], kept: tuple[Place, ...]) -> tuple[Place, ...]:
        """« c'est arras pas aras »: only the spelling is refused."""
        if not negated:
            return ()
        wanted = {place.insee for place in kept}
        return self._distinct([place for place in negated if place.insee not in wanted], [])

    def _distinct(self, places: list[Place], others: list[Place]) -> tuple[Place, ...]:
        if not others and len(places) < 2:
            return tuple(places)
        kept: dict[str, Place] = {}
        ruled_out = {(p.insee, p.start) for p in others}
        for place in places:
            if (place.insee, place.start) not in ruled_out:
                kept.setdefault(place.insee, place)
        return tuple(kept.values())

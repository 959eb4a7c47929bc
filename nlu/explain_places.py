"""The reader of places and areas, telling which names it weighed and why one won."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from nlu.areas import Areas, FoundArea
from nlu.explained import Notes, words_span
from nlu.gazetteer import Gazetteer
from nlu.naming import Named, Naming
from nlu.placechoice import ruled_out
from nlu.placefinder import PlaceFinder
from nlu.places import PlaceReader, PlaceReading
from nlu.placesentence import Mention, Sentence
from nlu.text import Message

_PLACES, _AREAS = "lieux", "zones"
_WEIGHTS = {3: "la phrase annonce un lieu", 2: "le nom suffit", 1: "peut-être un lieu"}
_SHOWN = 3


class _Naming(Naming):
    """Remembers among whom the rule of ten chose."""

    def __init__(self, gazetteer: Gazetteer, nicknames: dict[str, str]) -> None:
        super().__init__(gazetteer, nicknames)
        self.pools: dict[tuple[int, ...], list[int]] = {}

    def rule_of_ten(self, pool: Iterable[int]) -> tuple[int, ...]:
        rows = list(pool)
        chosen = super().rule_of_ten(rows)
        self.pools[chosen] = rows
        return chosen


class _Areas(Areas):
    """Notes names of areas that the sentence does not make one."""

    drop: Callable[[int, int, str], None]

    def _introduced(self, forms: Sequence[str], at: int, size: int, asked: str | None) -> bool:
        introduced = super()._introduced(forms, at, size, asked)
        if not introduced:
            self.drop(at, at + size - 1, "nom courant aussi : il faudrait « dans le », « en »…")
        return introduced

    def _number(self, forms: Sequence[str], at: int, asked: str | None) -> FoundArea | None:
        found = super()._number(forms, at, asked)
        if found is None and forms[at].upper() in self.departements:
            self.drop(at, at, "un nombre : rien ne dit que c’est un département")
        return found


class _Finder(PlaceFinder):
    """Notes each name weighed, exact or misspelt."""

    drop: Callable[[Sentence, int, int, Named, str], None]

    def __init__(
        self, gazetteer: Gazetteer, naming: Naming, areas: Areas, common: frozenset[str]
    ) -> None:
        super().__init__(gazetteer, naming, areas, common)
        self._exacts: list[Mention] = []
        self.found: list[Mention] = []

    def mentions(self, sentence: Sentence, departements: frozenset[str]) -> list[Mention]:
        self.found = super().mentions(sentence, departements)
        return self.found

    def precise(self, s: Sentence, mention: Mention) -> bool:
        """Whether a département's number follows the name."""
        return bool(self._number_after(s, mention.last))

    def _weighed(
        self, s: Sentence, at: int, last: int, named: Named, article: str, listed: bool
    ) -> Mention | None:
        mention = super()._weighed(s, at, last, named, article, listed)
        if mention is None:
            why = "mot courant, ou trop petit et loin : la phrase n’en fait pas un lieu"
            self.drop(s, at, last, named, why)
        return mention

    def _mention_at(
        self, s: Sentence, at: int, departements: frozenset[str], found: list[Mention]
    ) -> Mention | None:
        self._exacts = []
        mention = super()._mention_at(s, at, departements, found)
        for exact in self._exacts:
            if mention and exact is not mention:
                why = f"{self._g.name(mention.named.rows[0])} est plus long, ou bien plus peuplé"
                self.drop(s, exact.first, exact.last, exact.named, why)
        return mention

    def _exact_at(
        self, s: Sentence, at: int, departements: frozenset[str], listed: bool
    ) -> Mention | None:
        if exact := super()._exact_at(s, at, departements, listed):
            self._exacts.append(exact)
        return exact


class ExplainedPlaces(PlaceReader):
    """Notes each name weighed, exact or misspelt, then what the sentence does with it."""

    def __init__(self, gazetteer: Gazetteer, notes: Notes) -> None:
        super().__init__(gazetteer)
        codes = {key: gazetteer.insee(row) for key, row in self._naming.nicknames.items()}
        self.naming = self._naming = self._ten = _Naming(gazetteer, codes)
        self._areas = self._spoken = _Areas.load()
        self._finder = self._walk = _Finder(gazetteer, self._ten, self._spoken, self._common)
        self._walk.drop = self._drop
        self._notes = notes
        self._seen: list[FoundArea] = []

    def read(
        self, message: Message, asked: str | None, taken: Sequence[tuple[int, int]] = ()
    ) -> PlaceReading:
        self._ten.pools = {}
        self._seen = []

        def drop(first: int, last: int, why: str) -> None:
            span = words_span(message, first, last)
            self._notes.add(_AREAS, message, span, "zone ou département", "", False, why)

        self._spoken.drop = drop
        return super().read(message, asked, taken)

    def _in_a_name(self, sentence: Sentence, area: FoundArea) -> bool:
        inside = super()._in_a_name(sentence, area)
        self._area(sentence, area, "dans le nom d’une commune" if inside else None)
        return inside

    def _rather_a_village(self, sentence: Sentence, area: FoundArea) -> bool:
        village = super()._rather_a_village(sentence, area)
        if village:
            self._area(sentence, area, "seul, c’est plutôt le village de la région")
        return village

    # --- what becomes of it ------------------------------------------------------------------

    def _reading(
        self, s: Sentence, mentions: list[Mention], areas: list[FoundArea]
    ) -> PlaceReading:
        reading = super()._reading(s, mentions, areas)
        refused = dict(zip(map(id, mentions), ruled_out(s, mentions), strict=True))
        for mention in self._walk.found:
            if id(mention) not in refused:
                why = "ni souhaité ni refusé : code postal du même lieu, école, ou vie d’un autre"
                self._drop(s, mention.first, mention.last, mention.named, why)
                continue
            why = "exclu : la phrase le nie" if refused[id(mention)] else self._choice(s, mention)
            span = words_span(s.message, mention.first, mention.last)
            claim = f"{_WEIGHTS[mention.weight]} ({mention.weight})"
            self._notes.add(_PLACES, s.message, span, self._named(mention.named), claim, True, why)
        given = {area.name for area in reading.areas}
        for area in self._seen:
            if any(one.name in given for one in area.areas):
                self._area(s, area, None, kept=True)
            elif not any(self._noted(s, area)):
                self._area(s, area, "dit seulement de quel lieu on parle, ou est refusé")
        return reading

    def _choice(self, s: Sentence, mention: Mention) -> str:
        named, people = mention.named, self._g.population
        if named.resolved and self._walk.precise(s, mention):
            return "le numéro de département qui suit le précise"
        pool = sorted(self._ten.pools.get(named.rows, named.rows), key=lambda row: -people[row])
        if not named.resolved:
            return "règle de dix : le plus peuplé n’a pas dix fois le suivant, on demande"
        if named.errors:
            return f"à {named.errors} faute près, ou au son"
        others = [row for row in pool if row != named.rows[0]]
        if others:
            return (
                f"règle de dix : {people[named.rows[0]]} habitants, "
                f"dix fois plus que {self._g.name(others[0])} ({people[others[0]]})"
            )
        return "seul de ce nom ici" if named.exact else "seul dont le nom commence ainsi"

    def _named(self, named: Named) -> str:
        shown = [f"{self._g.name(row)} {self._g.insee(row)}" for row in named.rows[:_SHOWN]]
        return " / ".join(shown) + (" / …" if len(named.rows) > _SHOWN else "")

    def _drop(self, s: Sentence, first: int, last: int, named: Named, why: str) -> None:
        span = words_span(s.message, first, last)
        self._notes.add(_PLACES, s.message, span, self._named(named), "", False, why)

    def _area(self, s: Sentence, area: FoundArea, why: str | None, *, kept: bool = False) -> None:
        if why is None and not kept:
            self._seen.append(area)
            return
        span = words_span(s.message, area.first, area.last)
        names = ", ".join(one.name for one in area.areas)
        self._notes.add(_AREAS, s.message, span, names, "", kept, why or "nommé comme une zone")

    def _noted(self, s: Sentence, area: FoundArea) -> Iterator[bool]:
        span = words_span(s.message, area.first, area.last)
        return (one.span == span for one in self._notes.of(_AREAS))

"""The workbench: the readers themselves, telling what they considered and why one won.

Each class below is a reader that notes what its own steps return; none decides anything, and the
readers that serve people pay nothing for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from nlu.availability import starts
from nlu.datewords import DateWords
from nlu.diplomas import weighed
from nlu.explain_places import ExplainedPlaces
from nlu.explain_trades import ExplainedTrades
from nlu.explained import Candidate, Notes
from nlu.gazetteer import Gazetteer
from nlu.intents import IntentModel, IntentReading
from nlu.meaning import Understanding
from nlu.moments import moments
from nlu.namesofdays import without_names
from nlu.radius import distances
from nlu.rules import Plain, Ruled, Rules
from nlu.text import Message
from nlu.trade_table import TradeTable
from nlu.understander import LONGEST, Understander
from nlu.values import Values

_WRITTEN = {
    "range": "intervalle : la borne du haut",
    "distance": "distance écrite",
    "home": "dit où l’on est, pas jusqu’où l’on va",
    "bare": "nombre seul",
}
_KINDS = {
    "day": "jour", "range": "intervalle", "week": "semaine", "month": "mois", "weekday": "jour",
    "in": "délai", "start": "rentrée", "holidays": "vacances", "season": "saison",
    "feast": "fête", "feasts": "fêtes", "exams": "examens", "now": "tout de suite",
    "year": "année",
}  # fmt: skip
_DIPLOMA = {
    "held": "déjà obtenu, ou refusé",
    "other sense": "un autre sens du mot, ici",
    "mended": "corrige ce qui précède",
}


@dataclass(frozen=True, slots=True)
class Explanation:
    """Every candidate of every reader, the model's likeliest intents, the rule, and the result."""

    candidates: tuple[Candidate, ...]
    masked: str
    chances: tuple[tuple[str, float], ...]
    """Intents and probabilities, the likeliest first; empty when a rule decided alone."""
    model: IntentReading | None
    rule: Ruled | None
    said: tuple[tuple[str, str], ...]
    """Names of the rules that found something, and the words they found."""
    result: Understanding


class _Model(IntentModel):
    masked = ""
    chances: tuple[tuple[str, float], ...] = ()
    reading: IntentReading | None = None

    def read(
        self, masked: str, asked: str | None = None, values: Sequence[str] = ()
    ) -> IntentReading:
        ranked = zip(self.labels, self.probabilities(masked, asked, values), strict=True)
        self.chances = tuple(sorted(ranked, key=lambda pair: -pair[1])[:5])
        self.masked, self.reading = masked, super().read(masked, asked, values)
        return self.reading


class _Rules(Rules):
    said: list[tuple[str, str]]

    def says(self, name: str, words: str) -> bool:
        if match := self.found(name, words):
            self.said.append((name, match.group()))
        return super().says(name, words)


class Workbench(Understander):
    """The understander, whose readers tell what they do."""

    def __init__(
        self, table: TradeTable, gazetteer: Gazetteer, intents: _Model, rules: _Rules
    ) -> None:
        super().__init__(table, gazetteer, intents, rules)
        self._notes = Notes()
        self._trades = ExplainedTrades(table, self._notes)
        self._places = ExplainedPlaces(gazetteer, self._notes)
        self._model, self._said = intents, rules
        self._rule: Ruled | None = None

    @classmethod
    def load(cls) -> Workbench:
        return cls(TradeTable.load(), Gazetteer.load(), _Model.load(), _Rules.load())

    def explain(self, text: str, *, asked: str | None = None, today: date) -> Explanation:
        """How :meth:`read` comes to its result; reads once, as ever."""
        self._notes.clear()
        self._model.masked, self._model.chances, self._model.reading = "", (), None
        self._said.said, self._rule = [], None
        result = self.read(text, asked=asked, today=today)
        self._others(Message.of(text[:LONGEST]), asked, today, result)
        return Explanation(
            tuple(self._notes.candidates), self._model.masked, self._model.chances,
            self._model.reading, self._rule, tuple(dict.fromkeys(self._said.said)), result,
        )  # fmt: skip

    def _ruled(
        self, text: str, words: Plain, spoken: Plain, values: Values, asked: str | None
    ) -> Ruled | None:
        self._rule = super()._ruled(text, words, spoken, values, asked)
        return self._rule

    def _others(
        self, message: Message, asked: str | None, today: date, result: Understanding
    ) -> None:
        """Dates, distances and diplomas: their readers are functions that give all they see."""
        self._dates(message, asked, today, result)
        for written, words, km in distances(message):
            bare = written == "bare" and asked != "ask_radius"
            wins = km == result.radius_km and written != "home" and not bare
            why = _WRITTEN[written] + (" : rien ne dit que c’est une distance" if bare else "")
            self._notes.add("rayon", message, words, f"{km} km", "", wins, why)
        taken = False
        for diploma, form, no in weighed(message, asked):
            wins = no in (None, "mended") and diploma == result.diploma and not taken
            why = _DIPLOMA[no] if no else "le premier nommé" if wins else "un autre l’emporte"
            self._notes.add("diplôme", message, form, diploma, "", wins, why)
            taken = taken or wins

    def _dates(
        self, message: Message, asked: str | None, today: date, result: Understanding
    ) -> None:
        words = DateWords.of(message.text, asked == "ask_availability")
        spans = {moment: words.span(moment.start, moment.end) for moment in moments(words)}
        rest = without_names(self._places.naming, message, list(spans.values()), asked) or message
        free = [moment for moment, span in spans.items() if rest.text[slice(*span)][0] != "_"]
        kept = starts(free, words.line, asked == "ask_availability")
        for moment, span in spans.items():
            days = moment.on(today)
            meaning = f"{days.start} – {days.end or '…'}" if days else "aucun jour à venir"
            wins = moment in kept and days is not None and result.availability is not None
            why = "dit quand commencer" if moment in kept else "ne dit pas quand commencer"
            if moment not in free:
                why = "dans le nom d’une commune"
            self._notes.add("dates", message, span, meaning, _KINDS[moment.kind], wins, why)

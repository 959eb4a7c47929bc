"""The reader of trades, telling which words it took for one and what became of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from nlu.explained import Notes, words_span
from nlu.text import Message
from nlu.trade_spotting import Forms, Found, Spotter
from nlu.trade_table import TradeTable
from nlu.trades import TradeReader, TradeReading
from nlu.wishes import Verdict, verdict

_TRADES = "métiers"
_HOW: dict[Verdict, str] = {
    "wish": "souhaité",
    "weak": "déjà fait ou connu, et rien d’autre n’est souhaité",
    "refused": "refusé : la phrase le nie",
    "other": "on en parle sans le vouloir",
}


class _Spotter(Spotter):
    """Notes names that begin at each word, and the longest of them."""

    note: Callable[[Found, str], None]
    uncued: Callable[[int, int], None]

    def __init__(self) -> None:
        super().__init__()
        self._begun: list[Found] = []

    def _starting(
        self,
        message: Message,
        forms: Forms,
        stems: Forms,
        i: int,
        asked: str | None,
        linked: bool,
    ) -> Iterator[Found]:
        for one in super()._starting(message, forms, stems, i, asked, linked):
            self._begun.append(one)
            yield one

    def _longest(
        self,
        message: Message,
        forms: Forms,
        stems: Forms,
        i: int,
        asked: str | None,
        linked: bool,
    ) -> Found | None:
        self._begun = []
        best = super()._longest(message, forms, stems, i, asked, linked)
        for one in self._begun:
            if best is None:
                self.note(one, "un lieu, ici")
            elif one.last < best.last:
                self.note(one, "contenu dans un nom plus long")
        if best and best.meaning == "!":
            self.note(best, "une tournure qui ne dit aucun métier")
        return best

    def _meant(
        self, message: Message, forms: Forms, stems: Forms, first: int, last: int, asked: str | None
    ) -> bool:
        meant = super()._meant(message, forms, stems, first, last, asked)
        if not meant:
            self.uncued(first, last)
        return meant

    def _cued(self, forms: Forms, first: int, last: int, asked: str | None) -> bool:
        cued = super()._cued(forms, first, last, asked)
        if not cued:
            self.uncued(first, last)
        return cued


class ExplainedTrades(TradeReader):
    """Notes what was spotted, and how the sentence means it."""

    def __init__(self, table: TradeTable, notes: Notes) -> None:
        super().__init__(table)
        spotter = _Spotter()
        spotter.note = lambda one, why: self._note(one, "", False, why)
        spotter.uncued = self._uncued
        self._spotter = spotter
        self._notes = notes
        self._message = Message.of("")

    def read(self, message: Message, asked: str | None) -> TradeReading:
        self._message = message
        return super().read(message, asked)

    def beside(self, message: Message, taken: Sequence[tuple[int, int]]) -> TradeReading:
        self._message = message
        return super().beside(message, taken)

    def _uncued(self, first: int, last: int) -> None:
        span = words_span(self._message, first, last - 1)
        why = "mot courant : rien autour n’en fait un métier"
        self._notes.add(_TRADES, self._message, span, "métier ou domaine", "", False, why)

    def _judge(
        self, message: Message, forms: Forms, found: list[Found]
    ) -> list[tuple[Found, Verdict]]:
        judged = super()._judge(message, forms, found)
        means = dict(judged)
        named = any(one.meaning[0] not in "@#" and how in ("wish", "weak") for one, how in judged)
        for one in found:
            typed = message.forms[one.first : one.last]
            read = forms[one.first : one.last]
            claim = "tel quel" if typed == read else f"lu « {' '.join(read)} »"
            how = means.get(one)
            if how is None:
                why = "déjà fait ou connu ; un autre métier est souhaité"
            else:
                why = _HOW[how]
                if how != verdict(message, forms, one.first, one.last):
                    why += ", comme le précédent de la liste"
            kept = how in ("wish", "weak", "refused")
            if kept and named and one.meaning[0] == "@":
                kept, why = False, "domaine : un métier est nommé, qui en dit plus"
            self._note(one, claim, kept, why)
        return judged

    def _note(self, one: Found, claim: str, kept: bool, why: str) -> None:
        span = words_span(self._message, one.first, one.last - 1)
        self._notes.add(_TRADES, self._message, span, self._named(one.meaning), claim, kept, why)

    def _named(self, meaning: str) -> str:
        if meaning == "!":
            return "rien"
        if meaning[0] == "@":
            return f"domaine {meaning[1:]}"
        if meaning[0] == "#":
            return f"{self._noncraft[int(meaning[1:])].label} (hors artisanat)"
        trade = self.table.get(meaning)
        parents = f", et sous le code parent {', '.join(trade.parents)}" if trade.parents else ""
        return f"{trade.label} : {', '.join(trade.rome)}{parents}"

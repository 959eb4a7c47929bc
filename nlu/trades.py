"""Reads the trades of a message: craft trades wished or refused, wide fields, other trades."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from itertools import islice

from nlu.deeds import is_everyday
from nlu.meaning import NoncraftTrade, TradeMention
from nlu.text import Message, fold
from nlu.trade_context import works_with
from nlu.trade_spotting import Forms, Found, Spotter
from nlu.trade_table import TradeTable, read_lexicon
from nlu.wish_words import I_HAVE, MENDED, TAKEN_DOWN, TROUBLES
from nlu.wishes import Verdict, verdict

_IN = (("dans",), ("ds",), ("dan",))
_A = (("un",), ("une",), ("1",))
# Beyond these, a message is not a wish any more.
_MOST_WORDS = 400
_MOST_FOUND = 30


@dataclass(slots=True)
class TradeReading:
    """What is read; ``spans`` are the characters of every trade, field or refusal found."""

    trades: list[TradeMention] = field(default_factory=list)
    negated_trades: list[TradeMention] = field(default_factory=list)
    domains: list[str] = field(default_factory=list)
    noncraft_trades: list[NoncraftTrade] = field(default_factory=list)
    spans: list[tuple[int, int]] = field(default_factory=list)


class TradeReader:
    """Reads trades with the words of ``table``; safe to share between threads."""

    def __init__(self, table: TradeTable, ours: Container[str] = frozenset()) -> None:
        """``ours`` are words that may be remembered, besides those of trades."""
        self.table = table
        lexicon = read_lexicon()
        self._spotter = Spotter(ours)
        self._noncraft = [NoncraftTrade(label, tuple(rome)) for label, rome in lexicon["noncraft"]]
        self._emoji: dict[str, str] = lexicon["emoji"]

    def read(self, message: Message, asked: str | None) -> TradeReading:
        """The trades of ``message``; ``asked`` is what the bot had asked (`ask_trade`…)."""
        forms = self._spotter.mended(_spoken(message))
        found = list(islice(self._spotter.spot(message, forms, asked), _MOST_FOUND))
        if not found and asked == "ask_trade" and len(forms) <= 6:
            found = list(self._spotter.thing(forms))
        elif not found and (at := works_with(forms)) >= 0:
            found = list(self._spotter.thing(forms, at))
        reading = self._sorted(message, forms, found)
        if not found and not message.text.isascii() and (asked == "ask_trade" or len(forms) < 3):
            self._pictured(message.text, reading)
        return reading

    def beside(self, message: Message, taken: Sequence[tuple[int, int]]) -> TradeReading:
        """The field or craft that stands alone in a message that names a place: « taxi, Lille ».

        ``taken`` are the spans (characters) of what was read as places and dates.
        """
        words = islice(message.words, _MOST_WORDS)
        forms = self._spotter.mended(_spoken(message))
        inside = [any(a < word.end and word.start < b for a, b in taken) for word in words]
        found = islice(self._spotter.beside(message, forms, inside), _MOST_FOUND)
        return self._sorted(message, forms, list(found))

    def _pictured(self, text: str, reading: TradeReading) -> None:
        """« 🥖 », alone or as an answer."""
        for i, sign in enumerate(text[:_MOST_WORDS]):
            if sign in self._emoji:
                self._put(reading, self._emoji[sign], (i, i + 1), "wish")
                reading.spans.append((i, i + 1))

    def _sorted(self, message: Message, forms: Forms, found: list[Found]) -> TradeReading:
        judged = self._judge(message, forms, found)
        reading = TradeReading()
        for one, how in judged:
            if how != "other":
                span = message.starts[one.first], message.ends[one.last - 1]
                reading.spans.append(span)
                self._put(reading, one.meaning, span, how, message.text)
        if reading.trades:
            reading.domains.clear()
        return reading

    def _judge(
        self, message: Message, forms: Forms, found: list[Found]
    ) -> list[tuple[Found, Verdict]]:
        """Weak mentions (« j'ai un CAP boulanger ») count only if nothing is wished for."""
        judged: list[tuple[Found, Verdict]] = []
        for one in found:
            how = verdict(message, forms, one.first, one.last)
            if how in {"wish", "weak"} and (_in_trouble(forms, one) or _is_everyday(forms, one)):
                how = "other"
            if how == "wish" and judged and _is_workplace(message, forms, judged[-1], one):
                how = "other"
            if how == "wish" and _is_known_surname(message, judged, one):
                how = "other"
            if how == "wish" and _is_habit(forms, one):
                how = "weak"
            if judged and how == "wish":
                how = _like_before(forms, judged[-1], one)
            judged.append((one, how))
        judged = _mistaken(forms, judged)
        wished = any(how == "wish" for _, how in judged)
        return [(one, how) for one, how in judged if not (how == "weak" and wished)]

    def _put(
        self,
        reading: TradeReading,
        meaning: str,
        span: tuple[int, int],
        how: Verdict,
        text: str = "",
    ) -> None:
        if meaning[0] == "@":
            if how != "refused" and meaning[1:] not in reading.domains:
                reading.domains.append(meaning[1:])
        elif meaning[0] == "#":
            other = self._noncraft[int(meaning[1:])]
            if how != "refused" and all(o.label != other.label for o in reading.noncraft_trades):
                reading.noncraft_trades.append(NoncraftTrade(other.label, other.rome, *span))
        else:
            trade = self.table.get(meaning)
            wanted, refused = reading.trades, reading.negated_trades
            into, out = (refused, wanted) if how == "refused" else (wanted, refused)
            if how == "refused":
                said = fold(text[slice(*span)])
                same = [m for m in wanted if m.id == trade.id]
                if any(fold(text[m.start : m.end]) != said for m in same):
                    return  # « sertisseur, et plus bijoutier »: one trade of ours, two of theirs
            if out:
                out[:] = [mention for mention in out if mention.id != trade.id]
            if not into or all(mention.id != trade.id for mention in into):
                into.append(TradeMention(trade.id, trade.label, trade.rome, *span))


def _spoken(message: Message) -> list[str]:
    """The words; « mé » is « mais », which its bare letters do not tell."""
    forms = [*message.forms[:_MOST_WORDS]]
    if "ç" in message.text:
        for i, word in enumerate(islice(message.words, _MOST_WORDS)):
            typed = message.text[word.start : word.end].lower()
            if (
                "ç" in typed
                and len(typed) > 4
                and "con" not in word.form
                and "cad" not in word.form
            ):
                forms[i] = fold(typed.replace("ç", "ss"))
    if "me" in forms and not message.text.isascii():
        for i, word in enumerate(islice(message.words, _MOST_WORDS)):
            if word.form == "me" and message.text[word.start + 1 : word.end].lower() in {"é", "è"}:
                forms[i] = "mais"
    return forms


def _is_everyday(forms: Forms, one: Found) -> bool:
    return one.done and is_everyday(forms, one.first, one.last)


def _is_habit(forms: Forms, one: Found) -> bool:
    """« jcouds des robes » tells what one does, and is a wish when nothing else is."""
    verb, before = forms[one.first], forms[one.first - 1] if one.first else ""
    return one.done and (before in {"je", "j"} or (verb[0] == "j" and verb != "jouer"))


def _is_workplace(
    message: Message, forms: Forms, before: tuple[Found, Verdict], one: Found
) -> bool:
    """« peindre des voitures dans un garage », « un poste de vendeuse dans une boulangerie »."""
    at = forms[max(0, one.first - 2) : one.first]
    at_home = before[0].done and before[1] == "other" and at[:1] in _IN
    return at_home or (
        before[1] == "wish"
        and before[0].meaning[0] != "@"
        and one.first - before[0].last <= 3
        and at[:1] in _IN
        and at[1:] in _A
    )


def _is_known_surname(message: Message, judged: list[tuple[Found, Verdict]], one: Found) -> bool:
    """« je m'appelle Boulanger, Léa Boulanger »: a name once is a name again."""

    def typed(found: Found) -> str:
        return message.typed(found.first, found.last)

    return typed(one).istitle() and any(
        how == "other" and typed(found) == typed(one) for found, how in judged
    )


def _like_before(forms: Forms, before: tuple[Found, Verdict], one: Found) -> Verdict:
    """In a list, the second is meant as the first: « pas boulanger ou pâtissier »."""
    link = forms[before[0].last : one.first]
    all_but = link == ("et",) and "sauf" in forms[: before[0].first]
    if link == ("ou",) or all_but or (link in ((), ("et",)) and before[1] != "refused"):
        return before[1]
    return "wish"


def _mistaken(forms: Forms, judged: list[tuple[Found, Verdict]]) -> list[tuple[Found, Verdict]]:
    """« j'ai écrit couvreur mais c'est coffreur »: the first is refused for the second."""
    for at in range(len(judged) - 1):
        (one, how), (then, how_then) = judged[at : at + 2]
        before = forms[max(0, one.first - 3) : one.first]
        said = not TAKEN_DOWN.isdisjoint(before) and not I_HAVE.isdisjoint(before)
        mended = not MENDED.isdisjoint(forms[one.last : then.first])
        if said and mended and how in {"wish", "weak"} and how_then == "wish":
            judged[at] = (one, "refused")
    return judged


def _in_trouble(forms: Forms, one: Found) -> bool:
    """« j'ai une fuite, je cherche un plombier »: a craftsman is wanted, not the trade."""
    if TROUBLES.isdisjoint(forms):
        return False
    return any(form in TROUBLES and not one.first <= k < one.last for k, form in enumerate(forms))

"""Reads the trades of a message: craft trades wished or refused, wide fields, other trades."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from nlu.lexicon import SKIPPED, Tree, longest, singular, tree
from nlu.meaning import NoncraftTrade, TradeMention
from nlu.text import Message
from nlu.trade_spelling import Speller
from nlu.trade_table import TradeTable, read_lexicon
from nlu.wish_words import TROUBLES
from nlu.wishes import Verdict, verdict

_WORDS = Path(__file__).with_name("data") / "words.txt"
# Beyond these, a message is not a wish any more.
_MOST_WORDS = 400
_MOST_FOUND = 30

Forms = tuple[str, ...]


@dataclass(slots=True)
class TradeReading:
    """What is read; ``spans`` are the characters of every trade, field or refusal found."""

    trades: list[TradeMention] = field(default_factory=list)
    negated_trades: list[TradeMention] = field(default_factory=list)
    domains: list[str] = field(default_factory=list)
    noncraft_trades: list[NoncraftTrade] = field(default_factory=list)
    spans: list[tuple[int, int]] = field(default_factory=list)


class Found(NamedTuple):
    """Words ``first`` to ``last`` (excluded) that mean a trade id, « @field » or « #number »."""

    first: int
    last: int
    meaning: str


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


# What may stand between a verb and its thing: « réparer (de vieilles) voitures ».
_BETWEEN = SKIPPED | _set(
    "mes mon ma ses son sa nos notre leur ce cette ces tout tous toutes toute plein beau beaux "
    "belle belles bon bons bonne bonnes petit petits petites gros grosse grosses vieux vieille "
    "vieilles nouvelles nouveaux jolis jolies super truc trucs comme the some my"
)
# What tells that an unsure word is a trade: « dans (la) photo », « faire (de la) moto ».
_CUES = _set(
    "dans ds dns faire fair fais metier metiers secteur domaine branche filiere alternance "
    "alternence apprentissage aprentissage apprentisage stage cap bac pro bp bts btm bm mc cs "
    "formation contrat bosser travailler apprenti apprentie cherche jcherche recherche jrecherche "
    "veux jveux veu aime jaime adore jadore kiffe interesse interessee passionne passionnee "
    "passion cote genre etre devenir plutot finalement enfaite fait patron atelier artisan "
    "prefere voudrais aimerais"
)
# One comes « en moto »; one works « dans la moto ».
_NO_EN = _set("velo moto taxi voiture vehicule photo")
# « une montre ».
_ONE = _set("une la ma de d")
_TO = _set("a sur vers habite pres dans de ville")
_AROUND = _BETWEEN | _TO
# « à Avion », « sur Art-sur-Meurthe »: towns.
_PLACED = _set("a sur vers")


class TradeReader:
    """Reads trades with the words of ``table``; safe to share between threads."""

    def __init__(self, table: TradeTable) -> None:
        self.table = table
        lexicon = read_lexicon()
        self._names = tree(lexicon["names"])
        self._joined = tree(lexicon["joined"])
        self._unsure = tree(lexicon["unsure"])
        self._firsts = frozenset((*self._names, *self._joined, *self._unsure))
        self._objects = {group: tree(things) for group, things in lexicon["objects"].items()}
        self._verbs: dict[str, list[str]] = lexicon["verbs"]
        self._noncraft = [NoncraftTrade(label, tuple(rome)) for label, rome in lexicon["noncraft"]]
        self._towns = frozenset(lexicon["towns"])
        self._emoji: dict[str, str] = lexicon["emoji"]
        self._alone = _alone(lexicon["objects"])
        known = frozenset(_WORDS.read_text("utf-8").split()) | self._vocabulary(
            lexicon["not_trades"]
        )
        self._speller = Speller(lexicon["heads"], lexicon["sounds"], known)

    def _vocabulary(self, others: list[str]) -> frozenset[str]:
        words = {*others, *self._verbs, *_CUES}
        stack: list[Tree] = [self._names, self._joined, self._unsure, *self._objects.values()]
        while stack:
            for word, below in stack.pop().items():
                if word:
                    words.add(word)
                    stack.append(below)
        return frozenset(words)

    def read(self, message: Message, asked: str | None) -> TradeReading:
        """The trades of ``message``; ``asked`` is what the bot had asked (`ask_trade`…)."""
        words = message.words[:_MOST_WORDS]
        forms = tuple([self._speller.mend(word.form) for word in words])
        stems = tuple([singular(form) for form in forms])
        found = list(islice(self._spot(message, forms, stems, asked), _MOST_FOUND))
        if not found and asked == "ask_trade" and len(forms) <= 6:
            found = list(self._things(forms, stems))
        reading = self._sorted(message, forms, found)
        if not found and not message.text.isascii() and (asked == "ask_trade" or len(forms) < 3):
            self._pictured(message.text, reading)
        return reading

    def beside(self, message: Message, places: Sequence[tuple[int, int]]) -> TradeReading:
        """The field or craft that stands beside a place, alone: « bâtiment Lens », « taxi Lille ».

        ``places`` are the spans (characters) of what was read as places.
        """
        reading, words = TradeReading(), message.words[:_MOST_WORDS]
        rest = [
            (word, k)
            for k, word in enumerate(words)
            if word.form not in _AROUND
            and not any(a < word.end and word.start < b for a, b in places)
        ]
        found = longest(self._unsure, [singular(word.form) for word, _ in rest], 0)
        if not found or found[0] < len(rest) or found[1][0] == "#":
            return reading
        forms = tuple([word.form for word in words])
        if _shows(forms, rest[0][1]) or _rides(forms, rest[0][1]):
            return reading
        last = rest[-1][1]
        if last + 1 < len(words) and words[last + 1].form in {"de", "d", "du"}:
            return reading  # « bois de Boulogne »
        self._put(reading, found[1], (rest[0][0].start, rest[-1][0].end), "wish")
        reading.spans.append((rest[0][0].start, rest[-1][0].end))
        return reading

    def _pictured(self, text: str, reading: TradeReading) -> None:
        """« 🥖 », alone or as an answer."""
        for i, sign in enumerate(text[:_MOST_WORDS]):
            if sign in self._emoji:
                self._put(reading, self._emoji[sign], (i, i + 1), "wish")
                reading.spans.append((i, i + 1))

    # ---------------------------------------------------------------------- spotting
    def _spot(
        self, message: Message, forms: Forms, stems: Forms, asked: str | None
    ) -> Iterator[Found]:
        i, before = 0, None
        while i < len(forms):
            best = self._mended_too(stems, i, before)
            if best is None and self._may_start(forms[i], stems[i]):
                best = self._longest(message, forms, stems, i, asked)
            if best and best.meaning != "!":
                yield best
                before = best
            i = best.last if best else i + 1

    def _may_start(self, form: str, stem: str) -> bool:
        return stem in self._firsts or form in self._verbs or form[0] == "j"

    def _mended_too(self, stems: Forms, i: int, before: Found | None) -> Found | None:
        """« mécano moto ou auto »: both are mended."""
        if before is None or before.last != i - 1 or stems[i - 1] not in {"ou", "et"}:
            return None
        found = longest(self._objects["réparer"], stems, i)
        return Found(i, *found) if found and before.meaning.startswith("mecanicien") else None

    def _longest(
        self, message: Message, forms: Forms, stems: Forms, i: int, asked: str | None
    ) -> Found | None:
        """The longest that begins at ``i``; of equals a sure name, then an activity."""
        best: Found | None = None
        for one in self._starting(message, forms, stems, i, asked):
            if best is None or one.last > best.last:
                best = one
        if best and self._is_place(message, forms, best, asked):
            return None
        return best

    def _starting(
        self, message: Message, forms: Forms, stems: Forms, i: int, asked: str | None
    ) -> Iterator[Found]:
        """Names, hyphenated titles, activities and unsure words that begin at word ``i``."""
        if found := longest(self._names, stems, i):
            yield Found(i, *found)
        if (found := longest(self._joined, stems, i)) and _hyphenated(message, i, found[0]):
            yield Found(i, *found)
        word = forms[i]
        groups = self._verbs.get(word) or (self._verbs.get(word[1:]) if word[0] == "j" else None)
        for group in groups or ():
            if done := self._activity(group, forms, stems, i):
                yield done
        if (found := longest(self._unsure, stems, i)) and self._cued(forms, i, found[0], asked):
            yield Found(i, *found)

    def _activity(self, group: str, forms: Forms, stems: Forms, i: int) -> Found | None:
        objects = self._objects.get(group)
        if objects is None:
            return None
        for k in range(i + 1, min(len(forms), i + 6)):
            if found := longest(objects, stems, k):
                return Found(i, *found)
            if forms[k] not in _BETWEEN:
                return None
        return None

    def _cued(self, forms: Forms, first: int, last: int, asked: str | None) -> bool:
        """Whether an unsure word stands where a trade would: « dans le bois », « photo » alone."""
        around = (*forms[:first], *forms[last:])
        rest = [form for form in around if form not in _BETWEEN and form not in _PLACED]
        if _shows(forms, first) or _rides(forms, first) or asked == "ask_place":
            return False
        if first and forms[first - 1] in _PLACED:
            return False
        if not rest or (asked == "ask_trade" and len(rest) <= 3):
            return True
        for k in range(first - 1, max(-1, first - 5), -1):
            if forms[k] in _CUES or forms[k] == "en":
                return True
            if forms[k] not in _BETWEEN and forms[k] not in {"et", "ou", "travail"}:
                return False
        return False

    def _is_place(self, message: Message, forms: Forms, found: Found, asked: str | None) -> bool:
        """« à Mâcon », « à La Couture » are towns; « apprenti macon », « la couture » trades."""
        word = message.words[found.first]
        if found.last > found.first + 1 or word.form not in self._towns:
            return False
        typed = message.text[word.start : word.end].lower()
        before = [form for form in forms[max(0, found.first - 3) : found.first] if form != "la"]
        placed = bool(before) and before[-1] in _TO
        if word.form == "macon":
            return "â" in typed or ("ç" not in typed and (placed or asked == "ask_place"))
        return (placed and before[-1] != "dans") or (asked == "ask_place" and len(forms) < 3)

    def _things(self, forms: Forms, stems: Forms) -> Iterator[Found]:
        """After « quel métier ? », a bare thing is enough: « les voitures », « le pain »."""
        for i, form in enumerate(forms):
            if form in _BETWEEN or _shows(forms, i):
                continue
            if found := longest(self._alone, stems, i):
                yield Found(i, *found)
                return

    # ----------------------------------------------------------------------- sorting
    def _sorted(self, message: Message, forms: Forms, found: list[Found]) -> TradeReading:
        judged = self._judge(message, forms, found)
        reading = TradeReading()
        for one, how in judged:
            if how != "other":
                span = message.words[one.first].start, message.words[one.last - 1].end
                reading.spans.append(span)
                self._put(reading, one.meaning, span, how)
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
            if how == "wish" and _in_trouble(forms, one):
                how = "other"
            if judged and how == "wish":
                how = _like_before(forms, judged[-1], one)
            judged.append((one, how))
        wished = any(how == "wish" for _, how in judged)
        return [(one, how) for one, how in judged if not (how == "weak" and wished)]

    def _put(
        self, reading: TradeReading, meaning: str, span: tuple[int, int], how: Verdict
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
            out[:] = [mention for mention in out if mention.id != trade.id]
            if all(mention.id != trade.id for mention in into):
                into.append(TradeMention(trade.id, trade.label, trade.rome, *span))


def _like_before(forms: Forms, before: tuple[Found, Verdict], one: Found) -> Verdict:
    """In a list, the second is meant as the first: « pas boulanger ou pâtissier »."""
    link = forms[before[0].last : one.first]
    all_but = link == ("et",) and "sauf" in forms[: before[0].first]
    if link == ("ou",) or all_but or (link in ((), ("et",)) and before[1] != "refused"):
        return before[1]
    return "wish"


def _shows(forms: Forms, i: int) -> bool:
    """« montre les offres », not « une montre »."""
    return forms[i] == "montre" and not (i and forms[i - 1] in _ONE)


def _rides(forms: Forms, i: int) -> bool:
    """One comes « en moto »."""
    return bool(i) and forms[i - 1] == "en" and singular(forms[i]) in _NO_EN


def _in_trouble(forms: Forms, one: Found) -> bool:
    """« j'ai une fuite, je cherche un plombier »: a craftsman is wanted, not the trade."""
    return any(form in TROUBLES and not one.first <= k < one.last for k, form in enumerate(forms))


def _hyphenated(message: Message, first: int, last: int) -> bool:
    """« boulanger-pâtissier » is one title, « boulanger pâtissier » two trades."""
    return all(message.between(k, k + 1) in "-–‑" for k in range(first, last - 1))


def _alone(objects: dict[str, dict[str, str]]) -> Tree:
    """Things that mean one trade whatever is done with them.

    Mending wins over making, and making over selling (« le pain » is the baker's).
    """
    meanings: dict[str, set[str]] = {}
    for group, things in objects.items():
        for thing, id_ in things.items():
            if group != "vendre":
                meanings.setdefault(thing, set()).add(id_)
    sure = {thing: min(ids) for thing, ids in meanings.items() if len(ids) == 1}
    return tree({**objects["vendre"], **objects["réparer"], **sure})

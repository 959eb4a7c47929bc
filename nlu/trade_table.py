"""The craft trades one can choose: names, ROME codes, fields, and which to propose beside them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from nlu.lexicon import content, singular
from nlu.text import Message

_LEXICON = Path(__file__).with_name("data") / "trades.json"


@dataclass(frozen=True, slots=True)
class Trade:
    """A trade of the table.

    ``rome`` are ROME 4.60 codes, own code first; ``parents`` their parents not among them, to be
    searched too (offers still bear the wider codes of ROME 3). ``title_stems`` are folded prefixes
    that name the trade in an offer's title, ``rival_stems`` those of the trades it shares codes or
    parents with. ``neighbours`` are ids, closest first; ``likings`` keys of ``TradeTable.likings``.
    ``craft`` is the trade as a noun (« boulangerie »), which has no gender to choose.
    """

    id: str
    label: str
    feminine: str
    domain: str
    family: str
    rome: tuple[str, ...]
    parents: tuple[str, ...]
    title_stems: tuple[str, ...]
    rival_stems: tuple[str, ...]
    neighbours: tuple[str, ...]
    likings: tuple[str, ...]
    craft: str

    @property
    def both(self) -> str:
        """Both genders: « boulanger ou boulangère », « mécanicien ou mécanicienne auto »."""
        his, hers = self.label.split(), self.feminine.split()
        if his == hers:
            return self.label
        shared = 0  # words at the end that are the same in both are said once
        while shared < min(len(his), len(hers)) - 1 and his[-shared - 1] == hers[-shared - 1]:
            shared += 1
        end = his[len(his) - shared :]
        return " ".join([*his[: len(his) - shared], "ou", *hers[: len(hers) - shared], *end])


@lru_cache(maxsize=1)
def read_lexicon() -> dict[str, Any]:
    """What `tools/make_trades.py` compiled; read once, never changed."""
    lexicon: dict[str, Any] = json.loads(_LEXICON.read_text("utf-8"))
    return lexicon


def _rivals(row: list[Any], rows: list[list[Any]]) -> tuple[str, ...]:
    codes, own = {*row[5], *row[6]}, row[7]
    return tuple(
        dict.fromkeys(
            stem
            for other in rows
            if other is not row and codes & {*other[5], *other[6]}
            for stem in other[7]
            if not any(mine.startswith(stem) for mine in own)
        )
    )


def _trade(row: list[Any], rows: list[list[Any]]) -> Trade:
    id_, label, feminine, domain, family, rome, parents, stems, near, likings, craft = row
    return Trade(
        id_, label, feminine, domain, family, tuple(rome), tuple(parents), tuple(stems),
        _rivals(row, rows), tuple(near), tuple(likings), craft,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class TradeTable:
    """All trades, the most asked-for first inside each domain."""

    trades: dict[str, Trade]
    names: dict[str, str] = field(repr=False)
    liked_first: dict[str, list[str]] = field(default_factory=dict, repr=False)

    @classmethod
    def load(cls) -> TradeTable:
        lexicon = read_lexicon()
        rows = lexicon["trades"]
        names = {**lexicon["unsure"], **lexicon["joined"], **lexicon["names"]}
        trades = {row[0]: _trade(row, rows) for row in rows}
        return cls(trades, names, lexicon["likings"])

    def get(self, id: str) -> Trade:
        """The trade of that id; ``KeyError`` if there is none."""
        return self.trades[id]

    def __iter__(self) -> Iterator[Trade]:
        return iter(self.trades.values())

    def __len__(self) -> int:
        return len(self.trades)

    def find(self, words: str) -> Trade | None:
        """The trade whose id, label, slang or official title these words are, accents aside."""
        if words in self.trades:
            return self.trades[words]
        forms = content(Message.of(words).forms)
        for name in (" ".join(forms), " ".join(singular(form) for form in forms)):
            if (id_ := self.names.get(name)) in self.trades:
                return self.trades[id_]
        return None

    @property
    def domains(self) -> dict[str, tuple[Trade, ...]]:
        """The trades of each wide field (« bois », « beauté »), most asked-for first."""
        names = dict.fromkeys(trade.domain for trade in self)
        return {name: tuple(t for t in self if t.domain == name) for name in names}

    @property
    def likings(self) -> dict[str, tuple[Trade, ...]]:
        """The trades for what one likes (« être dehors »), the telling ones first; keys can be
        shown as they are."""
        return {
            name: tuple(
                self.get(id)
                for id in dict.fromkeys([*first, *(t.id for t in self if name in t.likings)])
            )
            for name, first in self.liked_first.items()
        }

"""What a sentence is for: a linear model over words and pieces of words, values masked."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from math import exp
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple, Self, cast

import numpy as np
import numpy.typing as npt

from nlu.heard import heard, is_right
from nlu.meaning import Intent
from nlu.text import fold
from nlu.texting import SAID

MODEL_FILE = Path(__file__).with_name("data") / "intents.npz"
SENTENCES = Path(__file__).with_name("data") / "intents"

_TOKEN = re.compile(r"__[a-z]+__|[^\W_]+|[?]|[^\w\s!-~]")
_DIGITS = re.compile(r"\d+")
_LONG_RUN = re.compile(r"(.)\1{2,}")
_RADIUS = re.compile(
    r"\b\d{1,3} ?(?:-|a|à)? ?\d{0,3} ?(?:km|kms|kilom\w*|bornes?)\b", re.IGNORECASE
)
_KEYBOARD = str.maketrans({"ʼ": "'", "\u200b": "", "\ufe0f": ""})

_MASKS = ("__trade__", "__place__", "__date__", "__radius__")
_MOST = 80  # tokens

Span = tuple[int, int, str]

# Characters of a word that count, and words of a sentence.
_PIECED, _COUNTED = 24, 6


class IntentReading(NamedTuple):
    """The likeliest intent, its reason (``employer``, ``distress``…), and how sure, 0 to 1.

    ``known`` is false when not one word of the sentence stands in any of ours; ``chances`` says
    how likely each family of intents is.
    """

    intent: Intent
    reason: str | None
    confidence: float
    known: bool = True
    chances: Mapping[Intent, float] = MappingProxyType({})


def mask(text: str, spans: Iterable[Span]) -> str:
    """The text with each ``(start, end, kind)`` replaced by ``__kind__``; overlaps are merged."""
    pieces, at = [], 0
    for start, end, kind in sorted(spans):
        if start < at or end <= start:
            continue
        pieces += [text[at:start], f" __{kind}__ "]
        at = end
    return "".join([*pieces, text[at:]])


def tokens(masked: str) -> list[str]:
    """Folded words, masks, emoji and question marks; digits become 0, long runs one letter.

    Phone spellings become the words they stand for.
    """
    text = masked
    if not text.isascii() and ("ʼ" in text or "\u200b" in text or "\ufe0f" in text):
        text = text.translate(_KEYBOARD)
    if _DIGITS.search(text):
        text = _RADIUS.sub(" __radius__ ", text)
    text = fold(text)
    words: list[str] = []
    for token in _TOKEN.findall(text)[:_MOST]:
        words += _MEANT.get(token) or _meant(token)
    return words


# What is meant by the tokens we know, each remembered once it was met.
_MEANT = {**SAID, "?": ("?",)} | {word: (word,) for word in _MASKS}


def _meant(token: str) -> tuple[str, ...]:
    meant = (heard(_shape(token)),)
    if is_right(token):
        _MEANT[token] = meant
    return meant


def _shape(token: str) -> str:
    if token[0].isdigit():
        return _DIGITS.sub("0", token)
    kinds = len(set(token))
    if kinds > len(token) - 2:  # no letter comes three times
        return token
    # « ouiiii » is « oui », but « aaaa » is no « a ».
    return _LONG_RUN.sub(r"\1", token) if kinds > 1 else token[:3]


def _pieces(word: str) -> tuple[str, ...]:
    """Runs of three to five characters of a short word and its edges; none of a mask."""
    if word[0] == "_":
        return ()
    edged = f"<{word[:_PIECED]}>"
    return tuple(edged[i : i + n] for n in (3, 4, 5) for i in range(len(edged) - n + 1))


def features(masked: str, asked: str | None, values: Sequence[str] = ()) -> list[str]:
    """Names of the features of a masked sentence, each once, in a fixed order.

    ``values`` names the kinds of values the readers found in it.
    """
    return features_of(tokens(masked), asked, values)


def features_of(words: list[str], asked: str | None, values: Sequence[str]) -> list[str]:
    """The same of a sentence already cut into ``tokens``."""
    found = [f"w {word}" for word in words]
    found += [f"b {left} {right}" for left, right in pairwise(["^", *words, "$"])]
    for word in words:
        found += _pieces(word)
    found += _around(min(len(words), _COUNTED), asked, values)
    if asked:
        found += [f"x {asked} {word}" for word in words]
    return list(dict.fromkeys(found))


def _around(size: int, asked: str | None, values: Sequence[str]) -> list[str]:
    """What is told besides the words: how many they are, what was asked, what was found."""
    together = "+".join(values)
    return [
        f"n {size}",
        f"x {asked}",
        f"x {asked} {size}",
        f"v {together}",
        f"x {asked} v {together}",
        *[f"v {value}" for value in values if value != together],
    ]


def _section(vocabulary: Sequence[str], kind: str) -> tuple[int, int]:
    """The first and last (excluded) row of the names of that kind."""
    return bisect_left(vocabulary, f"{kind} "), bisect_left(vocabulary, f"{kind}!")


class _Rows(NamedTuple):
    """Where the weights of a word stand, if it has any, and of its pieces; those without any."""

    row: tuple[int, ...]
    pieces: frozenset[int]
    strange: frozenset[str]


class IntentModel:
    """Multinomial logistic regression over the features met in the training sentences.

    Weights are bytes, with one scale per label: whole numbers are summed by numpy, and the few
    sums, one per label, are gone through here, for which numpy would cost more than it does.
    """

    def __init__(
        self,
        labels: list[str],
        vocabulary: list[str],
        weights: npt.NDArray[np.int8],
        scales: Sequence[float],
        bias: Sequence[float],
        sharpness: float,
    ) -> None:
        """``vocabulary`` is sorted; ``weights``: (features, labels); ``sharpness`` multiplies the
        scores (calibration)."""
        self.labels = labels
        first, last = _section(vocabulary, "b")
        self._index = {name: row for row, name in enumerate(vocabulary[:first])}
        self._index.update({name: row for row, name in enumerate(vocabulary[last:], last)})
        self._words = {vocabulary[row][2:]: row for row in range(*_section(vocabulary, "w"))}
        self._pairs = self._sorted_pairs(vocabulary, range(first, last))
        self._after: dict[str, dict[str, int]] = {}
        for row in range(*_section(vocabulary, "x")):
            _, asked, word = f"{vocabulary[row]} ".split(" ", 2)
            self._after.setdefault(asked, {})[word[:-1]] = row
        self._weights = np.ascontiguousarray(weights)
        self._scales = [scale * sharpness for scale in scales]
        self._bias = [value * sharpness for value in bias]
        self._split = [cast("tuple[Intent, str | None]", _split(label)) for label in labels]
        self._family_of = [_family(intent) for intent, _ in self._split]
        self._labels_of: dict[Intent, list[int]] = {}
        for at, family in enumerate(self._family_of):
            self._labels_of.setdefault(family, []).append(at)
        self._known: dict[str, _Rows] = {}
        self._known_around: dict[
            tuple[int, str | None, tuple[str, ...]], tuple[list[int], int]
        ] = {}

    def _sorted_pairs(
        self, vocabulary: Sequence[str], rows: Iterable[int]
    ) -> dict[tuple[str, str], int]:
        """The rows of two words side by side; each word is one object, in how many pairs it is."""
        same = {word: word for word in self._words}.get
        pairs = {}
        for row in rows:
            _, left, right = vocabulary[row].split(" ")
            pairs[same(left, left), same(right, right)] = row
        return pairs

    @classmethod
    def load(cls, path: Path = MODEL_FILE) -> Self:
        """The committed model; weights are bytes with one scale per label."""
        with np.load(path) as stored:
            return cls(
                bytes(stored["labels"]).decode().split("\n"),
                bytes(stored["vocabulary"]).decode().split("\n"),
                stored["weights"],
                stored["scales"].tolist(),
                stored["bias"].tolist(),
                float(stored["sharpness"]),
            )

    def probabilities(
        self, masked: str, asked: str | None, values: Sequence[str] = ()
    ) -> list[float]:
        """One probability per label; text made of unknown pieces stays near the bias."""
        return self._chances(tokens(masked), asked, values)

    def rows_of(
        self, words: list[str], asked: str | None, values: Sequence[str]
    ) -> tuple[list[int], int]:
        """The rows of the features of a sentence, and how many features it has, those unknown
        to us included: what :func:`features_of` names, without naming most of it."""
        around, names = self._rows_around(min(len(words), _COUNTED), asked, tuple(values))
        once = dict.fromkeys(words)
        pairs = {*zip(["^", *words], [*words, "$"], strict=True)}
        rows = [row for pair in pairs if (row := self._pairs.get(pair)) is not None]
        rows += around
        pieces: set[int] = set()
        strange: set[str] = set()
        for word in once:
            known = self._known.get(word) or self._word(word)
            rows += known.row
            pieces |= known.pieces
            strange |= known.strange
        rows += pieces
        names += len(pairs) + len(once) + len(pieces) + len(strange)
        if asked:
            names += len(once)
            if after := self._after.get(asked):
                rows += [after[word] for word in once if word in after]
        return rows, names

    def _chances(self, words: list[str], asked: str | None, values: Sequence[str]) -> list[float]:
        rows, names = self.rows_of(words, asked, values)
        sums = np.add.reduce(self._weights.take(rows, axis=0), axis=0, dtype=np.int32).tolist()
        root = names**0.5
        scores = [
            total * scale / root + bias
            for total, scale, bias in zip(sums, self._scales, self._bias, strict=True)
        ]
        most = max(scores)
        powers = [exp(score - most) for score in scores]
        whole = sum(powers)
        return [power / whole for power in powers]

    def __contains__(self, word: object) -> bool:
        return isinstance(word, str) and self.knows(word)

    def knows(self, word: str) -> bool:
        """Whether one of our sentences holds that word."""
        return word in self._words

    def _word(self, word: str) -> _Rows:
        """The rows of a word; remembered for our own words, never for others people write."""
        found = [(piece, self._index.get(piece)) for piece in _pieces(word)]
        row = self._words.get(word)
        rows = _Rows(
            () if row is None else (row,),
            frozenset([at for _, at in found if at is not None]),
            frozenset([piece for piece, at in found if at is None]),
        )
        if row is not None:
            self._known[word] = rows
        return rows

    def _rows_around(
        self, size: int, asked: str | None, values: tuple[str, ...]
    ) -> tuple[list[int], int]:
        """The rows of what is told besides the words, and how many features that makes."""
        key = size, asked, values
        if (found := self._known_around.get(key)) is None:
            names = _around(size, asked, values)
            rows = [row for name in names if (row := self._index.get(name)) is not None]
            found = self._known_around[key] = rows, len(names)
        return found

    def read(
        self, masked: str, asked: str | None = None, values: Sequence[str] = ()
    ) -> IntentReading:
        """The likeliest intent family, and the likeliest label in it."""
        words = tokens(masked)
        chances = self._chances(words, asked, values)
        totals = dict.fromkeys(self._labels_of, 0.0)
        for family, chance in zip(self._family_of, chances, strict=True):
            totals[family] += chance
        likeliest = max(totals, key=totals.__getitem__)
        best = max(self._labels_of[likeliest], key=lambda at: (chances[at], at))
        intent, reason = self._split[best]
        known = not self._words.keys().isdisjoint(words)
        return IntentReading(intent, reason, totals[likeliest], known, totals)


def _family(intent: Intent) -> Intent:
    """Asking for offers and giving a value vouch for each other."""
    return "search" if intent == "give_info" else intent


def _split(label: str) -> tuple[str, str | None]:
    intent, _, reason = label.partition("/")
    return intent, reason or None

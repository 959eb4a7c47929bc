"""What a sentence is for: a linear model over words and pieces of words, values masked."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import exp
from pathlib import Path
from typing import Self, TypeVar, cast

import numpy as np
import numpy.typing as npt

from nlu.heard import heard
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
_KEYBOARD = str.maketrans({"’": "'", "ʼ": "'", "\u200b": "", "\ufe0f": ""})

Span = tuple[int, int, str]
Piece = TypeVar("Piece")

# Characters of a word that count.
_PIECED = 24


@dataclass(frozen=True, slots=True)
class IntentReading:
    """The likeliest intent, its reason (``employer``, ``distress``…), and how sure, 0 to 1.

    ``known`` is false when not one word of the sentence stands in any of ours; ``chances`` says
    how likely each family of intents is.
    """

    intent: Intent
    reason: str | None
    confidence: float
    known: bool = True
    chances: Mapping[Intent, float] = field(default_factory=dict)


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
    text = masked if masked.isascii() else masked.translate(_KEYBOARD)
    if _DIGITS.search(text):
        text = _RADIUS.sub(" __radius__ ", text)
    text = fold(text)
    found = _TOKEN.findall(text)[:80]
    return [word for token in found for word in (SAID.get(token) or (heard(_shape(token)),))]


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
    edged = f"<{word}>"
    return tuple(edged[i : i + n] for n in (3, 4, 5) for i in range(len(edged) - n + 1))


def features(masked: str, asked: str | None, values: Sequence[str] = ()) -> list[str]:
    """Names of the features of a masked sentence, each once, in a fixed order.

    ``values`` names the kinds of values the readers found in it.
    """
    return features_of(tokens(masked), asked, values)


def features_of(words: list[str], asked: str | None, values: Sequence[str]) -> list[str]:
    """The same of a sentence already cut into ``tokens``."""
    return list(dict.fromkeys(_features(words, asked, values, _pieces)))


def _features(
    words: list[str],
    asked: str | None,
    values: Sequence[str],
    pieces: Callable[[str], tuple[Piece, ...]],
) -> list[str | Piece]:
    ends = ["^", *words, "$"]
    found: list[str | Piece] = [f"w {word}" for word in words]
    found += [f"b {left} {right}" for left, right in pairwise(ends)]
    for word in words:
        found += pieces(word[:_PIECED])
    size = min(len(words), 6)
    found += (f"n {size}", f"x {asked}", f"x {asked} {size}")
    together = "+".join(values)
    found += (f"v {together}", f"x {asked} v {together}")
    found += [f"v {value}" for value in values]
    if asked:
        found += [f"x {asked} {word}" for word in words]
    return found


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
        """``weights``: (features, labels); ``sharpness`` multiplies the scores (calibration)."""
        self.labels = labels
        self._index = {name: row for row, name in enumerate(vocabulary)}
        self._weights = np.ascontiguousarray(weights)
        self._scales = [scale * sharpness for scale in scales]
        self._bias = [value * sharpness for value in bias]
        self._split = [cast("tuple[Intent, str | None]", _split(label)) for label in labels]
        families = [_family(intent) for intent, _ in self._split]
        self._families = list(dict.fromkeys(families))
        self._family_of = [self._families.index(family) for family in families]
        self._labels_of = [
            [at for at, family in enumerate(families) if family == one] for one in self._families
        ]
        self._known_pieces: dict[str, tuple[int | str, ...]] = {}

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

    def _chances(self, words: list[str], asked: str | None, values: Sequence[str]) -> list[float]:
        row_of = self._index.get
        names = set(_features(words, asked, values, self._pieces))
        rows = [name for name in names if type(name) is int]
        if len(rows) < len(names):
            rows += [
                row for name in names if type(name) is str and (row := row_of(name)) is not None
            ]
        sums = np.add.reduce(self._weights.take(rows, axis=0), axis=0, dtype=np.int32).tolist()
        root = len(names) ** 0.5
        scores = [
            total * scale / root + bias
            for total, scale, bias in zip(sums, self._scales, self._bias, strict=True)
        ]
        most = max(scores)
        powers = [exp(score - most) for score in scores]
        whole = sum(powers)
        return [power / whole for power in powers]

    def knows(self, word: str) -> bool:
        """Whether one of our sentences holds that word."""
        return f"w {word}" in self._index

    def _pieces(self, word: str) -> tuple[int | str, ...]:
        """The rows of a word's pieces, the names of those that have none.

        They are remembered for our own words, never for others that people write.
        """
        pieces = self._known_pieces.get(word)
        if pieces is None:
            row_of = self._index.get
            pieces = tuple([row_of(piece, piece) for piece in _pieces(word)])
            if f"w {word}" in self._index:
                self._known_pieces[word] = pieces
        return pieces

    def read(
        self, masked: str, asked: str | None = None, values: Sequence[str] = ()
    ) -> IntentReading:
        """The likeliest intent family, and the likeliest label in it."""
        words = tokens(masked)
        chances = self._chances(words, asked, values)
        totals = [0.0] * len(self._families)
        for family, chance in zip(self._family_of, chances, strict=True):
            totals[family] += chance
        most = max(totals)
        _, best = max((chances[at], at) for at in self._labels_of[totals.index(most)])
        intent, reason = self._split[best]
        known = any(map(self.knows, words))
        by_family = dict(zip(self._families, totals, strict=True))
        return IntentReading(intent, reason, most, known, by_family)


def _family(intent: Intent) -> Intent:
    """Asking for offers and giving a value vouch for each other."""
    return "search" if intent == "give_info" else intent


def _split(label: str) -> tuple[str, str | None]:
    intent, _, reason = label.partition("/")
    return intent, reason or None

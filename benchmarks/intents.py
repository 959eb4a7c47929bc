"""The intent model beside its scikit-learn original, and whether its confidence can be trusted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from nlu.gazetteer import Gazetteer
from nlu.intents import IntentModel, features_of
from nlu.rules import Rules
from nlu.trade_table import TradeTable
from nlu.understander import Understander
from tools.train_intents import Reader, fitted, matrix, read_sentences, varied

EDGES = (0.0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 1.0)
"""Where one bin of confidence ends and the next begins."""


class Original(IntentModel):
    """The same sentences and features through scikit-learn: whole weights, sparse matrices."""

    def __init__(self) -> None:
        self._classifier, self._columns = fitted(varied(read_sentences(), Reader()))
        labels = list(self._classifier.classes_)
        none = np.zeros((0, len(labels)), np.int8)
        super().__init__(labels, [], none, [1.0] * len(labels), [0.0] * len(labels), 1.0)

    def knows(self, word: str) -> bool:
        return f"w {word}" in self._columns

    def _chances(self, words: list[str], asked: str | None, values: Sequence[str]) -> list[float]:
        row = matrix([features_of(words, asked, values)], self._columns)
        chances: list[float] = self._classifier.predict_proba(row)[0].tolist()
        return chances


def original() -> Understander:
    """Our readers and rules around the scikit-learn model; trains it, half a minute."""
    return Understander(TradeTable.load(), Gazetteer.load(), Original(), Rules.load())


def reliability(sure: Sequence[float], right: Sequence[bool]) -> Iterator[dict[str, Any]]:
    """For each bin of confidence: how many messages, how sure on average, how many right."""
    for low, high in pairwise(EDGES):
        inside = [
            (s, r)
            for s, r in zip(sure, right, strict=True)
            if low <= s < high or s == high == EDGES[-1]
        ]
        if inside:
            yield {
                "from": low,
                "to": high,
                "messages": len(inside),
                "confidence": round(sum(s for s, _ in inside) / len(inside), 3),
                "right": round(sum(r for _, r in inside) / len(inside), 3),
            }

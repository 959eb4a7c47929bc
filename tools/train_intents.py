"""Trains the intent model from our own sentences and exports it to numpy.

    python tools/train_intents.py [--check]

``--check`` says how well sentences are read by a model that has not seen them (five folds), and
the sharpness that makes its confidence true. Needs scikit-learn (the ``test`` extra).
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from dataclasses import dataclass
from datetime import date
from functools import cache
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from nlu.gazetteer import Gazetteer
from nlu.heard import HEARD_FILE, ordinary
from nlu.intents import MODEL_FILE, SENTENCES, IntentModel, features, mask
from nlu.rules import RULES_SOURCE, Rules
from nlu.text import Message, fold
from nlu.trade_table import TradeTable
from nlu.understander import Understander

SHARPNESS = 1.0
INVERSE_PENALTY = 10.0
TOLERANCE = 1e-3
ASKED = ("ask_trade", "ask_place", "ask_radius", "ask_availability", "confirm", "show_offers")
KINDS = ("trade", "place", "date", "radius", "diploma", "notrade", "noplace")
NONSENSE = ("out_of_scope/noise", "out_of_scope/insult")
# People in a commune whose name is learnt.
NAMED_FROM = 2500
# Our sentences are read as if written on that day.
DAY = date(2026, 11, 23)
_LETTERS = re.compile(r"[a-z]+")
_VALUE = re.compile(r"\[([^\]]+)\]\((\w+)\)")


@dataclass(frozen=True, slots=True)
class Sentence:
    """One line of a training file: its label, its plain text, its values and what was asked."""

    label: str
    text: str
    spans: tuple[tuple[int, int, str], ...]
    asked: str | None

    @property
    def masked(self) -> str:
        return mask(self.text, self.spans)

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of the values marked, in the order of ``Values.found``."""
        marked = {kind for *_, kind in self.spans}
        return tuple(kind for kind in KINDS if kind in marked)


def read_sentences(folder: Path = SENTENCES) -> list[Sentence]:
    """All sentences of the `nlu:` files, in the order of the files' names."""
    return [
        _sentence(block["intent"], line[2:])
        for path in sorted(folder.glob("*.yml"))
        for block in yaml.load(path.read_text("utf-8"), yaml.CSafeLoader)["nlu"]
        for line in block["examples"].splitlines()
        if line.startswith("- ")
    ]


def _sentence(label: str, line: str) -> Sentence:
    asked = None
    if line.startswith("@"):
        asked, _, line = line[1:].partition(" ")
    text, spans, at = "", [], 0
    for found in _VALUE.finditer(line):
        text += line[at : found.start()]
        spans.append((len(text), len(text) + len(found[1]), found[2]))
        text += found[1]
        at = found.end()
    return Sentence(label, text + line[at:], tuple(spans), asked)


@dataclass(frozen=True, slots=True)
class Row:
    """What the model learns from: a masked text, what was asked, the kinds of values found."""

    label: str
    masked: str
    asked: str | None
    values: tuple[str, ...]
    weight: float

    @property
    def features(self) -> list[str]:
        return features(self.masked, self.asked, self.values)


class Reader:
    """Reads the values of our sentences as they are read at run time, mistakes included."""

    def __init__(self) -> None:
        model = IntentModel(["search"], [], np.zeros((0, 1), np.int8), [1.0], [0.0], 1.0)
        self._understander = Understander(TradeTable.load(), Gazetteer.load(), model, Rules.load())

    @cache  # noqa: B019 - one reader a run
    def row(self, label: str, text: str, asked: str | None, weight: float = 1.0) -> Row:
        values = self._understander.values(Message.of(text), asked, DAY)
        return Row(label, mask(text, values.spans), asked, values.found, weight)


def varied(sentences: list[Sentence], reader: Reader) -> list[Row]:
    """Each sentence as read, as marked, with values missed, as texted, after another question."""
    rows = []
    for number, one in enumerate(sentences):
        read = reader.row(one.label, one.text, one.asked)
        rows.append(read)
        if one.spans:
            rows.append(Row(one.label, one.masked, one.asked, one.kinds, 0.5))
            rows.append(Row(one.label, one.text, one.asked, (), 0.3))
        if (short := texted(one.text)) != one.text:
            rows.append(reader.row(one.label, short, one.asked, 0.5))
        if one.asked is None:
            other = ASKED[number % len(ASKED)]
            rows.append(reader.row(one.label, one.text, other, 0.5))
            if one.label in NONSENSE:  # no answer, whatever was asked
                rows += [reader.row(one.label, one.text, asked, 0.3) for asked in ASKED[:2]]
    return rows + known_names()


def known_names() -> list[Row]:
    """Trades and communes that the readers might miss: unread, they still answer or ask.

    Their pieces teach what a name looks like, and « qsdfgh » does not.
    """
    gazetteer = Gazetteer.load()
    places = [gazetteer.place(row) for row in gazetteer.homes_and_towns()]
    towns = [place.name for place in places if place.population > NAMED_FROM]
    trades = sorted(TradeTable.load().names)
    rows = list[Row]()
    for number, name in enumerate(trades):
        town = towns[number % len(towns)].lower()
        rows.append(Row("give_info", name, "ask_trade", (), 0.1))
        rows.append(Row("search", f"{name} {town}", None, ("place",), 0.1))
    rows += [Row("give_info", town.lower(), "ask_place", (), 0.1) for town in towns[::3]]
    return rows


_SHORT = {
    "je suis": "jsuis", "je veux": "jveu", "je cherche": "jcherche", "je voudrais": "jvoudrai",
    "je peux": "jpeu", "je comprends": "jcomprend", "je sais": "jsai", "je ne": "jne",
    "j'ai": "g", "c'est": "c", "t'es": "t", "tu es": "t", "est-ce que": "esk", "est ce que": "esk",
    "qu'est-ce que": "keske", "qu'est ce que": "keske", "s'il te plait": "stp", "pour": "pr",
    "comment": "cmt", "combien": "cmb", "quoi": "koi", "que": "ke", "qui": "ki", "quand": "qd",
    "tout": "tt", "tous": "tts", "toujours": "tjrs", "dans": "ds", "avec": "avc", "vous": "vs",
    "nous": "ns", "salut": "slt", "bonjour": "bjr", "bonsoir": "bsr", "merci": "mrc",
    "beaucoup": "bcp", "quelqu'un": "qqn", "maintenant": "mtn", "rendez-vous": "rdv",
    "problème": "pb", "message": "msg", "messages": "msg", "faire": "fer", "plus": "plu",
    "trop": "tro", "pas": "pa", "apprentissage": "aprentisage", "mais": "mé", "chez": "ché",
    "parce que": "pcq", "même": "mm", "donc": "dc", "sans": "san", "travail": "taf",
}  # fmt: skip
_SHORTENED = re.compile(
    r"(?<![\w'])(?:" + "|".join(sorted(map(re.escape, _SHORT), key=len, reverse=True)) + r")(?!\w)",
    re.IGNORECASE,
)


def texted(text: str) -> str:
    """A sentence as it is typed on a phone: « c'est quoi » becomes « c koi »."""
    return _SHORTENED.sub(lambda found: _SHORT[found.group().lower()], text)


def train(sentences: list[Sentence], reader: Reader) -> IntentModel:
    """The model, its weights rounded to bytes as they are stored."""
    return learnt(varied(sentences, reader))


def learnt(rows: list[Row]) -> IntentModel:
    """The same, of rows."""
    labels, vocabulary, weights, bias = _fit(rows)
    small, scales = _to_bytes(weights)
    return IntentModel(labels, vocabulary, small, scales.tolist(), bias.tolist(), SHARPNESS)


def _fit(rows: list[Row]) -> tuple[list[str], list[str], Any, Any]:
    model, columns = fitted(rows)
    return list(model.classes_), list(columns), model.coef_.T, model.intercept_


@dataclass(frozen=True, slots=True)
class Lesson:
    """What is learnt from: each row's features, label and weight; the column of each feature met at
    least twice."""

    named: list[list[str]]
    answers: list[str]
    weights: list[float]
    columns: dict[str, int]

    @classmethod
    def of(cls, rows: list[Row]) -> Lesson:
        named = [row.features for row in rows]
        counts = Counter(name for names in named for name in names)
        known = sorted(name for name, count in counts.items() if count > 1 and "\n" not in name)
        answers = [row.label for row in rows]
        weights = _weights(answers, [row.weight for row in rows])
        return cls(named, answers, weights, {name: column for column, name in enumerate(known)})

    @property
    def matrix(self) -> Any:
        return matrix(self.named, self.columns)

    @property
    def mark(self) -> str:
        """It changes as soon as anything here, or how it is learnt, is another: a model that bears
        another mark is of another time."""
        digest = sha256(f"{INVERSE_PENALTY} {TOLERANCE} {SHARPNESS}".encode())
        for names, answer, weight in zip(self.named, self.answers, self.weights, strict=True):
            row = (f"{answer} {weight:.6g}", *sorted(names))
            digest.update("\n".join(row).encode() + b"\0")
        return digest.hexdigest()


def fitted(rows: list[Row]) -> tuple[Any, dict[str, int]]:
    """The scikit-learn classifier, and the column of each feature met at least twice."""
    from sklearn.linear_model import LogisticRegression  # slow to import
    from threadpoolctl import threadpool_limits  # comes with scikit-learn

    lesson = Lesson.of(rows)
    model = LogisticRegression(C=INVERSE_PENALTY, max_iter=400, tol=TOLERANCE)
    together, group, times = _together(lesson.matrix)
    # Several threads wait for one another: twice the work, no sooner done, other last digits.
    with threadpool_limits(1):
        model.fit(together, lesson.answers, lesson.weights)
    model.coef_ = model.coef_[:, group] / np.sqrt(times)[group]
    model.n_features_in_ = len(lesson.columns)
    return model, lesson.columns


def slope(lesson: Lesson, labels: list[str], weights: Any, bias: Any) -> float:
    """How steep the loss still is at these weights: learning ends below :data:`TOLERANCE`.

    The loss (mean of the cross-entropies, and the penalty) has one minimum: wherever it is level,
    learning from any start has come to the same model.
    """
    rows, heavy = lesson.matrix, np.array(lesson.weights)[:, None]
    scores = rows @ weights + bias
    chances = np.exp(scores - scores.max(axis=1, keepdims=True))
    chances /= chances.sum(axis=1, keepdims=True)
    right = np.array(lesson.answers)[:, None] == np.array(labels)
    off = heavy * (chances - right)
    steep = rows.T @ off + weights / INVERSE_PENALTY
    most = max(np.abs(steep).max(), np.abs(off.sum(axis=0)).max())
    return float(most / heavy.sum())


def _together(whole: Any) -> tuple[Any, Any, Any]:
    """Features that are only ever met together, in one column: half as many, for the same answer.

    The penalty being that of squares, k of them get the same weight w. Their part, k·w·x, and its
    price, k·w², are those of one column of √k·x whose weight is √k·w. Returns the columns, which of
    them each feature went to, and how many are in each.
    """
    from scipy.sparse import diags  # type: ignore[import-untyped]  # comes with scikit-learn

    columns, numbers, first = whole.tocsc(), dict[bytes, int](), list[int]()
    group = np.empty(columns.shape[1], np.intp)
    for feature, (start, end) in enumerate(pairwise(columns.indptr)):
        rows = columns.indices[start:end].tobytes() + columns.data[start:end].tobytes()
        group[feature] = numbers.setdefault(rows, len(first))
        if group[feature] == len(first):
            first.append(feature)
    times = np.bincount(group)
    return (columns[:, first] @ diags(np.sqrt(times))).tocsr(), group, times


def matrix(named: list[list[str]], columns: dict[str, int]) -> Any:
    """One row a sentence, each known feature worth one over the root of how many there are."""
    from scipy.sparse import csr_matrix  # comes with scikit-learn

    at, known, values = [0], list[int](), list[float]()
    for names in named:
        here = [columns[name] for name in names if name in columns]
        known += here
        values += [len(names) ** -0.5] * len(here)
        at.append(len(known))
    return csr_matrix((values, known, at), shape=(len(named), len(columns)))


def _weights(answers: list[str], own: list[float]) -> list[float]:
    """Rare labels count a little more: by the fourth root of how rare they are."""
    counts = Counter(answers)
    usual = len(answers) / len(counts)
    return [
        weight * (usual / counts[label]) ** 0.25 for label, weight in zip(answers, own, strict=True)
    ]


def _to_bytes(weights: Any) -> tuple[Any, Any]:
    scales = (np.abs(weights).max(axis=0) / 127).astype(np.float32)
    return np.round(weights / scales).astype(np.int8), scales


def export(sentences: list[Sentence], path: Path = MODEL_FILE) -> None:
    """Writes labels, vocabulary, weights as bytes, scales, bias, sharpness, and what was learnt."""
    rows = varied(sentences, Reader())
    labels, vocabulary, weights, bias = _fit(rows)
    small, scales = _to_bytes(weights)
    np.savez_compressed(
        path,
        labels=np.frombuffer("\n".join(labels).encode(), np.uint8),
        vocabulary=np.frombuffer("\n".join(vocabulary).encode(), np.uint8),
        weights=small,
        scales=scales,
        bias=bias.astype(np.float32),
        sharpness=np.float32(SHARPNESS),
        learnt=np.frombuffer(Lesson.of(rows).mark.encode(), np.uint8),
    )


def check(sentences: list[Sentence], folds: int = 5) -> None:
    """Prints what a model reads right in sentences it has not seen, and how sure it should be."""
    sure, right = list[Any](), list[int]()
    wrong = list[str]()
    reader = Reader()
    for part in range(folds):
        model = train([s for at, s in enumerate(sentences) if at % folds != part], reader)
        for sentence in sentences[part::folds]:
            row = reader.row(sentence.label, sentence.text, sentence.asked)
            sure.append(model.probabilities(row.masked, row.asked, row.values))
            right.append(model.labels.index(row.label))
            reading = model.read(row.masked, row.asked, row.values)
            wanted = _family(sentence.label)
            if _family(reading.intent) != wanted:
                wrong.append(
                    f"{sentence.label:24} {reading.intent:14} {reading.confidence:.2f} "
                    f"{sentence.text}"
                )
    print("\n".join(wrong))
    print(f"intent right {1 - len(wrong) / len(sentences):.3f} of {len(sentences)}")
    for sharpness in (0.6, 0.8, 1.0, 1.25, 1.5, 2.0):
        powered = np.array(sure) ** sharpness
        powered /= powered.sum(axis=1, keepdims=True)
        loss = -np.log(powered[np.arange(len(right)), right]).mean()
        print(f"sharpness {sharpness}: loss {loss:.4f}")


def _family(label: str) -> str:
    intent = label.partition("/")[0]
    return "search" if intent == "give_info" else intent


def heard_words(sentences: list[Sentence]) -> list[str]:
    """The ordinary words of our sentences and rules, the commonest first, rightly spelt."""
    said = Counter(word for one in sentences for word in _LETTERS.findall(fold(one.masked)))
    ruled = Counter(_LETTERS.findall(fold(RULES_SOURCE.read_text("utf-8"))))
    counts = Counter({word: 10 * times + ruled[word] for word, times in (said | ruled).items()})
    right = ordinary() | {"apprentissage", "alternance", "apprenti", "metier", "metiers", "dispo"}
    return [word for word, _ in counts.most_common() if len(word) > 3 and word in right]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--check", action="store_true", help="five folds instead of an export")
    sentences = read_sentences()
    if parser.parse_args().check:
        check(sentences)
    else:
        HEARD_FILE.write_text("\n".join(heard_words(sentences)) + "\n", "utf-8")
        export(sentences)
        print(f"{len(sentences)} sentences, {MODEL_FILE.stat().st_size / 1024:.0f} KiB")


if __name__ == "__main__":
    main()

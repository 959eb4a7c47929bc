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
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from scipy.sparse import csr_matrix  # type: ignore[import-untyped]  # comes with scikit-learn
from sklearn.linear_model import LogisticRegression

from nlu.intents import MODEL_FILE, SENTENCES, IntentModel, features, mask

SHARPNESS = 1.0
INVERSE_PENALTY = 30.0
ASKED = ("ask_trade", "ask_place", "ask_radius", "ask_availability", "confirm", "show_offers")
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


def read_sentences(folder: Path = SENTENCES) -> list[Sentence]:
    """All sentences of the `nlu:` files, in the order of the files' names."""
    return [
        _sentence(block["intent"], line[2:])
        for path in sorted(folder.glob("*.yml"))
        for block in yaml.safe_load(path.read_text("utf-8"))["nlu"]
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


def varied(sentences: list[Sentence]) -> list[tuple[str, str, str | None, float]]:
    """(label, text, asked, weight): as is, values unmasked, as texted, after another question."""
    rows = []
    for number, sentence in enumerate(sentences):
        rows.append((sentence.label, sentence.masked, sentence.asked, 1.0))
        if sentence.spans:
            rows.append((sentence.label, sentence.text, sentence.asked, 0.5))
        if (short := texted(sentence.masked)) != sentence.masked:
            rows.append((sentence.label, short, sentence.asked, 0.5))
        if sentence.asked is None:
            rows.append((sentence.label, sentence.masked, ASKED[number % len(ASKED)], 0.5))
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


def train(sentences: list[Sentence]) -> IntentModel:
    """The model, its weights rounded to bytes as they are stored."""
    labels, vocabulary, weights, bias = _fit(varied(sentences))
    small, scales = _to_bytes(weights)
    return IntentModel(labels, vocabulary, small, scales.tolist(), bias.tolist(), SHARPNESS)


def _fit(
    rows: list[tuple[str, str, str | None, float]],
) -> tuple[list[str], list[str], Any, Any]:
    named = [features(text, asked) for _, text, asked, _ in rows]
    counts = Counter(name for names in named for name in names)
    vocabulary = sorted(name for name, count in counts.items() if count > 1 and "\n" not in name)
    index = {name: column for column, name in enumerate(vocabulary)}
    model = LogisticRegression(C=INVERSE_PENALTY, max_iter=400, tol=1e-3)
    answers = [label for label, *_ in rows]
    model.fit(_matrix(named, index), answers, _weights(answers, [row[3] for row in rows]))
    return list(model.classes_), vocabulary, model.coef_.T, model.intercept_


def _matrix(named: list[list[str]], index: dict[str, int]) -> Any:
    """One row a sentence, each known feature worth one over the root of how many there are."""
    at, columns, values = [0], list[int](), list[float]()
    for names in named:
        known = [index[name] for name in names if name in index]
        columns += known
        values += [len(names) ** -0.5] * len(known)
        at.append(len(columns))
    return csr_matrix((values, columns, at), shape=(len(named), len(index)))


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
    """Writes labels, vocabulary, weights as bytes, scales, bias and sharpness."""
    labels, vocabulary, weights, bias = _fit(varied(sentences))
    small, scales = _to_bytes(weights)
    np.savez_compressed(
        path,
        labels=np.frombuffer("\n".join(labels).encode(), np.uint8),
        vocabulary=np.frombuffer("\n".join(vocabulary).encode(), np.uint8),
        weights=small,
        scales=scales,
        bias=bias.astype(np.float32),
        sharpness=np.float32(SHARPNESS),
    )


def check(sentences: list[Sentence], folds: int = 5) -> None:
    """Prints what a model reads right in sentences it has not seen, and how sure it should be."""
    sure, right = list[Any](), list[int]()
    wrong = list[str]()
    for fold in range(folds):
        model = train([s for at, s in enumerate(sentences) if at % folds != fold])
        for sentence in sentences[fold::folds]:
            sure.append(model.probabilities(sentence.masked, sentence.asked))
            right.append(model.labels.index(sentence.label))
            reading = model.read(sentence.masked, sentence.asked)
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--check", action="store_true", help="five folds instead of an export")
    sentences = read_sentences()
    if parser.parse_args().check:
        check(sentences)
    else:
        export(sentences)
        print(f"{len(sentences)} sentences, {MODEL_FILE.stat().st_size / 1024:.0f} KiB")


if __name__ == "__main__":
    main()

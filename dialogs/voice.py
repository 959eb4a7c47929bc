"""Sentence name and values in, reply out: the only place where sentences are put together."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any
from zlib import crc32

import yaml

from dialogs.french import fill
from dialogs.reply import Button, Card, Reply

FACTS_KEPT = 4_096
"""Facts of a card kept ready: distances, dates, durations, sources, no more than a few hundred."""

SAME_WHATEVER = frozenset(("utter_noncraft",))
"""Sentences that sound the same again whatever values they are filled with."""

REMEMBERED = 12
"""How many sentences a conversation remembers, so as not to say one of them again."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """One variant of a sentence: a template and its fixed buttons (title template, payload)."""

    template: str
    buttons: tuple[tuple[str, str | None, str | None], ...] = ()
    language: str = "fr"

    @property
    def fields(self) -> frozenset[str]:
        """Names of the values it needs."""
        templates = [self.template, *(title for title, _, _ in self.buttons)]
        return frozenset(
            name.split(".")[0]
            for template in templates
            for _, name, _, _ in string.Formatter().parse(template)
            if name
        )


def _sentence(entry: Mapping[str, Any]) -> Sentence:
    buttons = tuple((b["title"], b.get("payload"), b.get("url")) for b in entry.get("buttons", ()))
    language = entry.get("metadata", {}).get("language", "fr")
    return Sentence(entry["text"].strip(), buttons, language)


class Voice:
    """Every sentence of ``responses/*.yml`` (Rasa ``responses:`` format), by name."""

    def __init__(self, sentences: Mapping[str, Sequence[Sentence]]) -> None:
        self.sentences = sentences
        self._fixed = {
            name: fill(first.template, {})
            for name, (first, *_) in sentences.items()
            if not first.fields
        }
        self._facts: dict[tuple[Any, ...], str] = {}

    @classmethod
    @cache
    def load(cls) -> Voice:
        """Reads the packaged files, once a process; raises ``ValueError`` when a name is written
        twice."""
        sentences: dict[str, tuple[Sentence, ...]] = {}
        for path in sorted(files("dialogs").joinpath("responses").iterdir(), key=lambda p: p.name):
            for name, entries in yaml.load(path.read_text("utf-8"), yaml.CSafeLoader)[
                "responses"
            ].items():
                if name in sentences:
                    raise ValueError(f"{name} is written twice")
                sentences[name] = tuple(_sentence(entry) for entry in entries)
        return cls(sentences)

    def phrase(self, name: str, **values: Any) -> str:
        """A fragment or a button's label, first variant, filled."""
        fixed = self._fixed.get(name)
        return fixed if fixed is not None else fill(self.sentences[name][0].template, values)

    def fact(self, name: str, **values: str | int) -> str:
        """The same for what many offers have in common (« à 12 km »): filled once, then kept."""
        key = (name, *values.items())
        said = self._facts.get(key)
        if said is None:
            if len(self._facts) >= FACTS_KEPT:
                self._facts.clear()
            said = self._facts[key] = self.phrase(name, **values)
        return said

    def say(
        self,
        name: str,
        values: Mapping[str, Any],
        *,
        said: Sequence[int] = (),
        buttons: Sequence[Button] = (),
        cards: Sequence[Card] = (),
    ) -> Reply:
        """The reply, in the first variant not ``said`` lately (else the one said longest ago).

        ``buttons`` given come before the sentence's own. Raises ``KeyError`` for an unknown name
        or a missing value.
        """
        latest = list(said)
        best, text, sentence, kept = len(latest), "", self.sentences[name][0], ""
        for candidate in self.sentences[name]:
            filled = fill(candidate.template, values)
            told = candidate.template if name in SAME_WHATEVER else filled
            mark = fingerprint(told)
            age = latest.index(mark) if mark in latest else -1
            if age < best:
                best, text, sentence, kept = age, filled, candidate, told
            if age < 0:
                break
        own = tuple(
            Button(fill(title, values), payload, url) for title, payload, url in sentence.buttons
        )
        return Reply(
            text=text,
            buttons=(*buttons, *own),
            cards=tuple(cards),
            name=name,
            language=sentence.language,
            told=kept,
        )


def fingerprint(text: str) -> int:
    """A sentence, for telling repetitions; what was said is not kept."""
    return crc32(text.encode())


def remember(said: Sequence[int] | None, texts: Sequence[str]) -> list[int]:
    """Fingerprints of the latest :data:`REMEMBERED` sentences, these included, oldest first."""
    new = [fingerprint(text) for text in texts]
    return [*(p for p in said or () if p not in new), *new][-REMEMBERED:]

"""Sentence name and values in, reply out: the only place where French sentences are put together."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import yaml

from dialogs.french import fill
from dialogs.reply import Button, Card, Reply

REMEMBERED = 8
"""How many sentence names a conversation remembers, so as not to repeat their last variant."""


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
    buttons = tuple(
        (b["title"], b.get("payload"), b.get("url")) for b in entry.get("buttons", ())
    )
    language = entry.get("metadata", {}).get("language", "fr")
    return Sentence(entry["text"].strip(), buttons, language)


class Voice:
    """Every sentence of ``responses/*.yml`` (Rasa ``responses:`` format), by name."""

    def __init__(self, sentences: Mapping[str, Sequence[Sentence]]) -> None:
        self.sentences = sentences

    @classmethod
    def load(cls) -> Voice:
        """Reads the packaged files; raises ``ValueError`` when a name is written twice."""
        sentences: dict[str, tuple[Sentence, ...]] = {}
        for path in sorted(files("dialogs").joinpath("responses").iterdir(), key=lambda p: p.name):
            for name, entries in yaml.load(
                path.read_text("utf-8"), yaml.CSafeLoader
            )["responses"].items():
                if name in sentences:
                    raise ValueError(f"{name} is written twice")
                sentences[name] = tuple(_sentence(entry) for entry in entries)
        return cls(sentences)

    def phrase(self, name: str, **values: Any) -> str:
        """A fragment or a button's label, first variant, filled."""
        return fill(self.sentences[name][0].template, values)

    def say(
        self,
        name: str,
        values: Mapping[str, Any],
        *,
        after: int | None = None,
        buttons: Sequence[Button] = (),
        cards: Sequence[Card] = (),
    ) -> tuple[Reply, int]:
        """The reply, and the variant said: the one after variant ``after``.

        ``buttons`` given come before the sentence's own. Raises ``KeyError`` for an unknown name
        or a missing value.
        """
        variants = self.sentences[name]
        variant = 0 if after is None else (after + 1) % len(variants)
        sentence = variants[variant]
        own = tuple(
            Button(fill(title, values), payload, url) for title, payload, url in sentence.buttons
        )
        reply = Reply(
            text=fill(sentence.template, values),
            buttons=(*buttons, *own),
            cards=tuple(cards),
            name=name,
            language=sentence.language,
        )
        return reply, variant


def remember(said: Mapping[str, int] | None, name: str, variant: int) -> dict[str, int]:
    """The variants said last, this one included, at most :data:`REMEMBERED` names."""
    latest = {k: v for k, v in (said or {}).items() if k != name} | {name: variant}
    return dict(list(latest.items())[-REMEMBERED:])

"""Intents recognised by exact words: those that a wrong guess would make dangerous or rude."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from nlu.meaning import Intent
from nlu.text import Message, heads

RULES_SOURCE = Path(__file__).with_name("data") / "rules.yml"
RULES_FILE = RULES_SOURCE.with_suffix(".json")
_LONG_RUN = re.compile(r"(.)\1{2,}")
_WORD = re.compile(r"[^\W_]+")
_POLITE = re.compile(
    r"(?: (?:svp|stp|s il (?:te|vous) plait|please|merci d avance|madame|monsieur))+$"
)
_LAST_POLITE = ("svp", "stp", "plait", "please", "avance", "madame", "monsieur")
_TONE = re.compile("[\U0001f3fb-\U0001f3ff\ufe0f\u200d\\s!.]+")
_SIGNS: tuple[tuple[frozenset[str], Intent], ...] = (
    (frozenset("👍👌✅✔🆗"), "affirm"),
    (frozenset("👎❌🚫✖"), "deny"),
    (frozenset("🙏"), "thanks"),
    (frozenset("👋"), "greet"),
)
# What each step of a decision begins with: without one of these it concludes nothing.
_STEPS = {
    "danger": ("distress", "violence", "wages"),
    "data": ("restart", "delete", "export"),
    "alerts": ("resume", "wait", "stop"),
    "person": ("human",),
    "looking": ("looks", "date_alone", "area_refused"),
    "elsewhere": ("employer", "customer", "housing"),
}
_YES_WORDS = 12
_REFUSED = re.compile(r"(?:non|nan|nn|no)\b")
_NO_DELETION = re.compile(r"(?:\w+ )?(?:n|ne) \w+ (?:pas|rien)|(?:non|nan) ")
_AGREED = re.compile(r"(?:oui|ouais|ok|d accord|yes|vas y)\b")
# « moins de 20 km » and « pause de midi » are not about alerts.
_OTHER_PAUSE = re.compile(
    r"\b(?:km|bornes|kilom\w*|midi|dejeuner|salaire|cfa|cours|heures?|distance|loin)\b"
)


@dataclass(frozen=True, slots=True)
class Ruled:
    """What a rule concluded; ``values`` says whether the trade and the place found are kept."""

    intent: Intent
    reason: str | None = None
    values: bool = False


class Plain(str):
    """Folded words with one space between them, and how each of them begins."""

    __slots__ = ("heads",)
    heads: frozenset[str]

    def __new__(cls, words: str, begun: frozenset[str] | None = None) -> Self:
        """``begun`` are the ``heads`` of these words, where they are known."""
        said = str.__new__(cls, words)
        said.heads = heads(words.split(" ")) if begun is None else begun
        return said


def plain(text: str) -> Plain:
    """Folded words with one space between them, long runs shortened: « Ouiiii ! » -> « oui »."""
    return plain_of(Message.of(text))


def plain_of(message: Message) -> Plain:
    """The same of a message that is folded already."""
    if len(message.folded) != len(message.text):  # « ½ » is one word, plainly « 1 2 »
        return Plain(_LONG_RUN.sub(_once, " ".join(_WORD.findall(message.folded))))
    words = " ".join(message.forms)
    short = _LONG_RUN.sub(_once, words)
    return Plain(short, message.heads if short == words else None)


def _once(run: re.Match[str]) -> str:
    return run.group(1)


class _Group:
    """Patterns of one name, each compiled when a message first has a word it cannot do without."""

    def __init__(self, patterns: list[tuple[str, list[str]]]) -> None:
        self._patterns = [pattern for pattern, _ in patterns]
        self._compiled: dict[int, re.Pattern[str]] = {}
        self._by_head: dict[str, list[int]] = {}
        self.anyhow = [i for i, (_, begun) in enumerate(patterns) if not begun]
        for i, (_, begun) in enumerate(patterns):
            for head in begun:
                self._by_head.setdefault(head, []).append(i)
        self.heads = frozenset(self._by_head)

    def may_be_in(self, words: Plain) -> bool:
        return not self.heads.isdisjoint(words.heads) or bool(self.anyhow)

    def search(self, words: Plain) -> re.Match[str] | None:
        """The words that the first pattern found is found in."""
        met = self.heads & words.heads
        if not met:
            return self._first(self.anyhow, words) if self.anyhow else None
        near = {i for head in met for i in self._by_head[head]}
        return self._first(sorted(near.union(self.anyhow)), words)

    def _first(self, numbers: Iterable[int], words: str) -> re.Match[str] | None:
        for i in numbers:
            pattern = self._compiled.get(i)
            if pattern is None:
                pattern = self._compiled[i] = re.compile(rf"\b(?:{self._patterns[i]})\b")
            if found := pattern.search(words):
                return found
        return None

    def all(self) -> re.Pattern[str]:
        """All of them as one, the first first."""
        return re.compile(rf"\b(?:{'|'.join(self._patterns)})\b")


class Rules:
    """The rules of ``rules.yml``, as ``rules.json`` has them; words are those of ``plain``."""

    def __init__(self, table: dict[str, Any]) -> None:
        self._whole = {name: frozenset(table[name]) for name in ("help", "affirmed", "refused")}
        self.groups = {name: _Group(patterns) for name, patterns in table["groups"].items()}
        self._besides = "|".join(table["yes_besides"])
        self._steps = {
            step: _any_of([self.groups[name] for name in names]) for step, names in _STEPS.items()
        }

    @cached_property
    def _yes(self) -> re.Pattern[str]:
        yes, besides = "|".join(map(re.escape, self._whole["affirmed"])), self._besides
        return re.compile(rf"(?:(?:{besides}) )*(?:{yes})(?: (?:{yes}|{besides}))*")

    @cached_property
    def _not_meant(self) -> re.Pattern[str]:
        return self.groups["not_meant"].all()

    @classmethod
    def load(cls, path: Path = RULES_FILE) -> Self:
        return cls(json.loads(path.read_text("utf-8")))

    def has(self, name: str) -> bool:
        """Whether there is a group of that name."""
        return name in self.groups

    def says(self, name: str, words: str) -> bool:
        """Whether a pattern of the group ``name`` is found in ``words``."""
        group = self.groups[name]
        if not isinstance(words, Plain):
            words = Plain(words)
        return group.may_be_in(words) and group.search(words) is not None

    def found(self, name: str, words: str) -> re.Match[str] | None:
        """Where it is found."""
        return self.groups[name].search(words if isinstance(words, Plain) else Plain(words))

    def decide(self, text: str, words: Plain, asked: str | None) -> Ruled | None:
        """What the exact words settle, safety first; ``None`` leaves it to the model."""
        may = self._may
        return (
            (may("danger", words) and self._in_danger(words))
            or (not words and _by_signs(text))
            or self._by_short_answer(words)
            or (may("data", words) and self._about_data(text, words, asked))
            or (may("alerts", words) and self._about_alerts(words, asked))
            or (may("person", words) and self._person(words))
            or (may("looking", words) and self._looking(words))
            or None
        )

    def _may(self, step: str, words: Plain) -> bool:
        heads = self._steps[step]
        return heads is None or not heads.isdisjoint(words.heads)

    def is_yes(self, text: str, words: str) -> bool:
        """Whether the whole message agrees: « oui vas-y », « ok efface tout », « 👍 »."""
        said = words.split()
        if not said:
            ruled = _by_signs(text)
            return ruled is not None and ruled.intent == "affirm"
        # What agrees may hold what else agrees: few words, or trying all ways takes for ever.
        return len(said) <= _YES_WORDS and self._yes.fullmatch(words) is not None

    def elsewhere(self, words: Plain) -> Ruled | None:
        """Employers, customers, people looking for a home: nothing is searched for them."""
        if not self._may("elsewhere", words):
            return None
        if self.says("employer", words) and not self.says("not_employer", words):
            return Ruled("out_of_scope", "employer")
        if self.says("customer", words) and not self.says("candidate", words):
            return Ruled("out_of_scope", "customer")
        if self.says("housing", words):
            asks = self.says("asks", words) or self.says("candidate", words)
            return None if asks else Ruled("out_of_scope", "housing")
        return None

    def _in_danger(self, words: Plain) -> Ruled | None:
        # What is not meant is taken out whole, the first pattern first: left as written.
        not_meant = self.groups["not_meant"].may_be_in(words)
        meant = Plain(self._not_meant.sub(" ", words)) if not_meant else words
        if self.says("distress", meant):
            return Ruled("human", "distress")
        if self.says("violence", meant) and not self.says("at_the_bot", meant):
            return Ruled("human", "violence")
        if self.says("wages", meant) and not self.says("asks_wages", meant):
            return Ruled("human", "wages")
        return None

    def _by_short_answer(self, words: str) -> Ruled | None:
        short = _POLITE.sub("", words) if words.endswith(_LAST_POLITE) else words
        if short in self._whole["affirmed"]:
            return Ruled("affirm")
        if short in self._whole["refused"]:
            return Ruled("deny")
        return Ruled("help") if short in self._whole["help"] else None

    def _about_data(self, text: str, words: str, asked: str | None) -> Ruled | None:
        if self.says("restart", words):
            return Ruled("restart")
        if self.says("delete", words) and not self.says("again", words):
            if _NO_DELETION.match(words):
                return Ruled("deny")
            agreed = asked == "confirm" and self.is_yes(text, words)
            return Ruled("affirm" if agreed else "delete_data")
        exported = self.says("export", words) and not self.says("not_export", words)
        return Ruled("export_data") if exported else None

    def _about_alerts(self, words: str, asked: str | None) -> Ruled | None:
        ruled = self._alerts(words)
        if ruled is not None and asked == "confirm":
            # « oui, je veux une alerte », « non, pas d’alerte » only answer.
            if _AGREED.match(words) and ruled.intent == "resume_alerts":
                return Ruled("affirm", values=True)
            if _REFUSED.match(words) and ruled.intent == "stop_alerts":
                return Ruled("deny", values=True)
        return ruled

    def _alerts(self, words: str) -> Ruled | None:
        if self.says("resume", words):
            return Ruled("resume_alerts", values=True)
        stops = self.says("stop", words) and not self.says("not_stop", words)
        if self.says("wait", words) or (stops and self.says("for_a_while", words)):
            return None if _OTHER_PAUSE.search(words) else Ruled("pause_alerts")
        return Ruled("stop_alerts", values=True) if stops else None

    def _person(self, words: str) -> Ruled | None:
        wanted = self.says("human", words) and not self.says("not_human", words)
        return Ruled("human") if wanted else None

    def _looking(self, words: str) -> Ruled | None:
        """« je cherche un truc », « je veux changer de patron »; « pas dans le 62 »."""
        looks = self.says("looks", words) and not self.says("asks", words)
        if looks:
            return Ruled("search", values=True)
        if self.says("date_alone", words):
            return Ruled("give_info", values=True)
        return Ruled("correct", values=True) if self.says("area_refused", words) else None


def _any_of(groups: list[_Group]) -> frozenset[str] | None:
    """All beginnings of the patterns of ``groups``; ``None`` where one may begin anyhow."""
    return (
        None
        if any(group.anyhow for group in groups)
        else frozenset().union(*[group.heads for group in groups])
    )


def _by_signs(text: str) -> Ruled | None:
    signs = set(_TONE.sub("", text))
    return next((Ruled(intent) for known, intent in _SIGNS if signs and signs <= known), None)

"""One message while its places are read: canonical words, what is spoken for, what was found."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from nlu import placewords as pw
from nlu.naming import Named
from nlu.text import Message

_STOPS = frozenset(",;.!?\n:()")


class Mention(NamedTuple):
    """Words ``first``..``last`` stand for ``named``; ``weight`` is how sure that they are a place:
    3 the sentence says so, 2 the name says so, 1 it may be."""

    first: int
    last: int
    named: Named
    weight: int


@dataclass(slots=True)
class Sentence:
    """One message while it is read: canonical words, and which of them are spoken for."""

    message: Message
    asked: str | None
    forms: list[str]
    claimed: list[bool]
    guesses: int = 0
    glued: frozenset[int] = frozenset()  # words that began with « à » or « d' »: « darras »
    found_up_to: int = -2  # the last word of the last place read so far
    announced: bool = False  # whether a word like « sur » stood before it
    # The départements of each area written in words, by the index of its first word.
    inside: dict[int, frozenset[str]] = field(default_factory=dict)
    _cuts: list[bool] = field(init=False)
    _short: bool | None = None
    _about_work: bool | None = None

    def __post_init__(self) -> None:
        """One cut a word; none after the last one, nor before the first (``cut(-1)``)."""
        said, text = self.message, self.message.text
        ends, starts = said.ends[: len(self.forms) - 1], said.starts[1:]
        self._cuts = [
            (gap := text[end:start]) != " " and not _STOPS.isdisjoint(gap)
            for end, start in zip(ends, starts, strict=False)
        ]
        self._cuts.append(False)

    @property
    def short(self) -> bool:
        """Little is left besides small words: what is left may well be a place.

        As it is when first asked for, as :attr:`about_work`.
        """
        if self._short is None:
            left = [
                f
                for f, taken in zip(self.forms, self.claimed, strict=True)
                if not taken and f not in pw.SMALL and not f.isdigit()
            ]
            self._short = len(left) <= 3
        return self._short

    def starts(self, first: int) -> bool:
        """Whether a cut, a trade, or the start of another thought stands before."""
        if first == 0 or self.cut(first - 1) or self.claimed[first - 1]:
            return True
        return self.forms[first - 1] in pw.DETACHING

    def detached(self, first: int, last: int) -> bool:
        """Whether what stands on both sides is a cut, a trade, or the start of another thought."""
        if not self.starts(first):
            return False
        if last + 1 >= len(self.forms) or self.cut(last) or self.claimed[last + 1]:
            return True
        return self.forms[last + 1] in pw.DETACHING or self.forms[last + 1].isdigit()

    @property
    def about_work(self) -> bool:
        """A trade or a date is named, or something is looked for."""
        if self._about_work is None:
            self._about_work = True in self.claimed or not pw.SEEK.isdisjoint(self.forms)
        return self._about_work

    @property
    def answer(self) -> bool:
        return self.asked == "ask_place" and self.short

    def cut(self, left: int) -> bool:
        """Whether punctuation or a line break stands after word ``left``."""
        return self._cuts[left]

    def unbroken(self, first: int, most: int) -> int:
        """How many words from ``first`` on, ``most`` at most, are free and not cut apart."""
        for i in range(first, min(first + most, len(self.forms))):
            if self.claimed[i]:
                return i - first
            if self._cuts[i]:
                return i - first + 1
        return min(most, len(self.forms) - first)

    def claim(self, first: int, last: int) -> None:
        for i in range(first, last + 1):
            self.claimed[i] = True

"""What a reader considered, noted down for the workbench."""

from __future__ import annotations

from dataclasses import dataclass, field

from nlu.text import Message

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Candidate:
    """Words a reader took into account, what they would mean, and what became of them.

    ``span`` is in characters, ``None`` where the reader does not keep it; ``claim`` is what speaks
    for it; ``why`` says, in French, why it won or was dropped.
    """

    reader: str
    text: str
    span: Span | None
    meaning: str
    claim: str
    kept: bool
    why: str


@dataclass(slots=True)
class Notes:
    """The candidates of one message, in the order the readers met them."""

    candidates: list[Candidate] = field(default_factory=list)

    def clear(self) -> None:
        self.candidates.clear()

    def add(
        self, reader: str, message: Message, where: Span | str, meaning: str, claim: str,
        kept: bool, why: str,
    ) -> None:  # fmt: skip
        """Notes a candidate once; ``where`` is its span, or its words."""
        span = None if isinstance(where, str) else where
        text = where if isinstance(where, str) else message.text[slice(*where)]
        one = Candidate(reader, text.strip(), span, meaning, claim, kept, why)
        if one not in self.candidates:
            self.candidates.append(one)

    def of(self, reader: str) -> list[Candidate]:
        return [one for one in self.candidates if one.reader == reader]


def words_span(message: Message, first: int, last: int) -> Span:
    """The characters of the words ``first``..``last``."""
    return message.starts[first], message.ends[last]

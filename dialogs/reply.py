"""What the bot says, whatever the network: replies, buttons, cards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import blake2b
from typing import Any, Literal, Protocol


@dataclass(frozen=True, slots=True)
class Button:
    """A choice: either a ``payload`` that comes back to us, or a ``url`` that opens.

    ``text`` has at most 24 characters. A payload is unsigned here (``/trade boulanger``); the
    channel signs it.
    """

    text: str
    payload: str | None = None
    url: str | None = None

    def to_json(self) -> dict[str, Any]:
        made = {"text": self.text}
        if self.payload is not None:
            made["payload"] = self.payload
        if self.url is not None:
            made["url"] = self.url
        return made

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Button:
        return cls(data["text"], data.get("payload"), data.get("url"))


@dataclass(frozen=True, slots=True)
class Card:
    """An offer to look at: a title, lines of facts in reading order, a note, and what can be done.

    ``lines`` are ready French sentences (company and town, start, diploma, publication).
    ``note`` warns (« Offre de démonstration »). ``id`` is the offer's.
    """

    id: str
    title: str
    lines: tuple[str, ...] = ()
    note: str | None = None
    buttons: tuple[Button, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id, "title": self.title, "lines": list(self.lines), "note": self.note,
            "buttons": [b.to_json() for b in self.buttons],
        }  # fmt: skip

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Card:
        buttons = tuple(Button.from_json(b) for b in data["buttons"])
        return cls(data["id"], data["title"], tuple(data["lines"]), data["note"], buttons)


@dataclass(frozen=True, slots=True)
class Reply:
    """One message of the bot, channel-neutral; every channel degrades it gracefully.

    ``name`` is the sentence's name in ``responses/*.yml``. Reading order: ``text``, ``cards``,
    ``buttons``. ``clear_screen`` asks the web page to forget what it shows. ``upload`` is the
    payload that comes back with a file chosen there, where files are chosen and not sent.
    ``told`` is what the conversation remembers of it, so as to say it otherwise the next time.
    """

    text: str
    buttons: tuple[Button, ...] = ()
    cards: tuple[Card, ...] = ()
    name: str = ""
    clear_screen: bool = False
    language: str = "fr"
    upload: str | None = None
    told: str = field(default="", compare=False)

    def to_json(self) -> dict[str, Any]:
        return {
            "text": self.text, "name": self.name, "language": self.language,
            "buttons": [b.to_json() for b in self.buttons],
            "cards": [c.to_json() for c in self.cards],
            "clear_screen": self.clear_screen,
            **({"upload": self.upload} if self.upload else {}),
        }  # fmt: skip

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Reply:
        return cls(
            text=data["text"],
            buttons=tuple(Button.from_json(b) for b in data["buttons"]),
            cards=tuple(Card.from_json(c) for c in data["cards"]),
            name=data["name"],
            clear_screen=data["clear_screen"],
            language=data["language"],
            upload=data.get("upload"),
        )


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a message that was given to a network.

    ``later``: it wants us to ``wait``, which is no failure, and ``everywhere`` when that holds for
    whatever else we send; ``pending``: it failed, to be tried again after that time; ``refused``:
    it will never be taken; ``gone``: the person left; ``unknown``: perhaps sent.
    """

    state: Literal["sent", "later", "pending", "refused", "gone", "unknown"]
    wait: timedelta | None = None
    everywhere: bool = False


SENT = Delivery("sent")


class Channel(Protocol):
    """A network on which people are written to without having asked anything just now."""

    async def send(
        self, address: str, replies: Sequence[Reply], *, attempts: int, quiet: bool = False
    ) -> Delivery:
        """Give it one message, for the ``attempts``-th time; whatever goes wrong is an outcome.

        A ``quiet`` one comes without a sound, where the network knows of any.
        """
        ...


class Bundle(dict[str, Any]):
    """JSON that still holds the replies it was made of, for whoever sends them from memory."""

    __slots__ = ("replies",)

    def __init__(self, replies: Sequence[Reply], **beside: Any) -> None:
        super().__init__(replies=[reply.to_json() for reply in replies], **beside)
        self.replies = list(replies)


def bundled(replies: Sequence[Reply], **beside: Any) -> Bundle:
    """All that one turn says, for a network where it is one message: see :func:`unbundled`.

    ``beside`` are values kept with them.
    """
    return Bundle(replies, **beside)


def unbundled(data: Mapping[str, Any]) -> list[Reply]:
    """The replies of a turn, in order."""
    if isinstance(data, Bundle):
        return data.replies
    return [Reply.from_json(reply) for reply in data["replies"]]


def short_press(payload: str) -> str:
    """A payload too long for a network's buttons, as a mark: :func:`meant` finds the one it
    stands for among the buttons said last."""
    return f"/~{blake2b(payload.encode(), digest_size=8).hexdigest()}"


def meant(short: str, payloads: Iterable[str]) -> str:
    """The one of these payloads that a shortened one stands for; itself when there is none."""
    return next((payload for payload in payloads if short_press(payload) == short), short)

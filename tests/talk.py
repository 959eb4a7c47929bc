"""Conversations written as YAML, played through the real assembly."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from itertools import count, pairwise
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import yaml

from bot.assembly import Rooms, assemble
from bot.config import Settings
from bot.incoming import Incoming
from bot.links import Link
from dialogs.reply import Button, Reply
from matching.calling import Passing
from matching.sources import Patience
from nlu.understander import Understander

FOLDER = Path(__file__).parent / "conversations"
TODAY = date(2026, 11, 23)

LONG_SENTENCES = (
    "utter_answer_", "utter_my_data", "utter_steps", "utter_apply_view", "utter_alerts_list",
    "network_description",
)  # fmt: skip
"""Exceptions to 240 characters: answers that carry their source, data shown to its owner, and what
Telegram shows before the first message (512)."""


@dataclass(frozen=True, slots=True)
class Script:
    """One conversation: ``offers`` names the offers it runs on, ``turns`` are in order."""

    name: str
    turns: Sequence[dict[str, Any]]
    offers: str = "demonstration"

    def __str__(self) -> str:
        return self.name


@cache
def scripts(*folders: str) -> list[Script]:
    """All conversations of these folders in ``tests/conversations``, by file and order; without
    any, those that happen everywhere."""
    found = []
    for path in sorted(p for f in folders or (".", "alertes") for p in (FOLDER / f).glob("*.yml")):
        for entry in yaml.load(path.read_text("utf-8"), yaml.CSafeLoader)["conversations"]:
            offers = entry.get("offers", "demonstration")
            found += [Script(entry["name"], entry["turns"], offers)]
    return found


def plain(text: str) -> str:
    """Typography aside, so that scripts are typed on any keyboard."""
    return re.sub(r"[\u00a0\u202f]", " ", text).replace("’", "'")


class Speaker(Protocol):
    """Somebody who plays a script, whatever the channel; ``said`` is all the bot answered."""

    said: list[Reply]

    async def say(self, text: str) -> list[Reply]: ...

    async def press(self, label: str) -> list[Reply]: ...

    async def open(self, **link: Any) -> list[Reply]: ...

    async def send(self, *, payload: str) -> list[Reply]: ...


@runtime_checkable
class Applicant(Protocol):
    """Somebody who also gives files, and confirms what is to be sent."""

    async def give(self, names: Sequence[str]) -> list[Reply]: ...

    async def confirm(self) -> list[Reply]: ...


@runtime_checkable
class Alerted(Protocol):
    """Somebody whose alerts speak: their message arrives, or ``waits`` on the page."""

    async def receive(self, told: dict[str, Any], *, waits: bool) -> list[Reply]: ...


@runtime_checkable
class Living(Protocol):
    """Somebody whose days go by; what has come in the meantime."""

    async def later(self, passed: dict[str, Any]) -> list[Reply]: ...


@dataclass(slots=True)
class Talk:
    """One person talking: ``say``, ``press`` and ``open`` return what the bot answered."""

    rooms: Rooms
    address: str
    channel: str = "test"
    said: list[Reply] = field(default_factory=list)
    _numbers: Any = field(default_factory=count)

    async def say(self, text: str) -> list[Reply]:
        return await self._turn(text=text)

    async def press(self, label: str) -> list[Reply]:
        """Press a button said lately, in a message or on a card; the latest of that name."""
        for reply in reversed(self.said):
            for button in (*reply.buttons, *(b for c in reply.cards for b in c.buttons)):
                if plain(button.text) == label and button.payload:
                    return await self._turn(payload=button.payload)
        raise AssertionError(f"no button « {label} », there are: {self.labels()}")

    async def open(self, **link: Any) -> list[Reply]:
        return await self._turn(link=Link(**link))

    async def send(self, *, payload: str) -> list[Reply]:
        """A button's payload, whether or not a button bears it."""
        return await self._turn(payload=payload)

    def labels(self) -> list[str]:
        return [plain(b.text) for r in self.said[-3:] for b in r.buttons]

    async def _turn(self, **values: Any) -> list[Reply]:
        number = next(self._numbers)
        incoming = Incoming(self.channel, self.address, str(number), order=number, **values)
        await self.rooms.turns.handle(incoming)
        waiting = await self.rooms.turns.waiting(self.channel, self.address)
        if waiting:
            await self.rooms.turns.acknowledge(self.channel, self.address, waiting[-1][0])
        replies = [reply for _, reply in waiting]
        self.said += replies
        return replies


@asynccontextmanager
async def rooms_for(
    database_url: str,
    redis_url: str | None,
    understander: Understander,
    today: date | None = TODAY,
    patience: Patience | None = None,
    passing: Passing | None = None,
    **other: Any,
) -> AsyncIterator[Rooms]:
    """The real house on this database, at this date."""
    settings = Settings.load(
        **{
            "database_url": database_url, "redis_url": redis_url, "secret_key": "k" * 32,
            "TODAY": today, "public_url": "http://127.0.0.1:8080", **other,
        }
    )  # fmt: skip
    async with assemble(settings, understander, patience, passing=passing) as rooms:
        yield rooms


async def play(script: Script, talk: Speaker) -> None:
    """Play a script and check every expectation, and the manners that hold everywhere."""
    for number, turn in enumerate(script.turns, 1):
        replies = await _do(talk, turn)
        where = f"« {script.name} », turn {number} ({turn})\ngot: " + "\n     ".join(
            f"{plain(r.text)} {[plain(b.text) for b in r.buttons]} {len(r.cards)} cards"
            for r in replies
        )
        assert bool(replies) == ("B" in turn) if "passe" in turn else replies or "attend" in turn, (
            where
        )
        _expect(turn, replies, where)
        check_manners(replies, where)
    for one, other in pairwise(talk.said):
        assert one.text != other.text, f"« {script.name} » says twice running: {one.text}"


async def _do(talk: Speaker, turn: dict[str, Any]) -> list[Reply]:
    if "appuie" in turn:
        return await talk.press(turn["appuie"])
    if "lien" in turn:
        return await talk.open(**turn["lien"])
    if "cv" in turn or "envoie" in turn:
        assert isinstance(talk, Applicant)
        return await talk.give(turn["cv"]) if "cv" in turn else await talk.confirm()
    if "recoit" in turn or "attend" in turn:
        assert isinstance(talk, Alerted)
        waits = "attend" in turn
        return await talk.receive(turn["attend" if waits else "recoit"], waits=waits)
    if "passe" in turn:
        assert isinstance(talk, Living)
        return await talk.later(turn["passe"])
    if "bouton" in turn:
        return await talk.send(payload=turn["bouton"])
    return await talk.say(str(turn["J"]) * turn.get("fois", 1))


def _list(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value or ())


def _expect(turn: dict[str, Any], replies: list[Reply], where: str) -> None:
    everything = "\n".join(plain(r.text) for r in replies)
    for fragment in _list(turn.get("B")):
        assert fragment in everything, f"missing « {fragment} » in {where}"
    for fragment in _list(turn.get("pas")):
        assert fragment not in everything, f"« {fragment} » should not be in {where}"
    labels = [plain(b.text) for r in replies for b in r.buttons]
    for label in _list(turn.get("boutons")):
        assert label in labels, f"missing button « {label} » in {where}"
    cards = [c for r in replies for c in r.cards]
    if "cartes" in turn:
        assert len(cards) == turn["cartes"], where
    assert cards or not {"chaque_carte", "aucune_carte"} & turn.keys(), f"no card: {where}"
    for pattern in _list(turn.get("chaque_carte")):
        for card in cards:
            text = plain("\n".join((card.title, *card.lines, card.note or "")))
            assert re.search(pattern, text), f"{pattern} not in card {text!r}, {where}"
    for pattern in _list(turn.get("aucune_carte")):
        for card in cards:
            text = plain("\n".join((card.title, *card.lines)))
            assert not re.search(pattern, text), f"{pattern} in card {text!r}, {where}"


def check_manners(replies: Sequence[Reply], where: str) -> None:
    """Short, one question, short buttons."""
    for reply in replies:
        if not reply.name.startswith(LONG_SENTENCES):
            assert len(reply.text) <= 240, f"{len(reply.text)} characters: {where}"
        assert questions(reply.text) <= 1, f"several questions: {where}"
        for button in _buttons(reply):
            assert len(button.text) <= 24, f"long button {button.text!r}: {where}"
            assert "'" not in button.text, f"straight apostrophe {button.text!r}: {where}"
        for card in reply.cards:
            assert "'" not in card.title + card.lines[0], f"straight apostrophe: {where}"


def questions(text: str) -> int:
    """Question marks outside quotations: what is quoted is for the person to say."""
    return re.sub(r"«[^»]*»", "", text).count("?")


def _buttons(reply: Reply) -> list[Button]:
    return [*reply.buttons, *(b for card in reply.cards for b in card.buttons)]

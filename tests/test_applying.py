"""What follows the decision to apply: stopped in the middle, told once, forgotten on demand."""

from __future__ import annotations

import io
import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from bot.applying import GIVEN_UP, Applying
from bot.assembly import Rooms
from bot.channels import terminal
from bot.channels.terminal import Terminal
from dialogs.reply import Reply
from nlu.understander import Understander
from tests.applying import GARAGE, cv, house, service
from tests.apprentissage_api import Api
from tests.talk import Talk, plain


@dataclass
class Scene:
    """Somebody whose application, made in five answers, only has to be sent."""

    rooms: Rooms
    api: Api
    talk: Talk

    @property
    def applying(self) -> Applying:
        assert self.rooms.applying
        return self.rooms.applying

    async def heard(self) -> list[Reply]:
        found = await self.rooms.turns.waiting(self.talk.channel, self.talk.address)
        if found:
            await self.rooms.turns.acknowledge(self.talk.channel, self.talk.address, found[-1][0])
        return [reply for _, reply in found]

    async def later(self, monkeypatch: pytest.MonkeyPatch) -> int:
        """As seen once whoever was sending must be dead."""
        now = self.rooms.settings.now() + GIVEN_UP + timedelta(seconds=1)
        with monkeypatch.context() as patch:
            patch.setattr(self.rooms.turns, "now", lambda: now)
            return await self.applying.sweep()


@pytest.fixture
async def scene(
    offered: Callable[..., str], understander: Understander, tmp_path: Path
) -> AsyncIterator[Scene]:
    template = offered("sqlite", "ateliers").removeprefix("sqlite+aiosqlite:///")
    url = f"sqlite+aiosqlite:///{shutil.copy(template, tmp_path / 'talk.sqlite')}"
    async with service() as api, house(url, api, understander) as rooms:
        talk = Talk(rooms, "lea")
        await talk.say("carrossier à Frévent, septembre")
        await talk.send(payload=f"/apply {GARAGE}")
        for words in ("Léa Martin", "lea@exemple.fr", "06 12 34 56 78", "en 5 questions"):
            await talk.say(words)
        for words in ("Un CAP", "3e", "rien", "bricoler", "juin", "non"):
            await talk.say(words)
        yield Scene(rooms, api, talk)


async def test_a_stop_in_the_middle_is_told_as_unknown_later_and_once(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.api.fault("done_hang", route="apply")
    scene.api.arrived.clear()
    await scene.talk.press("Envoyer")
    await scene.api.arrived.wait()
    await scene.applying.drain(0)
    assert await scene.applying.sweep() == 0  # somebody may still be busy with it
    assert await scene.later(monkeypatch) == 1
    (said,) = await scene.heard()
    assert "Je ne sais pas si ta candidature est arrivée" in plain(said.text)
    assert await scene.later(monkeypatch) == 0
    assert await scene.heard() == []
    assert len(scene.api.applications) == 1


async def test_pressing_again_meanwhile_is_one_application(scene: Scene) -> None:
    scene.api.delay = 0.05
    await scene.talk.press("Envoyer")
    again = await scene.talk.send(payload="/apply_send")
    assert "Envoyé" not in plain(again[0].text)
    await scene.applying.idle()
    assert len(scene.api.to("apply")) == 1
    assert "Envoyé" in plain("".join(r.text for r in await scene.heard()))


async def test_who_has_everything_erased_meanwhile_hears_no_more_of_it(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.api.fault("done_hang", route="apply")
    scene.api.arrived.clear()
    await scene.talk.press("Envoyer")
    await scene.api.arrived.wait()
    await scene.talk.send(payload="/delete_yes")
    await scene.applying.drain(0)
    assert await scene.later(monkeypatch) == 0
    assert await scene.heard() == []
    person = scene.rooms.turns.person(scene.talk.channel, scene.talk.address)
    assert await scene.rooms.turns.applications.of(person) == []
    assert await scene.rooms.turns.ledger.load(person) is None


async def test_a_mistake_of_ours_before_the_attempt_sends_nothing(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(scene.applying._workshop, "made_cv", broken)
    said = await scene.talk.press("Envoyer")  # with the outcome, when it is that quick
    await scene.applying.idle()
    said += await scene.heard()
    assert sum("abîmé" in plain(reply.text) for reply in said) == 1
    assert scene.api.to("apply") == []


async def test_the_terminal_says_it_all_in_one_go(scene: Scene, tmp_path: Path) -> None:
    out = io.StringIO()
    person = Terminal(scene.rooms, out=out)
    file = tmp_path / "mon cv.pdf"
    file.write_bytes(cv("cv.pdf"))
    await person.say("carrossier à Frévent, septembre")
    for line in ("1a", "Sam Petit", "sam@exemple.fr", "0612345678", f"'{file}'", "non"):
        await person.say(line)
    await person.say("envoyer")
    await person.leave()
    assert "Garage Exemple recevra" in plain(out.getvalue())
    assert "Envoyé. La réponse de Garage Exemple arrive par mail" in plain(out.getvalue())
    assert scene.api.applications[0]["applicant_attachment_name"] == "CV_Sam_Petit.pdf"


@pytest.mark.parametrize("line", ["", "boulanger à Lens", "~nobody-here/cv.pdf", "a" * 5000, "/"])
def test_words_are_no_file(line: str) -> None:
    assert terminal.file_named(line) is None

"""The service dies at each step of sending an application: it leaves at most once, and people are
told what is known of it."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp.test_utils import unused_port

from bot.applying import GIVEN_UP
from bot.links import Signer
from tests.applying import GARAGE, cv, service
from tests.apprentissage_api import KEY, Api
from tests.bot_api import BotApi, Person
from tests.mortal import Life, Nursery, nursery
from tests.mortal.points import Point
from tests.talk import plain
from tests.telegramming import Mode, fake_api

CHAT = 7001
LATER = GIVEN_UP.total_seconds() + 60
SENT, NOTHING_LEFT, UNKNOWN = "Envoyé", "Rien n'est parti", "Je ne sais pas si"


@dataclass(frozen=True, slots=True)
class Gap:
    """Dying there, the service has received ``calls`` applications, and the person hears that."""

    name: str
    when: str
    calls: int
    said: str

    def __str__(self) -> str:
        return f"{self.when} {self.name}"


GAPS = (
    Gap("keep", "before", 1, SENT),  # it is brought again, and done then
    Gap("keep", "after", 0, NOTHING_LEFT),
    Gap("attempt", "before", 0, NOTHING_LEFT),
    Gap("begin", "before", 0, NOTHING_LEFT),
    Gap("begin", "after", 0, UNKNOWN),
    Gap("apply", "before", 0, UNKNOWN),
    Gap("apply", "after", 1, UNKNOWN),
    Gap("tell", "before", 1, UNKNOWN),
    Gap("tell", "after", 1, SENT),
)


@dataclass(slots=True)
class House:
    """The service, one life after the other, with Telegram before it and the service behind."""

    born: Nursery
    telegram: BotApi
    service: Api
    env: dict[str, str]

    async def live(self, point: Point | None = None, ahead: float = 0.0) -> Life:
        life = await self.born.start(self.env, point, ahead=ahead)
        if point is None:
            await life.serves()
        return life

    @property
    def person(self) -> Person:
        return self.telegram.person(CHAT)

    def heard(self, words: str) -> bool:
        return any(words in plain(sent.text) for sent in self.person.received)

    async def hears(self, words: str) -> None:
        told = [plain(sent.text) for sent in self.person.received]
        assert await self.telegram.until(lambda: self.heard(words), 8), told

    async def fills_in(self) -> None:
        """Everything but the confirmation."""
        sign = Signer(b"k" * 32, []).sign
        await self.person.say("carrossier à Frévent, septembre")
        await self.hears("3 offres")
        await self.person.press_data(sign(f"/apply {GARAGE}", f"telegram:{CHAT}"))
        await self.hears("Ton prénom")
        for words, answer in (
            ("Léa Martin", "Ton mail"),
            ("lea@exemple.fr", "numéro de téléphone"),
            ("06 12 34 56 78", "5 questions"),
        ):
            await self.person.say(words)
            await self.hears(answer)
        await self.person.document("cv.pdf", cv("cv.pdf"))
        await self.hears("Un mot")
        await self.person.press("Sans mot")
        await self.hears("Rien ne part sans toi")


@asynccontextmanager
async def house(warm: Path, folder: Path, mode: Mode, url: str) -> AsyncIterator[House]:
    port = unused_port()
    async with fake_api() as telegram, service() as api, nursery(warm, folder) as born:
        yield House(born, telegram, api, {
            "DATABASE_URL": url, "SECRET_KEY": "k" * 32, "TODAY": "2026-11-23", "PORT": f"{port}",
            "PUBLIC_URL": f"http://127.0.0.1:{port}", "TELEGRAM_MODE": mode,
            "TELEGRAM_TOKEN": telegram.token, "TELEGRAM_API_URL": telegram.url,
            "APPRENTISSAGE_API_URL": api.url, "APPRENTISSAGE_API_KEY": KEY,
        })  # fmt: skip


@pytest.fixture
def url(offered: Callable[..., str], tmp_path: Path) -> str:
    template = offered("sqlite", "ateliers").removeprefix("sqlite+aiosqlite:///")
    return f"sqlite+aiosqlite:///{shutil.copy(template, tmp_path / 'mortal.sqlite')}"


@pytest.mark.parametrize("gap", GAPS, ids=str)
async def test_a_death_at_any_step_sends_at_most_once(
    gap: Gap, url: str, tmp_path: Path, warm: Path
) -> None:
    mode: Mode = "polling" if gap.name in {"keep", "apply"} else "webhook"
    async with house(warm, tmp_path, mode, url) as at:
        life = await at.live()
        await at.fills_in()
        await at.telegram.settled()
        await life.stop()
        life = await at.live(Point(gap.name, gap.when, CHAT if gap.name == "keep" else None))
        await life.serves()
        await at.person.press("Envoyer")
        await life.dies()
        last = await at.live(ahead=LATER)
        await at.hears(gap.said)
        assert len(at.service.to("apply")) == len(at.service.applications) == gap.calls
        if gap.said == NOTHING_LEFT:
            await at.person.press("Réessayer")
            await at.hears(SENT)
            assert len(at.service.to("apply")) == 1
        told = [w for w in (SENT, NOTHING_LEFT, UNKNOWN) if at.heard(w)]
        assert told == ([SENT, NOTHING_LEFT] if gap.said == NOTHING_LEFT else [gap.said])
        await at.telegram.settled()
        await last.stop()
        assert len(at.service.to("apply")) <= 1

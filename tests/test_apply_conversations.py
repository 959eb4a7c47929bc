"""« Postuler ici », whole: every script in the terminal, at the page and in Telegram."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.channels import terminal
from nlu.understander import Understander
from tests.applying import (
    Application,
    AtThePage,
    AtTheTerminal,
    InTelegram,
    check_received,
    house,
    scripts,
    service,
    settings,
)
from tests.browsing import visit
from tests.talk import play
from tests.telegramming import fake_api, on_telegram

SCRIPTS = scripts()


@pytest.fixture
def url(offered: Callable[..., str], tmp_path: Path) -> str:
    template = offered("sqlite", "ateliers").removeprefix("sqlite+aiosqlite:///")
    return f"sqlite+aiosqlite:///{shutil.copy(template, tmp_path / 'talk.sqlite')}"


@pytest.mark.parametrize("script", SCRIPTS, ids=str)
async def test_in_the_terminal(
    script: Application, url: str, understander: Understander, tmp_path: Path
) -> None:
    async with service(script.closed) as api, house(url, api, understander) as rooms:
        assert rooms.applying
        rooms.applying.fetchers[terminal.NAME] = terminal.fetch
        await play(script, AtTheTerminal(rooms, "someone", folder=tmp_path))
        check_received(script, api)


@pytest.mark.parametrize("script", SCRIPTS, ids=str)
async def test_at_the_page(script: Application, url: str, understander: Understander) -> None:
    async with (
        service(script.closed) as api,
        house(url, api, understander) as rooms,
        visit(rooms) as person,
    ):
        await person.go("/")
        await play(script, AtThePage(rooms, person))
        check_received(script, api)


@pytest.mark.parametrize("script", SCRIPTS, ids=str)
async def test_in_telegram(script: Application, url: str, understander: Understander) -> None:
    async with (
        service(script.closed) as api,
        fake_api() as telegram_api,
        on_telegram(telegram_api, "webhook", url, None, understander, **settings(api)) as (
            rooms,
            telegram,
        ),
    ):
        await play(script, InTelegram(telegram_api, rooms, telegram, telegram_api.person(1001)))
        check_received(script, api)

"""Every golden conversation through Telegram, by polling and by webhook, against the fake API."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from nlu.understander import Understander
from tests.talk import Script, play, scripts
from tests.telegramming import Mode, TelegramTalk, fake_api, on_telegram


def happens_there(script: Script) -> bool:
    """Nobody can send an empty message, and what is shared does not pass through us."""
    empty = any(not str(turn.get("J", "?")).strip() for turn in script.turns)
    return not empty and all(turn.get("appuie") != "Partager" for turn in script.turns)


TOGETHER = 8
SCRIPTS = [script for script in scripts() if happens_there(script)]


def test_nearly_all_happen_there() -> None:
    assert len(scripts()) - len(SCRIPTS) <= 2


def groups() -> list[list[Script]]:
    """A few scripts on the same offers share a house, each with a person of its own."""
    found: list[list[Script]] = []
    for script in sorted(SCRIPTS, key=lambda script: script.offers):
        if not found or len(found[-1]) == TOGETHER or found[-1][0].offers != script.offers:
            found.append([])
        found[-1].append(script)
    return found


@pytest.mark.parametrize("mode", ["polling", "webhook"])
@pytest.mark.parametrize("group", groups(), ids=lambda group: str(group[0]))
async def test_on_telegram(
    group: list[Script],
    mode: Mode,
    offered: Callable[..., str],
    understander: Understander,
    tmp_path: Path,
) -> None:
    template = offered("sqlite", group[0].offers).removeprefix("sqlite+aiosqlite:///")
    url = f"sqlite+aiosqlite:///{shutil.copy(template, tmp_path / 'talk.sqlite')}"
    async with (
        fake_api() as api,
        on_telegram(api, mode, url, None, understander) as (rooms, telegram),
    ):
        for number, script in enumerate(group):
            await play(script, TelegramTalk(api, rooms, telegram, api.person(1001 + number)))

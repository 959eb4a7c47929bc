"""The conversation the product is held to, whole, on each channel: real rounds, sweep and sender,
the service of applications at the wire, and twelve days, then eight, that go by."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from bot.config import Settings
from dialogs.cohort import ACT_WITHIN, SIGN_WITHIN
from nlu.understander import Understander
from storage.figures import Figures
from tests.applying import Application, check_received
from tests.living import Clock, Life, live
from tests.offered import furnish
from tests.talk import FOLDER, TODAY, play


def scripts() -> list[Application]:
    found = yaml.safe_load((FOLDER / "vie" / "vie.yml").read_text("utf-8"))["conversations"]
    return [Application(e["name"], e["turns"], e["offers"], e.get("recu", ())) for e in found]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The one clock of the house, moved."""
    clock = Clock()
    monkeypatch.setattr(Settings, "now", lambda _: clock.now())
    monkeypatch.setattr(Settings, "today", lambda _: clock.today())
    return clock


@pytest.mark.parametrize("where", ["terminal", "page", "telegram"])
@pytest.mark.parametrize("script", scripts(), ids=str)
@pytest.mark.timeout(120)
async def test_a_whole_life(
    where: str, script: Application, clock: Clock, offered: Callable[..., str],
    understander: Understander, tmp_path: Path,
) -> None:  # fmt: skip
    template = offered("sqlite", script.offers).removeprefix("sqlite+aiosqlite:///")
    url = f"sqlite+aiosqlite:///{shutil.copy(template, tmp_path / 'life.sqlite')}"
    async with live(where, url, script.offers, understander, clock, tmp_path) as life:
        await lived(script, life)


@pytest.mark.parametrize("script", scripts(), ids=str)
@pytest.mark.timeout(120)
async def test_a_whole_life_on_postgresql_with_redis(
    script: Application, clock: Clock, understander: Understander, tmp_path: Path,
    postgres_url: str, redis_url: str,
) -> None:  # fmt: skip
    await furnish(postgres_url, script.offers, understander)
    async with live(
        "telegram", postgres_url, script.offers, understander, clock, tmp_path, redis_url
    ) as life:
        await lived(script, life)


async def lived(script: Application, life: Life) -> None:
    """Everything said and received as written, and counted."""
    await play(script, life)
    check_received(script, life.api)
    figures = Figures(life.rooms.database, ACT_WITHIN, SIGN_WITHIN)
    late = TODAY + SIGN_WITHIN + ACT_WITHIN
    share = await figures.signed(late)
    assert (share.people, share.reached) == (1, 1)
    assert [(s.people, s.reached) for _, s in await figures.acted(late)] == [(1, 0)]

"""Every sentence about alerts and what follows is said in some conversation, every action done."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest
import yaml

from dialogs.actions import (
    alert_changes,
    alert_list,
    alert_news,
    alert_quiet,
    alerting,
    following,
)
from dialogs.voice import Voice
from nlu.understander import Understander
from tests.alerted import AlertedTalk
from tests.talk import play, rooms_for, scripts

RESPONSES = Path(__file__).parent.parent / "dialogs" / "responses"
ROOMS = (alert_changes, alert_list, alert_news, alert_quiet, alerting, following)

ELSEWHERE = {
    "utter_chase_sent", "utter_my_data_devices", "utter_alert_kept_here",
    "utter_alert_kept_device", "utter_alerts_silence_here",
}  # fmt: skip
"""Said after an application (see ``tests/conversations/vie``), to who has a browser told (see
``tests/test_web_devices.py``), and where people come and read (``test_alert_conversations.py``)."""


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The names of the sentences and fragments that were put into words."""
    names: set[str] = set()
    for method in ("say", "phrase"):
        real = getattr(Voice, method)

        def told(self: Voice, name: str, *args: Any, _real: Any = real, **values: Any) -> Any:
            names.add(name)
            return _real(self, name, *args, **values)

        monkeypatch.setattr(Voice, method, told)
    return names


@pytest.mark.timeout(120)
async def test_every_sentence_is_said_and_every_action_done_in_some_conversation(
    said: set[str], offered: Callable[..., str], understander: Understander, tmp_path: Path
) -> None:
    done: set[str] = set()
    known: set[str] = set()
    by_offers = sorted(scripts("alertes", "pousses"), key=attrgetter("offers"))
    for offers, group in groupby(by_offers, key=attrgetter("offers")):
        template = offered("sqlite", offers).removeprefix("sqlite+aiosqlite:///")
        url = f"sqlite+aiosqlite:///{shutil.copy(template, tmp_path / f'{offers}.sqlite')}"
        async with rooms_for(url, None, understander) as rooms:
            executor = rooms.engine.executor
            real = executor.run

            async def run(call: Any, _real: Any = real) -> Any:
                done.add(call["next_action"])
                return await _real(call)

            executor.run = run
            known = {a.name() for room in ROOMS for a in room.build(rooms.engine.services)}
            for script in group:
                await play(script, AlertedTalk(rooms, script.name))
    written: set[str] = set()
    for file in ("alerts", "afterwards"):
        text = (RESPONSES / f"{file}.yml").read_text("utf-8")
        written |= set(yaml.load(text, yaml.CSafeLoader)["responses"])
    assert sorted(written - said - ELSEWHERE) == [], "never said"
    assert sorted(known - done) == [], "never done"

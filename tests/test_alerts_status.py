"""What ``alerts status`` says of what waits, in words that fit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.alerts_command import _run, _waits
from storage.runs import Run

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("channel", "kind", "count", "said"),
    [
        ("web", "alert", 1, "web : 1 alerte à lire, depuis 1 min au plus"),
        ("web", "follow_up", 2, "web : 2 suites à lire, depuis 1 min au plus"),
        ("telegram", "alert", 2, "telegram : 2 alertes à envoyer, depuis 1 min au plus"),
        ("web_push", "notice", 1,
         "web_push : 1 signal à un navigateur à envoyer, depuis 1 min au plus"),
    ],
)  # fmt: skip
def test_what_waits(channel: str, kind: str, count: int, said: str) -> None:
    assert _waits(channel, kind, "pending", count, MINUTE) == said


def test_a_run_says_its_job_and_whose_hour_it_is() -> None:
    began = datetime(2026, 11, 25, 16, 30, tzinfo=UTC)
    run = Run(1, "push", "daily 17:30 Europe/Paris 2026-11-25", "ready", 3, 3, 1, 3, began, began)
    said = "2026-11-25 16:30 UTC préparation daily 17:30 Europe/Paris 2026-11-25"
    assert _run(run) == f"{said} : fini, 3 sur 3, 1 écrit"

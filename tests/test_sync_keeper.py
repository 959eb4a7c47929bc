"""The service keeps in step on its own, whatever happens to one of its sources."""

from __future__ import annotations

from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.sync import Elsewhere, Keeper
from matching.apprentissage.client import Apprentissage
from matching.sources import EXPORT, FRANCE_TRAVAIL
from nlu.understander import Understander
from storage.database import DatabaseProblem
from tests.sourcing import bakery, sourced


def breaking(monkeypatch: pytest.MonkeyPatch, error: Exception) -> list[int]:
    """Reading the export ends with ``error`` each time; the times."""
    tries: list[int] = []

    async def export(_self: Apprentissage) -> Any:
        tries.append(1)
        raise error

    monkeypatch.setattr(Apprentissage, "export", export)
    return tries


async def test_a_source_that_breaks_us_keeps_no_other_waiting(
    sqlite_url: str, understander: Understander, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries, now = breaking(monkeypatch, OverflowError("Léa, 0612345678")), 0.0
    async with sourced(understander, [bakery(1)]) as both, both.house(sqlite_url) as rooms:
        keeper = Keeper(rooms, lambda: now)
        with capture_logs() as lines:
            assert [r.source for r in await keeper.look()] == [FRANCE_TRAVAIL]
        (broken,) = [line for line in lines if line["event"] == "sync_broken"]
        assert (broken["source"], broken["error"]) == (EXPORT, "OverflowError")
        assert "export" in broken["where"]
        assert "Léa" not in str(lines)
        assert await keeper.look() == []
        assert len(tries) == 1
        now = 601.0
        await keeper.look()
        assert len(tries) == 2


@pytest.mark.parametrize("error", [Elsewhere(), DatabaseProblem("perdue")])
async def test_without_the_lease_or_the_database_nothing_goes_on(
    error: Exception, sqlite_url: str, understander: Understander, monkeypatch: pytest.MonkeyPatch
) -> None:
    breaking(monkeypatch, error)
    async with sourced(understander, [bakery(1)]) as both, both.house(sqlite_url) as rooms:
        if isinstance(error, DatabaseProblem):
            with pytest.raises(DatabaseProblem):
                await Keeper(rooms).look()
        else:
            assert await Keeper(rooms).look() == []
        assert await rooms.offers.read_until(FRANCE_TRAVAIL) is None

"""The figure that decides: who counts, when, once, and after everything was erased."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select

from dialogs.cohort import ACT_WITHIN, SIGN_WITHIN, reached
from nlu.understander import Understander
from storage.database import Database
from storage.figures import Figures, Share
from storage.schema import counters
from tests.alerted import AlertedTalk
from tests.talk import TODAY, rooms_for

DAY = timedelta(days=1)
MONDAY = date(2026, 6, 1)
GARAGE = "offres_emploi_lba:000000000000000000000001"


def figures(db: Database) -> Figures:
    return Figures(db, ACT_WITHIN, SIGN_WITHIN)


class TestReached:
    def test_an_alert_or_an_application_begins_a_cohort_a_call_does_not(self) -> None:
        assert reached(None, "called", TODAY) == (None, ())
        assert reached(None, "signed", TODAY) == (None, ())
        day = TODAY.isoformat()
        assert reached(None, "alert", TODAY) == (
            {"day": day, "signed": False, "acted": False}, [("cohort", day)]
        )  # fmt: skip
        assert reached(None, "applied", TODAY)[1] == [("cohort", day), ("cohort_acted", day)]

    @pytest.mark.parametrize(
        ("what", "days", "name"),
        [("called", 7, "cohort_acted"), ("called", 8, None), ("applied", 7, "cohort_acted"),
         ("applied", 8, None), ("signed", 120, "cohort_signed"), ("signed", 121, None),
         ("alert", 3, None)],
    )  # fmt: skip
    def test_what_comes_in_time_counts_on_the_day_it_began(
        self, what: Any, days: int, name: str | None
    ) -> None:
        began, _ = reached(None, "alert", TODAY)
        _, counts = reached(began, what, TODAY + days * DAY)
        assert list(counts) == ([(name, TODAY.isoformat())] if name else [])

    @given(
        st.lists(
            st.tuples(
                st.sampled_from(("alert", "called", "applied", "signed")), st.integers(0, 60)
            ),
            max_size=12,
        )
    )
    def test_nobody_counts_twice_nor_elsewhere_than_in_their_cohort(self, life: list[Any]) -> None:
        cohort, counted, today = None, [], TODAY
        for what, wait in life:
            today += wait * DAY
            cohort, counts = reached(cohort, what, today)
            counted += list(counts)
        names = [name for name, _ in counted]
        assert len(set(names)) == len(names)
        assert {day for _, day in counted} <= {(cohort or {}).get("day")}
        assert not names or names[0] == "cohort"


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    opened = Database.open(database_url)
    yield opened
    await opened.close()


async def put(db: Database, **days: dict[date, int]) -> None:
    rows = [
        {"name": name, "label": "", "day": day, "n": n}
        for name, ns in days.items()
        for day, n in ns.items()
    ]
    async with db.write() as tx:
        await tx.execute(insert(counters), rows)


class TestFigures:
    async def test_nobody_is_no_figure(self, db: Database) -> None:
        assert await figures(db).signed(TODAY) == Share(0, 0)
        assert (await figures(db).signed(TODAY)).per_100 is None
        assert await figures(db).acted(TODAY) == []

    async def test_only_cohorts_whose_time_is_over_count(self, db: Database) -> None:
        last = TODAY - 121 * DAY
        await put(
            db,
            cohort={last - 30 * DAY: 30, last: 10, last + DAY: 1_000},
            cohort_signed={last - 30 * DAY: 3, last + DAY: 900},
            cohort_acted={last: 7},
        )
        assert await figures(db).signed(TODAY) == Share(40, 3)
        assert (await figures(db).signed(TODAY)).per_100 == 7.5
        assert await figures(db).signed(TODAY + DAY) == Share(1_040, 903)

    async def test_weeks_are_there_once_their_sunday_had_its_seven_days(self, db: Database) -> None:
        sunday = MONDAY + 6 * DAY
        await put(
            db,
            cohort={MONDAY: 4, sunday: 6, sunday + DAY: 5, MONDAY - 21 * DAY: 1},
            cohort_acted={MONDAY: 1, sunday: 2},
        )
        before = [(MONDAY - 21 * DAY, Share(1, 0))]
        assert await figures(db).acted(MONDAY + 13 * DAY) == before
        assert await figures(db).acted(MONDAY + 14 * DAY) == [*before, (MONDAY, Share(10, 3))]


@pytest.fixture
async def talk(
    offered: Callable[..., str], understander: Understander, tmp_path: Path
) -> AsyncIterator[AlertedTalk]:
    template = offered("sqlite", "saint-pol").removeprefix("sqlite+aiosqlite:///")
    url = f"sqlite+aiosqlite:///{shutil.copy(template, tmp_path / 'talk.sqlite')}"
    async with rooms_for(url, None, understander) as rooms:
        yield AlertedTalk(rooms, "someone")


async def counted(talk: AlertedTalk) -> dict[str, int]:
    c = counters.c
    query = select(c.name, c.n).where(c.name.startswith("cohort"), c.day == TODAY)
    async with talk.rooms.database.read() as tx:
        return dict(map(tuple, await tx.execute(query)))


async def test_a_whole_life_is_counted_once_and_outlives_what_was_kept(talk: AlertedTalk) -> None:
    await talk.say("mécano à saint-pol-sur-ternoise")
    await talk.send(payload=f"/call {GARAGE}")
    assert await counted(talk) == {}, "who only calls is in no cohort"
    await talk.say("préviens-moi")
    await talk.say("16")
    assert await counted(talk) == {"cohort": 1}
    for _ in range(2):
        await talk.send(payload=f"/call {GARAGE}")
    await talk.say("préviens-moi pour carrossier à Arras")
    assert await counted(talk) == {"cohort": 1, "cohort_acted": 1}
    await talk.receive({"suite": 1}, waits=False)
    for _ in range(2):
        await talk.send(payload=f"/came signed {GARAGE}")
    await talk.say("j'ai signé mon contrat")
    whole = {"cohort": 1, "cohort_acted": 1, "cohort_signed": 1}
    assert await counted(talk) == whole
    await talk.send(payload="/delete_yes")
    assert await counted(talk) == whole
    late = TODAY + 121 * DAY
    assert await figures(talk.rooms.database).signed(late) == Share(1, 1)
    assert await figures(talk.rooms.database).acted(late) == [(TODAY, Share(1, 1))]


async def test_who_is_too_young_is_in_no_cohort(talk: AlertedTalk) -> None:
    await talk.say("préviens-moi pour mécano à saint-pol-sur-ternoise")
    await talk.say("14")
    assert await counted(talk) == {}

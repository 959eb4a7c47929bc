"""What runs have found becomes messages when it is due: once, whoever does it, however often."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from alerts.clock import UNREAD_WINDOW
from alerts.rounds import LEASE_SECONDS, MOST_LIVE, Rounds
from dialogs.rhythm import Rhythm
from storage import due as due_module
from storage.database import Database
from storage.due import DueDigests
from storage.follow_ups import FollowUps
from storage.leases import Leases
from storage.pushes import Pushes
from storage.runs import Runs
from storage.schema import digests, searches
from tests.pushing import FIRST_CHAT, NOON, found, offer, person, ready, rows, set_alert

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    database = Database.open(database_url)
    yield database
    await database.close()


class Clock:
    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def seconds(self) -> float:
        return self.now.timestamp()


def rounds(db: Database, clock: Clock) -> Rounds:
    pushed = {"telegram"}
    return Rounds(
        DueDigests(db, pushed), FollowUps(db, pushed, UNREAD_WINDOW), Runs(db),
        Leases(db, clock.seconds), clock, timedelta(days=180),
    )  # fmt: skip


async def look(db: Database, clock: Clock, **moved: float) -> int:
    """One look, by a process that remembers nothing."""
    clock.now += timedelta(**moved)
    return await rounds(db, clock).look(asyncio.Event())


async def unsettled(db: Database) -> list[tuple[Any, ...]]:
    return [(r.person, r.offers) for r in await rows(db) if r.settled is None]


async def left(db: Database) -> int:
    async with db.read() as tx:
        return int((await tx.execute(select(func.count()).select_from(digests))).scalar_one())


async def test_all_runs_of_a_search_are_one_message(db: Database) -> None:
    chats = await found(db, 3, each=2, together=True)
    await ready(db, ["test:2", "test:3"], tick="later")
    assert await look(db, Clock()) == 3
    offers = ["test:1", "test:2", "test:3"]
    assert await unsettled(db) == [(person(chat), offers) for chat in chats]
    assert await left(db) == 0


async def test_many_at_once_make_each_message_once(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They do not even keep to the lease."""
    monkeypatch.setattr(due_module, "AT_ONCE", 7)
    await found(db, 40)
    clock = Clock()

    async def alone() -> int:
        one = rounds(db, clock)
        due = one._due(Rhythm().beat())
        assert due is not None
        made = after = 0
        while (chunk := await one.due.make(due[1], clock.now, after)).last:
            made, after = made + chunk.made, chunk.last
        return made

    assert sum(await asyncio.gather(*(alone() for _ in range(4)))) == 40
    assert [row.state for row in await rows(db)] == ["pending"] * 40


async def test_a_tick_is_done_once_by_whoever_looks(db: Database) -> None:
    await found(db, 5)
    clock = Clock()
    made = await asyncio.gather(*(rounds(db, clock).look(asyncio.Event()) for _ in range(4)))
    assert sorted(made) == [0, 0, 0, 5]
    await ready(db, ["test:1"], tick="later")
    assert await look(db, clock, hours=3) == 0  # today's is done
    assert await look(db, clock, hours=21) == 5


async def test_a_job_left_in_its_midst_is_gone_on_with(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(due_module, "AT_ONCE", 4)
    await found(db, 10)
    clock, dying = Clock(), asyncio.Event()
    first = rounds(db, clock)
    make = first.due.make

    async def make_and_die(*given: Any, **named: Any) -> Any:
        chunk = await make(*given, **named)
        dying.set()
        return chunk

    monkeypatch.setattr(first.due, "make", make_and_die)
    await first.look(dying)
    assert len(await unsettled(db)) == 4
    assert await look(db, clock, seconds=LEASE_SECONDS + 1) == 6
    assert len({row.person for row in await rows(db)}) == 10
    [run] = [run for run in await Runs(db).latest() if run.job == "push"]
    assert (run.state, run.total, run.done, run.written) == ("ready", 10, 10, 10)


async def test_a_run_that_is_being_built_says_nothing(db: Database) -> None:
    await found(db, 1)
    await ready(db, ["test:1"], tick="building")
    async with db.write() as tx:
        await tx.exec_driver_sql("UPDATE runs SET state = 'building' WHERE tick = 'building'")
    await look(db, Clock())
    assert await left(db) == 1


@pytest.mark.parametrize("state", ["paused", "stopped"])
async def test_who_paused_or_stopped_gets_nothing(db: Database, state: str) -> None:
    await found(db, 2)
    await set_alert(db, FIRST_CHAT, state=state)
    assert await look(db, Clock()) == 1


async def test_a_pause_is_over_on_its_day(db: Database) -> None:
    await found(db, 1)
    await set_alert(db, FIRST_CHAT, state="paused", until=date(2026, 11, 25))
    clock = Clock()
    assert [await look(db, clock, days=n) for n in (0, 1, 1)] == [0, 0, 1]


async def test_what_is_new_on_the_day_a_pause_ends_is_for_who_had_paused(db: Database) -> None:
    """They speak again before new offers are held against those that speak, long before the hour
    at which anything is due."""
    beat = Rhythm("weekly", weekday=4, zone="Indian/Reunion").beat()
    await found(db, 1, beat=beat)
    await set_alert(db, FIRST_CHAT, state="paused", until=date(2026, 11, 25))
    clock = Clock(datetime(2026, 11, 24, 19, 59, tzinfo=UTC))
    states = []
    for _ in range(2):
        await look(db, clock)
        async with db.read() as tx:
            states.append((await tx.execute(select(searches.c.state))).scalar_one())
        clock.now += timedelta(minutes=2)
    assert states == ["paused", "on"]


async def test_what_was_changed_after_its_hour_waits_for_the_next_day(db: Database) -> None:
    await found(db, 1)
    await set_alert(db, FIRST_CHAT, changed=NOON - timedelta(minutes=1))
    clock = Clock()
    assert await look(db, clock) == 0
    assert await look(db, clock, days=1) == 1


async def test_what_was_not_sent_goes_with_the_next_message(db: Database) -> None:
    await found(db, 1)
    clock = Clock()
    assert await look(db, clock) == 1
    await ready(db, ["test:2"], tick="next day")
    assert await look(db, clock, days=1) == 1
    assert await unsettled(db) == [(person(FIRST_CHAT), ["test:1", "test:2"])]
    assert [row.state for row in await rows(db)] == ["expired", "pending"]


async def test_what_was_not_sent_goes_again_without_anything_new(db: Database) -> None:
    """Nobody could send for two days: one message, with all of it."""
    await found(db, 2)
    clock = Clock()
    assert await look(db, clock) == 2
    assert await look(db, clock, days=2) == 2
    assert [row.state for row in await rows(db)] == ["expired"] * 2 + ["pending"] * 2
    [first, _] = [row for row in await rows(db) if row.settled is None]
    assert clock.now < first.expires < clock.now + 25 * HOUR


async def test_live_is_told_three_times_a_day_at_most(db: Database) -> None:
    beat = Rhythm("live").beat()
    clock = Clock(datetime(2026, 11, 23, 8, 2, tzinfo=UTC))
    await found(db, 1, beat=beat, now=clock.now)
    sent = 0
    for n in range(10):
        await ready(db, [f"test:{n}"], now=clock.now, tick=f"run {n}")
        sent += await look(db, clock, minutes=10)
        for row in await rows(db, settled=None):
            await _sent(db, row.person, clock.now)
    assert sent == MOST_LIVE
    assert await left(db) == 10 - MOST_LIVE  # and they wait for the next day
    assert await look(db, clock, days=1) == 1
    assert await left(db) == 0


async def _sent(db: Database, who: str, now: datetime) -> None:
    queue = Pushes(db)
    [claimed] = await queue.claim(
        channels=["telegram"], owner="me", lease=HOUR, now=now, limit=9
    )  # fmt: skip
    assert claimed.person == who
    await queue.sent(claimed, "me", now, shown=[], told=[], label="alert sent", apart=timedelta())


async def test_nothing_is_due_at_night(db: Database) -> None:
    """The service was down from before the hour until late: the morning does it."""
    await found(db, 1)
    clock = Clock(datetime(2026, 11, 23, 20, 30, tzinfo=UTC))
    assert await look(db, clock) == 0
    assert await look(db, clock, hours=10, minutes=29) == 0  # 6:59 UTC
    assert await look(db, clock, minutes=2) == 1


async def test_what_waits_to_be_read_waits_for_a_month(db: Database) -> None:
    await found(db, 1, channel="web")
    clock = Clock()
    await look(db, clock)
    [row] = await rows(db)
    assert row.expires == clock.now + UNREAD_WINDOW


async def test_beats_are_found_without_reading_the_searches(db: Database) -> None:
    kinds = [Rhythm(minute=600 + n % 3).beat() for n in range(6)]
    for n, beat in enumerate(kinds):
        await found(db, 2, beat=beat, first=FIRST_CHAT + 10 * n)
    assert await rounds(db, Clock()).due.beats() == sorted(set(kinds))


async def test_a_dry_run_counts_and_writes_nothing(db: Database) -> None:
    await found(db, 4)
    one = rounds(db, Clock())
    assert await one.planned() == [(Rhythm().beat(), 4)]
    assert await rows(db) == []
    assert offer(1).id == "test:1"

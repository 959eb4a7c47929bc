"""Deeds: written with their turn or not at all, the same on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select

from storage.alerts import Alert, Alerts, Push
from storage.conversations import Conversations, Stale
from storage.database import Database
from storage.ledger import Ledger
from storage.schema import (
    browsers,
    counters,
    digests,
    follow_ups,
    metadata,
    pushes,
    searches,
    told,
)  # fmt: skip
from tests.ledgers import KEPT_UNTIL, NOW, left, say

WISH = {"trades": ["carrossier"], "where": {"places": ["62361"], "areas": []}, "radius_km": 20}
BEAT = "daily 17:30 Europe/Paris"
DAY = timedelta(days=1)


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    opened = Database.open(database_url)
    yield opened
    await opened.close()


@pytest.fixture
def ledger(db: Database) -> Ledger:
    return Ledger(db, "a")


def keep(n: int, **other: Any) -> dict[str, Any]:
    alert = {"name": None, "wish": WISH, "beat": BEAT, "state": "on", "until": None}
    return {"do": "keep_alert", "n": n, **alert, **other}


async def do(ledger: Ledger, person: str, *deeds: dict[str, Any], **other: Any) -> None:
    assert (await say(ledger, person, "fait", deeds=deeds, **other)).new


async def rows(db: Database, table: Any, *columns: str) -> list[tuple[Any, ...]]:
    query = select(*(table.c[name] for name in columns)).order_by(*table.primary_key.columns)
    async with db.read() as tx:
        return [tuple(row) for row in await tx.execute(query)]


async def states(db: Database, person: str) -> list[tuple[int, str, date | None]]:
    return [(one.n, one.state, one.until) for one in await Alerts(db).of(person)]


async def put(db: Database, table: Any, *values: dict[str, Any]) -> None:
    async with db.write() as tx:
        await tx.execute(insert(table), list(values))


def push(person: str, search: int | None, **other: Any) -> dict[str, Any]:
    return {
        "person": person, "channel": "web", "kind": "alert", "search": search,
        "offers": ["offer-1", "offer-2"], "state": "pending", "created": NOW, "expires": NOW + DAY,
    } | {"settled": None, "owner": None} | other  # fmt: skip


async def test_an_alert_is_kept_and_changed_under_its_number(db: Database, ledger: Ledger) -> None:
    await do(ledger, "lou", keep(1), keep(2, name="Les garages"))
    one, two = await Alerts(db).of("lou")
    assert one == Alert(1, None, WISH, BEAT, "on", None, one.id)
    assert two.name == "Les garages"
    assert two.id > one.id
    async with db.write() as tx:
        await tx.exec_driver_sql("UPDATE searches SET keyed = true")
    until = date(2027, 1, 5)
    live = "live Europe/Paris"
    changed = keep(1, beat=live, state="paused", until=until.isoformat())
    await do(ledger, "lou", changed, now=NOW + DAY)
    one, _ = await Alerts(db).of("lou")
    assert (one.beat, one.state, one.until) == (live, "paused", until)
    found = await rows(db, searches, "n", "keyed", "created", "changed")
    assert found == [(1, False, NOW, NOW + DAY), (2, True, NOW, NOW)]


async def test_one_goes_with_what_was_still_to_be_sent_of_it(db: Database, ledger: Ledger) -> None:
    await do(ledger, "lou", keep(1), keep(2))
    one, two = [alert.id for alert in await Alerts(db).of("lou")]
    gone = push("lou", one, state="sent", settled=NOW)
    await put(db, pushes, push("lou", one), push("lou", two), gone)
    await put(db, digests, *({"search": id, "run": 1, "offers": "1"} for id in (one, two)))
    await do(ledger, "lou", {"do": "drop_alert", "n": 1})
    assert await states(db, "lou") == [(2, "on", None)]
    assert await rows(db, pushes, "search", "state") == [(two, "pending"), (one, "sent")]
    assert await rows(db, digests, "search") == [(two,)]


async def test_browsers_are_told_of_nothing_once_the_last_alert_is_gone(
    db: Database, ledger: Ledger
) -> None:
    for person in ("lou", "sam"):
        await do(ledger, person, keep(1), keep(2))
        address = f"https://updates.push.services.mozilla.com/{person}"
        row = {"endpoint": address, "person": person, "p256dh": "B", "auth": "a", "created": NOW}
        await put(db, browsers, row)
    await do(ledger, "lou", {"do": "drop_alert", "n": 1})
    assert len(await rows(db, browsers, "person")) == 2
    await do(ledger, "lou", {"do": "drop_alert", "n": 2}, keep(3))
    assert len(await rows(db, browsers, "person")) == 2, "another alert has come"
    await do(ledger, "lou", {"do": "drop_alert", "n": 3})
    assert await rows(db, browsers, "person") == [("sam",)]


async def test_of_the_one_that_is_stopped_nothing_is_sent_any_more(
    db: Database, ledger: Ledger
) -> None:
    await do(ledger, "lou", keep(1), keep(2))
    one, two = [alert.id for alert in await Alerts(db).of("lou")]
    await put(db, pushes, push("lou", one), push("lou", two))
    await put(db, digests, *({"search": id, "run": 1, "offers": "1"} for id in (one, two)))
    await do(ledger, "lou", keep(1, state="paused"))
    assert len(await rows(db, digests, "search")) == 2
    await do(ledger, "lou", keep(1, state="stopped"))
    assert await rows(db, pushes, "search", "state") == [(one, "gone"), (two, "pending")]
    assert await rows(db, digests, "search") == [(two,)]


async def test_all_stop_pause_and_speak_again(db: Database, ledger: Ledger) -> None:
    await do(ledger, "lou", keep(1), keep(2, state="paused"))
    await do(ledger, "sam", keep(1))
    ids = [alert.id for person in ("lou", "sam") for alert in await Alerts(db).of(person)]
    follow_up = push("lou", None, kind="follow_up")
    claimed = push("lou", ids[0], state="claimed", owner="b", leased_until=NOW + DAY)
    await put(db, pushes, *({"leased_until": None} | p for p in (
        push("lou", ids[1]), claimed, follow_up, push("sam", ids[2]))))  # fmt: skip
    await put(db, digests, *({"search": id, "run": 1, "offers": "1"} for id in ids))
    await do(ledger, "lou", {"do": "stop_alerts"})
    assert await states(db, "lou") == [(1, "stopped", None), (2, "stopped", None)]
    assert await states(db, "sam") == [(1, "on", None)]
    assert await rows(db, pushes, "state", "settled", "owner") == [
        ("gone", NOW, None), ("gone", NOW, None), ("pending", None, None), ("pending", None, None),
    ]  # fmt: skip
    assert await rows(db, digests, "search") == [(ids[2],)]
    await do(ledger, "lou", {"do": "pause_alerts", "until": None})
    assert await states(db, "lou") == [(1, "stopped", None), (2, "stopped", None)]
    await do(ledger, "lou", {"do": "resume_alerts"})
    assert await states(db, "lou") == [(1, "on", None), (2, "on", None)]
    day = date(2027, 1, 5)
    await do(ledger, "lou", {"do": "pause_alerts", "until": day.isoformat()})
    assert await states(db, "lou") == [(1, "paused", day), (2, "paused", day)]


async def test_deeds_of_one_turn_follow_one_another(db: Database, ledger: Ledger) -> None:
    await do(ledger, "lou", keep(1), keep(2), keep(3))
    deeds = [keep(1, name="A"), keep(1, name="B"), {"do": "drop_alert", "n": 2}]
    await do(ledger, "lou", *deeds, {"do": "stop_alerts"}, keep(4))
    assert await states(db, "lou") == [(1, "stopped", None), (3, "stopped", None), (4, "on", None)]
    assert (await Alerts(db).of("lou"))[0].name == "B"


async def test_offers_are_told_once_and_messages_read(db: Database, ledger: Ledger) -> None:
    await put(db, pushes, push("lou", 7), push("sam", 8), push("lou", 7, channel="telegram"))
    await put(db, pushes, push("lou", None, kind="notice"))
    mine, other = [id for (id,) in await rows(db, pushes, "id")][:2]
    offers = ["offer-1", "offer-2"]
    assert await Alerts(db).unread("lou") == [Push(mine, "alert", 7, offers)]
    read = {"do": "read_pushes", "ids": [mine, other]}
    await do(ledger, "lou", read, {"do": "tell", "offers": ["offer-1", "offer-1", "offer-2"]})
    assert await rows(db, told, "person", "offer", "at") == [
        ("lou", "offer-1", NOW), ("lou", "offer-2", NOW)]  # fmt: skip
    found = await rows(db, pushes, "state")
    assert found == [("sent",), ("pending",), ("pending",), ("pending",)]
    assert await Alerts(db).unread("lou") == []
    await do(ledger, "lou", {"do": "tell", "offers": ["offer-2"]}, now=NOW + DAY)
    assert (await rows(db, told, "at"))[1] == (NOW,)


async def test_what_was_sent_since_is_known_once(db: Database, ledger: Ledger) -> None:
    sent = {"state": "sent", "settled": NOW}
    await do(ledger, "lou", keep(4, name="Garages"))
    [alert] = await Alerts(db).of("lou")
    other = push("lou", alert.id, **sent, offers=["offer-3"])
    await put(db, pushes, push("lou", alert.id, **sent), other)
    await put(db, pushes, push("lou", 7), push("lou", None, kind="follow_up", **sent))
    alerts = Alerts(db)
    first, latest, step = await alerts.since("lou", 0)
    assert (latest.offers, latest.n, latest.name) == (["offer-3"], 4, "Garages")
    assert latest.wish == WISH
    assert (step.kind, step.n) == ("follow_up", None)
    assert await alerts.since("lou", first.id) == [latest, step]
    assert await alerts.since("lou", step.id) == []
    assert await alerts.since("sam", 0) == []


async def test_a_step_is_asked_about_once(db: Database, ledger: Ledger) -> None:
    step = {
        "do": "follow", "offer": "offer-1", "title": "Apprenti", "company": "Garage X",
        "what": "called", "done": NOW.isoformat(), "due": (NOW + 8 * DAY).isoformat(),
    }  # fmt: skip
    sent = step | {"what": "sent", "due": (NOW + 9 * DAY).isoformat()}
    await do(ledger, "lou", step)
    await do(ledger, "lou", sent)
    await do(ledger, "lou", step)
    kept = await rows(db, follow_ups, "what", "done", "due", "state", "answer")
    assert kept == [("sent", NOW, NOW + 9 * DAY, "waiting", None)]
    await do(ledger, "lou", {"do": "followed", "offer": "offer-1", "answer": "interview"})
    await do(ledger, "lou", sent | {"company": "Garage Y"})
    both = step | {"offer": "offer-2"}, {"do": "followed", "offer": "offer-2", "answer": "yes"}
    await do(ledger, "lou", *both)
    assert await rows(db, follow_ups, "offer", "company", "state", "answer") == [
        ("offer-1", "Garage X", "answered", "interview"),
        ("offer-2", "Garage X", "answered", "yes"),
    ]


async def test_a_cohort_is_counted_on_its_own_day(db: Database, ledger: Ledger) -> None:
    on = {"do": "count_on", "name": "cohort_signed", "label": "", "day": "2026-09-01"}
    today = on | {"day": NOW.date().isoformat()}
    await do(ledger, "lou", on, on, today, counts=[("cohort_signed", ""), ("turns", "web")])
    assert await rows(db, counters, "name", "day", "n") == [
        ("cohort_signed", date(2026, 9, 1), 2), ("cohort_signed", NOW.date(), 2),
        ("turns", NOW.date(), 1),
    ]  # fmt: skip


async def test_a_turn_that_is_done_already_or_stale_does_nothing(
    db: Database, ledger: Ledger
) -> None:
    turn = left("lou", update="once", deeds=[keep(1)])
    assert (await ledger.keep(turn, NOW)).new
    again = left("lou", update="once", version=1, deeds=[{"do": "drop_alert", "n": 1}])
    assert not (await ledger.keep(again, NOW)).new
    with pytest.raises(Stale):
        await ledger.keep(left("lou", version=7, deeds=[{"do": "stop_alerts"}]), NOW)
    assert await states(db, "lou") == [(1, "on", None)]


async def _everything(db: Database, ledger: Ledger, person: str) -> None:
    step = {"title": "Apprenti", "company": "Garage X", "what": "called"}
    moments = {"done": NOW.isoformat(), "due": NOW.isoformat()}
    follow = {"do": "follow", "offer": "offer-1", **step, **moments}
    await do(ledger, person, keep(1), {"do": "tell", "offers": ["offer-1"]}, follow)
    [alert] = await Alerts(db).of(person)
    await put(db, pushes, push(person, alert.id), push(person, None, state="sent", settled=NOW))
    await put(db, digests, {"search": alert.id, "run": 1, "offers": "1"})
    await put(db, browsers, {
        "endpoint": person, "person": person, "p256dh": "", "auth": "", "created": NOW
    })  # fmt: skip


async def _left(db: Database) -> dict[str, int]:
    names = ("searches", "digests", "pushes", "told", "follow_ups", "browsers")
    tables = [metadata.tables[name] for name in names]
    counts = {t.name: len(await rows(db, t, next(iter(t.c.keys())))) for t in tables}
    return {name: n for name, n in counts.items() if n}


async def test_erasing_leaves_nothing_of_one_and_all_of_others(
    db: Database, ledger: Ledger
) -> None:
    await _everything(db, ledger, "lou")
    await _everything(db, ledger, "sam")
    both = await _left(db)
    assert len(both) == 6
    await do(ledger, "lou", state=None)
    assert await _left(db) == {name: n // 2 for name, n in both.items()}
    assert await Alerts(db).of("lou") == []
    await do(ledger, "sam", {"do": "forget"})
    assert await _left(db) == {}
    assert await ledger.load("sam") is not None


async def test_what_is_kept_after_forgetting_stays(db: Database, ledger: Ledger) -> None:
    await _everything(db, ledger, "lou")
    tell = {"do": "tell", "offers": ["offer-1"]}
    await do(ledger, "lou", {"do": "forget"}, keep(1, name="neuve"), tell)
    assert [one.name for one in await Alerts(db).of("lou")] == ["neuve"]
    assert await _left(db) == {"searches": 1, "told": 1}


async def test_alerts_go_with_a_conversation_whose_time_is_over(
    db: Database, ledger: Ledger
) -> None:
    await _everything(db, ledger, "lou")
    assert await Conversations(db).purge(KEPT_UNTIL) == 0
    assert len(await _left(db)) == 6
    assert await Conversations(db).purge(KEPT_UNTIL + DAY) == 1
    assert await _left(db) == {}


async def test_a_deed_that_does_not_exist_is_refused(ledger: Ledger) -> None:
    with pytest.raises(ValueError, match="no such deed"):
        await ledger.keep(left("lou", deeds=[{"do": "fly"}]), NOW)

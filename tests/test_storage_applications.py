"""Applications: noted with the turn, attempted once, counted, forgotten with the person."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from storage.applications import LIMITS, Applications
from storage.database import Database
from storage.ledger import Ledger
from storage.left import Decided, Ended, Settled
from tests.ledgers import NOW, left

BAKERY = Decided("offer-1", "bakery")


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    opened = Database.open(database_url)
    yield opened
    await opened.close()


@pytest.fixture
def ledger(db: Database) -> Ledger:
    return Ledger(db, "a")


@pytest.fixture
def applications(db: Database) -> Applications:
    return Applications(db)


async def decide(
    ledger: Ledger, person: str, decided: Decided = BAKERY, *, version: int = 0, day: int = 0
) -> None:
    turn = replace(left(person), update=f"{person} {decided.offer} {day}", version=version)
    kept = await ledger.keep(replace(turn, decided=decided), NOW + timedelta(days=day))
    assert kept.new


async def end(ledger: Ledger, person: str, state: Ended, reason: str, *, version: int) -> None:
    turn = replace(left(person, "voilà"), update=f"{person} ends {version}", version=version)
    assert (await ledger.keep(replace(turn, settled=Settled("offer-1", state, reason)), NOW)).new


async def states(applications: Applications, person: str) -> list[tuple[str, str | None]]:
    return [(one.state, one.reason) for one in await applications.of(person)]


async def test_it_is_sending_with_the_turn_and_begun_once(
    ledger: Ledger, applications: Applications
) -> None:
    await decide(ledger, "lou")
    assert await states(applications, "lou") == [("sending", None)]
    assert await applications.begin("lou", "offer-1", NOW)
    assert not await applications.begin("lou", "offer-1", NOW)
    await end(ledger, "lou", "sent", "ok", version=1)
    assert await states(applications, "lou") == [("sent", "ok")]
    assert not await applications.begin("lou", "offer-1", NOW)


@pytest.mark.parametrize("state", ["sent", "unknown", "refused"])
async def test_only_what_was_surely_not_sent_may_be_tried_again(
    ledger: Ledger, applications: Applications, state: Ended
) -> None:
    await decide(ledger, "lou")
    await applications.begin("lou", "offer-1", NOW)
    await end(ledger, "lou", state, "because", version=1)
    await decide(ledger, "lou", version=2, day=1)
    again = state == "refused"
    assert await states(applications, "lou") == [("sending", None) if again else (state, "because")]
    assert await applications.begin("lou", "offer-1", NOW) is again


async def test_an_outcome_without_a_decision_changes_nothing(
    ledger: Ledger, applications: Applications
) -> None:
    await end(ledger, "lou", "sent", "ok", version=0)
    assert await applications.of("lou") == []


async def test_everything_goes_with_the_conversation(
    ledger: Ledger, applications: Applications
) -> None:
    await decide(ledger, "lou")
    await decide(ledger, "sam")
    gone = replace(left("lou"), update="gone", version=1, state=None)
    assert (await ledger.keep(gone, NOW)).new
    assert await applications.of("lou") == []
    assert len(await applications.of("sam")) == 1


async def test_limits_are_known_before_asking(ledger: Ledger, applications: Applications) -> None:
    assert await applications.beyond("lou", "bakery", NOW) is None
    for number in range(LIMITS["too_many_for_offer"]):
        await decide(ledger, "lou", Decided(f"offer-{number}", "bakery"), version=number)
    assert await applications.beyond("lou", "bakery", NOW) == "too_many_for_offer"
    assert await applications.beyond("lou", "garage", NOW) is None
    assert await applications.beyond("lou", "", NOW) is None
    for number in range(LIMITS["too_many_for_company"] - 3):
        await decide(ledger, f"other-{number}")
    assert await applications.beyond("sam", "bakery", NOW) == "too_many_for_company"
    assert await applications.beyond("sam", "bakery", NOW + timedelta(days=2)) is None


async def test_a_hundred_a_day(ledger: Ledger, applications: Applications) -> None:
    for number in range(LIMITS["too_many_today"]):
        await decide(ledger, "lou", Decided(f"offer-{number}", f"r{number}"), version=number)
    assert await applications.beyond("lou", "bakery", NOW) == "too_many_today"


async def test_what_nobody_ends_is_found_and_says_whether_it_had_begun(
    ledger: Ledger, applications: Applications
) -> None:
    await decide(ledger, "lou")
    await decide(ledger, "sam")
    await applications.begin("sam", "offer-1", NOW)
    assert await applications.abandoned(NOW, NOW) == []
    later = NOW + timedelta(seconds=1)
    found = await applications.abandoned(later, later)
    assert {(one.person, one.begun) for one in found} == {("lou", False), ("sam", True)}
    assert {one.created for one in found} == {NOW}
    [other] = await applications.abandoned(later, later, besides={("lou", "offer-1")})
    assert other.person == "sam"


async def test_what_belongs_to_nobody_goes_with_time(
    ledger: Ledger, applications: Applications, db: Database
) -> None:
    await decide(ledger, "lou")
    assert await applications.purge(NOW + timedelta(days=1)) == 0
    async with db.write() as tx:
        await tx.exec_driver_sql("DELETE FROM conversations")
    assert await applications.purge(NOW) == 0
    assert await applications.purge(NOW + timedelta(days=1)) == 1

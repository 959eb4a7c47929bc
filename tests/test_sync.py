"""The catalogue in step: new, changed, gone; stopped at any moment; one process at a time."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select

from bot.assembly import Rooms
from bot.sync import Elsewhere, Keeper, alone, last_rebuilt
from matching import sync
from matching.calling import CallFailed
from matching.offers_file import parse_job
from matching.sources import EXPORT, FRANCE_TRAVAIL
from matching.sync import Report, Sync
from nlu.understander import Understander
from storage.schema import offers, rates
from tests.browsing import visit
from tests.sourcing import Sourced, ad, bakery, sourced
from tests.talk import TODAY


async def quietly(_report: Report) -> None:
    """Nobody watches."""


def sync_of(rooms: Rooms) -> Sync:
    return Sync(rooms.offers, rooms.settings.now, rooms.crafts)


async def a_minute_later(rooms: Rooms) -> None:
    """The rate is shared through the database: nothing was asked for lately."""
    async with rooms.database.write() as tx:
        await tx.execute(delete(rates).where(rates.c.key.like("apprentissage:%")))


async def export(rooms: Rooms) -> Report:
    assert rooms.backends.apprentissage is not None
    await a_minute_later(rooms)
    return await sync_of(rooms).export(rooms.backends.apprentissage, quietly, again=True)


def counts(report: Report) -> tuple[int, int, int, int]:
    return report.read, report.new, report.changed, report.gone


async def state(rooms: Rooms) -> list[Any]:
    """Everything the table holds, but for when it was written."""
    kept = [column for column in offers.c if column.name != "changed"]
    async with rooms.database.read() as tx:
        return list((await tx.execute(select(*kept).order_by(offers.c.id))).all())


async def touched(rooms: Rooms, since: int) -> int:
    async with rooms.database.read() as tx:
        found = await tx.execute(select(offers.c.id).where(offers.c.changed > since))
        return len(found.all())


def id_of(number: int) -> str:
    return f"offres_emploi_lba:{number:024x}"


async def test_new_changed_gone_and_nothing_else_is_touched(
    database_url: str, understander: Understander
) -> None:
    async with (
        sourced(understander, [bakery(n) for n in range(100)]) as both,
        both.house(database_url) as rooms,
    ):
        assert counts(await export(rooms)) == (100, 100, 0, 0)
        before = await rooms.offers.revision()
        assert counts(await export(rooms)) == (100, 0, 0, 0)
        assert await rooms.offers.revision() == before
        both.lba.jobs[3]["offer"]["title"] = "Apprentie boulangère"
        del both.lba.jobs[7]
        both.lba.jobs.append(bakery(100))
        assert counts(await export(rooms)) == (100, 1, 1, 1)
        assert await touched(rooms, before) == 3
        assert await rooms.catalogue.offer(id_of(7)) is None
        renamed = await rooms.catalogue.offer(id_of(3))
        assert renamed is not None
        assert renamed.title == "Apprentie boulangère"


async def test_what_is_gone_is_closed_at_once_keeps_nothing_and_says_so(
    sqlite_url: str, understander: Understander
) -> None:
    async with (
        sourced(understander, [bakery(1), bakery(2, phone="0199000001")]) as both,
        both.house(sqlite_url) as rooms,
    ):
        await export(rooms)
        del both.lba.jobs[1]
        await export(rooms)
        gone = await rooms.offers.get(id_of(2))
        assert gone is not None
        assert (gone.status, gone.phone, gone.description, gone.company) == (
            "closed",
            None,
            "",
            None,
        )
        async with visit(rooms) as person:
            assert (await person.client.get(f"/offre/{id_of(2)}")).status == 410
        today = rooms.settings.today()
        assert await rooms.offers.forget_gone(today) == 0
        assert await rooms.offers.forget_gone(today + timedelta(days=1)) == 1
        assert await rooms.offers.get(id_of(2)) is None


async def test_what_comes_back_is_shown_again(sqlite_url: str, understander: Understander) -> None:
    async with (
        sourced(understander, [bakery(1), bakery(2)]) as both,
        both.house(sqlite_url) as rooms,
    ):
        await export(rooms)
        away = both.lba.jobs.pop()
        await export(rooms)
        both.lba.jobs.append(away)
        assert counts(await export(rooms)) == (2, 0, 1, 0)
        assert await rooms.catalogue.offer(id_of(2)) is not None


async def test_what_people_found_to_be_taken_stays_closed(
    sqlite_url: str, understander: Understander
) -> None:
    async with sourced(understander, [bakery(1)]) as both, both.house(sqlite_url) as rooms:
        await export(rooms)
        await rooms.offers.close(id_of(1))
        await export(rooms)
        assert await rooms.catalogue.offer(id_of(1)) is None


async def test_other_trades_and_companies_are_left_out(
    sqlite_url: str, understander: Understander
) -> None:
    banker = bakery(2, rome=["C1206"])
    async with sourced(understander, [bakery(1), banker]) as both, both.house(sqlite_url) as rooms:
        report = await export(rooms)
        assert counts(report) == (1, 1, 0, 0)
        assert report.left_out["autre métier"] == 1


@pytest.mark.parametrize("fault", ["truncated", "500", "reset", "html", "garbage"])
async def test_a_list_that_ends_too_soon_closes_nothing(
    fault: str, sqlite_url: str, understander: Understander
) -> None:
    async with (
        sourced(understander, [bakery(n) for n in range(40)]) as both,
        both.house(sqlite_url) as rooms,
    ):
        await export(rooms)
        before = await state(rooms)
        both.lba.fault(fault, route="download", times=None)
        with pytest.raises(CallFailed):
            await export(rooms)
        assert await state(rooms) == before


async def test_a_list_half_as_long_is_not_believed(
    sqlite_url: str, understander: Understander
) -> None:
    async with (
        sourced(understander, [bakery(n) for n in range(300)]) as both,
        both.house(sqlite_url) as rooms,
    ):
        await export(rooms)
        del both.lba.jobs[100:]
        report = await export(rooms)
        assert report.incomplete
        assert report.gone == 0
        assert await rooms.offers.count() == 300


class Stopped(Exception):
    """Somebody pulls the plug."""


JOBS = 400


@pytest.mark.parametrize("after", [1, 2, 3])
async def test_stopped_and_begun_again_it_ends_the_same(
    after: int,
    database_url: str,
    sqlite_url: str,
    understander: Understander,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sync, "_AT_ONCE", 50)
    async with sourced(understander, [bakery(n) for n in range(JOBS)]) as both:
        async with both.house(database_url) as rooms:
            beats = 0

            async def plug(_report: Report) -> None:
                nonlocal beats
                beats += 1
                if beats == after:
                    raise Stopped

            assert rooms.backends.apprentissage is not None
            with pytest.raises(Stopped):
                await sync_of(rooms).export(rooms.backends.apprentissage, plug)
            before = await rooms.offers.count()
            assert 0 < before < JOBS
            report = await export(rooms)
            assert (report.read, report.new) == (JOBS, JOBS - before)
            ended = await state(rooms)
        async with both.house(f"{sqlite_url}.other") as other:
            await export(other)
            assert ended == await state(other)


async def test_shown_offers_leave_unless_a_list_brings_them(
    sqlite_url: str, understander: Understander
) -> None:
    async with sourced(understander, [bakery(1)]) as both, both.house(sqlite_url) as rooms:
        locate = rooms.understander.gazetteer.locate
        yesterday = TODAY - timedelta(days=1)
        for number, day in ((1, yesterday), (2, yesterday), (3, TODAY)):
            await rooms.offers.note([parse_job(bakery(number), locate)], day)
        await export(rooms)
        assert await sync_of(rooms).tidy() == 1
        assert await rooms.offers.open_ids() == {id_of(1), id_of(3)}


async def test_france_travail_whole_then_what_is_new(
    sqlite_url: str, understander: Understander
) -> None:
    ads = [ad(f"207QYW{letter}", understander, town) for letter, town in
           (("A", "Lens"), ("B", "Arras"), ("C", "Lille"))]  # fmt: skip
    async with sourced(understander, [], ads) as both, both.house(sqlite_url) as rooms:
        ft = rooms.backends.france_travail
        assert ft is not None
        both.ft.ads.append(ad("207QYWZ", understander, intitule=""))
        both.ft._bucket.size = both.ft._bucket.left = 1e9  # the limit has its own test
        report = await sync_of(rooms).france_travail(ft, quietly)
        assert counts(report) == (3, 3, 0, 0)
        assert report.left_out["titre absent"] == 1
        just_now = f"{rooms.settings.now() - timedelta(minutes=20):%Y-%m-%dT%H:%M:%S}.000Z"
        both.ft.ads.append(ad("207QYWD", understander, "Douai", dateCreation=just_now))
        assert counts(await sync_of(rooms).poll(ft, quietly)) == (1, 1, 0, 0)
        del both.ft.ads[0]
        assert counts(await sync_of(rooms).france_travail(ft, quietly)) == (3, 0, 0, 1)
        assert await rooms.catalogue.offer("France Travail:207QYWA") is None


async def test_one_process_at_a_time(database_url: str, understander: Understander) -> None:
    async with sourced(understander, [bakery(1)]) as both, both.house(database_url) as rooms:
        async with alone(rooms):
            with pytest.raises(Elsewhere):
                async with alone(rooms):
                    pass
            assert await Keeper(rooms).look() == []
        assert both.lba.calls == []
        async with alone(rooms):
            pass


async def test_the_service_does_what_is_due_and_only_that(
    sqlite_url: str, understander: Understander
) -> None:
    now = 0.0
    async with sourced(understander, [bakery(1)]) as both, both.house(sqlite_url) as rooms:
        keeper = Keeper(rooms, lambda: now)
        both.ft.fault("500", on="any", times=None)
        assert [(r.source, r.read) for r in await keeper.look()] == [(EXPORT, 1)]
        assert await keeper.look() == []  # the other is left alone for a while
        both.ft.faults.clear()
        now = 601.0
        assert [r.source for r in await keeper.look()] == [FRANCE_TRAVAIL]
        assert await keeper.look() == []
        before = rooms.settings.now() - timedelta(minutes=16)
        await rooms.offers.was_read("france travail, les nouvelles", before)
        assert [r.source for r in await keeper.look()] == [FRANCE_TRAVAIL]
        assert len(both.lba.to("export")) == 1


async def test_yesterday_s_export_is_not_read_again(
    sqlite_url: str, understander: Understander
) -> None:
    async with sourced(understander, [bakery(1)]) as both, both.house(sqlite_url) as rooms:
        both.lba.exported_at = "2026-11-22T03:00:00.000Z"
        keeper = Keeper(rooms)
        assert both.lba.to("download") == []
        await keeper.look()
        await a_minute_later(rooms)
        (report,) = [r for r in await Keeper(rooms).look() if r.source == EXPORT]
        assert not report.fresh
        assert len(both.lba.to("download")) == 1


@pytest.mark.parametrize(
    ("now", "rebuilt"),
    [
        ("2026-11-25T01:59+00:00", "2026-11-24T02:00+00:00"),
        ("2026-11-25T02:00+00:00", "2026-11-25T02:00+00:00"),
        ("2026-07-01T00:59+00:00", "2026-06-30T01:00+00:00"),
        ("2026-10-25T12:00+00:00", "2026-10-25T02:00+00:00"),
    ],
)
def test_three_in_the_morning_is_that_of_france(now: str, rebuilt: str) -> None:
    found = last_rebuilt(datetime.fromisoformat(now)).astimezone(UTC)
    assert found == datetime.fromisoformat(rebuilt)


async def command(both: Sourced, url: str, *, wait: bool = True) -> Any:
    """`offers sync` in a process of its own."""
    settings = {name.upper(): str(value) for name, value in both.settings().items()}
    environment = {
        "PATH": os.environ["PATH"], "DATABASE_URL": url, "SECRET_KEY": "k" * 32,
        "PYTHONPATH": str(Path(__file__).parents[1]), "TODAY": TODAY.isoformat(), **settings,
    }  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "offers", "sync", env=environment,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    if not wait:
        return process
    out, err = await process.communicate()
    return process.returncode, out.decode().replace("\u202f", " ").replace("\u00a0", " "), err


async def test_killed_while_it_reads_and_started_again(
    sqlite_url: str, understander: Understander
) -> None:
    jobs = [bakery(n, description="Pétrir. " * 100) for n in range(3_000)]
    async with sourced(understander) as both:
        halfway = asyncio.Event()

        def exported() -> Iterator[dict[str, Any]]:
            for number, job in enumerate(jobs):
                if number == 2_500:
                    halfway.set()
                yield job

        both.lba.exported = exported
        process = await command(both, sqlite_url, wait=False)
        await asyncio.wait_for(halfway.wait(), 60)
        process.kill()
        await process.communicate()
        async with both.house(sqlite_url) as rooms:
            with pytest.raises(Elsewhere):  # its lease lasts two minutes; nobody waits for it here
                async with alone(rooms):
                    pass
            assert (await export(rooms)).read == 3_000
            ended = await state(rooms)
        async with both.house(f"{sqlite_url}.other") as other:
            await export(other)
            assert ended == await state(other)


async def test_the_command_says_what_became_of_each_source(
    sqlite_url: str, understander: Understander
) -> None:
    async with sourced(understander, [bakery(1), bakery(2)]) as both:
        code, said, err = await command(both, sqlite_url)
        assert (code, err.strip()) == (0, b"")
        assert "API apprentissage : 2 offres lues, 2 nouvelles, 0 changées, 0 parties." in said
        assert "France Travail : 0 offres lues" in said
        async with both.house(sqlite_url) as rooms:
            await a_minute_later(rooms)
        both.lba.fault("500", times=None)
        code, said, _ = await command(both, sqlite_url)
        assert code == 1
        assert "API apprentissage : interrompu" in said

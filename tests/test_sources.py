"""One answer from two services and the catalogue: merged, closed when gone, dated when old."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from urllib.parse import quote

import pytest

from bot.assembly import Rooms
from matching.catalogue import Catalogue
from matching.model import Circle, Page, Search, Unavailable, WantedTrade
from matching.offers_file import parse_job
from matching.sources import EXPORT, FRANCE_TRAVAIL, Sources
from nlu.understander import Understander
from tests.apprentissage_api.jobs import recruiter
from tests.browsing import visit
from tests.sourcing import HURRIED, ad, bakery, sourced
from tests.talk import plain, rooms_for

LENS = Circle(50.4280, 2.8319, 30, "Lens")
BAKER = WantedTrade("boulanger", "Boulanger", ("D1102",), (), ("boulang",), ("patiss",))
BAKERS = Search(trades=(BAKER,), circles=(LENS,))
READ = datetime(2026, 11, 22, 4, tzinfo=UTC)


def names(page: Page) -> set[str | None]:
    return {found.offer.company for found in page.offers}


async def ask(rooms: Rooms, search: Search = BAKERS) -> Page:
    return await rooms.matcher.find(search, limit=100)


async def keep(rooms: Rooms, origin: str, *numbers: int) -> None:
    """Offers that the copy knows of."""
    locate = rooms.understander.gazetteer.locate
    await rooms.offers.put(origin, [parse_job(bakery(n), locate) for n in numbers])
    if origin in {EXPORT, FRANCE_TRAVAIL}:
        await rooms.offers.was_read(origin, READ)


async def test_without_settings_the_catalogue_answers_alone(
    sqlite_url: str, understander: Understander
) -> None:
    async with rooms_for(sqlite_url, None, understander) as rooms:
        assert rooms.matcher is rooms.catalogue
        assert not rooms.backends
        assert (await ask(rooms)).total > 0


async def test_both_are_asked_and_each_job_is_there_once(
    database_url: str, understander: Understander
) -> None:
    twice = bakery(3, label="France Travail", partner_id="207QYWM", company="Levain 207QYWM")
    ads = [ad("207QYWM", understander), ad("207QYWN", understander)]
    async with (
        sourced(understander, [bakery(1), bakery(2), twice], ads) as both,
        both.house(database_url) as rooms,
    ):
        page = await ask(rooms)
        assert names(page) == {"Fournil 1", "Fournil 2", "Levain 207QYWM", "Levain 207QYWN"}
        assert page.total == 4
        assert page.as_of is None


async def test_demonstration_offers_leave_once_real_ones_can_be_had(
    sqlite_url: str, understander: Understander
) -> None:
    async with rooms_for(sqlite_url, None, understander) as rooms:
        assert await rooms.offers.count() > 1000
    async with sourced(understander) as both, both.house(sqlite_url) as rooms:
        assert await rooms.offers.count() == 0


@pytest.mark.parametrize(("silent", "left"), [("lba", "Levain 207QYWM"), ("ft", "Fournil 1")])
async def test_one_that_fails_leaves_the_answer_to_the_other(
    silent: str, left: str, sqlite_url: str, understander: Understander
) -> None:
    async with sourced(understander, [bakery(1)], [ad("207QYWM", understander)]) as both:
        if silent == "lba":
            both.lba.fault("500", times=None)
        else:
            both.ft.fault("500", on="any", times=None)
        async with both.house(sqlite_url) as rooms:
            page = await ask(rooms)
            assert names(page) == {left}
            assert page.as_of is None


async def test_a_slow_one_is_not_waited_for_once_the_other_has_answered(
    sqlite_url: str, understander: Understander
) -> None:
    async with sourced(understander, [bakery(1)]) as both:
        both.ft.fault("slow", on="any", times=None)
        async with both.house(sqlite_url) as rooms:
            began = asyncio.get_running_loop().time()
            hasty = Sources(
                [rooms.backends.apprentissage, rooms.backends.france_travail],  # type: ignore[list-item]
                rooms.catalogue, rooms.offers, rooms.settings.now, patience=HURRIED,
            )  # fmt: skip
            assert names(await hasty.find(BAKERS)) == {"Fournil 1"}
            assert asyncio.get_running_loop().time() - began < 3
            await hasty.close()


async def test_when_none_answers_the_copy_does_and_says_from_when(
    database_url: str, understander: Understander
) -> None:
    async with sourced(understander) as both, both.house(database_url) as rooms:
        await keep(rooms, EXPORT, 7, 8)
        await both.everything_fails("500")
        page = await ask(rooms)
        assert names(page) == {"Fournil 7", "Fournil 8"}
        assert page.as_of == READ


async def test_one_fails_and_the_other_has_nothing_then_the_copy_speaks(
    sqlite_url: str, understander: Understander
) -> None:
    async with sourced(understander) as both, both.house(sqlite_url) as rooms:
        await keep(rooms, EXPORT, 7)
        both.lba.fault("500", times=None)
        page = await ask(rooms)
        assert (names(page), page.as_of) == ({"Fournil 7"}, READ)


async def test_a_copy_never_filled_says_that_nothing_can_be_said(
    sqlite_url: str, understander: Understander
) -> None:
    async with sourced(understander) as both, both.house(sqlite_url) as rooms:
        await both.everything_fails("500")
        with pytest.raises(Unavailable):
            await ask(rooms)


async def test_what_the_sources_took_away_is_not_shown_from_the_copy(
    sqlite_url: str, understander: Understander
) -> None:
    async with sourced(understander, [bakery(1)]) as both, both.house(sqlite_url) as rooms:
        await keep(rooms, EXPORT, 1, 7)
        assert names(await ask(rooms)) == {"Fournil 1"}


async def test_offers_given_by_hand_stay_beside_the_services(
    sqlite_url: str, understander: Understander
) -> None:
    async with sourced(understander, [bakery(1)]) as both, both.house(sqlite_url) as rooms:
        await keep(rooms, "cma.jsonl", 7)
        assert names(await ask(rooms)) == {"Fournil 1", "Fournil 7"}


async def test_ways_out_are_counted_without_asking_the_services(
    sqlite_url: str, understander: Understander
) -> None:
    arras = bakery(1, at=(50.2910, 2.7775), address="62000 Arras")
    async with sourced(understander) as both, both.house(sqlite_url) as rooms:
        locate = rooms.understander.gazetteer.locate
        await rooms.offers.put(EXPORT, [parse_job(arras, locate)])
        near = Search(trades=(BAKER,), circles=(Circle(50.4280, 2.8319, 5, "Lens"),))
        page = await ask(rooms, near)
        assert page.total == 0
        assert next((way.kind, way.count) for way in page.ways_out) == ("radius", 1)
        assert len(both.lba.to("search")) == 1
        assert len(both.ft.asked("search")) == 2


async def test_a_live_offer_has_its_page_even_when_the_services_are_down(
    sqlite_url: str, understander: Understander
) -> None:
    async with sourced(understander, [bakery(1)]) as both, both.house(sqlite_url) as rooms:
        (found,) = (await ask(rooms)).offers
        await both.everything_fails("500")
        assert await rooms.matcher.offer(found.offer.id) == found.offer
        async with visit(rooms) as person:
            page = await person.go(f"/offre/{quote(found.offer.id)}")
            assert "Fournil 1" in page.text


async def test_an_offer_shown_is_written_once(sqlite_url: str, understander: Understander) -> None:
    async with sourced(understander, [bakery(1)]) as both, both.house(sqlite_url) as rooms:
        await ask(rooms)
        first = await rooms.offers.revision()
        await ask(rooms)
        assert await rooms.offers.revision() == first


@pytest.mark.parametrize("hidden", ["offres_emploi_lba:" + f"{1:024x}"])
async def test_what_was_put_aside_does_not_come_back_under_another_number(
    hidden: str, sqlite_url: str, understander: Understander
) -> None:
    copy = bakery(2, label="Hellowork", company="Fournil 1")
    copy["offer"]["title"] = bakery(1)["offer"]["title"]
    async with sourced(understander, [bakery(1), copy]) as both, both.house(sqlite_url) as rooms:
        assert (await ask(rooms)).total == 1
        put_aside = Search(trades=(BAKER,), circles=(LENS,), hidden=(hidden,))
        assert (await ask(rooms, put_aside)).total == 0


async def test_the_answer_is_shared_through_redis(
    sqlite_url: str, redis_url: str, understander: Understander
) -> None:
    async with sourced(understander, [bakery(1)]) as both:
        for _ in range(2):
            async with both.house(sqlite_url, redis_url) as rooms:
                assert names(await ask(rooms)) == {"Fournil 1"}
        assert len(both.lba.to("search")) == 1
        assert len(both.ft.asked("search")) == 2


async def test_companies_come_with_the_answer(sqlite_url: str, understander: Understander) -> None:
    async with sourced(understander) as both, both.talk(sqlite_url) as lou:
        both.lba.recruiters.append((recruiter("FOURNIL SANS ANNONCE"), frozenset({"D1102"})))
        said = await lou.say("boulanger à Lens")
        assert any("FOURNIL SANS ANNONCE (Lens)" in plain(reply.text) for reply in said)
        assert len(both.lba.to("search")) == 1


async def test_taken_and_gone_hides_it_for_everyone(
    database_url: str, understander: Understander
) -> None:
    async with (
        sourced(understander, [bakery(1), bakery(2)]) as both,
        both.talk(database_url) as lou,
    ):
        shown = await lou.say("boulanger à Lens")
        gone = next(card.id for reply in shown for card in reply.cards)
        both.lba.jobs = [j for j in both.lba.jobs if not gone.endswith(j["identifier"]["id"])]
        (said,) = await lou.send(payload=f"/taken {gone}")
        assert said.name == "utter_taken_gone"
        # The answer kept from a moment ago still holds it: nobody is shown it all the same.
        page = await ask(lou.rooms)
        assert gone not in {found.offer.id for found in page.offers}
        assert page.total == 1
        assert await lou.rooms.matcher.offer(gone) is None


async def test_taken_but_still_there_hides_it_for_one_person(
    sqlite_url: str, understander: Understander
) -> None:
    async with sourced(understander, [bakery(1), bakery(2)]) as both, both.talk(sqlite_url) as lou:
        shown = await lou.say("boulanger à Lens")
        id = next(card.id for reply in shown for card in reply.cards)
        (said,) = await lou.send(payload=f"/taken {id}")
        assert said.name == "utter_taken_there"
        assert (await ask(lou.rooms)).total == 2
        again = await lou.say("montre encore")
        assert id not in {card.id for reply in again for card in reply.cards}


async def test_taken_while_nobody_can_tell_hides_it_for_one_person(
    sqlite_url: str, understander: Understander
) -> None:
    async with sourced(understander, [bakery(1), bakery(2)]) as both, both.talk(sqlite_url) as lou:
        shown = await lou.say("boulanger à Lens")
        id = next(card.id for reply in shown for card in reply.cards)
        await both.everything_fails("500")
        (said,) = await lou.send(payload=f"/taken {id}")
        assert said.name == "utter_taken"
        assert await lou.rooms.matcher.offer(id) is not None


async def test_a_copy_elsewhere_is_asked_about_too(
    sqlite_url: str, understander: Understander
) -> None:
    through = bakery(3, label="France Travail", partner_id="207QYWM", company="Levain 207QYWM")
    ads = [ad("207QYWM", understander)]
    async with sourced(understander, [through], ads) as both, both.house(sqlite_url) as rooms:
        (found,) = (await ask(rooms)).offers
        both.lba.jobs.clear()
        both.ft.ads.clear()
        assert await rooms.matcher.recheck(found.offer.id) == "gone"
        assert both.lba.to("offer")
        assert both.ft.asked("offer")
        assert (await ask(rooms)).total == 0


async def test_the_session_is_closed_at_the_end(
    sqlite_url: str, understander: Understander
) -> None:
    async with sourced(understander, [bakery(1)]) as both:
        async with both.house(sqlite_url) as rooms:
            await ask(rooms)
            assert isinstance(rooms.catalogue, Catalogue)
            session = rooms.backends.apprentissage._backend._session  # type: ignore[union-attr]
        assert session.closed


async def test_an_ad_of_france_travail_bears_its_licence_on_its_page(
    sqlite_url: str, understander: Understander
) -> None:
    async with (
        sourced(understander, [], [ad("207QYWM", understander)]) as both,
        both.house(sqlite_url) as rooms,
    ):
        (found,) = (await ask(rooms)).offers
        async with visit(rooms) as person:
            page = await person.go(f"/offre/{quote(found.offer.id)}")
            assert "Annonce de France Travail, reprise en entier." in page.text
            assert "Mise à jour le 18 octobre 2026" in page.text
            licence = "https://francetravail.io/data/api/offres-emploi"
            assert licence in [link.get("href") for link in page.all("a")]

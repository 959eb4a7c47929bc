"""The training centres nearby, told on every channel from what the contract server knows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

import pytest
import yaml

from bot.channels import terminal
from matching.offers_file import parse_job
from matching.sources import EXPORT
from nlu.understander import Understander
from tests.applying import AtThePage, settings
from tests.apprentissage_api import Api, running
from tests.apprentissage_api.jobs import course, job
from tests.browsing import visit
from tests.sourcing import AGE, bakery
from tests.talk import FOLDER, Script, Speaker, Talk, plain, play, rooms_for
from tests.telegramming import TelegramTalk, fake_api, on_telegram

ARRAS = (50.2910, 2.7775)
WITHOUT_APPOINTMENT = "aucun-rendez-vous"


def scripts() -> list[Script]:
    entries = yaml.safe_load((FOLDER / "cfa" / "cfa.yml").read_text("utf-8"))["conversations"]
    return [Script(entry["name"], entry["turns"]) for entry in entries]


SCRIPTS = scripts()


@asynccontextmanager
async def service() -> AsyncIterator[Api]:
    async with running() as api:
        api.quotas.clear()
        api.jobs += [bakery(n) for n in range(1, 6)]
        api.jobs += [
            job(f"Apprenti coiffeur n° {n}", rome=["D1202"], company=f"Salon {n}", **AGE)
            for n in range(1, 4)
        ]
        api.jobs.append(job("Apprenti coiffeur", rome=["D1202"], at=ARRAS, address="62000 Arras"))
        api.courses += [
            course(school="CFA du Bassin minier"),
            course(school="CFA de Liévin", city="Liévin", at=(50.42, 2.78), id=WITHOUT_APPOINTMENT),
            course(school="MFR de l'Artois", city="Béthune", at=(50.53, 2.64), phone="0199000007"),
            course("COIFFURE (CAP)", school="CFA des Remparts", city="Arras", at=ARRAS,
                   rome=["D1202"]),
        ]  # fmt: skip
        api.no_appointment.add(WITHOUT_APPOINTMENT)
        yield api
        assert api.violations == []


class Door(Protocol):
    def __call__(
        self, api: Api, url: str, understander: Understander
    ) -> AbstractAsyncContextManager[Speaker]: ...


@asynccontextmanager
async def terminals(api: Api, url: str, understander: Understander) -> AsyncIterator[Speaker]:
    async with rooms_for(url, None, understander, **settings(api)) as rooms:
        far = job("Apprenti glacier", rome=["D1104"], at=(49.894, 2.296), address="80000 Amiens")
        far["offer"]["publication"] = {"creation": None, "expiration": None}
        await rooms.offers.put(EXPORT, [parse_job(far, understander.gazetteer.locate)])
        yield Talk(rooms, "someone", terminal.NAME)


@asynccontextmanager
async def pages(api: Api, url: str, understander: Understander) -> AsyncIterator[Speaker]:
    async with rooms_for(url, None, understander, **settings(api)) as rooms, visit(rooms) as person:
        await person.go("/")
        yield AtThePage(rooms, person)


@asynccontextmanager
async def telegram(api: Api, url: str, understander: Understander) -> AsyncIterator[Speaker]:
    async with (
        fake_api() as bots,
        on_telegram(bots, "webhook", url, None, understander, **settings(api)) as (rooms, channel),
    ):
        yield TelegramTalk(bots, rooms, channel, bots.person(1001))


@pytest.mark.parametrize("script", SCRIPTS, ids=str)
async def test_in_the_terminal(script: Script, sqlite_url: str, understander: Understander) -> None:
    async with service() as api, terminals(api, sqlite_url, understander) as someone:
        await play(script, someone)


@pytest.mark.parametrize("door", [pages, telegram], ids=lambda door: door.__name__)
async def test_elsewhere(door: Door, sqlite_url: str, understander: Understander) -> None:
    async with service() as api, door(api, sqlite_url, understander) as someone:
        await play(SCRIPTS[0], someone)


async def test_one_without_appointments_is_called(
    sqlite_url: str, understander: Understander
) -> None:
    async with service() as api, terminals(api, sqlite_url, understander) as someone:
        await someone.say("boulanger à Lens")
        said = await someone.say("un cfa près de chez moi")
        meet = [card.buttons[0].payload or "" for reply in said for card in reply.cards]
        api.no_appointment.update(c["identifiant"]["cle_ministere_educatif"] for c in api.courses)
        none = await someone.send(payload=meet[1])
        assert [reply.name for reply in none] == ["utter_appointment_none"]
        called = await someone.send(payload=meet[2])
        assert "01 99 00 00 07" in plain(called[0].text)
        old = await someone.send(payload="/appointment 0123")
        assert old[0].cards  # the list as it stands


async def test_a_list_that_does_not_answer_leaves_the_official_page(
    sqlite_url: str, understander: Understander
) -> None:
    async with service() as api, terminals(api, sqlite_url, understander) as someone:
        await someone.say("boulanger à Lens")
        meet = [c.buttons[0].payload or "" for r in await someone.say("c'est où le cfa ?")
                for c in r.cards]  # fmt: skip
        api.fault("500", route="courses", times=None)
        api.fault("500", route="appointment", times=None)
        said = await someone.say("et le cfa le plus proche ?")
        assert [reply.name for reply in said] == ["utter_courses_unavailable"]
        assert any((b.url or "").startswith("https://labonne") for b in said[0].buttons)
        said = await someone.send(payload=meet[0])
        assert [reply.name for reply in said] == ["utter_appointment_unavailable"]


async def test_a_departement_is_no_place_to_measure_from(
    sqlite_url: str, understander: Understander
) -> None:
    async with service() as api, terminals(api, sqlite_url, understander) as someone:
        await someone.say("boulanger dans le 62")
        said = await someone.say("un cfa près de chez moi ?")
        assert [reply.name for reply in said] == ["utter_courses_town"]
        said = await someone.say("un cfa à Lens")
        assert len(said[0].cards) == 3


async def test_nothing_anywhere_still_leaves_the_training_centres(
    sqlite_url: str, understander: Understander
) -> None:
    async with (
        running() as api,
        rooms_for(sqlite_url, None, understander, **settings(api)) as rooms,
    ):
        said = await Talk(rooms, "someone").say("maçon à Lens")
        assert [reply.name for reply in said] == ["utter_nothing_at_all", "utter_offer_alert"]
        assert "Un CFA près d'ici" in [plain(b.text) for b in said[0].buttons]


async def test_in_the_middle_of_an_application_it_goes_on_afterwards(
    sqlite_url: str, understander: Understander
) -> None:
    async with service() as api, terminals(api, sqlite_url, understander) as someone:
        found = await someone.say("boulanger à Lens")
        await someone.send(payload=f"/apply {found[0].cards[0].id}")
        said = await someone.say("il y a un cfa près de chez moi ?")
        assert sum(len(reply.cards) for reply in said) == 3
        assert said[-1].name == "utter_ask_apply_name"

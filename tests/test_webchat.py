"""The chat on our page: with and without JavaScript, twice sent, forged, foreign, too much."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientResponse, FormData

from bot.assembly import Rooms
from bot.links import Link
from nlu.understander import Understander
from tests.browsing import Page, Person, furnish, house, visit

SEARCH = "slt jcherche boulanger vers lens dispo en septembre"
FETCH = {"X-Requested-With": "fetch"}
NONCE = "a" * 22


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory, understander: Understander) -> Path:
    file = tmp_path_factory.mktemp("furnished") / "demonstration.sqlite"
    return asyncio.run(furnish(file, understander))


@pytest.fixture
async def rooms(
    furnished: Path, tmp_path: Path, understander: Understander
) -> AsyncIterator[Rooms]:
    async with house(furnished, tmp_path, understander) as rooms:
        yield rooms


@pytest.fixture
async def lou(rooms: Rooms) -> AsyncIterator[Person]:
    async with visit(rooms) as person:
        yield person


@pytest.fixture
async def sam(rooms: Rooms) -> AsyncIterator[Person]:
    async with visit(rooms) as person:
        yield person


async def fetch(person: Person, **fields: str) -> ClientResponse:
    """What the page's script sends."""
    return await person.client.post("/chat", data={"nonce": NONCE} | fields, headers=FETCH)


async def turns(rooms: Rooms) -> int:
    return await rooms.turns.counters.total("turns")


class TestWithoutJavaScript:
    async def test_home_greets_and_offers_a_way_without_typing(self, lou: Person) -> None:
        page = await lou.go("/")
        assert "Je suis le robot de la CMA" in page.text
        assert page.button("Je ne sais pas encore")
        assert page.button("Ce que je garde")

    async def test_a_search_is_answered_with_what_was_understood_then_offers(
        self, lou: Person
    ) -> None:
        await lou.go("/")
        page = await lou.say(SEARCH)
        assert re.search(
            r"Boulanger ou boulangère, 30 km autour de Lens, septembre 2027 : \d+ offres", page.text
        )
        assert page.classes("card") == 3
        assert page.text.count("Offre de démonstration") == 3

    async def test_a_button_is_pressed(self, lou: Person) -> None:
        await lou.go("/")
        await lou.say(SEARCH)
        page = await lou.press("Trop loin")
        assert "Tu bouges comment" in page.text
        page = await lou.press("Scooter")
        assert "20 km" in page.text
        assert page.classes("card") == 3

    async def test_the_greeting_can_be_pressed_by_a_newcomer(self, lou: Person) -> None:
        await lou.go("/")
        page = await lou.press("Ce que je garde")
        assert "bouton" not in page.text
        assert "garde" in page.text

    async def test_the_last_exchange_stays_until_the_next_message(self, lou: Person) -> None:
        await lou.go("/")
        await lou.say(SEARCH)
        for path in ("/chat", "/chat", "/"):
            assert "Boulanger ou boulangère" in (await lou.go(path)).text
        page = await lou.say("plutôt 20 km")
        assert "20 km autour de Lens" in page.text
        assert "30 km autour de Lens" not in page.text

    async def test_the_same_form_sent_twice_is_answered_once(
        self, lou: Person, rooms: Rooms
    ) -> None:
        await lou.go("/")
        await lou.say("bonjour")
        form = lou.page.forms["say"] | {"text": SEARCH}
        first = (await lou.send(form)).text
        once = await turns(rooms)
        assert (await lou.send(form)).text == first
        assert await turns(rooms) == once

    async def test_back_and_other_words_on_the_same_form_are_heard(self, lou: Person) -> None:
        await lou.go("/")
        form = dict(lou.page.forms["say"])
        await lou.send(form | {"text": SEARCH})
        page = await lou.send(form | {"text": "coiffeur à Arras"})
        assert "Coiffeur ou coiffeuse, 30 km autour d'Arras" in page.text

    async def test_clearing_the_screen_keeps_the_search(self, lou: Person) -> None:
        await lou.go("/")
        await lou.say(SEARCH)
        page = await lou.press("Effacer l'écran")
        assert "Boulanger" not in page.text
        page = await lou.say("plutôt 20 km")
        assert "Boulanger ou boulangère, 20 km autour de Lens" in page.text

    async def test_nothing_typed_is_answered_kindly(self, lou: Person) -> None:
        await lou.go("/")
        assert (await lou.say("")).classes("message") >= 1
        assert (await lou.say(" \n ")).classes("message") >= 1

    async def test_two_people_do_not_meet(self, lou: Person, sam: Person) -> None:
        await lou.go("/")
        await lou.say(SEARCH)
        assert "Boulanger" not in (await sam.go("/chat")).text


class TestReading:
    @pytest.mark.parametrize("path", ["/", "/chat", "/chat?after=3", "/l/LINK", "/l/forged"])
    async def test_changes_nothing(self, lou: Person, rooms: Rooms, path: str) -> None:
        code = rooms.signer.encode(Link("Mission locale de Lens", "boulanger", "62498"))
        for _ in range(2):
            response = await lou.client.get(path.replace("LINK", code))
            assert response.status == 200
            assert "Set-Cookie" not in response.headers
        assert await turns(rooms) == 0
        assert await rooms.turns.counters.by_label("arrivals") == {}

    async def test_head_is_reading_too(self, lou: Person) -> None:
        assert (await lou.client.head("/")).status == 200


class TestCookie:
    async def test_is_set_by_the_first_message(self, lou: Person) -> None:
        response = await fetch(lou, text="bonjour")
        cookie = response.cookies["cmachance"]
        assert re.fullmatch(r"[A-Za-z0-9_-]{22}", cookie.value)
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"
        assert cookie["max-age"] == str(30 * 86_400)
        assert not cookie["secure"]

    async def test_one_that_we_never_made_is_replaced(self, lou: Person) -> None:
        headers = FETCH | {"Cookie": "cmachance=../../etc/passwd"}
        response = await lou.client.post("/chat", data={"text": "bonjour"}, headers=headers)
        assert re.fullmatch(r"[A-Za-z0-9_-]{22}", response.cookies["cmachance"].value)


class TestWithJavaScript:
    async def test_only_the_new_messages_come(self, lou: Person) -> None:
        response = await fetch(lou, text=SEARCH)
        assert response.status == 200
        fragment = Page(await response.text())
        assert not fragment.all("html")
        assert fragment.classes("card") == 3
        assert all(int(m["data-id"]) > 0 for m in fragment.all("article"))

    async def test_a_message_sent_again_after_a_lost_answer_is_answered_the_same(
        self, lou: Person, rooms: Rooms
    ) -> None:
        await fetch(lou, text="bonjour", nonce="b" * 22)
        first = await (await fetch(lou, text=SEARCH)).text()
        done = await turns(rooms)
        again = await (await fetch(lou, text=SEARCH)).text()
        assert Page(again).all("article") == Page(first).all("article")
        assert await turns(rooms) == done

    async def test_what_was_read_does_not_come_again(self, lou: Person) -> None:
        first = Page(await (await fetch(lou, text=SEARCH)).text())
        read = first.all("article")[-1]["data-id"]
        second = await fetch(lou, text="plutôt 20 km", nonce="b" * 22, read_up_to=read)
        assert "30 km autour de Lens" not in Page(await second.text()).text
        pulled = await lou.client.get("/chat", headers=FETCH)
        assert "30 km autour de Lens" not in Page(await pulled.text()).text

    async def test_pulling_gives_what_is_newer(self, lou: Person) -> None:
        shown = Page(await (await fetch(lou, text=SEARCH)).text()).all("article")
        after_first = await lou.client.get(f"/chat?after={shown[0]['data-id']}", headers=FETCH)
        assert len(Page(await after_first.text()).all("article")) == len(shown) - 1
        nobody = await lou.client.get("/chat?after=99999999", headers=FETCH)
        assert not Page(await nobody.text()).all("article")

    @pytest.mark.parametrize("number", ["-1", "x", "²", "9" * 40, ""])
    async def test_a_strange_number_is_none(self, lou: Person, number: str) -> None:
        assert (await fetch(lou, text="bonjour", read_up_to=number)).status == 200
        assert (await lou.client.get("/chat", params={"after": number})).status == 200


class TestPresses:
    @pytest.mark.parametrize(
        "forged", ["/hide x", "/delete_yes.AAAAAAAA", "", ".", "é" * 500, "\x00", "/far.."]
    )
    async def test_forged_is_an_old_button(self, lou: Person, forged: str) -> None:
        await fetch(lou, text=SEARCH)
        answer = Page(await (await fetch(lou, press=forged, read_up_to="99")).text())
        assert "bouton" in answer.text
        assert not answer.classes("card")

    async def test_of_somebody_else_is_an_old_button(self, lou: Person, sam: Person) -> None:
        page = Page(await (await fetch(lou, text=SEARCH)).text())
        await fetch(sam, text="bonjour")
        button = page.button("Trop loin")
        answer = await fetch(sam, press=button["value"], read_up_to="99", nonce="b" * 22)
        assert "bouton" in Page(await answer.text()).text
        own = await fetch(lou, press=button["value"], read_up_to="99", nonce="b" * 22)
        assert "Tu bouges comment" in Page(await own.text()).text


class TestLinks:
    async def test_a_search_is_ready_and_one_press_starts_it(
        self, lou: Person, rooms: Rooms
    ) -> None:
        code = rooms.signer.encode(Link("Mission locale de Lens", "boulanger", "62498", 20))
        page = await lou.go(f"/l/{code}")
        assert "Mission locale de Lens" in page.text
        page = await lou.press("Voir les offres")
        assert "Boulanger ou boulangère, 20 km autour de Lens" in page.text
        assert page.classes("card") == 3

    async def test_arrivals_are_counted_once_per_origin(self, lou: Person, rooms: Rooms) -> None:
        code = rooms.signer.encode(Link("Mission locale de Lens", "boulanger", "62498"))
        for _ in range(2):  # the second one is a reload that sends the form again
            await fetch(lou, link=code)
        assert await rooms.turns.counters.by_label("arrivals") == {"Mission locale de Lens": 1}

    async def test_words_typed_on_the_page_of_a_link_are_answered_after_it(
        self, lou: Person, rooms: Rooms
    ) -> None:
        code = rooms.signer.encode(Link("Mission locale de Lens"))
        await lou.go(f"/l/{code}")
        page = await lou.say("coiffeur à Arras")
        assert "Coiffeur ou coiffeuse, 30 km autour d'Arras" in page.text
        assert "Je suis le robot" not in page.text
        assert await rooms.turns.counters.by_label("arrivals") == {"Mission locale de Lens": 1}

    async def test_a_button_pressed_on_the_page_of_a_link_works(
        self, lou: Person, rooms: Rooms
    ) -> None:
        await lou.go(f"/l/{rooms.signer.encode(Link('CFA'))}")
        page = await lou.press("Ce que je garde")
        assert "bouton" not in page.text

    @pytest.mark.parametrize("code", ["forged", "1" + "A" * 63, "é", "%00", "x" * 300])
    async def test_a_broken_code_is_a_plain_arrival(self, lou: Person, code: str) -> None:
        page = await lou.go(f"/l/{code}")
        assert "Je suis le robot de la CMA" in page.text
        assert "arrival" not in page.forms
        page = Page(await (await fetch(lou, link=code)).text())
        assert "Je suis le robot de la CMA" in page.text


class TestStrangers:
    @pytest.mark.parametrize(
        "headers",
        [
            {"Origin": "https://mechant.example"},
            {"Origin": "null"},
            {"Referer": "https://mechant.example/form"},
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
        ],
    )
    async def test_a_form_on_another_site_is_refused(
        self, lou: Person, rooms: Rooms, headers: dict[str, str]
    ) -> None:
        response = await lou.client.post("/chat", data={"text": SEARCH}, headers=headers)
        assert response.status == 403
        assert "Demande refusée" in Page(await response.text()).text
        assert await turns(rooms) == 0

    async def test_our_own_is_not(self, lou: Person) -> None:
        here = f"http://{lou.client.host}:{lou.client.port}"
        for headers in (
            {"Origin": here, "Sec-Fetch-Site": "same-origin"},
            {"Origin": "http://127.0.0.1:8080"},
            {"Referer": f"{here}/chat"},
        ):
            response = await lou.client.post("/chat", data={"text": "bonjour"}, headers=headers)
            assert response.status == 200


class TestTooMuch:
    async def test_ten_thousand_signs_are_answered(self, lou: Person) -> None:
        response = await fetch(lou, text="🥖é" * 5000)
        assert response.status == 200
        assert Page(await response.text()).classes("message") >= 1

    async def test_a_huge_form_is_refused_in_french(self, lou: Person) -> None:
        response = await lou.client.post("/chat", data={"text": "a" * 300_000})
        assert response.status == 413
        assert "trop long pour moi" in Page(await response.text()).text
        assert (await fetch(lou, text="a" * 300_000)).status == 413

    async def test_a_flood_is_slowed_down_in_french(self, lou: Person) -> None:
        statuses = [(await fetch(lou, clear="1")).status for _ in range(35)]
        assert statuses[:30] == [200] * 30
        assert statuses[-1] == 429
        response = await fetch(lou, text="bonjour")
        assert "trop vite" in await response.text()
        assert 1 <= int(response.headers["Retry-After"]) <= 60

    async def test_a_whole_class_behind_one_address_is_no_flood(self, rooms: Rooms) -> None:
        for _ in range(40):
            async with visit(rooms) as pupil:
                assert (await fetch(pupil, clear="1")).status == 200


class TestNastyText:
    NASTY = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'>{{7*7}}"

    async def test_is_never_markup(self, lou: Person) -> None:
        for text in (self.NASTY, f"boulanger à Lens {self.NASTY}"):
            response = await fetch(lou, text=text, nonce="n" + str(len(text)) * 8)
            html = await response.text()
            assert "<script" not in html
            assert "onerror=alert(1)>" not in html
            assert "49" not in Page(html).text or "7*7" not in html

    async def test_a_file_in_place_of_a_text_is_no_text(self, lou: Person) -> None:
        form = FormData({"nonce": NONCE})
        form.add_field("text", b"x", filename="cv.pdf", content_type="application/pdf")
        response = await lou.client.post("/chat", data=form, headers=FETCH)
        assert response.status == 200
        assert Page(await response.text()).classes("message") >= 1

    @pytest.mark.parametrize("body", [b"\xff\xfe", b"text=%ff%fe&nonce=%00", b"{}", b"text=%ud800"])
    async def test_broken_bytes_are_answered(self, lou: Person, body: bytes) -> None:
        headers = FETCH | {"Content-Type": "application/x-www-form-urlencoded"}
        response = await lou.client.post("/chat", data=body, headers=headers)
        assert response.status in {200, 400}

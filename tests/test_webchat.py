"""The chat on our page: with and without JavaScript, twice sent, forged."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.assembly import Rooms
from bot.links import Link
from tests.browsing import FETCH, Page, Person, fetch, nonce

SEARCH = "slt jcherche boulanger vers lens dispo en septembre"


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

    async def test_lasts_as_long_as_what_is_kept(self, lou: Person) -> None:
        await fetch(lou, text="préviens-moi pour boulanger à Lens")
        assert (await fetch(lou, text="16")).cookies["cmachance"]["max-age"] == str(365 * 86_400)
        without = await fetch(lou, text="supprime mon alerte")
        assert without.cookies["cmachance"]["max-age"] == str(30 * 86_400)

    async def test_is_the_same_when_the_first_form_comes_twice(
        self, rooms: Rooms, lou: Person, sam: Person
    ) -> None:
        """The answer, cookie included, was lost: the form comes again without it."""
        first, again = [await fetch(who, text=SEARCH, nonce=nonce(lou)) for who in (lou, sam)]
        assert again.cookies["cmachance"].value == first.cookies["cmachance"].value
        assert await again.text() == await first.text()
        assert await turns(rooms) == 1

    async def test_is_the_same_for_all_that_one_page_says(self, lou: Person, sam: Person) -> None:
        first = await fetch(lou, text="boulanger", nonce=nonce(lou, mark="a1"))
        second = await fetch(sam, text="lens", nonce=nonce(lou, mark="b2"))
        assert second.cookies["cmachance"].value == first.cookies["cmachance"].value
        assert "Boulanger ou boulangère, 30 km autour de Lens" in Page(await second.text()).text

    @pytest.mark.parametrize("forged", ["a" * 22, f"{'a' * 22}.{'b' * 8}", "", "a.b.c", "é" * 40])
    async def test_is_nobody_else_s_with_a_forged_nonce(
        self, lou: Person, sam: Person, forged: str
    ) -> None:
        responses = [await fetch(who, text=SEARCH, nonce=forged) for who in (lou, sam)]
        tokens = {response.cookies["cmachance"].value for response in responses}
        assert len(tokens) == 2

    async def test_is_not_set_by_clearing_the_screen(self, lou: Person) -> None:
        assert "Set-Cookie" not in (await fetch(lou, clear="1")).headers
        await lou.go("/")
        await lou.press("Effacer l'écran")
        assert not list(lou.client.session.cookie_jar)

    async def test_goes_with_everything_else(self, lou: Person, rooms: Rooms) -> None:
        for n, text in enumerate((SEARCH, "supprime tout")):
            await fetch(lou, text=text, nonce=nonce(lou, mark=str(n)), read_up_to="999")
        for _ in range(2):  # the second one is sent again after a lost answer
            jar = {c.key: c.value for c in lou.client.session.cookie_jar}
            response = await fetch(lou, text="oui", nonce=nonce(lou, mark="2"), read_up_to="0")
            assert "effacé" in Page(await response.text()).text
            assert response.cookies["cmachance"]["max-age"] == "0"
            lou.client.session.cookie_jar.update_cookies(jar)
        lou.client.session.cookie_jar.clear()
        assert "effacé" not in (await lou.go("/chat")).text

    async def test_goes_without_javascript_too(self, lou: Person) -> None:
        await lou.go("/")
        await lou.say(SEARCH)
        await lou.say("supprime tout")
        form = lou.page.forms["say"] | {"text": "oui"}
        response = await lou.client.post("/chat", data=form, allow_redirects=False)
        assert response.status == 200
        page = Page(await response.text())
        assert "effacé" in page.text
        assert "Boulanger" not in page.text
        assert not list(lou.client.session.cookie_jar)

    async def test_is_kept_nowhere(self, lou: Person, rooms: Rooms) -> None:
        token = (await fetch(lou, text=SEARCH)).cookies["cmachance"].value
        file = Path(rooms.settings.database_url.split("///")[1])
        content = b"".join(path.read_bytes() for path in file.parent.glob(f"{file.name}*"))
        assert b"boulanger" in content
        assert token.encode() not in content

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
        await fetch(lou, text="bonjour", nonce=nonce(lou, "b"))
        first = await (await fetch(lou, text=SEARCH)).text()
        done = await turns(rooms)
        again = await (await fetch(lou, text=SEARCH)).text()
        assert Page(again).all("article") == Page(first).all("article")
        assert await turns(rooms) == done

    async def test_what_was_read_does_not_come_again(self, lou: Person) -> None:
        first = Page(await (await fetch(lou, text=SEARCH)).text())
        read = first.all("article")[-1]["data-id"]
        second = await fetch(lou, text="plutôt 20 km", nonce=nonce(lou, "b"), read_up_to=read)
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
        answer = await fetch(sam, press=button["value"], read_up_to="99", nonce=nonce(sam, "b"))
        assert "bouton" in Page(await answer.text()).text
        own = await fetch(lou, press=button["value"], read_up_to="99", nonce=nonce(lou, "b"))
        assert "Tu bouges comment" in Page(await own.text()).text


class TestLinks:
    async def test_a_search_is_ready_and_one_press_starts_it(
        self, lou: Person, rooms: Rooms
    ) -> None:
        code = rooms.signer.encode(Link("Mission locale de Lens", "boulanger", "62498", 20))
        page = await lou.go(f"/l/{code}")
        assert "Mission locale de Lens" in page.text
        assert "Boulanger ou boulangère, 20 km autour de Lens" in page.text
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

    @pytest.mark.parametrize("said", ["text", "press"])
    async def test_a_form_sent_again_from_the_page_of_a_link_keeps_its_answer(
        self, lou: Person, rooms: Rooms, said: str
    ) -> None:
        code = rooms.signer.encode(Link("Mission locale de Lens", "boulanger", "62498"))
        page = await lou.go(f"/l/{code}")
        words = page.button("Ce que je garde")["value"] if said == "press" else "coiffeur à Arras"
        form = page.forms["say"] | {said: words}
        first = (await lou.send(form)).text
        done = await turns(rooms)
        assert (await lou.send(form)).text == first
        assert await turns(rooms) == done == 2

    async def test_what_waits_unread_outlives_a_link_opened_meanwhile(
        self, lou: Person, rooms: Rooms
    ) -> None:
        unread = Page(await (await fetch(lou, text=SEARCH)).text())
        code = rooms.signer.encode(Link("Mission locale de Lens"))
        answer = await fetch(lou, link=code, text="plutôt 20 km", nonce=nonce(lou, "b"))
        shown = Page(await answer.text()).all("article")
        assert shown[: len(unread.all("article"))] == unread.all("article")

    async def test_a_link_of_a_place_or_of_nothing_is_told_as_well(
        self, lou: Person, rooms: Rooms
    ) -> None:
        page = await lou.go(f"/l/{rooms.signer.encode(Link(place='62498', radius_km=10))}")
        assert "10 km autour de Lens" in page.text
        for bare in (Link(), Link("CFA"), Link(radius_km=10), Link(place="00001")):
            page = await lou.go(f"/l/{rooms.signer.encode(bare)}")
            assert "km autour" not in page.text

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
        assert "Ce lien n'est pas complet, mais tu peux chercher ici." in page.text
        assert "arrival" not in page.forms
        page = Page(await (await fetch(lou, link=code)).text())
        assert "Je suis le robot de la CMA" in page.text

"""What came while nobody was at the page: told by a GET, read by a press; the cookie's time."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select

from bot.assembly import Rooms
from bot.channels.webchat import COOKIE
from storage.schema import pushes
from tests.alerted import AlertedTalk, states, told_to
from tests.browsing import FETCH, Page, Person

SEARCH = "boulanger vers lens en septembre"
NEWS = "Il y a du nouveau pour toi"
LOOK = "Voir ce qui est arrivé"
DAY = timedelta(days=1)


def token(person: Person) -> str:
    return next(c.value for c in person.client.session.cookie_jar if c.key == COOKIE)


async def arrive(rooms: Rooms, who: Person, /, *kinds: str, **other: Any) -> None:
    """Messages that nobody asked for, as the pusher leaves them on the web."""
    now = rooms.turns.now()
    common = {
        "person": rooms.turns.person("web", token(who)), "channel": "web", "offers": [],
        "state": "pending", "created": now, "expires": now + DAY,
    }  # fmt: skip
    async with rooms.database.write() as tx:
        await tx.execute(insert(pushes), [{**common, "kind": kind, **other} for kind in kinds])


async def keep_an_alert(person: Person) -> Page:
    await person.go("/")
    await person.say("préviens-moi pour boulanger à Lens")
    return await person.say("16")


class TestNews:
    async def test_is_told_with_its_number_and_changes_nothing(
        self, lou: Person, rooms: Rooms
    ) -> None:
        await lou.go("/")
        await lou.say(SEARCH)
        await arrive(rooms, lou, "alert", "follow_up")
        before = await rooms.turns.counters.total("turns")
        for path in ("/", "/chat", "/chat"):
            page = await lou.go(path)
            assert f"{NEWS} : 2 messages" in page.text
            assert page.button(LOOK)["form"] == "news"
        async with rooms.database.read() as tx:
            assert set((await tx.execute(select(pushes.c.state))).scalars()) == {"pending"}
        assert await rooms.turns.counters.total("turns") == before

    async def test_one_message_is_not_several(self, lou: Person, rooms: Rooms) -> None:
        await lou.go("/")
        await lou.say(SEARCH)
        await arrive(rooms, lou, "alert")
        assert re.search(f"{NEWS} : 1 message(?!s)", (await lou.go("/")).text)

    @pytest.mark.parametrize(
        "other",
        [{"kind": "notice"}, {"channel": "telegram"}, {"person": "somebody"}, {"settled": ...},
         {"expires": ...}],
        ids=lambda other: next(iter(other)),
    )  # fmt: skip
    async def test_is_only_what_waits_for_this_person_here(
        self, lou: Person, rooms: Rooms, other: dict[str, Any]
    ) -> None:
        await lou.go("/")
        await lou.say(SEARCH)
        past = rooms.turns.now() - timedelta(seconds=1)
        values = {name: past if value is ... else value for name, value in other.items()}
        await arrive(rooms, lou, "alert", **values)
        page = await lou.go("/")
        assert NEWS not in page.text
        assert "news" not in page.forms

    async def test_is_told_to_the_script_when_it_looks_again(
        self, lou: Person, rooms: Rooms
    ) -> None:
        await lou.go("/")
        await lou.say(SEARCH)
        await arrive(rooms, lou, "alert")
        seen = Page(await (await lou.client.get("/chat?after=999", headers=FETCH)).text())
        assert f"{NEWS} : 1 message" in seen.text
        assert seen.classes("message") == 0

    async def test_its_button_is_signed_for_its_person(
        self, lou: Person, sam: Person, rooms: Rooms
    ) -> None:
        for person in (lou, sam):
            await person.go("/")
            await person.say(SEARCH)
        await arrive(rooms, lou, "alert")
        value = (await lou.go("/")).button(LOOK)["value"]
        verify = rooms.signer.verify
        assert verify(value, f"web:{token(lou)}") == "/news"
        assert verify(value, f"web:{token(sam)}") is None

    async def test_nobody_new_is_told_anything(self, lou: Person) -> None:
        page = await lou.go("/")
        assert "news" not in page.forms
        assert "data-known" not in page.html


class TestReading:
    async def test_the_button_shows_what_came_once(self, lou: Person, rooms: Rooms) -> None:
        await keep_an_alert(lou)
        alerted = AlertedTalk(rooms, token(lou), "web")
        await alerted.receive({"alerte": 1, "offres": 2}, waits=True)
        page = await lou.go("/chat")
        assert f"{NEWS} : 1 message" in page.text
        page = await lou.press(LOOK)
        assert "Boulanger ou boulangère, 30 km autour de Lens : 2 offres." in page.text
        assert page.classes("card") == 2
        assert NEWS not in page.text
        assert await states(alerted) == ["sent"]
        assert len(await told_to(alerted)) == 2
        assert "2 offres" in (await lou.go("/chat")).text, "until the next message says it was read"

    async def test_a_press_from_another_tab_finds_nothing_left(
        self, lou: Person, rooms: Rooms
    ) -> None:
        await keep_an_alert(lou)
        await AlertedTalk(rooms, token(lou), "web").receive({"alerte": 1, "offres": 1}, waits=True)
        form = (await lou.go("/chat")).forms["news"]
        press = {"press": lou.page.button(LOOK)["value"]}
        other = (await lou.go("/chat")).forms["news"]
        assert (await lou.send(form | press)).classes("card") == 1
        page = await lou.send(other | press)
        assert page.classes("card") == 1, "what the first tab may not have shown yet"
        assert "rien de neuf" in page.text.lower()


class TestCookie:
    async def test_lasts_a_year_with_an_alert_and_a_month_without(
        self, lou: Person, rooms: Rooms
    ) -> None:
        await keep_an_alert(lou)
        days = []
        for text in ("plutôt 20 km", "arrête les alertes"):
            await lou.go("/chat")
            data = {**lou.page.forms["say"], "text": text}
            response = await lou.client.post("/chat", data=data, headers=FETCH)
            days.append(int(response.cookies[COOKIE]["max-age"]) / 86_400)
        assert days == [rooms.settings.keep_person_days, rooms.settings.keep_conversation_days]

    async def test_lasts_a_day_for_who_is_too_young(self, lou: Person) -> None:
        await lou.go("/")
        await lou.say("préviens-moi pour boulanger à Lens")
        data = {**lou.page.forms["say"], "text": "13"}
        response = await lou.client.post("/chat", data=data, headers=FETCH)
        assert response.cookies[COOKIE]["max-age"] == "86400"

"""What came while nobody was at the page: told by a GET, read by a press; the cookie's time."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select

from bot.assembly import Rooms
from bot.channels.webchat import COOKIE
from dialogs.conversation import Conversation
from storage.schema import pushes
from tests.browsing import FETCH, Page, Person
from tests.ledgers import left

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


async def keep_an_alert(rooms: Rooms, person: Person) -> None:
    """The conversation as a turn leaves it that keeps an alert."""
    turns = rooms.turns
    stored = await turns.kept("web", token(person))
    assert stored
    conversation = Conversation.from_json(stored.id, stored.version, stored.state)
    slots = {**conversation.slots, "alerts": True}
    state = Conversation(stored.id, slots, conversation.form, stored.version).to_json()
    alert = {
        "do": "keep_alert", "n": 1, "name": None, "wish": {"trades": ["boulanger"]},
        "beat": "daily 17:30 Europe/Paris", "state": "on", "until": None,
    }  # fmt: skip
    now = turns.now()
    await turns.ledger.keep(
        left(
            stored.id, version=stored.version, channel="web", address="", state=state,
            kept_until=now + turns.keep.of(slots), expires=now + DAY, deeds=[alert],
        ),
        now,
    )  # fmt: skip
    assert turns._recent
    turns._recent.take(stored.id, now)  # another process would not remember the last turn either


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


class TestCookie:
    async def test_lasts_as_long_as_what_it_leads_to(self, lou: Person, rooms: Rooms) -> None:
        await lou.go("/")
        await lou.say(SEARCH)
        await keep_an_alert(rooms, lou)
        data = {**lou.page.forms["say"], "text": "plutôt 20 km"}
        response = await lou.client.post("/chat", data=data, headers=FETCH)
        assert response.cookies[COOKIE]["max-age"] == str(rooms.settings.keep_person_days * 86_400)

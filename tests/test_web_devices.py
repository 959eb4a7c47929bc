"""A browser that asks to be told: only by our page, only for who keeps an alert, and forgotten."""

from __future__ import annotations

import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse

from bot.assembly import Rooms
from bot.channels.webchat import COOKIE
from bot.config import BadSettings, Settings
from nlu.understander import Understander
from storage.browsers import Browser, Browsers
from tests.browsing import FETCH, Page, Person, visit
from tests.push_service import FakeBrowser, private_key
from tests.talk import rooms_for

KEY = private_key()
BROWSER = FakeBrowser("https://updates.push.services.mozilla.com/wpush/v2/gAAAA")
KEPT, CONTACT = "web_push_private_key", "web_push_contact"
ASK, FORGET = "/appareil", "/appareil/oubli"


@pytest.fixture
async def rooms(
    furnished: Path, tmp_path: Path, understander: Understander
) -> AsyncIterator[Rooms]:
    """The house, with a key to tell browsers."""
    file = shutil.copy(furnished, tmp_path / "cmachance.sqlite")
    settings: dict[str, Any] = {KEPT: KEY, CONTACT: "mailto:robot@exemple.fr"}
    url = f"sqlite+aiosqlite:///{file}"
    async with rooms_for(url, None, understander, **settings) as built:
        yield built


async def keep_an_alert(person: Person) -> Page:
    await person.go("/")
    await person.say("préviens-moi pour boulanger à Lens")
    return await person.say("16")


async def erase(person: Person) -> str:
    """Everything; the farewell."""
    await person.say("supprime tout")
    form = person.page.forms["say"] | {"text": "oui"}
    return await (await person.client.post("/chat", data=form)).text()


async def ask(
    person: Person, path: str = ASK, given: Any = BROWSER.subscription, **headers: str
) -> ClientResponse:
    body = given if isinstance(given, bytes) else json.dumps(given).encode()
    sent = {"Content-Type": "application/json", **FETCH, **headers}
    return await person.client.post(path, data=body, headers=sent)


async def kept(rooms: Rooms, person: Person) -> list[Browser]:
    found = (c.value for c in person.client.session.cookie_jar if c.key == COOKIE)
    return await Browsers(rooms.database).of(rooms.turns.person("web", next(found)))


class TestButton:
    async def test_comes_with_an_alert_and_goes_with_it(self, lou: Person, rooms: Rooms) -> None:
        page = await lou.go("/")
        assert not page.classes("device")
        page = await lou.say("boulanger à Lens")
        assert not page.classes("device")
        page = await keep_an_alert(lou)
        assert rooms.web_push
        [button] = [values for _, values in page.buttons if "data-key" in values]
        assert button["data-key"] == rooms.web_push.public_key
        assert button["data-on"] == "Me prévenir sur cet appareil"
        assert not Page(await erase(lou)).classes("device")

    async def test_is_hidden_until_a_script_can_do_it(self, lou: Person) -> None:
        page = await keep_an_alert(lou)
        [place] = [v for tag, v in page.tags if v.get("id") == "device"]
        assert "hidden" in place

    async def test_comes_with_the_answer_that_keeps_the_alert(self, lou: Person) -> None:
        await lou.go("/")
        await lou.say("préviens-moi pour boulanger à Lens")
        data = {**lou.page.forms["say"], "text": "16"}
        fragment = await (await lou.client.post("/chat", data=data, headers=FETCH)).text()
        assert "data-key" in fragment

    async def test_is_not_offered_without_a_key(
        self, furnished: Path, tmp_path: Path, understander: Understander
    ) -> None:
        file = shutil.copy(furnished, tmp_path / "other.sqlite")
        url = f"sqlite+aiosqlite:///{file}"
        async with rooms_for(url, None, understander) as rooms, visit(rooms) as person:
            page = await keep_an_alert(person)
            assert not page.classes("device")
            assert "device.js" not in page.html
            assert (await ask(person)).status == 404
            assert (await person.client.get("/worker.js")).status == 404


class TestAsking:
    async def test_is_kept_for_the_person_and_forgotten_when_they_say_so(
        self, lou: Person, rooms: Rooms
    ) -> None:
        await keep_an_alert(lou)
        for _ in range(2):
            assert (await ask(lou)).status == 204
            assert [b.endpoint for b in await kept(rooms, lou)] == [BROWSER.endpoint]
        for _ in range(2):
            assert (await ask(lou, FORGET, {"endpoint": BROWSER.endpoint})).status == 204
            assert await kept(rooms, lou) == []

    async def test_is_forgotten_with_everything_else(self, lou: Person, rooms: Rooms) -> None:
        await keep_an_alert(lou)
        await ask(lou)
        jar = {c.key: c.value for c in lou.client.session.cookie_jar}
        await erase(lou)
        lou.client.session.cookie_jar.update_cookies(jar)
        assert await kept(rooms, lou) == []
        assert (await ask(lou)).status == 404
        assert await kept(rooms, lou) == []

    async def test_is_shown_and_goes_with_the_last_alert(self, lou: Person, rooms: Rooms) -> None:
        await keep_an_alert(lou)
        await ask(lou)
        assert "1 appareil" in (await lou.say("que gardes-tu sur moi ?")).text
        await lou.say("supprime l'alerte 1")
        assert await kept(rooms, lou) == []

    async def test_needs_an_alert(self, lou: Person, sam: Person, rooms: Rooms) -> None:
        assert (await ask(lou)).status == 404, "a newcomer"
        assert (await ask(lou, FORGET)).status == 204, "of whom nothing is kept"
        await sam.go("/")
        await sam.say("boulanger à Lens")
        assert (await ask(sam)).status == 404
        assert await kept(rooms, sam) == []

    async def test_nobody_forgets_somebody_else_s(
        self, lou: Person, sam: Person, rooms: Rooms
    ) -> None:
        await keep_an_alert(lou)
        await keep_an_alert(sam)
        await ask(lou)
        assert (await ask(sam, FORGET, {"endpoint": BROWSER.endpoint})).status == 204
        assert len(await kept(rooms, lou)) == 1

    @pytest.mark.parametrize("path", [ASK, FORGET])
    @pytest.mark.parametrize(
        "headers",
        [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
         {"Origin": "https://evil.example"}, {"Origin": "null"}],
    )  # fmt: skip
    async def test_comes_from_our_page(
        self, lou: Person, rooms: Rooms, path: str, headers: dict[str, str]
    ) -> None:
        await keep_an_alert(lou)
        await ask(lou)
        response = await ask(lou, path, FakeBrowser(BROWSER.endpoint + "2").subscription, **headers)
        assert response.status == 403
        assert [b.endpoint for b in await kept(rooms, lou)] == [BROWSER.endpoint]

    @pytest.mark.parametrize("path", [ASK, FORGET])
    @pytest.mark.parametrize(
        ("given", "status"),
        [
            (b"", 400), (b"{", 400), (b"null", 400), (b"[]", 400), (b"\xff", 400), (b"{}", 400),
            (b"[" * 4000, 400), (b" " * 4097, 413), (b"{" * 300_000, 413),
            ({"endpoint": "https://127.0.0.1/é", "keys": {}}, 400), ({"endpoint": 5}, 400),
            ({"endpoint": "a\x00b"}, 400), ({"endpoint": "a\ud800"}, 400),
        ],
    )  # fmt: skip
    async def test_of_strange_things_is_refused(
        self, lou: Person, rooms: Rooms, path: str, given: Any, status: int
    ) -> None:
        await keep_an_alert(lou)
        response = await ask(lou, path, given)
        assert response.status == status
        assert await kept(rooms, lou) == []

    @pytest.mark.parametrize(
        "endpoint",
        ["http://127.0.0.1:8080/chat", "https://169.254.169.254/latest/meta-data",
         "https://fcm.googleapis.com@evil.example/x", "https://updates.push.services.mozilla.com:1/x"],
    )  # fmt: skip
    async def test_leads_nowhere_but_to_push_services(
        self, lou: Person, rooms: Rooms, endpoint: str
    ) -> None:
        await keep_an_alert(lou)
        assert (await ask(lou, given=FakeBrowser(endpoint).subscription)).status == 400
        assert await kept(rooms, lou) == []

    async def test_in_another_type_is_not_read(self, lou: Person, rooms: Rooms) -> None:
        await keep_an_alert(lou)
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
            assert (await ask(lou, **{"Content-Type": kind})).status == 415
        assert await kept(rooms, lou) == []

    async def test_too_often_is_slowed_down(self, lou: Person) -> None:
        await keep_an_alert(lou)
        statuses = [(await ask(lou)).status for _ in range(40)]
        assert statuses[0] == 204
        assert statuses[-1] == 429

    async def test_goes_when_the_conversation_is_over(self, lou: Person, rooms: Rooms) -> None:
        await keep_an_alert(lou)
        await ask(lou)
        person = await kept(rooms, lou)
        assert person
        now = rooms.turns.now()
        await rooms.turns.conversations.purge(now.replace(year=now.year + 2))
        assert await kept(rooms, lou) == []


class TestWorker:
    async def test_is_served_at_the_root_under_the_same_policy(self, lou: Person) -> None:
        response = await lou.client.get("/worker.js")
        assert response.status == 200
        assert response.headers["Content-Type"] == "text/javascript; charset=utf-8"
        assert response.headers["Cache-Control"] == "no-cache"
        assert "default-src 'self'" in response.headers["Content-Security-Policy"]

    async def test_says_nothing_of_what_came(self, lou: Person) -> None:
        script = await (await lou.client.get("/worker.js")).text()
        assert "il y a du nouveau" in script
        assert "event.data" not in script


class TestSettings:
    @pytest.mark.parametrize(
        ("values", "words"),
        [
            ({KEPT: KEY}, "vont ensemble"),
            ({CONTACT: "mailto:a@exemple.fr"}, "vont ensemble"),
            ({KEPT: "court", CONTACT: "mailto:a@b.fr"}, "43 caractères"),
            ({KEPT: KEY, CONTACT: "a@b.fr"}, "mailto:adresse"),
            ({KEPT: KEY, CONTACT: "https://localhost"}, "mailto:adresse"),
            ({KEPT: KEY, CONTACT: "https://a.fr/b"}, "mailto:adresse"),
        ],
    )  # fmt: skip
    def test_that_do_not_fit_are_told(self, values: dict[str, str], words: str) -> None:
        with pytest.raises(BadSettings, match=words):
            Settings.load(**values)

    async def test_a_key_that_is_none_is_told(
        self, sqlite_url: str, understander: Understander
    ) -> None:
        settings: dict[str, Any] = {KEPT: "A" * 43, CONTACT: "https://exemple.fr"}
        with pytest.raises(BadSettings, match="P-256"):
            async with rooms_for(sqlite_url, None, understander, **settings):
                pass

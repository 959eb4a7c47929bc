"""The pages around the chat: what they say, how they are written, and what guards them."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer, make_mocked_request

from bot.assembly import Rooms
from bot.links import Link
from bot.web.app import make_app
from bot.web.guard import visitor
from bot.web.templating import paragraphs, read_assets, safe_url
from matching.model import Offer
from nlu.understander import Understander
from tests.browsing import Page, Person, logging_to, visit
from tests.talk import rooms_for

LEGAL = ["/mentions-legales", "/donnees-personnelles", "/accessibilite"]
PLACEHOLDER = Offer(
    id="offres_emploi_lba:1",
    source="offres_emploi_lba",
    title="Apprenti boulanger",
    company="Maison Vraie",
    city="Lens",
    postcode="62300",
    insee="62498",
    lat=50.43,
    lon=2.83,
    rome_codes=("D1102",),
    url="https://example.org/offre/1",
    phone="0321000000",
    description="Tu pétris.\n\nVoir https://example.org/plus, ou 06.01.02.03.04.",
)


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    lines = io.StringIO()
    with logging_to(lines):
        yield lines


async def some_offer(rooms: Rooms) -> str:
    """The id of an offer of the demonstration set."""
    from tests.talk import Talk

    replies = await Talk(rooms, "somebody").say("boulanger à Lens")
    return replies[0].cards[0].id


def lose(rooms: Rooms) -> None:
    """Take the file of the database away."""
    Path(rooms.settings.database_url.split("///")[1]).unlink()


async def every_page(rooms: Rooms) -> list[str]:
    code = rooms.signer.encode(Link("Mission locale de Lens", "boulanger", "62498"))
    return ["/", "/chat", f"/l/{code}", f"/offre/{await some_offer(rooms)}", *LEGAL]


class TestEveryPage:
    async def test_is_written_well(self, lou: Person, rooms: Rooms) -> None:
        await lou.go("/")
        await lou.say("boulanger à Lens")
        for path in [*await every_page(rooms), "/nulle-part"]:
            page = Page(await (await lou.client.get(path)).text())
            assert page.all("html") == [{"lang": "fr"}], path
            assert len(page.all("h1")) == 1, path
            assert [len(page.all(tag)) for tag in ("header", "main", "footer")] == [1, 1, 1], path
            ids = [v["id"] for _, v in page.tags if "id" in v]
            assert len(ids) == len(set(ids)), path
            for _, values in page.tags:
                for name in ("aria-labelledby", "aria-describedby", "form", "for"):
                    assert values.get(name, ids[0]) in ids, (path, values)
                assert not any(n.startswith("on") or n == "style" for n in values), (path, values)
            assert all("alt" in image for image in page.all("img")), path
            assert not page.all("style"), path
            assert all(s.get("src", "").startswith("/static/") for s in page.all("script")), path

    async def test_asks_nothing_of_anybody_else(self, lou: Person, rooms: Rooms) -> None:
        for path in await every_page(rooms):
            page = Page(await (await lou.client.get(path)).text())
            for tag in ("script", "link", "img"):
                for values in page.all(tag):
                    assert values.get("src", values.get("href", "")).startswith("/"), (path, values)

    async def test_is_guarded(self, lou: Person, rooms: Rooms) -> None:
        paths = [*await every_page(rooms), "/nulle-part", "/healthz", "/static/style.css"]
        for path in paths:
            headers = (await lou.client.get(path)).headers
            policy = headers["Content-Security-Policy"]
            assert "default-src 'self'" in policy
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Referrer-Policy"] == "same-origin"
            assert "geolocation=()" in headers["Permissions-Policy"]
            assert "Strict-Transport-Security" not in headers
            assert "Server" not in headers

    async def test_is_not_kept_by_the_browser(self, lou: Person, rooms: Rooms) -> None:
        for path in await every_page(rooms):
            assert (await lou.client.get(path)).headers["Cache-Control"] == "no-store"

    async def test_leads_only_to_pages_that_exist(self, lou: Person, rooms: Rooms) -> None:
        await lou.go("/")
        await lou.say("boulanger à Lens")
        for path in await every_page(rooms):
            page = Page(await (await lou.client.get(path)).text())
            for link in page.all("a") + page.all("link"):
                if link["href"].startswith("/"):
                    assert (await lou.client.get(link["href"])).status == 200, link

    async def test_names_what_the_law_wants_in_its_footer(self, lou: Person, rooms: Rooms) -> None:
        for path in [*await every_page(rooms), "/nulle-part"]:
            page = Page(await (await lou.client.get(path)).text())
            hrefs = [a["href"] for a in page.all("a")]
            assert set(LEGAL) <= set(hrefs), path
            assert "Accessibilité : non conforme" in page.text, path


async def test_over_https_the_browser_is_held_to_it(rooms: Rooms) -> None:
    settings = rooms.settings.model_copy(update={"public_url": "https://robot.example.org"})
    async with TestClient(TestServer(make_app(replace(rooms, settings=settings)))) as client:
        assert "max-age" in (await client.get("/")).headers["Strict-Transport-Security"]
        response = await client.post("/chat", data={"text": "bonjour"}, allow_redirects=False)
        assert response.cookies["cmachance"]["secure"]


async def test_telegram_is_the_other_door_when_it_has_a_name(rooms: Rooms) -> None:
    rooms.bot_name.value = "cmachance_bot"  # as it is once Telegram has told it
    code = rooms.signer.encode(Link("CFA"))
    async with TestClient(TestServer(make_app(rooms))) as client:
        page = Page(await (await client.get(f"/l/{code}")).text())
    assert f"https://t.me/cmachance_bot?start={code}" in [a["href"] for a in page.all("a")]


class TestLegalPages:
    async def test_say_who_publishes_and_what_is_missing(self, lou: Person) -> None:
        text = (await lou.go("/mentions-legales")).text
        assert re.search(r"[ÉEée]dité par", text)
        assert re.search(r"[Dd]irecteur ou directrice de la publication", text)
        assert "Hébergement" in text
        assert text.count("ompléter par la CMA") >= 3

    async def test_say_what_is_kept(self, lou: Person) -> None:
        text = (await lou.go("/donnees-personnelles")).text
        for words in (
            "contact",
            "élégué ou déléguée à la protection",
            "Finalité",
            "urée de conservation",
            "ous-traitant",
            "30 jours",
            "CNIL",
        ):
            assert words in text

    async def test_say_how_long_as_it_was_set(self, rooms: Rooms) -> None:
        settings = rooms.settings.model_copy(update={"keep_conversation_days": 12})
        async with visit(replace(rooms, settings=settings)) as lou:
            text = (await lou.go("/donnees-personnelles")).text
        assert "12 jours" in text
        assert "30 jours" not in text
        assert "·" not in text

    async def test_do_not_claim_an_audit(self, lou: Person) -> None:
        text = (await lou.go("/accessibilite")).text
        assert "Accessibilité : non conforme" in text
        assert "09 69 39 00 00" in text


class TestOffers:
    async def test_an_invented_one_says_so(self, lou: Person, rooms: Rooms) -> None:
        page = await lou.go(f"/offre/{await some_offer(rooms)}")
        assert "Offre de démonstration" in page.text
        assert "inventés" in page.text
        assert not any(a["href"].startswith(("http", "tel")) for a in page.all("a"))

    async def test_a_true_one_leads_to_its_source_and_its_phone(
        self, lou: Person, rooms: Rooms
    ) -> None:
        await rooms.offers.replace("offres_emploi_lba", [PLACEHOLDER])
        page = await lou.go("/offre/offres_emploi_lba:1")
        hrefs = [a["href"] for a in page.all("a")]
        assert "https://example.org/offre/1" in hrefs
        assert "tel:0321000000" in hrefs
        assert "Appeler le 03 21 00 00 00" in page.text
        assert "https://example.org/plus" in hrefs
        assert "La bonne alternance" in page.text
        assert "démonstration" not in page.text

    async def test_nasty_ones_are_text(self, lou: Person, rooms: Rooms) -> None:
        nasty = "<script>alert(1)</script>"
        offer = replace(
            PLACEHOLDER, title=f"Boulanger {nasty}", company=f'"><img onerror=x {nasty}',
            description=f"{nasty} javascript:alert(1)", url="javascript:alert(1)",
            phone='03"><script>',
        )  # fmt: skip
        await rooms.offers.replace("offres_emploi_lba", [offer])
        await lou.go("/")
        for page in (await lou.go("/offre/offres_emploi_lba:1"), await self._found(lou)):
            assert nasty not in page.html
            assert "<img onerror" not in page.html
            assert not any(a["href"].startswith("javascript") for a in page.all("a"))

    async def _found(self, lou: Person) -> Page:
        await lou.go("/")
        page = await lou.say("boulanger à Lens")
        assert "onerror" in page.text or "Boulanger <script>" in page.text
        return page

    async def test_a_closed_or_expired_one_is_gone(self, lou: Person, rooms: Rooms) -> None:
        past = rooms.settings.now() - timedelta(days=1)
        closed = replace(PLACEHOLDER, id="offres_emploi_lba:2", status="closed")
        expired = replace(PLACEHOLDER, id="offres_emploi_lba:3", expires=past)
        await rooms.offers.replace("offres_emploi_lba", [closed, expired])
        for id in (closed.id, expired.id):
            response = await lou.client.get(f"/offre/{id}")
            assert response.status == 410
            assert "n'est plus proposée" in Page(await response.text()).text

    @pytest.mark.parametrize("id", ["x", "%00", "é", "%ED%A0%80", "..%2f..%2fetc", "a" * 200])
    async def test_an_unknown_one_is_not_found(self, lou: Person, id: str) -> None:
        assert (await lou.client.get(f"/offre/{id}")).status == 404

    async def test_an_impossible_one_is_not_found_in_postgresql_either(
        self, postgres_url: str, understander: Understander
    ) -> None:
        async with rooms_for(postgres_url, None, understander) as rooms, visit(rooms) as lou:
            for id in ("%00", "%ED%A0%80", "a%0Ab", "x"):
                assert (await lou.client.get(f"/offre/{id}")).status == 404


class TestMistakes:
    async def test_an_unknown_page_is_said_in_french(self, lou: Person) -> None:
        response = await lou.client.get("/nulle-part")
        assert response.status == 404
        assert "n'existe pas" in Page(await response.text()).text

    async def test_a_wrong_method_too(self, lou: Person) -> None:
        response = await lou.client.delete("/chat")
        assert response.status == 405
        assert "POST" in response.headers["Allow"]

    async def test_our_own_have_a_reference_that_the_log_holds(
        self, rooms: Rooms, logged: io.StringIO
    ) -> None:
        app = make_app(rooms)

        async def broken(_request: web.Request) -> web.Response:
            raise RuntimeError("Lou Durand, 06 01 02 03 04")

        app.router.add_get("/broken/{name}", broken)
        async with TestClient(TestServer(app)) as client:
            response = await client.get("/broken/lou")
            page = Page(await response.text())
            spoken = await (
                await client.get("/broken/lou", headers={"X-Requested-With": "fetch"})
            ).text()
        assert response.status == 500
        reference = re.findall(r"référence : ([0-9a-f]{8})", page.text)[0]
        assert reference in logged.getvalue()
        assert re.findall(r"[0-9a-f]{8}", spoken)[0] in logged.getvalue()
        assert "RuntimeError" in logged.getvalue()
        assert "Durand" not in logged.getvalue() + page.html
        assert "/broken/lou" not in logged.getvalue()

    async def test_a_lost_database_is_a_pause(self, rooms: Rooms) -> None:
        async with visit(rooms) as lou:
            await rooms.database.close()
            lose(rooms)
            response = await lou.client.post("/chat", data={"text": "bonjour"})
            assert response.status == 503
            assert "Réessaie" in Page(await response.text()).text


class TestHealth:
    async def test_says_what_answers(self, lou: Person) -> None:
        response = await lou.client.get("/healthz")
        assert response.status == 200
        assert await response.json() == {"status": "ok", "database": "ok"}

    async def test_says_when_redis_does_not(self, rooms: Rooms, redis_url: str) -> None:
        for url, state in ((redis_url, "ok"), ("redis://127.0.0.1:1/0", "down")):
            settings = rooms.settings.model_copy(update={"redis_url": url})
            async with TestClient(TestServer(make_app(replace(rooms, settings=settings)))) as c:
                response = await c.get("/healthz")
                assert response.status == 200
                assert (await response.json())["redis"] == state


class TestStatic:
    async def test_is_kept_for_a_year_under_its_own_mark(self, lou: Person) -> None:
        page = await lou.go("/")
        for values in [*page.all("script"), *page.all("link"), *page.all("img")]:
            response = await lou.client.get(values.get("src") or values["href"])
            assert response.status == 200
            assert "immutable" in response.headers["Cache-Control"]
        old = await lou.client.get("/static/style.css?v=old")
        assert old.headers["Cache-Control"] == "no-cache"

    @pytest.mark.parametrize("name", ["..%2fapp.py", "nothing.css", "%2fetc%2fpasswd"])
    async def test_holds_nothing_else(self, lou: Person, name: str) -> None:
        assert (await lou.client.get(f"/static/{name}")).status == 404

    def test_is_small(self) -> None:
        sizes = {name: len(asset.body) for name, asset in read_assets().items()}
        assert set(sizes) >= {"style.css", "chat.js", "favicon.svg"}
        assert sum(sizes.values()) < 32_000


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("a\nb\n\nc", "<p>a<br>b</p><p>c</p>"),
        ("<b>&", "<p>&lt;b&gt;&amp;</p>"),
        ("Au 03 21 00 00 00.", '<p>Au <a href="tel:0321000000">03 21 00 00 00</a>.</p>'),
        ("SIRET 12345678900012", "<p>SIRET 12345678900012</p>"),
        ("javascript:alert(1)", "<p>javascript:alert(1)</p>"),
        ("", ""),
    ],
)  # fmt: skip
def test_plain_text_becomes_paragraphs(text: str, html: str) -> None:
    assert paragraphs(text) == html


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://example.org/a", "https://example.org/a"),
        ("http://127.0.0.1:8080/offre/x", "/offre/x"),
        ("tel:0321000000", "tel:0321000000"),
        ("javascript:alert(1)", ""),
        (" javascript:alert(1)", ""),
        ("JaVaScRiPt:alert(1)", ""),
        ("data:text/html,x", ""),
        ("//example.org", ""),
        ("https://", ""),
        ("https://[", ""),
        ("", ""),
    ],
)
def test_only_pages_and_phones_can_be_opened(url: str, kept: str) -> None:
    assert safe_url(url, "http://127.0.0.1:8080") == kept


@pytest.mark.parametrize(
    ("peer", "forwarded", "seen"),
    [
        ("1.2.3.4", "198.51.100.1", "1.2.3.4"),
        ("10.0.0.2", "198.51.100.1, 203.0.113.7", "203.0.113.7"),
        ("127.0.0.1", "", "127.0.0.1"),
    ],
)
def test_a_visitor_is_who_the_relay_of_our_own_network_says(
    peer: str, forwarded: str, seen: str
) -> None:
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    request = make_mocked_request("POST", "/chat", headers=headers).clone(remote=peer)
    assert visitor(request) == seen

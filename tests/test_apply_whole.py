"""Whole applications from Telegram and from the page: every kind of CV, refusals, limits."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path

import aiohttp
import pytest

from dialogs.reply import Reply
from nlu.understander import Understander
from storage.left import Decided
from tests.applying import GARAGE, AtThePage, InTelegram, cv, house, service, settings
from tests.apprentissage_api import Api
from tests.browsing import visit
from tests.ledgers import left
from tests.talk import plain
from tests.telegramming import fake_api, on_telegram

Talker = AtThePage | InTelegram
SECOND = GARAGE[:-1] + "1"


@pytest.fixture
def url(offered: Callable[..., str], tmp_path: Path) -> str:
    template = offered("sqlite", "ateliers").removeprefix("sqlite+aiosqlite:///")
    return f"sqlite+aiosqlite:///{shutil.copy(template, tmp_path / 'talk.sqlite')}"


@asynccontextmanager
async def somebody(
    where: str, url: str, api: Api, understander: Understander
) -> AsyncIterator[Talker]:
    if where == "page":
        async with house(url, api, understander) as rooms, visit(rooms) as person:
            await person.go("/")
            yield AtThePage(rooms, person)
        return
    async with (
        fake_api() as there,
        on_telegram(there, "webhook", url, None, understander, **settings(api)) as house_and_bot,
    ):
        yield InTelegram(there, *house_and_bot, there.person(1001))


def said(replies: list[Reply]) -> str:
    return "\n".join(plain(reply.text) for reply in replies)


async def begin(talk: Talker, offer: str = GARAGE, email: str = "lea@exemple.fr") -> str:
    """Up to the CV."""
    await talk.say("carrossier à Frévent, septembre")
    await talk.send(payload=f"/apply {offer}")
    await talk.say("Léa Martin")
    await talk.say(email)
    return said(await talk.say("06 12 34 56 78"))


async def make(talk: Talker) -> None:
    await talk.press("En 5 questions")
    for answer in ("Un CAP", "3e à Frévent", "rien", "bricoler", "juin, à vélo"):
        await talk.say(answer)


async def applies(talk: Talker, *files: str, offer: str = GARAGE) -> str:
    await begin(talk, offer)
    if files:
        await talk.give(files)
    else:
        await make(talk)
    await talk.press("Sans mot")
    return said(await talk.confirm())


@pytest.mark.parametrize("where", ["page", "telegram"])
@pytest.mark.parametrize(
    ("files", "ending"),
    [(("cv.pdf",), ".pdf"), (("cv.docx",), ".docx"), (("photo1.jpg", "photo2.jpg"), ".pdf"),
     ((), ".pdf")],
    ids=["pdf", "docx", "two photos", "five answers"],
)  # fmt: skip
async def test_every_kind_of_cv_is_accepted(
    where: str, files: tuple[str, ...], ending: str, url: str, understander: Understander
) -> None:
    async with service() as api, somebody(where, url, api, understander) as talk:
        answer = await applies(talk, *files)
        assert "Envoyé. La réponse de Garage Exemple arrive par mail" in answer
        (sent,) = api.applications  # its first bytes and its name were held against each other
        assert sent["applicant_attachment_name"] == f"CV_Lea_Martin{ending}"
        assert sent["recipient_id"] == "partners_000000000000000000000001"
        assert len(api.to("apply")) == 1


@pytest.mark.parametrize("where", ["page", "telegram"])
@pytest.mark.parametrize(
    ("file", "sentence"),
    [("faux.pdf", "Je ne peux pas ouvrir ce fichier, malgré son nom"),
     ("lourd.pdf", "trop lourd")],
)  # fmt: skip
async def test_a_bad_file_is_refused_with_what_to_do(
    where: str, file: str, sentence: str, url: str, understander: Understander
) -> None:
    """What Telegram says is too big is refused at once, the rest when it is read."""
    at_once = where == "telegram" and file == "lourd.pdf"
    async with service() as api, somebody(where, url, api, understander) as talk:
        await begin(talk)
        answer = said(await talk.give([file]))
        if not at_once:
            await talk.press("Sans mot")
            answer = said(await talk.confirm())
        assert sentence in answer
        assert api.to("apply") == []
        await talk.give(["cv.pdf"])
        if at_once:
            await talk.press("Sans mot")
        assert "Envoyé" in said(await talk.confirm())
        assert len(api.applications) == 1


@pytest.mark.parametrize("where", ["page", "telegram"])
async def test_details_are_refused_with_what_to_do(
    where: str, url: str, understander: Understander
) -> None:
    async with service() as api, somebody(where, url, api, understander) as talk:
        await talk.say("carrossier à Frévent, septembre")
        await talk.send(payload=f"/apply {GARAGE}")
        await talk.say("Léa Martin")
        assert "adresse est jetable" in said(await talk.say("lea@yopmail.com"))
        await talk.say("lea@exemple.fr")
        assert "payant pour qui appelle" in said(await talk.say("0899 70 12 34"))
        assert "celui d'un service" in said(await talk.say("0800 00 00 00"))
        assert api.to("apply") == []


@pytest.mark.parametrize("where", ["page", "telegram"])
async def test_an_offer_closed_meanwhile_is_said_and_nothing_stays(
    where: str, url: str, understander: Understander
) -> None:
    async with service() as api, somebody(where, url, api, understander) as talk:
        api.jobs[0]["offer"]["status"] = "Filled"
        answer = await applies(talk, "cv.pdf")
        assert "Cette offre vient d'expirer" in answer
        assert "Rien n'est parti" in answer
        assert "lea@exemple.fr" not in said(await talk.say("que gardes-tu sur moi ?"))


@pytest.mark.parametrize("fault", ["done_reset", "reset", "500", "504", "garbage"])
async def test_what_may_have_arrived_is_said_as_such_and_never_sent_again(
    fault: str, url: str, understander: Understander
) -> None:
    async with service() as api, somebody("telegram", url, api, understander) as talk:
        api.fault(fault, route="apply")
        answer = await applies(talk, "cv.pdf")
        assert "Je ne sais pas si ta candidature est arrivée" in answer
        assert "appelle Garage Exemple demain, au 01 99 00 00 01" in answer
        assert "peut-être arrivée" in said(await talk.send(payload=f"/apply {GARAGE}"))
        steps = said(await talk.say("mes démarches"))
        assert "Peut-être arrivée, à vérifier : Garage Exemple" in steps
        assert "exemple.fr" not in said(await talk.say("que gardes-tu sur moi ?"))
        assert len(api.to("apply")) == 1


@pytest.mark.parametrize("fault", ["429", "429_bare"])
async def test_a_service_that_is_busy_loses_nothing(
    fault: str, url: str, understander: Understander
) -> None:
    async with service() as api, somebody("telegram", url, api, understander) as talk:
        api.fault(fault, route="apply", retry_after=0)
        answer = await applies(talk)
        assert "Rien n'est parti, tes infos sont gardées" in answer
        assert "Envoyé" in said(await talk.press("Réessayer"))
        assert len(api.applications) == 1


@pytest.mark.parametrize(
    ("fault", "sentence"), [("forbidden", "panne"), ("revoked", "panne"), ("413", "trop lourd")]
)
async def test_a_refusal_of_the_service_is_a_sentence(
    fault: str, sentence: str, url: str, understander: Understander
) -> None:
    async with service() as api, somebody("page", url, api, understander) as talk:
        api.fault(fault, route="apply")
        answer = await applies(talk, "cv.pdf")
        assert sentence in answer
        assert api.applications == []


async def test_a_service_that_cannot_be_reached(url: str, understander: Understander) -> None:
    async with service() as api, somebody("page", url, api, understander) as talk:
        await begin(talk)
        await make(talk)
        await talk.press("Sans mot")
        await api.stop()
        assert "Rien n'est parti, tes infos sont gardées" in said(await talk.confirm())
        assert "lea@exemple.fr" in said(await talk.say("que gardes-tu sur moi ?"))


async def test_limits_are_known_before_asking(url: str, understander: Understander) -> None:
    async with service() as api, somebody("page", url, api, understander) as talk:
        assert isinstance(talk, AtThePage)
        await talk.say("carrossier à Frévent, septembre")
        await talk.send(payload=f"/apply {GARAGE}")
        state = await talk.rooms.turns.ledger.load(talk.rooms.turns.person("web", talk.token))
        assert state
        mark = state.state["slots"]["apply_offer"]["recruiter"]
        now = talk.rooms.settings.now()
        for number in range(20):
            turn = left(f"other {number}", decided=Decided(GARAGE, mark))
            await talk.rooms.turns.ledger.keep(turn, now)
        await talk.say("annule")
        answer = said(await talk.send(payload=f"/apply {GARAGE}"))
        assert "a reçu beaucoup de candidatures aujourd'hui" in answer
        assert "prénom" in said(await talk.send(payload=f"/apply {SECOND}"))
        assert api.to("apply") == []


async def test_the_document_is_sent_back_before_it_leaves(
    url: str, understander: Understander
) -> None:
    async with service() as api, somebody("telegram", url, api, understander) as talk:
        assert isinstance(talk, InTelegram)
        await begin(talk)
        await talk.give(["photo1.jpg", "photo2.jpg"])
        assert not [call for call in talk.api.calls if call.method == "getFile"]
        await talk.press("Sans mot")
        answer = said(await talk.press("Voir"))
        assert "Léa Martin" in answer
        assert "lea@exemple.fr" in answer
        assert "CV : 2 fichiers" in answer
        (shown,) = talk.documents
        assert shown.message["document"]["file_name"] == "CV_Lea_Martin.pdf"
        assert "Envoyé" in said(await talk.press("Envoyer"))
        assert len([call for call in talk.api.calls if call.method == "getFile"]) == 4


async def test_the_made_cv_can_be_read_at_the_page(url: str, understander: Understander) -> None:
    async with service() as api, somebody("page", url, api, understander) as talk:
        assert isinstance(talk, AtThePage)
        await begin(talk)
        client = talk.person.client
        assert (await client.get("/chat/cv")).status == 404
        await make(talk)
        await talk.press("Sans mot")
        replies = await talk.press("Voir")
        assert any((b.url or "").endswith("/chat/cv") for r in replies for b in r.buttons)
        answer = await client.get("/chat/cv")
        assert answer.content_type == "application/pdf"
        assert (await answer.read()).startswith(b"%PDF-")
        assert "Envoyé" in said(await talk.confirm())
        assert (await client.get("/chat/cv")).status == 404
        assert len(api.applications) == 1


async def test_a_form_sent_twice_is_one_application(url: str, understander: Understander) -> None:
    async with service() as api, somebody("page", url, api, understander) as talk:
        assert isinstance(talk, AtThePage)
        await begin(talk)
        await talk.give(["cv.pdf"])
        await talk.press("Sans mot")
        fields = talk.person.page.forms["upload"]
        for _ in range(2):
            form = aiohttp.FormData(fields)
            form.add_field("cv", BytesIO(cv("cv.pdf")), filename="cv.pdf")
            response = await talk.person.client.post("/chat", data=form)
            assert response.status == 200
        assert len(api.applications) == 1

"""People who apply, on each channel, with the contract server of API apprentissage behind."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from bot.assembly import Rooms
from bot.channels import terminal
from bot.incoming import Incoming
from bot.links import Link
from dialogs.reply import Reply
from nlu.understander import Understander
from tests.apprentissage_api import KEY, Api, job
from tests.bot_api.world import Sent
from tests.browsing import Page, Person
from tests.cv_files import docx, heic, pdf, photo
from tests.talk import FOLDER, Script, Talk, plain, rooms_for
from tests.telegramming import TelegramTalk, replies_of

GARAGE = "offres_emploi_lba:000000000000000000000000"


@cache
def cv(name: str) -> bytes:
    """The file of that name, as somebody has it."""
    match name:
        case "cv.pdf":
            return pdf(2)
        case "cv.docx":
            return docx()
        case "faux.pdf":
            return b"GIF89a, and no PDF at all" * 20
        case "lourd.pdf":
            return b"%PDF-1.7\n" + b"0" * 21_000_000
        case "IMG_0042.HEIC":
            return heic()
        case "photo1.jpg" | "photo2.jpg":
            return photo("white" if "1" in name else "blue")
    raise AssertionError(name)


@dataclass(frozen=True, slots=True)
class Application(Script):
    """A script, what the service has received at its end, and the offer closed before."""

    received: Sequence[Mapping[str, str]] = ()
    closed: str = ""

    def __str__(self) -> str:
        return self.name


def scripts() -> list[Application]:
    path = FOLDER / "postuler" / "postuler.yml"
    found = yaml.safe_load(path.read_text("utf-8"))["conversations"]
    return [
        Application(e["name"], e["turns"], "ateliers", e.get("recu", ()), e.get("ferme", ""))
        for e in found
    ]


def jobs(closed: str = "") -> list[dict[str, Any]]:
    """The offers of « ateliers » as the service knows them; one of them closed meanwhile."""
    listed = yaml.safe_load((FOLDER / "offers" / "ateliers.yml").read_text("utf-8"))
    return [
        job(
            offer["title"], id=f"{number:024x}", company=offer["company"], rome=offer["rome"],
            recipient=offer.get("recipient"), phone=offer.get("phone"),
            expires="2027-12-31T00:00:00Z", siret=f"1300252650001{number}",
            at=(50.2766, 2.2889), address="62270 Frévent", start="2027-09-01",
            status="Filled" if closed and offer.get("recipient") == closed else "Active",
        )
        for number, offer in enumerate(listed)
    ]  # fmt: skip


@asynccontextmanager
async def service(closed: str = "") -> AsyncIterator[Api]:
    """The contract server with these offers; nothing may be against its rules."""
    api = Api()
    api.jobs += jobs(closed)
    await api.start()
    try:
        yield api
    finally:
        await api.stop()
    assert api.violations == []


def settings(api: Api) -> dict[str, Any]:
    return {"apprentissage_api_url": api.url, "apprentissage_api_key": KEY}


@asynccontextmanager
async def house(url: str, api: Api, understander: Understander) -> AsyncIterator[Rooms]:
    async with rooms_for(url, None, understander, **settings(api)) as rooms:
        yield rooms


def check_received(script: Application, api: Api) -> None:
    """Exactly what the script says has arrived, from whom it says."""
    assert len(api.applications) == len(script.received)
    for sent, expected in zip(api.applications, script.received, strict=True):
        name = f"{sent['applicant_first_name']} {sent['applicant_last_name']}"
        assert name == expected["nom"]
        assert sent["applicant_email"] == expected["mail"]
        assert sent["applicant_phone"] == expected["numero"]
        assert sent["applicant_attachment_name"].endswith(expected["fichier"])
        assert plain(sent.get("applicant_message", "")) == expected.get("mot", "")


@dataclass(slots=True)
class AtTheTerminal(Talk):
    """Files are named by their path."""

    folder: Path = Path()
    channel: str = terminal.NAME

    async def give(self, names: Sequence[str]) -> list[Reply]:
        replies: list[Reply] = []
        for name in names:
            path = self.folder / name
            path.write_bytes(cv(name))
            found = terminal.file_named(str(path))
            assert found
            replies = await self._turn(text=str(path), files=(found,))
        return replies

    async def confirm(self) -> list[Reply]:
        return await self.press("Envoyer")

    async def _turn(self, **values: Any) -> list[Reply]:
        return await turned(self, **values)


async def turned(talk: Talk, **values: Any) -> list[Reply]:
    """A turn, and what becomes of an application it has decided on."""
    rooms, number = talk.rooms, next(talk._numbers)
    incoming = Incoming(talk.channel, talk.address, str(number), order=number, **values)
    await rooms.turns.handle(incoming)
    assert rooms.applying
    await rooms.applying.idle()
    waiting = await rooms.turns.waiting(talk.channel, talk.address)
    if waiting:
        await rooms.turns.acknowledge(talk.channel, talk.address, waiting[-1][0])
    replies = [reply for _, reply in waiting]
    talk.said += replies
    return replies


@dataclass(slots=True)
class AtThePage:
    """Somebody in front of the real page, without JavaScript; what it shows is read as replies."""

    rooms: Rooms
    person: Person
    said: list[Reply] = field(default_factory=list)
    _files: list[str] = field(default_factory=list)
    _token: str = ""

    async def say(self, text: str) -> list[Reply]:
        fields = self.person.page.forms["say"] | {"text": text}
        return await self._sees(await self.person.client.post("/chat", data=fields))

    async def press(self, label: str) -> list[Reply]:
        await self.person.press(label)
        return await self._heard()

    async def send(self, *, payload: str) -> list[Reply]:
        address = f"web:{self.token}"
        signed = self.rooms.signer.sign(payload, address)
        await self.person.send(self.person.page.forms["press"] | {"press": signed})
        return await self._heard()

    async def open(self, **link: Any) -> list[Reply]:
        code = self.rooms.signer.encode(Link(**link))
        page = await self.person.go(f"/l/{code}")
        await self.person.send(page.forms["arrival"])
        return await self._heard()

    async def give(self, names: Sequence[str]) -> list[Reply]:
        """Said at once, chosen only where one confirms."""
        self._files = list(names)
        if "upload" in self.person.page.forms:
            return [self.said[-1]]  # it was asked for there already
        return await self.press("J'ai un CV")

    async def confirm(self) -> list[Reply]:
        if "upload" not in self.person.page.forms:
            return await self.press("Envoyer")
        form = aiohttp.FormData(self.person.page.forms["upload"])
        for name in self._files:
            kind = "image/jpeg" if name.endswith("jpg") else "application/octet-stream"
            form.add_field("cv", BytesIO(cv(name)), filename=name, content_type=kind)
        return await self._sees(await self.person.client.post("/chat", data=form))

    async def _sees(self, response: aiohttp.ClientResponse) -> list[Reply]:
        assert response.status == 200, response.status
        self.person.page = Page(await response.text())
        return await self._heard()

    @property
    def token(self) -> str:
        """Also that of somebody who has just had everything erased."""
        kept = [c.value for c in self.person.client.session.cookie_jar]
        self._token = kept[0] if kept else self._token
        return self._token

    async def _heard(self) -> list[Reply]:
        replies = [reply for _, reply in await self.rooms.turns.waiting("web", self.token)]
        self.said += replies
        return replies


@dataclass(slots=True)
class InTelegram(TelegramTalk):
    """Files are sent, several as one album; ``documents`` are those sent back."""

    documents: list[Sent] = field(default_factory=list)

    async def give(self, names: Sequence[str]) -> list[Reply]:
        album = str(len(self.api.files)) if len(names) > 1 else None
        for name in names:
            if name.endswith("jpg"):
                await self.person.photo(content=cv(name), album=album)
            else:
                await self.person.document(name, cv(name))
            await self.api.settled()
        return await self._heard()

    async def confirm(self) -> list[Reply]:
        return await self.press("Envoyer")

    async def _heard(self) -> list[Reply]:
        await self.api.settled()
        assert self.rooms.applying
        await self.rooms.applying.idle()
        await self.telegram._sender._sweep()  # what an outcome says waits for it
        await self.telegram.idle()
        sent = self.person.read()
        self.documents += [one for one in sent if one.method == "sendDocument"]
        replies = [r for one in sent if one.method == "sendMessage" for r in replies_of(one)]
        self.said += replies
        return replies

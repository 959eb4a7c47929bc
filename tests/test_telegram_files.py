"""Files people sent to the bot: fetched within bounds, and what is wrong with them is told."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.applying import FileGone
from bot.channels.telegram import files as module
from bot.channels.telegram.caller import Caller
from bot.channels.telegram.files import Files
from bot.channels.telegram.request import AiohttpRequest
from dialogs.voice import Voice
from matching.application.document import PDF, Document
from matching.application.refusal import Reason, Refused
from tests.bot_api import BotApi
from tests.telegramming import fake_api


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with fake_api() as server:
        yield server


@pytest.fixture
async def files(api: BotApi) -> AsyncIterator[Files]:
    bot = Caller(
        api.token, base_url=f"{api.url}/bot", base_file_url=f"{api.url}/file/bot",
        request=AiohttpRequest(), get_updates_request=AiohttpRequest(),
    )  # fmt: skip
    await bot.initialize()
    yield Files(bot, Voice.load())
    await bot.shutdown()


async def test_a_file_is_fetched_whole(api: BotApi, files: Files) -> None:
    api.files["a"] = b"%PDF-" + b"x" * 3_000_000
    assert await files.fetch("a") == api.files["a"]


async def test_what_is_gone_is_said_to_be(api: BotApi, files: Files) -> None:
    with pytest.raises(FileGone):
        await files.fetch("never sent")
    api.files["a"] = b"%PDF-"
    for fault in ("500", "garbage", "null", "reset"):
        api.fault(fault, times=1)
        with pytest.raises(FileGone):
            await files.fetch("a")


async def test_what_is_too_big_is_not_read_to_its_end(api: BotApi, files: Files) -> None:
    api.files["a"] = b"0" * 25_000_000
    with pytest.raises(Refused) as caught:
        await files.fetch("a")
    assert caught.value.reason is Reason.FILE_BIG


async def test_a_file_that_does_not_come_is_given_up(
    api: BotApi, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "DOWNLOAD_SECONDS", 1e-6)
    api.files["a"] = b"%PDF-"
    with pytest.raises(FileGone):
        await files.fetch("a")


@pytest.mark.parametrize("path", ["/etc/passwd", "http://elsewhere/x", None, 5])
async def test_only_telegram_is_asked_for_it(
    api: BotApi, files: Files, monkeypatch: pytest.MonkeyPatch, path: object
) -> None:
    async def told(*_: object) -> dict[str, object]:
        return {"file_path": path}

    monkeypatch.setattr(Caller, "call", told)
    with pytest.raises(FileGone):
        await files.fetch("a")


async def test_no_error_tells_the_token(api: BotApi, files: Files) -> None:
    api.files["a"] = b"%PDF-"
    api.down = True
    with pytest.raises(FileGone) as caught:
        await files.fetch("a")
    assert api.token not in repr(caught.value) + repr(caught.value.__context__)


async def test_a_document_is_sent_back_under_its_name(api: BotApi, files: Files) -> None:
    await api.person(7).say("bonjour")
    await files.show("7", Document("CV_Lea.pdf", PDF, b"%PDF-1.7"))
    (sent,) = api.person(7).received
    assert sent.message["document"]["file_name"] == "CV_Lea.pdf"
    assert sent.text == "Ton CV, tel qu’il partira."

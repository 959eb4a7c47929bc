"""Whatever somebody sends in private, they hear something kind, once; nothing said is lost."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from structlog.testing import capture_logs

from bot.channels.telegram.webhook import PATH, SECRET_HEADER
from bot.links import Link
from nlu.understander import Understander
from tests.bot_api import Sent
from tests.talk import plain
from tests.telegramming import fake_api, furnished_copy
from tests.test_telegram_channel import Scene, scene

PHOTO = {"file_id": "f", "file_unique_id": "u", "width": 9, "height": 9}


@pytest.fixture
async def there(
    furnished: Path, tmp_path: Path, understander: Understander
) -> AsyncIterator[Scene]:
    async with (
        fake_api() as api,
        scene(api, furnished_copy(furnished, tmp_path), understander) as made,
    ):
        yield made


async def sends(there: Scene, **content: Any) -> list[Sent]:
    await there.lou.send(**content)
    return await there.hears()


async def test_what_lies_beside_the_words_does_not_silence_them(there: Scene) -> None:
    quoted = {"message_id": 1, "date": 1, "chat": there.lou.home}
    quoted["poll"] = {"id": "1", "question": "?", "options": [{"text": "a", "voter_count": 0}]}
    (said,) = await sends(there, text="boulanger à Lens", reply_to_message=quoted)
    assert "Lens" in said.text


async def test_what_cannot_be_read_is_answered_with_the_log_s_reference(there: Scene) -> None:
    with capture_logs() as logs:
        (said,) = await sends(there, text=["boulanger"])
    (line,) = [line for line in logs if line["event"] == "update_unreadable"]
    assert f"référence {line['reference']}" in plain(said.text)
    assert "Lens" in (await there.says("boulanger à Lens")).text


async def test_what_fails_while_it_is_answered_is_regretted_too(there: Scene) -> None:
    """A press that holds half a character: no mark can be made of it."""
    await there.says("boulanger à Lens")
    with capture_logs() as logs:
        await there.lou.press_data("\ud800")
        (said,) = await there.hears()
    (line,) = [line for line in logs if line["event"] == "update_failed"]
    assert f"référence {line['reference']}" in plain(said.text)
    assert "Arras" in (await there.says("plutôt Arras")).text


async def test_an_album_is_answered_once(there: Scene) -> None:
    for _ in range(4):
        await there.lou.send(photo=[PHOTO], media_group_id="9")
    (said,) = await there.hears()
    assert "je ne garde rien" in plain(said.text)


async def test_the_words_of_an_album_are_answered_once(there: Scene) -> None:
    first = {"caption": "boulanger à Lens"}
    for other in (first, {}, {}):
        await there.lou.send(photo=[PHOTO], media_group_id="9", **other)
    (said,) = await there.hears()
    assert "Lens" in said.text


@pytest.mark.parametrize("what", ["story", "game", "paid_media", "checklist", "poll"])
async def test_whatever_else_comes_is_answered_kindly(there: Scene, what: str) -> None:
    (said,) = await sends(there, **{what: {"id": "1"}})
    assert re.search("métier", said.text)


async def test_a_link_cut_on_the_way_says_so_and_begins(there: Scene) -> None:
    code = there.rooms.signer.encode(Link("Mission locale de Lens", "boulanger", "62498"))
    await there.lou.start(code[:-2])
    (said,) = await there.hears()
    assert "incomplet" in said.text
    assert "Quel métier" in plain(said.text)


async def test_a_lone_slash_is_a_call_for_help(there: Scene) -> None:
    said = await there.says("/")
    assert "Donne-moi des idées" in [plain(label) for label in said.labels]


async def test_the_words_after_a_command_are_heard(there: Scene) -> None:
    assert "Lens" in (await there.says("/offres boulanger à Lens")).text
    assert "CFA" in (await there.says("/aide c koi un cfa")).text
    assert "119" in (await there.says("/humain mon patron me frappe")).text


async def test_an_unreadable_message_brought_again_is_regretted_once(there: Scene) -> None:
    there.api.chat(there.lou.home)
    message = {"message_id": 1, "date": 1, "chat": there.lou.home, "text": 7}
    door = f"{there.rooms.settings.public_url}{PATH}"
    headers = {SECRET_HEADER: there.rooms.settings.webhook_secret()}
    async with aiohttp.ClientSession(headers=headers) as session:
        for _ in range(2):
            update = {"update_id": 5_000_000, "message": message}
            async with session.post(door, json=update) as answer:
                assert answer.status == 200
    (said,) = await there.hears()
    assert "référence" in plain(said.text)

"""Our fake Bot API, asked through the library that the whole world uses."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup

from tests.bot_api import TOKEN, BotApi, running


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with running(first_update=100) as server:
        yield server


def client(api: BotApi, token: str = TOKEN) -> Bot:
    return Bot(token, base_url=f"{api.url}/bot", base_file_url=f"{api.url}/file/bot")


@pytest.fixture
async def bot(api: BotApi) -> AsyncIterator[Bot]:
    async with client(api) as connected:
        yield connected


async def test_a_conversation(api: BotApi, bot: Bot) -> None:
    lou = api.person(5, first_name="Lou")
    assert await lou.start("abc") == 100
    (update,) = await bot.get_updates(timeout=5)
    assert update.message
    assert update.message.text == "/start abc"
    assert update.message.parse_entities() == {update.message.entities[0]: "/start"}
    keys = InlineKeyboardMarkup.from_row(
        [InlineKeyboardButton("Oui", callback_data="y"), InlineKeyboardButton("Voir", "http://a/b")]
    )
    sent = await bot.send_message(5, "<b>Bonjour</b> &amp; <i>👋</i>", "HTML", reply_markup=keys)
    assert sent.text == "Bonjour & 👋"
    assert sent.parse_entities() == {sent.entities[0]: "Bonjour", sent.entities[1]: "👋"}
    assert [m.text for m in lou.read()] == ["Bonjour & 👋"]
    assert await lou.press("Voir") == "http://a/b"
    assert await lou.press("Oui") == 101
    assert await lou.press_again() == 102
    first, second = await bot.get_updates(offset=101)
    assert first.callback_query
    assert second.callback_query
    assert first.callback_query.data == second.callback_query.data == "y"
    assert first.callback_query.id != second.callback_query.id
    assert await first.callback_query.answer("Noté")
    await first.callback_query.edit_message_text("Merci")
    assert (lou.told, lou.received[0].text, lou.received[0].labels) == (["Noté"], "Merci", [])
    assert api.violations == []

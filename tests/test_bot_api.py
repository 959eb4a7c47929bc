"""Our fake Bot API, asked through the library that the whole world uses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from io import BytesIO

import pytest
from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeAllPrivateChats,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    MenuButtonCommands,
    ReplyKeyboardMarkup,
    Update,
)
from telegram.error import BadRequest, Conflict, Forbidden, InvalidToken
from telegram.request import HTTPXRequest

from tests.bot_api import TOKEN, BotApi, running


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with running(first_update=100) as server:
        yield server


def client(api: BotApi) -> Bot:
    return Bot(TOKEN, base_url=f"{api.url}/bot", base_file_url=f"{api.url}/file/bot")


@pytest.fixture
async def bot(api: BotApi) -> AsyncIterator[Bot]:
    async with client(api) as connected:
        yield connected
    assert api.violations == []


def keys(*labels: str) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup.from_row(
        [InlineKeyboardButton(label, callback_data=label.lower()) for label in labels]
    )


async def test_a_conversation(api: BotApi, bot: Bot) -> None:
    lou = api.person(5, first_name="Lou")
    assert await lou.start("abc") == 100
    (update,) = await bot.get_updates(timeout=5)
    assert update.message
    assert update.message.text == "/start abc"
    assert update.message.parse_entities() == {update.message.entities[0]: "/start"}
    sent = await bot.send_message(
        5, "<b>Bonjour</b> &amp; <i>👋</i>", "HTML", reply_markup=keys("Oui")
    )
    assert sent.text == "Bonjour & 👋"
    assert sent.parse_entities() == {sent.entities[0]: "Bonjour", sent.entities[1]: "👋"}
    assert [m.text for m in lou.read()] == ["Bonjour & 👋"]
    assert lou.read() == []
    assert await lou.press("Oui") == 101
    assert await lou.press_again() == 102
    first, second = await bot.get_updates(offset=101)
    assert first.callback_query
    assert second.callback_query
    assert first.callback_query.data == second.callback_query.data == "oui"
    assert first.callback_query.message == second.callback_query.message == sent
    assert first.callback_query.id != second.callback_query.id
    assert await first.callback_query.answer("Noté")
    await first.callback_query.edit_message_text("Merci")
    assert (lou.told, lou.received[0].text, lou.received[0].labels) == (["Noté"], "Merci", [])
    assert lou.received[0].before[0]["text"] == "Bonjour & 👋"


async def test_buttons_that_are_not_pressed(api: BotApi, bot: Bot) -> None:
    lou = api.person(5)
    await lou.start()
    rows = [
        [InlineKeyboardButton("Voir", "http://a/b"), InlineKeyboardButton("Vieux", "http://a/c")],
        [InlineKeyboardButton("Partager", switch_inline_query="Lens")],
    ]
    await bot.send_message(5, "?", reply_markup=InlineKeyboardMarkup(rows))
    await bot.send_message(5, "?", reply_markup=ReplyKeyboardMarkup([["Oui"]]))
    assert (await lou.press("Voir"), await lou.press("Partager")) == ("http://a/b", "Lens")
    assert api.pending == 1
    assert await lou.press("Oui") == 101
    assert api.queue[101]["message"]["text"] == "Oui"
    await bot.edit_message_reply_markup(5, lou.received[0].message_id)
    with pytest.raises(AssertionError, match="no button « Vieux »"):
        await lou.press("Vieux")


async def test_everything_people_send_is_read_by_the_library(api: BotApi, bot: Bot) -> None:
    lou = api.person(5, first_name="Lou", last_name="D", username="loud", language_code="en")
    await lou.say("Bonjour")
    await lou.edit("Bonsoir")
    await lou.location(50.4, 2.8)
    await lou.voice()
    await lou.sticker()
    await lou.photo("moi")
    await lou.document("cv.pdf", b"%PDF")
    await lou.contact()
    await lou.press_data("forged")
    await lou.add_to_group(-7)
    await lou.say_in(-7, "Bonjour")
    await lou.block()
    await lou.unblock()
    updates = await bot.get_updates()
    assert [update.update_id for update in updates] == list(range(100, 114))
    said, edited, place, voice, sticker, photo, document, contact, press, *others = updates
    group, arrival, there, off, on = others
    assert said.message
    assert said.message.from_user
    assert said.message.from_user.language_code == "en"
    assert edited.edited_message
    assert edited.edited_message.message_id == said.message.message_id
    assert edited.edited_message.text == "Bonsoir"
    for update, kind in ((place, "location"), (voice, "voice"), (sticker, "sticker")):
        assert getattr(update.message, kind)
    assert photo.message
    assert (photo.message.caption, len(photo.message.photo)) == ("moi", 1)
    assert contact.message
    assert contact.message.contact
    assert press.callback_query
    assert press.callback_query.data == "forged"
    assert arrival.message
    assert [user.is_bot for user in arrival.message.new_chat_members] == [True]
    assert (group.effective_chat, there.effective_chat) == (group.effective_chat,) * 2
    assert [_membership(u) for u in (group, off, on)] == ["member", "kicked", "member"]
    assert document.message
    assert document.message.document
    file = await document.message.document.get_file()
    assert bytes(await file.download_as_bytearray()) == b"%PDF"


def _membership(update: Update) -> str:
    assert update.my_chat_member
    return update.my_chat_member.new_chat_member.status


async def test_whoever_blocked_hears_nothing(api: BotApi, bot: Bot) -> None:
    lou = api.person(5)
    await lou.start()
    await lou.block()
    with pytest.raises(Forbidden, match="bot was blocked by the user"):
        await bot.send_message(5, "?")
    await lou.start()
    await bot.send_message(5, "Re")
    assert [m.text for m in lou.received] == ["Re"]
    assert list(api.queue) == [100, 101, 102, 103]


async def test_a_group_is_left(api: BotApi, bot: Bot) -> None:
    lou = api.person(5)
    await lou.add_to_group(-7)
    await bot.send_message(-7, "Écrivez-moi en privé.")
    assert await bot.leave_chat(-7)
    with pytest.raises(Forbidden):
        await bot.send_message(-7, "?")
    assert [m.text for m in api.sent[-7]] == ["Écrivez-moi en privé."]


async def test_edits_and_deletions(api: BotApi, bot: Bot) -> None:
    await api.person(5).start()
    sent = await bot.send_message(5, "Un", reply_markup=keys("Oui"))
    for _ in range(2):
        with pytest.raises(BadRequest, match="is not modified"):
            await sent.edit_text("Un", reply_markup=keys("Oui"))
    assert await sent.edit_reply_markup(keys("Non"))
    assert api.sent[5][0].labels == ["Non"]
    assert await sent.delete()
    with pytest.raises(BadRequest, match="Message to edit not found"):
        await sent.edit_text("Deux")
    with pytest.raises(BadRequest, match="Query is too old"):
        await bot.answer_callback_query("12")
    with pytest.raises(BadRequest, match="Chat not found"):
        await bot.send_message(6, "?")


async def test_a_document_is_sent(api: BotApi, bot: Bot) -> None:
    await api.person(5).start()
    content = bytes(range(256)) * 8_000
    sent = await bot.send_document(5, BytesIO(content), "<b>Voilà</b>", filename="été.pdf",
                                   parse_mode="HTML")  # fmt: skip
    assert sent.document
    assert (sent.caption, sent.document.file_name) == ("Voilà", "été.pdf")
    assert api.sent[5][0].text == "Voilà"
    assert bytes(await (await sent.document.get_file()).download_as_bytearray()) == content


async def test_the_profile(api: BotApi, bot: Bot) -> None:
    scope = BotCommandScopeAllPrivateChats()
    await bot.set_my_commands([BotCommand("aide", "L’aide")], scope, "fr")
    assert await bot.get_my_commands(scope, "fr") == (BotCommand("aide", "L’aide"),)
    assert await bot.get_my_commands() == ()
    await bot.set_my_description("Je cherche")
    assert (await bot.get_my_description("fr")).description == "Je cherche"
    await bot.set_my_short_description("Court", "fr")
    assert (await bot.get_my_short_description("fr")).short_description == "Court"
    assert (await bot.get_my_short_description()).short_description == ""
    await bot.set_chat_menu_button(menu_button=MenuButtonCommands())
    assert await bot.get_chat_menu_button() == MenuButtonCommands()


async def test_a_wrong_token(api: BotApi) -> None:
    async with HTTPXRequest() as request:
        with pytest.raises(InvalidToken):
            await Bot("1:other", base_url=f"{api.url}/bot", request=request).get_me()


async def test_polling_confirms_what_comes_before_the_offset(api: BotApi, bot: Bot) -> None:
    lou = api.person(5)
    for n in range(5):
        await lou.say(f"{n}")
    assert [u.update_id for u in await bot.get_updates(limit=2)] == [100, 101]
    assert [u.update_id for u in await bot.get_updates(limit=2)] == [100, 101], "not confirmed"
    assert [u.update_id for u in await bot.get_updates(102)] == [102, 103, 104]
    assert api.pending == 3
    assert [u.update_id for u in await bot.get_updates(-1)] == [104]
    assert await bot.get_updates(105) == ()
    assert api.pending == 0


async def test_a_long_poll_is_answered_when_something_comes(api: BotApi, bot: Bot) -> None:
    waiting = asyncio.create_task(bot.get_updates(timeout=60))
    assert await api.until(lambda: len(api.calls) > 1, 5)
    await api.person(5).say("Enfin")
    assert [u.update_id for u in await waiting] == [100]
    assert await bot.get_updates(101, timeout=0) == ()


async def test_two_bots_cannot_poll(api: BotApi, bot: Bot) -> None:
    first = asyncio.create_task(bot.get_updates(timeout=60))
    assert await api.until(lambda: len(api.calls) > 1, 5)
    async with client(api) as other:
        second = asyncio.create_task(other.get_updates(timeout=60))
        with pytest.raises(Conflict, match="terminated by other getUpdates request"):
            await first
        await api.person(5).say("?")
        assert len(await second) == 1


async def test_only_the_updates_asked_for(api: BotApi, bot: Bot) -> None:
    await bot.get_updates(allowed_updates=["message"])
    await api.person(5).say("?")
    await api.person(5).block()
    assert len(await bot.get_updates()) == 1, "what was asked holds until something else is"
    assert len(api.unwanted) == 1


async def test_waiting_says_what_came(api: BotApi, bot: Bot) -> None:
    lou = api.person(5)
    await lou.start()
    later = asyncio.create_task(lou.hears(2))
    await bot.send_message(5, "Un")
    await bot.send_message(5, "Deux")
    assert [m.text for m in await later] == ["Un", "Deux"]
    with pytest.raises(AssertionError, match=r"1 of 2 messages in 0.01 s: \['Deux'\]"):
        await api.replies(5, after=1, n=2, seconds=0.01)

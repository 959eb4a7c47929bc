"""Our fake Bot API about inline queries: what people ask, and what may answer them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from telegram import Bot, InlineQueryResultArticle
from telegram import InputTextMessageContent as Words
from telegram.error import BadRequest

from tests.bot_api import TOKEN, BotApi, running
from tests.test_bot_api_rules import call


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with running() as server:
        await server.person(5).inline("offre")
        yield server


def article(**other: Any) -> dict[str, Any]:
    words = {"message_text": "Regarde"}
    return {"type": "article", "id": "1", "title": "T", "input_message_content": words, **other}


async def test_a_query_and_its_answer(api: BotApi) -> None:
    async with Bot(TOKEN, base_url=f"{api.url}/bot") as bot:
        (update,) = await bot.get_updates(timeout=1)
        asked = update.inline_query
        assert asked
        assert (asked.query, asked.from_user.id, asked.chat_type) == ("offre", 5, "private")
        await asked.answer([InlineQueryResultArticle("1", "T", Words("Regarde"))], cache_time=9)
        (shown,) = await api.person(5).shown()
        assert shown["input_message_content"]["message_text"] == "Regarde"
        with pytest.raises(BadRequest, match="Query is too old"):
            await asked.answer([])
    assert api.violations == []


@pytest.mark.parametrize(
    ("params", "allowed"),
    [
        ({"results": []}, True),
        ({"results": [article(), article(id="2", description="d", url="http://a")]}, True),
        ({"results": [article(id=str(n)) for n in range(51)]}, False),
        ({"results": [article(), article()]}, False),
        ({"results": [article(id="x" * 65)]}, False),
        ({"results": [article(id="")]}, False),
        ({"results": [article(title=" ")]}, False),
        ({"results": [article(hide_url=True)]}, False),
        ({"results": [article(type="photo")]}, False),
        ({"results": [article(input_message_content={"message_text": "x" * 4097})]}, False),
        ({"results": [article(input_message_content={"text": "x"})]}, False),
        ({"results": [], "next_offset": "x" * 65}, False),
        ({"results": [], "cache_time": -1}, False),
        ({}, False),
    ],
)
async def test_the_limits(api: BotApi, params: dict[str, Any], allowed: bool) -> None:
    (query,) = api.queries
    answer = await call(api, "answerInlineQuery", inline_query_id=query, **params)
    assert answer["ok"] is allowed
    assert bool(api.violations) is not allowed


async def test_an_unknown_query_is_no_violation(api: BotApi) -> None:
    answer = await call(api, "answerInlineQuery", inline_query_id="?", results=[])
    assert answer["error_code"] == 400
    assert api.violations == []

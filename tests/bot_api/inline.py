"""The documented limits of what may be chosen from after an inline query."""

from __future__ import annotations

from typing import Any

from tests.bot_api.markup import parse, units
from tests.bot_api.rules import Json, broken

MOST_RESULTS, MOST_BYTES, MOST_WORDS = 50, 64, 4096

_ARTICLE = {
    "type", "id", "title", "input_message_content", "reply_markup", "url", "description",
    "thumbnail_url", "thumbnail_width", "thumbnail_height",
}  # fmt: skip
_WORDS = {"message_text", "parse_mode", "entities", "link_preview_options"}


def answer_inline(values: Json) -> None:
    """Raises :class:`Refused`."""
    results = values["results"]
    if len(results) > MOST_RESULTS:
        raise broken("RESULTS_TOO_MUCH")
    if len(values.get("next_offset", "").encode()) > MOST_BYTES:
        raise broken("NEXT_OFFSET_INVALID")
    if values.get("cache_time", 300) < 0:
        raise broken("cache_time is positive")
    for result in results:
        _article(result)
    ids = [result["id"] for result in results]
    if len(set(ids)) < len(ids):
        raise broken("RESULT_ID_DUPLICATE")


def _article(result: Any) -> None:
    """The only kind we use."""
    if not isinstance(result, dict) or result.get("type") != "article":
        raise broken(f"not an article: {result}")
    if unknown := result.keys() - _ARTICLE:
        raise broken(f"an article has no {sorted(unknown)}")
    id = result.get("id")
    if not isinstance(id, str) or not 1 <= len(id.encode()) <= MOST_BYTES:
        raise broken("RESULT_ID_INVALID")
    if not isinstance(result.get("title"), str) or not result["title"].strip():
        raise broken("article title can't be empty")
    words = result.get("input_message_content")
    if not isinstance(words, dict) or words.keys() - _WORDS:
        raise broken(f"not the content of a message: {words}")
    plain, _ = parse(words.get("message_text", ""), words.get("parse_mode"))
    if not plain.strip() or units(plain) > MOST_WORDS:
        raise broken("message text is empty or too long")

"""Updates as nobody should ever send them: every documented kind, its fields missing or absurd."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from itertools import count
from random import Random
from typing import Any

Json = dict[str, Any]

KINDS = (
    "message", "edited_message", "channel_post", "edited_channel_post", "business_connection",
    "business_message", "edited_business_message", "deleted_business_messages",
    "message_reaction", "message_reaction_count", "inline_query", "chosen_inline_result",
    "callback_query", "shipping_query", "pre_checkout_query", "purchased_paid_media", "poll",
    "poll_answer", "my_chat_member", "chat_member", "chat_join_request", "chat_boost",
    "removed_chat_boost", "something_new",
)  # fmt: skip

USER = {"id": 77, "is_bot": False, "first_name": "Zoé", "language_code": "fr"}
CHAT = {"id": 77, "type": "private", "first_name": "Zoé"}
FILE = {"file_id": "f", "file_unique_id": "u", "file_size": 9}
MEMBER = {"user": {"id": 4242, "is_bot": True, "first_name": "C"}, "status": "member"}
CONTENTS: tuple[Json, ...] = (
    {"text": "boulanger à Lens"}, {"text": "/start"}, {"text": "/start AQAB"}, {"text": "/offres"},
    {"text": "supprime tout"}, {"caption": "Lens", "photo": [{**FILE, "width": 1, "height": 1}]},
    {"location": {"latitude": 50.4, "longitude": 2.8}}, {"voice": {**FILE, "duration": 1}},
    {"venue": {"location": {"latitude": 1, "longitude": 2}, "title": "t", "address": "a"}},
    {"contact": {"phone_number": "0600000000", "first_name": "Z"}}, {"dice": {"emoji": "🎲"}},
    {"sticker": {**FILE, "type": "regular", "width": 1, "height": 1}}, {"document": FILE},
    {"new_chat_members": [USER]}, {"left_chat_member": USER}, {"migrate_to_chat_id": -100},
    {"poll": {"id": "1", "question": "?", "options": []}}, {"web_app_data": {"data": "x"}},
)  # fmt: skip
ABSURD: tuple[Any, ...] = (
    None, True, 0, -1, 5, 2**31, 2**53, 2**63, 2**70, -(2**70), 10**400, 1.5, float("nan"),
    float("inf"), "", " ", "\0", "\ud800", "\udfff👋", "x" * 5000, "é\u202e", "12", "private",
    "supergroup", "kicked", [], [None], [[[]]], {}, {"id": None}, {"id": "x"}, {"": ""},
)  # fmt: skip


def strange_updates(random: Random, first: int) -> Iterator[Json]:
    """Without end; their numbers follow one another. Half are only slightly wrong."""
    for number in count(first):
        kind = random.choice(KINDS if random.random() < 0.5 else READ)
        content = _content(random, kind)
        for _ in range(random.choice((0, 0, 1, 1, 2, 4))):
            _spoil(random, content)
        if random.random() < 0.3:
            _aim(random, content)
        yield {"update_id": number, kind: content}


def _content(random: Random, kind: str) -> Any:
    chat = {**CHAT, "id": random.choice((77, 78, -5)), "type": random.choice(("private",) * 6 + (
        "group", "supergroup", "channel"))}  # fmt: skip
    message = {"message_id": random.randint(1, 9), "date": 1_795_000_000, "chat": chat}
    message |= {"from": {**USER}, **random.choice(CONTENTS)}
    match kind:
        case "callback_query":
            data = random.choice(("/again.AAAAAAAA", "", "x" * 64, "/set t=boulanger"))
            shown = {**message, "text": "?"}
            content: Json = {"id": "1", "from": USER, "chat_instance": "c", "data": data}
            content["message"] = shown
        case "inline_query":
            content = {"id": "1", "from": USER, "query": "demonstration:boulanger-77", "offset": ""}
        case "my_chat_member" | "chat_member":
            content = {"chat": chat, "from": USER, "date": 1, "old_chat_member": MEMBER}
            status = random.choice(("kicked", "member", "left", "administrator"))
            content["new_chat_member"] = {**MEMBER, "status": status, "until_date": 0}
        case "poll":
            content = {"id": "1", "question": "?", "options": [], "is_closed": False}
        case _:
            content = message
    copy: Any = json.loads(json.dumps(content))
    return copy


READ = ("message", "edited_message", "callback_query", "inline_query", "my_chat_member")
AIMED = (
    ("chat", "id"), ("chat", "id"), ("chat", "id"), ("message", "chat", "id"), ("text",),
    ("data",), ("query",), ("id",),
    ("location", "latitude"), ("message_id",), ("new_chat_member", "status"), ("caption",),
)  # fmt: skip


def _absurd(random: Random) -> Any:
    return deepcopy(random.choice(ABSURD))


def _aim(random: Random, content: Any) -> None:
    """One of the few values that we read ourselves becomes absurd."""
    *path, last = random.choice(AIMED)
    holder = content
    for key in path:
        holder = holder.get(key) if isinstance(holder, dict) else None
    if isinstance(holder, dict) and last in holder:
        holder[last] = _absurd(random)


def _spoil(random: Random, content: Any) -> None:
    """One value somewhere below becomes absurd, goes, or is buried."""
    holder, key = content, None
    while isinstance(holder, dict | list) and holder:
        key = random.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
        if not isinstance(holder[key], dict | list) or not holder[key] or random.random() < 0.4:
            break
        holder = holder[key]
    if key is None:
        return
    match random.randrange(6):
        case 0:
            del holder[key]
        case 1:
            holder[key] = _deep(random.choice((5, 50, 400)), holder[key])
        case 2 if isinstance(holder, dict):
            holder[random.choice(("text", "chat", "from", "entities", "id", "via_bot"))] = _absurd(
                random
            )
        case _:
            holder[key] = _absurd(random)


def _deep(depth: int, value: Any) -> Any:
    for level in range(depth):
        value = [value] if level % 2 else {"message": value}
    return value


def strange_bodies(random: Random, secret: str) -> Iterator[tuple[bytes, dict[str, str]]]:
    """What is no update at all, with the headers it comes with."""
    good = {"X-Telegram-Bot-Api-Secret-Token": secret}
    sane = b'{"update_id": 1, "message": {}}'
    headers: tuple[dict[str, str], ...] = (
        {}, {"X-Telegram-Bot-Api-Secret-Token": secret[:-1]},
        {"X-Telegram-Bot-Api-Secret-Token": "é" * 9}, {**good, "Content-Encoding": "gzip"},
        {**good, "Content-Encoding": "deflate"}, {**good, "Content-Encoding": "br"},
        {**good, "Content-Type": "multipart/form-data; boundary=x"},
        {**good, "Content-Type": "text/plain; charset=utf-7"}, {**good, "Content-Type": "\xff"},
        {**good, "Transfer-Encoding": "gzip"}, {**good, "Expect": "200-maybe"},
    )  # fmt: skip
    bodies = (
        b"", b"{", b"null", b"[]", b"1", b'"x"', b"\xff\xfe", b"\x00" * 99, b"[" * 200_000,
        b'{"update_id":' + b"9" * 5000 + b"}", b'{"update_id": NaN}', b'{"update_id": -1}',
        b'{"update_id": true}', b'{"update_id": 1e3}', b'{"update_id": "1"}', sane[:-1],
        b'{"update_id": 1, ' + b'"a": {' * 3000, "{}".encode("utf-16"), b"x" * 300_000,
    )  # fmt: skip
    while True:
        if random.random() < 0.5:
            yield random.choice(bodies), good
        else:
            yield sane, random.choice(headers)

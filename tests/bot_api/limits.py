"""The documented limits of texts, keyboards and commands."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tests.bot_api.inline import answer_inline
from tests.bot_api.markup import parse, units
from tests.bot_api.rules import Json, Refused, broken

TEXT, CAPTION, ANSWER, DESCRIPTION, SHORT_DESCRIPTION = 4096, 1024, 200, 512, 120
MOST_BUTTONS, MOST_IN_A_ROW, MOST_COMMANDS = 100, 8, 100

ACTIONS = frozenset(
    "typing upload_photo record_video upload_video record_voice upload_voice upload_document"
    " choose_sticker find_location record_video_note upload_video_note".split()
)
UPDATES = frozenset(
    "message edited_message channel_post edited_channel_post business_connection business_message"
    " edited_business_message deleted_business_messages message_reaction message_reaction_count"
    " inline_query chosen_inline_result callback_query shipping_query pre_checkout_query"
    " purchased_paid_media poll poll_answer my_chat_member chat_member chat_join_request"
    " chat_boost removed_chat_boost".split()
)
ASKED_FOR = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
"""Kinds of updates that only come when they are named."""

_STYLE = {"icon_custom_emoji_id", "style"}
_INLINE_ACTIONS = {
    "url", "callback_data", "web_app", "login_url", "switch_inline_query",
    "switch_inline_query_current_chat", "switch_inline_query_chosen_chat", "copy_text",
    "callback_game", "pay",
}  # fmt: skip
_KEYBOARD_ACTIONS = {
    "request_users", "request_chat", "request_contact", "request_location", "request_poll",
    "web_app",
}  # fmt: skip
_MARKUPS = {
    "inline_keyboard": set[str](),
    "keyboard": {
        "is_persistent", "resize_keyboard", "one_time_keyboard", "input_field_placeholder",
        "selective",
    },
    "remove_keyboard": {"selective"},
    "force_reply": {"input_field_placeholder", "selective"},
}  # fmt: skip
_PREVIEW = {
    "is_disabled", "url", "prefer_small_media", "prefer_large_media", "show_above_text",
}  # fmt: skip
_REPLY = {
    "message_id", "chat_id", "allow_sending_without_reply", "quote", "quote_parse_mode",
    "quote_entities", "quote_position", "checklist_task_id", "poll_option_id",
}  # fmt: skip
_SCOPES = {
    "default", "all_private_chats", "all_group_chats", "all_chat_administrators", "chat",
    "chat_administrators", "chat_member",
}  # fmt: skip
_URL = re.compile(r"(?:https?://[^\s/?#]+\S*|tg://\S+)", re.IGNORECASE)
_COMMAND = re.compile(r"[a-z0-9_]{1,32}")
_LANGUAGE = re.compile(r"[a-z]{2}")
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")


def check(method: str, values: Json, *, private: bool) -> None:
    """Every limit that concerns one call but the text's. Raises :class:`Refused`."""
    if "reply_markup" in values:
        markup(values["reply_markup"], private=private, edited=method.startswith("edit"))
    if "link_preview_options" in values:
        _known(values["link_preview_options"], _PREVIEW, "link_preview_options")
    if "reply_parameters" in values:
        _known(values["reply_parameters"], _REPLY, "reply_parameters")
        _needs(values["reply_parameters"], "message_id")
    checker = _OF_METHOD.get(method)
    if checker is not None:
        checker(values)


def read_text(values: Json) -> tuple[str, list[Json]]:
    """What people will read of a message, and its entities. Raises :class:`Refused`."""
    plain, entities = parse(values["text"], values.get("parse_mode"))
    if not plain.strip():
        raise broken("message text is empty")
    _at_most(plain, TEXT, "message is too long")
    return plain, values.get("entities", entities)


def read_caption(values: Json) -> tuple[str, list[Json]]:
    """The same below a document, where there may be none."""
    plain, entities = parse(values.get("caption", ""), values.get("parse_mode"))
    _at_most(plain, CAPTION, "message caption is too long")
    return plain, values.get("caption_entities", entities)


def _at_most(text: str, most: int, problem: str) -> None:
    if len(text) > most // 2 and units(text) > most:
        raise broken(problem)


def _known(value: Mapping[str, Any], names: set[str], what: str) -> None:
    if not value.keys() <= names:
        raise broken(f"{what} has no {sorted(value.keys() - names)}")


def _needs(value: Mapping[str, Any], *names: str) -> None:
    missing = [name for name in names if value.get(name) is None]
    if missing:
        raise broken(f"{missing} is missing in {value}")


def markup(value: Json, *, private: bool, edited: bool = False) -> None:
    """A keyboard of either kind, or its removal. Raises :class:`Refused`."""
    kinds = value.keys() & _MARKUPS.keys()
    if len(kinds) != 1:
        raise broken(f"reply_markup must be of one kind: {sorted(value)}")
    kind = kinds.pop()
    _known(value, {kind} | _MARKUPS[kind], "reply_markup")
    if edited and kind != "inline_keyboard":
        raise broken("an edited message only takes an inline keyboard")
    if kind in {"remove_keyboard", "force_reply"}:
        if value[kind] is not True:
            raise broken(f"{kind} must be true")
        return
    if not 1 <= units(value.get("input_field_placeholder", "…")) <= 64:
        raise broken("input_field_placeholder has 1 to 64 characters")
    _rows(value[kind], kind, private=private)


def _rows(rows: Any, kind: str, *, private: bool) -> None:
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise broken("a keyboard is an array of arrays")
    if kind == "keyboard" and not any(rows):
        raise broken("a keyboard without buttons")
    if sum(map(len, rows)) > MOST_BUTTONS or any(len(row) > MOST_IN_A_ROW for row in rows):
        raise broken("reply markup is too long")
    for row in rows:
        for button in row:
            if kind == "inline_keyboard":
                _inline_button(button)
            else:
                _keyboard_button(button, private=private)


def _inline_button(button: Json) -> None:
    _label(button)
    _known(button, {"text"} | _STYLE | _INLINE_ACTIONS, "an inline button")
    if len(button.keys() & _INLINE_ACTIONS) != 1:
        raise broken(f"an inline button does exactly one thing: {button}")
    data = button.get("callback_data")
    if "callback_data" in button and not (
        isinstance(data, str) and 1 <= len(data.encode("utf-8", "surrogatepass")) <= 64
    ):
        raise broken("BUTTON_DATA_INVALID")
    if "url" in button and not _is_url(button["url"]):
        raise broken(f"BUTTON_URL_INVALID: {button['url']}")
    if "copy_text" in button and not 1 <= units(button["copy_text"].get("text", "")) <= 256:
        raise broken("text to copy has 1 to 256 characters")


def _keyboard_button(button: Json | str, *, private: bool) -> None:
    if isinstance(button, str):
        button = {"text": button}
    _label(button)
    _known(button, {"text"} | _STYLE | _KEYBOARD_ACTIONS, "a keyboard button")
    asked = button.keys() & _KEYBOARD_ACTIONS
    if len(asked) > 1:
        raise broken(f"a keyboard button does one thing: {button}")
    if asked & {"request_location", "request_contact", "web_app"} and not private:
        raise broken("location can be requested in private chats only")


def _label(button: Any) -> None:
    if not isinstance(button, dict) or not isinstance(button.get("text"), str):
        raise broken(f"a button has a text: {button}")
    if not button["text"].strip():
        raise broken("a button's text is empty")


def _is_url(value: Any) -> bool:
    return isinstance(value, str) and _URL.fullmatch(value) is not None


def _commands(values: Json) -> None:
    commands = values["commands"]
    if len(commands) > MOST_COMMANDS:
        raise broken("too many commands")
    for command in commands:
        _known(command, {"command", "description"}, "a command")
        _needs(command, "command", "description")
        if not _COMMAND.fullmatch(command["command"]):
            raise broken(f"BOT_COMMAND_INVALID: {command['command']}")
        if not 1 <= units(command["description"]) <= 256:
            raise broken("BOT_COMMAND_DESCRIPTION_INVALID")
    _scope(values)


def _scope(values: Json) -> None:
    if values.get("scope", {"type": "default"}).get("type") not in _SCOPES:
        raise broken(f"unknown scope {values['scope']}")
    _language(values)


def _language(values: Json) -> None:
    if values.get("language_code") and not _LANGUAGE.fullmatch(values["language_code"]):
        raise broken("language_code has two letters")


def _description(values: Json) -> None:
    _at_most(values.get("description", ""), DESCRIPTION, "description is too long")
    _language(values)


def _short_description(values: Json) -> None:
    _at_most(values.get("short_description", ""), SHORT_DESCRIPTION, "it is too long")
    _language(values)


def _answer(values: Json) -> None:
    _at_most(values.get("text", ""), ANSWER, "MESSAGE_TOO_LONG")


def _action(values: Json) -> None:
    if values["action"] not in ACTIONS:
        raise broken("wrong parameter action in request")


def _edited(values: Json) -> None:
    if "inline_message_id" in values:
        raise broken("no message of ours is inline")
    _needs(values, "chat_id", "message_id")


def _menu(values: Json) -> None:
    if values.get("menu_button", {"type": "default"}).get("type") not in {
        "commands", "web_app", "default",
    }:  # fmt: skip
        raise broken(f"unknown menu button {values['menu_button']}")


def _kinds(values: Json) -> None:
    if not set(values.get("allowed_updates", ())) <= UPDATES:
        raise broken(f"unknown updates among {values['allowed_updates']}")


def _polling(values: Json) -> None:
    _kinds(values)
    if not 1 <= values.get("limit", 100) <= 100 or values.get("timeout", 0) < 0:
        raise broken("limit is 1 to 100, timeout is positive")


def _webhook(values: Json) -> None:
    _kinds(values)
    if not 1 <= values.get("max_connections", 40) <= 100:
        raise broken("max_connections is 1 to 100")
    if "secret_token" in values and not _SECRET.fullmatch(values["secret_token"]):
        raise broken("secret token contains unallowed characters")
    if values["url"] and not _is_url(values["url"]):
        raise Refused(400, "Bad Request: bad webhook: Failed to resolve host")


_OF_METHOD = {
    "setMyCommands": _commands,
    "getMyCommands": _scope,
    "deleteMyCommands": _scope,
    "setMyDescription": _description,
    "getMyDescription": _language,
    "setMyShortDescription": _short_description,
    "getMyShortDescription": _language,
    "setChatMenuButton": _menu,
    "answerCallbackQuery": _answer,
    "answerInlineQuery": answer_inline,
    "sendChatAction": _action,
    "editMessageText": _edited,
    "editMessageReplyMarkup": _edited,
    "getUpdates": _polling,
    "setWebhook": _webhook,
}

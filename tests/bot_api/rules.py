"""The documented parameters of the Bot API methods we use, and how a value is read."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

Json = dict[str, Any]

NOT_MODIFIED = (
    "Bad Request: message is not modified: specified new message content and reply markup are "
    "exactly the same as a current content and reply markup of the message"
)
TOO_OLD = "Bad Request: query is too old and response timeout expired or query ID is invalid"


class Refused(Exception):
    """What the real server answers, in its words.

    With ``violation`` the caller broke what is documented: no person and no failure made it so.
    """

    def __init__(
        self,
        code: int,
        description: str,
        parameters: Json | None = None,
        *,
        violation: bool = False,
    ) -> None:
        super().__init__(description)
        self.code, self.description, self.parameters = code, description, parameters
        self.violation = violation


def broken(description: str) -> Refused:
    """A rule of the documentation that a call does not keep."""
    return Refused(400, f"Bad Request: {description}", violation=True)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file sent in a form."""

    filename: str
    content_type: str
    content: bytes


class Parameter(NamedTuple):
    """How a parameter is read, and whether a call must have it."""

    read: Callable[[Any], Any]
    required: bool


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("a string")
    return value


def _whole(value: Any) -> int:
    if isinstance(value, str) and value.removeprefix("-").isdecimal():
        return int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError("an integer")
    return value


def _truth(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    raise ValueError("a boolean")


def _chat(value: Any) -> int:
    """Channels by « @name » are documented, and none of ours."""
    return _whole(value)


def _decoded(value: Any) -> Any:
    """An object or an array, which a form and even a JSON body may hold as JSON in a string."""
    return json.loads(value) if isinstance(value, str) else value


def _mapping(value: Any) -> Json:
    value = _decoded(value)
    if not isinstance(value, dict):
        raise ValueError("an object")
    return value


def _array(value: Any) -> list[Any]:
    value = _decoded(value)
    if not isinstance(value, list):
        raise ValueError("an array")
    return value


def _file(value: Any) -> Upload | str:
    if isinstance(value, Upload | str):
        return value
    raise ValueError("a file, its identifier or its address")


_READ: dict[str, Callable[[Any], Any]] = {
    "str": _text,
    "int": _whole,
    "bool": _truth,
    "chat": _chat,
    "object": _mapping,
    "array": _array,
    "file": _file,
}

_WHERE = "business_connection_id:str chat_id:chat! message_thread_id:int"
_SENDING = f"""{_WHERE} direct_messages_topic_id:int disable_notification:bool protect_content:bool
    allow_paid_broadcast:bool message_effect_id:str suggested_post_parameters:object
    reply_parameters:object reply_markup:object parse_mode:str"""
_EDITING = """business_connection_id:str chat_id:chat message_id:int inline_message_id:str
    reply_markup:object"""

_DOCUMENTED = {
    "getMe": "",
    "getUpdates": "offset:int limit:int timeout:int allowed_updates:array",
    "setWebhook": """url:str! certificate:file ip_address:str max_connections:int
        allowed_updates:array drop_pending_updates:bool secret_token:str""",
    "deleteWebhook": "drop_pending_updates:bool",
    "getWebhookInfo": "",
    "sendMessage": f"{_SENDING} text:str! entities:array link_preview_options:object",
    "sendChatAction": f"{_WHERE} action:str!",
    "sendDocument": f"""{_SENDING} document:file! thumbnail:file caption:str
        caption_entities:array disable_content_type_detection:bool""",
    "editMessageText": f"""{_EDITING} text:str! parse_mode:str entities:array
        link_preview_options:object""",
    "editMessageReplyMarkup": _EDITING,
    "deleteMessage": "chat_id:chat! message_id:int!",
    "answerInlineQuery": """inline_query_id:str! results:array! cache_time:int is_personal:bool
        next_offset:str button:object""",
    "answerCallbackQuery": """callback_query_id:str! text:str show_alert:bool url:str
        cache_time:int""",
    "setMyCommands": "commands:array! scope:object language_code:str",
    "getMyCommands": "scope:object language_code:str",
    "deleteMyCommands": "scope:object language_code:str",
    "setMyDescription": "description:str language_code:str",
    "getMyDescription": "language_code:str",
    "setMyShortDescription": "short_description:str language_code:str",
    "getMyShortDescription": "language_code:str",
    "setChatMenuButton": "chat_id:chat menu_button:object",
    "getChatMenuButton": "chat_id:chat",
    "leaveChat": "chat_id:chat!",
    "getFile": "file_id:str!",
}


def _parameters(line: str) -> dict[str, Parameter]:
    pairs = (item.split(":") for item in line.split())
    return {
        name: Parameter(_READ[kind.removesuffix("!")], kind.endswith("!")) for name, kind in pairs
    }


METHODS = {method: _parameters(line) for method, line in _DOCUMENTED.items()}
NAMES = {method.lower(): method for method in METHODS}
"""Names are understood whatever their case."""


def read_parameters(method: str, given: Json) -> Json:
    """The parameters of a call, each as its documented type. Raises :class:`Refused`."""
    known = METHODS[method]
    values = {}
    for name, value in given.items():
        parameter = known.get(name)
        if parameter is None:
            raise broken(f"{method} has no parameter {name!r}")
        if value is None:
            raise broken(f"{name} of {method} is null")
        try:
            values[name] = parameter.read(value)
        except ValueError as problem:
            raise broken(f"{name} of {method} must be {problem}") from None
    missing = [name for name, rule in known.items() if rule.required and name not in values]
    if missing:
        raise broken(f"{method} needs {', '.join(missing)}")
    return values

"""What each method does to the world, once its parameters are known to be right."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from tests.bot_api.limits import check, read_caption, read_text
from tests.bot_api.rules import NOT_MODIFIED, TOO_OLD, Json, Refused, Upload
from tests.bot_api.world import BOT, Sent, World


def perform(world: World, method: str, values: Json) -> Any:
    """The ``result`` of a call. Raises :class:`Refused`."""
    chat = world.chats.get(values.get("chat_id", 0))
    private = chat.private if chat else values.get("chat_id", 1) > 0
    check(method, values, private=private)
    return _METHODS[method](world, values)


def _get_me(world: World, values: Json) -> Json:
    return BOT


def _shown(values: Json) -> Json:
    """An answer repeats inline keyboards only."""
    shown = values.get("reply_markup", {})
    return {"reply_markup": shown} if shown.get("inline_keyboard") else {}


def _send_message(world: World, values: Json) -> Json:
    plain, entities = read_text(values)
    chat = world.open_chat(values["chat_id"])
    content = {"text": plain, **({"entities": entities} if entities else {}), **_shown(values)}
    return world.record(chat, "sendMessage", values, content).message


def _send_document(world: World, values: Json) -> Json:
    plain, entities = read_caption(values)
    chat = world.open_chat(values["chat_id"])
    document = values["document"]
    name = document.filename if isinstance(document, Upload) else document
    file_id = f"file-{len(world.files) + 1}"
    world.files[file_id] = document.content if isinstance(document, Upload) else b""
    content: Json = {
        "document": {
            "file_id": file_id,
            "file_unique_id": f"u{file_id}",
            "file_name": name,
            "file_size": len(world.files[file_id]),
        },
        **_shown(values),
    }
    if plain:
        content |= {"caption": plain, **({"caption_entities": entities} if entities else {})}
    return world.record(chat, "sendDocument", values, content).message


def _send_chat_action(world: World, values: Json) -> bool:
    world.open_chat(values["chat_id"])
    return True


def _to_edit(world: World, values: Json) -> Sent:
    world.open_chat(values["chat_id"])
    sent = world.by_id.get((values["chat_id"], values["message_id"]))
    if sent is None or sent.deleted:
        raise Refused(400, "Bad Request: message to edit not found")
    return sent


def _edited(world: World, sent: Sent, values: Json, after: Json) -> Json:
    now = {**after, **_shown(values)}
    if all(now.get(key) == sent.message.get(key) for key in ("text", "entities", "reply_markup")):
        raise Refused(400, NOT_MODIFIED)
    sent.before.append(sent.message)
    sent.message = {**now, "edit_date": int(time.time())}
    world.changed()
    return sent.message


def _edit_text(world: World, values: Json) -> Json:
    plain, entities = read_text(values)
    sent = _to_edit(world, values)
    if "text" not in sent.message:
        raise Refused(400, "Bad Request: there is no text in the message to edit")
    kept = {k: v for k, v in sent.message.items() if k not in {"entities", "reply_markup"}}
    extra = {"entities": entities} if entities else {}
    return _edited(world, sent, values, {**kept, "text": plain, **extra})


def _edit_markup(world: World, values: Json) -> Json:
    sent = _to_edit(world, values)
    kept = {k: v for k, v in sent.message.items() if k != "reply_markup"}
    return _edited(world, sent, values, kept)


def _delete_message(world: World, values: Json) -> bool:
    world.open_chat(values["chat_id"])
    sent = world.by_id.get((values["chat_id"], values["message_id"]))
    if sent is None or sent.deleted:
        raise Refused(400, "Bad Request: message to delete not found")
    sent.deleted = True
    world.changed()
    return True


def _answer_callback(world: World, values: Json) -> bool:
    query = values["callback_query_id"]
    if query not in world.presses:
        raise Refused(400, TOO_OLD)
    world.answers[query] = values
    world.changed()
    return True


def _answer_inline(world: World, values: Json) -> bool:
    query = values["inline_query_id"]
    if query not in world.queries or query in world.shown:
        raise Refused(400, TOO_OLD)
    world.shown[query] = values
    world.changed()
    return True


def _place(values: Json) -> str:
    scope = values.get("scope", {"type": "default"})
    return f"{sorted(scope.items())} {values.get('language_code', '')}"


def _set_commands(world: World, values: Json) -> bool:
    world.profile["commands"][_place(values)] = values["commands"]
    return True


def _get_commands(world: World, values: Json) -> Any:
    return world.profile["commands"].get(_place(values), [])


def _delete_commands(world: World, values: Json) -> bool:
    world.profile["commands"].pop(_place(values), None)
    return True


def _setter(name: str) -> Callable[[World, Json], Any]:
    def change(world: World, values: Json) -> bool:
        world.profile[name][values.get("language_code", "")] = values.get(name, "")
        return True

    return change


def _getter(name: str) -> Callable[[World, Json], Any]:
    def tell(world: World, values: Json) -> Json:
        texts = world.profile[name]
        return {name: texts.get(values.get("language_code", ""), texts.get("", ""))}

    return tell


def _set_menu(world: World, values: Json) -> bool:
    world.profile["menu"][str(values.get("chat_id", ""))] = values.get(
        "menu_button", {"type": "default"}
    )
    return True


def _get_menu(world: World, values: Json) -> Any:
    return world.profile["menu"].get(str(values.get("chat_id", "")), {"type": "default"})


def _leave(world: World, values: Json) -> bool:
    chat = world.open_chat(values["chat_id"])
    if chat.private:
        raise Refused(400, "Bad Request: chat member status can't be changed in private chats")
    chat.away = True
    world.push(membership(chat.shape, BOT, "member", "left"))
    return True


def membership(chat: Json, by: Json, before: str, after: str) -> Json:
    """The bot's place in a chat changed."""
    more = {"kicked": {"until_date": 0}}
    return {
        "my_chat_member": {
            "chat": chat,
            "from": by,
            "date": int(time.time()),
            "old_chat_member": {"user": BOT, "status": before, **more.get(before, {})},
            "new_chat_member": {"user": BOT, "status": after, **more.get(after, {})},
        }
    }


def _get_file(world: World, values: Json) -> Json:
    name = values["file_id"]
    if name not in world.files:
        raise Refused(400, "Bad Request: invalid file_id")
    return {
        "file_id": name,
        "file_unique_id": f"u{name}",
        "file_size": len(world.files[name]),
        "file_path": f"documents/{name}",
    }


_METHODS: dict[str, Callable[[World, Json], Any]] = {
    "getMe": _get_me,
    "sendMessage": _send_message,
    "sendDocument": _send_document,
    "sendChatAction": _send_chat_action,
    "editMessageText": _edit_text,
    "editMessageReplyMarkup": _edit_markup,
    "deleteMessage": _delete_message,
    "answerCallbackQuery": _answer_callback,
    "answerInlineQuery": _answer_inline,
    "setMyCommands": _set_commands,
    "getMyCommands": _get_commands,
    "deleteMyCommands": _delete_commands,
    "setMyDescription": _setter("description"),
    "getMyDescription": _getter("description"),
    "setMyShortDescription": _setter("short_description"),
    "getMyShortDescription": _getter("short_description"),
    "setChatMenuButton": _set_menu,
    "getChatMenuButton": _get_menu,
    "leaveChat": _leave,
    "getFile": _get_file,
}

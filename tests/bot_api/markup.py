"""HTML as messages may hold it: allowed tags, closed in order, and nothing left unescaped."""

from __future__ import annotations

import re
from html import unescape

from tests.bot_api.rules import Json, Refused, broken

ENTITY_OF = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline",
    "ins": "underline", "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough",
    "tg-spoiler": "spoiler", "span": "spoiler", "a": "text_link", "code": "code", "pre": "pre",
    "blockquote": "blockquote", "tg-emoji": "custom_emoji",
}  # fmt: skip
"""What each tag becomes."""

_PIECE = re.compile(r"<[^>]*>?|&[^;\s<>&]*;?|>|[^<>&]+")
_TAG = re.compile(r"<(/?)([a-z][a-z-]*)((?:\s+[a-z-]+(?:=\"[^\"<>]*\")?)*)\s*>")
_ATTRIBUTE = re.compile(r"([a-z-]+)(?:=\"([^\"]*)\")?")
_ESCAPED = re.compile(r"&(?:lt|gt|amp|quot|#[0-9]{1,7}|#x[0-9a-fA-F]{1,6});")
_ATTRIBUTES = {
    "a": {"href"},
    "code": {"class"},
    "span": {"class"},
    "blockquote": {"expandable"},
    "tg-emoji": {"emoji-id"},
}


def units(text: str) -> int:
    """Length as the Bot API counts it: in UTF-16 units."""
    return len(text) + sum(character > "\uffff" for character in text)


def parse(text: str, mode: str | None) -> tuple[str, list[Json]]:
    """What people read, and its entities. Raises :class:`Refused`."""
    if mode is None:
        return text, []
    if mode.lower() != "html":
        raise broken(f"parse_mode {mode!r} is not spoken here, only HTML")
    return _Html(text).result()


def _unreadable(why: str) -> Refused:
    return broken(f"can't parse entities: {why}")


class _Html:
    """One text, read from its beginning to its end."""

    def __init__(self, text: str) -> None:
        self._said: list[str] = []
        self._length = 0
        self._open: list[tuple[str, Json]] = []
        self._entities: list[Json] = []
        for piece in _PIECE.findall(text):
            self._read(piece)
        if self._open:
            raise _unreadable(f'can\'t find end tag corresponding to start tag "{self._last}"')

    @property
    def _last(self) -> str:
        return self._open[-1][0] if self._open else ""

    def result(self) -> tuple[str, list[Json]]:
        entities = [entity for entity in self._entities if entity["length"]]
        entities.sort(key=lambda entity: (entity["offset"], -entity["length"]))
        return "".join(self._said), entities

    def _read(self, piece: str) -> None:
        if piece[0] == "<":
            self._tag(piece)
        elif piece[0] == "&":
            if not _ESCAPED.fullmatch(piece):
                raise _unreadable(f"{piece!r} is no supported entity")
            self._say(unescape(piece))
        elif piece == ">":
            raise _unreadable('">" is not escaped')
        else:
            self._say(piece)

    def _say(self, text: str) -> None:
        self._said.append(text)
        self._length += units(text)

    def _tag(self, piece: str) -> None:
        found = _TAG.fullmatch(piece)
        if found is None:
            raise _unreadable(f"{piece!r} is no tag")
        closing, name, rest = found.groups()
        if name not in ENTITY_OF:
            raise _unreadable(f'Unsupported start tag "{name}"')
        if closing:
            self._close(name, rest)
        else:
            entity = self._entity(name, _attributes(name, rest))
            self._open.append((name, entity))
            self._entities.append(entity)

    def _close(self, name: str, rest: str) -> None:
        if rest or self._last != name:
            raise _unreadable(f'Unmatched end tag, expected "</{self._last}>", found "</{name}>"')
        entity = self._open.pop()[1]
        entity["length"] = self._length - entity["offset"]

    def _entity(self, name: str, attributes: dict[str, str]) -> Json:
        around = [tag for tag, _ in self._open]
        if "code" in around or ("pre" in around and name != "code"):
            raise _unreadable(f'"{name}" inside of code')
        if name == "blockquote" and "blockquote" in around:
            raise _unreadable("a quotation inside of another")
        entity: Json = {"type": ENTITY_OF[name], "offset": self._length}
        if name == "a":
            entity["url"] = unescape(attributes["href"])
        elif name == "tg-emoji":
            entity["custom_emoji_id"] = attributes["emoji-id"]
        elif "expandable" in attributes:
            entity["type"] = "expandable_blockquote"
        return entity


def _attributes(name: str, rest: str) -> dict[str, str]:
    given = dict(_ATTRIBUTE.findall(rest))
    allowed = _ATTRIBUTES.get(name, set())
    needed = allowed if name in {"a", "span", "tg-emoji"} else set()
    if not needed <= set(given) <= allowed:
        raise _unreadable(f'Tag "{name}" must have {allowed or "no attribute"}, has {set(given)}')
    for value in given.values():
        if _ESCAPED.sub("", value).count("&"):
            raise _unreadable(f"{value!r} holds an unescaped &")
    if name == "span" and given["class"] != "tg-spoiler":
        raise _unreadable('Tag "span" must have class "tg-spoiler"')
    if name == "code" and not given.get("class", "language-").startswith("language-"):
        raise _unreadable('class of "code" must begin with "language-"')
    return given

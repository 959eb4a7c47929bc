"""What each kind of update means to us, and that none can hurt."""

from __future__ import annotations

from typing import Any

import pytest

from bot.channels.telegram.updates import NOTHING, Heard, Reader
from bot.incoming import OLD_BUTTON
from bot.links import Link, Signer
from nlu.understander import Understander

SIGNER = Signer(b"k" * 32, ["boulanger"])
LOU = {"id": 12, "is_bot": False, "first_name": "Lou"}
CODE = SIGNER.encode(Link("Mission locale", "boulanger", "62498"))
PRIVATE = {"id": 12, "type": "private", "first_name": "Lou"}
GROUP = {"id": -5, "type": "group", "title": "Classe"}


@pytest.fixture(scope="module")
def reader(understander: Understander) -> Reader:
    return Reader(SIGNER, understander.gazetteer, "telegram")


def read(reader: Reader, kind: str = "message", **content: Any) -> Heard:
    base: dict[str, Any] = {"message_id": 3, "date": 1_795_000_000, "chat": PRIVATE, "from": LOU}
    return reader.read({"update_id": 7, kind: {**base, **content}})


def said(reader: Reader, **content: Any) -> dict[str, Any]:
    incoming = read(reader, **content).incoming
    assert incoming
    assert (incoming.channel, incoming.address) == ("telegram", "12")
    assert (incoming.id, incoming.order, incoming.stream) == ("7", 7, "telegram")
    found = {name: getattr(incoming, name) for name in ("text", "payload", "link")}
    return {name: value for name, value in found.items() if value is not None}


FILE = {"file_id": "f", "file_unique_id": "u"}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"text": "boulanger Lens"}, {"text": "boulanger Lens"}),
        ({"photo": [{**FILE, "width": 9, "height": 9}], "caption": "lens"}, {"text": "lens"}),
        ({"photo": [{**FILE, "width": 9, "height": 9}]}, {"payload": "/sent file"}),
        ({"document": FILE}, {"payload": "/sent file"}),
        ({"voice": {**FILE, "duration": 3}}, {"payload": "/sent voice"}),
        ({"video_note": {**FILE, "duration": 3, "length": 9}}, {"payload": "/sent voice"}),
        (
            {"sticker": {**FILE, "width": 9, "height": 9, "type": "regular", "is_animated": False,
                         "is_video": False}},
            {"payload": "/sent sticker"},
        ),
        ({"contact": {"phone_number": "1", "first_name": "A"}}, {"payload": "/sent contact"}),
        ({"location": {"latitude": 50.43, "longitude": 2.83}}, {"payload": "/set p=62498"}),
        ({"location": {"latitude": 40.7, "longitude": -74.0}}, {"payload": "/sent far"}),
        ({"text": "/start"}, {"link": Link()}),
        ({"text": "/start@cma_bot"}, {"link": Link()}),
        ({"text": f"/start {CODE[:-3]}"}, {"payload": "/damaged_link"}),
        ({"text": "/start AQAB"}, {"payload": "/damaged_link"}),
        ({"text": "/start Boulanger"}, {"text": "Boulanger"}),
        ({"text": "/start\nboulanger lens"}, {"text": "boulanger lens"}),
        ({"text": "/start 62300"}, {"text": "62300"}),
        (
            {"text": f"/start {CODE}"},
            {"link": Link("Mission locale", "boulanger", "62498")},
        ),
        ({"text": "/supprimer"}, {"payload": "/delete"}),
        ({"text": "/aide"}, {"payload": "/help"}),
        ({"text": "/delete_yes"}, {"text": "delete_yes"}),
        ({"text": "/boulanger Lens"}, {"text": "boulanger Lens"}),
        ({"text": "/offres boulanger lens"}, {"text": "boulanger lens"}),
        ({"text": "/offres@cma_bot  boulanger lens"}, {"text": "boulanger lens"}),
        ({"text": "/aide c koi un cfa"}, {"text": "c koi un cfa"}),
        ({"text": "/humain je veux mourir"}, {"text": "humain je veux mourir"}),
        ({"text": "/supprimer tout"}, {"text": "supprimer tout"}),
        ({"text": "/"}, {"payload": "/help"}),
        ({"text": "/ "}, {"payload": "/help"}),
        ({"text": "/@cma_bot"}, {"payload": "/help"}),
        ({"story": {"chat": PRIVATE, "id": 1}}, {"payload": "/sent other"}),
        ({"game": {"title": "Jeu"}}, {"payload": "/sent other"}),
        ({"poll": {"id": "1"}}, {"payload": "/sent other"}),
        ({"checklist": {"title": "À faire"}}, {"payload": "/sent other"}),
        ({"paid_media": {"star_count": 1}}, {"payload": "/sent other"}),
        ({"users_shared": {"request_id": 1}}, {"payload": "/sent other"}),
        ({"something_new": {}}, {"payload": "/sent other"}),
        ({}, {"payload": "/sent other"}),
    ],
)  # fmt: skip
def test_a_message(reader: Reader, content: dict[str, Any], expected: dict[str, Any]) -> None:
    assert said(reader, **content) == expected


def test_a_message_changed_is_a_correction(reader: Reader) -> None:
    incoming = read(
        reader, "edited_message", text="boulanger Lens", edit_date=1_795_000_009
    ).incoming
    assert incoming
    assert incoming.text == "boulanger Lens"


def test_a_position_that_moves_says_nothing_new(reader: Reader) -> None:
    spot = {"latitude": 50.43, "longitude": 2.83, "live_period": 60}
    assert read(reader, "edited_message", location=spot, edit_date=1_795_000_009) == NOTHING


def press(reader: Reader, data: str, chat: dict[str, Any] = PRIVATE) -> Heard:
    message = {"message_id": 44, "date": 1_795_000_000, "chat": chat}
    query = {"id": "9", "from": LOU, "chat_instance": "c", "data": data, "message": message}
    return reader.read({"update_id": 8, "callback_query": query})


def test_a_press_of_ours_and_a_forged_one(reader: Reader) -> None:
    signed = SIGNER.sign("/again", "telegram:12")
    good, forged = press(reader, signed), press(reader, "/delete_yes.AAAAAAAA")
    assert good.press
    assert good.incoming
    assert good.incoming.payload == "/again"
    assert good.incoming.press == f"44:{signed}"
    assert forged.press
    assert forged.incoming
    assert forged.incoming.payload == OLD_BUTTON


def test_nobody_is_answered_in_a_group(reader: Reader) -> None:
    assert read(reader, chat=GROUP, text="boulanger Lens") == Heard(group=-5)
    in_group = press(reader, SIGNER.sign("/again", "telegram:-5"), GROUP)
    assert in_group.press
    assert in_group.incoming is None


def member(reader: Reader, status: str, chat: dict[str, Any]) -> Heard:
    bot = {"id": 1, "is_bot": True, "first_name": "CMA"}
    change = {
        "chat": chat, "from": LOU, "date": 1_795_000_000,
        "old_chat_member": {"user": bot, "status": "left"},
        "new_chat_member": {"user": bot, "status": status, "until_date": 0},
    }  # fmt: skip
    return reader.read({"update_id": 9, "my_chat_member": change})


def test_blocked_back_and_invited(reader: Reader) -> None:
    assert member(reader, "kicked", PRIVATE) == Heard(left="12")
    assert member(reader, "member", PRIVATE) == NOTHING
    assert member(reader, "member", GROUP) == Heard(group=-5)
    assert member(reader, "left", GROUP) == NOTHING


@pytest.mark.parametrize(
    "content",
    [
        {"text": "salut", "from": {**LOU, "is_bot": True}},
        {"text": "offre", "via_bot": {"id": 1, "is_bot": True, "first_name": "CMA"}},
        {"chat": {"id": -9, "type": "channel", "title": "Infos"}, "text": "boulanger"},
        {"pinned_message": {"message_id": 1, "date": 0, "chat": PRIVATE}},
        {"message_auto_delete_timer_changed": {"message_auto_delete_time": 9}},
        {"write_access_allowed": {}},
    ],
)
def test_what_is_ignored(reader: Reader, content: dict[str, Any]) -> None:
    assert read(reader, **content) == NOTHING


def photo(reader: Reader, **other: Any) -> Heard:
    return read(reader, photo=[FILE], media_group_id="77", **other)


def test_the_pictures_of_an_album_are_told_together(reader: Reader) -> None:
    first, second = photo(reader, message_id=3).incoming, photo(reader, message_id=4).incoming
    assert first
    assert second
    assert first.payload == second.payload == "/sent file"
    assert first.album == second.album == "77"
    assert [file.photo for file in (*first.files, *second.files)] == [True, True]


def test_the_words_of_an_album_are_what_it_says(reader: Reader) -> None:
    said = photo(reader, message_id=3, caption="boulanger lens").incoming
    assert said
    assert (said.text, said.payload, said.album) == ("boulanger lens", None, "77")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"document": {"file_id": "d", "file_name": "cv.pdf", "file_size": 9}}, ("d", "cv.pdf", 9)),
        ({"document": {"file_id": "d", "mime_type": "image/png"}}, ("d", "", 0)),
        ({"photo": [{"file_id": "s"}, {"file_id": "l", "file_size": 7}]}, ("l", "photo.jpg", 7)),
        ({"photo": [7]}, None),
        ({"document": {"file_id": 5}}, None),
        ({"document": {"file_id": "d" * 501}}, None),
        ({"document": "x"}, None),
    ],
)
def test_a_file_is_known_by_what_finds_it_again(
    reader: Reader, content: dict[str, Any], expected: tuple[str, str, int] | None
) -> None:
    incoming = read(reader, **content).incoming
    assert incoming
    assert incoming.payload == "/sent file"
    assert [(f.ref, f.name, f.size) for f in incoming.files] == ([expected] if expected else [])
    assert "file_id" not in repr(incoming)


def test_what_is_beside_the_words_does_not_keep_them_from_being_read(reader: Reader) -> None:
    """A question quoted, whose choices lack what they should have; strange marks on the words."""
    quoted = {"message_id": 1, "date": 1, "chat": PRIVATE, "poll": {"options": [{}]}}
    beside = {"reply_to_message": quoted, "entities": [7], "quote": [], "from": "Lou"}
    assert said(reader, text="boulanger Lens", **beside) == {"text": "boulanger Lens"}


@pytest.mark.parametrize(
    "content",
    [
        {"text": {"a": 1}},
        {"location": {}},
        {"location": {"latitude": "x"}},
        {"venue": {"location": 5}},
    ],
)
def test_what_cannot_be_read_is_regretted_with_its_reference(
    reader: Reader, content: dict[str, Any]
) -> None:
    update = {"update_id": 7, "message": {"message_id": 3, "chat": PRIVATE, **content}}
    with pytest.raises((TypeError, ValueError)):
        reader.read(update)
    incoming = reader.unreadable(update, "a1b2c3").incoming
    assert incoming
    assert (incoming.address, incoming.payload) == ("12", "/unreadable a1b2c3")
    with pytest.raises(ValueError, match="chat"):
        reader.read({"update_id": 7, "message": {"chat": {"id": [12]}, "text": "lens"}})
    assert reader.unreadable({"update_id": 7, "message": {"chat": GROUP}}, "a1b2c3") == NOTHING
    assert reader.unreadable({"update_id": 7, "message": [1]}, "a1b2c3") == NOTHING

"""Telegram in one process, from the phone to the database and back: gestures, buttons, deletion."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.assembly import Rooms
from bot.channels.telegram import gestures, intake
from bot.channels.telegram.channel import Telegram
from bot.links import Link
from bot.turn import ANSWER_WINDOW
from dialogs.reply import Button, Reply, bundled
from nlu.understander import Understander
from storage.ledger import Left
from tests.bot_api import BotApi, Person, Sent
from tests.talk import plain
from tests.telegramming import Mode, fake_api, furnished_copy, on_telegram


@dataclass(slots=True)
class Scene:
    """The house on Telegram, and Lou."""

    api: BotApi
    rooms: Rooms
    telegram: Telegram
    lou: Person

    async def hears(self) -> list[Sent]:
        """What Lou was told since the last time, once all is settled."""
        await self.api.settled()
        await self.telegram.idle()
        return self.lou.read()

    async def says(self, text: str) -> Sent:
        await self.lou.say(text)
        return (await self.hears())[-1]

    async def presses(self, label: str) -> list[Sent]:
        await self.lou.press(label)
        return await self.hears()

    async def rows(self, sql: str) -> list[tuple[Any, ...]]:
        async with self.rooms.database.read() as tx:
            return [tuple(row) for row in await tx.exec_driver_sql(sql)]


@asynccontextmanager
async def scene(
    api: BotApi, url: str, understander: Understander, mode: Mode = "webhook", **other: Any
) -> AsyncIterator[Scene]:
    async with on_telegram(api, mode, url, None, understander, **other) as (rooms, telegram):
        yield Scene(api, rooms, telegram, api.person(1001))


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with fake_api() as server:
        yield server


@pytest.fixture
def url(furnished: Path, tmp_path: Path) -> str:
    return furnished_copy(furnished, tmp_path)


@pytest.fixture
async def there(api: BotApi, url: str, understander: Understander) -> AsyncIterator[Scene]:
    async with scene(api, url, understander) as made:
        yield made


OFFERS = "boulanger à Lens en septembre"


async def test_an_offer_is_shared_from_within_any_chat(there: Scene) -> None:
    await there.says(OFFERS)
    await there.presses("1. Plus")
    query = await there.lou.press("Partager")
    await there.lou.inline(str(query))
    (article,) = await there.lou.shown()
    said = article["input_message_content"]["message_text"]
    assert re.match(r"Regarde cette offre d'apprentissage : .+\nhttps?://", plain(said))
    await there.lou.inline("no such offer")
    assert await there.lou.shown() == []


async def test_a_group_is_declined_once_and_left(there: Scene) -> None:
    there.api.delay = 0.05
    await there.lou.add_to_group(-7)
    await there.lou.say_in(-7, "boulanger Lens")
    assert await there.api.until(lambda: there.api.chats[-7].away, 5)
    await there.hears()
    (said,) = there.api.sent[-7]
    assert "seulement en privé" in plain(said.text)
    assert said.buttons[0]["url"] == "https://t.me/cmachance_test_bot"
    assert there.lou.received == []


async def test_whoever_blocks_gets_nothing_more_until_they_come_back(there: Scene) -> None:
    await there.says(OFFERS)
    there.api.fault("429", method="sendMessage", retry_after=600)
    await there.lou.say("la suite")
    assert await there.hears() == []
    unsettled = "SELECT count(*) FROM outbox WHERE settled IS NULL"
    assert await there.rows(unsettled) == [(1,)]
    await there.lou.block()
    await there.hears()
    assert await there.rows(unsettled) == [(0,)]
    await there.lou.unblock()
    assert (await there.says("coiffeuse à Arras")).labels
    assert len(there.lou.received) == 2


async def test_whoever_came_back_is_answered_though_their_departure_is_told_again(
    there: Scene,
) -> None:
    await there.says(OFFERS)
    number = await there.lou.block()
    gone = there.api.queue[number]
    await there.hears()
    await there.lou.unblock()
    there.api.fault("429", method="sendMessage", retry_after=600)
    await there.lou.say("la suite")
    await there.hears()
    there.api.push(gone)
    await there.hears()
    assert await there.rows("SELECT count(*) FROM outbox WHERE settled IS NULL") == [(1,)]


async def test_a_press_is_taken_again_after_another(there: Scene) -> None:
    """Within the ten seconds in which the same press twice counts once."""
    await there.says(OFFERS)
    first, second, third = [await there.presses(f"{n}. Plus") for n in (1, 2, 1)]
    assert first[0].text == third[0].text != second[0].text
    await there.lou.press_again()
    assert await there.hears() == []


async def test_an_edited_message_corrects(there: Scene) -> None:
    await there.says("boulanger à Lens")
    await there.lou.edit("boulanger à Arras")
    (said,) = await there.hears()
    assert "Arras" in said.text


async def test_a_position_is_the_nearest_commune(there: Scene) -> None:
    await there.says("boulanger")
    await there.lou.location(50.4291, 2.8319)
    (said,) = await there.hears()
    assert "Lens" in said.text
    kept = str(await there.rows("SELECT * FROM conversations"))
    assert "62498" in kept
    assert "50.4291" not in kept


async def searched(there: Scene) -> dict[str, Any]:
    """What is kept, but for the marks of the sentences already said."""
    ((state,),) = await there.rows("SELECT state FROM conversations")
    slots: dict[str, Any] = json.loads(state)["slots"]
    return {name: value for name, value in slots.items() if name != "said"}


@pytest.mark.parametrize("what", ["voice", "photo", "sticker", "contact", "document"])
async def test_what_we_cannot_read_is_answered_and_not_kept(there: Scene, what: str) -> None:
    await there.says("boulanger")
    before = await searched(there)
    await getattr(there.lou, what)()
    (said,) = await there.hears()
    assert len(said.text) > 20
    assert await searched(there) == before
    assert "+336" not in str(await there.rows("SELECT * FROM outbox"))


async def test_what_a_press_has_settled_is_closed(there: Scene) -> None:
    await there.says(OFFERS)
    (card,) = await there.presses("1. Plus")
    assert "Pas pour moi" in card.labels
    await there.presses("Pas pour moi")
    assert await there.api.until(lambda: bool(card.before), 5)
    assert not {"Pas pour moi", "Déjà pris", "Appeler"} & set(card.labels)
    assert "Partager" in card.labels


async def test_forged_and_foreign_buttons_are_old_ones(there: Scene) -> None:
    await there.says(OFFERS)
    sam = there.api.person(1002)
    await sam.start()
    stolen = there.lou.received[0].buttons[-1]["callback_data"]
    for who, data in ((there.lou, "/delete_yes"), (there.lou, "x" * 64), (sam, stolen)):
        await who.press_data(data)
        await there.api.settled()
        await there.telegram.idle()
        assert re.search("bouton ne marche plus|trop vieux", who.received[-1].text)
    assert len(there.lou.told) == 2
    assert await there.rows("SELECT count(*) FROM conversations") == [(2,)]


async def test_an_old_button_works_after_a_restart(
    api: BotApi, url: str, understander: Understander
) -> None:
    async with scene(api, url, understander) as before:
        await before.says(OFFERS)
    async with scene(api, url, understander, "polling") as after:
        (card,) = await after.presses("1. Plus")
        assert "Pas pour moi" in card.labels


async def test_a_slow_answer_is_announced(there: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def typing() -> int:
        return sum(call.method == "sendChatAction" for call in there.api.calls)

    await there.says("boulanger")
    assert typing() == 0
    monkeypatch.setattr(intake, "TYPING_SECONDS", 0.05)
    monkeypatch.setattr(gestures, "TYPING_FADES_SECONDS", 0.1)
    person = there.rooms.turns.person("telegram", "1001")
    async with there.rooms.locks.hold(person):  # as if a turn were under way
        await there.lou.say("à Lens")
        await there.lou.say("en septembre")
        assert await there.api.until(lambda: typing() == 4, 5)  # as long as it lasts
    assert (await there.hears())[-1].labels
    said = typing()
    assert not await there.api.until(lambda: typing() > said, 0.3)
    assert there.api.peak("sendChatAction", 0.09) == 1


async def test_every_command_of_the_menu_is_answered(there: Scene) -> None:
    await there.says(OFFERS)
    menu = next(iter(there.api.profile["commands"].values()))
    assert len(menu) == 8
    said = [(await there.says(f"/{entry['command']}")).text for entry in menu]
    assert len(set(said)) == 8
    assert not [text for text in said if "compris" in text]


async def test_what_the_database_does_not_tell_is_asked_for_again(there: Scene) -> None:
    """No excuse: Telegram brings the message again, and it is answered."""
    async with there.rooms.database.write() as tx:
        await tx.exec_driver_sql("ALTER TABLE revisions RENAME TO away")
    await there.lou.say("boulanger à Lens")
    refused = there.api.delivery.attempts
    assert await there.api.until(lambda: any("503" in (a.problem or "") for a in refused), 5)
    async with there.rooms.database.write() as tx:
        await tx.exec_driver_sql("ALTER TABLE away RENAME TO revisions")
    (said,) = await there.hears()
    assert "Lens" in said.text
    assert said.labels


async def test_a_conversation_that_cannot_be_read_begins_anew(there: Scene) -> None:
    await there.says("boulanger à Lens")
    async with there.rooms.database.write() as tx:
        strange = """UPDATE conversations SET version = version + 1, state = '{"slots": [1]}'"""
        await tx.exec_driver_sql(strange)
    assert "Arras" in (await there.says("coiffeuse à Arras")).text


async def test_a_counsellors_link_holds_a_search(there: Scene) -> None:
    link = Link("Mission locale de Lens", "boulanger", "62498", radius_km=20)
    await there.lou.start(there.rooms.signer.encode(link))
    said = "\n".join(sent.text for sent in await there.hears())
    assert "Mission locale de Lens" in said
    assert "boulang" in said.casefold()


async def test_the_longest_message_is_answered(there: Scene) -> None:
    text = "🥖 boulanger à Lens 👩‍🍳 " * 300
    assert (await there.says(text[: 4096 - text[:4096].count("👩") * 3 - 600])).text


async def left(rooms: Rooms, address: str, reply: Reply) -> None:
    """A turn said this, and its process died before sending it."""
    turns = rooms.turns
    now = turns.now()
    await turns.ledger.keep(
        Left(
            update=f"left {address}", conversation=turns.person("telegram", address), version=0,
            channel="telegram", address=address, state={}, replies=[bundled([reply])],
            expires=now + turns.keep.person, kept_until=now + turns.keep.person, counts=[],
            day=now.date(),
        ),
        now,
    )  # fmt: skip


async def test_a_long_reply_is_cut_and_goes_on_where_it_stopped(
    api: BotApi, url: str, understander: Understander
) -> None:
    paragraphs = [f"{letter} " * 900 for letter in "abcdef"]
    async with scene(api, url, understander, today=None) as there:
        api.chat(there.lou.home)
        api.delay = 0.1  # leaves the time to make the second part fail
        await left(there.rooms, "1001", Reply("\n\n".join(paragraphs)))
        await there.lou.hears(1)
        api.fault("429", method="sendMessage")
        await api.replies(1001, n=3, seconds=9)
        await there.telegram.idle()
    texts = [sent.text for sent in there.lou.received]
    assert [len(text) <= 4096 for text in texts] == [True] * 3
    assert " ".join(texts).split() == "".join(paragraphs).split()


@pytest.mark.parametrize(
    ("refusals", "labels"),
    [
        (["bad_button"], ["Oui"]),
        (["bad_entities"], ["Oui", "Site"]),
        (["bad_button", "bad_button"], []),
    ],
)
async def test_a_refusal_takes_away_no_more_than_it_must(
    api: BotApi, url: str, understander: Understander, refusals: list[str], labels: list[str]
) -> None:
    """Telegram may dislike an address that we thought good, or our tags: the presses stay."""
    offers = Reply(
        "2 offres.", (Button("Oui", "/again"), Button("Site", url="https://exemple.fr/"))
    )
    async with scene(api, url, understander, today=None) as there:
        api.chat(there.lou.home)
        for refusal in refusals:
            api.fault(refusal, method="sendMessage")
        await left(there.rooms, "1001", offers)
        (said,) = await there.lou.hears(1)
        await there.telegram.idle()
    assert plain(said.text) == "2 offres."
    assert said.labels == labels


async def test_what_another_process_has_sent_is_not_remembered_for_ever(
    api: BotApi, url: str, understander: Understander
) -> None:
    long = Reply("\n\n".join(f"{letter} " * 1500 for letter in "abc"))
    async with scene(api, url, understander, today=None) as there:
        turns, sending = there.rooms.turns, there.telegram._sender
        clock, ahead = turns.now, timedelta()
        turns.now = lambda: clock() + ahead
        for chat in ("1001", "1002"):
            person = api.person(int(chat))
            api.chat(person.home)
            api.delay = 0.1  # leaves the time to make the second part fail
            await left(there.rooms, chat, long)
            await person.hears(1)
            api.fault("429", method="sendMessage", retry_after=3600)
            api.delay = 0
            await there.telegram.idle()
            assert len(sending._parts_sent) == 1
            ahead += ANSWER_WINDOW  # the message is given up, or sent by another


DELETION: list[Callable[[Scene], Any]] = [
    lambda there: there.says("supprime tout"),
    lambda there: there.lou.press("Oui, efface tout"),
]


async def erase(there: Scene) -> None:
    for act in DELETION:
        await act(there)
    await there.api.settled()
    await there.telegram.idle()


async def test_after_a_deletion_nothing_is_left_but_marks(there: Scene) -> None:
    await there.says(OFFERS)
    await there.presses("1. Plus")
    await erase(there)
    assert "effac" in there.lou.received[-1].text
    person = there.rooms.turns.person("telegram", "1001")
    tables = await there.rows("SELECT name FROM sqlite_master WHERE type = 'table'")
    for (table,) in tables:
        if table not in {"seen", "offers", "offer_codes"}:
            kept = str(await there.rows(f"SELECT * FROM {table}"))
            assert "1001" not in kept, table
            assert person not in kept, table
    assert await there.rows("SELECT count(*) FROM conversations") == [(0,)]


async def test_a_farewell_whose_answer_is_lost_is_not_repeated(
    api: BotApi, url: str, understander: Understander
) -> None:
    async with scene(api, url, understander, today=None) as there:
        await there.says("boulanger à Lens")
        await there.says("supprime tout")
        there.api.fault("accepted", method="sendMessage")
        await there.lou.press("Oui, efface tout")
        await there.hears()
        assert await there.rows("SELECT state FROM outbox WHERE once") == [("unknown",)]
        assert "effac" in there.lou.received[-1].text
        assert sum(call.method == "sendMessage" for call in api.calls) == 3

"""One message, once: replays, races, failures; and nothing of what people type is kept."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from bot.assembly import Rooms
from bot.incoming import Incoming
from bot.purge import EVERY, purge
from bot.turn import ANSWER_LEASE, ANSWER_WINDOW
from dialogs.conversation import SLOTS, Conversation
from dialogs.engine import asked_of
from dialogs.plans import Heard
from dialogs.reply import unbundled
from nlu.understander import Understander
from storage import schema as tables
from storage.left import PRESS_AGAIN
from tests.talk import TODAY, Talk, rooms_for


async def test_a_message_that_comes_again_is_answered_once(
    furnished_url: str, understander: Understander
) -> None:
    async with rooms_for(furnished_url, None, understander) as rooms:
        incoming = Incoming("web", "lou", "update-1", text="boulanger à Lens")
        await asyncio.gather(*(rooms.turns.handle(incoming) for _ in range(5)))
        await rooms.turns.handle(incoming)
        waiting = await rooms.turns.waiting("web", "lou")
        assert [reply.name for _, reply in waiting] == ["utter_offers", "utter_ask_availability"]
        assert await rooms.turns.counters.total("turns") == 1


async def test_two_processes_at_once_lose_nothing(
    furnished_url: str, redis_url: str, understander: Understander
) -> None:
    """Twelve messages of one person, alternating between two houses on the same database."""
    async with (
        rooms_for(furnished_url, redis_url, understander) as one,
        rooms_for(furnished_url, redis_url, understander) as other,
    ):
        said = ["boulanger", "lens", "septembre", "plutôt 20 km", "merci", "la suite"] * 2
        await asyncio.gather(
            *(
                (one, other)[n % 2].turns.handle(Incoming("web", "lou", str(n), text=t, order=n))
                for n, t in enumerate(said)
            )
        )
        stored = await one.turns.ledger.load(one.turns.person("web", "lou"))
        assert stored
        assert stored.version == len(said)
        assert await one.turns.counters.total("turns") == len(said)


async def test_without_a_lock_the_fence_redoes_the_turn(
    furnished_url: str, understander: Understander
) -> None:
    """Two houses that know nothing of each other: the version keeps both messages."""
    async with (
        rooms_for(furnished_url, None, understander) as one,
        rooms_for(furnished_url, None, understander) as other,
    ):
        await one.turns.handle(Incoming("web", "lou", "0", text="bonjour"))
        await asyncio.gather(
            one.turns.handle(Incoming("web", "lou", "1", text="boulanger")),
            other.turns.handle(Incoming("web", "lou", "2", text="à Lens")),
        )
        stored = await one.turns.ledger.load(one.turns.person("web", "lou"))
        assert stored
        assert stored.version == 3
        slots = Conversation.from_json(stored.id, stored.version, stored.state).slots
        assert slots["trades"] == ["boulanger"]
        assert slots["where"]["places"] == ["62498"]


class Broken:
    """A matcher at the wire's end that dies of something nobody thought of."""

    async def find(self, *_: Any, **__: Any) -> Any:
        raise ZeroDivisionError("dead")

    async def offer(self, id: str) -> Any:
        raise ZeroDivisionError(id)


async def test_an_error_is_an_apology_with_a_reference_and_loses_nothing(
    furnished_sqlite_url: str, understander: Understander, capsys: pytest.CaptureFixture[str]
) -> None:
    async with rooms_for(furnished_sqlite_url, None, understander) as rooms:
        talk = Talk(rooms, "lou")
        await talk.say("boulanger")
        working = rooms.engine.services.matcher
        object.__setattr__(rooms.engine.services, "matcher", Broken())
        (sorry,) = await talk.say("lens")
        assert sorry.name == "utter_error"
        object.__setattr__(rooms.engine.services, "matcher", working)
        offers, *_ = await talk.say("lens")
        assert offers.text.startswith("Boulanger ou boulangère, 30")
        assert await rooms.turns.counters.total("errors") == 1


async def test_what_people_type_is_never_stored(
    furnished_sqlite_url: str, understander: Understander
) -> None:
    canary = "CanariJauneDeLens"
    async with rooms_for(furnished_sqlite_url, None, understander) as rooms:
        talk = Talk(rooms, "lou")
        for text in (f"je m'appelle {canary}", f"boulanger à lens {canary}", f"{canary} ?"):
            await talk.say(text)
    content = b"".join(path.read_bytes() for path in _files(furnished_sqlite_url))
    assert canary.encode() not in content
    assert b"boulanger" in content


def _files(url: str) -> list[Any]:
    from pathlib import Path

    file = Path(url.removeprefix("sqlite+aiosqlite:///"))
    return sorted(file.parent.glob(f"{file.name}*"))


@pytest.mark.parametrize("days", [29, 31])
async def test_a_conversation_too_old_is_absent_even_before_it_is_erased(
    furnished_url: str, understander: Understander, days: int
) -> None:
    async with rooms_for(furnished_url, None, understander) as rooms:
        await Talk(rooms, "lou").say("boulanger à lens")
        later = rooms.settings.now() + timedelta(days=days)
        rooms.turns.now = lambda: later
        await rooms.turns.handle(Incoming("test", "lou", "later", text="que gardes-tu sur moi ?"))
        said = " ".join(reply.text for _, reply in await rooms.turns.waiting("test", "lou"))
        assert ("Lens" in said) == (days == 29)


async def test_only_networks_we_write_to_keep_an_address(
    furnished_url: str, understander: Understander
) -> None:
    async with rooms_for(furnished_url, None, understander) as rooms:
        for channel in ("web", "terminal", "telegram"):
            await rooms.turns.handle(Incoming(channel, "lou-42", "1", text="lens"))
        async with rooms.database.read() as tx:
            for table in (tables.conversations, tables.outbox):
                kept = await tx.execute(select(table.c.channel, table.c.address).distinct())
                assert dict(kept.all()) == {
                    "web": "",
                    "terminal": "",
                    "telegram": "lou-42",
                }


async def test_a_turn_says_whether_it_was_new(
    furnished_sqlite_url: str, understander: Understander
) -> None:
    async with rooms_for(furnished_sqlite_url, None, understander) as rooms:
        incoming = Incoming("web", "lou", "1", text="lens", quiet=True)
        assert (await rooms.turns.handle(incoming)).new
        assert not (await rooms.turns.handle(incoming)).new
        assert await rooms.turns.waiting("web", "lou") == []


async def test_where_we_write_by_ourselves_replies_are_ours_to_send(
    furnished_url: str, understander: Understander
) -> None:
    """Now and for a quarter of an hour; elsewhere they wait for whoever comes and reads."""
    async with rooms_for(furnished_url, None, understander) as rooms:
        turns = rooms.turns
        kept = await turns.handle(Incoming("telegram", "42", "1", text="boulanger à lens"))
        names = [r.name for message in kept.claimed for r in unbundled(message.body)]
        assert names == ["utter_offers", "utter_ask_availability"]
        assert {(m.channel, m.address, m.attempts) for m in kept.claimed} == {("telegram", "42", 1)}
        behind = await turns.handle(Incoming("telegram", "42", "2", text="septembre"))
        assert (behind.new, behind.claimed, behind.behind) == (True, [], True)
        later = await turns.outbox.unread(kept.claimed[0].conversation, turns.now() + ANSWER_WINDOW)
        assert later == []
        read = await turns.handle(Incoming("web", "lou", "1", text="boulanger à lens"))
        assert (read.new, read.claimed, read.behind) == (True, [], False)
        assert len(await turns.waiting("web", "lou")) == 2


async def test_a_press_repeated_at_once_counts_once(
    furnished_url: str, understander: Understander
) -> None:
    async with rooms_for(furnished_url, None, understander) as rooms:
        turns = rooms.turns

        async def press(id: str, address: str = "42", press: str = "7:p=2") -> bool:
            incoming = Incoming("telegram", address, id, payload="/help", press=press)
            return (await turns.handle(incoming)).new

        assert await press("1")
        assert not await press("2")
        assert await press("3", press="7:p=3")
        assert await press("4")  # pause, resume, pause
        assert not await press("5")
        assert await press("1", address="43")
        later = turns.now() + PRESS_AGAIN
        turns.now = lambda: later
        assert await press("6")
        assert await turns.counters.total("turns") == 5


async def test_whoever_left_and_came_back_loses_no_answer(
    furnished_url: str, understander: Understander
) -> None:
    """That they had left is told again, or told late: what they said since is answered."""
    async with rooms_for(furnished_url, None, understander) as rooms:
        turns = rooms.turns
        for number, text in ((1, "boulanger à lens"), (3, "septembre"), (5, "la suite")):
            await turns.handle(Incoming("telegram", "42", str(number), text, order=number))
        for number in (2, 4, 4, 2):
            await turns.left("telegram", "42", number)
        async with rooms.database.read() as tx:
            query = select(tables.outbox.c.state).order_by(tables.outbox.c.id)
            states = (await tx.execute(query)).scalars().all()
        assert states == ["gone", "gone", "pending"]


@pytest.mark.parametrize("order", [3, 5])
async def test_whoever_left_and_came_back_keeps_their_alerts(
    furnished_url: str, understander: Understander, order: int
) -> None:
    """That they had left is told again (3), or told late (5): they have written since (7)."""
    async with rooms_for(furnished_url, None, understander) as rooms:
        turns = rooms.turns
        said = ("préviens-moi pour boulanger à lens", "16")
        for number, text in enumerate(said, 1):
            await turns.handle(Incoming("telegram", "42", str(number), text, order=number))
        await turns.left("telegram", "42", 3)
        person = turns.person("telegram", "42")
        assert [a.state for a in await turns.alerts.of(person)] == ["stopped"]
        back = Incoming("telegram", "42", "7", "reprends mes alertes", order=7)
        assert (await turns.handle(back)).new
        await turns.left("telegram", "42", order)
        assert [a.state for a in await turns.alerts.of(person)] == ["on"]
        assert (await turns.kept_for("telegram", "42") or EVERY) > timedelta(days=360)
        await turns.left("telegram", "42", 8)
        assert [a.state for a in await turns.alerts.of(person)] == ["stopped"]


async def test_a_goodbye_is_never_repeated(furnished_url: str, understander: Understander) -> None:
    async with rooms_for(furnished_url, None, understander) as rooms:
        turns = rooms.turns
        for id, said in enumerate(("boulanger à lens", "supprime tout")):
            await turns.handle(Incoming("telegram", "42", str(id), text=said))
        kept = await turns.handle(Incoming("telegram", "42", "goodbye", text="oui"))
        assert await turns.ledger.load(turns.person("telegram", "42")) is None
        assert len(kept.claimed) == 1
        late = turns.now() + ANSWER_LEASE
        assert await turns.outbox.claim(
            channel="telegram", owner="other", lease=ANSWER_LEASE, now=late, limit=9
        ) == []  # fmt: skip
        async with rooms.database.read() as tx:
            states = (await tx.execute(select(tables.outbox.c.state))).scalars().all()
        assert states == ["unknown"]


async def test_the_cleaning_takes_what_is_over(
    furnished_sqlite_url: str, understander: Understander
) -> None:
    async with rooms_for(furnished_sqlite_url, None, understander) as rooms:
        await rooms.turns.handle(Incoming("web", "lou", "1", text="boulanger à lens"))
        gone = await purge(_on(rooms, TODAY + timedelta(days=1)))
        assert (gone["conversations"], gone["outbox"], gone["seen"]) == (0, 2, 0)
        gone = await purge(_on(rooms, TODAY + timedelta(days=31)))
        assert (gone["conversations"], gone["outbox"], gone["seen"]) == (1, 0, 1)
    assert timedelta(hours=1) >= EVERY


async def test_the_cleaning_takes_what_alerts_left(
    furnished_sqlite_url: str, understander: Understander
) -> None:
    async with rooms_for(furnished_sqlite_url, None, understander) as rooms:
        now = rooms.settings.now()
        for tick, days in (("1", 366), ("2", 61), ("3", 59)):
            news = {f"x:gone {tick}": "a"}
            run = await rooms.alerting.news.take_in(
                None, "sweep", tick, news, now - timedelta(days)
            )
            assert run is not None
            await rooms.alerting.runs.finish(run, now)
        gone = await purge(rooms)
        assert (gone["runs"], gone["swept"]) == (2, 1)
        gone = await purge(rooms)
        assert (gone["runs"], gone["swept"]) == (0, 0)


def _on(rooms: Rooms, day: date) -> Rooms:
    return replace(rooms, settings=rooms.settings.model_copy(update={"fixed_today": day}))


async def test_deleting_leaves_no_row(furnished_url: str, understander: Understander) -> None:
    async with rooms_for(furnished_url, None, understander) as rooms:
        talk = Talk(rooms, "lou")
        for text in ("boulanger à lens", "supprime tout", "oui"):
            await talk.say(text)
        assert await rooms.turns.ledger.load(rooms.turns.person("test", "lou")) is None
        assert await rooms.turns.waiting("test", "lou") == []


def test_a_snapshot_is_small_and_comes_back_the_same() -> None:
    slots = {**SLOTS, "trades": ["boulanger"], "where": {"places": ["62498"], "areas": []}}
    kept = Conversation("lou", slots, "search_form", 3)
    data = json.loads(json.dumps(kept.to_json()))
    assert Conversation.from_json("lou", 3, data) == kept
    data["slots"]["from_an_older_version"] = 1
    assert Conversation.from_json("lou", 3, data) == kept
    with pytest.raises(ValueError, match="no such slot"):
        kept.after([{"event": "slot", "name": "nope", "value": 1}])
    with pytest.raises(ValueError, match="no such event"):
        kept.after([{"event": "undo"}])


async def test_the_snapshot_stays_small_after_a_long_conversation(
    furnished_sqlite_url: str, understander: Understander
) -> None:
    async with rooms_for(furnished_sqlite_url, None, understander) as rooms:
        talk = Talk(rooms, "lou")
        for n in range(30):
            await talk.say(("boulanger à lens", "coiffeur", "la suite", "lille", "merci")[n % 5])
        stored = await rooms.turns.ledger.load(rooms.turns.person("test", "lou"))
        assert stored
        assert len(json.dumps(stored.state)) < 3000


messages = st.one_of(
    st.text(max_size=80),
    st.sampled_from(["oui", "non", "jsp", "lens", "boulanger", "suivant", "trop loin", "aide",
                     "stop", "merci", "septembre", "20 km", "bray", "dans le bois", "la 2e",
                     "supprime tout", "recommence", "peu importe", "infirmier", "50", "👍"]),
)  # fmt: skip


@pytest.mark.timeout(90)
async def test_any_sequence_of_messages_gets_an_answer(
    furnished_sqlite_url: str, understander: Understander
) -> None:
    """No text and no order of texts breaks the dialogue, or leaves someone without an answer."""
    async with rooms_for(furnished_sqlite_url, None, understander) as rooms:
        loop = asyncio.get_running_loop()

        @settings(
            max_examples=60, deadline=None, derandomize=True,
            suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
        )  # fmt: skip
        @given(st.lists(messages, min_size=1, max_size=8))
        def talks(texts: list[str]) -> None:
            asyncio.run_coroutine_threadsafe(_answered(rooms, understander, texts), loop).result()

        await asyncio.to_thread(talks)


async def _answered(rooms: Any, understander: Understander, texts: list[str]) -> None:
    conversation = Conversation("someone")
    for text in texts:
        today, asked = rooms.settings.today(), asked_of(conversation)
        read = understander.read(text, asked=asked, today=today)
        outcome = await rooms.engine.turn(conversation, Heard(text=text, understanding=read))
        assert outcome.replies, texts
        conversation = outcome.conversation

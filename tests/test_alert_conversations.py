"""What people do about what their alerts have brought, on SQLite and on PostgreSQL with Redis."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert

from dialogs.rhythm import Rhythm
from nlu.understander import Understander
from storage.ledger import Ledger
from storage.live_offers import LiveOffers
from storage.schema import browsers
from tests.alerted import AlertedTalk, states, told_to
from tests.talk import Script, plain, play, rooms_for, scripts

SCRIPTS = scripts("pousses")


@pytest.mark.parametrize("script", SCRIPTS, ids=str)
async def test_on_sqlite(
    script: Script, offered: Callable[..., str], understander: Understander, tmp_path: Path
) -> None:
    template = offered("sqlite", script.offers).removeprefix("sqlite+aiosqlite:///")
    url = f"sqlite+aiosqlite:///{shutil.copy(template, tmp_path / 'talk.sqlite')}"
    async with rooms_for(url, None, understander) as rooms:
        await play(script, AlertedTalk(rooms, "someone"))


@pytest.mark.parametrize("script", SCRIPTS, ids=str)
async def test_on_postgresql_with_redis(
    script: Script,
    offered: Callable[..., str],
    understander: Understander,
    postgres_server: str,
    redis_url: str,
) -> None:
    url = offered("postgresql", script.offers, postgres_server)
    async with rooms_for(url, redis_url, understander) as rooms:
        await play(script, AlertedTalk(rooms, script.name))


@pytest.fixture
async def talk(
    offered: Callable[..., str], understander: Understander, tmp_path: Path
) -> AsyncIterator[AlertedTalk]:
    template = offered("sqlite", "saint-pol").removeprefix("sqlite+aiosqlite:///")
    url = f"sqlite+aiosqlite:///{shutil.copy(template, tmp_path / 'talk.sqlite')}"
    async with rooms_for(url, None, understander) as rooms:
        yield AlertedTalk(rooms, "someone")


async def kept(talk: AlertedTalk, wish: str = "mécano à saint-pol-sur-ternoise") -> None:
    await talk.say(f"préviens-moi pour {wish}")
    await talk.say("16")


async def days_kept(talk: AlertedTalk) -> timedelta:
    stored = await Ledger(talk.rooms.database, "test").load(talk.person)
    assert stored is not None
    return stored.expires - stored.updated


async def test_an_alert_keeps_the_conversation_for_a_year(talk: AlertedTalk) -> None:
    await talk.say("mécano à saint-pol-sur-ternoise")
    assert await days_kept(talk) == timedelta(days=30)
    await kept(talk)
    assert await days_kept(talk) == timedelta(days=365)
    await talk.say("stop")
    assert await days_kept(talk) == timedelta(days=30)


async def test_who_is_too_young_leaves_no_trace_after_a_day(talk: AlertedTalk) -> None:
    await kept(talk)
    await talk.send(payload="/age 14")
    assert await talk.rooms.turns.alerts.of(talk.person) == []
    assert await days_kept(talk) == timedelta(days=1)


async def test_the_hour_is_that_of_the_place(talk: AlertedTalk) -> None:
    await kept(talk)
    await talk.say("préviens-moi pour coiffure à Fort-de-France")
    beats = [Rhythm.of(alert.beat) for alert in await talk.rooms.turns.alerts.of(talk.person)]
    assert beats == [Rhythm(), Rhythm(zone="America/Martinique")]


async def test_what_is_put_aside_is_remembered_for_alerts(talk: AlertedTalk) -> None:
    await talk.say("mécano à saint-pol-sur-ternoise")
    await talk.press("Pas pour moi")
    assert await told_to(talk) == set()
    await talk.say("préviens-moi")
    await talk.say("16")
    first = await told_to(talk)
    assert len(first) == 1
    [news] = await talk.receive({"alerte": 1, "offres": 2}, waits=False)
    second = next(card.id for card in news.cards if card.id not in first)
    await talk.send(payload=f"/taken {second}")
    assert await told_to(talk) == {*first, second}


async def test_a_button_of_an_alert_that_is_gone_never_reaches_the_next(talk: AlertedTalk) -> None:
    await kept(talk)
    await talk.send(payload="/alert_drop 1")
    await talk.say("préviens-moi pour carrossier à Arras")
    assert [alert.n for alert in await talk.rooms.turns.alerts.of(talk.person)] == [2]
    await talk.send(payload="/alert_drop 1")
    assert len(await talk.rooms.turns.alerts.of(talk.person)) == 1


async def test_what_is_put_aside_while_alerts_are_stopped_is_remembered_too(
    talk: AlertedTalk,
) -> None:
    await kept(talk)
    await talk.say("stop")
    await talk.say("mécano à saint-pol-sur-ternoise")
    await talk.press("Pas pour moi")
    await talk.say("reprends mes alertes")
    assert len(await told_to(talk)) == 1


async def test_what_was_read_on_the_page_is_settled_and_told(talk: AlertedTalk) -> None:
    await kept(talk)
    await talk.receive({"alerte": 1, "offres": 2}, waits=True)
    assert await states(talk) == ["pending"]
    await talk.send(payload="/news")
    assert await states(talk) == ["sent"]
    assert len(await told_to(talk)) == 2


@pytest.mark.parametrize("channel", ["test", "web", "terminal"])
async def test_what_is_promised_of_an_alert_is_true(talk: AlertedTalk, channel: str) -> None:
    """Where people come and read, nothing is sent: it waits there, and a device may say so."""
    talk.channel = channel
    await talk.say("préviens-moi pour mécano à saint-pol-sur-ternoise")
    [said] = await talk.say("16")
    sent = "Un message à 17 h 30" in plain(said.text)
    assert (sent, " ici" in said.text) == (channel == "test", channel != "test")
    assert "17 h 30" in plain(said.text)
    silence = (await talk.say("j'ai rien reçu"))[0]
    assert silence.name.endswith("_here") == (channel != "test")
    row = {"person": talk.person, "endpoint": "https://push.invalid/1", "p256dh": "", "auth": ""}
    async with talk.rooms.database.write() as tx:
        await tx.execute(insert(browsers).values(**row, created=talk.rooms.settings.now()))
    [said] = await talk.say("préviens-moi pour carrossier à arras")
    by_device = "appareil" in plain(said.text) and "17 h 30" in plain(said.text)
    assert by_device == (channel != "test")


async def test_what_was_closed_when_the_page_was_read_may_still_be_news(talk: AlertedTalk) -> None:
    """Nobody has heard of it: once it is open again, it is told, as on a phone."""
    await kept(talk)
    await talk.receive({"alerte": 1, "offres": 2}, waits=True)
    [push] = await talk.rooms.turns.alerts.unread(talk.person)
    closed, other = push.offers
    await talk.rooms.offers.close(closed)
    await talk.send(payload="/news")
    assert await told_to(talk) == {other}
    offer = await talk.rooms.offers.get(closed)
    assert offer is not None
    back = replace(offer, status="open", title=f"{offer.title} à pourvoir")
    await LiveOffers(talk.rooms.database).put("other", [back])
    await talk._pushed("alert", [closed], (await talk.alert(1)).id, waits=True)
    [news] = await talk.send(payload="/news")
    assert [card.id for card in news.cards] == [closed]


async def test_a_copy_of_what_was_read_on_the_page_is_no_news(talk: AlertedTalk) -> None:
    """The same job from another source, days later."""
    await kept(talk)
    await talk.receive({"alerte": 1, "offres": 2}, waits=True)
    await talk.send(payload="/news")
    [id, *_] = sorted(await told_to(talk))
    read = await talk.rooms.offers.get(id)
    assert read is not None
    copy = replace(read, id="other:1", source="Ailleurs", title=read.title.upper())
    await LiveOffers(talk.rooms.database).put("other", [copy])
    alert = await talk.alert(1)
    await talk._pushed("alert", ["other:1"], alert.id, waits=True)
    [news] = await talk.send(payload="/news")
    assert (news.name, await states(talk)) == ("utter_news_none", ["sent", "sent"])


async def test_stop_settles_what_is_queued(talk: AlertedTalk) -> None:
    await kept(talk)
    await talk.receive({"alerte": 1, "offres": 2}, waits=True)
    await talk.say("stop")
    assert await states(talk) == ["gone"]


async def test_everything_goes_with_supprime_tout(talk: AlertedTalk) -> None:
    await kept(talk)
    await talk.receive({"alerte": 1, "offres": 2}, waits=True)
    await talk.send(payload="/delete_yes")
    assert await states(talk) == []
    assert await talk.rooms.turns.alerts.of(talk.person) == []


async def test_alerts_stopped_meanwhile_keep_nobody_for_a_year(talk: AlertedTalk) -> None:
    await kept(talk)
    async with talk.rooms.database.write() as tx:
        await tx.exec_driver_sql("UPDATE searches SET state = 'stopped'")
    await talk.say("merci")
    assert await days_kept(talk) == timedelta(days=30)
    await talk.say("reprends mes alertes")
    assert await days_kept(talk) == timedelta(days=365)


async def test_what_is_said_of_how_long_is_true(talk: AlertedTalk) -> None:
    await talk.say("mécano à saint-pol-sur-ternoise")
    assert "30 jours" in plain((await talk.send(payload="/keep"))[0].text)
    await kept(talk)
    assert "365 jours" in plain((await talk.send(payload="/keep"))[0].text)


@asynccontextmanager
async def later(talk: AlertedTalk, days: int) -> AsyncIterator[AlertedTalk]:
    rooms = talk.rooms
    rooms.turns.forget_recent()
    moved = rooms.settings.now() + timedelta(days=days)
    rooms.turns.now = lambda: moved
    yield talk


async def test_alerts_of_a_conversation_whose_time_is_over_go_with_it(talk: AlertedTalk) -> None:
    await kept(talk)
    async with later(talk, 366):
        await talk.say("mes alertes")
        assert await talk.rooms.turns.alerts.of(talk.person) == []

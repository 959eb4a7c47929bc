"""Buttons lead where they say: a way out pressed gives exactly the offers it announced."""

from __future__ import annotations

import random
import re
from datetime import date
from typing import Any

import pytest

from bot.assembly import Rooms
from dialogs.actions.offers import payload
from dialogs.changes import FRANCE, from_payload
from dialogs.conversation import SLOTS, Conversation
from dialogs.criteria import Criteria
from dialogs.plans import Heard
from dialogs.pressing import pressed
from nlu.understander import Understander
from tests.talk import TODAY, check_manners, rooms_for

SEARCHES = 500


def random_slots(draw: random.Random, rooms: Rooms) -> dict[str, Any]:
    """A search someone could have made, often too narrow to find anything."""
    trades = [t.id for t in rooms.understander.table]
    towns = ["62498", "80021", "59350", "02691", "60057", "62041", "59183", "13055", "97411"]
    where: dict[str, Any] = {"places": draw.sample(towns, draw.choice((1, 1, 2))), "areas": []}
    if draw.random() < 0.2:
        departement = {"type": "departement", "code": "62", "name": "Pas-de-Calais"}
        where = {"places": [], "areas": [{**departement, "departements": ["62"]}]}
    elif draw.random() < 0.1:
        where = {"places": [], "areas": [FRANCE]}
    month = date(2027, draw.randint(1, 12), 1)
    end = month.replace(day=28)
    starts = [None, {"any": True}, {"start": month.isoformat(), "end": end.isoformat()}]
    return {
        **SLOTS,
        "trades": draw.sample(trades, draw.choice((1, 1, 1, 2))),
        "where": where,
        "radius_km": draw.choice((None, 1, 3, 5, 10, 20)),
        "availability": draw.choice(starts),
        "diploma": draw.choice((None, None, "CAP", "BTS", "any")),
        "excluded": draw.choice((None, None, where["places"][:1] or None)),
        "hidden": draw.choice((None, ["demonstration:boulanger-77"])),
    }


@pytest.mark.timeout(60)
async def test_every_empty_answer_has_ways_out_that_keep_their_word(
    furnished_sqlite_url: str, understander: Understander
) -> None:
    draw = random.Random(2026)
    async with rooms_for(furnished_sqlite_url, None, understander) as rooms:
        criteria = Criteria(understander.table, understander.gazetteer, rooms.voice)
        empty = 0
        for _ in range(SEARCHES):
            slots = random_slots(draw, rooms)
            search = criteria.search(slots)
            page = await rooms.catalogue.find(search)
            if page.total:
                assert not page.ways_out
                continue
            empty += 1
            assert page.ways_out, search
            for way in page.ways_out:
                button = payload(way, search)
                arguments = dict(a.split("=", 1) for a in button.removeprefix("/set ").split())
                after = {**slots, **from_payload(arguments, slots, TODAY)}
                found = await rooms.catalogue.find(criteria.search(after))
                assert found.total == way.count > 0, (button, way)
                assert len(button.encode()) <= 52, "a signature must still fit on Telegram"
        assert empty > SEARCHES / 4, "the searches were too easy to show anything"


@pytest.mark.timeout(60)
async def test_every_answer_stays_short_and_its_first_button_keeps_its_word(
    furnished_sqlite_url: str, understander: Understander
) -> None:
    """Through the dialogue: what is said of random searches, and what its ways out lead to."""
    draw = random.Random(24)
    async with rooms_for(furnished_sqlite_url, None, understander) as rooms:
        for _ in range(SEARCHES // 4):
            conversation = Conversation("someone", random_slots(draw, rooms))
            outcome = await rooms.engine.turn(conversation, Heard(payload="/again"))
            check_manners(outcome.replies, str(conversation.slots))
            said = outcome.replies[0]
            if said.cards:
                continue
            count = int(re.search(r"(\d+)\s(?:offre|autre)", said.text)[1])  # type: ignore[index]
            pressed = said.buttons[0].payload
            after = await rooms.engine.turn(outcome.conversation, Heard(payload=pressed))
            shown = after.conversation.slots["shown"]
            assert shown["total"] == count, said.text


@pytest.mark.parametrize(
    "forged",
    [
        "/set", "/set t", "/set zz=1", "/set r=abc", "/set s=2027-13", "/set v=plane",
        '/set t="unclosed', "/nothing", "", "/", "set t=boulanger extra", "/page", "/page a b",
        "/hide", "/page 1 2 3", "/page -1 2", "/expired",
    ],
)  # fmt: skip
def test_a_button_we_never_made_is_an_old_button(forged: str) -> None:
    plan = pressed(forged, SLOTS, TODAY)
    assert plan.actions == ("action_old_button",)
    assert not plan.candidates


def test_a_press_sets_a_value_so_that_a_second_one_is_harmless() -> None:
    once = from_payload({"t": "boulanger", "p": "62498", "s": "2027-09"}, SLOTS, TODAY)
    assert from_payload({"t": "boulanger", "p": "62498", "s": "2027-09"}, once, TODAY) == once
    assert once["availability"] == {"start": "2027-09-01", "end": "2027-09-30", "asap": False}

"""What an alert has found, as a message; and what a conversation makes of one it had meanwhile."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from dialogs.alert_cards import buttons, caught_up, chosen, news
from dialogs.conversation import Conversation
from dialogs.steps import which
from dialogs.voice import Voice
from matching.model import Found
from matching.offers_file import parse_job
from nlu.understander import Understander
from tests.offered import as_job
from tests.talk import check_manners, plain, rooms_for

NOW = datetime(2026, 11, 22, tzinfo=UTC)
WISH = {"trades": ["carrossier"], "where": {"places": ["62767"], "areas": []}, "radius_km": 20}


@dataclass(frozen=True)
class Told:
    n: int = 3
    name: str | None = None
    wish: dict[str, Any] = field(default_factory=lambda: WISH)


@dataclass(frozen=True)
class Push:
    id: int
    offers: tuple[str, ...]
    n: int | None = 3
    kind: str = "alert"
    wish: dict[str, Any] | None = field(default_factory=lambda: WISH)


def found(understander: Understander, id: str, company: str | None, days: int) -> Found:
    address = {"title": "Apprenti carrossier", "rome": ["I1606"], "address": "62270 Frévent"}
    job = as_job(1, {"company": "Garage X", **address})
    read = parse_job(job, understander.gazetteer.locate)
    assert read is not None
    when = NOW - timedelta(days=days)
    return Found(replace(read, id=id, company=company, published=when), 14.2)


def test_newest_first_few_of_one_company_few_altogether(understander: Understander) -> None:
    def one(id: str, company: str | None, days: int) -> Found:
        return found(understander, id, company, days)

    same = [one(f"x{n}", "Garage X", n) for n in range(4)]
    others = [one("y", "Garage Y", 9), *(one(f"n{n}", None, 5) for n in range(3))]
    kept = [f.offer.id for f in chosen([*reversed(others), *reversed(same)])]
    assert kept == ["x0", "x1", "n0", "n1", "n2"]


async def test_the_first_line_is_neutral_and_the_cards_follow(
    furnished_sqlite_url: str, understander: Understander
) -> None:
    async with rooms_for(furnished_sqlite_url, None, understander) as rooms:
        services = rooms.engine.services
        offers = [found(understander, id, "Garage X", 1) for id in ("a", "b")]
        reply = news(services, Told(), offers)
        first, second = plain(reply.text).split("\n")
        assert first == "Du nouveau pour toi."
        assert second == (
            "Carrossier ou carrossière, 20 km autour de Saint-Pol-sur-Ternoise : 2 offres."
        )
        assert [card.id for card in reply.cards] == ["a", "b"]
        assert "14 km" in plain(reply.cards[0].lines[0])
        pressed = {b.text: b.payload for b in reply.buttons}
        assert pressed == {
            "Tout voir": "/alert_all 3", "Pas pour moi": "/not_for_me", "Pause": "/alert_pause 3",
            "Modifier": "/alert_edit 3", "Stop": "/alert_stop 3",
        }  # fmt: skip
        check_manners([reply], "news")
        assert "Mes garages : 1 offre" in plain(
            news(services, Told(name="Mes garages"), offers[:1]).text
        )


def test_what_was_pushed_is_what_is_meant() -> None:
    voice = Voice.load()
    one = caught_up(Conversation("lou"), Push(7, ("a",)), voice)
    assert one.slots["pushed"] == 7
    assert which(one.slots) == "a"
    assert ["Stop", "/alert_stop 3"] in one.slots["choices"]
    two = caught_up(one, Push(8, ("b", "c")), voice)
    assert which(two.slots) is None
    assert two.slots["shown"]["ids"] == ["b", "c"]
    gone = caught_up(one, Push(9, ("b",), None, wish=None), voice)
    assert (gone.slots["pushed"], gone.slots["shown"]) == (9, one.slots["shown"])
    assert len(buttons(voice, 1, ["a"])) == 4

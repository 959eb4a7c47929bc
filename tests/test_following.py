"""A call is asked about once; what came of it is kept, counted and said, whatever one presses."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from dialogs.after_rules import declares, read_answer
from dialogs.apply_rules import plan
from dialogs.conversation import SLOTS
from dialogs.plans import Heard
from dialogs.pressing import pressed
from dialogs.reply import short_press
from dialogs.steps import KEPT, followed, hears_from_us, noted
from nlu.text import fold
from nlu.understander import Understander
from storage.schema import follow_ups
from tests.alerted import AlertedTalk
from tests.talk import TODAY, plain, rooms_for

GARAGE = "offres_emploi_lba:000000000000000000000001"
DAY = timedelta(days=1)


@pytest.fixture
async def talk(
    offered: Callable[..., str], understander: Understander, tmp_path: Path
) -> AsyncIterator[AlertedTalk]:
    template = offered("sqlite", "saint-pol").removeprefix("sqlite+aiosqlite:///")
    url = f"sqlite+aiosqlite:///{shutil.copy(template, tmp_path / 'talk.sqlite')}"
    async with rooms_for(url, None, understander) as rooms:
        yield AlertedTalk(rooms, "someone")


async def rows(talk: AlertedTalk) -> list[Any]:
    async with talk.rooms.database.read() as tx:
        return list(await tx.execute(select(follow_ups)))


async def came(talk: AlertedTalk) -> dict[str, int]:
    return await talk.rooms.turns.counters.by_label("came")


async def calls(talk: AlertedTalk) -> None:
    await talk.say("mécano à frévent")
    await talk.send(payload=f"/call {GARAGE}")


async def test_a_call_is_asked_about_four_days_later_once(talk: AlertedTalk) -> None:
    await calls(talk)
    await talk.send(payload=f"/call {GARAGE}")
    (row,) = await rows(talk)
    assert (row.offer, row.company, row.what) == (GARAGE, "Garage des Deux Ponts", "called")
    assert (row.state, row.answer, row.due - row.done) == ("waiting", None, 4 * DAY)
    assert row.title == "Mécanicien / Mécanicienne automobile en apprentissage"


async def test_an_offer_without_a_number_is_not_asked_about(talk: AlertedTalk) -> None:
    await talk.say("mécano à saint-pol-sur-ternoise")
    await talk.send(payload=f"/call {GARAGE[:-1]}0")
    assert await rows(talk) == []


async def test_nobody_answers_for_an_offer_that_does_not_exist(
    furnished: Path, understander: Understander, tmp_path: Path
) -> None:
    url = f"sqlite+aiosqlite:///{shutil.copy(furnished, tmp_path / 'talk.sqlite')}"
    async with rooms_for(url, None, understander) as rooms:
        talk = AlertedTalk(rooms, "someone")
        await talk.say("boulanger à Lens")
        replies = await talk.press("Appeler")
        assert "démonstration" in replies[0].text
        assert await rows(talk) == []
        assert "Numéro demandé" in (await talk.say("mes démarches"))[0].text


async def test_each_answer_counts_once_and_the_last_one_stands(talk: AlertedTalk) -> None:
    await calls(talk)
    await talk.receive({"suite": 1}, waits=False)
    for answer in ("yes", "yes", "interview", "yes", "interview"):
        await talk.send(payload=f"/came {answer} {GARAGE}")
    assert await came(talk) == {"interview": 1, "yes": 1}
    (row,) = await rows(talk)
    assert (row.state, row.answer) == ("answered", "interview")


async def test_what_was_told_before_it_was_asked_is_not_asked(talk: AlertedTalk) -> None:
    await calls(talk)
    await talk.send(payload=f"/came nothing {GARAGE}")
    (row,) = await rows(talk)
    assert row.state == "answered"
    await talk.send(payload=f"/call {GARAGE}")
    (row,) = await rows(talk)
    assert (row.state, row.answer) == ("answered", "nothing")


@pytest.mark.parametrize("offer", ["somewhere:else", GARAGE[:-1] + "2", "x" * 200])
async def test_a_button_about_another_offer_changes_nothing(talk: AlertedTalk, offer: str) -> None:
    await calls(talk)
    before = await rows(talk)
    await talk.send(payload=f"/came signed {offer}")
    assert (await rows(talk), await came(talk)) == (before, {})


async def test_a_late_button_after_everything_was_erased_changes_nothing(
    talk: AlertedTalk,
) -> None:
    await calls(talk)
    await talk.send(payload="/delete_yes")
    replies = await talk.send(payload=f"/came signed {GARAGE}")
    assert "élicitations" not in replies[0].text
    assert (await rows(talk), await came(talk)) == ([], {})


async def test_stop_is_for_the_question_too(talk: AlertedTalk) -> None:
    await calls(talk)
    await talk.say("stop")
    (row,) = await rows(talk)
    assert (row.state, row.answer) == ("answered", "stopped")
    assert await came(talk) == {}


async def test_who_has_not_dared_yet_is_helped_to(talk: AlertedTalk) -> None:
    await calls(talk)
    await talk.receive({"suite": 1}, waits=False)
    assert "Bonjour, je cherche" in plain((await talk.say("j'ai pas encore appelé"))[0].text)
    assert await came(talk) == {}


@pytest.mark.parametrize(("text", "answer"), [("👍", "yes"), ("👎", "nothing")])
async def test_a_plain_yes_or_no_is_an_answer(talk: AlertedTalk, text: str, answer: str) -> None:
    await calls(talk)
    await talk.receive({"suite": 1}, waits=False)
    await talk.say(text)
    assert await came(talk) == {answer: 1}


async def test_on_recommence_forgets_no_step(talk: AlertedTalk) -> None:
    await calls(talk)
    await talk.send(payload="/restart")
    await talk.receive({"suite": 1}, waits=False)
    assert "Relancer" in (await talk.say("rien"))[0].text


async def test_an_answer_outside_of_the_question_is_none(talk: AlertedTalk) -> None:
    await calls(talk)
    await talk.say("rien")
    assert await came(talk) == {}


@pytest.mark.parametrize("told", [{"suite": 1}, {"alerte": 1, "offres": 1}, {"toujours": True}])
async def test_a_yes_to_what_was_pushed_never_confirms_what_stood_before(
    talk: AlertedTalk, told: dict[str, Any]
) -> None:
    await calls(talk)
    await talk.say("préviens-moi")
    await talk.say("16")
    await talk.send(payload="/delete")
    await talk.receive(told, waits=False)
    await talk.say("oui")
    assert len(await talk.rooms.turns.alerts.of(talk.person)) == 1, "« supprime tout » was done"


SAID = {
    "yes": ["oui", "oui ils mont appeler", "ils mont rapelé", "il ma ecrit", "j'ai eu une réponse",
            "oui mais pas encore signé", "on signe lundi", "ils mont pri",
            "ils m'ont dit qu'ils me rappellent"],
    "interview": ["jai un entretien", "j'ai rdv mardi", "oui j'ai un essai", "ils veulent me voir",
                  "rendez-vous jeudi"],
    "signed": ["signé", "jai trouvé", "c bon jai trouver !", "j'ai signé", "g signé !!",
               "contrat signé", "j'ai signé lundi",
               "la semaine dernière j'ai signé", "on a signé hier"],
    "nothing": ["rien", "tjrs pas", "nan tjrs rien", "pas de nouvelles", "ils ont pas répondu",
                "personne répond", "pas encore", "j'attends", "pas d'entretien", "silence radio",
                "ils m'ont laissé en vu", "ghosté"],
    "refused": ["ils mont dit non", "refusé", "c'est déjà pris", "ils prennent plus personne",
                "trop tard c pris",
                "il ma repondu ke non", "pas retenue", "c mort", "ils cherchent pu"],
    None: ["boulanger à lens", "trop loin", "merci", "finalement coiffure"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "text"), [(a, t) for a, texts in SAID.items() for t in texts], ids=str
)
def test_what_is_typed_is_understood(answer: str | None, text: str) -> None:
    assert read_answer(folded(text)) == answer


@pytest.mark.parametrize("answer", SAID, ids=str)
async def test_what_is_typed_reaches_its_answer(talk: AlertedTalk, answer: str | None) -> None:
    """Whatever the understander takes it for."""
    for n, text in enumerate(SAID[answer]):
        talk.address = f"{answer} {n}"
        await calls(talk)
        await talk.receive({"suite": 1}, waits=False)
        await talk.say(text)
        told = [row.answer for row in await rows(talk) if row.person == talk.person]
        assert told == [answer], text


def folded(text: str) -> str:
    return fold(text).replace("’", "'").strip(" .!?")


@pytest.mark.parametrize(
    ("text", "signed"),
    [("j'ai signé mon contrat", True), ("ça y est j'ai signé !!", True), ("contrat signé", True),
     ("on a signé avec le patron", True), ("j'ai signé au cfa", False), ("je signe demain", False),
     ("j'ai pas signé", False), ("j'ai signé une pétition", False),
     ("quand j'aurai signé je te dis", False), ("signé", True), ("enfin signé !", True),
     ("jai trouvé", True), ("c bon jai trouver", True), ("g trouvé !!!", True),
     ("jai trouvé ailleurs", True), ("j'ai rien trouvé", False), ("jai pas trouvé", False),
     ("jai trouvé la 2 bien", False), ("trouvé", False), ("j'ai trouvé mon cv", False)],
)  # fmt: skip
def test_a_contract_is_declared_in_so_many_words(text: str, signed: bool) -> None:
    assert declares(folded(text)) is signed


def test_an_application_being_written_goes_on_after_the_answer() -> None:
    slots = {**SLOTS, "apply_offer": {"id": "other", "company": "Garage"}}
    heard = Heard(payload=f"/came nothing {GARAGE}")
    assert plan(heard, slots, TODAY).actions == ("action_came", "action_apply_resume")


def test_a_shortened_button_is_known_for_as_long_as_its_offer() -> None:
    due = TODAY + 4 * DAY
    [event] = noted(SLOTS, GARAGE, {"title": "Apprenti"}, "called", TODAY, due)
    slots = {**SLOTS, "steps": event["value"]}
    short = short_press(f"/came signed {GARAGE}")
    found = pressed(short, slots, TODAY)
    assert (found.actions, found.argument) == (("action_came",), f"signed {GARAGE}")
    assert pressed(short, SLOTS, TODAY).actions == ("action_old_button",)


def test_what_was_only_looked_at_is_forgotten_first() -> None:
    slots = {**SLOTS}
    called = {"title": "Apprenti", "company": "Garage"}
    due = TODAY + 4 * DAY
    slots["steps"] = noted(slots, "garage", called, "called", TODAY, due)[0]["value"]
    for n in range(2 * KEPT):
        slots["steps"] = noted(slots, str(n), called, "looked", TODAY)[0]["value"]
    assert len(slots["steps"]) == KEPT
    assert [step["id"] for step in followed(slots)] == ["garage"]
    assert hears_from_us(slots, TODAY)
    assert not hears_from_us(slots, TODAY + 100 * DAY)
    assert not hears_from_us(SLOTS, TODAY)

"""In Telegram, an answer that is edited is the same answer put otherwise, not the next one."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from nlu.understander import Understander
from tests.applying import GARAGE, InTelegram, service, settings
from tests.talk import plain
from tests.telegramming import fake_api, on_telegram


async def test_an_edited_answer_takes_the_place_of_the_one_it_was(
    offered: Callable[..., str], understander: Understander, tmp_path: Path
) -> None:
    template = offered("sqlite", "ateliers").removeprefix("sqlite+aiosqlite:///")
    url = f"sqlite+aiosqlite:///{shutil.copy(template, tmp_path / 'talk.sqlite')}"
    async with (
        service() as api,
        fake_api() as bots,
        on_telegram(bots, "webhook", url, None, understander, **settings(api)) as (rooms, channel),
    ):
        lea = InTelegram(bots, rooms, channel, bots.person(1001))

        async def edit(text: str) -> str:
            await lea.person.edit(text)
            return plain("\n".join(reply.text for reply in await lea._heard()))

        await lea.say("carrossier à Frévent, septembre")
        await lea.send(payload=f"/apply {GARAGE}")
        await lea.say("lea martn")
        assert "mail" in await edit("lea martin")
        await lea.say("lea@exemple.fr")
        assert "numéro" in await edit("lea.martin@exemple.fr")
        await lea.say("06 12 34 56 78")
        await lea.press("En 5 questions")
        await lea.say("un CAP de carosserie")
        assert "2 sur 5" in await edit("un CAP de carrosserie")
        for words in ("3e au collège", "rien", "sérieuse", "septembre"):
            await lea.say(words)
        await lea.say("jaime les voitures")
        assert "Garage Exemple recevra" in await edit("J'aime les voitures")
        await lea.confirm()
        (sent,) = api.applications
        assert sent["applicant_last_name"] == "Martin"
        assert sent["applicant_email"] == "lea.martin@exemple.fr"
        assert plain(sent["applicant_message"]) == "J'aime les voitures"

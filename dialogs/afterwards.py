"""What is asked by ourselves: what came of a step, and whether one still looks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from dialogs.plans import Event, slot
from dialogs.reply import Button, Reply
from dialogs.voice import Voice

BUTTONS = ("yes", "interview", "signed", "nothing")
"""What may have come of a call or an application, as buttons say it."""

ANSWERS = (*BUTTONS, "refused")
"""And as it is typed, or told once there was an answer."""

STILL_LOOKING = ("/still_looking", "/alerts_stop")
"""The payloads of a yes and of a no."""


class Step(Protocol):
    """A call or an application; ``company`` may be empty."""

    @property
    def offer(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def company(self) -> str: ...


def came(answer: str, offer: str) -> str:
    """The payload that tells what came of a step."""
    return f"/came {answer} {offer}"


def sentence(company: str) -> str:
    return "utter_follow_up" if company else "utter_follow_up_unnamed"


def buttons(voice: Voice, offer: str, answers: Sequence[str] = BUTTONS) -> list[Button]:
    return [Button(voice.phrase(f"button_came_{a}"), came(a, offer)) for a in answers]


def follow_up(voice: Voice, step: Step) -> Reply:
    """« Garage X t’a répondu ? », once per offer."""
    return voice.say(
        sentence(step.company),
        {"company": step.company, "title": step.title},
        buttons=buttons(voice, step.offer),
    )


def still_looking(voice: Voice) -> Reply:
    """To who keeps alerts and has said nothing for months; without an answer, they stop."""
    return voice.say("utter_still_looking", {})


def asked(offer: str) -> list[Event]:
    """What is being answered once that question was put."""
    return [slot("asked", "came"), slot("follow", offer), slot("looked", offer)]


def asked_whether_looking() -> list[Event]:
    return [slot("asked", "show_offers"), slot("pending", list(STILL_LOOKING))]

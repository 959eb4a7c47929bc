"""What is asked by ourselves: what came of a step, and whether one still looks."""

from __future__ import annotations

from typing import Protocol

from dialogs.reply import Button, Reply
from dialogs.voice import Voice

ANSWERS = ("yes", "interview", "signed", "nothing")
"""What may have come of a call or an application, as buttons say it."""


class Step(Protocol):
    """A call or an application; ``company`` may be empty."""

    @property
    def offer(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def company(self) -> str: ...


def follow_up(voice: Voice, step: Step) -> Reply:
    """« Garage X t’a répondu ? », once per offer."""
    name = "utter_follow_up" if step.company else "utter_follow_up_unnamed"
    return voice.say(
        name,
        {"company": step.company, "title": step.title},
        buttons=[
            Button(voice.phrase(f"button_came_{answer}"), f"/came {answer} {step.offer}")
            for answer in ANSWERS
        ],
    )


def still_looking(voice: Voice) -> Reply:
    """To who keeps alerts and has said nothing for months; without an answer, they stop."""
    return voice.say("utter_still_looking", {})

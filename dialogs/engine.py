"""One turn of dialogue: rules, the form, then actions until nothing is left to do."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from rasa_sdk.executor import ActionExecutor

from dialogs.actions import build
from dialogs.apply_form import APPLICATION_FORM
from dialogs.apply_rules import plan
from dialogs.cards import card, course_card
from dialogs.changes import SEARCH_SLOTS
from dialogs.conversation import SLOTS, Conversation
from dialogs.forms import FORM
from dialogs.plans import Event, Heard, slot
from dialogs.reply import Button, Reply
from dialogs.services import Services
from dialogs.voice import remember

MOST_ACTIONS = 12
"""More actions than that in one turn would be two of them handing over to each other."""

DOMAIN: dict[str, Any] = {
    "slots": {name: {"type": "any", "mappings": []} for name in (*SLOTS, "requested_slot")},
    "forms": {FORM: {"required_slots": []}, APPLICATION_FORM: {"required_slots": []}},
}
"""What rasa needs to know: without a domain the form crashes, and with its slots listed there no
``requested_slot`` event would follow."""

MESSAGE_KEYS = frozenset(
    ("text", "buttons", "elements", "custom", "template", "response", "image", "attachment")
)

UNDERSTOOD_AS = {
    "ask_which_place": "ask_place",
    "ask_travel": "ask_radius",
    "ask_age": "apply",
    "alert_name": "apply",
    "came": "apply",
    "confirm_place": "confirm",
}
"""Our finer questions, in the understander's words; « apply » is one it knows nothing of."""


@dataclass(slots=True)
class Outcome:
    """What a turn leads to: the conversation afterwards, the replies in order, the effects.

    The turn's transaction applies ``{"type": "count", "name", "label"}``, ``{"type":
    "delete_me"}``, ``{"type": "apply", "offer", "recruiter"}`` and its outcome ``{"type":
    "applied", "offer", "state", "reason"}``, ``{"type": "deed", "do"}`` and its values (see
    :mod:`storage.deeds`); ``{"type": "view"}`` shows the document of an application afterwards.
    """

    conversation: Conversation
    replies: list[Reply] = field(default_factory=list)
    effects: list[Mapping[str, Any]] = field(default_factory=list)


class Engine:
    """Runs turns; holds no state between them."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.executor = ActionExecutor()
        for action in build(services):
            self.executor.register_action(action)

    async def turn(self, conversation: Conversation, heard: Heard) -> Outcome:
        """The outcome of one input. Raises what an action raises: the turn apologises."""
        the_plan = plan(heard, conversation.slots, self.services.today())
        before = conversation
        care = max(conversation.slots["care"] - 1, 0)
        conversation = conversation.after([slot("pending", None), slot("care", care)])
        queue = deque(the_plan.actions)
        refused: list[Mapping[str, Any]] = []
        if the_plan.candidates is not None:
            conversation = await self._fill(conversation, the_plan.candidates)
        conversation = conversation.after(the_plan.events)
        if the_plan.given is not None:
            conversation, refused = await self._fill_application(conversation, the_plan.given)
        if the_plan.given is not None and not refused:
            queue.append("action_apply_resume")
        if the_plan.form:
            queue.append(_form_next(conversation))
        if "action_fallback" not in queue:
            conversation = conversation.after([slot("fallbacks", 0)])
        outcome = Outcome(_renewed(before, conversation))
        self._collect(outcome, refused)
        await self._run(outcome, queue, heard, the_plan.argument)
        return _of_the_same_album(before, outcome, heard) or _remembered(outcome)

    async def _fill(self, conversation: Conversation, found: Mapping[str, Any]) -> Conversation:
        """The form validates the candidates; they are the last events, as rasa wants them."""
        events = [slot(name, value) for name, value in found.items()]
        slots = {**conversation.slots, **found}
        result = await self._execute(f"validate_{FORM}", slots, events)
        chosen = [slot("candidates", None)] if found.get("where") else []
        return conversation.after([*result.events, *chosen, {"event": "active_loop", "name": FORM}])

    async def _fill_application(
        self, conversation: Conversation, found: Mapping[str, Any]
    ) -> tuple[Conversation, list[Mapping[str, Any]]]:
        """The same for an application; and what is said of a detail that is refused or doubtful."""
        events = [slot(name, value) for name, value in found.items()]
        slots = {**conversation.slots, **dict.fromkeys(found)}
        slots["apply_cv"] = conversation.slots["apply_cv"]
        result = await self._execute(f"validate_{APPLICATION_FORM}", slots, events)
        loop = {"event": "active_loop", "name": APPLICATION_FORM}
        asked = [slot("asked", "apply")]
        if any("suggested" in (e.get("value") or ()) for e in result.events):
            asked.append(slot("pending", ["/apply_suggested", "/apply_typed"]))
        return conversation.after([*result.events, loop, *asked]), list(result.responses)

    async def _run(
        self, outcome: Outcome, queue: deque[str], heard: Heard, argument: str | None
    ) -> None:
        for _ in range(MOST_ACTIONS):
            if not queue:
                return
            result = await self._execute(
                queue.popleft(), dict(outcome.conversation.slots), [], heard, argument,
                outcome.conversation.id,
            )  # fmt: skip
            follow = [e["name"] for e in result.events if e["event"] == "followup"]
            queue.extendleft(reversed(follow))
            if follow:
                argument = None
            outcome.conversation = outcome.conversation.after(
                e for e in result.events if e["event"] != "followup"
            )
            self._collect(outcome, result.responses)
        raise RuntimeError(f"more than {MOST_ACTIONS} actions in one turn")

    async def _execute(
        self,
        action: str,
        slots: dict[str, Any],
        events: list[Event],
        heard: Heard | None = None,
        argument: str | None = None,
        person: str = "",
    ) -> Any:
        entities = [{"entity": "argument", "value": argument}] if argument is not None else []
        understood = heard.understanding if heard else None
        message = {
            "text": (heard.text or heard.payload) if heard else None,
            "intent": {"name": understood.intent if understood else None},
            "entities": entities,
            "metadata": _beside(heard) if heard else {},
        }
        tracker = {"sender_id": person, "slots": slots, "latest_message": message, "events": events}
        return await self.executor.run(
            {"next_action": action, "tracker": tracker, "domain": DOMAIN}
        )

    def _collect(self, outcome: Outcome, messages: Iterable[Mapping[str, Any]]) -> None:
        """Renders what the actions uttered, and takes their effects aside."""
        for message in messages:
            custom = message["custom"]
            if "effect" in custom:
                outcome.effects.append(custom["effect"])
            else:
                outcome.replies.append(self._reply(outcome, message))

    def _reply(self, outcome: Outcome, message: Mapping[str, Any]) -> Reply:
        slots = outcome.conversation.slots
        said = remember(slots["said"], [r.told for r in outcome.replies])
        today = self.services.today()
        voice, custom = self.services.voice, message["custom"]
        cards = [card(voice, offer, today) for offer in custom.get("offers", ())]
        cards += [course_card(voice, course) for course in custom.get("courses", ())]
        reply = voice.say(
            message["response"],
            {"days": self.services.keep(slots).days}
            | {k: v for k, v in message.items() if k not in MESSAGE_KEYS},
            said=said,
            buttons=[
                Button(b["title"], b.get("payload"), b.get("url")) for b in message["buttons"]
            ],
            cards=cards,
        )
        more = {
            k: message["custom"][k] for k in ("clear_screen", "upload") if k in message["custom"]
        }
        return replace(reply, **more)


def _beside(heard: Heard) -> dict[str, Any]:
    """What came with the words, for the actions."""
    return {
        "files": [asdict(file) for file in heard.files],
        "way": heard.way,
        "told": dict(heard.told or {}),
        "reads": heard.reads,
    }


def _of_the_same_album(before: Conversation, outcome: Outcome, heard: Heard) -> Outcome | None:
    """Pictures sent together are answered once: the others only count."""
    if heard.album is None:
        return None
    known = before.slots["album"] == heard.album
    outcome.conversation = outcome.conversation.after([slot("album", heard.album)])
    if not known:
        return None
    outcome.replies.clear()
    kept = [slot(name, before.slots[name]) for name in ("said", "choices", "pending", "asked")]
    outcome.conversation = outcome.conversation.after(kept)
    return outcome


def _form_next(conversation: Conversation) -> str:
    asked = conversation.slots["requested_slot"]
    return f"action_ask_{asked}" if asked else "action_show_offers"


def _renewed(before: Conversation, after: Conversation) -> Conversation:
    """Another search: what was shown of the last one does not count any more."""
    if all(_wish(before, name) == _wish(after, name) for name in SEARCH_SLOTS):
        return after
    return after.after([slot("shown", None), slot("revision", after.slots["revision"] + 1)])


def _wish(conversation: Conversation, name: str) -> Any:
    """A slot as the search sees it: any date is no date."""
    value = conversation.slots[name]
    return None if name == "availability" and (value or {}).get("any") else value


def _remembered(outcome: Outcome) -> Outcome:
    """What was said lately, and which words press which button, for the next turn."""
    slots = outcome.conversation.slots
    choices = [[b.text, b.payload] for r in outcome.replies for b in r.buttons if b.payload]
    outcome.conversation = outcome.conversation.after(
        [
            slot("said", remember(slots["said"], [r.told for r in outcome.replies])),
            slot("choices", choices or None),
            slot("welcomed", True),
        ]
    )
    return outcome


def asked_of(conversation: Conversation) -> str | None:
    """What the bot asked last, in the words of :data:`nlu.meaning.Asked`."""
    asked = conversation.slots["asked"]
    return UNDERSTOOD_AS.get(asked, asked) if asked else None

"""The form of an application: which details are accepted, and what is still missing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.forms import REQUESTED_SLOT
from rasa_sdk.types import DomainDict

from dialogs.forms import MappedForm
from matching.application.candidate import email, full_name, name, phone
from matching.application.document import MOST_PHOTOS, MOST_RECEIVED
from matching.application.refusal import Reason, Refused
from nlu.text import fold

APPLICATION_FORM = "application_form"
FIELDS = ("apply_name", "apply_email", "apply_phone", "apply_cv", "apply_word")
"""Asked one after the other, in this order."""

QUESTIONS = ("wish", "school", "experience", "strengths", "availability")
"""What a CV is made from: the fields of :class:`matching.application.made_cv.Answers`."""

MOST_OF_A_WORD = 800
MOST_OF_AN_ANSWER = 1_000

MOST_WORDS = 8
"""Of a name, with the words that lead to it: « salut moi c’est Léa de La Tour »."""

_BESIDE_A_NAME = re.compile(r"\s*(?:,|;|\bet j|\bj['’]?ai\b|\bj['’]habite\b|\d).*", re.IGNORECASE)
"""« Léa Martin et j’ai 16 ans »."""

SPEAKING = frozenset(
    "je tu il elle est suis pas trop c'est quoi comment pourquoi mdr ptdr combien koi".split()
)
SMALL_WORDS = frozenset(
    "un une on en dans pour que qui ou et mais avec sur mon ma mes ton ta tes son sa ses me te se "
    "ce cette ça a à au aux chez toi moi lui nous vous ils elles ont sont va vais fait plus moins "
    "très bien encore".split()
)
"""Words of sentences. Those of the second kind may also be a name, with one other word."""
_ELIDED = re.compile(r"(?:j|t|m|c|s|qu|y)'")
_LEADING = re.compile(
    r"^(?:(?:salut|bonjour|slt|bjr|alors|oui|ok)\W+)*(?:je m['’]? ?appelle|je suis|"
    r"(?:moi )?c['’ ]?est|mon nom (?:est|c['’]est))?\b",
    re.IGNORECASE,
)

OLD = {".doc": Reason.FILE_OLD_WORD, ".odt": Reason.FILE_OPEN_DOCUMENT}
TAKEN = (".pdf", ".docx")

Given = dict[str, Any]


def missing(slots: Mapping[str, Any]) -> str | None:
    """The next detail to ask for; the questions of a CV that is being made come in its place."""
    if slots["apply_making"] is not None:
        return "apply_making"
    return next((field for field in FIELDS if slots[field] is None), None)


def applying(slots: Mapping[str, Any]) -> bool:
    """Whether the details of an application are being given or looked over."""
    return bool(slots["apply_offer"]) and slots["apply_state"] is None


class ValidateApplicationForm(MappedForm):
    """Accepts or refuses what is given, each refusal with a sentence that says what to do."""

    def name(self) -> str:
        return f"validate_{APPLICATION_FORM}"

    async def required_slots(
        self,
        domain_slots: list[str],
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: DomainDict,
    ) -> list[str]:
        return [*FIELDS, "apply_making"]

    async def next_requested_slot(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> EventType:
        return SlotSet(REQUESTED_SLOT, missing(tracker.slots))

    def validate_apply_name(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> Given:
        hint = tracker.slots["apply_hint"] or {}
        first = hint.get("first")
        said = _BESIDE_A_NAME.split(str(value), maxsplit=1)[0]
        try:
            if len(said.split()) > MOST_WORDS or "?" in said:
                raise Refused(Reason.NAME_EMPTY)
            if is_sentence(said) and not hint.get("odd"):  # said again, it is believed
                refuse(dispatcher, Refused(Reason.NAME_EMPTY))
                return {"apply_name": None, "apply_hint": {"odd": True}}
            again = first and fold(said).startswith(f"{fold(first)} ")  # « Léa », « Léa Martin »
            if first and not again and len(said.split()) < 3:  # only what was missing
                return {"apply_name": [first, name(said)], "apply_hint": None}
            return {"apply_name": list(full_name(said)), "apply_hint": None}
        except Refused as refused:
            refuse(dispatcher, refused)
            hint = {"first": refused.values["first"]} if "first" in refused.values else None
            return {"apply_name": None, "apply_hint": hint}

    def validate_apply_email(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> Given:
        try:
            found = email(str(value))
        except Refused as refused:
            if "suggestion" not in refused.values:
                refuse(dispatcher, refused)
                return {"apply_email": None}
            suggested, typed = refused.values["suggestion"], None
        else:
            if found.suggestion is None:
                return {"apply_email": found.address, "apply_hint": None}
            suggested, typed = found.suggestion, found.address
        dispatcher.utter_message(response="utter_apply_suggestion", suggestion=suggested)
        return {"apply_email": None, "apply_hint": {"suggested": suggested, "typed": typed}}

    def validate_apply_phone(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> Given:
        try:
            return {"apply_phone": phone(re.sub(r"\S*@\S*", " ", str(value))).e164}
        except Refused as refused:
            refuse(dispatcher, refused)
            return {"apply_phone": None}

    def validate_apply_cv(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> Given:
        """Photos come one after the other; any other file takes the place of what was there."""
        before = tracker.slots["apply_cv"]
        if "files" not in value:
            return {"apply_cv": value, "apply_making": None}
        files = value["files"]
        kept = (before or {}).get("files", [])
        if all(file["photo"] for file in (*kept, *files)):
            files = [*kept, *files]
        try:
            check_files(files)
        except Refused as refused:
            refuse(dispatcher, refused)
            return {"apply_cv": before}
        return {"apply_cv": {"files": files}, "apply_making": None}

    def validate_apply_word(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> Given:
        """Words of somebody's own are never cut: too many come back to be shortened."""
        word = None if value is None else str(value).strip()
        if word and len(word) > MOST_OF_A_WORD:
            refuse(dispatcher, too_long(Reason.WORD_LONG, word, MOST_OF_A_WORD))
            return {"apply_word": None}
        return {"apply_word": word}

    def validate_apply_making(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> Given:
        """One more answer; with the fifth the CV is there, unless not a word was said."""
        if value is None:
            return {"apply_making": None}
        answers = [str(answer).strip() for answer in value]
        if answers and len(answers[-1]) > MOST_OF_AN_ANSWER:
            refuse(dispatcher, too_long(Reason.ANSWER_LONG, answers[-1], MOST_OF_AN_ANSWER))
            return {"apply_making": answers[:-1]}
        if len(answers) < len(QUESTIONS):
            return {"apply_making": answers}
        if not any(answers):
            refuse(dispatcher, Refused(Reason.CV_EMPTY))
            return {"apply_making": []}
        return {"apply_making": None, "apply_cv": {"answers": answers}}


def is_sentence(said: str) -> bool:
    """Whether it rather reads as something said than as somebody's name."""
    words = _LEADING.sub("", said.strip()).lower().replace("’", "'").split()
    clear = any(w in SPEAKING or _ELIDED.match(w) for w in words)
    return clear or (len(words) > 2 and any(w in SMALL_WORDS for w in words))


def check_files(files: list[Mapping[str, Any]]) -> None:
    """What can be seen of files before they are fetched. Raises :class:`Refused`."""
    if len(files) > MOST_PHOTOS:
        raise Refused(Reason.PHOTOS_MANY, most=str(MOST_PHOTOS))
    for file in files:
        name = file["name"].strip().lower()
        ending = f".{name.rpartition('.')[2]}" if "." in name else ""
        if ending in OLD:
            raise Refused(OLD[ending])
        if not file["photo"] and ending and ending not in TAKEN:
            raise Refused(Reason.FILE_TYPE)
        if file["size"] > MOST_RECEIVED:
            raise Refused(Reason.FILE_BIG)
    if len(files) > 1 and not all(file["photo"] for file in files):
        raise Refused(Reason.PHOTOS_MIXED)


def too_long(reason: Reason, text: str, most: int) -> Refused:
    length, most_said = (f"{n:,}".replace(",", "\u202f") for n in (len(text), most))
    return Refused(reason, length=length, most=most_said)


def refuse(dispatcher: CollectingDispatcher, refused: Refused) -> None:
    values = dict(refused.values)
    dispatcher.utter_message(response=f"utter_refused_{refused.reason.value}", **values)

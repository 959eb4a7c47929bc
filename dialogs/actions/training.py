"""Training centres nearby: which courses are taught there, and how to meet them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from dialogs.actions.base import argument, effect
from dialogs.french import in_pairs
from dialogs.reply import short_press
from dialogs.services import Course, Courses, Services
from matching.model import Circle, Unavailable

REACH_KM = 50
"""One goes there every second or third week, and some have a boarding school."""

MOST_COURSES = 3


class TrainingCentres(Action):
    """« Un CFA près de chez moi »: the nearest courses of the trade; else who knows of them."""

    def __init__(self, services: Services) -> None:
        self.services = services

    def name(self) -> str:
        return "action_courses"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        effect(dispatcher, "count", name="questions", label="cfa_find")
        named = json.loads(argument(tracker) or "{}")
        slots = {**tracker.slots, **named}
        if self.services.courses is None:
            dispatcher.utter_message(response="utter_answer_cfa_find")
            return [FollowupAction("action_resume")]
        if not slots["trades"] or not slots["where"]:
            dispatcher.utter_message(response="utter_courses_first")
            return [FollowupAction("action_resume")]
        search = self.services.criteria.search({**slots, "radius_km": REACH_KM})
        if not search.circles:
            dispatcher.utter_message(response="utter_courses_town")
            return [SlotSet("asked", "show_offers")]
        codes = dict.fromkeys(c for t in search.trades for c in (*t.codes, *t.parents))
        circle = search.circles[0]
        around = replace(circle, radius_km=max(circle.radius_km, REACH_KM))
        return await self._show(dispatcher, self.services.courses, tuple(codes), around)

    async def _show(
        self,
        dispatcher: CollectingDispatcher,
        courses: Courses,
        codes: Sequence[str],
        around: Circle,
    ) -> list[EventType]:
        try:
            found = await courses.courses(codes, around)
        except Unavailable:
            dispatcher.utter_message(response="utter_courses_unavailable")
            return [SlotSet("asked", "show_offers")]
        if not found:
            km = round(around.radius_km)
            dispatcher.utter_message(response="utter_courses_none", town=around.name, km=km)
            return [SlotSet("asked", "show_offers")]
        shown = [kept(course) for course in found[:MOST_COURSES]]
        today = self.services.today().isoformat()
        dispatcher.utter_message(
            response="utter_courses",
            n=len(found),
            town=around.name,
            json_message={"courses": [facts(c, today) for c in found[:MOST_COURSES]]},
        )
        return [SlotSet("courses", shown), SlotSet("asked", "show_offers")]


class Appointment(Action):
    """The page to make an appointment, asked for only when somebody wants it."""

    def __init__(self, services: Services) -> None:
        self.services = services

    def name(self) -> str:
        return "action_appointment"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        mark = argument(tracker)
        course = next((c for c in tracker.slots["courses"] or () if c["mark"] == mark), None)
        if course is None or self.services.courses is None:
            return [FollowupAction("action_courses")]
        school = course["school"] or self.services.voice.fact("card_no_school")
        try:
            url = await self.services.courses.appointment(course["id"])
        except Unavailable:
            dispatcher.utter_message(response="utter_appointment_unavailable", school=school)
            return []
        if url is not None:
            title = self.services.voice.phrase("button_open_page")
            button = {"title": title, "url": url}
            dispatcher.utter_message(response="utter_appointment", school=school, buttons=[button])
            return []
        if course["phone"]:
            phone = in_pairs(course["phone"])
            dispatcher.utter_message(response="utter_appointment_phone", school=school, phone=phone)
            return []
        dispatcher.utter_message(response="utter_appointment_none", school=school)
        return []


def mark_of(course: Course) -> str:
    """What a button bears of a course, whose own number is too long for some networks."""
    return short_press(course.id).removeprefix("/~")


def kept(course: Course) -> dict[str, Any]:
    """What the conversation keeps of a course that was shown."""
    return {
        "mark": mark_of(course), "id": course.id, "school": course.school, "phone": course.phone,
    }  # fmt: skip


def facts(course: Course, today: str) -> Mapping[str, Any]:
    """What a card says of a course, as JSON."""
    days = [day.isoformat() for day in course.starts]
    return {
        "mark": mark_of(course),
        "title": course.title,
        "company": course.school,
        "city": course.city,
        "km": round(course.distance_km) if course.distance_km is not None else None,
        "level": course.diploma_level,
        "start": next((day for day in days if day >= today), None),
        "phone": course.phone,
        "url": course.url,
    }


def build(services: Services) -> Sequence[Action]:
    return (TrainingCentres(services), Appointment(services))

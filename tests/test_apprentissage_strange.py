"""Whatever JSON comes in place of a documented answer, nothing but a known error comes out."""

from __future__ import annotations

import asyncio
import copy
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from matching.apprentissage.answers import dump, load, parse_search, read_search
from matching.apprentissage.applying import ACCEPTED, read_outcome
from matching.apprentissage.courses import read_appointment, read_courses
from matching.apprentissage.export import read_link
from matching.calling import Answer, Misread
from tests.apprenticing import LOCATE
from tests.apprentissage_api import course, job, recruiter

ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.just(10**400)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["2026-13-45", "9999-12-31T23:59:59+00:00", "\x00", "\ud800", "1e999"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where something lies inside an object."""
    if isinstance(value, dict):
        return [path, *(p for k, v in value.items() for p in paths(v, (*path, k)))]
    if isinstance(value, list):
        return [path, *(p for n, v in enumerate(value) for p in paths(v, (*path, n)))]
    return [path]


def struck(whole: Any, path: tuple[Any, ...], value: Any) -> Any:
    """The same with something else at one place."""
    if not path:
        return value
    whole = copy.deepcopy(whole)
    place = whole
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return whole


SEARCH = {"jobs": [job(), job(label="France Travail")], "recruiters": [recruiter()], "warnings": []}
COURSES = {"data": [course(), course()], "pagination": {"page_count": 1}}


def answer(value: Any, status: int = 200) -> Answer:
    return Answer(status, {}, json.dumps(value).encode("utf-8", "surrogatepass"))


@settings(max_examples=150)
@given(st.sampled_from(paths(SEARCH)), ANYTHING)
def test_a_search_with_anything_anywhere(path: tuple[Any, ...], value: Any) -> None:
    try:
        found = read_search(answer(struck(SEARCH, path, value)))
    except Misread:
        return
    answered = asyncio.run(parse_search(found, LOCATE))
    assert load(dump(answered)) == answered


@settings(max_examples=150)
@given(st.sampled_from(paths(COURSES)), ANYTHING)
def test_courses_with_anything_anywhere(path: tuple[Any, ...], value: Any) -> None:
    try:
        page = read_courses(answer(struck(COURSES, path, value)))
    except Misread:
        return
    assert all(c.id and c.title for c in page.courses)


@settings(max_examples=60)
@given(ANYTHING, st.sampled_from(sorted(ACCEPTED)))
def test_small_answers_that_are_anything(value: Any, status: int) -> None:
    said = {"message": value, "data": value, "form_url": value, "url": value, "lastUpdate": value}
    for whole in (value, said, {"data": {"validationError": value}, "url": "https://a.fr/"}):
        for read in (read_outcome, read_appointment, lambda a: read_link(a, secure=True)):
            try:
                read(answer(whole, status))
            except Misread:
                continue


def test_a_state_in_a_list_or_a_latitude_beyond_all_numbers() -> None:
    for path, value in (
        (("data", 0, "statut", "catalogue"), []),
        (("data", 0, "lieu", "geolocalisation", "coordinates", 1), 10**400),
    ):
        assert len(read_courses(answer(struck(COURSES, path, value))).courses) == 1

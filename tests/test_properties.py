"""What holds of every commune, title and day: a sample here, everything by the benchmark.

Each stride is prime to the periods of what is sampled (weeks, months, the alphabet). Together they
take less than twenty seconds of processor time; ``benchmarks/properties.py`` leaves nothing out.
"""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nlu.text import Message
from nlu.understander import LONGEST, Understander
from tests.properties import Outcome, anything, communes, days, duckling_days, titles


def all_right(outcome: Outcome, least: int) -> None:
    """Nothing wrong, and as many readings as there should be: an empty sample proves nothing."""
    assert outcome.wrong == []
    assert outcome.checked >= least


def test_every_commune_is_found_by_its_name(understander: Understander) -> None:
    outcome = communes.found_by_name(understander, stride=41, start=4)
    all_right(outcome, 9_000)
    assert outcome.known.total() < 0.02 * outcome.checked, outcome.known


def test_no_commune_is_found_inside_other_words(understander: Understander) -> None:
    all_right(communes.not_inside_words(understander, stride=61), 1_800)


def test_an_ordinary_word_is_no_commune_by_itself(understander: Understander) -> None:
    all_right(communes.ordinary_words(understander), 1_000)


def test_every_official_title_is_found(understander: Understander) -> None:
    outcome = titles.found_by_title(understander, stride=5)
    all_right(outcome, 5_000)
    assert outcome.known.total() < 0.01 * outcome.checked, outcome.known


def test_no_title_is_found_inside_other_words(understander: Understander) -> None:
    all_right(titles.not_inside_words(understander, stride=2), 500)


def test_every_day_of_five_years_is_read_as_the_calendar_says() -> None:
    all_right(days.dates(stride=17), 14_000)


def test_duckling_reads_the_same_days() -> None:
    outcome = duckling_days.agreement(stride=41)
    all_right(outcome, 3_000)
    assert len(outcome.known) <= len(duckling_days.CHOSEN)


def test_duckling_is_asked_in_earnest() -> None:
    assert duckling_days.theirs("le 3 mars 2027", date(2026, 11, 23)) == (date(2027, 3, 3), None)
    assert duckling_days.theirs("boulanger", date(2026, 11, 23)) is None


# Letters of several scripts, signs, emoji, control characters; and words our readers look for.
WORDS = st.sampled_from(
    "à a de la le Lens st saint Nœux-les-Mines boulanger 59 62000 km 3/03/2027 mars dans mi- pas "
    "jusqu’au sauf ou œ ß İ ﬁ é e\u0301 \u200f\u202e أبحث \U0001f956 \x00 \r\n \ud83d d' l’".split(
        " "
    )
)
TEXTS = st.one_of(
    st.text(),
    st.lists(WORDS, max_size=30).map(" ".join),
    st.lists(st.one_of(WORDS, st.text(max_size=5)), max_size=30).map("".join),
)


@settings(max_examples=250)
@given(text=TEXTS, asked=st.sampled_from(anything.QUESTIONS), today=st.dates())
@example(text="İ à Lens", asked=None, today=date(2026, 11, 23))
@example(text="dans 999 ans", asked="ask_availability", today=date.max)
@example(text="dans 15 jours, lundi, la semaine prochaine", asked=None, today=date.max)
@example(text="en mars, à noël, aux vacances", asked=None, today=date.min)
def test_any_text_gives_a_well_formed_result(
    understander: Understander, text: str, asked: str | None, today: date
) -> None:
    assert anything.flaws(understander.read(text, asked=asked, today=today), text) == []


@pytest.mark.parametrize("shape", list(anything.SHAPES))
def test_a_hundred_thousand_characters_are_no_trouble(
    understander: Understander, shape: str
) -> None:
    text = anything.SHAPES[shape](100_000)
    for asked in (None, "ask_place", "ask_availability"):
        read = understander.read(text, asked=asked, today=anything.TODAY)
        assert anything.flaws(read, text) == []
        assert len(read.text) == LONGEST


def test_cost_grows_no_faster_than_length(understander: Understander) -> None:
    """Twice the text, at most 2.6 times the work: in one run, on the same machine."""
    ratios = {}
    for shape in anything.SHAPES:
        half, whole = anything.growth(understander, shape, 2.6)
        ratios[shape] = whole / half
    assert {shape: ratio for shape, ratio in ratios.items() if ratio > 2.6} == {}


def test_words_keep_their_places_in_any_text() -> None:
    for write in anything.SHAPES.values():
        message = Message.of(write(3_000))
        assert all(0 <= w.start < w.end <= 3_000 for w in message.words)

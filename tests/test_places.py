"""Places, areas, distances and travel are read from sentences as people write them."""

from __future__ import annotations

import random
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from nlu.gazetteer import HOME, Gazetteer
from nlu.places import PlaceReader, PlaceReading
from nlu.radius import read_radius, read_travel
from nlu.text import Message, fold

SENTENCES = Path(__file__).parent / "sentences"
PLACES = ["places.yml", "places_spelling.yml", "places_answers.yml", "places_speech.yml"]


def cases(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.load((SENTENCES / name).read_text("utf-8"), yaml.CSafeLoader)
    return found


@pytest.fixture(scope="module")
def gazetteer() -> Gazetteer:
    return Gazetteer.load()


@pytest.fixture(scope="module")
def reader(gazetteer: Gazetteer) -> PlaceReader:
    return PlaceReader(gazetteer)


def read(reader: PlaceReader, text: str, asked: str | None = None) -> PlaceReading:
    return reader.read(Message.of(text), asked)


@pytest.mark.parametrize("name", PLACES)
def test_sentences(reader: PlaceReader, name: str) -> None:
    wrong = []
    for case in cases(name):
        found = read(reader, case["text"], case.get("asked"))
        asks = [[c.name for c in a.candidates[:2]] for a in found.ambiguous_places]
        got = (
            [p.name for p in found.places],
            [p.name for p in found.negated_places],
            asks[0] if asks else [],
            [a.name for a in found.areas],
        )
        expected = tuple(case.get(key, []) for key in ("places", "not", "asks", "areas"))
        if got != expected:
            wrong.append((case["text"], expected, got))
    assert wrong == []


@pytest.mark.parametrize("case", cases("availability_radius.yml"), ids=lambda case: case["text"])
def test_radius_and_travel(case: dict[str, Any]) -> None:
    message = Message.of(case["text"])
    assert read_radius(message, case.get("asked")) == case.get("radius")
    assert read_travel(message) == case.get("travel")


def test_spans_are_those_of_the_text(reader: PlaceReader) -> None:
    text = "Cœur : apprenti à Nœux-les-Mines, pas à Hénin, dans l'Artois"
    found = read(reader, text)
    spans = [text[p.start : p.end] for p in found.places + found.negated_places]
    spans += [text[area.start : area.end] for area in found.areas]
    assert spans == ["Nœux-les-Mines", "Hénin", "Artois"]


def test_a_trade_is_not_a_town(reader: PlaceReader) -> None:
    message = Message.of("apprenti macon a macon")
    found = reader.read(message, None, [(9, 14)])
    assert [(p.insee, p.start) for p in found.places] == [("71270", 17)]
    assert reader.read(Message.of("apprenti macon"), None, [(9, 14)]).places == ()


def test_candidates_are_the_regions_and_at_most_six(reader: PlaceReader) -> None:
    asked = read(reader, "saint-martin", "ask_place").ambiguous_places[0]
    assert len(asked.candidates) == 6
    assert {c.departement for c in asked.candidates} <= HOME
    people = [c.population for c in asked.candidates]
    assert people == sorted(people, reverse=True)


def test_codes_of_parts_and_arrondissements(reader: PlaceReader) -> None:
    for text, code in {"lomme": "59355", "hellemmes": "59298", "paris 11e": "75111",
                       "st pol sur mer": "59540", "fort-mardyck": "59248"}.items():  # fmt: skip
        assert [p.insee for p in read(reader, text, "ask_place").places] == [code]


def test_former_region_and_zone(reader: PlaceReader) -> None:
    areas = read(reader, "picardie", "ask_place").areas
    assert [(a.type, a.code) for a in areas] == [
        ("departement", "02"), ("departement", "60"), ("departement", "80"),
    ]  # fmt: skip
    (zone,) = read(reader, "dans l'Audomarois").areas
    assert zone.type == "zone"
    assert zone.code is None
    assert zone.lat == pytest.approx(50.75, abs=0.1)
    assert zone.radius_km == pytest.approx(16, abs=5)


# A longer name with ten times the people, or a word nobody would take for a village.
LEFT_OUT = {"Flers", "Saint-Valery", "Saint-Amand", "Douchy", "Rosières", "Vaulx", "Ville",
            "Lez-Fontaine"}  # fmt: skip


def region(gazetteer: Gazetteer) -> list[tuple[str, str]]:
    """(code, name) of the pilot region's communes, parts aside."""
    rows = [r for r in range(len(gazetteer)) if gazetteer.home(r) and not gazetteer.is_part(r)]
    return [(gazetteer.insee(row), gazetteer.name(row)) for row in rows]


@pytest.mark.parametrize("pattern", ["je cherche à {}", "vers {}", "{}", "près de {} svp"])
def test_every_commune_of_the_region_is_found_by_its_name(
    reader: PlaceReader, gazetteer: Gazetteer, pattern: str
) -> None:
    communes = region(gazetteer)
    assert len(communes) > 3_600
    missed = []
    asked = "ask_place" if pattern == "{}" else None
    for code, name in random.Random(7).sample(communes, 600):
        for spelled in (name, fold(name).replace("-", " ").replace("saint ", "st ")):
            found = read(reader, pattern.format(spelled), asked)
            codes = {p.insee for p in found.places}
            codes |= {c.insee for a in found.ambiguous_places for c in a.candidates}
            homonyms = {p.insee for p in gazetteer.lookup(name)} | {code}
            if name not in LEFT_OUT and not codes & homonyms:
                missed.append((spelled, sorted(codes)))
    assert missed == []


def test_one_error_in_a_towns_name_is_forgiven(reader: PlaceReader, gazetteer: Gazetteer) -> None:
    """A letter doubled, or one left out, in the middle of the name of every sizeable town."""
    towns = [(c, n) for c, n in region(gazetteer)
             if (gazetteer.by_insee(c) or gazetteer.nearest(50, 3)).population > 9_000
             and len(n) > 5 and "-" not in n and " " not in n]  # fmt: skip
    missed = []
    for code, name in towns:
        for spelled in (name[:3] + name[2:], name[:4] + name[5:]):
            found = read(reader, f"je cherche à {fold(spelled)}")
            if code not in {p.insee for p in found.places}:
                missed.append((spelled, [p.name for p in found.places]))
    assert len(towns) > 50
    assert len(missed) <= len(towns) * 2 * 0.05, missed


@settings(max_examples=300, deadline=None)
@given(
    text=st.text(max_size=300),
    asked=st.sampled_from([None, "ask_place", "ask_radius", "ask_trade"]),
)
def test_any_text_is_read(text: str, asked: str | None) -> None:
    found = SHARED.read(Message.of(text), asked)
    for place in (*found.places, *found.negated_places):
        assert 0 <= place.start < place.end <= len(text)
    radius = read_radius(Message.of(text), asked)
    assert radius is None or 0 < radius <= 1_000
    assert read_travel(Message.of(text)) in {None, "foot", "scooter", "transit", "car"}


WORDS = (
    "a à lens st saint pol sur mer pas ni et ou rue de la le les 12 62 59000 vers croix dans , ."
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(WORDS.split()), max_size=30), st.booleans())
def test_any_order_of_the_words_of_places_is_read(words: list[str], asked: bool) -> None:
    found = SHARED.read(Message.of(" ".join(words)), "ask_place" if asked else None)
    codes = [p.insee for p in found.places]
    assert len(codes) == len(set(codes))


SHARED = PlaceReader(Gazetteer.load())


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("12 RUE DES FAUX 59000 LILLE", "59350"),
        ("59160 Lomme", "59355"),
        ("3 place du 8 mai, 62300 LENS", "62498"),
        ("ZI NORD 62300 ELEU DIT LEAUWETTE", "62291"),
        ("1 RUE X 59033 LILLE CEDEX", "59350"),
        ("75011 Paris", "75056"),
        ("LENS", "62498"),
    ],
)
def test_locate(gazetteer: Gazetteer, address: str, code: str) -> None:
    place = gazetteer.locate(address, None, None)
    assert place is not None
    assert code in {place.insee, "75056" if place.insee.startswith("751") else place.insee}


def test_without_an_address_the_position_decides(gazetteer: Gazetteer) -> None:
    place = gazetteer.locate("", 50.43, 2.83)
    assert place is not None
    assert place.name == "Lens"
    assert gazetteer.locate("", None, None) is None


def test_codes_postcodes_and_names(gazetteer: Gazetteer) -> None:
    assert gazetteer.by_insee("00000") is None
    assert gazetteer.postcodes("59350")[0] == "59000"
    assert [p.name for p in gazetteer.by_postcode("62300")] == ["Lens", "Éleu-dit-Leauwette"]
    assert gazetteer.by_postcode("99999") == ()
    assert gazetteer.lookup("st-quentin")[0].insee == "02691"
    assert gazetteer.lookup("nulle part") == ()


def _calls(reader: PlaceReader, text: str) -> int:
    """How many functions are called to read ``text``: a count of work no other process disturbs."""
    message, calls = Message.of(text), 0

    def count(frame: object, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        reader.read(message, None)
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.parametrize(
    "word", ["st ", "st pol ", "saint ", "nord ", "bruay ", "a st ", "rue de "]
)
def test_many_words_that_begin_names_cost_little(reader: PlaceReader, word: str) -> None:
    reader.read(Message.of(word), None)
    whole, quarter = (_calls(reader, (word * size)[:size]) for size in (4_096, 1_024))
    assert whole <= 6 * quarter
    assert whole <= 100_000  # some 20 ms


def test_a_long_message_costs_no_more_than_its_length(reader: PlaceReader) -> None:
    """4,096 characters of places: reading stops at what no person would write."""
    found = read(reader, "lens lille arras " * 240)
    assert [p.name for p in found.places] == ["Lens", "Lille", "Arras"]

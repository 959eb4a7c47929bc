"""Files of offers: what is read, what is refused and why, and that nothing is half written."""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator, Callable
from copy import deepcopy
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.html import line, plain
from matching.model import Offer
from matching.offers_file import (
    BadOffer,
    UnreadableFile,
    import_file,
    parse_job,
)
from nlu.gazetteer import Gazetteer
from storage.database import Database
from storage.offers import Offers

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)

JOB: dict[str, Any] = {
    "identifier": {"id": "66aa00", "partner_label": "offres_emploi_lba", "partner_job_id": "7"},
    "workplace": {
        "siret": None, "brand": "Au Bon Essai", "legal_name": "ESSAI SARL", "website": None,
        "name": "Au Bon Essai", "description": None, "size": "3-5",
        "location": {
            "address": "3 RUE DE L&#39;ESSAI 62300 LENS",
            "geopoint": {"type": "Point", "coordinates": [2.83, 50.43]},
        },
        "domain": {"idcc": 843, "opco": None, "naf": {"code": "1071C", "label": "Boulangerie"}},
    },
    "apply": {
        "url": "https://labonnealternance.apprentissage.beta.gouv.fr/emploi/1",
        "phone": "0199000000",
        "recipient_id": "partners_66aa00",
    },
    "contract": {
        "start": "2027-09-01T00:00:00.000Z", "duration": 24, "type": ["Apprentissage"],
        "remote": None,
    },
    "offer": {
        "title": "Apprenti boulanger &amp; pâtissier (H/F)",
        "rome_codes": ["D1102", "D1104"],
        "description": "<p>Un fournil<br>à <strong>Lens</strong></p>",
        "target_diploma": {"european": "3", "label": "CAP, BEP (Infrabac)"},
        "desired_skills": [], "to_be_acquired_skills": [], "access_conditions": [],
        "publication": {
            "creation": "2026-11-02T08:12:44.027Z", "expiration": "2027-01-02T08:12:44.027Z",
        },
        "opening_count": 1,
        "status": "Active",
    },
    "is_delegated": False,
}  # fmt: skip


def job(**changes: Any) -> dict[str, Any]:
    """The job above, with values put at paths: ``job(offer__title="…")``."""
    made = deepcopy(JOB)
    for path, value in changes.items():
        *parents, last = path.split("__")
        part = made
        for parent in parents:
            part = part[parent]
        part[last] = value
    return made


@pytest.fixture(scope="module")
def gazetteer() -> Gazetteer:
    return Gazetteer.load()


@pytest.fixture
def parse(gazetteer: Gazetteer) -> Callable[[object], Offer]:
    return lambda job: parse_job(job, gazetteer.locate)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Offers]:
    database = Database.open(f"sqlite:///{tmp_path}/offers.db")
    await database.migrate()
    yield Offers(database)
    await database.close()


def test_every_field_is_read(parse: Callable[[object], Offer]) -> None:
    assert parse(JOB) == Offer(
        id="offres_emploi_lba:66aa00",
        source="offres_emploi_lba",
        title="Apprenti boulanger & pâtissier (H/F)",
        company="Au Bon Essai",
        city="Lens",
        postcode="62300",
        insee="62498",
        lat=50.43,
        lon=2.83,
        rome_codes=("D1102", "D1104"),
        url="https://labonnealternance.apprentissage.beta.gouv.fr/emploi/1",
        published=datetime(2026, 11, 2, 8, 12, 44, 27000, tzinfo=UTC),
        expires=datetime(2027, 1, 2, 8, 12, 44, 27000, tzinfo=UTC),
        start=date(2027, 9, 1),
        phone="0199000000",
        apply_to="partners_66aa00",
        diploma_level=3,
        diploma="CAP, BEP (Infrabac)",
        description="Un fournil\nà Lens",
        duration_months=24,
        status="open",
        school=False,
        also=("offresemploilba:7",),
    )


def test_what_may_be_missing_is_missing(parse: Callable[[object], Offer]) -> None:
    bare = {
        "identifier": {"id": None, "partner_label": "France Travail", "partner_job_id": "207QYWM"},
        "workplace": {"name": None, "location": {"address": "59000 Lille", "geopoint": None}},
        "apply": {"url": "https://candidat.francetravail.fr/offres/recherche/detail/207QYWM"},
        "contract": {"type": ["Professionnalisation", "Apprentissage"]},
        "offer": {"title": "Coiffeur", "rome_codes": ["D1202"], "target_diploma": None},
    }
    offer = parse(bare)
    assert (offer.id, offer.company, offer.city) == ("France Travail:207QYWM", None, "Lille")
    assert (offer.start, offer.expires, offer.published, offer.phone) == (None,) * 4
    assert (offer.status, offer.school, offer.diploma_level, offer.duration_months) == (
        "open", False, None, None,
    )  # fmt: skip
    assert offer.lat == pytest.approx(50.63, abs=0.02)


@pytest.mark.parametrize(
    "coordinates",
    [[2.83, 50.43], [50.43, 2.83], [2.83, 50.43, 40]],
    ids=["GeoJSON", "the wrong way round", "with a height"],
)
def test_a_position_is_understood(
    parse: Callable[[object], Offer], coordinates: list[float]
) -> None:
    offer = parse(job(workplace__location__geopoint__coordinates=coordinates))
    assert (offer.lat, offer.lon) == (50.43, 2.83)


@pytest.mark.parametrize(
    "coordinates", [[], [0, 0], None, "2.83,50.43", [2.83], [None, None], [1e400, 50], [True, 50]]
)
def test_without_a_position_the_commune_stands_for_it(
    parse: Callable[[object], Offer], gazetteer: Gazetteer, coordinates: object
) -> None:
    offer = parse(job(workplace__location__geopoint__coordinates=coordinates))
    lens = gazetteer.by_insee("62498")
    assert lens is not None
    assert (offer.city, offer.lat, offer.lon) == ("Lens", lens.lat, lens.lon)


@pytest.mark.parametrize(
    ("address", "coordinates", "departement"),
    [
        ("1 RUE DE L’ESSAI 97400 SAINT-DENIS", [55.4504, -20.8789], "974"),
        ("1 RUE DE L’ESSAI 97400 SAINT-DENIS", [-20.8789, 55.4504], "974"),
        ("AJACCIO", [8.7386, 41.9192], "2A"),
        ("", [2.83, 50.43], "62"),
    ],
)
def test_offers_lie_overseas_too(
    parse: Callable[[object], Offer], address: str, coordinates: list[float], departement: str
) -> None:
    location = {"address": address, "geopoint": {"coordinates": coordinates}}
    offer = parse(job(workplace__location=location))
    assert offer.departement == departement
    assert {offer.lat, offer.lon} == set(coordinates)


@pytest.mark.parametrize(
    ("start", "day"),
    [
        ("2027-08-31T22:00:00.000Z", date(2027, 9, 1)),
        ("2027-09-01T00:00:00+02:00", date(2027, 9, 1)),
        ("2027-09-01", date(2027, 9, 1)),
        (None, None),
    ],
)
def test_the_first_day_is_the_day_in_france(
    parse: Callable[[object], Offer], start: str | None, day: date | None
) -> None:
    assert parse(job(contract__start=start)).start == day


@pytest.mark.parametrize(
    ("status", "read"),
    [("Active", "open"), ("Filled", "closed"), ("Cancelled", "closed"), ("Pending", "closed"),
     ("?", "closed"), (None, "open")],
)  # fmt: skip
def test_only_active_offers_are_open(
    parse: Callable[[object], Offer], status: str | None, read: str
) -> None:
    assert parse(job(offer__status=status)).status == read


def test_schools_are_marked(parse: Callable[[object], Offer]) -> None:
    assert parse(job(is_delegated=True)).school
    assert parse(job(workplace__domain__naf__code="8559A")).school
    assert not parse(job(workplace__domain=None, is_delegated=None)).school


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ([JOB], "la ligne n’est pas un objet JSON"),
        (job(offer="boulanger"), "«\u202foffer\u202f» n’est pas un objet"),
        (job(contract__type=["Professionnalisation"]), "ce n’est pas un contrat d’apprentissage"),
        (job(contract__type=[]), "ce n’est pas un contrat d’apprentissage"),
        (job(contract__type=None), "ce n’est pas un contrat d’apprentissage"),
        (job(identifier={"id": None, "partner_label": "x"}), "identifiant ou partenaire absent"),
        (job(identifier__partner_label=None), "identifiant ou partenaire absent"),
        (job(offer__title="<b> </b>"), "titre absent"),
        (job(offer__rome_codes=[]), "aucun code ROME"),
        (job(offer__rome_codes=["boulanger", 7]), "aucun code ROME"),
        (job(apply={"url": None}), "aucun moyen de postuler"),
        (job(apply__url="javascript:alert(1)"), "adresse de l’offre illisible"),
        (job(contract__start="en septembre"), "date de début illisible"),
        (job(offer__publication__creation="hier"), "date de publication illisible"),
        (job(offer__publication__expiration=20270102), "date d’expiration illisible"),
        (job(workplace=None), "lieu absent"),
        (
            job(workplace__location={"address": "Nulle-Part-les-Bains"}),
            "commune introuvable\u00a0: «\u202fNulle-Part-les-Bains\u202f»",
        ),
    ],
)
def test_bad_offers_say_why(parse: Callable[[object], Offer], broken: object, reason: str) -> None:
    with pytest.raises(BadOffer) as caught:
        parse(broken)
    assert str(caught.value) == reason


PATHS = [
    (), ("identifier",), ("identifier", "id"), ("workplace",), ("workplace", "name"),
    ("workplace", "location"), ("workplace", "location", "address"),
    ("workplace", "location", "geopoint"), ("workplace", "location", "geopoint", "coordinates"),
    ("workplace", "domain"), ("workplace", "domain", "naf"), ("apply",), ("apply", "url"),
    ("apply", "phone"), ("contract",), ("contract", "start"), ("contract", "duration"),
    ("contract", "type"), ("offer",), ("offer", "title"), ("offer", "rome_codes"),
    ("offer", "description"), ("offer", "target_diploma"), ("offer", "publication"),
    ("offer", "publication", "expiration"), ("offer", "status"), ("is_delegated",),
]  # fmt: skip
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@settings(max_examples=300, deadline=None)
@given(path=st.sampled_from(PATHS), value=ANYTHING)
def test_whatever_a_value_is_the_offer_is_read_or_refused(
    gazetteer: Gazetteer, path: tuple[str, ...], value: object
) -> None:
    made: Any = job(**{"__".join(path): value}) if path else value
    try:
        offer = parse_job(made, gazetteer.locate)
    except BadOffer:
        return
    assert offer.title
    assert offer.insee
    assert -90 <= offer.lat <= 90


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("Coiffeur &amp; barbier", "Coiffeur & barbier"),
        ("&lt;p&gt;Salon&lt;/p&gt;", "Salon"),
        ("<ul><li>un</li><li>deux</li></ul>", "- un\n\n- deux"),
        ("a<script>alert(1)</script>b", "ab"),
        ("moins de < 10 salariés", "moins de < 10 salariés"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("nul\x00 et \u202e retourné \ud800", "nul et retourné"),
        ("  trop\u00a0d’espaces \t", "trop d’espaces"),
        ("&laquo; Oui ! &raquo; : non", "«\u202fOui\u202f!\u202f»\u00a0: non"),
    ],
)
def test_markup_becomes_text(markup: str, text: str) -> None:
    assert plain(markup) == text
    assert line(markup) == " ".join(text.splitlines()).replace("  ", " ")


def written(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines), "utf-8")
    return path


async def test_a_file_is_imported_and_its_bad_lines_are_reported(
    tmp_path: Path, store: Offers, gazetteer: Gazetteer
) -> None:
    seen: list[tuple[int, int]] = []
    file = written(
        tmp_path / "offres.jsonl",
        "\ufeff" + json.dumps(JOB),
        "",
        '{"identifier": ',
        json.dumps(job(identifier__id="2", contract__type=["Professionnalisation"])),
        json.dumps(job(identifier__id="3", identifier__partner_label="Hellowork")),
        json.dumps(job(offer__title="Boulanger, encore")),
        json.dumps(job(identifier__id="4", offer__publication__expiration="2026-01-01")),
        "[" * 100_000,
        "   ",
        "null",
    )
    report = await import_file(
        file, store, gazetteer.locate, now=NOW, progress=lambda n, size: seen.append((n, size))
    )
    assert (report.total, report.imported, report.expired) == (8, 3, 1)
    assert report.skipped == [
        (3, "la ligne n’est pas du JSON"),
        (4, "ce n’est pas un contrat d’apprentissage"),
        (8, "la ligne n’est pas du JSON"),
        (10, "la ligne n’est pas un objet JSON"),
    ]
    assert seen[-1] == (file.stat().st_size, file.stat().st_size)
    again = await store.get("offres_emploi_lba:66aa00")
    assert again is not None
    assert again.title == "Boulanger, encore"


async def test_importing_again_updates_and_keeps_the_others(
    tmp_path: Path, store: Offers, gazetteer: Gazetteer
) -> None:
    first = written(tmp_path / "a.jsonl", json.dumps(JOB), json.dumps(job(identifier__id="2")))
    await import_file(first, store, gazetteer.locate, now=NOW)
    second = written(tmp_path / "b.jsonl", json.dumps(job(offer__status="Filled")))
    await import_file(second, store, gazetteer.locate, now=NOW)
    closed, kept = [await store.get(f"offres_emploi_lba:{id}") for id in ("66aa00", "2")]
    assert closed is not None
    assert closed.status == "closed"
    assert kept is not None
    assert kept.status == "open"


async def test_a_gzipped_file_is_read_as_well(
    tmp_path: Path, store: Offers, gazetteer: Gazetteer
) -> None:
    file = tmp_path / "offres.jsonl.gz"
    file.write_bytes(gzip.compress(json.dumps(JOB).encode(), mtime=0))
    assert (await import_file(file, store, gazetteer.locate, now=NOW)).imported == 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (json.dumps(JOB).encode() + b"\n\xff\xfe", "n’est pas en UTF-8"),
        (gzip.compress(json.dumps(JOB).encode(), mtime=0)[:-20], "archive gzip abîmée"),
        (gzip.compress(b"x" * 999, mtime=0)[:12] + b"\x00" * 50, "archive gzip abîmée"),
        (None, "n’existe pas"),
    ],
)
async def test_an_unreadable_file_writes_nothing(
    tmp_path: Path, store: Offers, gazetteer: Gazetteer, content: bytes | None, reason: str
) -> None:
    file = tmp_path / "offres"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(UnreadableFile, match=reason):
        await import_file(file, store, gazetteer.locate, now=NOW)
    assert await store.count() == 0

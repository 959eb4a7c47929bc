"""An ad of France Travail as an offer of ours, whatever it lacks."""

from __future__ import annotations

import itertools
import json
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from matching.attribution import attribution
from matching.france_travail import read_offer
from matching.job_offer import BadOffer
from matching.model import Offer
from matching.schools import is_school
from nlu.gazetteer import Gazetteer
from tests.france_travail_api.ads import make_ad, make_ads

SAMPLES = Path(__file__).parent / "france_travail_api" / "samples"


@pytest.fixture(scope="module")
def gazetteer() -> Gazetteer:
    return Gazetteer.load()


def samples() -> list[dict[str, Any]]:
    ads: list[dict[str, Any]] = json.loads((SAMPLES / "search_206.json").read_text("utf-8"))[
        "body"
    ]["resultats"]
    return ads


def read(gazetteer: Gazetteer, **changes: Any) -> Offer:
    """An ad in Lille with some keys replaced, ``None``: absent."""
    ad = make_ad("207QYWM", gazetteer.lookup("Lille")[0], gazetteer, **changes)
    return read_offer(ad, gazetteer.locate)


def placed(gazetteer: Gazetteer, **place: Any) -> Offer:
    return read(gazetteer, lieuTravail=place)


def test_the_recorded_ad_is_read_whole(gazetteer: Gazetteer) -> None:
    assert read_offer(samples()[0], gazetteer.locate) == Offer(
        id="France Travail:207QYWM",
        source="France Travail",
        title="Apprenti boulanger / Apprentie boulangère (H/F)",
        company="AU BON LEVAIN",
        city="Lille",
        postcode="59000",
        insee="59350",
        lat=50.63297,
        lon=3.058579,
        rome_codes=("D1102",),
        url="https://candidat.francetravail.fr/offres/recherche/detail/207QYWM",
        published=datetime(2026, 10, 3, 16, 31, 40, 837_000, UTC),
        updated=datetime(2026, 10, 18, 15, 0, 47, 257_000, UTC),
        description="Boulangerie artisanale…",
        duration_months=24,
        also=("francetravail:207QYWM",),
    )


def test_an_ad_that_names_only_its_departement_lies_nowhere(gazetteer: Gazetteer) -> None:
    with pytest.raises(BadOffer, match="commune introuvable"):
        read_offer(samples()[1], gazetteer.locate)


def test_a_key_is_absent_rather_than_null(gazetteer: Gazetteer) -> None:
    bare = {
        key: samples()[0][key]
        for key in ("id", "intitule", "romeCode", "natureContrat", "lieuTravail")
    }
    offer = read_offer(bare, gazetteer.locate)
    assert (offer.company, offer.phone, offer.published, offer.description) == (
        None, None, None, "",
    )  # fmt: skip
    assert (offer.duration_months, offer.diploma_level, offer.school) == (None, None, False)


def test_every_key_may_be_null_or_of_another_type(gazetteer: Gazetteer) -> None:
    """Read or refused, never anything else."""
    whole = make_ad(
        "207QYWM", gazetteer.lookup("Lille")[0], gazetteer,
        formations=[{"niveauLibelle": "CAP, BEP et équivalents"}],
        contact={"telephone": "01"}, codeNAF="10.71C",
    )  # fmt: skip
    values: tuple[Any, ...] = (None, 3, "x", [], {}, [None], {"nom": {}}, True)
    for key, value in itertools.product(whole, values):
        with suppress(BadOffer):
            read_offer({**whole, key: value}, gazetteer.locate)


@pytest.mark.parametrize("value", [None, [], "x", 3])
def test_what_is_no_object_is_refused(gazetteer: Gazetteer, value: Any) -> None:
    with pytest.raises(BadOffer):
        read_offer(value, gazetteer.locate)


@pytest.mark.parametrize("nature", ["Cont. professionnalisation", "Contrat travail", "E2", ""])
def test_only_the_label_of_apprenticeship_passes(gazetteer: Gazetteer, nature: str) -> None:
    with pytest.raises(BadOffer, match="apprentissage"):
        read(gazetteer, natureContrat=nature)


def test_without_a_nature_alternance_decides(gazetteer: Gazetteer) -> None:
    assert read(gazetteer, natureContrat=None).title
    with pytest.raises(BadOffer):
        read(gazetteer, natureContrat=None, alternance=None)


def test_html_and_entities_leave_the_texts(gazetteer: Gazetteer) -> None:
    offer = read(
        gazetteer, intitule="Coiffeur &amp; barbier", description="<p>Salon <b>gai</b></p><p>Oui"
    )
    assert offer.title == "Coiffeur & barbier"
    assert offer.description == "Salon gai\n\nOui"


@pytest.mark.parametrize(
    ("label", "months"),
    [("CDD - 24 Mois", 24), ("CDD - 6 mois", 6), ("CDI", None), ("CDD - 10 Jour(s)", None),
     ("CDD - 999 Mois", None), ("CDD - 0 Mois", None), (None, None)],
)  # fmt: skip
def test_the_duration_is_in_the_label_of_the_contract(
    gazetteer: Gazetteer, label: str | None, months: int | None
) -> None:
    assert read(gazetteer, typeContratLibelle=label).duration_months == months


@pytest.mark.parametrize(
    ("labels", "level"),
    [(["CAP, BEP et équivalents"], 3), (["Bac ou équivalent"], 4), (["Bac+2 ou équivalents"], 5),
     (["Bac+3, Bac+4 ou équivalents"], 6), (["Bac+5 et plus ou équivalents"], 7),
     (["3ème achevée ou Brevet"], None), (["2nd ou 1ère achevée"], None), ([], None),
     (["CAP, BEP et équivalents", "CAP, BEP et équivalents"], 3),
     (["CAP, BEP et équivalents", "Bac ou équivalent"], None)],
)  # fmt: skip
def test_the_level_is_that_of_the_formations(
    gazetteer: Gazetteer, labels: list[str], level: int | None
) -> None:
    offer = read(gazetteer, formations=[{"niveauLibelle": label} for label in labels])
    assert offer.diploma_level == level


def test_several_diplomas_are_all_named(gazetteer: Gazetteer) -> None:
    labels = ("CAP, BEP et équivalents", "Bac ou équivalent")
    offer = read(gazetteer, formations=[{"niveauLibelle": label} for label in labels])
    assert offer.diploma == "CAP, BEP et équivalents, Bac ou équivalent"


def test_the_start_is_never_known(gazetteer: Gazetteer) -> None:
    assert all(read_offer(ad, gazetteer.locate).start is None for ad in samples()[:1])


@pytest.mark.parametrize(
    ("label", "commune", "city"),
    [
        ("62 - Saint Pol", "62767", "Saint-Pol-sur-Ternoise"),
        ("62 - SAINTE CATHERINE LES ARRAS", "62744", "Sainte-Catherine"),
        ("", "62498", "Lens"),
        ("2B - Haute-Corse", "2B033", "Bastia"),
        ("75 - Paris (Dept.)", "75111", "Paris"),
    ],
)
def test_where_the_name_says_nothing_the_code_of_the_commune_does(
    label: str, commune: str, city: str, gazetteer: Gazetteer
) -> None:
    offer = placed(gazetteer, libelle=label, commune=commune)
    assert offer.city == city
    assert offer.departement == commune[:2]


@pytest.mark.parametrize("commune", ["13055", "62999", "Lens", ""])
def test_a_code_of_another_departement_or_of_nothing_says_nothing(
    commune: str, gazetteer: Gazetteer
) -> None:
    with pytest.raises(BadOffer, match="commune introuvable"):
        placed(gazetteer, libelle="62 - Pas-de-Calais", commune=commune)


def test_without_a_position_the_commune_places_it(gazetteer: Gazetteer) -> None:
    lens = gazetteer.lookup("Lens")[0]
    for place in (
        {"libelle": "62 - Lens", "codePostal": "62300", "commune": "62498"},
        {"libelle": "62 - LENS", "commune": "62498"},
        {"libelle": "62 - Lens"},
    ):
        offer = placed(gazetteer, **place)
        assert (offer.insee, offer.lat, offer.lon) == ("62498", lens.lat, lens.lon)


def test_without_a_name_the_position_places_it(gazetteer: Gazetteer) -> None:
    offer = placed(gazetteer, libelle="62 - Pas-de-Calais", latitude=50.43, longitude=2.83)
    assert (offer.insee, offer.postcode) == ("62498", "")


def test_an_insee_code_is_never_read_as_a_postcode(gazetteer: Gazetteer) -> None:
    """13001 is Aix's INSEE code, and the postcode of Marseille."""
    offer = placed(gazetteer, libelle="13 - Aix-en-Provence", commune="13001")
    assert offer.city == "Aix-en-Provence"


@pytest.mark.parametrize("label", ["23 - Creuse", "86 - Vienne", "40 - Landes"])
def test_a_departement_is_not_the_village_of_that_name(gazetteer: Gazetteer, label: str) -> None:
    with pytest.raises(BadOffer, match="commune introuvable"):
        placed(gazetteer, libelle=label)


def test_an_arrondissement_is_in_its_town(gazetteer: Gazetteer) -> None:
    for label in ("75 - Paris 11e Arrondissement", "75 - PARIS 11"):
        for more in ({"codePostal": "75011", "commune": "75111"}, {}):
            assert placed(gazetteer, libelle=label, **more).insee == "75056"


def test_positions_may_be_text_and_the_wrong_way_round(gazetteer: Gazetteer) -> None:
    offer = placed(gazetteer, libelle="59 - Lille", latitude="50.633", longitude="3.058")
    assert (offer.lat, offer.lon) == (50.633, 3.058)
    offer = placed(gazetteer, libelle="59 - Lille", latitude=3.058, longitude=50.633)
    assert (offer.lat, offer.lon) == (50.633, 3.058)


def test_a_position_of_nowhere_is_not_believed(gazetteer: Gazetteer) -> None:
    lille = gazetteer.lookup("Lille")[0]
    offer = placed(gazetteer, libelle="59 - Lille", latitude=0, longitude=0)
    assert (offer.lat, offer.lon) == (lille.lat, lille.lon)


def test_the_page_is_the_public_one_whatever_the_ad_says(gazetteer: Gazetteer) -> None:
    origin = {"origine": "1", "urlOrigine": "javascript:alert(1)"}
    offer = read(gazetteer, origineOffre=origin)
    assert offer.url == "https://candidat.francetravail.fr/offres/recherche/detail/207QYWM"


def test_the_phone_is_kept_and_the_mail_is_not(gazetteer: Gazetteer) -> None:
    contact = {"telephone": "01 99 00 00 00", "courriel": "a@example.org", "nom": "M. X"}
    offer = read(gazetteer, contact=contact)
    assert offer.phone == "01 99 00 00 00"
    assert "example.org" not in repr(offer)


def test_the_number_at_the_partner_is_in_its_address(gazetteer: Gazetteer) -> None:
    partner = {"nom": "METEOJOB", "url": "https://www.meteojob.com/jobs/46388391?utm_source=99999"}
    offer = read(gazetteer, origineOffre={"origine": "2", "partenaires": [partner]})
    assert offer.also == ("francetravail:207QYWM", "meteojob:46388391")


@pytest.mark.parametrize(
    ("company", "activity", "school"),
    [("ISCOD", "", True), ("Iscod Lille", "", True), (None, "85.59A", True),
     ("AU BON LEVAIN", "10.71C", False), ("CFA des Flandres", "", True), (None, "", False),
     ("Institut de beauté Rose", "96.02B", False), ("Auto-école du Pont", "", False),
     ("OPENCLASSROOMS", "62.01Z", True), ("Studio Coiffure", "", False),
     ("Lycée hôtelier", "", True), ("Mfreville SARL", "", False)],
)  # fmt: skip
def test_schools_that_pose_as_employers_are_marked(
    company: str | None, activity: str, school: bool
) -> None:
    assert is_school(company, activity) is school


def test_a_school_is_known_by_its_sector_alone(gazetteer: Gazetteer) -> None:
    assert read(gazetteer, secteurActivite="85").school
    assert read(gazetteer, codeNAF="85.59A").school
    assert not read(gazetteer, codeNAF="10.71C", secteurActivite="85").school


def test_what_the_licence_asks_is_kept(gazetteer: Gazetteer) -> None:
    told = attribution(read(gazetteer))
    assert told is not None
    assert told.source == "France Travail"
    assert told.updated == datetime(2026, 10, 18, 15, 0, 47, 257_000, UTC)
    assert told.licence.startswith("https://francetravail.io/")


def test_generated_ads_are_read_or_lie_nowhere(gazetteer: Gazetteer) -> None:
    """The double sends what the client is written for."""
    refused: list[str] = []
    for ad in make_ads(gazetteer, 500):
        try:
            read_offer(ad, gazetteer.locate)
        except BadOffer as reason:
            refused.append(str(reason).partition("\u00a0")[0])
    assert set(refused) == {"ce n’est pas un contrat d’apprentissage", "commune introuvable"}
    assert refused.count("commune introuvable") < 20

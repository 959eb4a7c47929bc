"""One job that came several ways is shown once, and the best copy of it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.france_travail import read_offer
from matching.job_offer import BadOffer, parse_job
from matching.merging import merge, trust
from matching.model import Offer, reference
from nlu.gazetteer import Gazetteer

SAMPLES = Path(__file__).parent / "france_travail_api" / "samples"

BASE = Offer(
    id="Hellowork:1",
    source="Hellowork",
    title="Apprenti boulanger (H/F)",
    company="Au Bon Levain",
    city="Lille",
    postcode="59000",
    insee="59350",
    lat=50.63,
    lon=3.05,
    rome_codes=("D1102",),
    url="https://example.org/1",
    published=datetime(2026, 10, 1, tzinfo=UTC),
)
OTHER = replace(BASE, id="x:2", source="x", company="Fournil Gris")


def kept(*offers: Offer) -> list[str]:
    return [offer.id for offer in merge(offers).offers]


def test_the_same_identifier_is_the_same_offer() -> None:
    merged = merge([BASE, replace(BASE, phone="01"), BASE])
    assert [(o.id, o.phone) for o in merged.offers] == [("Hellowork:1", "01")]
    assert merged.removed == 2


def test_the_partner_s_number_tells_the_same_offer() -> None:
    """API apprentissage gives a France Travail offer a number of its own, and keeps theirs."""
    direct = replace(
        BASE, id="France Travail:207QYWM", source="France Travail", title="Boulanger",
        also=("francetravail:207QYWM",),
    )  # fmt: skip
    through = replace(
        BASE, id="France Travail:68f0a1b2c3d4e5f601020305", source="France Travail",
        company=None, also=(reference("France Travail", "207QYWM"),),
    )  # fmt: skip
    assert kept(direct, through) == ["France Travail:207QYWM"]


def test_a_partner_s_label_is_compared_without_its_spelling() -> None:
    assert reference("RH Alternance", "12345") == reference("RHALTERNANCE", "12345")
    assert reference("METEOJOB", "12345") == reference("Meteojob", "12345")
    assert reference("Meteojob", "12345") != reference("Meteojob", "12346")


def test_title_company_and_place_tell_the_same_offer() -> None:
    shouted = replace(BASE, id="PASS:9", source="PASS", title="APPRENTI BOULANGER H/F")
    assert len(kept(BASE, replace(shouted, company="AU BON LEVAIN"))) == 1
    assert len(kept(BASE, OTHER)) == 2


def test_without_a_company_the_description_stands_for_it() -> None:
    one = replace(BASE, company=None, description="Salon gai")
    assert len(kept(one, replace(one, id="b:2", description="Salon triste"))) == 2
    assert len(kept(one, replace(one, id="b:2"))) == 1


def test_other_towns_are_other_jobs_even_of_one_postcode() -> None:
    next_door = replace(BASE, id="b:2", insee="59368", city="La Madeleine", also=("x:1",))
    assert len(kept(replace(BASE, also=("x:1",)), next_door)) == 2


@pytest.mark.parametrize(
    "better",
    [{"apply_to": "partners_1"}, {"phone": "01 99 00 00 00"}, {"source": "offres_emploi_lba"},
     {"updated": datetime(2026, 11, 1, tzinfo=UTC)}],
)  # fmt: skip
def test_the_copy_that_can_do_more_is_kept(better: dict[str, str]) -> None:
    copy = replace(BASE, id="b:2", **better)  # type: ignore[arg-type]
    assert kept(BASE, copy) == kept(copy, BASE) == ["b:2"]


def test_to_apply_counts_more_than_a_phone_and_a_phone_more_than_trust() -> None:
    phone = replace(BASE, id="a:1", phone="01", source="offres_emploi_lba")
    chat = replace(BASE, id="b:2", apply_to="partners_1")
    quiet = replace(BASE, id="c:3", source="offres_emploi_lba")
    loud = replace(BASE, id="d:4", phone="01")
    assert kept(phone, chat) == ["b:2"]
    assert kept(quiet, loud) == ["d:4"]


def test_a_closed_copy_never_hides_an_open_one() -> None:
    closed = replace(BASE, id="b:2", apply_to="partners_1", phone="01", status="closed")
    assert kept(closed, BASE) == ["Hellowork:1"]


def test_demonstration_offers_are_trusted_least() -> None:
    sources = ("offres_emploi_lba", "France Travail", "Hellowork", "demonstration")
    assert sorted(sources, key=trust, reverse=True) == list(sources)


def test_a_copy_of_a_copy_is_a_copy() -> None:
    first = replace(BASE, id="a:1", also=("m:1",))
    second = replace(OTHER, id="b:2", also=("m:1", "m:2"), company="Y")
    third = replace(OTHER, id="c:3", also=("m:2",), company="Z")
    merged = merge([first, third, second])
    assert len(merged.offers) == 1
    assert merged.removed == 2


def test_nothing_gives_nothing() -> None:
    assert merge([]).offers == ()
    assert merge([]).removed == 0


OFFERS = st.lists(
    st.builds(
        replace,
        st.just(BASE),
        id=st.sampled_from([f"{s}:{n}" for s in "abc" for n in range(4)]),
        source=st.sampled_from(["offres_emploi_lba", "France Travail", "Hellowork"]),
        title=st.sampled_from(["Boulanger", "BOULANGER", "Coiffeur"]),
        company=st.sampled_from([None, "Levain", "levain", "Gris"]),
        insee=st.sampled_from(["59350", "59368", "62498"]),
        postcode=st.sampled_from(["", "59000", "62300"]),
        phone=st.sampled_from([None, "01"]),
        apply_to=st.sampled_from([None, "partners_1"]),
        also=st.sampled_from([(), ("m:1",), ("m:2",), ("m:1", "m:2"), ("m:3",)]),
        status=st.sampled_from(["open", "open", "closed"]),
        published=st.sampled_from([None, BASE.published]),
        updated=st.sampled_from(
            [None, *(datetime(2026, 11, 1, tzinfo=UTC) + timedelta(days=n) for n in range(2))]
        ),
    ),
    max_size=14,
)


@given(OFFERS)
def test_merging_again_changes_nothing(offers: list[Offer]) -> None:
    once = merge(offers)
    again = merge(once.offers)
    assert again.offers == once.offers
    assert again.removed == 0
    assert once.removed == len(offers) - len(once.offers)


@given(OFFERS, st.integers(0, 1_000))
def test_the_order_of_the_sources_does_not_matter(offers: list[Offer], seed: int) -> None:
    shuffled = list(offers)
    Random(seed).shuffle(shuffled)
    assert set(merge(offers).offers) == set(merge(shuffled).offers)


@given(OFFERS)
def test_what_is_kept_came_in_and_no_town_is_lost(offers: list[Offer]) -> None:
    """Every town of an offer whose id is in one town only still has an offer."""
    merged = merge(offers).offers
    assert set(merged) <= set(offers)
    assert len({offer.id for offer in merged}) == len(merged)
    towns: dict[str, set[str]] = {}
    for offer in offers:
        towns.setdefault(offer.id, set()).add(offer.insee)
    alone = {next(iter(insee)) for insee in towns.values() if len(insee) == 1}
    assert alone <= {offer.insee for offer in merged}


@given(OFFERS)
def test_offers_that_share_nothing_are_all_kept(offers: list[Offer]) -> None:
    apart = [
        replace(offer, id=f"z:{n}", title=f"Trade {n}", also=()) for n, offer in enumerate(offers)
    ]
    assert merge(apart).offers == tuple(apart)


def test_the_recorded_samples_of_both_sources() -> None:
    """What asking France Travail adds: the company's name, and the text as it is today."""
    locate = Gazetteer.load().locate
    offers: list[Offer] = []
    sent = json.loads((SAMPLES / "api_apprentissage_200.json").read_text("utf-8"))
    offers += [parse_job(job, locate) for job in sent["body"]["jobs"]]
    direct, nowhere = [], 0
    for ad in json.loads((SAMPLES / "search_206.json").read_text("utf-8"))["body"]["resultats"]:
        try:
            direct.append(read_offer(ad, locate))
        except BadOffer:
            nowhere += 1
    alone, both = merge(offers), merge([*offers, *direct])
    assert (len(alone.offers), alone.removed) == (3, 1)
    assert (len(both.offers), both.removed, nowhere) == (3, 2, 1)
    assert "France Travail:207QYWM" in {offer.id for offer in both.offers}

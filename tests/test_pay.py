"""The least an apprentice earns, against figures worked out by hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
import yaml

from matching.pay import pay_floor

ON = date(2026, 11, 25)  # the SMIC of June 2026: 1,867.02 €


@dataclass(frozen=True)
class Job:
    rome_codes: tuple[str, ...] = ("D1102",)
    departement: str = "62"


BAKER, MASON = Job(), Job(("F1703",))


@pytest.mark.parametrize(
    ("job", "age", "year", "share", "euros"),
    [
        (BAKER, None, 1, 27, 504),
        (BAKER, 15, 1, 27, 504),
        (BAKER, 17, 2, 39, 728),
        (BAKER, 17, 3, 55, 1026),
        (BAKER, 18, 1, 43, 802),
        (BAKER, 20, 2, 51, 952),
        (BAKER, 20, 3, 67, 1250),
        (BAKER, 21, 1, 53, 989),
        (BAKER, 25, 3, 78, 1456),
        (BAKER, 26, 1, 100, 1867),
        (BAKER, 40, 9, 100, 1867),
        (MASON, None, 1, 40, 746),
        (MASON, 17, 3, 60, 1120),
        (MASON, 18, 1, 50, 933),
        (MASON, 20, 3, 70, 1306),
        (MASON, 21, 1, 55, 1026),
        (MASON, 25, 3, 80, 1493),
        (MASON, 26, 1, 100, 1867),
    ],
)
def test_law_and_building_trades(
    job: Job, age: int | None, year: int, share: int, euros: int
) -> None:
    floor = pay_floor(job, ON, age=age, year=year)
    assert floor is not None
    assert (floor.share, floor.euros) == (share, euros)


def test_the_smic_of_the_day() -> None:
    before, after = (pay_floor(BAKER, day) for day in (date(2026, 5, 31), date(2026, 6, 1)))
    assert before is not None
    assert after is not None
    assert (before.euros, after.euros) == (492, 504)


def test_who_names_an_agreement_is_believed_before_the_trade() -> None:
    told = pay_floor(MASON, ON, idcc=2596)  # a hairdresser who looks for a mason
    assert told is not None
    assert (told.share, told.branch, told.presumed) == (27, None, False)
    builder = pay_floor(BAKER, ON, idcc=1597)
    assert builder is not None
    assert (builder.share, builder.branch, builder.presumed) == (
        40,
        "bâtiment et travaux publics",
        False,
    )


def test_then_the_activity_then_the_trade() -> None:
    plasterer = pay_floor(BAKER, ON, naf="43.31Z")
    assert plasterer == pay_floor(BAKER, ON, naf="4331Z")  # as API apprentissage writes it
    baker = pay_floor(MASON, ON, naf="10.71C")
    mason = pay_floor(MASON, ON)
    assert plasterer is not None
    assert baker is not None
    assert mason is not None
    assert (plasterer.share, baker.share, mason.share) == (40, 27, 40)
    assert (plasterer.presumed, mason.presumed) == (False, True)


def test_every_floor_says_where_it_was_read() -> None:
    floor = pay_floor(MASON, ON)
    assert floor is not None
    assert "8 février 2005" in floor.source.name
    legal = pay_floor(MASON, ON, age=30)
    assert legal is not None
    assert "D6222-26" in legal.source.name
    assert legal.branch is None


@pytest.mark.parametrize("departement", ["976", "987", "988"])
def test_no_amount_where_another_smic_holds(departement: str) -> None:
    assert pay_floor(Job(departement=departement), ON) is None


def test_no_amount_before_the_first_known_smic() -> None:
    assert pay_floor(BAKER, date(2019, 1, 1)) is None


def test_the_data_is_whole() -> None:
    """Every figure has its source, its page and its day; the branch is never under the law."""
    file = Path(__file__).parents[1] / "matching" / "data" / "pay.yml"
    data = yaml.safe_load(file.read_text("utf-8"))
    for entry in (*data["smic"], data["law"], *data["branches"]):
        assert entry["source"]
        assert entry["url"].startswith("https://")
        assert isinstance(entry["checked"], date)
    assert [s["since"] for s in data["smic"]] == sorted(s["since"] for s in data["smic"])
    law = {group["from"]: group["shares"] for group in data["law"]["ages"]}
    for branch in data["branches"]:
        for group in branch["ages"]:
            assert all(b >= a for a, b in zip(law[group["from"]], group["shares"], strict=True))
            assert group["shares"] == sorted(group["shares"])

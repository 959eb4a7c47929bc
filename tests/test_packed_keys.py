"""The keys of an alert in one value are those of its rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from alerts import grid
from alerts.keys import ANY, Trades, keys_of
from matching.model import Circle, Search
from storage.packed_keys import Keys, commune, mark, pack
from tests.alerting import BY_ID, TABLE

BAKER, COOK = BY_ID["boulanger"], BY_ID["cuisinier"]
SEARCH = Search(
    (BAKER, COOK), (Circle(50.4322, 2.8331, 30),), ("2A",), excluded=("62041", "2A004"),
    start=date(2027, 3, 1), end=date(2027, 3, 30), diploma_level=4,
)  # fmt: skip


def test_they_come_back_as_they_were() -> None:
    rows = keys_of(SEARCH)
    keys = Keys.of(pack(2**40, rows), ["cuisinier", "boulanger"])
    columns = (keys.x, keys.y, keys.z, keys.least, keys.first, keys.last, keys.level, keys.kind)
    read = list(zip(*(column.tolist() for column in (keys.trade, *columns)), strict=True))
    place = {"cuisinier": 0, "boulanger": 1}
    assert read == [
        (place[k.trade], k.x, k.y, k.z, k.least, k.first, k.last, k.level, grid.kind(k.cell))
        for k in rows
    ]
    assert set(keys.search.tolist()) == {2**40}
    assert grid.departement_place("2A") in keys.place[keys.kind == grid.DEPARTEMENT].tolist()
    assert keys.barred.tolist() == [2**40] * 2
    assert set(keys.communes.tolist()) == {commune("62041"), commune("2A004")}


def test_only_the_trades_asked_for_are_read() -> None:
    packed = pack(1, keys_of(SEARCH)) + pack(2, keys_of(replace(SEARCH, trades=())))
    assert Keys.of(packed, [ANY]).search.tolist() == [2, 2]
    assert len(Keys.of(packed, [])) == len(Keys.of(packed, ["coiffeur"])) == 0
    assert len(Keys.of(b"", [ANY])) == 0


@pytest.mark.parametrize("code", ["", "6249", "62 49", "６２４９８", "624980"])
def test_what_is_no_commune_has_no_number(code: str) -> None:
    assert commune(code) is None


def test_trades_have_marks_of_their_own() -> None:
    assert len({mark(trade.id) for trade in TABLE}) == len(TABLE)
    one, other = "trade-16171", "trade-94309"  # found by trying
    assert mark(one) == mark(other)
    with pytest.raises(ValueError, match=f"« {other} » and « {one} » share a mark"):
        Trades([replace(BAKER, id=one), replace(BAKER, id=other)])

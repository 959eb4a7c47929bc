"""Which trades of a wide field are proposed first."""

from __future__ import annotations

from dialogs.actions.choosing import young_first
from nlu.trade_table import TradeTable


def test_what_young_people_choose_comes_first() -> None:
    table = TradeTable.load()
    animals = [trade.craft for trade in young_first(table, table.domains["animaux"])]
    assert animals == ["toilettage", "soins vétérinaires", "maréchalerie", "taxidermie"]
    building = [trade.craft for trade in young_first(table, table.domains["bâtiment"])]
    assert building[0] == "maçonnerie"

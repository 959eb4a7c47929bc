"""How an area is spoken of."""

import pytest

from dialogs.regions import table, within
from nlu.areas import Areas


def test_every_area_that_is_understood_has_its_words() -> None:
    areas = Areas.load()
    names = {area.name for area in areas.all()} | {"France"}
    assert names == set(table())


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Audomarois", "dans l’Audomarois"),
        ("Pas-de-Calais", "dans le Pas-de-Calais"),
        ("Hauts-de-France", "dans les Hauts-de-France"),
        ("La Réunion", "à La Réunion"),
        ("Sud de l'Aisne", "dans le sud de l’Aisne"),
        ("Ailleurs", "du côté d’Ailleurs"),
    ],
)
def test_in_an_area(name: str, said: str) -> None:
    assert within(name) == said

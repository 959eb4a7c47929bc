"""What one says of a search within an area: « dans l’Audomarois », « en Bretagne »."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import yaml

from dialogs.french import of


def within(name: str) -> str:
    """« dans le Nord », « en Flandre », « à Mayotte »; a name the table lacks is « du côté de »."""
    return table().get(name) or f"du côté {of(name)}"


@cache
def table() -> Mapping[str, str]:
    """The name of an area, as :mod:`nlu` gives it, to the words for « in » it."""
    text = files("dialogs").joinpath("data", "areas.yml").read_text("utf-8")
    said: Mapping[str, str] = yaml.safe_load(text)
    return {
        name.strip(): phrase.replace("_", name.strip())
        for phrase, names in said.items()
        for name in names.split("|")
    }

"""Who answers people, by département: the table the CMA edits."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import yaml


@cache
def load() -> Mapping[str, Mapping[str, str | None]]:
    """Département to ``name``, ``structure`` and ``phone`` (``None`` while it is not known);
    read once a process."""
    text = files("dialogs").joinpath("data", "counsellors.yml").read_text("utf-8")
    table: Mapping[str, Mapping[str, str | None]] = yaml.safe_load(text)
    return table

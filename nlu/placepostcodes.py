"""Postcodes in a message: each stands for the most populated of its communes."""

from __future__ import annotations

import re

from nlu import placewords as pw
from nlu.gazetteer import Gazetteer
from nlu.naming import Named
from nlu.placesentence import Mention, Sentence

_POSTCODE = re.compile(r"([0-9]{5})([a-z]*)")


def postcode_at(g: Gazetteer, s: Sentence, at: int) -> Mention | None:
    """The most populated commune of the postcode at word ``at``, unless it is a sum of money."""
    match = _POSTCODE.fullmatch(s.forms[at])
    if not match:
        return _in_two(g, s, at)
    rows = g.rows_by_postcode(match[1])
    following = s.forms[at + 1] if at + 1 < len(s.forms) else ""
    if not rows or following in pw.MONEY or s.message.text.startswith("€", s.message.ends[at]):
        return None
    return Mention(at, at, Named((rows[0],), exact=True), 3)


def _in_two(g: Gazetteer, s: Sentence, at: int) -> Mention | None:
    """« 59 200 », as an answer."""
    code = "".join(s.forms[at : at + 2])
    if not s.answer or len(s.forms[at]) != 2 or not code.isdigit() or len(code) != 5:
        return None
    rows = g.rows_by_postcode(code)
    return Mention(at, at + 1, Named((rows[0],), exact=True), 3) if rows else None

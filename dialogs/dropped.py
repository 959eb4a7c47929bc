"""The only trade or town is refused: that is said, the rest stays, and one question follows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from dialogs.plans import Plan, form
from nlu.meaning import Understanding
from nlu.text import fold

_BUT = re.compile(r"\bsauf (?:a |de |vers )?(?!l[ea]s? |l'|si |que |un )([a-z][a-z' -]{2,30}?)\W*$")
"""A refusal whose name nobody could read, for several towns begin so."""


def what_is_dropped(u: Understanding, found: Mapping[str, Any]) -> Plan | None:
    """The plan when nothing is left of the trades or of the towns, or a trade alone is refused."""
    if "where" in found and found["where"] is None and found.get("trades", True):
        return Plan(("action_dropped_place",), candidates=found)
    alone = not found and u.intent != "question"
    if u.negated_trades and (alone or ("trades" in found and not found["trades"])):
        refused = u.negated_trades[0].id
        return Plan(("action_dropped_trade",), candidates=found or None, argument=refused)
    unread = _BUT.search(fold(u.text[:300]))
    if unread and not (u.negated_places or u.negated_trades):
        before, name = "action_unread_refusal", unread.group(1)
        return form(found, before, argument=name) if found else Plan((before,), argument=name)
    return None

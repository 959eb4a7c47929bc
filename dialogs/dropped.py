"""The only trade or town is refused: that is said, the rest stays, and one question follows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dialogs.plans import Plan
from nlu.meaning import Understanding


def what_is_dropped(u: Understanding, found: Mapping[str, Any]) -> Plan | None:
    """The plan when nothing is left of the trades or of the towns, or a trade alone is refused."""
    if "where" in found and found["where"] is None and found.get("trades", True):
        return Plan(("action_dropped_place",), candidates=found)
    alone = not found and u.intent != "question"
    if u.negated_trades and (alone or ("trades" in found and not found["trades"])):
        refused = u.negated_trades[0].id
        return Plan(("action_dropped_trade",), candidates=found or None, argument=refused)
    return None

"""Whether an activity found in a message is somebody's everyday doing rather than a trade."""

from __future__ import annotations

import re

from nlu.wish_words import HINTS, MINE

Forms = tuple[str, ...]


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_OBJECTS = _set("m t s l en y me te se lui leur ne n nous les la le")
_OTHERS = _set("tu il elle on ils elles vous")
_OUGHT = _set("dois doit faut devait devais pouvez peux peut tu vais jvais va vas allez")
_ORDERS = _set("mets met mettez")
_HAS = _set("a as ont avait est")
_WHEN = _set("hier soir")
_SOON = re.compile(
    r"^(?:pour |pr |a )?(?:demain|ce (?:soir|midi|matin|week)|cet aprem|samedi|dimanche|l anniv"
    r"|le gouter|le repas|toute la famille)"
)


def is_everyday(forms: Forms, first: int, last: int) -> bool:
    """« elle répare ma tondeuse », « je fais le gâteau pour demain », in a message that does not
    speak of work; the activity is the words ``first`` to ``last`` (excluded)."""
    if not HINTS.isdisjoint(forms):
        return False
    return (
        (forms[first] in _ORDERS and last > first + 2)
        or _by_another(forms, first)
        or not MINE.isdisjoint(forms[first:last])
        or not _WHEN.isdisjoint(forms)
        or _SOON.match(" ".join(forms[last : last + 4])) is not None
    )


def _by_another(forms: Forms, first: int) -> bool:
    """« il en fait tout un fromage », « m'a tressé les cheveux », « faut laver la voiture »."""
    k = first - 1
    if k >= 0 and forms[k] in {"ma", "ta"}:
        return True
    if k > 0 and forms[k] in _HAS and forms[k - 1] in _OBJECTS | _OTHERS:
        return True
    if k > 0 and forms[k] == "suis" and forms[k - 1] in {"me", "jme", "m"}:
        return True
    while k > 0 and forms[k] in _OBJECTS:
        k -= 1
    if k < 0:
        return False
    return (
        forms[k] in _OTHERS
        or forms[k] in _OUGHT
        or (forms[k] == "qui" and k > 0 and forms[k - 1] in {"moi", "toi", "lui"})
    )

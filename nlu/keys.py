"""How a commune's name is compared: folded words, « saint » as « st », no leading article."""

from __future__ import annotations

import re
from collections.abc import Iterable

from nlu.text import forms_of

ARTICLES = frozenset({"le", "la", "les", "l"})
LINKS = ARTICLES | {"en", "sur", "sous", "de", "du", "des", "d", "et", "au", "aux", "a", "lez"}
SAME = {
    "saint": "st", "sainte": "ste", "saints": "sts", "saintes": "stes", "lez": "les",
    "sint": "st", "sain": "st", "sante": "ste", "cedex": "",
}  # fmt: skip


def name_word(form: str) -> str:
    """One word in the spelling names are compared in: « saint » -> « st », « lez » -> « les »."""
    return SAME.get(form, form)


def name_key(name: str) -> str:
    """« L'Isle-Adam » -> « isle adam », « Saint-Pol-sur-Mer » -> « st pol sur mer »."""
    words = [name_word(form) for form in forms_of(name)]
    while len(words) > 1 and words[0] in ARTICLES:
        del words[0]
    return " ".join(word for word in words if word)


def without_links(words: Iterable[str]) -> str:
    """« mons en baroeul » -> « mons baroeul »: what is left when small words are forgotten."""
    return " ".join(word for word in words if word not in LINKS)


_NASAL = re.compile(
    r"(?:(?P<I>ain|ein|ien|in|im|yn|un)|(?P<A>aon|an|am|en|em)|(?P<Q>on|om))(?![aeiouynmh])"
)
_SOUNDS = (
    ("sch", "S"), ("ch", "S"), ("ph", "f"), ("gn", "N"), ("qu", "k"), ("cq", "k"), ("ck", "k"),
    ("eau", "o"), ("ault", "o"), ("au", "o"), ("oeu", "e"), ("oe", "e"), ("eu", "e"), ("ou", "U"),
    ("gue", "ge"), ("gui", "gi"), ("guo", "go"), ("oi", "wa"), ("oy", "wa"), ("ai", "e"),
    ("ei", "e"),
    ("ay", "e"), ("ey", "e"), ("y", "i"), ("ce", "se"), ("ci", "si"),
)  # fmt: skip
_LETTERS = str.maketrans({"c": "k", "q": "k", "x": "s", "z": "s", "h": None, "N": "n"})


_SAINTS = {"st": "sain", "ste": "sainte"}
_SILENT_G = re.compile(r"(?<=[IAQ])g$")  # « Tourcoing », « Onnaing »


def sound(key: str) -> str:
    """How a name's key roughly sounds: « valansienne » and « Valenciennes » give the same."""
    spelled = key.replace("i en ", "y en ")  # « crepi en valois » has no « ien »
    heard = "".join([_SAINTS.get(word, word) for word in spelled.split(" ")])
    heard = _NASAL.sub(lambda match: str(match.lastgroup), heard)
    for spelling, phoneme in _SOUNDS:
        heard = heard.replace(spelling, phoneme)
    heard = _SILENT_G.sub("", heard.translate(_LETTERS))
    single = "".join([c for c, before in zip(heard, " " + heard, strict=False) if c != before])
    kept = single.rstrip("estdpx") if len(single) > 3 else single
    return single[:1] + kept[1:].replace("e", "")


_VOWELS = str.maketrans("", "", "aeiouwUIAQ")


def consonants(heard: str) -> str:
    """What is left of a sound without its vowels: « Hazebrouck » and « hezbrouk » agree."""
    return heard.translate(_VOWELS)

"""How a commune's name is compared: folded words, « saint » as « st », no leading article."""

from __future__ import annotations

from collections.abc import Iterable

from nlu.text import Message, fold

ARTICLES = frozenset({"le", "la", "les", "l"})
LINKS = ARTICLES | {"en", "sur", "sous", "de", "du", "des", "d", "et", "au", "aux", "a", "lez"}
_SAME = {
    "saint": "st", "sainte": "ste", "saints": "sts", "saintes": "stes", "lez": "les",
    "sint": "st", "sain": "st", "sante": "ste", "cedex": "",
}  # fmt: skip


def name_word(form: str) -> str:
    """One word in the spelling names are compared in: « saint » -> « st », « lez » -> « les »."""
    return _SAME.get(form, form)


def name_key(name: str) -> str:
    """« L'Isle-Adam » -> « isle adam », « Saint-Pol-sur-Mer » -> « st pol sur mer »."""
    words = [name_word(form) for form in Message.of(name).forms]
    while len(words) > 1 and words[0] in ARTICLES:
        del words[0]
    return " ".join(word for word in words if word)


def without_links(words: Iterable[str]) -> str:
    """« mons en baroeul » -> « mons baroeul »: what is left when small words are forgotten."""
    return " ".join(word for word in words if word not in LINKS)


# Longest spellings first; « _ » is a vowel of its own so that it does not merge with the next rule.
_SOUNDS = (
    ("eaux", "O"), ("eau", "O"), ("aux", "O"), ("ault", "O"), ("aut", "O"), ("au", "O"),
    ("oeu", "E"), ("oe", "E"), ("eu", "E"), ("ou", "U"), ("ph", "f"), ("sch", "S"), ("ch", "S"),
    ("qu", "k"), ("ck", "k"), ("gn", "n"), ("gue", "g"), ("gui", "gi"),
    ("ain", "I"), ("ein", "I"), ("in", "I"), ("im", "I"), ("yn", "I"), ("un", "I"),
    ("aon", "A"), ("an", "A"), ("am", "A"), ("en", "A"), ("em", "A"), ("on", "Q"), ("om", "Q"),
    ("oi", "wa"), ("oy", "wa"), ("ai", "e"), ("ei", "e"), ("ay", "e"), ("ey", "e"), ("y", "i"),
    ("ce", "se"), ("ci", "si"), ("ge", "je"), ("gi", "ji"), ("c", "k"), ("q", "k"), ("x", "s"),
    ("z", "s"), ("h", ""),
)  # fmt: skip


def sound(text: str) -> str:
    """How a folded name roughly sounds: « valansienne » and « Valenciennes » give the same."""
    heard = fold(text).replace(" ", "").replace("-", "").replace("'", "")
    for spelling, phoneme in _SOUNDS:
        heard = heard.replace(spelling, phoneme)
    single = "".join(c for c, before in zip(heard, " " + heard, strict=False) if c != before)
    kept = single.rstrip("estdpx") if len(single) > 3 else single
    return single[:1] + kept[1:].replace("e", "").replace("E", "")

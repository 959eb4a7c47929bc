"""The words that name trades, as a tree of words walked from each word of a message."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


# Small words that neither make nor break a name: « tailleur (de) pierre ».
SKIPPED = _set(
    "a au aux d de des du en l la le les pour sur un une dans avec ds dns dan dla dl pr ac avc "
    "dun dune dela dle"
)

Tree = dict[str, Any]
END = ""


def content(forms: Iterable[str]) -> list[str]:
    """The words of a name without its small words (all of them if nothing else is left)."""
    words = list(forms)
    return [form for form in words if form not in SKIPPED] or words


def singular(form: str) -> str:
    """« voitures » -> « voiture », « bateaux » -> « bateau »; short words are left alone.

    The Arabic article goes too: « الحلاقة » -> « حلاقة ».
    """
    if form[0] == "ا" and form.startswith("ال") and len(form) > 4:
        return form[2:]
    return form[:-1] if len(form) > 3 and form[-1] in "sx" else form


# « couturière » is compared as « couturier », « monteuse » as « monteur ».
_FEMININE = (("iere", "ier"), ("euse", "eur"), ("trice", "teur"), ("ienne", "ien"), ("onne", "on"))


def stem(form: str) -> str:
    """The singular, and of most feminine trades the masculine."""
    one = singular(form)
    if one[-1] == "e" and len(one) > 6:
        for hers, his in _FEMININE:
            if one.endswith(hers):
                return one[: -len(hers)] + his
    return one


_SKIPPED_STEMS = frozenset(stem(word) for word in SKIPPED)


def tree(names: dict[str, str]) -> Tree:
    """Nested dictionaries, one level a singular word; under ``END`` what the name means."""
    root: Tree = {}
    for name, meaning in names.items():
        node = root
        for word in name.split(" "):
            node = node.setdefault(stem(word), {})
        node.setdefault(END, meaning)
    return root


def longest(root: Tree, words: Sequence[str], start: int) -> tuple[int, str] | None:
    """The longest name that begins at ``start``: index after its last word, and its meaning.

    ``words`` are stems. Small words inside a name are skipped; at most thirty words
    are looked at.
    """
    node = root.get(words[start])
    if node is None:
        return None
    i, last = start + 1, min(len(words), start + 30)
    best = (i, node[END]) if END in node else None
    while i < last:
        word = words[i]
        below = node.get(word) or _other_gender(node, word)
        if below is None:
            if word not in _SKIPPED_STEMS:
                break
            i += 1
            continue
        node, i = below, i + 1
        if END in node:
            best = (i, node[END])
    return best


def _other_gender(node: Tree, word: str) -> Tree | None:
    """« brasserie artisanal », « machine industriel »."""
    below: Tree | None = node.get(word + "e")
    if below is None and word[-1] in "lnt":
        below = node.get(word + word[-1] + "e")
    if below is None and word[-2:] in {"al", "au"}:  # « cheval », « chevaux »
        below = node.get(word[:-1] + ("u" if word[-1] == "l" else "l"))
    return below or (node.get(word[:-1]) if len(word) > 3 and word[-1] == "e" else None)

"""Reads the diploma aimed at: CAP, CS, BP, BTM, BM, Bac pro, BTS, Titre professionnel."""

from __future__ import annotations

import re
from collections.abc import Iterator

from nlu.text import Message

# The longest first: « bac pro » before « bac ». A « mention complémentaire » is a CS since 2023.
_DIPLOMAS: tuple[tuple[str, str], ...] = (
    ("Bac pro", r"bacs? ?pro(?:fessionnels?)?|bac p\b|baccalaureat pro(?:fessionnel)?|bpro"),
    ("Titre professionnel", r"titres? ?pro(?:fessionnels?)?|tp"),
    ("CS", (r"men[tsc]ions? compl\w+|mention comp|mc\d?|certificats? (?:de )?"
            r"(?:specialisation|spe)|cs")),
    ("BTM", r"btm|brevets? techniques? des metiers"),
    ("BTS", r"bts"),
    ("BP", r"bps?|breve(?:ts?)? pro(?:fessionnels?)?"),
    ("BM", r"bm|brevets? de maitrise"),
    ("CAP", r"caps?|cap[ae]|certificat d aptitude(?: professionnelle)?"),
)  # fmt: skip
_WHOLE = re.compile(
    r"\b(?:" + "|".join(f"(?P<d{i}>{form})" for i, (_, form) in enumerate(_DIPLOMAS)) + r")\b"
)
# The letters a diploma's first word begins with: « mc » may be « mc2 ».
_HEADS = frozenset(
    "bac bpr tit tp men mec mes cer cs btm bre bts bp bps bm cap mc".split()
    + [f"mc{digit}" for digit in range(10)]
)
# Without one of these words or a trade beside them, two letters are something else.
_SHORT = frozenset({"tp", "cs", "bm", "mc"})
_BESIDE = re.compile(
    r"\b(?:un|une|en|le|la|mon|passer|preparer|faire|diplome|formation|contrat|pour|niveau|ou|et)$"
)
# What one already has, or does not want, is not what one aims at.
_HAD = re.compile(
    r"\b(?:(?:(?:j )?ai|g|ge) (?:deja |eu |obtenu |valide |fini )*(?:un |mon |le |une )?|"
    r"titulaire d un |"
    r"(?:j ai|g|ge) (?:rate|loupe|foire) (?:mon |le |un )?|"
    r"rien (?:trouve )?(?:en |pour (?:un |le |mon )?|avec (?:un |le |mon )?)|"
    r"(?:ca|sa) (?:c est |c |cest )(?:que )?(?:du |des |pour (?:un |le |du )?)|"
    r"apres (?:un |mon |le )|obtenu (?:un |mon |le )?|"
    r"diplomee (?:d un |du |d |en )?|(?:suis |sui |^)diplome (?:d un |du |d |en )?|"
    r"(?:pas|pa|oublie|laisse tomber|plus|pu|plu) (?:de |le |une? |1 |en )?|sans |sauf )$"
)


# « un BTS… non, un bac pro »
_REFUSED = re.compile(r"\b(?:pas|pa|plus|pu|plu|sauf|sans) (?:de |d |le |une? )?$")
_MENDED = re.compile(
    r"\b(?:non|nan|finalement|du coup|moi je veux|moi jveux|pardon|en fait|enfaite|mais plutot"
    r"|enfin|oups|nn|correction)"
    r"(?: plutot| pas)?(?: c est| c)?(?: une?| le| la| 1)? $"
)


def read_diploma(message: Message, asked: str | None) -> str | None:
    """The diploma wished for, in its official short form; ``None`` if none is.

    Of several the first counts (« BTM ou BM » is a BTM), unless it is mended (« un BTS… non, un bac
    pro »). One that is already held (« j'ai un CAP ») counts only as the answer to the question of
    the diploma.
    """
    if _HEADS.isdisjoint([form[:3] for form in message.forms]):
        return None
    found = [d for d in weighed(message, asked) if d[2] in (None, "mended")]
    last = next((d for d in reversed(found) if d[2] == "mended"), None)
    return (last or found[0])[0] if found else None


def weighed(message: Message, asked: str | None) -> Iterator[tuple[str, str, str | None]]:
    """Each diploma named, the words that name it, and why it does not count: held, other sense.

    « mended » counts, and takes the place of those before it.
    """
    text = " ".join(message.forms[:300])
    for match in _WHOLE.finditer(text):
        before = text[max(0, match.start() - 40) : match.start()].replace("jai ", "j ai ")
        diploma, why = _DIPLOMAS[int(str(match.lastgroup)[1:])][0], None
        if _REFUSED.search(before) or (_HAD.search(before) and asked != "ask_diploma"):
            why = "held"
        elif _other_sense(match.group(), before, text[match.end() :], asked):
            why = "other sense"
        elif _MENDED.search(before):
            why = "mended"
        yield diploma, match.group(), why


def _other_sense(words: str, before: str, after: str, asked: str | None) -> bool:
    """« cap » of a ship, « tp » of public works, « mc do », « cs go »."""
    if words == "mc" and after.startswith((" do", " donald")):
        return True
    if words == "cs" and after.startswith(" go"):
        return True
    if words == "cap" and re.match(
        r" (?:gris|blanc|d (?:agde|ail)|ferret|vert|de bonne|nez)\b", after
    ):
        return True
    if words == "tp":
        return asked != "ask_diploma" and not _BESIDE.search(before.rstrip())
    return words in _SHORT and not (asked == "ask_diploma" or before == "" or bool(after)
                                    or _BESIDE.search(before.rstrip()))  # fmt: skip

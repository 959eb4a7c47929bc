"""Whether a trade named in a message is wished for, refused, or only spoken of."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Literal

from nlu import wish_words as w
from nlu.lexicon import SKIPPED
from nlu.text import Message

Verdict = Literal["wish", "weak", "refused", "other"]
Forms = tuple[str, ...]

_FAR = 14
_NO = frozenset({"non", "nan", "nn", "bof"})
_STOP = re.compile(r"[.!?;\n,:()]")
_END = re.compile(r"[.!?;\n]")


_AGED = re.compile(r"^[0-9]{2} ?ans\b")


class Spot:
    """Word ``k``, read backwards from the trade that begins at word ``first``.

    ``gap`` is how many words stand between it and the trade.
    """

    __slots__ = ("before", "first", "forms", "gap", "k", "message", "word")

    def __init__(self, message: Message, forms: Forms, k: int, first: int) -> None:
        self.message, self.forms, self.k, self.first = message, forms, k, first
        self.word = forms[k]
        self.before = forms[k - 1] if k else ""
        self.gap = first - 1 - k

    @property
    def between(self) -> Forms:
        return self.forms[self.k + 1 : self.first]


def verdict(message: Message, forms: Forms, first: int, last: int) -> Verdict:
    """How the words ``first`` to ``last`` (excluded) are meant, by the sentence around them.

    « weak » is what one does or has done: a wish only if the message holds no other.
    """
    after = _after(message, forms, last)
    if after and w.REFUSED_AFTER.match(after):
        return "refused"
    if after and w.KIN_AFTER.match(after):
        return "other"
    if after and (w.CUSTOMER_AFTER.match(after) or _said_of_someone(forms, first, after)):
        return "other"
    if after and _AGED.match(after) and _is_full_name(message, forms, first):
        return "other"
    before = _before(message, forms, first)
    if before == "refused" and _in_brackets(message, forms, first):
        return "other"  # « brasserie (la bière, pas le resto) » tells what is meant
    return before


def _is_full_name(message: Message, forms: Forms, first: int) -> bool:
    """« Kévin Boulanger, 20 ans », not « Apprenti Boulanger, 20 ans »."""
    if not first or _STOP.search(message.between(first - 1, first)):
        return False
    said = forms[first - 1] in w.HINTS or forms[first - 1] in w.SEEKING | w.GREETINGS
    if said or forms[first].endswith(("euse", "iere", "trice")):
        return False
    pair = [message.typed(k, k + 1) for k in (first - 1, first)]
    begins = first == 1 or _STOP.search(message.between(first - 2, first - 1)) is not None
    return begins and all(name.istitle() for name in pair)


def _in_brackets(message: Message, forms: Forms, first: int) -> bool:
    start = message.starts[first]
    return message.text.rfind("(", 0, start) > message.text.rfind(")", 0, start)


def _said_of_someone(forms: Forms, first: int, after: str) -> bool:
    return (
        first > 0
        and forms[first - 1] in {"le", "la", "l", "les", "ce", "cette", *w.MINE}
        and w.HINTS.isdisjoint(forms)
        and w.SOMEONE_AFTER.match(after) is not None
    )


def _after(message: Message, forms: Forms, last: int) -> str:
    """Up to eight words that follow in the same sentence."""
    words: list[str] = []
    for k in range(last, min(len(forms), last + 8)):
        gap = message.between(k - 1, k)
        stop = _END.search(gap) if gap != " " else None
        if forms[k] == "mais" or (stop and not (stop.group() == "?" and forms[k] in _NO)):
            break
        words.append(forms[k])
    return " ".join(words)


def _clause(message: Message, forms: Forms, first: int) -> Iterator[Spot]:
    """The words before the trade, nearest first, to the beginning of the clause."""
    for k in range(first - 1, max(-1, first - 1 - _FAR), -1):
        spot = Spot(message, forms, k, first)
        gap = message.between(k, k + 1)
        # « M. Boulanger »: this full stop ends nothing.
        if gap != " " and _STOP.search(gap) and not (spot.gap == 0 and _is_sir(spot)):
            return
        if spot.word in w.BREAKS and not _is_object(spot):
            return
        yield spot


def _before(message: Message, forms: Forms, first: int) -> Verdict:
    """The nearest word that decides does; a bare « chez le boulanger » is no wish."""
    light, hired, chez = True, False, False
    for spot in _clause(message, forms, first):
        if (light and _refuses(spot)) or (spot.word == "hors" and "question" in spot.between[:2]):
            return "refused"
        light = light and spot.word in w.LIGHT
        chez = chez or (spot.word == "chez" and spot.gap < 4)
        hired = hired or _is_hired(spot)
        found = _near(spot) or _seeking(spot, hired) or _situation(spot, chez)
        if found:
            return found
    return "other" if chez and first > 2 and forms[0] != "chez" else "wish"


def _near(spot: Spot) -> Verdict | None:
    """What decides only close to the trade: streets, schools, surnames, « un bon plombier »."""
    if spot.gap > 3 or spot.word not in _TELLING:
        return None
    return next((found for rule in _RULES if (found := rule(spot))), None)


def _seeking(spot: Spot, hired: bool) -> Verdict | None:
    """« je cherche », unless it is an apprentice that is looked for."""
    if spot.word in w.HIRING and spot.before in w.TAUGHT:
        return "wish"  # « qui forme des couvreurs ? », « être formé en »
    if spot.word in w.HIRING or (spot.word == "contre" and spot.before == "rien"):
        return "other"
    if spot.word not in w.SEEKING:
        return None
    if "que" in spot.between[:2] and w.ME & {*spot.between[:4]}:
        return "weak"  # « mon père veut que je fasse couvreur »
    if told := _sent_or_loved(spot):
        return told
    if spot.before in w.ELDERS and spot.word in w.LIKES:
        return "other"  # « ma mère veut changer la moquette »
    if spot.word in w.NO_LONGER_MOVED and w.NOT & {spot.before, *spot.between[:1]}:
        return "refused"
    if not hired or spot.word in {"devenir", "trouve", "trouver"}:
        return "wish"
    return "wish" if {"comme", "etre", "place"} & {*spot.between} else "other"


def _sent_or_loved(spot: Spot) -> Verdict | None:
    """Offers one wants no more; what a brother wants, what you like."""
    earlier = {*spot.forms[max(0, spot.k - 4) : spot.k]}
    if spot.word in w.OFFERS:
        if (w.NEVER | {"stop"}) & earlier:
            return "refused"  # « vire-moi ces annonces de ravalement »
        if w.SENDING & earlier and {"tu", "vous"} & {*spot.forms[max(0, spot.k - 5) : spot.k]}:
            return "refused"  # « vous m'envoyez des offres de couvreur »
    if spot.before in {"qui", "ki"} and w.KIN & earlier:
        return "other"  # « c'est mon frère qui veut couvreur »
    if spot.before in {"tu", "vous"} and spot.word in w.LIKES:
        return "other"  # « tu kiffes la peinture, toi ? »
    return None


def _situation(spot: Spot, chez: bool) -> Verdict | None:
    """Someone else's trade, one's present or past one."""
    if spot.word == "sommes" and w.A.issuperset(spot.between):
        return "other"  # « nous sommes une boulangerie »
    if spot.word in w.BOSSES and w.THIRD_VERBS & {*spot.between}:
        return "other"
    if _is_kin(spot) and not _same(spot):
        pair = spot.forms[max(0, spot.k - 2) : spot.k]
        if "comme" in pair and w.THIRD_VERBS.isdisjoint(spot.between):
            return None
        return "wish" if "pour" in pair else "other"
    if chez and (spot.word in w.SEARCHED or (spot.word in w.STARTS and _at_one(spot))):
        return "wish"
    if spot.word in w.HAVE and not w.DONE.isdisjoint(spot.between):
        return "weak"
    if spot.word in w.ONCE_WISHED and w.ONCE_SAID.isdisjoint(spot.between):
        return "weak"
    if spot.word in w.NOW and spot.before not in w.WOULD:
        if spot.before in w.KIN or spot.before in w.THIRD:
            return "other"
        return "other" if chez and "stage" not in spot.forms[: spot.first] else "weak"
    if spot.word in w.THIRD_VERBS and spot.before in w.THIRD and not _same(spot):
        return "other"
    return None


# --------------------------------------------------------------------------------- refusals
def _refuses(spot: Spot) -> bool:
    word, before = spot.word, spot.before
    if word in {"pas", "pa", "po"}:
        return before not in w.BEFORE_PAS and spot.between[:1] not in (("que",), ("qu",))
    if word == "jamais":
        return before not in {"ai", "jai"}
    if word in {"beton", "tomber", "tombe"}:
        return before.startswith("laiss")
    if word in {"plus", "plu", "pu"}:
        following = spot.forms[spot.k + 1] if spot.gap else ""
        return (
            spot.k == 0
            or before in w.BEFORE_PLUS
            or following in {"envie", "besoin"}
            or (not spot.gap and "mais" in spot.forms[spot.first + 1 : spot.first + 3])
            or (before in {"et", "c", "est", "cest"} and not spot.gap)
            or (following in {"de", "du"} and before not in {"en", "le", "la", "un"})
        )
    if word == "non":
        return before == "et"
    if word == "trop":
        return spot.between[:1] in (("de",), ("d",))
    if word in {"change", "changer"} and spot.between[:1] and spot.between[0] in w.TOWARDS:
        return False
    if word[0] == "j" and word[1:] in w.NEVER:
        return True  # « jarrête la maçonnerie »
    return word in w.NEVER or _instead(spot) or _mistaken(spot)


def _mistaken(spot: Spot) -> bool:
    """« t'as marqué maçon », « ces offres, c'est pour des cuisiniers »."""
    if spot.word in w.TAKEN_DOWN:
        return spot.before in w.WE_HAVE
    return spot.word == "offres" and spot.before == "ces" and "des" in spot.between


def _instead(spot: Spot) -> bool:
    """« plutôt menuisier que charpentier », « au lieu de », « à la place de »."""
    earlier = spot.forms[max(0, spot.k - 5) : spot.k]
    return (
        (spot.word == "que" and not w.RATHER.isdisjoint(earlier[:-1]))
        or (spot.word == "que" and earlier[-1:] == ("plutot",) and not spot.between)
        or (spot.word == "a" and not {"prefere", "jprefere"}.isdisjoint(earlier[:-1]))
        or (spot.word == "passer" and spot.between[:1] == ("de",))
        or (spot.word == "lieu" and earlier[-1:] == ("au",))
        or (spot.word == "place" and earlier[-2:] == ("a", "la"))
    )


# ------------------------------------------------------------------------- talk about others
def _street(spot: Spot) -> Verdict | None:
    if spot.word not in w.STREETS or not _only_small(spot):
        return None
    return "weak" if "en" in spot.between or spot.word == "ecole" else "other"


def _square(spot: Spot) -> Verdict | None:
    """« place du Boulanger », not « une place de boulanger »."""
    if spot.word != "place" or spot.between[:1] not in (("du",), ("des",)):
        return None
    return None if spot.before in {"une", "de", "des", "cherche", "ma"} else "other"


def _surname(spot: Spot) -> Verdict | None:
    if _is_sir(spot):
        return "other"
    named = spot.word in w.NAMES and (spot.gap == 0 or not _only_small(spot))
    return "other" if named or _after_first_name(spot) else None


def _customer(spot: Spot) -> Verdict | None:
    if spot.word in {"bon", "bonne", "bons"} and spot.gap == 0:
        return "other"
    if spot.word in {"un", "une"} and spot.gap == 0 and spot.forms[spot.first] in w.PRODUCTS:
        return "other"
    wanted = spot.word in w.NEEDS and {"un", "une"} & {*spot.between}
    return "other" if wanted or spot.word in w.PRICES else None


def _mine(spot: Spot) -> Verdict | None:
    """« mon maquillage a coulé », « notre société de nettoyage »: no wish unless work is spoken
    of."""
    if spot.word in w.COMPANIES and spot.before in {"notre", "nos"}:
        return "other"
    if spot.word in w.SCHOOL and w.HINTS.isdisjoint(spot.forms):
        return "other"
    if spot.gap == 0 and spot.word in w.THEIRS:
        return "other"  # « mon père me prend dans son garage »
    owned = spot.word in w.MINE and w.OF_THINGS.issuperset(spot.between)
    return "other" if owned and w.HINTS.isdisjoint(spot.forms) else None


def _served(spot: Spot) -> Verdict | None:
    """« vous réparez les vélos ? », « me faire couper les cheveux », « pour réparer ma fuite »."""
    verb = spot.forms[spot.first]
    if spot.gap == 0 and spot.word in {"faire", "fair"} and verb.endswith(("er", "re")):
        return "other" if spot.before in {"me", "te", "se"} else None
    if spot.gap or verb not in w.SERVICES:
        return None
    if spot.word == "pour":
        near = spot.forms[spot.first + 1 : spot.first + 2]
        return "other" if near in (("mon",), ("ma",), ("mes",), ("notre",)) else None
    asked = spot.word == "vous" and verb.endswith("ez")
    return "other" if asked or spot.word in {"faire", "fair"} else None


def _town(spot: Spot) -> Verdict | None:
    """« la ville de la faïence », « le pays du cristal »."""
    said = spot.word in w.RENOWNED and _only_small(spot)
    return "other" if said and spot.between[:1] in w.OF_THE and spot.before in w.THE else None


_RULES: tuple[Callable[[Spot], Verdict | None], ...] = (
    _street, _town, _square, _surname, _customer, _served, _mine,
)  # fmt: skip
# The words that any of these rules looks for.
_TELLING = frozenset().union(
    w.STREETS, w.RENOWNED, ["place"], w.SIRS, w.NAMES, w.BEFORE_FIRST_NAME,
    ["bon", "bonne", "bons", "un", "une"], w.NEEDS, w.PRICES, ["faire", "fair", "pour", "vous"],
    w.COMPANIES, w.SCHOOL, w.THEIRS, w.MINE,
)  # fmt: skip


def _only_small(spot: Spot) -> bool:
    return all(form in SKIPPED or form in {"metiers", "saint", "st"} for form in spot.between)


def _is_sir(spot: Spot) -> bool:
    """« M. Boulanger », « monsieur Jean Boulanger », not « m'occuper »."""
    if spot.word not in w.SIRS or spot.gap > 1 or (spot.gap and spot.between[0] in SKIPPED):
        return False
    start = spot.message.starts[spot.k]
    return spot.word != "m" or spot.message.text[start : start + 2] in {"M.", "M "}


def _after_first_name(spot: Spot) -> bool:
    """« Moi c'est Enzo Maçon »."""
    if spot.word not in w.BEFORE_FIRST_NAME or spot.gap != 1:
        return False
    typed = spot.message.typed
    return all(typed(k, k + 1).istitle() for k in (spot.k + 1, spot.first))


def _is_object(spot: Spot) -> bool:
    """« trouve-moi », « préviens-moi » do not open a clause."""
    return spot.word == "moi" and spot.k > 0 and spot.before not in {"et", "mais", "puis", "sinon"}


def _is_hired(spot: Spot) -> bool:
    if spot.word in w.HIRED:
        return spot.before in w.BEFORE_HIRED
    return spot.word in w.APPRENTICES and spot.before in w.BEFORE_APPRENTICES


def _same(spot: Spot) -> bool:
    """« mon oncle est couvreur, je veux faire pareil »."""
    after = " ".join(spot.forms[spot.first :])
    return w.SAME.search(after) is not None and w.NOT_SAME.search(after) is None


def _at_one(spot: Spot) -> bool:
    """« commencer chez un tapissier », not « chez le tapissier »."""
    return "chez" in spot.between and bool({"un", "une", "1"} & {*spot.between})


def _is_kin(spot: Spot) -> bool:
    if spot.word in {"mec", "meuf"} and spot.between[:1] in (("qui",), ("ki",)):
        return False  # « le mec qui fait les perruques » names the trade
    if spot.word in w.KIN:
        return spot.before in w.OF_SOMEONE or spot.word in w.KIN_BY_NAME
    return spot.word in w.BOSSES and spot.before in {"mon", "ancien", "ex", "son", "ma"}

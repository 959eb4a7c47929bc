"""The words around a trade word that make it a trade, or leave it an everyday word."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from nlu.lexicon import SKIPPED, Tree, singular, tree
from nlu.text import Message
from nlu.wish_words import HINTS, KIN, LIGHT, MINE, NEVER, SEEKING, THIRD_VERBS, WITHDRAWN

Forms = tuple[str, ...]


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


# What may stand between a verb and its thing: « réparer (de vieilles) voitures ».
BETWEEN = SKIPPED | _set(
    "mes mon ma ses son sa nos notre leur ce cette ces tout tous toutes toute plein beau beaux "
    "belle belles bon bons bonne bonnes petit petits petites gros grosse grosses vieux vieille "
    "vieilles vielle vielles nouvelles nouveaux jolis jolies super truc trucs comme autre autres "
    "pou ches specialise specialisee specialiste the some my"
)
# What tells that an unsure word is a trade: « dans (la) photo », « faire (de la) moto ».
CUES = (
    (SEEKING - _set("montre donne trouve previens met mets"))
    | HINTS
    | _set(
        "dans ds dns dan faire fair fais cote genre etre plutot finalement enfaite fait touche "
        "tourne rapport"
    )
)
ANY_HINT = HINTS | WITHDRAWN | _set("plutot finalement enfaite previens prevenez")
# « les ongles, c'est mon métier »; « les ongles non ».
AFTER = _set(
    "passion metier interesse interessent interesserait branche dit non nan nn bof oui ouais"
)
BEFORE_AFTER = _set("c est ca sa cest ma m mon me oui mais par contre")
# One comes « en moto »; one works « dans la moto ».
NO_EN = _set(
    "velo moto taxi voiture vehicule photo mob mobylette scooter scoot quad camion caisse bagnole "
    "trottinette train bus tracteur route caravane"
)
_MINUTES = _set("min minute minutes mn heure heures h kar kart quart kilometre kilometres km")
A = _set("un une 1")
# « une montre ».
ONE = _set("une la ma de d")
TO = _set("a sur vers habite pres dans de ville")
AROUND = BETWEEN | TO | {"et", "ou", "art", "dart"}
# « à Avion », « sur Art-sur-Meurthe »: towns.
PLACED = _set("a sur vers")
THEM = _set("les le la l a")
# « qui prend des apprentis ? » speaks of work, « qui prend du pain » does not.
_TAKES = ("form", "recrut", "embauch", "cherch", "accuei", "prendrai", "prenne", "prene")
_TAKEN = _set("apprenti apprentie apprentis aprenti aprentis jeune jeunes stagiaire stagiaires me")
_LOVED = _set("vie passion kif kiff truc delire dada reve")
_IT_IS = _set("c cest est")
_SOMETHING = _set("truc trucs taf boulot metier travail job bosser travailler chose")
_WITH = _set("avec avc ac dans ds dan autour sur")
_TAKES_NOT = _set("formidable format")
# « peintre, mais sur voitures », « la mécanique, surtout les motos »
ABOVE_ALL = _set("mais surtout surtt srtt plutot genre notamment option")
# « je cherche un garage », but « je veux une pizza » is no trade.
WORKPLACES = _set(
    "garage restaurant salon atelier kebab laiterie friterie ferme usine boutique creche hotel bar "
    "entrepot pharmacie banque agence assurance laboratoire supermarche ecurie bibliotheque"
)
BETWEEN_AND_PLACED = BETWEEN | PLACED
# Right as they are, though they sound like a thing of some trade.
SMALL = (
    KIN | NEVER | LIGHT | MINE | THIRD_VERBS
    | _set("laisne loise daisne doise dlaisne dloise lorne laude lain leure")
    | _set("quelqu jusqu lorsqu puisqu presqu aujourd")
    | _set("caf cdi cdd cap bts btm rsa rer ter tgv cpe cfa cma rdv svp stp mdr ptdr lol bof bah")
)  # fmt: skip
# « je me recouche » is no misspelt « retouche ».
SUBJECTS = _set("je tu il elle on ils elles me te se")
# What may stand around a trade that is thrown beside a place: « vélo, Grenoble, 5 km ».
NEUTRAL = (
    AROUND
    | HINTS
    | _set(
        "km kms borne bornes max rayon autour secteur je j jkiffe kiffe suis bonjour slt salut cc "
        "bjr svp stp merci moi c est dispo"
    )
)
PAUSE = re.compile(r"[.!?;,:()\n]")
STOP = re.compile(r"[.!?;,\n]")


def others(forms: Forms, first: int, last: int, small: frozenset[str], most: int) -> int:
    """How many words other than ``small`` ones and numbers stand around, ``most`` at most."""
    count = 0
    for k in range(len(forms)):
        if not first <= k < last and forms[k] not in small and not forms[k].isdigit():
            count += 1
            if count == most:
                break
    return count


def linked_after(forms: Forms, last: int, i: int, *, refused: bool = False) -> bool:
    """« plomberie ou chauffage »: the second is meant as the first; « moto pas voiture »."""
    links = {"ou", "et", "pas", "pa", "po", "moi"} if refused else {"ou", "et"}
    between = BETWEEN.union(links) if refused else BETWEEN
    return last < i and forms[last] in links and between.issuperset(forms[last + 1 : i])


def linked_before(forms: Forms, i: int) -> int:
    """Where what « ou » or « et » links to the word ``i`` ends, or 0."""
    k = i - 1
    while k > 0 and forms[k] in BETWEEN:
        k -= 1
    return k if k > 0 and forms[k] in {"ou", "et"} else 0


def refused_there(forms: Forms, first: int) -> bool:
    """« pas la boucherie », but « y a pas la boucherie », « j'aime pas la boucherie du coin »."""
    k = first - 1
    while k >= 0 and forms[k] in THEM:
        k -= 1
    if k > 0 and forms[k] in {"de", "d"}:
        if forms[k - 1] == "trop":
            return True
        k -= 1 + (forms[k - 1] in {"besoin", "envie"})
        return k >= 0 and forms[k] in {"plus", "pas", "pa", "plu", "pu"} and forms[k + 1] != "de"
    if k < 0 or forms[k] not in {"pas", "pa", "po"}:
        return False
    return k == 0 or forms[k - 1] in {"fait", "finalement", "mais", "non", "enfin", "surtout"}


def asks_who(forms: Forms) -> bool:
    """« qui forme en pressing ? », « un garage ki prene des jeunes »."""
    for k in range(len(forms) - 1):
        if forms[k] in {"qui", "ki"} and forms[k + 1].startswith(_TAKES):
            return forms[k + 1] not in _TAKES_NOT
        if forms[k] in {"qui", "ki"} and forms[k + 1] in {"prend", "pren", "prends"}:
            return not _TAKEN.isdisjoint(forms[k + 2 : k + 5])
    return False


def works_with(forms: Forms) -> int:
    """Where the thing begins in « un truc avec des moteurs », « les tracteurs c'est ma vie »; -1
    if nothing is said so."""
    for k in range(1, len(forms)):
        if forms[k] in _WITH and forms[k - 1] in _SOMETHING:
            return k + 1
    loved = len(forms) > 3 and forms[0] in THEM and forms[-2] in MINE and forms[-1] in _LOVED
    return 0 if loved and not _IT_IS.isdisjoint(forms[2:5]) else -1


def clause(message: Message, first: int, last: int) -> tuple[int, int]:
    """First and last (excluded) word of what stands between two pauses around these words."""
    start, end = first, last
    while start > 0 and not PAUSE.search(message.between(start - 1, start)):
        start -= 1
    while end < len(message.forms) and not PAUSE.search(message.between(end - 1, end)):
        end += 1
    return start, end


def cued_before(forms: Forms, first: int) -> bool:
    for k in range(first - 1, max(-1, first - 6), -1):
        if forms[k] in CUES or forms[k] == "en":
            return True
        if forms[k] in {"c", "est", "cest"} and "moi" in forms[max(0, k - 2) : k]:
            return True  # « moi c'est les voitures »
        if forms[k] not in BETWEEN and forms[k] not in {"et", "ou", "travail"}:
            return False
    return False


def cued_after(forms: Forms, last: int) -> bool:
    for form in forms[last : last + 4]:
        if form in AFTER:
            return True
        if form not in BEFORE_AFTER:
            return False
    return False


def runs(message: Message, forms: Forms, taken: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """First and last (excluded) word of what stands between commas, places and dates, small and
    neutral words aside."""
    start = 0
    for k in range(len(forms) + 1):
        ends = k == len(forms) or taken[k]
        if not ends and not (k and PAUSE.search(message.between(k - 1, k))):
            continue
        first, last = start, k
        while first < last and is_neutral(forms[first]):
            first += 1
        while first < last and is_neutral(forms[last - 1]):
            last -= 1
        if first < last:
            yield first, last
        start = k + 1 if ends else k


def is_neutral(form: str) -> bool:
    return form in NEUTRAL or form.isdigit()


def shows(forms: Forms, i: int) -> bool:
    """« montre les offres », not « une montre »."""
    if forms[i] == "bosse":
        return True  # « bossé » is no dent
    return forms[i] == "montre" and not (i and forms[i - 1] in ONE)


def rides(forms: Forms, i: int) -> bool:
    """One comes « en moto », « à 20 minutes de route »."""
    if not i or singular(forms[i]) not in NO_EN:
        return False
    if forms[i - 1] == "en":
        return True
    return forms[i - 1] in {"de", "d"} and i > 1 and forms[i - 2] in _MINUTES


def hyphenated(message: Message, first: int, last: int) -> bool:
    """« boulanger-pâtissier » is one title, « boulanger pâtissier » two trades."""
    return all(message.between(k, k + 1) in "-–‑" for k in range(first, last - 1))


def alone(objects: dict[str, dict[str, str]]) -> Tree:
    """Things that mean one trade whatever is done with them.

    Mending wins over making, and making over selling (« le pain » is the baker's).
    """
    meanings: dict[str, set[str]] = {}
    for group, things in objects.items():
        for thing, id_ in things.items():
            if group not in {"vendre", "peindre", "nettoyer"}:
                meanings.setdefault(thing, set()).add(id_)
    sure = {thing: min(ids) for thing, ids in meanings.items() if len(ids) == 1}
    return tree({**objects["vendre"], **objects["réparer"], **sure})

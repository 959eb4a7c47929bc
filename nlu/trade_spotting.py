"""Finds the words of a message that name trades, activities, fields and other trades."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from nlu.lexicon import SKIPPED, Tree, longest, singular, stem, tree
from nlu.text import Message
from nlu.trade_spelling import Speller
from nlu.trade_table import read_lexicon
from nlu.wish_words import HINTS, SEEKING, WITHDRAWN

_WORDS = Path(__file__).with_name("data") / "words.txt"

Forms = tuple[str, ...]


class Found(NamedTuple):
    """Words ``first`` to ``last`` (excluded) that mean a trade id, « @field » or « #number ».

    ``done`` tells an activity (« faire du pain ») from a name.
    """

    first: int
    last: int
    meaning: str
    done: bool = False


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
_CUES = (
    (SEEKING - _set("montre donne trouve previens met mets"))
    | HINTS
    | _set("dans ds dns dan faire fair fais cote genre etre plutot finalement enfaite fait")
)
_ANY_HINT = HINTS | WITHDRAWN | _set("plutot finalement enfaite")
# « les ongles, c'est mon métier »; « les ongles non ».
_AFTER = _set("passion metier interesse interessent interesserait branche non nan nn bof")
_BEFORE_AFTER = _set("c est ca sa cest ma m mon me oui mais")
# One comes « en moto »; one works « dans la moto ».
_NO_EN = _set("velo moto taxi voiture vehicule photo")
_A = _set("un une 1")
# « une montre ».
_ONE = _set("une la ma de d")
_TO = _set("a sur vers habite pres dans de ville")
_AROUND = BETWEEN | _TO | {"et", "ou"}
# « à Avion », « sur Art-sur-Meurthe »: towns.
_PLACED = _set("a sur vers")
_THEM = _set("les le la l a")
# « peintre, mais sur voitures », « la mécanique, surtout les motos »
_ABOVE_ALL = _set("mais surtout surtt srtt plutot genre notamment option")
# « je cherche un garage », but « je veux une pizza » is no trade.
_WORKPLACES = _set(
    "garage restaurant salon atelier kebab laiterie friterie ferme usine boutique creche hotel bar "
    "entrepot pharmacie banque agence assurance laboratoire supermarche ecurie bibliotheque"
)
_BETWEEN_AND_PLACED = BETWEEN | _PLACED
# « je me recouche » is no misspelt « retouche ».
_SUBJECTS = _set("je tu il elle on ils elles me te se")
# What may stand around a trade that is thrown beside a place: « vélo, Grenoble, 5 km ».
_NEUTRAL = (
    _AROUND
    | HINTS
    | _set(
        "km kms borne bornes max rayon autour secteur je j jkiffe kiffe suis bonjour slt salut cc "
        "bjr svp stp merci moi c est dispo"
    )
)
_PAUSE = re.compile(r"[.!?;,:()\n]")
_STOP = re.compile(r"[.!?;,\n]")


class Spotter:
    """The words of the lexicon, found in messages; safe to share between threads."""

    def __init__(self) -> None:
        lexicon = read_lexicon()
        self._names = tree(lexicon["names"])
        self._joined = tree(lexicon["joined"])
        self._unsure = tree(lexicon["unsure"])
        self._firsts = frozenset((*self._names, *self._joined, *self._unsure))
        self._everyday = frozenset(stem(word) for word in lexicon["everyday"])
        self._objects = {group: tree(things) for group, things in lexicon["objects"].items()}
        self._verbs: dict[str, list[str]] = lexicon["verbs"]
        self._variants: dict[str, str] = lexicon["variants"]
        self._towns = frozenset(lexicon["towns"])
        self._alone = _alone(lexicon["objects"])
        known = frozenset(_WORDS.read_text("utf-8").split()) | self._vocabulary(
            lexicon["not_trades"]
        )
        self._speller = Speller(lexicon["heads"], lexicon["sounds"], known)

    def _vocabulary(self, others: list[str]) -> frozenset[str]:
        words = {*others, *self._verbs, *_CUES}
        stack: list[Tree] = [self._names, self._joined, self._unsure, *self._objects.values()]
        while stack:
            for word, below in stack.pop().items():
                if word:
                    words.add(word)
                    stack.append(below)
        return frozenset(words)

    def mended(self, forms: Sequence[str]) -> Forms:
        """The words, trade words among them rightly spelt."""
        mend, variants = self._speller.mend, self._variants
        return tuple(
            [
                form if i and forms[i - 1] in _SUBJECTS else variants.get(form) or mend(form)
                for i, form in enumerate(forms)
            ]
        )

    def spot(self, message: Message, forms: Forms, asked: str | None) -> Iterator[Found]:
        """What is found, in order; ``forms`` are the words of the message, mended."""
        stems = tuple([stem(form) for form in forms])
        i, before = 0, None
        while i < len(forms):
            best = self._mended_too(stems, i, before)
            if best is None and self._may_start(forms[i], stems[i]):
                linked = before is not None and _linked(forms, before.last, i)
                best = self._longest(message, forms, stems, i, asked, linked)
            if best and best.meaning != "!":
                yield best
                before = best
            i = best.last if best else i + 1

    def thing(self, forms: Forms) -> Iterator[Found]:
        """After « quel métier ? », a bare thing is enough: « les voitures », « le pain »."""
        stems = [stem(form) for form in forms]
        for i, form in enumerate(forms):
            if form in BETWEEN or _shows(forms, i):
                continue
            if found := longest(self._alone, stems, i):
                yield Found(i, *found)
                return

    def beside(self, message: Message, forms: Forms, taken: Sequence[bool]) -> Iterator[Found]:
        """What stands alone between commas, dates and places: « bâtiment, Lens, 10 km ».

        ``taken`` tells of each word whether it is part of a place or of a date.
        """
        stems = [stem(form) for form in forms]
        for first, last in _runs(message, forms, taken):
            found = list(self._only_trades(forms, stems, first, last))
            if found and not (last < len(forms) and forms[last] in {"de", "d", "du"}):
                yield from found  # but « bois de Boulogne » is none
                return

    def _only_trades(
        self, forms: Forms, stems: Sequence[str], first: int, last: int
    ) -> Iterator[Found]:
        """The trades of « antennes, paraboles à installer »; none if other words stand there."""
        found: list[Found] = []
        i = first
        while i < last:
            one = self._thrown(stems, i)
            if one and one[0] <= last and not _shows(forms, i) and not _rides(forms, i):
                found.append(Found(i, *one))
                i = one[0]
            elif _is_neutral(forms[i]) or (forms[i] in self._verbs and forms[i][-1] == "r"):
                i += 1
            else:
                return
        yield from found

    def _thrown(self, stems: Sequence[str], i: int) -> tuple[int, str] | None:
        for names in (self._names, self._unsure, self._alone):
            found = longest(names, stems, i)
            if found and found[1][0] not in "#!":
                return found
        return None

    def _may_start(self, form: str, stem: str) -> bool:
        return stem in self._firsts or form in self._verbs or form[0] == "j"

    def _mended_too(self, stems: Forms, i: int, before: Found | None) -> Found | None:
        """« mécano moto ou auto »: both are mended."""
        if before is None or before.last != i - 1 or stems[i - 1] not in {"ou", "et"}:
            return None
        found = longest(self._objects["réparer"], stems, i)
        return Found(i, *found) if found and before.meaning.startswith("mecanicien") else None

    def _longest(
        self,
        message: Message,
        forms: Forms,
        stems: Forms,
        i: int,
        asked: str | None,
        linked: bool,
    ) -> Found | None:
        """The longest that begins at ``i``; of equals a sure name, then an activity."""
        best: Found | None = None
        for one in self._starting(message, forms, stems, i, asked, linked):
            if best is None or one.last > best.last:
                best = one
        if best and self._is_place(message, forms, best, asked):
            return None
        return best

    def _starting(
        self,
        message: Message,
        forms: Forms,
        stems: Forms,
        i: int,
        asked: str | None,
        linked: bool,
    ) -> Iterator[Found]:
        """Names, hyphenated titles, activities and unsure words that begin at word ``i``."""
        found = longest(self._names, stems, i)
        if found and (linked or self._meant(forms, stems, i, found[0], asked)):
            verbal = found[0] > i + 1 and forms[i][-2:] in {"er", "re", "ir"}
            yield Found(i, *found, done=verbal)
        if (found := longest(self._joined, stems, i)) and _hyphenated(message, i, found[0]):
            yield Found(i, *found)
        word = forms[i]
        groups = self._verbs.get(word) or (self._verbs.get(word[1:]) if word[0] == "j" else None)
        for group in groups or ():
            done = self._activity(group, message, forms, stems, i)
            if done or (done := self._activity_on(group, forms, stems, i)):
                yield done
        found = longest(self._unsure, stems, i)
        if found and (linked or self._cued(forms, i, found[0], asked)):
            yield Found(i, *found)

    def _meant(self, forms: Forms, stems: Forms, first: int, last: int, asked: str | None) -> bool:
        """Whether « cuisine », « resto », « chauffage » are said of work, not of a flat."""
        if last > first + 1 or stems[first] not in self._everyday or asked == "ask_trade":
            return True
        if not _ANY_HINT.isdisjoint(forms) or self._cued(forms, first, last, asked):
            return True
        return _others(forms, first, last, _AROUND, 3) < 3

    def _activity(
        self, group: str, message: Message, forms: Forms, stems: Forms, i: int
    ) -> Found | None:
        objects = self._objects.get(group)
        if objects is None:
            return None
        for k in range(i + 1, min(len(forms), i + 6)):
            if _STOP.search(message.between(k - 1, k)):
                return None
            if found := longest(objects, stems, k):
                return Found(i, *found, done=True)
            if forms[k] not in BETWEEN and forms[k] not in _ABOVE_ALL:
                return None
        return None

    def _activity_on(self, group: str, forms: Forms, stems: Forms, i: int) -> Found | None:
        """« les gâteaux, surtout les décorer »: the thing was said before."""
        if not i or forms[i - 1] not in _THEM or forms[i][-1] not in "re":
            return None
        objects = self._objects.get(group, {})
        best: tuple[int, str] | None = None
        for k in range(i - 2, max(-1, i - 9), -1):
            found = longest(objects, stems, k)
            # « vieilles bagnoles » says more than « bagnoles ».
            if found and found[0] < i and (best is None or found[0] == best[0]):
                best = found
        return Found(i, i + 1, best[1], done=True) if best else None

    def _cued(self, forms: Forms, first: int, last: int, asked: str | None) -> bool:
        """Whether an unsure word stands where a trade would: « dans le bois », « photo » alone."""
        if _shows(forms, first) or _rides(forms, first) or asked == "ask_place":
            return False
        if first and forms[first - 1] in _PLACED and forms[first] not in self._verbs:
            return False
        if first and forms[first - 1] in _A and singular(forms[first]) not in _WORKPLACES:
            return False
        rest = _others(forms, first, last, _BETWEEN_AND_PLACED, 4)
        if not rest or (asked == "ask_trade" and rest <= 3):
            return True
        return _cued_before(forms, first) or _cued_after(forms, last)

    def _is_place(self, message: Message, forms: Forms, found: Found, asked: str | None) -> bool:
        """« à Mâcon », « à La Couture » are towns; « apprenti macon », « la couture » trades."""
        word = message.words[found.first]
        if found.last > found.first + 1 or word.form not in self._towns:
            return False
        typed = message.text[word.start : word.end].lower()
        before = [form for form in forms[max(0, found.first - 3) : found.first] if form != "la"]
        placed = bool(before) and before[-1] in _TO
        if word.form == "macon":
            return "â" in typed or ("ç" not in typed and (placed or asked == "ask_place"))
        return (placed and before[-1] != "dans") or (asked == "ask_place" and len(forms) < 3)


def _others(forms: Forms, first: int, last: int, small: frozenset[str], most: int) -> int:
    """How many words other than ``small`` ones and numbers stand around, ``most`` at most."""
    count = 0
    for k in range(len(forms)):
        if not first <= k < last and forms[k] not in small and not forms[k].isdigit():
            count += 1
            if count == most:
                break
    return count


def _linked(forms: Forms, last: int, i: int) -> bool:
    """« plomberie ou chauffage »: the second is meant as the first."""
    return last < i and forms[last] in {"ou", "et"} and BETWEEN.issuperset(forms[last + 1 : i])


def _cued_before(forms: Forms, first: int) -> bool:
    for k in range(first - 1, max(-1, first - 6), -1):
        if forms[k] in _CUES or forms[k] == "en":
            return True
        if forms[k] in {"c", "est", "cest"} and "moi" in forms[max(0, k - 2) : k]:
            return True  # « moi c'est les voitures »
        if forms[k] not in BETWEEN and forms[k] not in {"et", "ou", "travail"}:
            return False
    return False


def _cued_after(forms: Forms, last: int) -> bool:
    for form in forms[last : last + 4]:
        if form in _AFTER:
            return True
        if form not in _BEFORE_AFTER:
            return False
    return False


def _runs(message: Message, forms: Forms, taken: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """First and last (excluded) word of what stands between commas, places and dates, small and
    neutral words aside."""
    start = 0
    for k in range(len(forms) + 1):
        ends = k == len(forms) or taken[k]
        if not ends and not (k and _PAUSE.search(message.between(k - 1, k))):
            continue
        first, last = start, k
        while first < last and _is_neutral(forms[first]):
            first += 1
        while first < last and _is_neutral(forms[last - 1]):
            last -= 1
        if first < last:
            yield first, last
        start = k + 1 if ends else k


def _is_neutral(form: str) -> bool:
    return form in _NEUTRAL or form.isdigit()


def _shows(forms: Forms, i: int) -> bool:
    """« montre les offres », not « une montre »."""
    return forms[i] == "montre" and not (i and forms[i - 1] in _ONE)


def _rides(forms: Forms, i: int) -> bool:
    """One comes « en moto »."""
    return bool(i) and forms[i - 1] == "en" and singular(forms[i]) in _NO_EN


def _hyphenated(message: Message, first: int, last: int) -> bool:
    """« boulanger-pâtissier » is one title, « boulanger pâtissier » two trades."""
    return all(message.between(k, k + 1) in "-–‑" for k in range(first, last - 1))


def _alone(objects: dict[str, dict[str, str]]) -> Tree:
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

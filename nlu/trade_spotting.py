"""Finds the words of a message that name trades, activities, fields and other trades."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from typing import NamedTuple

from nlu.heard import ordinary, usual
from nlu.lexicon import END, Tree, longest, singular, stem, tree
from nlu.memory import Memory
from nlu.text import Message
from nlu.trade_context import (
    ABOVE_ALL,
    ANY_HINT,
    AROUND,
    BETWEEN,
    BETWEEN_AND_PLACED,
    CUES,
    PAUSE,
    PLACED,
    SMALL,
    STOP,
    SUBJECTS,
    THEM,
    TO,
    WORKPLACES,
    A,
    alone,
    asks_who,
    clause,
    cued_after,
    cued_before,
    hyphenated,
    is_neutral,
    linked_after,
    linked_before,
    others,
    refused_there,
    rides,
    runs,
    shows,
)
from nlu.trade_spelling import Speller, sound
from nlu.trade_table import read_lexicon

Forms = tuple[str, ...]


class Found(NamedTuple):
    """Words ``first`` to ``last`` (excluded) that mean a trade id, « @field » or « #number ».

    ``done`` tells an activity (« faire du pain ») from a name; ``group`` is that of its verb.
    """

    first: int
    last: int
    meaning: str
    done: bool = False
    group: str = ""


class Spotter:
    """The words of the lexicon, found in messages; safe to share between threads."""

    def __init__(self, ours: Container[str] = frozenset()) -> None:
        """``ours`` are words that no person's writing adds, names of communes for instance: what
        they are mended to may be remembered."""
        lexicon = read_lexicon()
        self._names = tree(lexicon["names"])
        self._joined = tree(lexicon["joined"])
        self._unsure = tree(lexicon["unsure"])
        self._firsts = frozenset((*self._names, *self._joined, *self._unsure))
        self._everyday = frozenset(stem(word) for word in lexicon["everyday"])
        self._objects = {group: tree(things) for group, things in lexicon["objects"].items()}
        self._homophones = {
            sound(word): stem(word) for word in ("toit", "toits", "pain", "vin", "fer", "cuir")
        }
        self._verbs: dict[str, list[str]] = lexicon["verbs"]
        self._variants: dict[str, str] = lexicon["variants"]
        self._towns = frozenset(lexicon["towns"])
        self._alone = alone(lexicon["objects"])
        known = ordinary() | self._vocabulary(lexicon["not_trades"])
        self._speller = Speller(
            lexicon["heads"],
            lexicon["sounds"],
            known,
            frozenset(lexicon["ordinary"]),
            (verb for verb in self._verbs if len(verb) > 4),
            self._short_words(lexicon["objects"]),
            usual(),
            ours,
        )
        self._right = {word: word for word in known} | self._variants
        self._met = Memory[str, tuple[str, bool]]()

    @staticmethod
    def _short_words(objects: dict[str, dict[str, str]]) -> Iterator[str]:
        """Things that a word of three or four letters may stand for: « boi », « pier »."""
        for things in objects.values():
            for thing in things:
                if " " not in thing and 3 < len(thing) < 7 and thing.isascii():
                    yield thing

    def _vocabulary(self, others: list[str]) -> frozenset[str]:
        words = {*others, *self._verbs, *CUES, *SMALL}
        stack: list[Tree] = [self._names, self._joined, self._unsure, *self._objects.values()]
        while stack:
            for word, below in stack.pop().items():
                if word:
                    words.add(word)
                    stack.append(below)
        return frozenset(words)

    def mended(self, forms: Sequence[str]) -> Forms:
        """The words, trade words among them rightly spelt."""
        mend, right = self._speller.mend, self._right.get
        said = [right(form) or mend(form) for form in forms]
        if not SUBJECTS.isdisjoint(forms):
            for i in range(1, len(said)):
                if forms[i - 1] in SUBJECTS:
                    said[i] = self._speller.verb(forms[i])
        return tuple(said)

    def spot(self, message: Message, forms: Forms, asked: str | None) -> Iterator[Found]:
        """What is found, in order; ``forms`` are the words of the message, mended."""
        met = self._met.get
        known = [met(form) or self._meet(form) for form in forms]
        starting = [starts for _, starts in known]
        if True not in starting:
            return
        stems = tuple([one for one, _ in known])
        i, before = starting.index(True), None
        while i < len(forms):
            best = self._same_done(forms, stems, i, before)
            if best is None and starting[i]:
                linked = before is not None and linked_after(forms, before.last, i)
                best = self._longest(message, forms, stems, i, asked, linked)
            if best and best.meaning != "!":
                if before is None and (earlier := self._thing_before(forms, stems, i)):
                    yield earlier
                yield best
                before = best
            i = best.last if best else i + 1

    def thing(self, forms: Forms, start: int = 0) -> Iterator[Found]:
        """After « quel métier ? », a bare thing is enough: « les voitures », « le pain »."""
        stems = [stem(form) for form in forms]
        taken = start  # up to there the words mean no trade: « suis en fauteuil »
        for i in range(start, len(forms)):
            phrase = longest(self._names, stems, i)
            if phrase and phrase[1] == "!":
                taken = phrase[0]
            if i < taken or forms[i] in BETWEEN or shows(forms, i):
                continue
            field = longest(self._unsure, stems, i)
            found = field if field and field[1][0] == "@" else longest(self._alone, stems, i)
            if found:
                yield Found(i, *found)
                return

    def beside(self, message: Message, forms: Forms, taken: Sequence[bool]) -> Iterator[Found]:
        """What stands alone between commas, dates and places: « bâtiment, Lens, 10 km ».

        ``taken`` tells of each word whether it is part of a place or of a date.
        """
        stems = [stem(form) for form in forms]
        for first, last in runs(message, forms, taken):
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
            if one and one[0] <= last and not shows(forms, i) and not rides(forms, i):
                found.append(Found(i, *one))
                i = one[0]
            elif is_neutral(forms[i]) or (forms[i] in self._verbs and forms[i][-1] == "r"):
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

    def _meet(self, form: str) -> tuple[str, bool]:
        """The stem of a word, and whether a name or an activity may start with it."""
        one, verbs = stem(form), self._verbs
        starts = one in self._firsts or form in verbs or (form[0] in "jd" and form[1:] in verbs)
        return self._met.keep(form, (one, starts)) if form in self._right else (one, starts)

    def _same_done(self, forms: Forms, stems: Forms, i: int, before: Found | None) -> Found | None:
        """« mécano moto ou auto »: both are mended; « faire du chocolat ou de la glace »."""
        if before is None or i - before.last > 3 or forms[i] in BETWEEN:
            return None
        mended = before.meaning.startswith("mecanicien")
        group = "réparer" if mended else before.group
        if not group or not linked_after(forms, before.last, i, refused=mended):
            return None
        found = longest(self._objects[group], stems, i)
        return Found(i, *found, done=not mended, group=group) if found else None

    def _thing_before(self, forms: Forms, stems: Forms, i: int) -> Found | None:
        """« les chapeaux ou les costumes sur mesure »: the first is meant as the second."""
        end = linked_before(forms, i)
        for k in range(end - 1, max(-1, end - 4), -1):
            if (found := longest(self._alone, stems, k)) and found[0] == end:
                return Found(k, *found)
        return None

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
        found = self._name(message, stems, i)
        if found and found[0] == i + 1 and rides(forms, i):
            found = None
        if found and (linked or self._meant(message, forms, stems, i, found[0], asked)):
            verbal = found[0] > i + 1 and forms[i][-2:] in {"er", "re", "ir"}
            yield Found(i, *found, done=verbal)
        if (found := longest(self._joined, stems, i)) and hyphenated(message, i, found[0]):
            yield Found(i, *found)
        word = forms[i]
        groups = self._verbs.get(word) or (self._verbs.get(word[1:]) if word[0] in "jd" else None)
        for group in groups or ():
            done = self._activity(group, message, forms, stems, i)
            if done or (done := self._activity_on(group, forms, stems, i)):
                yield done
        found = longest(self._unsure, stems, i)
        if found and (linked or self._cued(forms, i, found[0], asked)):
            yield Found(i, *found)

    def _name(self, message: Message, stems: Forms, i: int) -> tuple[int, str] | None:
        """The longest sure name; « cuisinier, pâtissier » are two."""
        found = longest(self._names, stems, i)
        if found and found[0] == i + 2 and PAUSE.search(message.between(i, i + 1)):
            return longest(self._names, stems[: i + 1], i)
        return found

    def _meant(
        self, message: Message, forms: Forms, stems: Forms, first: int, last: int, asked: str | None
    ) -> bool:
        """Whether « cuisine », « resto », « chauffage » are said of work, not of a flat."""
        if last > first + 1 or stems[first] not in self._everyday or asked == "ask_trade":
            return True
        if not ANY_HINT.isdisjoint(forms) or self._cued(forms, first, last, asked):
            return True
        if refused_there(forms, first) or asks_who(forms):
            return True
        start, end = clause(message, first, last)
        near = [form for form in forms[start:end] if stem(form) not in self._everyday]
        return others(forms, first, last, AROUND, 3) < 3 or (
            start == 0 and others(tuple(near), 0, 0, AROUND, 1) < 1
        )

    def _activity(
        self, group: str, message: Message, forms: Forms, stems: Forms, i: int
    ) -> Found | None:
        objects = self._objects.get(group)
        if objects is None:
            return None
        for k in range(i + 1, min(len(forms), i + 6)):
            if STOP.search(message.between(k - 1, k)):
                return None
            if found := longest(objects, stems, k):
                return Found(i, *found, done=True, group=group)
            if forms[k] in BETWEEN or forms[k] in ABOVE_ALL:
                continue
            thing = self._homophones.get(sound(forms[k])) if k > i + 1 else None
            meant = thing and self._objects[group].get(thing)
            return Found(i, k + 1, meant[END], True, group) if meant and END in meant else None
        return None

    def _activity_on(self, group: str, forms: Forms, stems: Forms, i: int) -> Found | None:
        """« les gâteaux, surtout les décorer », « des piscines, en poser »: said before."""
        if not i or forms[i - 1] not in THEM | {"en"} or forms[i][-1] not in "re":
            return None
        if forms[i - 1] == "en" and forms[i][:3] in {"fai", "fer"}:
            return None  # « en faire mon métier »
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
        if shows(forms, first) or rides(forms, first) or asked == "ask_place":
            return False
        if first and forms[first - 1] in PLACED and forms[first] not in self._verbs:
            return False
        if first and forms[first - 1] in A and singular(forms[first]) not in WORKPLACES:
            return False
        rest = others(forms, first, last, BETWEEN_AND_PLACED, 4)
        if not rest or (asked == "ask_trade" and (rest <= 3 or forms[first - 1] in {"ou", "et"})):
            return True
        return cued_before(forms, first) or cued_after(forms, last)

    def _is_place(self, message: Message, forms: Forms, found: Found, asked: str | None) -> bool:
        """« à Mâcon », « à La Couture » are towns; « apprenti macon », « la couture » trades."""
        form = message.forms[found.first]
        if found.last > found.first + 1 or form not in self._towns:
            return False
        typed = message.typed(found.first, found.last).lower()
        before = [form for form in forms[max(0, found.first - 3) : found.first] if form != "la"]
        placed = bool(before) and before[-1] in TO
        if form == "macon":
            return "â" in typed or ("ç" not in typed and (placed or asked == "ask_place"))
        return (placed and before[-1] != "dans") or (asked == "ask_place" and len(forms) < 3)

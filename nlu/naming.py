"""Which communes a few words may name: exactly, by their first words, or misspelt."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Container, Iterable, Sequence
from math import log10
from typing import NamedTuple

from rapidfuzz.distance import OSA

from nlu.gazetteer import Gazetteer
from nlu.keys import (
    ARTICLES,
    LINKS,
    consonants,
    name_key,
    name_word,
    sound,
    without_links,
)
from nlu.memory import Memory
from nlu.shelves import Shelves
from nlu.text import fold

CANDIDATES = 6
_TOWN = 10_000  # inhabitants from which a town outside the region stands against a partial name
_TEN = 10
_SMALL_TOWN = 3_000
_REST = 5  # words of a name before or after the one that looks like something else
_Heard = dict[str, list[tuple[str, int]]]  # a sound -> (name without spaces, row)
# « noyelle godo », « solem », « le quenoi »: letters that are written and not said.
_SILENT_INSIDE = re.compile(r"(?<=[a-z]{3})[sxtd](?= )|(?<=e)s(?=[nmldtv])|(?<=ai)s(?=[nm])")
_LONG = 9  # letters
_NICKNAME = 6  # letters from which a nickname is looked for misspelt


class Named(NamedTuple):
    """Rows a phrase may stand for, likeliest first; one row means it is resolved.

    ``exact`` is false for a beginning of a name; ``errors`` counts the typing errors forgiven.
    """

    rows: tuple[int, ...]
    exact: bool
    errors: int = 0

    @property
    def resolved(self) -> bool:
        return len(self.rows) == 1


class Naming:
    """The names of all communes, and those of the region and of big towns by how they sound."""

    def __init__(
        self, gazetteer: Gazetteer, nicknames: dict[str, str], ours: Container[str] = frozenset()
    ) -> None:
        """``ours`` are words that may be remembered, besides those that begin a name."""
        self._g = gazetteer
        self._ours = ours
        # What names, and words of ours, were found to mean; never what only people write.
        self._meant = Memory[tuple[str, str], Named | None]()
        self._corrected = Memory[tuple[str, str], Named | None]()
        self.nicknames = {key: gazetteer.row_of(code) for key, code in nicknames.items()}
        self.longest: dict[str, int] = {}
        self._begun_by: set[tuple[str, ...]] = set()
        for key in [*gazetteer.keys, *self.nicknames]:
            words = key.split(" ")
            first, length = words[0], len(words)
            if length > self.longest.get(first, 0):
                self.longest[first] = length
            if length > 1:
                self._remember(tuple(word for word in words if word not in LINKS))
        self._near = list(gazetteer.homes_and_towns())
        self._towns_to_unglue = frozenset(
            gazetteer.keys[row]
            for row in self._near
            if gazetteer.home(row) and gazetteer.population[row] >= _SMALL_TOWN
        )
        self._bare: dict[str, list[int]] = defaultdict(list)
        self._joined: dict[str, list[int]] = defaultdict(list)
        for row in self._near:
            key = gazetteer.keys[row]
            if " " in key:
                self._bare[without_links(key.split(" "))].append(row)
                self._joined[key.replace(" ", "")].append(row)
        self._written: list[tuple[str, int]] = []
        self._by_sound: _Heard = defaultdict(list)
        self._by_consonants: _Heard = defaultdict(list)
        self._begun_by_sound: dict[str, set[int]] = defaultdict(set)
        self._listen()
        self._shelves = Shelves(self._written)
        self._written = []
        self._towns = sorted(
            (gazetteer.keys[row].replace(" ", ""), row)
            for row in self._near
            if gazetteer.home(row) and gazetteer.population[row] >= _SMALL_TOWN
        )

    def __contains__(self, word: object) -> bool:
        """Whether a word begins a name, or is one of ours."""
        return word in self.longest or word in self._ours

    def _remember(self, words: tuple[str, ...]) -> None:
        """The beginnings of a name, small words aside, from two words on."""
        for size in range(2, len(words) + 1):
            self._begun_by.add(words[:size])

    def reach(self, forms: Sequence[str]) -> int:
        """How many of ``forms`` may be one name; past that no name goes on."""
        said: tuple[str, ...] = ()
        for i, form in enumerate(forms):
            for word in form.split(" "):
                if word not in LINKS:
                    said = (*said, word)
                    if len(said) > 1 and said not in self._begun_by:
                        return i
        return len(forms)

    def _listen(self) -> None:
        """Names by their sound; and by first letter and length, to be compared."""
        for row in self._near:
            key, heard = self._g.keys[row], self._g.sounds[row]
            self._hear(key, row, heard)
            self._by_consonants[key[0] + consonants(heard)].append((key.replace(" ", ""), row))
            if self._g.home(row) and self._g.population[row] >= _SMALL_TOWN:
                self._hear_beginnings(self._g.keys[row].split(" "), row)
        for key, row in self.nicknames.items():
            if len(key) >= _NICKNAME and key.isascii() and not {"d", "de"} & set(key.split(" ")):
                self._hear(key, row, sound(key))  # but not vaguely: « villers cott »

    def _hear(self, key: str, row: int, heard: str) -> None:
        joined = key.replace(" ", "")
        self._by_sound[heard].append((joined, row))
        self._written.append((joined, row))
        if (said := _SILENT_INSIDE.sub("", key)) != key:
            self._by_sound[sound(said)].append((joined, row))

    def _hear_beginnings(self, words: list[str], row: int) -> None:
        for size in range(1, len(words)):
            if words[size - 1] not in LINKS:
                self._begun_by_sound[sound(" ".join(words[:size]))].add(row)

    def goes_on(self, row: int, words: Sequence[str], following: str) -> bool:
        """Whether « bomont » is the misspelt rest of « hénin » for Hénin-Beaumont."""
        rest = self._g.keys[row].split(" ")[len(words) :]
        if len(rest) != 1 or len(following) < 4:
            return False
        return sound(rest[0]) == sound(following) or OSA.distance(rest[0], following) <= 2

    def is_name(self, words: Sequence[str]) -> bool:
        """Whether the words are a whole name, small words aside."""
        return bool(
            len(self._g.rows_named(" ".join(words)))
            or " ".join(words) in self.nicknames
            or without_links(words) in self._bare
        )

    def unfinished(self, words: Sequence[str]) -> bool:
        """« lille sur », « saint »: more must follow; « prades le lez » is whole."""
        if len(words) == 1:
            return words[0] in LINKS or words[0] in {"st", "ste"}
        return words[-1] in LINKS and not self._g.rows_named(" ".join(words))

    def within_a_name(self, forms: Sequence[str], first: int, last: int) -> bool:
        """Whether the words ``first``..``last`` are only a part of a name that stands there."""
        for start in range(max(0, first - _REST), first + 1):
            furthest = start + self.longest.get(forms[start], 0)
            if furthest <= last or forms[start] in LINKS:
                continue
            furthest = min(len(forms), last + 1 + _REST, furthest)
            for end in range(last + 1 + (start == first), furthest + 1):
                if forms[end - 1] not in LINKS and self.is_name(forms[start:end]):
                    return True
        return False

    def exactly(
        self, words: Sequence[str], article: str, departements: frozenset[str]
    ) -> Named | None:
        """``words`` as a whole name, without its small words, joined, or the beginning of one."""
        if departements:
            return self._exactly(words, article, departements)
        key = " ".join(words)
        if (key, article) in self._meant:
            return self._meant[key, article]
        named = self._exactly(words, article, departements)
        if key in self.longest or len(self._g.rows_named(key)):
            self._meant.keep((key, article), named)
        return named

    def _exactly(
        self, words: Sequence[str], article: str, departements: frozenset[str]
    ) -> Named | None:
        key = " ".join(words)
        if (row := self.nicknames.get(key)) is not None and not (departements - {self._dep(row)}):
            return Named((row,), exact=True)
        exact = list(self._g.rows_named(key))
        longer = list(self._g.rows_beginning(key))
        if not exact and not longer:
            exact = self._bare.get(key, []) or (self._joined.get(key, []) if len(key) > 5 else [])
            if not exact and len(words) > 1:
                exact = self._bare.get(without_links(words), [])
        exact, longer = self._in(departements, exact, longer)
        pool = self._with_article(self._pool(exact, longer, bool(departements)), exact, article)
        if not pool:
            return None
        rows = self.rule_of_ten(pool)
        if len(rows) == CANDIDATES and (own := [r for r in exact if self._g.home(r)]):
            rest = [row for row in rows if row not in own]
            rows = (*rest[: CANDIDATES - len(own)], *own)  # the name itself is always offered
        return Named(rows, exact=any(row in exact for row in rows))

    def _dep(self, row: int) -> str:
        return self._g.departement(row)

    def _in(
        self, departements: frozenset[str], exact: list[int], longer: list[int]
    ) -> tuple[list[int], list[int]]:
        """Only those of the départements named nearby, when there are any."""
        if not departements:
            return exact, longer
        inside = [[r for r in rows if self._dep(r) in departements] for rows in (exact, longer)]
        return (inside[0], inside[1]) if any(inside) else (exact, longer)

    def _pool(self, exact: list[int], longer: list[int], anywhere: bool) -> list[int]:
        """Among whom the rule of ten decides: the region first, a real town before a beginning."""
        people = self._g.population
        home = [row for row in exact if anywhere or self._g.home(row)]
        home_longer = [row for row in longer if anywhere or self._g.home(row)]
        if home:
            most = max(people[row] for row in home)
            bigger = any(people[row] > most for row in home_longer)
            return home + home_longer if bigger else home
        most = max((people[row] for row in exact), default=0)
        rival = max((people[row] for row in home_longer), default=0)
        if exact and (not home_longer or most >= max(_TOWN, _TEN * rival)):
            towns = [row for row in longer if people[row] > max(most, _TOWN)]
            return exact + towns + home_longer
        return home_longer or [row for row in longer if people[row] >= _TOWN]

    def _with_article(self, rows: list[int], exact: list[int], article: str) -> list[int]:
        """« le quesnoy » is Le Quesnoy rather than Quesnoy-sur-Deûle, « la montagne » no Montagne-…

        A name of the region that only begins so, without the article, yields to the whole name.
        """
        if not article:
            return rows
        same = [row for row in rows if self.article(row) == article]
        if not same and not set(rows) & set(exact):
            same = [row for row in exact if self.article(row) == article]
        return same or rows

    def article(self, row: int) -> str:
        """The article a commune's name begins with, folded; empty when there is none."""
        first = fold(self._g.name(row)).replace("'", " ").replace("-", " ").split(" ")[0]
        first = name_word(first)  # Lez-Fontaine
        return first if first in ARTICLES else ""

    def rule_of_ten(self, pool: Iterable[int]) -> tuple[int, ...]:
        """The likeliest alone when it has ten times the people of the next; else the likeliest."""
        rows = list({self._g.insee(row): row for row in reversed(list(pool))}.values())
        by_people = sorted(rows, key=lambda row: -self._g.population[row])
        people = [max(1, self._g.population[row]) for row in by_people]
        if not rows:
            return ()
        if len(rows) == 1 or people[0] >= _TEN * people[1]:
            return (by_people[0],)
        return tuple(self._g.likeliest_first(rows)[:CANDIDATES])

    def misspelt(self, text: str, allowed: int | None = None, article: str = "") -> Named | None:
        """The likeliest name within one or two typing errors of ``text``, or sounding alike."""
        if allowed is not None or text not in self:
            return self._misspelt(text, allowed, article)
        if (text, article) in self._corrected:
            return self._corrected[text, article]
        return self._corrected.keep((text, article), self._misspelt(text, None, article))

    def _misspelt(self, text: str, allowed: int | None, article: str) -> Named | None:
        key = name_key(text)
        joined = key.replace(" ", "")
        if len(joined) < 3 or len(joined) > 32:
            return None
        limit = _errors(len(joined)) if allowed is None else allowed
        heard = sound(key)
        alike = self._by_sound.get(heard, []) if len(heard) > 1 else []
        if joined[-1] in "mn" and len(joined) > 4:
            alike = [*alike, *self._by_sound.get(sound(key + "e"), ())]  # « bapom »
        rows_alike = {row for _, row in alike}
        best: tuple[float, int, int] | None = None
        for errors, row in self._shelves.within(joined, limit):
            best = self._better(best, errors - 0.5 * (row in rows_alike), row, errors)
        for name, row in alike:
            far = OSA.distance(joined, name)
            same = bool(article) and self.article(row) == article  # « le kesnoi »
            best = self._better(best, 0.5 + 0.2 * far - 0.8 * same, row, 1)
        if (begun := self._begun(joined)) is not None:
            best = self._better(best, 0.7, begun, 1)
        for row in self._glued_article(joined) if " " not in key else ():
            best = self._better(best, 0.3, row, 1)
        if allowed is None:
            for cost, row in self._vaguely_heard(joined, heard, limit):
                best = self._better(best, cost, row, 2 if cost > 1 else 1)
        several = self.rule_of_ten(self._begun_by_sound.get(heard, ())) if allowed is None else ()
        if len(several) > 1 and (
            best is None or best[0] > self._better(None, 1.0, several[0], 1)[0]
        ):
            return Named(several, exact=False, errors=1)  # « noyele »
        if best is None and joined[:2] in {"le", "la"} and len(joined) > 6 and " " not in key:
            return self.misspelt(joined[2:], 0)
        return self._as_said(best[2], best[1]) if best else None

    def _as_said(self, row: int, errors: int) -> Named:
        """The name that was meant: where it begins a larger town's, the rule of ten decides."""
        words = self._g.keys[row].split(" ")
        if self._g.home(row):
            said = self.exactly(words, self.article(row), frozenset())
            if said and (len(words) > 1 if said.resolved else row in said.rows):
                return Named(said.rows, exact=said.exact, errors=errors)
        return Named((row,), exact=True, errors=errors)

    def _glued_article(self, joined: str) -> Iterable[int]:
        """« lafere » for La Fère."""
        for article in ("la", "le", "les", "l"):
            if joined.startswith(article) and len(joined) > len(article) + 3:
                for row in self._g.rows_named(joined[len(article) :]):
                    if self._g.home(row) and self.article(row) == article:
                        yield row

    def _vaguely_heard(self, joined: str, heard: str, limit: int) -> Iterable[tuple[float, int]]:
        """(cost, row): « hezbrouk » has all its consonants; « cato » begins one town's name."""
        bones = consonants(heard)
        if len(bones) > 2 and len(joined) > 4:
            for name, row in self._by_consonants.get(joined[0] + bones, ()):
                if OSA.distance(joined, name, score_cutoff=limit + 1) == limit + 1:
                    yield limit, row
        if len(heard) > 2 and (rows := self._begun_by_sound.get(heard)):
            chosen = self.rule_of_ten(rows)
            if len(chosen) == 1:
                yield 1.0, chosen[0]

    def heard(self, words: Sequence[str]) -> bool:
        """Whether the words together sound like a whole name, and are written much like it."""
        joined = "".join(words)
        most = 4 if len(joined) > _LONG else 3
        return any(
            name[0] == joined[0] and OSA.distance(joined, name, score_cutoff=most) <= most
            for name, _ in self._by_sound.get(sound(" ".join(words)), ())
        )

    def unglued(self, form: str) -> str | None:
        """« darras », « alille »: the town of the region after the small word."""
        if form[0] == "d" and form[1] in "aeiouh" and form[1:] in self._towns_to_unglue:
            return form[1:]
        for word in ("a", "sur", "vers"):
            rest = form[len(word) :]
            if form.startswith(word) and len(rest) > 3 and rest in self._towns_to_unglue:
                return rest
        return None

    def joined(self, words: Sequence[str]) -> Named | None:
        """« creve coeur le grand »: a name of several words, cut where it is not."""
        rows = self._joined.get("".join(words), []) if len(words) > 1 else []
        return Named(self.rule_of_ten(rows), exact=True) if rows else None

    def sounds_like_a_town(self, word: str, people: int, article: str = "") -> bool:
        """« calé » for Calais: a town of the region of at least so many ``people``."""
        return any(
            self._g.home(row)
            and self._g.population[row] >= people
            and (not article or self.article(row) == article)
            and OSA.distance(word, name, score_cutoff=3) <= 3
            for name, row in self._by_sound.get(sound(word), ())
        )

    def _begun(self, joined: str) -> int | None:
        """« valencien », « boulogn »: the letters one town of the region begins with."""
        if len(joined) < 5:
            return None
        first = bisect_left(self._towns, (joined, -1))
        last = bisect_left(self._towns, (joined + "~", -1))
        rows = [row for _, row in self._towns[first:last]]
        chosen = self.rule_of_ten(rows) if rows else ()
        return chosen[0] if len(chosen) == 1 else None

    def _better(
        self, best: tuple[float, int, int] | None, cost: float, row: int, errors: int
    ) -> tuple[float, int, int]:
        """Fewer errors count most; then inhabitants: a factor of 1,000 is worth one error."""
        score = cost - log10(self._g.population[row] + 10) / 3 + (not self._g.home(row)) * 0.5
        found = (score, errors, row)
        return found if best is None or found < best else best


def _errors(length: int) -> int:
    return 0 if length < 4 else 1 if length < 7 else 2 if length < 11 else 3

"""Finds which words of a message name communes, and how sure it is that they do."""

from __future__ import annotations

import re

from nlu import placewords as pw
from nlu.keys import ARTICLES, LINKS
from nlu.naming import CANDIDATES, Named
from nlu.placechoice import weaker
from nlu.placepostcodes import postcode_at
from nlu.placesentence import Mention, Sentence
from nlu.placeweights import PlaceWeigher

_JOINING = ARTICLES | {"et", "ou", "ni", "puis", "voir", "voire", "sinon"}
_ORDINAL = re.compile(r"^([0-9]{1,2})(?:eme|er|e)$")

_MOST = 40  # places or guesses in one message; more is noise
_GOES_ON = LINKS - {"a", "et"} | {"st", "ste"}  # « noyer st martin »
_HAMLET = 100  # the least that a place without a population counts for
_SURE = 4_000  # inhabitants from which a name outside the region is not taken for a typing error
_SHORT = 6  # letters of an answer in which two errors are forgiven, not one as elsewhere
_LONG = 12  # letters from which two errors are forgiven although a shorter name is there
_WELL_KNOWN = 20_000


class PlaceFinder(PlaceWeigher):
    """Walks a sentence from left to right."""

    def mentions(self, sentence: Sentence, departements: frozenset[str]) -> list[Mention]:
        found: list[Mention] = []
        at = 0
        while at < len(sentence.forms) and len(found) < _MOST:
            mention = None
            if not sentence.claimed[at] and sentence.forms[at] not in self._idle:
                mention = self._mention_at(sentence, at, departements, found)
            if mention:
                found.append(mention)
                following = sentence.announced and sentence.found_up_to + 1 == at
                sentence.announced = following or self._cue(sentence, at) > 1
                sentence.found_up_to = mention.last
                at = mention.last + 1
            else:
                at += 1
        return found

    def _mention_at(
        self, s: Sentence, at: int, departements: frozenset[str], found: list[Mention]
    ) -> Mention | None:
        form = s.forms[at]
        if form[:1].isdigit():
            return postcode_at(self._g, s, at)
        listed = bool(found) and self._in_a_list(s, at, found)
        exact = None
        if form not in self._naming.longest and len(form) > 4 and form[0] in "dasv":
            form = self._unglued(s, at)
        if form in self._naming.longest:
            exact = self._exact_at(s, at, departements, listed)
        if (exact is None or not exact.named.resolved) and (
            len(form) < 2 or form in ARTICLES or (form in pw.SMALL and form not in {"st", "ste"})
        ):
            return exact
        cue = 3 if listed else self._cue(s, at)
        if exact and exact.named.resolved:
            return self._longer_or_likelier(s, at, cue, exact)
        guess = self._misspelt_at(s, at, cue, exact)
        return exact if guess is None or (exact and weaker(self._g, guess, exact)) else guess

    def _unglued(self, s: Sentence, at: int) -> str:
        """« coiffure darras » : the name without « d' »."""
        form = s.forms[at]
        rest = None if form in self._common else self._naming.unglued(form)
        if rest is None or rest in self._common:
            return form
        s.forms[at] = rest
        s.glued |= {at}
        return rest

    def _longer_or_likelier(self, s: Sentence, at: int, cue: int, exact: Mention) -> Mention:
        """« montreuil sur mere », « hénin bomont »: more words; « la madelaine »: a larger town."""
        row, following = exact.named.rows[0], s.forms[exact.last + 1 : exact.last + 3]
        if following and not s.claimed[exact.last + 1] and not s.cut(exact.last):
            if self._naming.goes_on(row, s.forms[at : exact.last + 1], following[0]):
                return exact._replace(last=exact.last + 1)
            linked = following[0] in _GOES_ON and len(following) > 1
            if linked or not exact.named.exact:  # « pont st maxence »
                longer = self._misspelt_at(s, at, cue, exact)
                if longer and longer.last > exact.last:
                    return longer
        people = self._g.population[row]
        weak = not exact.named.exact or not self._g.home(row)
        if (
            not weak
            or people >= _SURE
            or at != exact.last
            or " ".join(s.forms[at : at + 1]) in self._naming.nicknames
        ):
            return exact
        if self._number_after(s, exact.last):
            return exact
        other = self._naming.misspelt(s.forms[at], 1)
        if other is None or not self._g.home(other.rows[0]) or other.errors > 1:
            return exact
        if self._g.population[other.rows[0]] < 10 * max(people, _HAMLET):
            return exact
        if not other.resolved and exact.named.exact:  # « avène »: it is offered beside Avesnes
            other = other._replace(rows=(*other.rows[: CANDIDATES - 1], row))
        return exact._replace(named=other)

    def _exact_at(
        self, s: Sentence, at: int, departements: frozenset[str], listed: bool
    ) -> Mention | None:
        longest = s.unbroken(at, self._naming.longest[s.forms[at]])
        if longest > 1:
            ahead = s.forms[at : at + longest]
            longest = self._naming.reach(
                [form if form.isalpha() else _ORDINAL.sub(r"\1", form) for form in ahead]
            )
        for size in range(longest, 0, -1):
            last = at + size - 1
            if self._naming.unfinished(s.forms[at : last + 1]):
                continue
            if size == 1 and at and s.forms[at - 1] in pw.SUBJECTS:
                continue
            if size == 1 and s.forms[at] in pw.GRAMMAR and len(s.forms) > 2:
                continue  # « pas », « vers »: towns bear these names, nobody means them
            words = [w for form in s.forms[at : last + 1] for w in form.split(" ")]
            near = self._departements_after(s, last) or departements
            article = pw.ARTICLE_OF.get(s.forms[at - 1], "") if at else ""
            named = self._naming.exactly(self._arrondissement(words), article, near)
            if named and (mention := self._weighed(s, at, last, named, article, listed)):
                return mention
        return None

    def _arrondissement(self, words: list[str]) -> list[str]:
        """« paris 11eme » -> « paris 11 »."""
        if len(words) == 2 and words[0] in {"paris", "lyon", "marseille"}:
            return [words[0], _ORDINAL.sub(r"\1", words[1])]
        return words

    def _in_a_list(self, s: Sentence, at: int, found: list[Mention]) -> bool:
        """« doullens ou albert », « Lens/Liévin/Hénin »: coordinated with a place just read."""
        i = found[-1].last
        gap = s.forms[i + 1 : at]
        if _JOINING.issuperset(gap):
            joined = s.message.between(i, at)
            return bool(gap) or any(c in "/,+&-" for c in joined)
        return False

    def _misspelt_at(self, s: Sentence, at: int, cue: int, exact: Mention | None) -> Mention | None:
        """A misspelt name where the sentence expects a place."""
        beside = s.announced and s.found_up_to + 1 == at and exact is None
        if not cue and (beside or self._before_a_town(s, at)):
            cue = 1
        expected = cue > 0 or s.asked == "ask_place" or s.short
        expected = expected or (s.about_work and s.starts(at) and self._unknown(s.forms[at]))
        if not expected or s.guesses >= _MOST:
            return None
        s.guesses += 1
        for size in range(s.unbroken(at, 5), 0, -1):
            last = at + size - 1
            words = s.forms[at : last + 1]
            if exact is None and (cue or s.answer) and (found := self._cut_wrongly(s, at, last)):
                return found
            if not self._may_be_misspelt(s, at, last) or (exact and last <= exact.last):
                continue
            length = len("".join(words))
            strict = 1 + (length > _LONG) if size > 1 and exact else None
            if size > 1 and all(word in self._common for word in words):
                strict = 1
            article = pw.ARTICLE_OF.get(s.forms[at - 1], "") if at else ""
            named = self._naming.misspelt(" ".join(words), strict, article)
            if named is None and s.answer and length == _SHORT and len(s.forms) <= 2:
                named = self._naming.misspelt(" ".join(words), 2)
            detached = s.about_work and s.detached(at, last)
            if named and size == 1 and exact is None and len(self._g.rows_named(words[0])):
                continue  # a name, but weighed and found to be none here
            if named and self._g.departement(named.rows[0]) in self._departements_after(s, last):
                cue = 3  # « doué dans le nord »
            if named and self._plausible(s, named, cue, size, length, detached=detached):
                return Mention(at, last, named, 2)
        return None

    def _before_a_town(self, s: Sentence, at: int) -> bool:
        """« gamache ou ault »: beside a place whose name is no word."""
        ahead = s.forms[at + 1 : at + 4]
        if "et" not in ahead and "ou" not in ahead:
            return False
        following = [f for f in ahead if f not in ARTICLES]
        if len(following) < 2 or following[0] not in {"et", "ou"} or following[1] in self._common:
            return False
        people, home = self._g.population, self._g.home
        rows = self._g.rows_named(following[1])
        return any(home(row) and people[row] >= 1_000 for row in rows)

    def _unknown(self, form: str) -> bool:
        return form not in self._common and form not in pw.NEVER

    def _cut_wrongly(self, s: Sentence, at: int, last: int) -> Mention | None:
        """« creve coeur le grand »: common words, that together are one name."""
        if last == at:
            return None
        named = self._naming.joined(s.forms[at : last + 1])
        return Mention(at, last, named, 2) if named else None

    def _may_be_misspelt(self, s: Sentence, at: int, last: int) -> bool:
        if s.forms[last] in LINKS or s.forms[last] in pw.SMALL:
            return False
        if at and s.forms[at - 1] in pw.SUBJECTS:
            return False
        words = s.forms[at : last + 1]
        if any(map(str.isdigit, words)):
            return False
        if len(words) == 1:
            if words[0] in pw.NEVER or self._areas.named(words[0]):
                return False
            bare = s.asked == "ask_place" and self._bare(s) and len(words[0]) > 4
            return bare or words[0] not in self._common or self._town_by_ear(s, at)
        if not pw.APART.isdisjoint(set(words) - ({"a"} if s.answer else set())):
            return False
        if s.answer and self._whole(s, at, last) and len("".join(words)) > 8:
            return True  # « quand plage »
        whole = len(words[-1]) > 1 or (len(words) > 2 and words[-1] == "o")  # « st amen les o »
        if s.answer and len(words) > 1 and self._naming.heard(words):
            return True  # « mers les bain ou eu »
        # « noyer st martin », « st amant »
        saint = not {"st", "ste"}.isdisjoint(words if s.answer else words[1:])
        return whole and (saint or any(w not in self._common for w in words if len(w) > 2))

    def _bare(self, s: Sentence) -> bool:
        """One word alone, or with its article: « la bassé »."""
        return len(s.forms) == 1 or (len(s.forms) == 2 and s.forms[0] in ARTICLES)

    def _town_by_ear(self, s: Sentence, at: int) -> bool:
        """« broderie à calé », « traiteur doué dans le nord »: a common word, heard as a town."""
        ends = at + 1 == len(s.forms) or s.cut(at) or s.forms[at + 1] in pw.DETACHING
        if not ends or len(s.forms[at]) < 4 or s.forms[at] not in self._common:
            return False
        before = s.forms[at - 1] if at else ""
        said = before in {"a", "vers", "sur"} or bool(self._departements_after(s, at))
        said = said or (s.asked == "ask_place" and at > 0 and s.cut(at - 1))
        if before in ARTICLES and (s.asked == "ask_place" or s.claimed[at - 2 : at - 1] == [True]):
            return self._naming.sounds_like_a_town(s.forms[at], 3_000, before)  # « dla bassé »
        return said and self._naming.sounds_like_a_town(s.forms[at], _WELL_KNOWN)

    def _plausible(
        self, s: Sentence, named: Named, cue: int, size: int, length: int, *, detached: bool
    ) -> bool:
        """Small places are not guessed from far away, nor anything without a cue."""
        people, home = self._g.population[named.rows[0]], self._g.home(named.rows[0])
        if length == 3 or (size == 1 and self._bare(s) and s.forms[-1] in self._common):
            return home and people >= 5_000 * (1 + 3 * (length == 3)) and named.errors <= 1
        if s.answer or cue == 3:
            return (home and (people >= 300 or named.errors <= 1)) or people >= 40_000
        if cue:
            least = 2_000 if length > 4 or s.asked == "ask_place" else 10_000
            return home and people >= least and named.errors <= 1 + (length > 8)
        if detached and length == 4 and home and people >= _WELL_KNOWN:
            return named.errors <= 1  # « esthéticienne lile »
        if detached and (people >= 40_000 if not home else people >= 2_000):
            forgiven = 3 if length >= _LONG else 1 + (length >= 8 and people >= _WELL_KNOWN)
            return named.errors <= forgiven and length >= 5
        if not (s.short or s.asked == "ask_place"):
            return False
        lone = s.asked == "show_offers" and len(s.forms) == 1 and length >= 8
        allowed = 2 if lone and people >= 20_000 else 1  # « tourcouin »
        return home and people >= 3_000 and named.errors <= allowed and length >= 5

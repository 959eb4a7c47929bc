"""Finds which words of a message name communes, and how sure it is that they do."""

from __future__ import annotations

import re
from dataclasses import replace

from nlu import placewords as pw
from nlu.areas import Areas
from nlu.gazetteer import Gazetteer
from nlu.keys import ARTICLES, LINKS
from nlu.naming import Named, Naming
from nlu.placechoice import weaker
from nlu.placepostcodes import postcode_at
from nlu.placesentence import Mention, Sentence

_ORDINAL = re.compile(r"^([0-9]{1,2})(?:eme|er|e)$")

_MOST = 40  # places or guesses in one message; more is noise
_HAMLET = 100  # the least that a place without a population counts for
_SURE = 4_000  # inhabitants from which a name outside the region is not taken for a typing error
_TOWN = 2_000  # inhabitants from which a common word among towns is one
_SHORT = 6  # letters of an answer in which two errors are forgiven, not one as elsewhere
_LONG = 12  # letters from which two errors are forgiven although a shorter name is there
_WELL_KNOWN = 20_000
# « Rue, la ville », « Eu, c'est le nom de ma ville », « bus c'est mon village ».
_SAID_TO_BE_A_TOWN = re.compile(
    r"(?:dans l?\w* ?\w+ |en \w+ )?(?:c |c ?est |est )*(?:le nom de |un nom de )?"
    r"(?:la|ma|mon|le|une?|notre) (?:ville|village|commune|bled|patelin)\b"
)


class PlaceFinder:
    """Walks a sentence from left to right; ``common`` are words that are seldom places."""

    def __init__(
        self, gazetteer: Gazetteer, naming: Naming, areas: Areas, common: frozenset[str]
    ) -> None:
        self._g = gazetteer
        self._naming = naming
        self._areas = areas
        self._common = common

    def mentions(self, sentence: Sentence, departements: frozenset[str]) -> list[Mention]:
        found: list[Mention] = []
        at = 0
        while at < len(sentence.forms) and len(found) < _MOST:
            mention = None
            if not sentence.claimed[at]:
                mention = self._mention_at(sentence, at, departements, found)
            if mention:
                found.append(mention)
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
        listed = self._in_a_list(s, at, found)
        exact = None
        if form in self._naming.longest:
            exact = self._exact_at(s, at, departements, listed)
        cue = 3 if listed else self._cue(s, at)
        if exact and exact.named.resolved:
            return self._longer_or_likelier(s, at, cue, exact)
        if len(form) < 2 or form in ARTICLES or (form in pw.SMALL and form not in {"st", "ste"}):
            return exact
        guess = self._misspelt_at(s, at, cue, exact)
        return exact if guess is None or (exact and weaker(self._g, guess, exact)) else guess

    def _longer_or_likelier(self, s: Sentence, at: int, cue: int, exact: Mention) -> Mention:
        """« montreuil sur mere », « hénin bomont »: more words; « la madelaine »: a larger town."""
        row, following = exact.named.rows[0], s.forms[exact.last + 1 : exact.last + 3]
        if following and not s.claimed[exact.last + 1] and not s.cut(exact.last):
            if self._naming.goes_on(row, s.forms[at : exact.last + 1], following[0]):
                return replace(exact, last=exact.last + 1)
            linked = following[0] in LINKS - {"a", "et"} and len(following) > 1
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
        larger = self._g.population[other.rows[0]] >= 10 * max(people, _HAMLET)
        return replace(exact, named=other) if larger else exact

    def _exact_at(
        self, s: Sentence, at: int, departements: frozenset[str], listed: bool
    ) -> Mention | None:
        ahead = s.forms[at : at + self._naming.longest[s.forms[at]]]
        longest = self._naming.reach([_ORDINAL.sub(r"\1", form) for form in ahead])
        for size in range(longest, 0, -1):
            last = at + size - 1
            if any(s.claimed[at : last + 1]) or any(s.cut(i) for i in range(at, last)):
                continue
            if self._naming.unfinished(s.forms[at : last + 1]):
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

    def _number_after(self, s: Sentence, last: int) -> frozenset[str]:
        """The département number right after a name: « clermont 60 », « bruay (62) »."""
        if last + 1 >= len(s.forms) or s.claimed[last + 1]:
            return frozenset()
        following = s.forms[last + 2] if last + 2 < len(s.forms) else ""
        code = self._areas.named_by_number(s.forms[last + 1], following)
        return frozenset({code}) if code else frozenset()

    def _departements_after(self, s: Sentence, last: int) -> frozenset[str]:
        """« clermont 60 », « rue, dans la somme », « breteuil (oise) »."""
        at = last + 1
        while at < min(last + 3, len(s.forms)) and at not in s.inside and s.forms[at] in pw.INSIDE:
            at += 1
        return s.inside.get(at) or self._number_after(s, last)

    def _weighed(
        self, s: Sentence, at: int, last: int, named: Named, article: str, listed: bool
    ) -> Mention | None:
        """The mention, unless the words are likelier to mean something else here."""
        words = s.forms[at : last + 1]
        if at == last and words[0] in pw.GRAMMAR and not (named.exact and len(s.forms) <= 2):
            return None
        cue = 3 if listed else self._cue(s, at)
        after = self._departements_after(s, last)
        located = any(self._g.departement(row) in after for row in named.rows)
        common = len(words) == 1 and (words[0] in self._common or len(words[0]) < 3)
        common = common or (
            len(words) > 1
            and all(w in self._common or w in LINKS for w in words)
            and not any(w in {"st", "ste"} for w in words)
        )
        family = len(words) == 1 and words[0] in pw.NOT_MINE
        sure = located or _said_to_be_a_town(s, last)
        sure = sure or (s.answer and not family and self._whole(s, at, last))
        sure = sure or (s.answer and common and self._only(s, at, named))
        sure = sure or (common and self._opens_a_list(s, last, named))
        nickname = " ".join(words) in self._naming.nicknames
        contracted = article and s.forms[at - 1] in {"au", "aux", "du"} and not nickname
        if contracted and not s.answer and self._naming.article(named.rows[0]) != article:
            return None  # « une tarte au maroilles »
        one = common and len(words) == 1 and bool(article)
        if one and self._naming.article(named.rows[0]) != article:
            return None
        if sure or (cue == 3 and not (common and self._hollow(s, at, last))):
            return Mention(at, last, named, 3)
        if common and (listed or s.found_up_to + 1 == at) and self._listed_town(s, last, named):
            return Mention(at, last, named, 3)
        if cue == 0 and article and self._naming.article(named.rows[0]) != article:
            return None  # « j'adore le maroilles »
        if common and not self._stands_alone(s, at, last, named, cue):
            return None
        if common and last == at:
            return Mention(at, last, named, 2)
        return self._by_name(s, at, last, named, cue, nickname)

    def _stands_alone(self, s: Sentence, at: int, last: int, named: Named, cue: int) -> bool:
        """« boulanger aire sur la lys », « coiffure albert »: common words, yet a name."""
        people = self._g.population[named.rows[0]]
        if last > at:
            return named.exact and (cue > 0 or people >= 2_000)
        after_trade = at > 0 and s.claimed[at - 1] and last + 1 == len(s.forms)
        named_so = s.message.text[s.message.words[at].start].isupper() and people >= 5_000
        home = named.resolved and named.exact and (named_so or self._g.home(named.rows[0]))
        return after_trade and home and people >= 1_000 and s.forms[at] not in pw.THINGS

    def _only(self, s: Sentence, at: int, named: Named) -> bool:
        """« y a que ham où je peux aller »."""
        return at > 0 and s.forms[at - 1] == "que" and self._town(named)

    def _opens_a_list(self, s: Sentence, last: int, named: Named) -> bool:
        """« croix ou wasquehal »: a common word beside a town whose name is no word."""
        following = [f for f in s.forms[last + 1 : last + 4] if f not in ARTICLES]
        if len(following) < 2 or following[0] not in {"et", "ou"} or following[1] in self._common:
            return False
        rows = self._g.rows_named(following[1])
        return self._town(named) and any(self._g.population[row] >= _TOWN for row in rows)

    def _listed_town(self, s: Sentence, last: int, named: Named) -> bool:
        """« st omer ou aire », « hem lannoy lys »."""
        ends = last + 1 == len(s.forms) or s.cut(last) or s.forms[last + 1] in pw.DETACHING
        return ends and self._town(named)

    def _town(self, named: Named) -> bool:
        row = named.rows[0]
        return named.resolved and self._g.home(row) and self._g.population[row] >= _TOWN

    def _by_name(
        self, s: Sentence, at: int, last: int, named: Named, cue: int, nickname: bool
    ) -> Mention | None:
        """A distinctive name without « à » before it."""
        if not named.resolved:
            good = cue > 0 or s.short or (last > at and named.exact)
            return Mention(at, last, named, 1) if good else None
        people, home = self._g.population[named.rows[0]], self._g.home(named.rows[0])
        needed = 0 if home and named.exact else 1_500 if home else 8_000
        if cue or nickname or (s.short and home) or (last > at and named.exact):
            needed = 0 if home or nickname or last > at else 3_000
        elif s.about_work and s.detached(at, last):
            needed = min(needed, 3_000)  # « luthier mirecourt »
        return Mention(at, last, named, 2) if people >= needed else None

    def _whole(self, s: Sentence, at: int, last: int) -> bool:
        """Whether nothing but small words stands around: « c ham », « ham dans la somme »."""
        return len(s.forms) <= 16 and all(
            taken or at <= i <= last or f in pw.SMALL or f.isdigit() or f in pw.CUES
            for i, (f, taken) in enumerate(zip(s.forms, s.claimed, strict=True))
        )

    def _hollow(self, s: Sentence, at: int, last: int) -> bool:
        """« a fond », « a jour le matin », « sur une » : a common word that goes on as one."""
        if s.forms[at] in pw.SMALL and s.forms[at] not in {"y", "us", "o", "eu"}:
            return True
        if at == last and s.forms[at] in {"y", "o", "us", "eu"}:
            return last + 1 < len(s.forms) and not s.cut(last)
        before = s.forms[at - 1] if at else ""
        home = any(self._g.home(row) for row in self._g.rows_named(s.forms[at]))
        if home and before in ARTICLES and at > 1 and s.forms[at - 2] in {"a", "vers"}:
            return last + 1 < len(s.forms) and s.forms[last + 1] not in {"en", "pour", "svp"}
        if before not in {"a", "vers", "habite", "jhabite", "secteur"} and not self._near(s, at):
            return not self._g_home_named(s, at, last)
        return last + 1 < len(s.forms) and s.forms[last + 1] in {"de", "d", "du", "des", "que"}

    def _near(self, s: Sentence, at: int) -> bool:
        return at > 1 and s.forms[at - 1] in {"de", "d", "du"} and s.forms[at - 2] in pw.NEAR

    def _g_home_named(self, s: Sentence, at: int, last: int) -> bool:
        rows = self._g.rows_named(" ".join(s.forms[at : last + 1]))
        return any(self._g.home(row) and self._g.population[row] >= 1_000 for row in rows)

    def _cue(self, s: Sentence, at: int) -> int:
        """How much the words before say « place »: 3 « à », « près de »; 2 « de », « dans »; 0."""
        i = at - 1
        if i >= 0 and s.forms[i] in ARTICLES and not s.cut(i):
            i -= 1
        if i < 0 or s.cut(i):
            return 0
        form, before = s.forms[i], s.forms[i - 1] if i else ""
        if form in {"de", "d", "du", "des"}:
            return 3 if before in pw.NEAR else 2
        if form in {"a", "au", "aux"}:
            return 0 if before in pw.HAS else 3
        return 3 if form in pw.CUES else 2 if form in pw.WEAK_CUES else 0

    def _in_a_list(self, s: Sentence, at: int, found: list[Mention]) -> bool:
        """« doullens ou albert », « Lens/Liévin/Hénin »: coordinated with a place just read."""
        if not found:
            return False
        i = found[-1].last
        gap = s.forms[i + 1 : at]
        if all(
            f in {"et", "ou", "ni", "puis", "voir", "voire", "sinon"} or f in ARTICLES for f in gap
        ):
            joined = s.message.text[s.message.words[i].end : s.message.words[at].start]
            return bool(gap) or any(c in "/,+&-" for c in joined)
        return False

    def _misspelt_at(self, s: Sentence, at: int, cue: int, exact: Mention | None) -> Mention | None:
        """A misspelt name where the sentence expects a place."""
        expected = cue > 0 or s.asked == "ask_place" or s.short
        expected = expected or (s.about_work and s.starts(at) and self._unknown(s.forms[at]))
        if not expected or s.guesses >= _MOST:
            return None
        s.guesses += 1
        for size in range(min(5, len(s.forms) - at), 0, -1):
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
            named = self._naming.misspelt(" ".join(words), strict)
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

    def _unknown(self, form: str) -> bool:
        return form not in self._common and form not in pw.NEVER

    def _cut_wrongly(self, s: Sentence, at: int, last: int) -> Mention | None:
        """« creve coeur le grand »: common words, that together are one name."""
        if last == at or any(s.claimed[at : last + 1]) or any(s.cut(i) for i in range(at, last)):
            return None
        named = self._naming.joined(s.forms[at : last + 1])
        return Mention(at, last, named, 2) if named else None

    def _may_be_misspelt(self, s: Sentence, at: int, last: int) -> bool:
        words = s.forms[at : last + 1]
        if any(s.claimed[at : last + 1]) or any(s.cut(i) for i in range(at, last)):
            return False
        if any(w.isdigit() for w in words) or words[-1] in LINKS or words[-1] in pw.SMALL:
            return False
        if len(words) == 1:
            bare = s.asked == "ask_place" and self._bare(s) and len(words[0]) > 4
            bare = bare or self._town_by_ear(s, at)
            if words[0] in pw.NEVER or self._areas.named(words[0]):
                return False
            return words[0] not in self._common or bare
        if not pw.APART.isdisjoint(set(words) - ({"a"} if s.answer else set())):
            return False
        if s.answer and self._whole(s, at, last) and len("".join(words)) > 8:
            return True  # « quand plage »
        return any(w not in self._common for w in words if len(w) > 2) and len(words[-1]) > 1

    def _bare(self, s: Sentence) -> bool:
        """One word alone, or with its article: « la bassé »."""
        return len(s.forms) == 1 or (len(s.forms) == 2 and s.forms[0] in ARTICLES)

    def _town_by_ear(self, s: Sentence, at: int) -> bool:
        """« broderie à calé », « traiteur doué dans le nord »: a common word, heard as a town."""
        ends = at + 1 == len(s.forms) or s.cut(at) or s.forms[at + 1] in pw.DETACHING
        before = s.forms[at - 1] if at else ""
        said = before in {"a", "vers", "sur"} or bool(self._departements_after(s, at))
        heard = ends and said and len(s.forms[at]) > 3 and s.forms[at] in self._common
        return heard and self._naming.sounds_like_a_town(s.forms[at], _WELL_KNOWN)

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
            return home and people >= 2_000 and named.errors <= 1 + (length > 8)
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


def _said_to_be_a_town(s: Sentence, last: int) -> bool:
    return _SAID_TO_BE_A_TOWN.match(" ".join(s.forms[last + 1 : last + 10])) is not None

"""The communes a message names, wants, or rules out; and those that must be asked about."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib.resources import files

import yaml

from nlu import placewords as pw
from nlu.areas import Areas, FoundArea, canonical, spanned
from nlu.gazetteer import Gazetteer
from nlu.keys import ARTICLES, LINKS
from nlu.meaning import AmbiguousPlace, Area, Place
from nlu.naming import Named, Naming
from nlu.text import Message

_POSTCODE = re.compile(r"([0-9]{5})([a-z]*)")


@dataclass(frozen=True, slots=True)
class PlaceReading:
    """What a message says of places, each in the order of the text, with its span."""

    places: tuple[Place, ...] = ()
    negated_places: tuple[Place, ...] = ()
    ambiguous_places: tuple[AmbiguousPlace, ...] = ()
    areas: tuple[Area, ...] = ()


@dataclass(frozen=True, slots=True)
class _Mention:
    """Words ``first``..``last`` stand for ``named``; ``weight`` is how sure that they are a place:
    3 the sentence says so, 2 the name says so, 1 it may be."""

    first: int
    last: int
    named: Named
    weight: int


@dataclass
class _Sentence:
    """One message while it is read: canonical words, and which of them are spoken for."""

    message: Message
    asked: str | None
    forms: list[str] = field(default_factory=list)
    claimed: list[bool] = field(default_factory=list)

    @cached_property
    def short(self) -> bool:
        """Little is left besides small words: what is left may well be a place."""
        left = [
            f
            for f, taken in zip(self.forms, self.claimed, strict=True)
            if not taken and f not in pw.SMALL and not f.isdigit()
        ]
        return len(left) <= 3

    @property
    def answer(self) -> bool:
        return self.asked == "ask_place" and self.short

    def gap(self, left: int, right: int) -> str:
        return self.message.between(left, right)

    def cut(self, left: int) -> bool:
        """Whether punctuation or a line break stands after word ``left``."""
        return left + 1 < len(self.forms) and any(
            c in ",;.!?\n:()" for c in self.gap(left, left + 1)
        )

    def claim(self, first: int, last: int) -> None:
        for i in range(first, last + 1):
            self.claimed[i] = True


class PlaceReader:
    """Reads places; holds the names, the areas and the words that are no places."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        data = files("nlu") / "data"
        table = yaml.load((data / "places.yml").read_text("utf-8"), yaml.CSafeLoader)
        self._g = gazetteer
        self._naming = Naming(gazetteer, table["nicknames"])
        self._areas = Areas.load()
        words = set((data / "words.txt").read_text("utf-8").split())
        self._common = frozenset((words | set(table["common"])) - set(table["towns"]))
        self._traps = [tuple(phrase.split()) for phrase in table["traps"]]
        self._trap_heads = frozenset(phrase[0] for phrase in self._traps)

    def read(
        self, message: Message, asked: str | None, taken: Sequence[tuple[int, int]] = ()
    ) -> PlaceReading:
        """Places of a message; ``taken`` are spans (characters) trades and dates have claimed."""
        sentence = self._prepare(message, asked, taken)
        areas = list(self._areas.read(sentence.forms, asked, lambda i: not sentence.claimed[i]))
        areas = [area for area in areas if not self._is_rather_a_place(sentence, area)]
        for area in areas:
            sentence.claim(area.first, area.last)
        self._claim_traps(sentence)
        departements = frozenset(d for f in areas for a in f.areas for d in a.departements)
        mentions = self._mentions(sentence, departements)
        return self._reading(sentence, self._kept(sentence, mentions), areas)

    def _prepare(
        self, message: Message, asked: str | None, taken: Sequence[tuple[int, int]]
    ) -> _Sentence:
        sentence = _Sentence(message, asked)
        for word in message.words:
            sentence.forms.append(canonical(word.form))
            sentence.claimed.append(any(a < word.end and word.start < b for a, b in taken))
        return sentence

    def _is_rather_a_place(self, sentence: _Sentence, area: FoundArea) -> bool:
        """« lens 62 », « bruay 62 »: the number only tells which commune."""
        if area.first != area.last or not sentence.forms[area.first][:1].isdigit():
            return False
        return area.first > 0 and sentence.forms[area.first - 1] not in pw.BEFORE_NUMBER

    def _claim_traps(self, sentence: _Sentence) -> None:
        forms = sentence.forms
        for i, form in enumerate(forms):
            if form in self._trap_heads:
                for trap in self._traps:
                    if tuple(forms[i : i + len(trap)]) == trap:
                        sentence.claim(i, i + len(trap) - 1)
            elif form in pw.STREETS:
                self._claim_street(sentence, i)

    def _claim_street(self, sentence: _Sentence, at: int) -> None:
        """« 12 rue de lille a lomme »: the street's name is no place, nor is « rue du plombier »."""
        forms = sentence.forms
        numbered = (
            at > 0 and forms[at - 1][:1].isdigit() or forms[at - 1 : at] in ([["bis"]], ["ter"])
        )
        if forms[at] in pw.NUMBERED_STREETS and not numbered:
            return
        end = at + 1
        while end < len(forms) and end <= at + 6 and not sentence.cut(end - 1):
            if forms[end] in pw.AFTER_STREET or _POSTCODE.fullmatch(forms[end]):
                break
            end += 1
        linked = at + 1 < len(forms) and forms[at + 1] in {"de", "du", "des", "d"}
        if not linked and not numbered:
            return
        last = end - 1
        if end == len(forms) and not linked and last > at + 1:
            last -= 1  # « 3 rue jaures lens »: the last word may be the town
        sentence.claim(at, last)

    # --- finding -----------------------------------------------------------------------------

    def _mentions(self, sentence: _Sentence, departements: frozenset[str]) -> list[_Mention]:
        found: list[_Mention] = []
        at = 0
        while at < len(sentence.forms):
            mention = None
            if not sentence.claimed[at]:
                mention = self._mention_at(sentence, at, departements, found)
            if mention:
                found.append(mention)
                at = mention.last + 1
            else:
                at += 1
        return found

    def _mention_at(
        self, s: _Sentence, at: int, departements: frozenset[str], found: list[_Mention]
    ) -> _Mention | None:
        form = s.forms[at]
        if form[:1].isdigit():
            return self._postcode_at(s, at)
        listed = self._in_a_list(s, at, found)
        exact = None
        if form in self._naming.longest:
            exact = self._exact_at(s, at, departements, listed)
        if exact and exact.named.resolved and exact.named.exact:
            return exact
        cue = 3 if listed else self._cue(s, at)
        if len(form) < 2 or form in ARTICLES or (form in pw.SMALL and form not in {"st", "ste"}):
            return exact
        return self._misspelt_at(s, at, cue, exact) or exact

    def _exact_at(
        self, s: _Sentence, at: int, departements: frozenset[str], listed: bool
    ) -> _Mention | None:
        longest = min(self._naming.longest[s.forms[at]], len(s.forms) - at)
        for size in range(longest, 0, -1):
            last = at + size - 1
            if any(s.claimed[at : last + 1]) or any(s.cut(i) for i in range(at, last)):
                continue
            if size > 1 and s.forms[last] in LINKS:
                continue
            words = [w for form in s.forms[at : last + 1] for w in form.split(" ")]
            near = self._number_after(s, last) or departements
            article = pw.ARTICLE_OF.get(s.forms[at - 1], "") if at else ""
            named = self._naming.exactly(self._arrondissement(words), article, near)
            if named and (mention := self._weighed(s, at, last, named, article, listed)):
                return mention
        return None

    def _arrondissement(self, words: list[str]) -> list[str]:
        """« paris 11eme » -> « paris 11 »."""
        if len(words) == 2 and words[0] in {"paris", "lyon", "marseille"}:
            return [words[0], re.sub(r"(eme|er|e)$", "", words[1])]
        return words

    def _number_after(self, s: _Sentence, last: int) -> frozenset[str]:
        """The département number right after a name: « clermont 60 », « bruay (62) »."""
        if last + 1 >= len(s.forms) or s.claimed[last + 1]:
            return frozenset()
        following = s.forms[last + 2] if last + 2 < len(s.forms) else ""
        code = self._areas.named_by_number(s.forms[last + 1], following)
        return frozenset({code}) if code else frozenset()

    def _weighed(
        self, s: _Sentence, at: int, last: int, named: Named, article: str, listed: bool
    ) -> _Mention | None:
        """The mention, unless the words are likelier to mean something else here."""
        words = s.forms[at : last + 1]
        cue = 3 if listed else self._cue(s, at)
        located = any(self._g.departement(row) in self._number_after(s, last) for row in named.rows)
        common = len(words) == 1 and (words[0] in self._common or len(words[0]) < 3)
        common = common or (
            len(words) > 1
            and all(w in self._common or w in LINKS for w in words)
            and not any(w in {"st", "ste"} for w in words)
        )
        sure = located or s.answer and self._whole(s, at, last)
        if (
            common
            and len(words) == 1
            and article
            and self._naming.article(named.rows[0]) != article
        ):
            return None
        nickname = " ".join(words) in self._naming.nicknames
        if sure or (cue == 3 and not (common and self._hollow(s, at, last))):
            return _Mention(at, last, named, 3)
        if common and not (len(words) > 1 and named.exact and cue):
            return None
        return self._by_name(s, at, last, named, cue, nickname)

    def _by_name(
        self, s: _Sentence, at: int, last: int, named: Named, cue: int, nickname: bool
    ) -> _Mention | None:
        """A distinctive name without « à » before it."""
        if not named.resolved:
            good = cue > 0 or s.short or last > at and named.exact
            return _Mention(at, last, named, 1) if good else None
        people, home = self._g.population[named.rows[0]], self._g.home(named.rows[0])
        needed = 0 if home and named.exact else 1_500 if home else 8_000
        if cue or nickname or s.short and home or last > at and named.exact:
            needed = 0 if home or cue == 2 or last > at else 3_000
        return _Mention(at, last, named, 2) if people >= needed else None

    def _whole(self, s: _Sentence, at: int, last: int) -> bool:
        """Whether nothing but small words stands around: « c ham », « ham dans la somme »."""
        return all(
            taken or at <= i <= last or f in pw.SMALL or f.isdigit() or f in pw.CUES
            for i, (f, taken) in enumerate(zip(s.forms, s.claimed, strict=True))
        )

    def _hollow(self, s: _Sentence, at: int, last: int) -> bool:
        """« a fond », « a jour le matin », « sur une » : a common word that goes on as one."""
        if s.forms[at] in pw.SMALL and s.forms[at] not in {"y", "us", "o", "eu"}:
            return True
        if at == last and s.forms[at] in {"y", "o", "us", "eu"}:
            return last + 1 < len(s.forms) and not s.cut(last)
        before = s.forms[at - 1] if at else ""
        if before not in {"a", "vers", "habite", "jhabite"} and not self._near(s, at):
            return not self._g_home_named(s, at, last)
        return last + 1 < len(s.forms) and s.forms[last + 1] in {"de", "d", "du", "des", "que"}

    def _near(self, s: _Sentence, at: int) -> bool:
        return at > 1 and s.forms[at - 1] in {"de", "d", "du"} and s.forms[at - 2] in pw.NEAR

    def _g_home_named(self, s: _Sentence, at: int, last: int) -> bool:
        rows = self._g.rows_named(" ".join(s.forms[at : last + 1]))
        return any(self._g.home(row) and self._g.population[row] >= 1_000 for row in rows)

    def _cue(self, s: _Sentence, at: int) -> int:
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

    def _in_a_list(self, s: _Sentence, at: int, found: list[_Mention]) -> bool:
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

    def _postcode_at(self, s: _Sentence, at: int) -> _Mention | None:
        match = _POSTCODE.fullmatch(s.forms[at])
        if not match:
            return None
        rows = self._g.rows_by_postcode(match[1])
        following = s.forms[at + 1] if at + 1 < len(s.forms) else ""
        if (
            not rows
            or following in pw.MONEY
            or s.message.text[s.message.words[at].end :][:1] == "€"
        ):
            return None
        return _Mention(at, at, Named((rows[0],), exact=True), 3)

    def _misspelt_at(
        self, s: _Sentence, at: int, cue: int, exact: _Mention | None
    ) -> _Mention | None:
        """A misspelt name where the sentence expects a place."""
        expected = cue > 0 or s.asked == "ask_place" or s.short
        if not expected:
            return None
        for size in range(min(5, len(s.forms) - at), 0, -1):
            last = at + size - 1
            words = s.forms[at : last + 1]
            if not self._may_be_misspelt(s, at, last) or (exact and last <= exact.last):
                continue
            strict = 1 if size > 1 and exact else None
            named = self._naming.misspelt(" ".join(words), strict)
            if named and self._plausible(s, named, cue, size, len("".join(words))):
                return _Mention(at, last, named, 2)
        return None

    def _may_be_misspelt(self, s: _Sentence, at: int, last: int) -> bool:
        words = s.forms[at : last + 1]
        if any(s.claimed[at : last + 1]) or any(s.cut(i) for i in range(at, last)):
            return False
        if any(w.isdigit() for w in words) or words[-1] in LINKS or words[-1] in pw.SMALL:
            return False
        if len(words) == 1:
            return words[0] not in self._common and words[0] not in pw.NEVER
        return any(w not in self._common for w in words if len(w) > 2) and len(words[-1]) > 1

    def _plausible(self, s: _Sentence, named: Named, cue: int, size: int, length: int) -> bool:
        """Small places are not guessed from far away, nor anything without a cue."""
        people, home = self._g.population[named.rows[0]], self._g.home(named.rows[0])
        if s.answer or cue == 3:
            return home and (people >= 300 or named.errors <= 1) or people >= 40_000
        if cue:
            return home and people >= 2_000 and named.errors <= 1 + (length > 8)
        return home and people >= 3_000 and named.errors <= 1 and length >= 5

    # --- judging -----------------------------------------------------------------------------

    def _kept(self, s: _Sentence, mentions: list[_Mention]) -> list[_Mention]:
        """Without the postcode of a commune also named, and without where others live or work."""
        kept = [
            m
            for i, m in enumerate(mentions)
            if not self._said_again(s, m, mentions[:i], mentions[i + 1 :])
        ]
        return self._in_the_wish(s, kept)

    def _said_again(
        self, s: _Sentence, mention: _Mention, before: list[_Mention], after: list[_Mention]
    ) -> bool:
        """« 59160 lomme », « lille 59800 »: the name and the postcode are one place."""
        match = _POSTCODE.fullmatch(s.forms[mention.first])
        if not match:
            return False
        neighbours = [
            m
            for m in (before[-1:] + after[:1])
            if min(abs(m.first - mention.last), abs(mention.first - m.last)) <= 2
        ]
        return any(
            match[1][:2] == self._g.departement(row)[:2] for m in neighbours for row in m.named.rows
        )

    def _in_the_wish(self, s: _Sentence, mentions: list[_Mention]) -> list[_Mention]:
        """« ma mère travaille à lens et moi je cherche à arras »: only what is looked for counts."""
        for i, form in enumerate(s.forms):
            if form in pw.SEEK and i:
                start = self._clause_start(s, i)
                later = [m for m in mentions if m.first > i]
                if start and later and any(f in pw.NOT_MINE for f in s.forms[:start]):
                    return [m for m in mentions if m.first >= start]
        return mentions

    def _clause_start(self, s: _Sentence, seek: int) -> int:
        for i in range(seek - 1, max(0, seek - 5), -1):
            if s.forms[i] in {"mais", "moi", "et", "la", "donc", "maintenant"} or s.cut(i - 1):
                return i
        return 0

    def _negated(self, s: _Sentence, mention: _Mention, before: _Mention | None) -> bool | None:
        """True after « pas », « sauf », « enlève »; ``None`` when the words before do not say."""
        i = mention.first - 1
        seen_cut = False
        while i >= 0 and (s.forms[i] in pw.BETWEEN or s.forms[i] in ARTICLES) and not seen_cut:
            seen_cut = s.cut(i)
            i -= 1
        if i < 0 or seen_cut or s.cut(i):
            return None
        form, earlier = s.forms[i], s.forms[i - 1] if i else ""
        if form == "pas" and (
            earlier in pw.SEARCHED_IN_VAIN or "loin" in s.forms[i : mention.first]
        ):
            return False
        return form in pw.NEGATORS or None

    def _reading(
        self, s: _Sentence, mentions: list[_Mention], areas: list[FoundArea]
    ) -> PlaceReading:
        places: list[Place] = []
        negated: list[Place] = []
        ambiguous: list[AmbiguousPlace] = []
        was_negated = False
        for i, mention in enumerate(mentions):
            before = mentions[i - 1] if i else None
            verdict = self._negated(s, mention, before)
            if verdict is None:
                verdict = was_negated and before is not None and self._goes_on(s, before, mention)
            was_negated = verdict
            self._put(s, mention, negated if verdict else places, None if verdict else ambiguous)
        wanted = self._distinct(places, negated)
        return PlaceReading(
            wanted, self._distinct(negated, []), tuple(ambiguous),
            self._area_values(s, areas),
        )  # fmt: skip

    def _goes_on(self, s: _Sentence, before: _Mention, mention: _Mention) -> bool:
        """« ni X ni Y », « sauf X et Y » go on; « pas X, Y » and « pas X mais Y » do not."""
        return s.forms[before.last + 1 : mention.first] in (
            ["ni"],
            ["et"],
            ["ni", "a"],
            ["et", "a"],
        )

    def _put(
        self, s: _Sentence, m: _Mention, places: list[Place], asks: list[AmbiguousPlace] | None
    ) -> None:
        start, end = s.message.words[m.first].start, s.message.words[m.last].end
        if m.named.resolved:
            places.append(self._g.place(m.named.rows[0], start, end))
        elif asks is not None:
            candidates = tuple(self._g.place(row, start, end) for row in m.named.rows)
            asks.append(AmbiguousPlace(s.message.text[start:end], candidates))

    def _distinct(self, places: list[Place], others: list[Place]) -> tuple[Place, ...]:
        kept: dict[str, Place] = {}
        ruled_out = {(p.insee, p.start) for p in others}
        for place in places:
            if (place.insee, place.start) not in ruled_out:
                kept.setdefault(place.insee, place)
        return tuple(kept.values())

    def _area_values(self, s: _Sentence, found: list[FoundArea]) -> tuple[Area, ...]:
        values: dict[tuple[str, str], Area] = {}
        for f in found:
            words = s.forms[max(0, f.first - 3) : f.first]
            if "pas" in words and words[-1:] != ["pas"] and "loin" not in words or "sauf" in words:
                continue
            start, end = s.message.words[f.first].start, s.message.words[f.last].end
            for area in spanned(f.areas, start, end):
                values.setdefault((area.type, area.name), replace(area))
        return tuple(values.values())

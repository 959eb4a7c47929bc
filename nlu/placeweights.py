"""How sure it is that the words of a commune's name mean the commune in this sentence."""

from __future__ import annotations

import re

from nlu import placewords as pw
from nlu.areas import Areas
from nlu.gazetteer import Gazetteer
from nlu.keys import ARTICLES, LINKS
from nlu.naming import Named, Naming
from nlu.placesentence import Mention, Sentence

_TOWN = 2_000  # inhabitants from which a common word among towns is one
# « Rue, la ville », « Eu, c'est le nom de ma ville », « bus c'est mon village ».
_SAID_TO_BE_A_TOWN = re.compile(
    r"(?:dans l?\w* ?\w+ |en \w+ )?(?:c |c ?est |est )*(?:le nom de |un nom de )?"
    r"(?:la|ma|mon|le|une?|notre) (?:ville|village|commune|bled|patelin)\b"
)


_TOWNS = frozenset({"ville", "village", "commune", "bled", "patelin"})


class PlaceWeigher:
    """Weighs names; ``common`` are words that are seldom places."""

    def __init__(
        self, gazetteer: Gazetteer, naming: Naming, areas: Areas, common: frozenset[str]
    ) -> None:
        self._g = gazetteer
        self._naming = naming
        self._areas = areas
        self._common = common
        # Small words that begin no name, neither written well nor misspelt.
        self._idle = frozenset(pw.SMALL | ARTICLES) - naming.longest.keys() - {"st", "ste"}

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
        if contracted and not s.answer and not self._bears(words, article, named):
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

    def _bears(self, words: list[str], article: str, named: Named) -> bool:
        """« au Bailleul » is a place, though the likeliest Bailleul has no article."""
        rows = (named.rows[0], *self._g.rows_named(" ".join(words)))
        return any(self._naming.article(row) == article for row in rows)

    def _stands_alone(self, s: Sentence, at: int, last: int, named: Named, cue: int) -> bool:
        """« boulanger aire sur la lys », « coiffure albert »: common words, yet a name."""
        people = self._g.population[named.rows[0]]
        if last > at:
            return named.exact and (cue > 0 or people >= 2_000)
        after_trade = at > 0 and s.claimed[at - 1] and last + 1 == len(s.forms)
        if at == 0 and s.cut(last):
            after_trade = all(s.claimed[last + 1 :])  # or before it: « albert, boucher »
        named_so = s.message.text[s.message.starts[at]].isupper() and people >= 5_000
        home = named.resolved and named.exact and (named_so or self._g.home(named.rows[0]))
        return after_trade and home and people >= 1_000 and s.forms[at] not in pw.THINGS

    def _only(self, s: Sentence, at: int, named: Named) -> bool:
        """« y a que ham où je peux aller », « c'est plus avion, c'est méricourt »."""
        before = s.forms[at - 1] if at else ""
        refused = before in pw.NEGATORS and s.cut(at)
        return (before == "que" or refused) and self._town(named)

    def _opens_a_list(self, s: Sentence, last: int, named: Named) -> bool:
        """« croix ou wasquehal »: a common word beside a town whose name is no word."""
        if s.cut(last) and s.starts(last) and self._town_at(s, last + 1):
            return self._town(named)  # « carrossier marquise, rinxent »
        ahead = s.forms[last + 1 : last + 4]
        if "et" not in ahead and "ou" not in ahead:
            return False
        following = [f for f in ahead if f not in ARTICLES]
        if len(following) < 2 or following[0] not in {"et", "ou"} or following[1] in self._common:
            return False
        rows = self._g.rows_named(following[1])
        return self._town(named) and (
            any(self._g.population[row] >= _TOWN for row in rows)
            or self._naming.sounds_like_a_town(following[1], _TOWN)
        )

    def _listed_town(self, s: Sentence, last: int, named: Named) -> bool:
        """« st omer ou aire », « hem lannoy lys »."""
        ends = last + 1 == len(s.forms) or s.cut(last) or s.forms[last + 1] in pw.DETACHING
        return self._town(named) and (ends or self._town_at(s, last + 1))

    def _town_at(self, s: Sentence, at: int) -> bool:
        rows = self._g.rows_named(s.forms[at]) if s.forms[at] in self._naming.longest else ()
        return any(self._g.home(row) and self._g.population[row] >= _TOWN for row in rows)

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
        if at in s.glued:
            return 3 if i < 0 or s.forms[i] in pw.NEAR else 2
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


def _said_to_be_a_town(s: Sentence, last: int) -> bool:
    after = s.forms[last + 1 : last + 10]
    if _TOWNS.isdisjoint(after):
        return False
    return _SAID_TO_BE_A_TOWN.match(" ".join(after)) is not None

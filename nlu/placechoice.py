"""Which of the places a message names are wanted, and which are somebody else's or ruled out."""

from __future__ import annotations

import re

from nlu import placewords as pw
from nlu.areas import FoundArea, spanned
from nlu.gazetteer import Gazetteer
from nlu.keys import ARTICLES
from nlu.meaning import Area
from nlu.placesentence import Mention, Sentence

_POSTCODE = re.compile(r"([0-9]{5})[a-z]*")


def weaker(g: Gazetteer, guess: Mention, exact: Mention) -> bool:
    """« Bors », of several: no typing error of a village; a town must be ten times larger."""
    if guess.last > exact.last or not exact.named.exact:
        return False
    return g.population[guess.named.rows[0]] < 10 * g.population[exact.named.rows[0]]


def wanted(g: Gazetteer, s: Sentence, mentions: list[Mention]) -> list[Mention]:
    """Without the postcode of a commune also named, and without where others live or work."""
    kept = [
        m
        for i, m in enumerate(mentions)
        if not _said_again(g, s, m, mentions[:i], mentions[i + 1 :])
    ]
    kept = [
        m for i, m in enumerate(kept) if not i or s.forms[kept[i - 1].last + 1 : m.first] != ["les"]
    ]  # « saint nicolas lez arras »
    if not pw.ENROLLING.isdisjoint(s.forms):
        kept = [m for m in kept if not pw.ENROLLED.search(" ".join(s.forms[: m.first][-7:]))]
    return kept if pw.SEEK.isdisjoint(s.forms) else _in_the_wish(s, kept)


def _said_again(
    g: Gazetteer, s: Sentence, mention: Mention, before: list[Mention], after: list[Mention]
) -> bool:
    """« 59160 lomme », « lille 59800 »: the name and the postcode are one place."""
    if not s.forms[mention.first][:1].isdigit():
        return False
    match = _POSTCODE.fullmatch(s.forms[mention.first])
    if not match:
        return False
    neighbours = [
        m
        for m in (before[-1:] + after[:1])
        if not _POSTCODE.fullmatch(s.forms[m.first])
        and min(abs(m.first - mention.last), abs(mention.first - m.last)) <= 2
    ]
    return any(match[1][:2] == g.departement(row)[:2] for m in neighbours for row in m.named.rows)


def _in_the_wish(s: Sentence, mentions: list[Mention]) -> list[Mention]:
    """« ma mère travaille à lens et moi je cherche à arras »: only what is looked for counts."""
    for i, form in enumerate(s.forms):
        if form in pw.SEEK and i:
            start = _clause_start(s, i)
            later = [m for m in mentions if m.first > i]
            if start and later and _others(s, start):
                return [m for m in mentions if m.first >= start]
    return mentions


def _others(s: Sentence, start: int) -> bool:
    """Whether the first clause tells of somebody else, of the past, or only of home."""
    first = s.forms[:start]
    if s.forms[start] == "mais" and pw.AT_HOME.intersection(first):
        return True
    return not pw.NOT_MINE.isdisjoint(first)


def _clause_start(s: Sentence, seek: int) -> int:
    for i in range(seek - 1, max(0, seek - 5), -1):
        if s.forms[i] in {"mais", "moi", "et", "la", "donc", "maintenant"} or s.cut(i - 1):
            return i
    return 0


def ruled_out(s: Sentence, mentions: list[Mention]) -> list[bool]:
    """For each mention, whether the person says not there."""
    verdicts: list[bool] = []
    for i, mention in enumerate(mentions):
        before = mentions[i - 1] if i else None
        verdict = _negated(s, mention)
        if verdict is None:
            verdict = _less_than(s, before, mention) or _liked_less(s, before, mention)
            verdict = verdict or _given_up(s, mentions, i)
            verdict = verdict or (
                before is not None and verdicts[-1] and _goes_on(s, before, mention)
            )
        verdicts.append(verdict)
    return verdicts


def _negated(s: Sentence, mention: Mention) -> bool | None:
    """True after « pas », « sauf », « enlève »; ``None`` when the words before do not say."""
    after = s.forms[mention.last + 1 : mention.last + 6]
    if after and pw.REFUSED_AFTER.match(" ".join(after)):
        return True
    i = mention.first - 1
    if i < 0:
        return None
    if pw.REFUSED_BEFORE.search(" ".join(s.forms[max(0, i - 4) : mention.first])):
        return True
    if i > 0 and s.forms[i - 1 : i + 1] == ["trop", "loin"] and not s.cut(i):
        return True  # « c'est trop loin amiens »
    seen_cut = False
    while i >= 0 and (s.forms[i] in pw.BETWEEN or s.forms[i] in ARTICLES) and not seen_cut:
        seen_cut = s.cut(i)
        i -= 1
    if i < 0 or seen_cut or s.cut(i):
        return None
    form, earlier = s.forms[i], s.forms[i - 1] if i else ""
    if form == "pas" and (earlier in pw.SEARCHED_IN_VAIN or "loin" in s.forms[i : mention.first]):
        return False
    return form in pw.NEGATORS or None


def _goes_on(s: Sentence, before: Mention, mention: Mention) -> bool:
    """« ni X ni Y », « sauf X et Y » go on; « pas X, Y » and « pas X mais Y » do not."""
    return s.forms[before.last + 1 : mention.first] in (
        ["ni"],
        ["et"],
        ["ni", "a"],
        ["et", "a"],
    )


def _given_up(s: Sentence, mentions: list[Mention], i: int) -> bool:
    """Whether one is named to say that another is meant."""
    if i + 1 < len(mentions):
        following = mentions[i + 1]
        if _replaced(s, mentions[i], following) or _miswritten(s, mentions[i], following):
            return True
        if _confused(s, mentions[i], following):
            return "premier" not in s.forms[following.last :]
    before = mentions[i - 1] if i else None
    swapped = before is not None and _confused(s, before, mentions[i])
    return swapped and "premier" in s.forms[mentions[i].last :]


def _miswritten(s: Sentence, mention: Mention, following: Mention) -> bool:
    """« j'ai écrit lille mais c'était lillers »."""
    gap = " ".join(s.forms[mention.last + 1 : following.first])
    written = pw.WRITTEN.intersection(s.forms[max(0, mention.first - 2) : mention.first])
    return bool(written) and pw.BUT_IT_WAS.fullmatch(gap) is not None


def _confused(s: Sentence, mention: Mention, following: Mention) -> bool:
    """« j'ai confondu lens avec liévin »."""
    gap = s.forms[mention.last + 1 : following.first]
    verbs = s.forms[max(0, mention.first - 2) : mention.first]
    return gap in (["avec"], ["et"]) and any(form.startswith("confond") for form in verbs)


def _replaced(s: Sentence, mention: Mention, following: Mention) -> bool:
    """« change lille par roubaix »: Lille is given up."""
    verb = set(s.forms[max(0, mention.first - 3) : mention.first])
    gap = s.forms[mention.last + 1 : following.first]
    return bool(verb & pw.REPLACE) and gap in (["par"], ["pour"], ["en"], ["contre"])


def _less_than(s: Sentence, before: Mention | None, mention: Mention) -> bool:
    """« plutôt lens que liévin »: Liévin is ruled out."""
    if before is None or "plutot" not in s.forms[: mention.first]:
        return False
    gap = [f for f in s.forms[before.last + 1 : mention.first] if f not in {"juste", "seulement"}]
    return gap in (["que"], ["qu", "a"], ["que", "sur"])


def _liked_less(s: Sentence, before: Mention | None, mention: Mention) -> bool:
    """« je préfère Lens à Liévin »: Liévin is ruled out."""
    if before is None or s.forms[before.last + 1 : mention.first] != ["a"]:
        return False
    return any("prefer" in form for form in s.forms[max(0, before.first - 3) : before.first])


def located(g: Gazetteer, s: Sentence, mentions: list[Mention], area: FoundArea) -> bool:
    """« Clermont 60 », « Rue, dans la Somme »: the area only says which commune is meant."""
    codes = {one.code for one in area.areas if one.type == "departement"}
    for mention in mentions:
        between = s.forms[mention.last + 1 : area.first]
        if mention.last + 1 == area.first and area.number:
            return True
        if between == ["en"] and area.areas[0].type == "zone":
            return True  # « marck en calaisis »
        if between and mention.last < area.first and pw.INSIDE.issuperset(between):
            return any(g.departement(row) in codes for row in mention.named.rows)
    return False


def area_values(s: Sentence, found: list[FoundArea]) -> tuple[Area, ...]:
    """Those that are wanted, each once, with where it stands; not « pas dans le Nord »."""
    values: dict[tuple[str, str], Area] = {}
    for i, f in enumerate(found):
        if _ruled_out(s, f) or (i + 1 < len(found) and _narrowed(s, f, found[i + 1])):
            continue
        start, end = s.message.starts[f.first], s.message.ends[f.last]
        for area in spanned(f.areas, start, end):
            values.setdefault((area.type, area.name), area)
    return tuple(values.values())


def _ruled_out(s: Sentence, area: FoundArea) -> bool:
    for i in range(area.first - 1, max(-1, area.first - 5), -1):
        form = s.forms[i]
        if form == "pas":
            return not {"loin", "sais", "sai", "c", "est"}.intersection(
                s.forms[max(0, i - 2) : area.first]
            )
        if form in pw.REFUSING:
            return True
        if form not in pw.BEFORE_AREA or s.cut(i - 1):
            return False
    return False


def _narrowed(s: Sentence, area: FoundArea, following: FoundArea) -> bool:
    """« n'importe où dans l'Oise » is the Oise, not France."""
    everywhere = all(one.type == "pays" for one in area.areas)
    between = s.forms[area.last + 1 : following.first]
    return everywhere and pw.WITHIN.issuperset(between)

"""The expressions of time a message may hold, each with the days it means from a given day.

Over 400 lines because the table of patterns and what each means are read side by side.
"""

# ruff: noqa: E501 (a rule of the table is read on one line)

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from nlu.datewords import MONTHS, WEEKDAYS, DateWords, like_a_month, words_for
from nlu.schoolyear import FEASTS, HOLIDAYS, feast, first_monday, holidays

_M = "|".join(MONTHS)
_W = "|".join(WEEKDAYS)
_DAY = r"(?P<d>3[01]|[12][0-9]|0?[1-9])(?![0-9])(?: (?:er|ier|eme|e)\b)?"
_YEAR = r"(?: (?:de |en |l ' an )?(?P<y>20[0-4][0-9])\b(?! (?:euro|e\b|net|brut))| (?P<yy>2[6-9]|3[0-5])\b(?! ?(?:an\b|km|h\b|jour|euro)))?"
_FEAST = "|".join(f.replace("st ", "(?:st|saint) ").replace(" l an", " l ' an") for f in FEASTS)
_MOST = 24  # expressions of time in one message; more is noise
_UNIT_DAYS = {"jour": 1, "semaine": 7, "quinzaine": 15}


@dataclass(frozen=True, slots=True)
class Days:
    """First day and, when it is a period, last day."""

    start: date
    end: date | None = None
    asap: bool = False
    approx: bool = False


@dataclass(frozen=True, slots=True)
class Moment:
    """An expression: where it stands in the line, and what it means from a day on."""

    start: int
    end: int
    kind: str
    match: re.Match[str]
    reckon: Callable[[re.Match[str], date], Days | None]

    def on(self, today: date) -> Days | None:
        """``None`` for no such day (30 February), one beyond the calendar, or one gone by."""
        try:
            days = self.reckon(self.match, today)
        except (ValueError, OverflowError):
            return None
        return days if days and (days.end or days.start) >= today else None


def month_days(year: int, month: int) -> Days:
    return Days(date(year, month, 1), date(year, month, monthrange(year, month)[1]))


def plus_months(day: date, months: int) -> date:
    """The same day so many months later, or the last day of that month."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _year(match: re.Match[str]) -> int | None:
    found = match.groupdict()
    if found.get("y"):
        return int(found["y"])
    return 2000 + int(found["yy"]) if found.get("yy") else None


def _date(day: int, month: int, year: int | None, today: date) -> date:
    """That day; without a year, its next occurrence, today included (29 February waits)."""
    if year is not None:
        return date(year if year > 99 else 2000 + year, month, day)
    for ahead in range(9):
        try:
            found = date(today.year + ahead, month, day)
        except ValueError:
            continue
        if found >= today:
            return found
    raise ValueError("no such day")


def _next_month(month: int, today: date) -> int:
    """The year of the next month of that name: the running one is not next."""
    return today.year + (month <= today.month)


def _iso(m: re.Match[str], today: date) -> Days:
    return Days(date(int(m["y"]), int(m["m"]), int(m["d"])))


def _numeric(m: re.Match[str], today: date) -> Days:
    return Days(_date(int(m["d"]), int(m["m"]), int(m["y"]) if m["y"] else None, today))


def _numeric_month(m: re.Match[str], today: date) -> Days:
    return month_days(int(m["y"]), int(m["m"]))


def _day_of_month(m: re.Match[str], today: date) -> Days:
    return Days(_date(int(m["d"]), MONTHS[m["mo"]], _year(m), today))


def _day_to_day(m: re.Match[str], today: date) -> Days:
    """« du 14 au 18 décembre »."""
    end = _date(int(m["d2"]), MONTHS[m["mo"]], _year(m), today)
    return Days(end.replace(day=int(m["d"])), end)


def _bare_day(day: int, today: date) -> date:
    for ahead in range(4):
        month = plus_months(today.replace(day=1), ahead)
        if day <= monthrange(month.year, month.month)[1] and month.replace(day=day) >= today:
            return month.replace(day=day)
    raise ValueError("no such day")


def _the_day(m: re.Match[str], today: date) -> Days:
    """« le 15 », « le 15 du mois prochain »."""
    day = int(m["d"])
    if m.groupdict().get("next"):
        return Days(plus_months(today.replace(day=1), 1).replace(day=day))
    return Days(_bare_day(day, today))


def _days_bare(m: re.Match[str], today: date) -> Days:
    """« du 5 au 12 »."""
    start = _bare_day(int(m["d"]), today)
    return Days(start, _bare_day(int(m["d2"]), start))


_PARTS = {"debut": (1, 10), "mi": (11, 20), "milieu": (11, 20), "fin": (21, 31),
          "courant": (1, 31), "1 quinzaine": (1, 15), "2 quinzaine": (16, 31),
          "1 semaine": (1, 7), "2 semaine": (8, 14), "3 semaine": (15, 21), "4 semaine": (22, 28),
          "dernier semaine": (-6, 31), "dernier quinzaine": (16, 31)}  # fmt: skip


def _part_days(year: int, month: int, part: str) -> Days:
    last = monthrange(year, month)[1]
    first, end = _PARTS.get(part.replace(" ere", "").replace(" eme", ""), (1, 31))
    return Days(
        date(year, month, first if first > 0 else last + first), date(year, month, min(end, last))
    )


def _month(m: re.Match[str], today: date) -> Days:
    """A month, or « début », « mi- », « fin », a week or a fortnight of it."""
    month, year = MONTHS[m["mo"]], _year(m)
    part = m["part"] or ""
    if year is None:
        year = _next_month(month, today)
        if part and month == today.month:
            running = _part_days(today.year, month, part)
            year = today.year if running.end and running.end >= today else year
    return _part_days(year, month, part)


def _nth_weekday(m: re.Match[str], today: date) -> Days:
    """« le premier lundi de mars »."""
    month = MONTHS[m["mo"]]
    year = _year(m) or _next_month(month, today)
    if m["nth"] == "dernier":
        last = date(year, month, monthrange(year, month)[1])
        return Days(last - timedelta(days=(last.weekday() - WEEKDAYS[m["w"]]) % 7))
    first = date(year, month, 1)
    first += timedelta(days=(WEEKDAYS[m["w"]] - first.weekday()) % 7)
    return Days(first + timedelta(weeks=int(m["nth"]) - 1))


def _in_time(m: re.Match[str], today: date) -> Days:
    """« dans 3 semaines », « dans un mois et demi », « dans quelques jours » (three)."""
    vague = m["n"] in {"quelque", "quelques", "plusieurs"}
    number = 3 if vague else 1 if m["n"] in {"un", "une"} else int(m["n"])
    if m["unit"] in _UNIT_DAYS:
        days = number * _UNIT_DAYS[m["unit"]] + (3 if m["half"] and m["unit"] == "semaine" else 0)
        return Days(today + timedelta(days=days), approx=vague)
    months = number * (12 if m["unit"] == "an" else 1)
    later = plus_months(today, months + (6 if m["half"] and m["unit"] == "an" else 0))
    return Days(later + timedelta(days=15 * bool(m["half"] and m["unit"] == "mois")), approx=vague)


def _tomorrow(m: re.Match[str], today: date) -> Days:
    return Days(today + timedelta(days=1 if m[0] == "demain" else 2))


def _now(m: re.Match[str], today: date) -> Days:
    return Days(today, asap=True)


def _monday(today: date) -> date:
    return today - timedelta(days=today.weekday())


def _week(m: re.Match[str], today: date) -> Days:
    monday = _monday(today) + timedelta(weeks=1)
    if w := m.groupdict().get("w"):
        return Days(monday + timedelta(days=WEEKDAYS[w]))
    if (part := m.groupdict().get("part")) == "fin":
        return Days(monday + timedelta(days=3), monday + timedelta(days=6))
    if part == "debut":
        return Days(monday, monday + timedelta(days=2))
    return Days(monday, monday + timedelta(days=6))


def _week_of(m: re.Match[str], today: date) -> Days:
    day = (_date(int(m["d"]), MONTHS[m["mo"]], _year(m), today) if m["mo"]
           else _bare_day(int(m["d"]), today))  # fmt: skip
    return Days(_monday(day), _monday(day) + timedelta(days=6))


def _weekend_of(m: re.Match[str], today: date) -> Days:
    saturday = _monday(_week_of(m, today).start) + timedelta(days=5)
    return Days(saturday, saturday + timedelta(days=1))


def _week_number(m: re.Match[str], today: date) -> Days:
    """« semaine 50 »: the next ISO week of that number."""
    year = today.year
    if date.fromisocalendar(year, int(m["n"]), 7) < today:
        year += 1
    monday = date.fromisocalendar(year, int(m["n"]), 1)
    return Days(monday, monday + timedelta(days=6))


def _this_week(m: re.Match[str], today: date) -> Days:
    return Days(today, _monday(today) + timedelta(days=6))


def _end_of_week(m: re.Match[str], today: date) -> Days:
    return Days(max(today, _monday(today) + timedelta(days=4)), _monday(today) + timedelta(days=6))


def _weekend(m: re.Match[str], today: date) -> Days:
    saturday = _monday(today) + timedelta(days=12 if m.groupdict().get("next") else 5)
    return Days(max(today, saturday), saturday + timedelta(days=1))


def _weekday(m: re.Match[str], today: date) -> Days:
    ahead = (WEEKDAYS[m["w"]] - today.weekday() - 1) % 7 + 1
    return Days(today + timedelta(days=ahead + 7 * bool(m.groupdict().get("week"))))


def _weekday_number(m: re.Match[str], today: date) -> Days:
    """« mardi 19 »: the next 19th."""
    return Days(_bare_day(int(m["d"]), today))


def _this_month(m: re.Match[str], today: date) -> Days:
    """« le mois prochain », « fin du mois », « début du mois prochain »."""
    part, ahead = m["part"] or "", bool(m["next"])
    if part and not ahead:
        ahead = (_part_days(today.year, today.month, part).end or today) < today
    first = plus_months(today.replace(day=1), int(ahead))
    days = _part_days(first.year, first.month, part)
    return days if part or ahead else Days(today, days.end)


def _year_ahead(m: re.Match[str], today: date) -> Days:
    year = today.year + 1
    if m.groupdict().get("part") == "debut":
        return Days(date(year, 1, 1), date(year, 1, 31), approx=True)
    if m.groupdict().get("part") == "fin":
        return Days(date(year, 12, 1), date(year, 12, 31), approx=True)
    if "scolaire" in m[0]:
        return Days(date(today.year + (today.month >= 9), 9, 1), approx=True)
    return Days(date(year, 1, 1), date(year, 12, 31), approx=True)


def _in_year(m: re.Match[str], today: date) -> Days | None:
    year = int(m["y"])
    if year < today.year:
        return None
    month = {"debut": (1, 1), "fin": (12, 12), "mi": (6, 7), "milieu": (6, 7)}
    first, last = month.get(m["part"] or "", (1, 12))
    return Days(max(today, date(year, first, 1)), month_days(year, last).end, approx=True)


def _end_of_year(m: re.Match[str], today: date) -> Days:
    days = month_days(today.year, 12)
    return Days(max(today, days.start), days.end, approx=True)


def _start_of_year(m: re.Match[str], today: date) -> Days:
    return Days(date(today.year + 1, 1, 1), date(today.year + 1, 1, 31), approx=True)


def _end_of_school(m: re.Match[str], today: date) -> Days:
    return Days(_date(1, 7, None, today), approx=True)


def _this_year(m: re.Match[str], today: date) -> Days:
    return Days(today, date(today.year, 12, 31), approx=True)


def _school_start(m: re.Match[str], today: date) -> Days:
    month = MONTHS[m["mo"]] if m["mo"] else 9
    year = _year(m) or today.year
    start = date(year, 9, 1) if month == 9 else first_monday(year, month)
    if start < today and not _year(m):
        start = date(year + 1, 9, 1) if month == 9 else first_monday(year + 1, month)
    return Days(start)


def _holidays(m: re.Match[str], today: date) -> Days | None:
    name = m.groupdict().get("name")
    found = holidays(name or ("ete" if "grand" in m[0] else None), today)
    return Days(*found, approx=name is None and "grand" not in m[0]) if found else None


def _back_from_holidays(m: re.Match[str], today: date) -> Days | None:
    found = holidays(m.groupdict().get("name"), today)
    return Days(found[1] + timedelta(days=1)) if found else None


_SEASONS = {"ete": ((7, 1), (8, 31)), "printemps": ((3, 20), (6, 20)),
            "automne": ((9, 22), (12, 20)), "hiver": ((12, 21), (3, 19))}  # fmt: skip


def _season(m: re.Match[str], today: date) -> Days:
    (first_month, first), (last_month, last) = _SEASONS[m["s"]]
    year = _year(m) or today.year
    start = date(year, first_month, first)
    end = date(year + (last_month < first_month), last_month, last)
    running = start <= today <= end and "ce" in m[0].split(" ")[0]
    if (start < today or end < today) and not running and not _year(m):
        start, end = start.replace(year=year + 1), end.replace(year=end.year + 1)
    start = max(start, today) if running else start
    part = m["part"]
    if part == "fin":
        start = end.replace(day=21)
    elif part == "debut":
        end = start + timedelta(days=9)
    return Days(start, end, approx=True)


def _feast(m: re.Match[str], today: date) -> Days:
    name = m["f"].replace(" ' ", " ")
    return Days(feast(name.replace("saint ", "st "), today))


def _feasts_of_the_year(m: re.Match[str], today: date) -> Days:
    return Days(
        _date(24, 12, None, today), _date(1, 1, None, _date(24, 12, None, today)), approx=True
    )


def _exams(m: re.Match[str], today: date) -> Days:
    return Days(_date(1, 7, None, today), approx=True)


_NO_UNIT = (
    r"(?! (?:km|kms|an\b|h\b|heure|euro|e\b|min|%|€|borne|rue|avenue|eme|place|personne|mois|"
    r"semaine|jour|/|:|\. ?[0-9]|,? ?rue|bis|boulevard))"
)
# kind, tokens one of which must be there, pattern, reckoning.
_RULES: tuple[tuple[str, str, str, Callable[[re.Match[str], date], Days | None]], ...] = (
    ("day", "- / .", r"(?P<y>20[0-4][0-9]) [-/.] (?P<m>1[0-2]|0?[1-9]) [-/.] (?P<d>3[01]|[12][0-9]|0?[1-9])\b", _iso),
    ("day", "- / .", r"\b(?P<d>3[01]|[12][0-9]|0?[1-9]) (?P<s>[-/.]) (?P<m>1[0-2]|0?[1-9]) (?P=s) (?P<y>20[2-4][0-9]|[23][0-9])\b", _numeric),
    ("month", "/ -", r"(?<![/0-9] )\b(?P<m>1[0-2]|0?[1-9]) [/-] (?P<y>20[0-4][0-9])\b", _numeric_month),
    ("day", "/", r"(?<!/ )\b(?!7 / 7\b)(?P<d>3[01]|[12][0-9]|0?[1-9]) / (?P<m>1[0-2]|0?[1-9])\b(?! (?:/|journee|temps|heure))(?P<y>)", _numeric),
    ("day", "le au", r"\b(?:le|au|du) (?P<d>3[01]|[12][0-9]|0?[1-9]) [.-] (?P<m>1[0-2]|0[1-9])\b(?P<y>)", _numeric),
    ("range", " ".join(MONTHS), rf"(?:\b(?:du|le|entre le|de) )?(?:(?:{_W}) )?\b{_DAY} (?:au|a|-|et|jusqu au) (?:le )?(?:(?:{_W}) )?(?P<d2>3[01]|[12][0-9]|0?[1-9])(?: er)? (?:de )?(?P<mo>{_M})\b{_YEAR}", _day_to_day),
    ("week", "weekend", rf"\bweekend du (?:samedi )?{_DAY}(?: (?P<mo>{_M})\b{_YEAR})?", _weekend_of),
    ("week", "semaine", rf"\b(?:la )?semaine du (?:lundi )?{_DAY}(?: (?P<mo>{_M})\b{_YEAR})?", _week_of),
    ("day", " ".join(MONTHS), rf"(?:\b(?:{_W}) )?\b{_DAY} (?:de |d ' |du mois de )?(?P<mo>{_M})\b{_YEAR}", _day_of_month),
    ("day", " ".join(MONTHS), r"\b(?P<mo>" + _M + r") (?P<d>3[01]|[12][0-9]|[1-9]) (?:st|nd|rd|th)\b(?: ,? ?(?P<y>20[0-4][0-9]))?", _day_of_month),
    ("day", " ".join(MONTHS), rf"\b(?P<nth>[1-4]|dernier) (?:ere? |eme )?(?P<w>{_W}) (?:de |d ' |du mois de )?(?P<mo>{_M})\b{_YEAR}", _nth_weekday),
    ("start", "rentree", rf"\brentree (?:des|apres les|de) vacances(?: (?:de |d ' )?(?:la )?(?P<name>{'|'.join(HOLIDAYS)}))?\b", _back_from_holidays),
    ("start", "rentree", rf"\b(?:la |l a |pour |en |de |prochain |a |a la |cette )*rentree(?: scolaire| prochain)*(?: (?:de |d ' |en )?(?P<mo>{_M})\b)?{_YEAR}", _school_start),
    ("holidays", "vacances", rf"\bvacances (?:scolaire )?(?:(?:de |d ' |du |l ' |la |des )*)(?P<name>{'|'.join(HOLIDAYS)})\b", _holidays),
    ("holidays", "vacances", r"\b(?:grandes? |prochain )?vacances(?: scolaires?| prochain)?\b", _holidays),
    ("month", " ".join(MONTHS), rf"\b(?P<part>debut|mi|milieu|fin|courant|(?:[1-4]|dernier) (?:ere |eme )?(?:semaine|quinzaine))(?: (?:-|de|d '|du|mois|le|au))* (?P<mo>{_M})\b{_YEAR}", _month),
    ("month", " ".join(MONTHS), rf"(?<!\ble 3[2-9] )(?<!\ble [4-9][0-9] )\b(?:mois (?:de |d ' )?)?(?P<part>)(?P<mo>{_M})\b{_YEAR}", _month),
    ("in", "jour semaine quinzaine mois an", r"\b(?:dans|sous|d ' ici|d ici|dici|ici|(?:pas|rien) avant|d ' ici a)(?: (?:environ|a peu pres|genre|minimum|au moins|max|maxi|maximum|mini))? (?P<n>une?|quelques?|plusieurs|[0-9]{1,3})(?: ou [0-9]+)? ?(?P<unit>jour|semaine|quinzaine|mois|an)\b(?P<half> et demie?)?", _in_time),
    ("day", "demain apresdemain", r"\bapresdemain\b|\bapres demain\b|\bdemain\b", _tomorrow),
    ("day", "semaine", rf"\b(?P<w>{_W}) (?:de |d ' )?(?:la )?semaine (?:prochain|suivante|d ' apres|qui (?:vient|arrive))", _week),
    ("week", "semaine", r"\b(?:(?P<part>debut|fin) (?:de |d )?(?:la )?)?(?:(?:la|une) )?(?:prochain semaine|semaine (?:prochain|suivante|d ' apres|qui (?:vient|arrive)))\b", _week),
    ("week", "semaine", r"\b(?:(?:en |a la )?fin de (?:la |cette )?semaine)\b", _end_of_week),
    ("week", "semaine", r"\bsemaine (?:n ° ?|numero )?(?P<n>5[0-3]|[1-4][0-9]|[1-9])\b(?! (?:jour|h\b|heure|sur|par|/))", _week_number),
    ("week", "semaine", r"\b(?:cette semaine|dans la semaine|semaine en cours)\b", _this_week),
    ("week", "weekend", r"\b(?:ce weekend|le weekend qui (?:vient|arrive)|pour le weekend)\b(?P<next>)", _weekend),
    ("week", "weekend", r"\b(?:le |prochain )*weekend (?P<next>prochain|d ' apres|suivant)|\b(?:le )?(?P<n2>prochain weekend)", _weekend),
    ("day", " ".join(WEEKDAYS), rf"\b(?P<w>{_W}) (?P<week>en huit|en 8)\b", _weekday),
    ("day", " ".join(WEEKDAYS), rf"\b(?P<w>{_W}) {_DAY}{_NO_UNIT}(?! -)", _weekday_number),
    ("weekday", " ".join(WEEKDAYS), rf"\b(?:prochain )?(?P<w>{_W})\b(?: prochain| qui (?:vient|arrive)| matin)*", _weekday),
    ("day", "mois", rf"\b(?:le |au |du )?{_DAY} (?:du|de ce|au) mois(?: (?P<next>prochain))?\b", _the_day),
    ("month", "mois", r"\b(?:(?P<part>debut|mi|milieu|fin|courant)(?: (?:-|de|du|le|au))* )?(?:(?:le|ce|du|au) )?(?:mois (?P<next>prochain|suivant|d ' apres|qui (?:vient|arrive))|(?P<n2>prochain mois))\b", _this_month),
    ("month", "mois", r"\b(?P<part>debut|mi|milieu|fin|courant) (?:- )?(?:de |du |le |ce )*mois\b(?P<next>)", _this_month),
    ("month", "mois", r"\bce mois(?: (?:- )?ci| la)?\b(?P<part>)(?P<next>)|\bdans le mois\b", _this_month),
    ("start", "an", r"\bfin (?:de |d ' )?(?:l ' )?an scolaire\b|\bfin (?:des|de mes) cours\b", _end_of_school),
    ("year", "an", r"\b(?:(?P<part>debut|fin) (?:de |d ' )?)?(?:l ' |l )?(?:an(?: scolaire)? (?:prochain|suivante|d ' apres|qui (?:vient|arrive))|prochain an)\b", _year_ahead),
    ("year", "an", r"\b(?:(?:la )?fin (?:d ' |de |d )?(?:l ' |cette )?an)\b(?! d ' etude)", _end_of_year),
    ("year", "an", r"\b(?:au |en )?debut (?:d ' |de |d )(?:l ' )?an\b", _start_of_year),
    ("year", "an", r"\bcette an\b|\bdans l ' an\b", _this_year),
    ("season", "ete printemps automne hiver", rf"\b(?:(?P<part>debut|fin|milieu) (?:de |d ' |du )*)?(?:^|\b(?:cet|l '|l|d '|en|pour|cette|prochain|au|le|du|a l '|ce) )(?P<s>ete|printemps|automne|hiver)\b(?: prochain)?{_YEAR}", _season),
    ("feast", "noel paques jour nouvel toussaint armistice fete halloween valentin nicolas assomption ascension pentecote", rf"\b(?P<f>{_FEAST})\b", _feast),
    ("feasts", "fetes", r"\bfetes\b(?: de fin d ' an| de noel)?", _feasts_of_the_year),
    ("exams", "bac brevet examens", r"\b(?:bac|brevet|examens)\b", _exams),
    ("now", "maintenant suite direct directement immediat vite asap urgent dqp possible tot quand importe nimporte aujourd now flexible partant ahora", (
        r"\b(?:des |a partir de |de )?maintenant\b|\b(?:de |tout (?:de )?)suite\b|\btds\b|\bimmediat\b|\basap\b|\bdqp\b"
        r"|\bdes que (?:c ' est |vous |tu )?(?:possible|pouvez|peux|voulez)\b|\ble plus (?:tot|vite|rapidement) possible\b|\bau plus (?:vite|tot)\b"
        r"|\bquand (?:vous|tu|on|ils?|elles?) (?:voulez|ve|veux|veut|veulent|voudrez|voudront|pouvez|peux|peut|peuvent|le souhaitez|souhaitez)\b|\b(?:n ' |n )?n?importe quand\b"
        r"|\b(?:des |a partir d ' )?aujourd hui\b|\baujourd ' hui\b|\b(?:dispo|libre|commencer?|commence|pret|prete) (?:en )?(?:direct|directement|now|vite|rapidement)\b"
        r"|\bdes que possible\b|\bplus (?:tot|vite) (?:possible|sera)\b|\bright maintenant\b|\bde suite\b|\bahora mismo\b"), _now),
    ("year", " ".join(map(str, range(2000, 2050))), r"\b(?:(?P<part>debut|mi|milieu|fin|courant) (?:- )?(?:de )?)?(?:en |pour |l ' an |an |courant )?(?<![/.-] )(?P<y>20[0-4][0-9])\b(?! (?:euro|e\b|€|net|brut|/))", _in_year),
    ("day", "le au des du", rf"(?<!\bdans )(?<!\bsur )\b(?:le|au|du|des le|pour le|vers le) {_DAY}{_NO_UNIT}(?: (?:du|de ce) mois(?: (?P<next>prochain))?)?", _the_day),
)  # fmt: skip
_COMPILED = [
    (kind, frozenset(needs.split()), re.compile(pattern), reckon)
    for kind, needs, pattern, reckon in _RULES
]
_BARE_DAYS = re.compile(
    rf"\b(?:du|entre le|de) {_DAY} (?:au|et le|jusqu au|a) (?P<d2>3[01]|[12][0-9]|0?[1-9])\b{_NO_UNIT}"
)
# Words without one of which, nor a digit, no rule applies; the little ones need a number too.
_STARTERS = frozenset().union(*(needs for _, needs, _, _ in _COMPILED)) - {
    "le", "au", "des", "du", "/", "-", ".",
}  # fmt: skip
_TIMELY = words_for(_STARTERS)
_CANDIDATES = (
    *_COMPILED[:-1],
    ("range", frozenset({"du", "entre", "de"}), _BARE_DAYS, _days_bare),
    _COMPILED[-1],
)


def may_speak_of_time(forms: Sequence[str]) -> bool:
    """Whether folded words hold a digit, or one of the words without which no moment is read."""
    if not _TIMELY.isdisjoint(forms):
        return True
    return not "".join(forms).isalpha() or any(map(like_a_month, forms))


def moments(words: DateWords) -> list[Moment]:
    """Every expression of the line, in order, the longest reading of each place first."""
    digits = any(token[0].isdigit() for token in words.tokens if token)
    if not digits and _STARTERS.isdisjoint(words.tokens):
        return []
    found: list[Moment] = []
    for kind, needs, pattern, reckon in _CANDIDATES:
        if needs.isdisjoint(words.tokens):
            continue
        for match in pattern.finditer(words.line):
            if len(found) >= _MOST:
                return sorted(found, key=lambda moment: moment.start)
            if match.end() > match.start() and not any(
                match.start() < m.end and m.start < match.end() for m in found
            ):
                found.append(Moment(match.start(), match.end(), kind, match, reckon))
    return sorted(found, key=lambda moment: moment.start)

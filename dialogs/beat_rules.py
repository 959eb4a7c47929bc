"""How often an alert is to speak, and at what hour, as people write it."""

from __future__ import annotations

import re

_LIVE = re.compile(
    r"\b(?:des qu'(?:il )?y a|des que (?:ca|sa|c'?est|t'?as|tu as|tu en as|y'? ?en a|y'? ?a)\b|"
    r"au fur et a mesure|en direct|en temps reel|immediatement)"
)
_DAILY = re.compile(
    r"\b(?:(?:chaque|(?:tou(?:s|t)|tt?s?) les) (?:jours?|soirs?|matins?)|quotidien\w*|"
    r"(?:une|1) (?:fois|alerte|message) par jour)\b"
)
_WEEKLY = re.compile(
    r"\b(?:(?:chaque|toutes? les) semaines?|hebdo\w*|(?:une|1|qu'une) "
    r"(?:seule )?(?:fois|alerte|message|msg|mail) (?:par|la|/) ?semaine|moins souvent)\b"
)
_WEEKDAY = re.compile(
    r"\b(?:le|les|chaque|tous les) (lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche)s?\b|"
    r"\b(?:(?:le|les|chaque|tous les) )?week[ -]?ends?\b"
)
_WEEKDAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_WEEKEND = 5
_HOUR = re.compile(
    r"(?:\b(?:a|vers|pour|des) )?\b(?:(?P<noon>(?<!apres[ -])midi)|"
    r"(?P<hour>\d{1,2}) ?(?:h|heures?|:)(?: ?(?P<minute>[0-5]\d))?)\b"
    r"(?: (?:du (?P<evening>soir)|du mat(?:in)?)\b)?"
)
_PART = re.compile(r"\b(?:le |la |vers le |dans l'|l')?(matin|apres[ -]midi|aprem|soir|nuit)\b")
_PARTS = {"matin": "08:00", "soir": "18:00", "nuit": "23:00"}
_AFTERNOON = "14:00"
_OTHER = re.compile(
    r"\b(?:un jour sur (?:deux|2)|tou[st] les (?:2|3|deux|trois) jours|trop souvent|"
    r"(?:moins|trop) de (?:messages?|msgs?|notifs?|alertes?))\b|"
    r"^(?:(?:je (?:veux|voudrais|peux) )?(?:change[rz]?|modifi\w*|regle[rz]?) )?"
    r"(?:le |l'|mon )?(?:rythme|heure|frequence)"
    r"(?: (?:de |d'|des |pour )?(?:mon |l'|mes |tes |cette |les )?(?:alertes?|messages?))?$"
)
"""In a way that no alert has, or without a value: what there is is said."""
_FILLER = re.compile(
    r"\b(?:plutot|finalement|en fait|je|veux|prefere|voudrais|mets?|moi|stp|svp|alertes?|mon|mes|"
    r"ma|messages?|tes|les|l|envoie|ecris|previens|notifs?|un|une|et|ok|non|nn|nan|oui|le|merci|"
    r"seulement|juste|(?:plus |rien )?que|suff?i[st]?|sa|mieux?|change|trop|tard|tot|sinon|genre|"
    r"aussi|meme|"
    r"l'heure|heure|rythme|ton|ca|sort|est|la|nouveau|offre|du|de)\b|[',.!-]"
)
"""What may stand beside a rhythm in words; anything else, and something else was meant."""


def read_beat(folded: str) -> str | None:
    """« Weekly 2 16:00 », « hour 18:00 » of a text that says that and nothing else."""
    rest = folded
    parts: list[str] = []
    for kind, pattern in (("weekly", _WEEKLY), ("daily", _DAILY), ("live", _LIVE)):
        if not parts and pattern.search(rest):
            parts, rest = [kind], pattern.sub(" ", rest)
    if (weekday := _WEEKDAY.search(rest)) is not None:
        parts = ["weekly", str(_WEEKDAYS.index(weekday[1]) if weekday[1] else _WEEKEND)]
        rest = _WEEKDAY.sub(" ", rest)
    if (hour := _HOUR.search(rest)) is not None and (hours := _hours(hour)) < 24:
        parts = [*(parts or ["hour"]), f"{hours:02}:{hour['minute'] or '00'}"]
        rest = _PART.sub(" ", _HOUR.sub(" ", rest))
    elif (part := _PART.search(rest)) is not None:
        parts = [*(parts or ["hour"]), _PARTS.get(part[1], _AFTERNOON)]
        rest = _PART.sub(" ", rest)
    return None if not parts or _FILLER.sub(" ", rest).strip() else " ".join(parts)


def asks_for_beat(folded: str) -> bool:
    """« Change l’heure », « un jour sur deux », « pas trop souvent »."""
    return bool(_OTHER.search(folded))


def _hours(clock: re.Match[str]) -> int:
    """« Midi », « 7 h du soir »: 12, 19."""
    hours = 12 if clock["noon"] else int(clock["hour"])
    return hours + 12 if clock["evening"] and hours < 12 else hours

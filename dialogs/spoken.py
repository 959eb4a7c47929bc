"""What people say in so many words that only the dialogue can answer."""

from __future__ import annotations

import re
from typing import Literal

from nlu.questions import read_topic
from nlu.remarks import read_remark
from nlu.text import fold

Spoken = Literal[
    "clear_screen", "bravo", "courage", "when", "distance", "not_for_me", "taken", "no_idea",
    "internship", "shy", "apply", "steps", "courses", "back",
    "application", "counsellor", "parent",
]  # fmt: skip

_WHAT = r"(?:quoi|koi|kwa|qoi)"

_SPOKEN: tuple[tuple[Spoken, str], ...] = (
    ("clear_screen", r"\b(?:efface|vide|nettoie)[rz]? (?:l'? ?)ecran\b"),
    (
        "bravo",
        (
            r"\b(?:j'?ai|on a) (?:enfin )?(?:trouve|signe)(?: un| mon| une)? "
            r"(?:patron|employeur|contrat|apprentissage|entreprise)"
        ),
    ),
    (
        "courage",
        (
            r"\b(?:repond(?:ent|s|u)?|rappel(?:le|lent)) (?:pas|jamais)\b|\bpas de reponses?\b|"
            r"\b(?:m'?|mon)? ?(?:a|ont|on) (?:pas|pa|po|jamais) (?:encore )?"
            r"(?:repond\w*|rappele\w*)|"
            r"\bpersonne (?:ne |me )*(?:repond|rappelle)|\bils ont dit non\b|\brecale[er]? partout"
        ),
    ),
    ("when", r"^(?:change[rz]?|modifie[rz]?) (?:la |le |de )*date"),
    ("distance", r"^(?:change[rz]?|modifie[rz]?) (?:la |le |de )*distance"),
    (
        "shy",
        (
            r"^(?:mais |bah |euh |non |nan )*j'? ?ose (?:pas|po|plus)(?: trop)?[ .!]*$|"
            r"\b(?:j'?|je n'?|n')?ose (?:pas|po|plus)(?: trop)?(?: les?| l')? ?"
            r"(?:app?ell?(?:er|ee?s?)|telephoner)|"
            r"\bj?(?:peur|flippe|stresse|trouille) (?:d'|d|d |de |des |du |au )(?:les? |l'|la )?"
            r"(?:app?ell?(?:er|ee?s?|s)?|telephone[rz]?|tel)\b|"
            r"\b(?:aime|sais|sai|veux|ve) (?:pas|po) (?:trop )?(?:appell?er|telephoner)\b|"
            r"\b(?:trop|suis|chui|assez|grave) timide\b"
        ),
    ),
    (
        "courses",
        (
            r"^(?!.*\b(?:inscrite?|temps|combien|cout\w*|pay\w*|sans|pas d\w*|handicap\w*|internat|"
            rf"patron|employeur|au cfa|c'? ?(?:est )?{_WHAT})\b)(?:"
            r".*\b(?:ou(?= (?:est|sont|se|y|ya|il)\b)|c'? ?(?:est )?ou|trouver|existe\w*|adresse|"
            r"(?:cherch|veu|voudr)\w*|y ?a|quels?|montre|liste)\b"
            r"(?:[ -](?:est|sont|se|trouve|il|t|a|y|moi|bien|comme|koi|quoi|du|de|pour|le|plus|"
            r"bon))*"
            r"[ -](?:(?:un|une|le|les|des|mon)[ -])?(?:cfa|centres? de formation)\b|"
            r".*\b(?:cfa|centres? de formation)\b.*\b(?:pres|proches?|autour|a cote|par ici|coin|"
            r"ou)\b|"
            r"(?:et )?(?:un |le |les |des )?cfa (?!.*\b(?:cherch\w*|veut|demande)\b)\w+)"
        ),
    ),
    (
        "counsellor",
        (
            r"\b(?:je suis|j'?suis|jsuis|chuis?)\b(?: \w+){0,3}? (?:conseill(?:er|ere)|"
            r"educat(?:eur|rice)|prof(?:esseure?)?|enseignante?|assistante? sociale?|cpe|"
            r"referente?|format(?:eur|rice)|travailleu(?:r|se) sociale?)\b|"
            r"\bj'?accompagne (?:une?|des|plusieurs) (?:jeunes?|eleves?|ados?)\b|"
            r"^(?:c'? ?est |je cherche )?pour (?:une?|des|mes|mon) (?:jeunes?|eleves?)\b"
        ),
    ),
    (
        "parent",
        (
            r"^(?:bonjour |non |mais |moi )*je suis (?:sa|son|la|le) (?:mere|pere|maman|papa|tante|"
            r"oncle|soeur|frere|belle[ -]mere|beau[ -]pere|tut(?:eur|rice))\b|"
            r"^(?:bonjour |non |mais )*(?:c'? ?est |je cherche |je regarde |j'ecris )?pour "
            r"(?:mon|ma|notre) (?:fils|fille|enfant|gar[cs]on|ado|frere|soeur|neveu|niece|cousine?|"
            r"petit[ -]fils|petite[ -]fille)\b"
        ),
    ),
    (
        "application",
        (
            r"^(?:je (?:veux|voudrais)|on|tu peux|ok|oui|bon|finalement)?[ ]?"
            r"(?:reprend\w*|continue\w*|fini[rst]*|finis\w*|termine\w*|retourne\w*(?: a)?)[ -]"
            r"(?:a )?(?:ma|la|cette|l'?)? ?(?:candidature|postulation)\b"
        ),
    ),
    (
        "back",
        (
            r"^(?:non |nan |attends? |oups |je veux |on )*"
            r"(?:retour(?:ne[rz]?)?|precedente?|arriere|"
            r"(?:je )?(?:reviens?|revenir|revient)(?= (?:en arriere|aux? )))"
            r"(?: (?:en arriere|stp|svp|(?:a la|aux?) (?:listes?|offres|annonces|precedente?s?)))*"
            r"[ .!]*$"
        ),
    ),
    ("steps", r"^(?:voir |montre )?(?:toutes )?mes (?:demarches|candidatures)\b"),
    (
        "apply",
        (
            r"^(?:ok|oui|bon|alors|ou|non|et)?[ ,]*(?:on (?:l'|lui |leur )?ecrit\b|"
            r"(?:(?:je |j')?(?:veux|voudrais|peux|vais|prefere)? ?)"
            r"(?:postule[rz]?|candidate[rz]?|(?:leur |lui )?ecrire)(?: ici| la| dessus|"
            r" (?:a|pour|sur) .{0,40})?[ .!]*$)"
        ),
    ),
    (
        "not_for_me",
        (
            r"^(?:c'?est )?pas pour moi\b|^(?:non |nan )*pas celle[ -](?:la|ci)[ .!]*$|"
            r"^(?:non |nan |bof )*(?:je suis |j'?suis |chui )?(?:pas|po) (?:trop )?"
            r"interess\w*[ .!]*$|"
            r"^(?:non |nan |bof )*(?:ca|sa|elle) (?:ne )?m'? ?interess?e (?:pas|po)[ .!]*$"
        ),
    ),
    (
        "taken",
        (
            r"^(?:c'?est |elle est )?deja (?:pris|prise|pourvue?)\b|"
            r"^(?:c'?est |c |elle est )(?:pris|prise|pourvue?)[ .!]*$"
        ),
    ),
    (
        "no_idea",
        (
            r"\b(?:j?(?:e )?(?:sai[st]?|c)(?: trop| encore| vraiment)* (?:pas|po|plus)|jsp|che?pa|"
            r"chaipa|idee de)(?: trop| encore| vraiment| du tout)* "
            rf"{_WHAT} (?:faire|choisir|prendre)\b(?! (?:pour|avec|si|quand)\b)"
        ),
    ),
    (
        "internship",
        (
            r"^(?:(?:bonjour|salut|bjr|slt|cc|coucou|un|une|des)\W+)*(?:mini[- ]?)?"
            r"(?:stages?|immersions?|pmsmp)\b|"
            r"\b(?:j?(?:cherch\w*|veux?|ve|voudrais|aimerais)|trouver|faire|pour|besoin d'?) ?"
            r"(?:faire |trouver )?(?:un |une |des )?(?:mini[- ]?)?(?:stages?|immersions?|pmsmp)\b|"
            r"\bpas de stages?\b"
        ),
    ),
)
LONGEST_NUMBER = len("quatrieme")
_POLITE = frozenset(("stp", "svp", "merci"))

_PATTERNS = tuple((what, re.compile(pattern)) for what, pattern in _SPOKEN)


def read_spoken(text: str) -> Spoken | None:
    """The first of them that is said, or ``None``; cost is linear."""
    folded = fold(text[:200]).replace("’", "'").strip()
    return next((what for what, pattern in _PATTERNS if pattern.search(folded)), None)


_AROUND_SHY = frozenset(
    "j ai jai g je moi mais un peu trop vraiment grave en vrai franchement bah ben euh oui non lol "
    "mdr et suis chui le la les l patron patrons entreprise entreprises gens stp fait alors "
    "au telephone de d".split()
)


def only_shy(text: str) -> bool:
    """« J’ai peur d’appeler », and nothing beside it that could be worse."""
    folded = fold(text[:200]).replace("’", "'")
    left = dict(_PATTERNS)["shy"].sub(" ", folded)
    return left != folded and _AROUND_SHY.issuperset(re.findall(r"\w+", left))


def read_number(text: str) -> int | None:
    """« 2 », « 2eme », « la 2 », « deuxième stp »: which offer of a list, and nothing else."""
    typed = " ".join(word for word in fold(text).strip(" .!?").split() if word not in _POLITE)
    bare = typed.removeprefix("la ").removeprefix("le ")
    if len(bare) > LONGEST_NUMBER:
        return None
    remark = read_remark(f"la {bare}")
    return remark.number if remark and remark.kind == "nth" else None


def asks_for_internship(text: str) -> bool:
    """Not what one earns in it, nor how far it is: those are questions of their own."""
    return read_spoken(text) == "internship" and read_topic(text) in {"internship", None}
